"""Checking against the chain what contracts found in messages, and storing it.

A contract can claim anything: only notes and events that are in the effects of the transaction, and of this
contract, are stored.

Authority: @aztec/pxe src/notes/note_service.ts, src/events/event_service.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from aztecd.crypto.field import Fr, fr_hex
from aztecd.protocol.basic import AztecAddress, BlockNumber, TxHash
from aztecd.protocol.effect import IndexedTxEffect
from aztecd.protocol.hashes import silo_note_hash, silo_nullifier, unique_note_hash
from aztecd.protocol.receipt import DataInBlock
from aztecd.pxe.execution.views import Scopes
from aztecd.pxe.node import NULLIFIER_TREE
from aztecd.pxe.stores import Nullification, StoredEvent, StoredNote
from aztecd.pxe.sync.errors import SyncError
from aztecd.pxe.sync.job import Job
from aztecd.pxe.sync.log_pages import MAX_RPC_ITEMS
from aztecd.pxe.sync.messages import EventRequest, NoteRequest

__all__ = ["active_nullifiers", "found_nullifiers", "leaf_calls", "validate_and_store"]

_Leaves: TypeAlias = Sequence[DataInBlock | None]


def validate_and_store(job: Job, contract: AztecAddress, notes_slot: Fr, events_slot: Fr) -> None:
    """Check and store the notes and events of two capsule arrays, and empty both. Raises SyncError."""
    capsules = job.stores.capsules
    notes = [NoteRequest.of(item) for item in capsules.read_array(contract, notes_slot)]
    events = [EventRequest.of(item) for item in capsules.read_array(contract, events_slot)]
    requests: list[NoteRequest | EventRequest] = [*notes, *events]
    for request in requests:
        # The reference takes any contract here; a contract has no business with the notes of others.
        if request.contract != contract:
            raise SyncError(
                f"Got a note validation request from {fr_hex(request.contract)}, expected {fr_hex(contract)}"
            )
    if requests:
        effects = _effects(job, dict.fromkeys(request.tx_hash for request in requests))
        nullifiers = [silo_nullifier(contract, request.nullifier) for request in notes]
        answers = job.bridge.run_all(leaf_calls(job, NULLIFIER_TREE, nullifiers)) if nullifiers else []
        consumed = {item.nullifier: item for item in found_nullifiers(nullifiers, answers)}
        for note_request, nullifier in zip(notes, nullifiers, strict=True):
            _store_note(job, note_request, nullifier, effects[note_request.tx_hash], consumed)
        for event_request in events:
            _store_event(job, event_request, effects[event_request.tx_hash])
    capsules.set_array(contract, notes_slot, [])
    capsules.set_array(contract, events_slot, [])


def active_nullifiers(job: Job, contract: AztecAddress, scopes: Scopes) -> list[Fr]:
    """Give the siloed nullifiers of a contract's active notes."""
    return [note.siloed_nullifier for note in job.stores.notes.select(contract, scopes=scopes)]


def leaf_calls(job: Job, tree_id: int, leaves: Sequence[Fr]) -> list[Coroutine[Any, Any, _Leaves]]:
    """Give the questions where leaves are in a tree at the anchor block."""
    return [
        job.bridge.node.find_leaves_indexes(job.anchor.hash, tree_id, leaves[start : start + MAX_RPC_ITEMS])
        for start in range(0, len(leaves), MAX_RPC_ITEMS)
    ]


def found_nullifiers(nullifiers: Sequence[Fr], answers: Sequence[_Leaves]) -> list[Nullification]:
    """Take the answers to `leaf_calls`, and give the nullifiers that are there."""
    leaves = [leaf for answer in answers for leaf in answer]
    return [
        Nullification(nullifier, BlockNumber(leaf.l2_block_number))
        for nullifier, leaf in zip(nullifiers, leaves, strict=True)
        if leaf is not None
    ]


def _effects(job: Job, tx_hashes: Iterable[TxHash]) -> dict[TxHash, IndexedTxEffect]:
    hashes = list(tx_hashes)
    found = job.bridge.run_all([job.bridge.node.get_tx_effect(tx_hash) for tx_hash in hashes])
    effects = {}
    for tx_hash, effect in zip(hashes, found, strict=True):
        if effect is None:
            raise SyncError(f"Could not find tx effect for tx hash {fr_hex(tx_hash)}")
        if effect.l2_block_number > job.anchor.number:
            raise SyncError(
                f"Could not find tx effect for tx hash {fr_hex(tx_hash)} as of block number "
                f"{job.anchor.number}"
            )
        effects[tx_hash] = effect
    return effects


def _store_note(
    job: Job,
    request: NoteRequest,
    nullifier: Fr,
    effect: IndexedTxEffect,
    consumed: Mapping[Fr, Nullification],
) -> None:
    unique = unique_note_hash(request.nonce, silo_note_hash(request.contract, request.note_hash))
    if unique not in effect.data.note_hashes:
        raise SyncError(
            f"Note hash {fr_hex(request.note_hash)} (uniqued as {fr_hex(unique)}) is not present in tx "
            f"{fr_hex(request.tx_hash)}"
        )
    note = StoredNote(
        contract_address=request.contract,
        owner=request.owner,
        storage_slot=request.storage_slot,
        randomness=request.randomness,
        nonce=request.nonce,
        items=request.items,
        note_hash=request.note_hash,
        siloed_nullifier=nullifier,
        tx_hash=request.tx_hash,
        block_number=effect.l2_block_number,
        block_hash=effect.l2_block_hash,
        tx_index_in_block=effect.tx_index_in_block,
        note_index_in_tx=effect.data.note_hashes.index(unique),
    )
    job.stores.notes.add(note, request.recipient)
    # One that was consumed before it was found is stored all the same: a rollback may give it back.
    if nullifier in consumed:
        job.stores.notes.apply_nullifiers([consumed[nullifier]])


def _store_event(job: Job, request: EventRequest, effect: IndexedTxEffect) -> None:
    siloed = silo_nullifier(request.contract, request.commitment)
    if siloed not in effect.data.nullifiers:
        raise SyncError(
            f"Event commitment {fr_hex(request.commitment)} (siloed as {fr_hex(siloed)}) is not "
            f"present in tx {fr_hex(request.tx_hash)}"
        )
    event = StoredEvent(
        contract_address=request.contract,
        selector=request.selector,
        randomness=request.randomness,
        content=request.content,
        siloed_commitment=siloed,
        tx_hash=request.tx_hash,
        block_number=effect.l2_block_number,
        block_hash=effect.l2_block_hash,
        tx_index_in_block=effect.tx_index_in_block,
        event_index_in_tx=effect.data.nullifiers.index(siloed),
    )
    job.stores.events.add(event, request.recipient)
