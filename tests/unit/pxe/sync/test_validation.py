from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_ZERO, fr
from aztecd.protocol.hashes import silo_note_hash, silo_nullifier, unique_note_hash
from aztecd.pxe.node import NULLIFIER_TREE
from aztecd.pxe.stores import EventFilter
from aztecd.pxe.sync import SyncError
from aztecd.pxe.sync.validation import (
    active_nullifiers,
    found_nullifiers,
    leaf_calls,
    validate_and_store,
)
from tests.support.pxe_chain import effect, job_at
from tests.support.pxe_records import ALICE, BOB, CONTRACT, SELECTOR, SLOT, address

NOTES, EVENTS = fr(1000), fr(2000)


def note_request(number: int, tx: int, *, contract=CONTRACT, recipient=ALICE, length=2):
    storage = [fr(100), fr(200), *[FR_ZERO] * 6]
    return [
        contract, ALICE, SLOT, fr(7), nonce(number), *storage, fr(length),
        fr(number), fr(50 + number), fr(tx), recipient,
    ]  # fmt: skip


def event_request(number: int, tx: int, *, selector=None, recipient=ALICE):
    storage = [fr(1), fr(2), fr(3), *[FR_ZERO] * 7]
    head = fr(int.from_bytes(SELECTOR, "big")) if selector is None else selector
    return [CONTRACT, head, fr(7), *storage, fr(3), fr(number), fr(tx), recipient]


def nonce(number: int):
    return fr(3000 + number)


def unique(number: int, contract=CONTRACT):
    return unique_note_hash(nonce(number), silo_note_hash(contract, fr(number)))


def nullifier(number: int):
    return silo_nullifier(CONTRACT, fr(50 + number))


def run(job, notes=(), events=()):
    job.stores.capsules.append_to_array(CONTRACT, NOTES, notes)
    job.stores.capsules.append_to_array(CONTRACT, EVENTS, events)
    validate_and_store(job, CONTRACT, NOTES, EVENTS)
    assert job.stores.capsules.read_array(CONTRACT, NOTES) == []
    assert job.stores.capsules.read_array(CONTRACT, EVENTS) == []


def test_notes_are_stored_at_their_place_on_the_chain(chain, loop, keys):
    chain.mine(effect(1))
    chain.mine(effect(2), effect(3, note_hashes=[fr(99), unique(4)]))
    job = job_at(chain, loop, keys)
    run(job, [note_request(4, 3)])
    stored = job.stores.notes.find(nullifier(4))
    assert (stored.block_number, stored.tx_index_in_block, stored.note_index_in_tx) == (2, 1, 1)
    assert stored.block_hash == chain.blocks[2].header.hash()
    assert (stored.items, stored.owner, stored.nonce) == ((fr(100), fr(200)), ALICE, nonce(4))
    assert (stored.scopes, stored.nullified_at) == ((ALICE,), 0)


def test_a_note_that_was_consumed_before_it_was_found(chain, loop, keys):
    chain.mine(effect(1, note_hashes=[unique(4)]))
    chain.mine(effect(2, nullifiers=[nullifier(4)]))
    job = job_at(chain, loop, keys)
    run(job, [note_request(4, 1)])
    assert job.stores.notes.find(nullifier(4)).nullified_at == 2
    job.stores.notes.rollback(1)
    assert job.stores.notes.find(nullifier(4)).nullified_at == 0


def test_nullifiers_behind_the_anchor_do_not_count(chain, loop, keys):
    chain.mine(effect(1, note_hashes=[unique(4)]))
    job = job_at(chain, loop, keys)
    chain.mine(effect(2, nullifiers=[nullifier(4)]))
    run(job, [note_request(4, 1)])
    assert job.stores.notes.find(nullifier(4)).nullified_at == 0


def test_many_notes_take_few_requests(chain, loop, keys):
    chain.mine(*[effect(number, note_hashes=[unique(number)]) for number in range(1, 151)])
    job = job_at(chain, loop, keys)
    run(job, [note_request(number, number) for number in range(1, 151)])
    assert len(job.stores.notes.select(CONTRACT)) == 150
    assert chain.calls["find_leaves_indexes"] == 2
    assert chain.calls["get_tx_effect"] == 150


def test_events_are_stored_at_their_place_on_the_chain(chain, loop, keys):
    chain.mine(effect(1, nullifiers=[silo_nullifier(CONTRACT, fr(8))]))
    job = job_at(chain, loop, keys)
    run(job, events=[event_request(8, 1), event_request(8, 1, recipient=BOB)])
    (stored,) = job.stores.events.select(
        EventFilter(contract=CONTRACT, selector=SELECTOR, from_block=1, to_block=2, scopes=(BOB,))
    )
    assert (stored.content, stored.event_index_in_tx, stored.tx_hash) == ((fr(1), fr(2), fr(3)), 1, fr(1))
    assert stored.scopes == (ALICE, BOB)


@pytest.mark.parametrize(
    ("notes", "events", "message"),
    [
        ([note_request(4, 9)], [], "Could not find tx effect for tx hash 0x0+9$"),
        ([note_request(4, 2)], [], "Could not find tx effect for tx hash 0x0+2 as of block number 1"),
        (
            [note_request(5, 1)],
            [],
            r"Note hash 0x0+5 \(uniqued as 0x[0-9a-f]{64}\) is not present in tx 0x0+1",
        ),
        (
            [note_request(4, 1, contract=address(3))],
            [],
            "Got a note validation request from 0x0+3, expected 0x0+c0",
        ),
        ([note_request(4, 1, length=9)], [], "at most 8 fields claims to have 9"),
        ([note_request(4, 1)[:-1]], [], "has 18 fields, got 17"),
        (
            [],
            [event_request(9, 1)],
            r"Event commitment 0x0+9 \(siloed as 0x[0-9a-f]{64}\) is not present in tx",
        ),
        ([], [event_request(9, 1, selector=fr(2**32))], "is no event selector"),
        ([], [event_request(9, 1)[1:]], "has 17 fields, got 16"),
    ],
)
def test_what_is_not_on_the_chain_is_refused(chain, loop, keys, notes, events, message):
    chain.mine(effect(1, note_hashes=[unique(4), unique(4, address(3))]))
    job = job_at(chain, loop, keys)
    chain.mine(effect(2, note_hashes=[unique(4)]))
    with pytest.raises(SyncError, match=message):
        run(job, notes, events)
    assert job.stores.notes.select(CONTRACT) == []


def test_nullifiers_of_known_notes_are_looked_up_in_chunks(chain, loop, keys):
    chain.mine(*[effect(number, note_hashes=[unique(number)]) for number in range(1, 121)])
    job = job_at(chain, loop, keys)
    run(job, [note_request(number, number) for number in range(1, 121)])
    chain.mine(effect(500, nullifiers=[nullifier(number) for number in range(1, 121, 2)]))
    later = job_at(chain, loop, keys)
    later.stores = job.stores
    active = active_nullifiers(later, CONTRACT, (ALICE,))
    calls = leaf_calls(later, NULLIFIER_TREE, active)
    assert len(calls) == 2
    later.stores.notes.apply_nullifiers(found_nullifiers(active, later.bridge.run_all(calls)))
    assert len(later.stores.notes.select(CONTRACT)) == 60
    assert active_nullifiers(later, CONTRACT, (BOB,)) == []
