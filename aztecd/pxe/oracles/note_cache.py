"""The notes and nullifiers of the transaction that is being executed.

A transaction has two phases. What the first one makes can not be reverted: its notes get their final nonces
when the second one begins, and both the note and its nullifier are emitted if the second phase consumes it.
Within a phase a note and its nullifier cancel out.

Authority: @aztec/pxe src/contract_function_simulator/execution_note_cache.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from aztecd.crypto.field import FR_ZERO, Fr, fr_hex, fr_int
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.hashes import note_hash_nonce, silo_note_hash, silo_nullifier, unique_note_hash
from aztecd.pxe.oracles.errors import OracleError

__all__ = ["ExecutionNoteCache", "PendingNote"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingNote:
    """A note of this transaction; its consumer names it by `consumption_hash`, the unique hash once known."""

    contract_address: AztecAddress
    owner: AztecAddress
    storage_slot: Fr
    randomness: Fr
    items: tuple[Fr, ...]
    note_hash: Fr
    counter: int
    consumption_hash: Fr
    nonce: Fr = FR_ZERO


class ExecutionNoteCache:
    """Shared by all calls of a transaction. Mutable: it follows the execution."""

    def __init__(self, protocol_nullifier: Fr) -> None:
        self._protocol_nullifier = protocol_nullifier
        self._notes: list[PendingNote] = []
        self._nullifiers: dict[AztecAddress, set[Fr]] = {}
        # The order of emission; the keys alone matter.
        self._emitted: dict[Fr, None] = {}
        self._min_revertible_counter: int | None = None
        self._nonce_generator: Fr | None = None

    @property
    def notes(self) -> tuple[PendingNote, ...]:
        """All notes that were not consumed, in the order of creation."""
        return tuple(self._notes)

    @property
    def emitted_nullifiers(self) -> tuple[Fr, ...]:
        """The siloed nullifiers that will be emitted, in order, without the protocol's."""
        return tuple(self._emitted)

    def add_note(self, note: PendingNote) -> None:
        """Add a new note. Raises OracleError unless its counter is greater than that of the last one."""
        if self._notes and self._notes[-1].counter >= note.counter:
            raise OracleError(
                f"Note hash counters must be strictly increasing. Current counter: {note.counter}. "
                f"Previous counter: {self._notes[-1].counter}."
            )
        self._notes.append(note)

    def nullify_note(self, contract: AztecAddress, inner_nullifier: Fr, note_hash: Fr) -> int | None:
        """Consume a note; `note_hash` 0 means a note of an earlier transaction.

        Gives the counter of the consumed note when it is one of this transaction. Raises OracleError.
        """
        nullifier = silo_nullifier(contract, inner_nullifier)
        if note_hash == FR_ZERO:
            self._record(contract, nullifier)
            return None
        note = next(
            (
                note
                for note in self._notes
                if note.contract_address == contract and note.consumption_hash == note_hash
            ),
            None,
        )
        if note is None:
            raise OracleError("Attempt to remove a pending note that does not exist.")
        self._notes.remove(note)
        if self._min_revertible_counter is not None and note.counter < self._min_revertible_counter:
            # Consumed in the other phase: both the note hash and the nullifier leave the transaction.
            self._record(contract, nullifier)
        return note.counter

    def add_nullifier(self, contract: AztecAddress, inner_nullifier: Fr) -> None:
        """Record a nullifier that belongs to no note. Raises OracleError for a duplicate."""
        self._record(contract, silo_nullifier(contract, inner_nullifier))

    def has_nullifier(self, contract: AztecAddress, siloed_nullifier: Fr) -> bool:
        """Tell whether a contract has emitted a nullifier in this transaction."""
        return siloed_nullifier in self._nullifiers.get(contract, ())

    def get_notes(
        self, contract: AztecAddress, owner: AztecAddress | None, storage_slot: Fr
    ) -> list[PendingNote]:
        """Give the matching notes that were not consumed, in the order of creation."""
        return [
            note
            for note in self._notes
            if note.contract_address == contract
            and note.storage_slot == storage_slot
            and (owner is None or note.owner == owner)
        ]

    def enter_revertible_phase(self, counter: int) -> None:
        """End the first phase: everything from `counter` on may be reverted.

        Existing notes get nonces from the first nullifier so far; a later one may be reverted and can not
        serve. Raises OracleError the second time.
        """
        if self._min_revertible_counter is not None:
            raise OracleError(
                f"Cannot enter the revertible phase twice. Current counter: {counter}. "
                f"Previous enter counter: {self._min_revertible_counter}"
            )
        self._min_revertible_counter = counter
        generator = self._first_nullifier()
        self._nonce_generator = generator
        self._notes = [_with_nonce(note, generator, index) for index, note in enumerate(self._notes)]

    def is_revertible(self, counter: int) -> bool:
        """Tell whether a side effect belongs to the second phase."""
        return self._min_revertible_counter is not None and counter >= self._min_revertible_counter

    def finish(self) -> Fr:
        """Give the nullifier that the nonces of the transaction come from."""
        if self._nonce_generator is None:
            self._nonce_generator = self._first_nullifier()
        return self._nonce_generator

    def _first_nullifier(self) -> Fr:
        return next(iter(self._emitted), self._protocol_nullifier)

    def _record(self, contract: AztecAddress, siloed_nullifier: Fr) -> None:
        known = self._nullifiers.setdefault(contract, set())
        if siloed_nullifier in known:
            raise OracleError(
                f"Duplicate siloed nullifier {fr_int(siloed_nullifier)} "
                f"emitted by contract {fr_hex(contract)}"
            )
        known.add(siloed_nullifier)
        self._emitted[siloed_nullifier] = None


def _with_nonce(note: PendingNote, generator: Fr, index: int) -> PendingNote:
    nonce = note_hash_nonce(generator, index)
    siloed = silo_note_hash(note.contract_address, note.note_hash)
    return replace(note, nonce=nonce, consumption_hash=unique_note_hash(nonce, siloed))
