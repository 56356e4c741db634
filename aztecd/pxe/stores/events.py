"""Private events of own accounts.

An event's id is its siloed commitment, which the chain has as a nullifier.

Authority: @aztec/pxe src/storage/private_event_store/private_event_store.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import (
    U32,
    AztecAddress,
    AztecAddressMember,
    BlockHashMember,
    BlockNumber,
    FrMember,
    FunctionSelector,
    SelectorMember,
    TxHash,
    TxHashMember,
)
from aztecd.protocol.codec import FrListCodec
from aztecd.protocol.record import Record, record
from aztecd.pxe.stores.errors import PxeStoreBrokenError
from aztecd.pxe.stores.stage import Stage
from aztecd.storage import Prefix, prefix_end

__all__ = ["EventFilter", "EventStore", "StoredEvent"]

_BLOCK_SIZE: Final = 4


@record
class StoredEvent(Record):
    """An event, where it was found, and for whom."""

    contract_address: AztecAddressMember
    selector: SelectorMember
    randomness: FrMember
    content: Annotated[tuple[Fr, ...], FrListCodec(count_size=2)]
    siloed_commitment: FrMember
    tx_hash: TxHashMember
    block_number: U32
    block_hash: BlockHashMember
    tx_index_in_block: U32
    event_index_in_tx: U32
    scopes: Annotated[tuple[Fr, ...], FrListCodec(count_size=2)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are wanted; `to_block` is exclusive, both bounds are checked by the caller."""

    contract: AztecAddress
    selector: FunctionSelector
    from_block: BlockNumber
    to_block: BlockNumber
    scopes: tuple[AztecAddress, ...]
    tx_hash: TxHash | None = None


class EventStore:
    """All private events, on a stage."""

    __slots__ = ("_stage",)

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def add(self, event: StoredEvent, scope: AztecAddress) -> None:
        """Store an event for one account; one that is there gets the account added."""
        key = Prefix.PXE_EVENT.key + event.siloed_commitment
        found = self._stage.get(key)
        if found is not None:
            known = StoredEvent.decode(found)
            if scope not in known.scopes:
                self._stage.put(key, known.replace(scopes=(*known.scopes, scope)).encode())
            return
        self._stage.put(key, event.replace(scopes=(scope,)).encode())
        self._stage.put(_place_key(event), event.siloed_commitment)
        self._stage.put(_block_key(event), b"")

    def select(self, wanted: EventFilter) -> list[StoredEvent]:
        """Give the matching events by block, transaction and position in it."""
        start = Prefix.PXE_EVENT_BY_CONTRACT.key + wanted.contract + wanted.selector
        listed = self._stage.scan(
            start + wanted.from_block.to_bytes(_BLOCK_SIZE, "big"),
            start + wanted.to_block.to_bytes(_BLOCK_SIZE, "big"),
        )
        events = (self._must_find(Fr(commitment)) for _, commitment in listed)
        scopes = set(wanted.scopes)
        return [
            event
            for event in events
            if not scopes.isdisjoint(event.scopes) and wanted.tx_hash in {None, event.tx_hash}
        ]

    def rollback(self, block_number: BlockNumber) -> None:
        """Delete the events of later blocks."""
        prefix = Prefix.PXE_EVENT_BY_BLOCK.key
        start = prefix + (block_number + 1).to_bytes(_BLOCK_SIZE, "big")
        for key, _ in self._stage.scan(start, prefix_end(prefix)):
            event = self._must_find(Fr(key[1 + _BLOCK_SIZE :]))
            self._stage.delete(key)
            self._stage.delete(_place_key(event))
            self._stage.delete(Prefix.PXE_EVENT.key + event.siloed_commitment)

    def _must_find(self, commitment: Fr) -> StoredEvent:
        found = self._stage.get(Prefix.PXE_EVENT.key + commitment)
        if found is None:
            raise PxeStoreBrokenError(f"Event not found for eventId 0x{commitment.hex()}")
        return StoredEvent.decode(found)


def _place_key(event: StoredEvent) -> bytes:
    return b"".join(
        (
            Prefix.PXE_EVENT_BY_CONTRACT.key,
            event.contract_address,
            event.selector,
            event.block_number.to_bytes(_BLOCK_SIZE, "big"),
            event.tx_index_in_block.to_bytes(4, "big"),
            event.event_index_in_tx.to_bytes(4, "big"),
            event.siloed_commitment,
        )
    )


def _block_key(event: StoredEvent) -> bytes:
    block = event.block_number.to_bytes(_BLOCK_SIZE, "big")
    return Prefix.PXE_EVENT_BY_BLOCK.key + block + event.siloed_commitment
