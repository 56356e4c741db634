from __future__ import annotations

import random

import pytest

from aztecd.crypto.field import fr, fr_int
from aztecd.pxe.stores import NoteStore, Nullification, PxeStoreBrokenError, Stage, UnknownNoteError
from aztecd.storage import MemoryStore
from tests.support.pxe_records import ALICE, BOB, CONTRACT, SLOT, address, note


def store() -> NoteStore:
    return NoteStore(Stage(MemoryStore()))


def ids(notes) -> list[int]:
    return [fr_int(item.siloed_nullifier) for item in notes]


def get(notes: NoteStore, *, owner=None, slot=SLOT, status=1, scopes="ALL_SCOPES", contract=CONTRACT):
    return ids(
        notes.get_notes(contract=contract, owner=owner, storage_slot=slot, status=status, scopes=scopes)
    )


def test_notes_come_in_the_order_of_the_chain_whatever_the_order_of_finding():
    places = [(block, tx, index) for block in (1, 2, 300) for tx in (0, 1, 256) for index in (0, 63)]
    shuffled = list(enumerate(places, 1))
    random.Random(1).shuffle(shuffled)
    notes = store()
    for number, place in shuffled:
        notes.add(note(number, *place), ALICE)
    assert get(notes) == list(range(1, len(places) + 1))


def test_filters():
    notes = store()
    notes.add(note(1), ALICE)
    notes.add(note(2, 2, owner=BOB), BOB)
    notes.add(note(3, 3, storage_slot=fr(6)), ALICE)
    notes.add(note(4, 4, contract_address=address(1)), ALICE)
    assert get(notes) == [1, 2]
    assert get(notes, owner=BOB) == [2]
    assert get(notes, slot=fr(6)) == [3]
    assert get(notes, contract=address(1)) == [4]
    assert get(notes, scopes=(ALICE,)) == [1]
    assert get(notes, scopes=(ALICE, BOB)) == [1, 2]
    assert get(notes, scopes=(address(77),)) == []
    assert get(notes, scopes=()) == []
    assert ids(notes.select(CONTRACT)) == [1, 2, 3], "all slots, in the order of the chain"


def test_a_note_found_twice_is_stored_once_for_both_accounts():
    notes = store()
    notes.add(note(1), ALICE)
    notes.add(note(1), BOB)
    notes.add(note(1), BOB)
    assert get(notes) == [1]
    assert get(notes, scopes=(ALICE,)) == get(notes, scopes=(BOB,)) == [1]
    assert notes.find(fr(1)).scopes == (ALICE, BOB)


def test_consumed_notes_are_only_given_when_asked_for():
    notes = store()
    for number in (1, 2, 3):
        notes.add(note(number, number), ALICE)
    consumed = notes.apply_nullifiers([Nullification(fr(2), 9), Nullification(fr(2), 9)])
    assert ids(consumed) == [2]
    assert notes.apply_nullifiers([Nullification(fr(2), 10)]) == []
    assert notes.find(fr(2)).nullified_at == 9
    assert get(notes) == [1, 3]
    assert get(notes, status=2) == [1, 2, 3]
    # Found again by another account: it stays consumed.
    notes.add(note(2, 2), BOB)
    assert get(notes, scopes=(BOB,)) == []
    assert get(notes, status=2, scopes=(BOB,)) == [2]


def test_unknown_nullifiers_are_refused():
    notes = store()
    with pytest.raises(UnknownNoteError, match="Attempted to mark a note as nullified which does not exist"):
        notes.apply_nullifiers([Nullification(fr(2), 9)])
    notes.add(note(2), ALICE)
    with pytest.raises(PxeStoreBrokenError, match="block 0"):
        notes.apply_nullifiers([Nullification(fr(2), 0)])


def test_rollback_equals_never_having_seen_the_later_blocks():
    draw = random.Random(3)
    for _ in range(40):
        created = {number: draw.randint(1, 10) for number in range(1, 15)}
        consumed = {
            number: draw.randint(block, 12) for number, block in created.items() if draw.random() < 0.6
        }
        target = draw.randint(0, 12)
        memory, expected = MemoryStore(), MemoryStore()
        for to_fill, last in ((memory, 12), (expected, target)):
            stage = Stage(to_fill)
            notes = NoteStore(stage)
            for number, block in created.items():
                if block <= last:
                    notes.add(note(number, block), ALICE)
            found = [Nullification(fr(number), block) for number, block in consumed.items() if block <= last]
            notes.apply_nullifiers(found)
            stage.commit(sync=False)
        stage = Stage(memory)
        NoteStore(stage).rollback(target)
        stage.commit(sync=False)
        whole = {"start": b"", "stop": b"\xff"}
        assert list(memory.iterate(**whole)) == list(expected.iterate(**whole))
