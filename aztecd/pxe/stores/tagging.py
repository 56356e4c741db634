"""Indexes of tags: those that we used as senders, and what we have seen of others as recipients.

Keys are hashes of the tagging secrets: whoever reads the files learns none of them.

Authority: @aztec/pxe src/storage/tagging_store/*.ts, src/tagging/constants.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from aztecd.crypto.field import Fr, fr_hex
from aztecd.protocol.basic import TxHash
from aztecd.pxe.execution.views import TaggingSecret
from aztecd.pxe.oracles.tag_indexes import UsedTag
from aztecd.pxe.stores.errors import PxeStoreBrokenError, TagIndexError
from aztecd.pxe.stores.stage import Stage
from aztecd.storage import Prefix

__all__ = ["TAG_WINDOW", "DeliveredLogStore", "PendingTag", "RecipientTagStore", "SeenTags", "SenderTagStore"]

TAG_WINDOW: Final = 20
"""How far an index may be beyond the last finalized one (UNFINALIZED_TAGGING_INDEXES_WINDOW_LEN)."""

_INDEX_SIZE: Final = 4
_ENTRY_SIZE: Final = _INDEX_SIZE + 32
_NONE: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class PendingTag:
    """The highest index of a secret that a transaction used, which is not final."""

    index: int
    tx_hash: TxHash


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTags:
    """The highest index found in a block older than a transaction can live, and in a final block."""

    aged: int | None = None
    finalized: int | None = None


class SenderTagStore:
    """Used indexes by secret, on a stage."""

    __slots__ = ("_stage",)

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def store_pending(self, used: Sequence[UsedTag], tx_hash: TxHash) -> None:
        """Note what a transaction used. Raises TagIndexError; nothing is noted then."""
        if len({item.secret for item in used}) != len(used):
            raise TagIndexError("Duplicate secrets found when storing pending indexes")
        writes: list[tuple[bytes, list[PendingTag]]] = []
        for item in used:
            name = _name(item.secret)
            pending = self._pending(name)
            if self._is_new(item, pending, self._finalized(name), tx_hash):
                writes.append((name, [*pending, PendingTag(item.index, tx_hash)]))
        for name, entries in writes:
            self._set_pending(name, entries)

    def pending_txs(self, secret: TaggingSecret, start: int, end: int) -> list[TxHash]:
        """List the transactions with a pending index in [start, end)."""
        pending = self._pending(_name(secret))
        return list(dict.fromkeys(entry.tx_hash for entry in pending if start <= entry.index < end))

    def pending_index(self, secret: TaggingSecret, tx_hash: TxHash) -> int | None:
        """Give the pending index of a transaction."""
        pending = self._pending(_name(secret))
        return next((entry.index for entry in pending if entry.tx_hash == tx_hash), None)

    def last_finalized(self, secret: TaggingSecret) -> int | None:
        """Give the last finalized index."""
        return self._finalized(_name(secret))

    def last_used(self, secret: TaggingSecret) -> int | None:
        """Give the highest index that was ever used, pending ones first."""
        pending = self._pending(_name(secret))
        # Finalizing drops the lower pending ones, so all that remain are beyond the finalized one.
        return max(entry.index for entry in pending) if pending else self.last_finalized(secret)

    def drop(self, tx_hashes: Collection[TxHash]) -> None:
        """Forget the pending indexes of transactions that failed."""
        gone = set(tx_hashes)
        for name, pending in self._all_pending(gone):
            self._set_pending(name, [entry for entry in pending if entry.tx_hash not in gone])

    def finalize(self, tx_hashes: Collection[TxHash]) -> None:
        """Make the pending indexes of transactions final, and forget all lower ones.

        Raises PxeStoreBrokenError when a transaction has two indexes of one secret.
        """
        final = set(tx_hashes)
        for name, pending in self._all_pending(final):
            hits = [entry for entry in pending if entry.tx_hash in final]
            if len({entry.tx_hash for entry in hits}) != len(hits):
                raise PxeStoreBrokenError(
                    f"Multiple pending indexes found for tx hash {fr_hex(hits[0].tx_hash)} and one secret"
                )
            highest = max(entry.index for entry in hits)
            self._stage.put(Prefix.PXE_SENDER_FINALIZED.key + name, highest.to_bytes(_INDEX_SIZE, "big"))
            self._set_pending(name, [entry for entry in pending if entry.index > highest])

    def forget_finalized(self) -> None:
        """Forget all finalized indexes: blocks that were final are gone."""
        for key, _ in self._stage.scan(Prefix.PXE_SENDER_FINALIZED.key):
            self._stage.delete(key)

    def _is_new(
        self, item: UsedTag, pending: list[PendingTag], finalized: int | None, tx_hash: TxHash
    ) -> bool:
        """Check an index; false if it is noted already."""
        if item.index > (finalized or 0) + TAG_WINDOW:
            raise TagIndexError(
                f"Highest used index {item.index} is further than window length from the highest finalized "
                f"index {finalized or 0}. Tagging window length {TAG_WINDOW} is configured too low: wait "
                "until transactions that were sent before are final"
            )
        where = f"for a secret of contract {fr_hex(item.secret.contract)}"
        if finalized is not None and item.index <= finalized:
            raise TagIndexError(
                f"Cannot store pending index {item.index} {where}: it is lower than or equal to the last "
                f"finalized index {finalized}"
            )
        known = next((entry for entry in pending if entry.tx_hash == tx_hash), None)
        if known is not None and known.index != item.index:
            raise TagIndexError(
                f"Cannot store index {item.index} {where} and txHash {fr_hex(tx_hash)}: a different index "
                f"{known.index} already exists for this secret-txHash pair"
            )
        return known is None

    def _finalized(self, name: bytes) -> int | None:
        found = self._stage.get(Prefix.PXE_SENDER_FINALIZED.key + name)
        return None if found is None else int.from_bytes(found, "big")

    def _pending(self, name: bytes) -> list[PendingTag]:
        return _entries(self._stage.get(Prefix.PXE_SENDER_PENDING.key + name) or b"")

    def _all_pending(self, tx_hashes: set[TxHash]) -> list[tuple[bytes, list[PendingTag]]]:
        """List the secrets that have pending indexes of some of the transactions."""
        if not tx_hashes:
            return []
        listed = [
            (key[1:], _entries(value)) for key, value in self._stage.scan(Prefix.PXE_SENDER_PENDING.key)
        ]
        return [item for item in listed if any(entry.tx_hash in tx_hashes for entry in item[1])]

    def _set_pending(self, name: bytes, entries: list[PendingTag]) -> None:
        key = Prefix.PXE_SENDER_PENDING.key + name
        if entries:
            packed = (entry.index.to_bytes(_INDEX_SIZE, "big") + entry.tx_hash for entry in entries)
            self._stage.put(key, b"".join(packed))
        else:
            self._stage.delete(key)


class RecipientTagStore:
    """How far the logs of a secret were found, on a stage."""

    __slots__ = ("_stage",)

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def get(self, secret: TaggingSecret) -> SeenTags:
        """Give both indexes."""
        found = self._stage.get(Prefix.PXE_RECIPIENT_TAG.key + _name(secret))
        if found is None:
            return SeenTags()
        return SeenTags(aged=_optional(found[:_INDEX_SIZE]), finalized=_optional(found[_INDEX_SIZE:]))

    def set_aged(self, secret: TaggingSecret, index: int) -> None:
        """Raise the aged index. Raises TagIndexError unless it grows."""
        seen = self.get(secret)
        if seen.aged is not None and index <= seen.aged:
            raise TagIndexError(
                f"New highest aged index ({index}) must be higher than the current one ({seen.aged})"
            )
        self._set(secret, replace(seen, aged=index))

    def set_finalized(self, secret: TaggingSecret, index: int) -> None:
        """Raise the finalized index. Raises TagIndexError when it would fall."""
        seen = self.get(secret)
        if seen.finalized is not None and index < seen.finalized:
            raise TagIndexError(
                f"New highest finalized index ({index}) must be higher than the current one "
                f"({seen.finalized})"
            )
        if seen.finalized != index:
            self._set(secret, replace(seen, finalized=index))

    def forget(self) -> None:
        """Look for all logs again: blocks that were final are gone."""
        for key, _ in self._stage.scan(Prefix.PXE_RECIPIENT_TAG.key):
            self._stage.delete(key)

    def _set(self, secret: TaggingSecret, seen: SeenTags) -> None:
        packed = b"".join(
            (_NONE if index is None else index).to_bytes(_INDEX_SIZE, "big")
            for index in (seen.aged, seen.finalized)
        )
        self._stage.put(Prefix.PXE_RECIPIENT_TAG.key + _name(secret), packed)


class DeliveredLogStore:
    """Which logs contracts have been given already, by tag and transaction, on a stage.

    What a contract makes of a log follows from the log and its transaction, so once is enough. After a
    rollback all of them are given again: what became of an old log may have been decided in a block that has
    gone, as with partial notes.
    """

    __slots__ = ("_stage",)

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def of(self, secret: TaggingSecret) -> dict[int, frozenset[TxHash]]:
        """Give the transactions whose logs were delivered, by index."""
        prefix = Prefix.PXE_DELIVERED.key + _name(secret)
        return {
            int.from_bytes(key[len(prefix) :], "big"): frozenset(_hashes(value))
            for key, value in self._stage.scan(prefix)
        }

    def add(self, secret: TaggingSecret, index: int, tx_hashes: Collection[TxHash]) -> None:
        """Note that the logs of these transactions with a tag are delivered."""
        key = Prefix.PXE_DELIVERED.key + _name(secret) + index.to_bytes(_INDEX_SIZE, "big")
        known = _hashes(self._stage.get(key) or b"")
        self._stage.put(key, b"".join(dict.fromkeys([*known, *tx_hashes])))

    def forget_up_to(self, secret: TaggingSecret, index: int) -> None:
        """Forget the tags that are not looked for any more."""
        prefix = Prefix.PXE_DELIVERED.key + _name(secret)
        for key, _ in self._stage.scan(prefix, prefix + (index + 1).to_bytes(_INDEX_SIZE, "big")):
            self._stage.delete(key)

    def forget(self) -> None:
        """Let everything be delivered again."""
        for key, _ in self._stage.scan(Prefix.PXE_DELIVERED.key):
            self._stage.delete(key)


def _hashes(packed: bytes) -> list[TxHash]:
    return [TxHash(Fr(packed[start : start + 32])) for start in range(0, len(packed), 32)]


def _name(secret: TaggingSecret) -> bytes:
    return sha256(secret.secret + secret.contract).digest()


def _entries(packed: bytes) -> list[PendingTag]:
    return [
        PendingTag(
            int.from_bytes(packed[start : start + _INDEX_SIZE], "big"),
            TxHash(Fr(packed[start + _INDEX_SIZE : start + _ENTRY_SIZE])),
        )
        for start in range(0, len(packed), _ENTRY_SIZE)
    ]


def _optional(packed: bytes) -> int | None:
    index = int.from_bytes(packed, "big")
    return None if index == _NONE else index
