"""The shapes in which logs, and requests about notes and events, lie in capsules.

Authority: @aztec/pxe src/contract_function_simulator/noir-structs/, @aztec/stdlib
src/logs/{pending_tagged_log,message_context}.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aztecd.constants import MAX_NOTE_HASHES_PER_TX
from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_int
from aztecd.protocol.basic import AztecAddress, FunctionSelector, TxHash
from aztecd.protocol.logs import TxScopedL2Log
from aztecd.pxe.sync.errors import SyncError

__all__ = [
    "EventRequest",
    "LogRequest",
    "NoteRequest",
    "bounded",
    "log_response",
    "message_context",
]

_MAX_NOTE_ITEMS: Final = 8
_MAX_EVENT_ITEMS: Final = 10
_MAX_PAYLOAD: Final = 15
_SELECTOR_SIZE: Final = 4
_NO_RESPONSE: Final = (FR_ZERO,) * (_MAX_PAYLOAD + 1 + 1 + MAX_NOTE_HASHES_PER_TX + 1 + 1 + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRequest:
    """A note that a contract found in a message; 18 fields."""

    contract: AztecAddress
    owner: AztecAddress
    storage_slot: Fr
    randomness: Fr
    nonce: Fr
    items: tuple[Fr, ...]
    note_hash: Fr
    nullifier: Fr
    tx_hash: TxHash
    recipient: AztecAddress

    @classmethod
    def of(cls, fields: Sequence[Fr]) -> NoteRequest:
        """Read the fields. Raises SyncError."""
        if len(fields) != 6 + _MAX_NOTE_ITEMS + 4:
            raise SyncError(f"a note validation request has 18 fields, got {len(fields)}")
        end = 5 + _MAX_NOTE_ITEMS
        note_hash, nullifier, tx_hash, recipient = fields[end + 1 :]
        return cls(
            contract=AztecAddress(fields[0]),
            owner=AztecAddress(fields[1]),
            storage_slot=fields[2],
            randomness=fields[3],
            nonce=fields[4],
            items=_unbounded(fields[5 : end + 1]),
            note_hash=note_hash,
            nullifier=nullifier,
            tx_hash=TxHash(tx_hash),
            recipient=AztecAddress(recipient),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRequest:
    """A private event that a contract found in a message; 17 fields."""

    contract: AztecAddress
    selector: FunctionSelector
    randomness: Fr
    content: tuple[Fr, ...]
    commitment: Fr
    tx_hash: TxHash
    recipient: AztecAddress

    @classmethod
    def of(cls, fields: Sequence[Fr]) -> EventRequest:
        """Read the fields. Raises SyncError."""
        if len(fields) != 4 + _MAX_EVENT_ITEMS + 3:
            raise SyncError(f"an event validation request has 17 fields, got {len(fields)}")
        end = 3 + _MAX_EVENT_ITEMS
        if any(fields[1][:-_SELECTOR_SIZE]):
            raise SyncError(f"0x{fields[1].hex()} is no event selector")
        commitment, tx_hash, recipient = fields[end + 1 :]
        return cls(
            contract=AztecAddress(fields[0]),
            selector=FunctionSelector(fields[1][-_SELECTOR_SIZE:]),
            randomness=fields[2],
            content=_unbounded(fields[3 : end + 1]),
            commitment=commitment,
            tx_hash=TxHash(tx_hash),
            recipient=AztecAddress(recipient),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRequest:
    """A log that a contract waits for; 2 fields."""

    contract: AztecAddress
    tag: Fr

    @classmethod
    def of(cls, fields: Sequence[Fr]) -> LogRequest:
        """Read the fields. Raises SyncError."""
        if len(fields) != 2:
            raise SyncError(f"a log retrieval request has 2 fields, got {len(fields)}")
        return cls(contract=AztecAddress(fields[0]), tag=fields[1])


def log_response(log: TxScopedL2Log | None) -> tuple[Fr, ...]:
    """Give the answer to a LogRequest: a flag, then 83 fields; the log's tag and what is too long are cut."""
    if log is None:
        return _NO_RESPONSE
    payload = log.log_data[1 : 1 + _MAX_PAYLOAD]
    return (fr(1), *bounded(payload, _MAX_PAYLOAD, "a log"), *message_context(log))


def message_context(log: TxScopedL2Log) -> tuple[Fr, ...]:
    """Give the transaction of a log: its hash, note hashes and first nullifier; 67 fields."""
    note_hashes = bounded(log.note_hashes, MAX_NOTE_HASHES_PER_TX, "a transaction's note hashes")
    return (log.tx_hash, *note_hashes, log.first_nullifier)


def bounded(values: Sequence[Fr], size: int, name: str) -> tuple[Fr, ...]:
    """Pad values with zeros and append their number. Raises SyncError when there are too many."""
    if len(values) > size:
        raise SyncError(f"{name} has {len(values)} fields, at most {size} are possible")
    return (*values, *(FR_ZERO,) * (size - len(values)), fr(len(values)))


def _unbounded(fields: Sequence[Fr]) -> tuple[Fr, ...]:
    *storage, length = fields
    if fr_int(length) > len(storage):
        raise SyncError(f"a list of at most {len(storage)} fields claims to have {fr_int(length)}")
    return tuple(storage[: fr_int(length)])
