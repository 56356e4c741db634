"""The notes and nullifiers of a running transaction."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_ZERO, fr, fr_hex, fr_int
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.hashes import note_hash_nonce, silo_note_hash, silo_nullifier, unique_note_hash
from aztecd.pxe.oracles import ExecutionNoteCache, OracleError, PendingNote

CONTRACT, OTHER = AztecAddress(fr(0xC0)), AztecAddress(fr(0xC1))
ALICE, BOB = AztecAddress(fr(0xA1)), AztecAddress(fr(0xB0))
PROTOCOL = fr(0xF1)


@pytest.fixture
def cache():
    return ExecutionNoteCache(PROTOCOL)


def note(counter, *, contract=CONTRACT, owner=ALICE, slot=1):
    return PendingNote(
        contract_address=contract,
        owner=owner,
        storage_slot=fr(slot),
        randomness=fr(7),
        items=(fr(counter),),
        note_hash=fr(1000 + counter),
        counter=counter,
        consumption_hash=fr(1000 + counter),
    )


def test_notes_are_found_in_the_order_of_creation_by_contract_owner_and_slot(cache):
    for item in (note(3), note(4, owner=BOB), note(5, slot=2), note(6, contract=OTHER), note(8)):
        cache.add_note(item)
    assert [n.counter for n in cache.get_notes(CONTRACT, ALICE, fr(1))] == [3, 8]
    assert [n.counter for n in cache.get_notes(CONTRACT, None, fr(1))] == [3, 4, 8]
    assert [n.counter for n in cache.get_notes(OTHER, None, fr(1))] == [6]
    assert cache.get_notes(OTHER, None, fr(2)) == []


@pytest.mark.parametrize("counter", [5, 4])
def test_counters_of_notes_grow(cache, counter):
    cache.add_note(note(5))
    with pytest.raises(OracleError) as caught:
        cache.add_note(note(counter))
    assert str(caught.value) == (
        f"Note hash counters must be strictly increasing. Current counter: {counter}. Previous counter: 5."
    )


def test_a_note_and_its_nullifier_in_one_phase_cancel_out(cache):
    cache.add_note(note(3))
    cache.add_note(note(4))
    assert cache.nullify_note(CONTRACT, fr(50), fr(1003)) == 3
    assert [n.counter for n in cache.notes] == [4]
    assert cache.emitted_nullifiers == ()
    assert not cache.has_nullifier(CONTRACT, silo_nullifier(CONTRACT, fr(50)))


def test_a_note_of_another_contract_can_not_be_consumed(cache):
    cache.add_note(note(3))
    with pytest.raises(OracleError, match=r"^Attempt to remove a pending note that does not exist\.$"):
        cache.nullify_note(OTHER, fr(50), fr(1003))


def test_a_note_is_consumed_once(cache):
    cache.add_note(note(3))
    cache.nullify_note(CONTRACT, fr(50), fr(1003))
    with pytest.raises(OracleError, match="Attempt to remove a pending note"):
        cache.nullify_note(CONTRACT, fr(50), fr(1003))


def test_the_nullifier_of_a_settled_note_is_emitted(cache):
    assert cache.nullify_note(CONTRACT, fr(50), FR_ZERO) is None
    assert cache.emitted_nullifiers == (silo_nullifier(CONTRACT, fr(50)),)
    assert cache.has_nullifier(CONTRACT, silo_nullifier(CONTRACT, fr(50)))
    assert not cache.has_nullifier(OTHER, silo_nullifier(CONTRACT, fr(50)))


def test_a_nullifier_is_emitted_once(cache):
    cache.add_nullifier(CONTRACT, fr(50))
    cache.add_nullifier(OTHER, fr(50))
    siloed = silo_nullifier(CONTRACT, fr(50))
    with pytest.raises(OracleError) as caught:
        cache.nullify_note(CONTRACT, fr(50), FR_ZERO)
    # The nullifier in decimal, the contract in hexadecimal digits: as the reference writes it.
    assert str(caught.value) == (
        f"Duplicate siloed nullifier {fr_int(siloed)} emitted by contract {fr_hex(CONTRACT)}"
    )


def test_nonces_come_from_the_protocol_nullifier_when_setup_emits_none(cache):
    cache.add_note(note(3))
    cache.add_note(note(4))
    cache.enter_revertible_phase(9)
    nonces = [note_hash_nonce(PROTOCOL, index) for index in range(2)]
    assert [n.nonce for n in cache.notes] == nonces
    assert [n.consumption_hash for n in cache.notes] == [
        unique_note_hash(nonce, silo_note_hash(CONTRACT, fr(1000 + counter)))
        for nonce, counter in zip(nonces, (3, 4), strict=True)
    ]
    cache.add_nullifier(CONTRACT, fr(60))
    assert cache.finish() == PROTOCOL


def test_nonces_come_from_the_first_nullifier_of_setup(cache):
    cache.add_nullifier(CONTRACT, fr(60))
    cache.add_nullifier(CONTRACT, fr(10))
    first = silo_nullifier(CONTRACT, fr(60))
    cache.add_note(note(3))
    cache.enter_revertible_phase(9)
    assert cache.notes[0].nonce == note_hash_nonce(first, 0)
    assert cache.finish() == first


def test_without_phases_the_first_nullifier_counts_at_the_end(cache):
    cache.add_note(note(3))
    assert ExecutionNoteCache(PROTOCOL).finish() == PROTOCOL
    cache.add_nullifier(CONTRACT, fr(60))
    assert cache.finish() == silo_nullifier(CONTRACT, fr(60))
    assert cache.notes[0].nonce == FR_ZERO


def test_a_note_of_setup_that_is_consumed_later_leaves_its_nullifier(cache):
    cache.add_note(note(3))
    cache.enter_revertible_phase(9)
    with pytest.raises(OracleError, match="Attempt to remove a pending note"):
        cache.nullify_note(CONTRACT, fr(50), fr(1003))
    assert cache.nullify_note(CONTRACT, fr(50), cache.notes[0].consumption_hash) == 3
    assert cache.emitted_nullifiers == (silo_nullifier(CONTRACT, fr(50)),)


def test_a_note_of_the_second_phase_cancels_out_too(cache):
    cache.enter_revertible_phase(9)
    cache.add_note(note(10))
    assert cache.nullify_note(CONTRACT, fr(50), fr(1010)) == 10
    assert cache.emitted_nullifiers == ()


def test_revertible_is_what_comes_after_the_phase_change(cache):
    assert not cache.is_revertible(100)
    cache.enter_revertible_phase(9)
    assert [cache.is_revertible(counter) for counter in (8, 9, 10)] == [False, True, True]


def test_the_phase_changes_once(cache):
    cache.enter_revertible_phase(9)
    with pytest.raises(OracleError) as caught:
        cache.enter_revertible_phase(12)
    assert str(caught.value) == (
        "Cannot enter the revertible phase twice. Current counter: 12. Previous enter counter: 9"
    )
