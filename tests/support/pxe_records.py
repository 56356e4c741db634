"""Notes and events for tests, made of small numbers."""

from __future__ import annotations

from typing import Any

from aztecd.crypto.field import Fr, fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.pxe.stores import StoredEvent, StoredNote

CONTRACT = AztecAddress(fr(0xC0))
ALICE = AztecAddress(fr(0xA1))
BOB = AztecAddress(fr(0xB0))
SLOT = fr(5)
SELECTOR = FunctionSelector(bytes.fromhex("01020304"))


def note(nullifier: int, block: int = 1, tx: int = 0, index: int = 0, **changes: Any) -> StoredNote:
    made = StoredNote(
        contract_address=CONTRACT,
        owner=ALICE,
        storage_slot=SLOT,
        randomness=fr(7),
        nonce=fr(8),
        items=(fr(100), fr(200)),
        note_hash=fr(9),
        siloed_nullifier=fr(nullifier),
        tx_hash=fr(1000 + block),
        block_number=block,
        block_hash=fr(2000 + block),
        tx_index_in_block=tx,
        note_index_in_tx=index,
    )
    return made.replace(**changes)


def event(commitment: int, block: int = 1, tx: int = 0, index: int = 0, **changes: Any) -> StoredEvent:
    made = StoredEvent(
        contract_address=CONTRACT,
        selector=SELECTOR,
        randomness=fr(7),
        content=(fr(1), fr(2)),
        siloed_commitment=fr(commitment),
        tx_hash=fr(1000 + block),
        block_number=block,
        block_hash=fr(2000 + block),
        tx_index_in_block=tx,
        event_index_in_tx=index,
    )
    return made.replace(**changes)


def address(number: int) -> AztecAddress:
    return AztecAddress(Fr(fr(number)))
