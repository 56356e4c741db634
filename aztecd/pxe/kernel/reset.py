"""What the kernel's reset does: settle read requests, check keys, drop transient notes, sort and silo.

All of it once, at the end. The circuits reset more often, when an array would overflow; the result differs
only for transactions that need squashing in the middle to fit.

Authority: @aztec/stdlib src/kernel/hints/*.ts, src/hash/hash.ts; @aztec/pxe src/private_kernel/hints/;
error texts of the reset circuits (4.1.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.protocol.hashes import (
    note_hash_nonce,
    silo_note_hash,
    silo_nullifier,
    silo_private_log_tag,
    unique_note_hash,
)
from aztecd.pxe.kernel.accumulate import Accumulated, Scoped
from aztecd.pxe.kernel.errors import KernelError
from aztecd.pxe.kernel.public_inputs import NewNoteHash, NewNullifier, NewPrivateLog, ReadRequest

__all__ = ["Counted", "SiloedEffects", "check_pending_reads", "settled_reads", "silo", "squash"]

_PROTOCOL_COUNTER: Final = 1
"""The counter of the nullifier that the kernel itself adds."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A siloed value and its counter."""

    value: Fr
    counter: int


@dataclass(frozen=True, slots=True)
class SiloedEffects:
    """Note hashes, nullifiers and private logs as they leave the kernel, by counter."""

    note_hashes: tuple[Counted, ...]
    nullifiers: tuple[Counted, ...]
    private_logs: tuple[NewPrivateLog, ...]


def settled_reads(total: Accumulated) -> tuple[list[Fr], list[Fr]]:
    """Give the note hashes and nullifiers that must be in the trees at the anchor block."""
    return (
        [read.item.value for read in total.note_hash_reads if read.item.contract_address == FR_ZERO],
        [read.item.value for read in total.nullifier_reads if read.item.contract_address == FR_ZERO],
    )


def check_pending_reads(total: Accumulated) -> None:
    """Hold that what was read of this transaction had been emitted before. Raises KernelError."""
    for read in _pending(total.note_hash_reads):
        if not any(_answers(read, emitted) for emitted in total.note_hashes):
            raise KernelError("No matching note hash found for note hash read request.")
    for read in _pending(total.nullifier_reads):
        if not any(_answers(read, emitted) for emitted in total.nullifiers):
            raise KernelError("No matching nullifier found for nullifier read request.")


def _pending(reads: list[Scoped[ReadRequest]]) -> list[ReadRequest]:
    return [read.item for read in reads if read.item.contract_address != FR_ZERO]


def _answers(read: ReadRequest, emitted: Scoped[NewNoteHash] | Scoped[NewNullifier]) -> bool:
    return (
        emitted.contract == read.contract_address
        and emitted.item.value == read.value
        and emitted.item.counter < read.counter
    )


def squash(total: Accumulated, nullifier_of_note: Mapping[int, int]) -> Accumulated:
    """Drop notes that the transaction itself consumes, with their nullifiers and logs.

    `nullifier_of_note` has the counters, as execution saw them. A note of the setup phase that is consumed
    later stays: the consumption may be reverted. Raises KernelError for a wrong link.
    """
    split = 0 if total.is_private_only else total.min_revertible_counter
    nullifiers = {nullifier.item.counter: nullifier for nullifier in total.nullifiers}
    notes: set[int] = set()
    consumed: set[int] = set()
    for note in total.note_hashes:
        nullifier = nullifiers.get(nullifier_of_note.get(note.item.counter, 0))
        if nullifier is None or note.item.counter < split <= nullifier.item.counter:
            continue
        if nullifier.contract != note.contract:
            raise KernelError("Contract address of hinted note hash does not match.")
        if nullifier.item.note_hash != note.item.value:
            # Consumed in the next phase: the nullifier names the unique hash then.
            continue
        if nullifier.item.counter <= note.item.counter:
            raise KernelError("Cannot link a note hash emitted after a nullifier")
        notes.add(note.item.counter)
        consumed.add(nullifier.item.counter)
    return replace(
        total,
        note_hashes=[note for note in total.note_hashes if note.item.counter not in notes],
        nullifiers=[item for item in total.nullifiers if item.item.counter not in consumed],
        private_logs=[log for log in total.private_logs if log.item.note_hash_counter not in notes],
    )


def silo(total: Accumulated, protocol_nullifier: Fr | None) -> SiloedEffects:
    """Sort by counter and bind everything to its contract; note hashes that can not be reverted get nonces.

    `protocol_nullifier` comes first, unless the transaction has a nullifier of its own to begin with. Raises
    KernelError for a transaction without nullifiers, and for a nullifier of a note that is not there.
    """
    nullifiers = [
        Counted(silo_nullifier(item.contract, item.item.value), item.item.counter)
        for item in sorted(total.nullifiers, key=lambda item: item.item.counter)
    ]
    if protocol_nullifier is not None:
        nullifiers.insert(0, Counted(protocol_nullifier, _PROTOCOL_COUNTER))
    if not nullifiers:
        raise KernelError("TX must create at least one nullifier")
    first = nullifiers[0].value
    note_hashes = []
    for index, note in enumerate(sorted(total.note_hashes, key=lambda note: note.item.counter)):
        value = silo_note_hash(note.contract, note.item.value)
        if total.is_private_only or note.item.counter < total.min_revertible_counter:
            value = unique_note_hash(note_hash_nonce(first, index), value)
        note_hashes.append(Counted(value, note.item.counter))
    _check_links(total, note_hashes)
    logs = tuple(
        replace(
            log.item, fields=(silo_private_log_tag(log.contract, log.item.fields[0]), *log.item.fields[1:])
        )
        for log in sorted(total.private_logs, key=lambda log: log.item.counter)
    )
    return SiloedEffects(tuple(note_hashes), tuple(nullifiers), logs)


def _check_links(total: Accumulated, siloed: list[Counted]) -> None:
    """Hold that a nullifier which names a note of this transaction names one that remains."""
    for nullifier in total.nullifiers:
        if nullifier.item.note_hash == FR_ZERO:
            continue
        found = [note for note in siloed if note.value == nullifier.item.note_hash]
        if not found:
            raise KernelError("Hinted siloed note hash does not match nullified note hash")
        if found[0].counter >= nullifier.item.counter:
            raise KernelError("Cannot link a note hash emitted after a nullifier")
