"""The side effects of one transaction, in order, with nested changes that can be undone.

Kept apart from the trees: effects go to the fork when the transaction is through, so a rolled-back call costs
nothing but its marks. What survives rollbacks (gas, retrieved classes, debug logs) is not here.

Authority: @aztec/simulator src/public/side_effect_trace.ts; order and limits of the native simulator (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aztecd.avm.errors import NullifierCollisionError, SideEffectLimitError
from aztecd.constants import (
    MAX_L2_TO_L1_MSGS_PER_TX,
    MAX_NOTE_HASHES_PER_TX,
    MAX_NULLIFIERS_PER_TX,
    MAX_PUBLIC_DATA_WRITES_PER_TX,
    PUBLIC_LOG_HEADER_FIELDS,
    PUBLIC_LOGS_FIELDS_PER_TX,
)
from aztecd.protocol.effect import PublicDataWrite
from aztecd.protocol.hashes import note_hash_nonce, unique_note_hash

if TYPE_CHECKING:
    from aztecd.crypto.field import Fr
    from aztecd.protocol.logs import PublicLog
    from aztecd.protocol.tx_data import ScopedL2ToL1Message

__all__ = ["MAX_USER_WRITES", "SideEffects"]

MAX_USER_WRITES: Final = MAX_PUBLIC_DATA_WRITES_PER_TX - 1
"""Slots that contracts may write; one more belongs to the fee payer's balance."""


class SideEffects:
    """A journal. Mutable; one per transaction.

    A write keeps the position of the first surviving write to its slot. Nullifiers are only compared with
    those of the same transaction: whether the tree has one is the caller's question.
    """

    __slots__ = (
        "_marks",
        "_nullifier_set",
        "_undo",
        "log_fields",
        "messages",
        "note_hashes",
        "nullifiers",
        "public_logs",
        "writes",
    )

    def __init__(self) -> None:
        self.note_hashes: list[Fr] = []
        """Unique ones: the leaves of the tree."""
        self.nullifiers: list[Fr] = []
        """Siloed; the transaction's first nullifier comes first."""
        self.messages: list[ScopedL2ToL1Message] = []
        self.public_logs: list[PublicLog] = []
        self.log_fields = 0
        self.writes: dict[Fr, Fr] = {}
        """Values by leaf slot; the order is that of the first writes."""
        self._nullifier_set: set[Fr] = set()
        self._undo: list[tuple[Fr, Fr | None]] = []
        """For each write the slot and what this journal held there before."""
        self._marks: list[tuple[int, int, int, int, int, int]] = []

    def checkpoint(self) -> None:
        """Begin a nested change."""
        self._marks.append(
            (
                len(self.note_hashes),
                len(self.nullifiers),
                len(self.messages),
                len(self.public_logs),
                self.log_fields,
                len(self._undo),
            )
        )

    def commit(self) -> None:
        """Keep the change since the last checkpoint."""
        self._marks.pop()

    def rollback(self) -> None:
        """Undo the change since the last checkpoint."""
        note_hashes, nullifiers, messages, logs, self.log_fields, writes = self._marks.pop()
        del self.note_hashes[note_hashes:]
        self._nullifier_set.difference_update(self.nullifiers[nullifiers:])
        del self.nullifiers[nullifiers:]
        del self.messages[messages:]
        del self.public_logs[logs:]
        for slot, before in reversed(self._undo[writes:]):
            if before is None:
                del self.writes[slot]
            else:
                self.writes[slot] = before
        del self._undo[writes:]

    def has_nullifier(self, nullifier: Fr) -> bool:
        """Whether this transaction emitted a siloed nullifier."""
        return nullifier in self._nullifier_set

    def add_unique_note_hash(self, note_hash: Fr) -> None:
        """Append a leaf. Raises SideEffectLimitError."""
        if len(self.note_hashes) >= MAX_NOTE_HASHES_PER_TX:
            raise SideEffectLimitError("Maximum number of note hashes reached")
        self.note_hashes.append(note_hash)

    def add_siloed_note_hash(self, note_hash: Fr) -> None:
        """Make a siloed note hash unique by its place in the transaction, and append it.

        Raises: SideEffectLimitError.
        """
        if len(self.note_hashes) >= MAX_NOTE_HASHES_PER_TX:
            raise SideEffectLimitError("Maximum number of note hashes reached")
        nonce = note_hash_nonce(self.nullifiers[0], len(self.note_hashes))
        self.note_hashes.append(unique_note_hash(nonce, note_hash))

    def require_room_for_nullifier(self) -> None:
        """Raise SideEffectLimitError when there are as many nullifiers as there may be."""
        if len(self.nullifiers) >= MAX_NULLIFIERS_PER_TX:
            raise SideEffectLimitError("Maximum number of nullifiers reached")

    def add_nullifier(self, nullifier: Fr, *, is_in_tree: bool) -> None:
        """Append a siloed nullifier. Raises SideEffectLimitError, then NullifierCollisionError."""
        self.require_room_for_nullifier()
        if is_in_tree or nullifier in self._nullifier_set:
            raise NullifierCollisionError(
                f"Attempted to emit duplicate siloed nullifier 0x{nullifier.hex()}."
            )
        self.nullifiers.append(nullifier)
        self._nullifier_set.add(nullifier)

    def add_message(self, message: ScopedL2ToL1Message) -> None:
        """Append a message to L1. Raises SideEffectLimitError."""
        if len(self.messages) >= MAX_L2_TO_L1_MSGS_PER_TX:
            raise SideEffectLimitError("Maximum number of L2 to L1 messages reached")
        self.messages.append(message)

    def fits_log(self, size: int) -> bool:
        """Whether a public log of so many fields is within the transaction's limit."""
        return self.log_fields + size + PUBLIC_LOG_HEADER_FIELDS <= PUBLIC_LOGS_FIELDS_PER_TX

    def add_log(self, log: PublicLog) -> None:
        """Append a public log that fits."""
        self.log_fields += len(log.fields) + PUBLIC_LOG_HEADER_FIELDS
        self.public_logs.append(log)

    def write(self, leaf_slot: Fr, value: Fr, *, is_protocol: bool = False) -> None:
        """Set a public data leaf; the protocol's own write needs no room. Raises SideEffectLimitError."""
        before = self.writes.get(leaf_slot)
        if before is None and not is_protocol and len(self.writes) >= MAX_USER_WRITES:
            raise SideEffectLimitError("Maximum number of data writes reached")
        self._undo.append((leaf_slot, before))
        self.writes[leaf_slot] = value

    def public_data_writes(self) -> tuple[PublicDataWrite, ...]:
        """Give the writes as the transaction's effect lists them."""
        return tuple(PublicDataWrite(leaf_slot=slot, value=value) for slot, value in self.writes.items())
