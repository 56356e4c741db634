"""Which notes `utilityGetNotes` picks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aztecd.crypto.field import FR_ZERO, Fr, fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.execution.views import SettledNote
from aztecd.pxe.oracles import OracleError
from aztecd.pxe.oracles.notes import NoteQuery, Property, Select, Sort, pack_hinted, pick_notes

WHOLE = {"offset": 0, "length": 32}


def note(*items, nonce=1):
    return SettledNote(
        contract_address=AztecAddress(fr(0xC0)),
        owner=AztecAddress(fr(0xA1)),
        storage_slot=fr(5),
        randomness=fr(7),
        nonce=fr(nonce),
        items=tuple(map(fr, items)),
        note_hash=fr(9),
        siloed_nullifier=fr(10),
    )


def query(*, selects=(), sorts=(), limit=0, offset=0):
    return NoteQuery(
        owner=None,
        storage_slot=fr(5),
        selects=tuple(selects),
        sorts=tuple(sorts),
        limit=limit,
        offset=offset,
        status=1,
    )


def item(index):
    return Property(index=index, **WHOLE)


def values(notes, index=0):
    return [int.from_bytes(found.items[index], "big") for found in notes]


@pytest.mark.parametrize(
    ("comparator", "expected"),
    [(1, [5]), (2, [1, 9]), (3, [1]), (4, [1, 5]), (5, [9]), (6, [5, 9])],
)
def test_comparators(comparator, expected):
    picked = pick_notes([note(1), note(5), note(9)], query(selects=[Select(item(0), fr(5), comparator)]))
    assert values(picked) == expected


def test_all_selects_have_to_hold():
    notes = [note(1, 1), note(1, 2), note(2, 2)]
    selects = [Select(item(0), fr(1), 1), Select(item(1), fr(2), 1)]
    assert pick_notes(notes, query(selects=selects)) == [notes[1]]


def test_a_property_is_a_range_of_bytes_read_as_a_number():
    packed = Fr(bytes(16) + bytes.fromhex("0102030405060708090a0b0c0d0e0f10"))
    found = SettledNote(
        **{name: getattr(note(0), name) for name in SettledNote.__slots__ if name != "items"}, items=(packed,)
    )
    assert Property(index=0, offset=16, length=2).of(found.items) == 0x0102
    assert Property(index=0, offset=30, length=2).of(found.items) == 0x0F10
    wanted = Select(Property(index=0, offset=16, length=2), fr(0x0102), 1)
    assert pick_notes([found], query(selects=[wanted])) == [found]


def test_sorts_apply_in_their_order_and_are_stable():
    notes = [note(1, 5, 0), note(2, 5, 1), note(3, 7, 2), note(1, 5, 3)]
    by_second_then_first = [Sort(item(1), 1), Sort(item(0), 2)]
    assert values(pick_notes(notes, query(sorts=by_second_then_first)), 2) == [2, 0, 3, 1]
    assert values(pick_notes(notes, query(sorts=[Sort(item(1), 1)])), 2) == [2, 0, 1, 3]


def test_a_sort_without_an_order_ends_the_criteria():
    notes = [note(2, 1), note(1, 2)]
    sorts = [Sort(item(0), 0), Sort(item(1), 1)]
    assert pick_notes(notes, query(sorts=sorts)) == notes


@given(st.lists(st.integers(0, 5), max_size=12), st.integers(0, 14), st.integers(0, 14))
def test_offset_and_limit_cut_the_sorted_list(numbers, offset, limit):
    picked = pick_notes(
        [note(n) for n in numbers], query(sorts=[Sort(item(0), 2)], offset=offset, limit=limit)
    )
    expected = sorted(numbers)[offset:]
    assert values(picked) == (expected[:limit] if limit else expected)


def test_a_missing_item_or_comparator_is_refused():
    with pytest.raises(OracleError, match="a note of 1 items has no item 3"):
        pick_notes([note(1)], query(selects=[Select(item(3), fr(1), 1)]))
    with pytest.raises(OracleError, match="there is no comparator 7"):
        pick_notes([note(1)], query(selects=[Select(item(0), fr(1), 7)]))


@pytest.mark.parametrize(("nonce", "is_pending", "stage"), [(0, True, 1), (3, True, 2), (3, False, 3)])
def test_packed_notes_say_their_stage(nonce, is_pending, stage):
    packed = pack_hinted(note(100, 200, nonce=nonce), is_pending=is_pending)
    assert list(map(int.from_bytes, packed, ["big"] * len(packed))) == [
        100, 200, 0xC0, 0xA1, 7, 5, stage, nonce,
    ]  # fmt: skip
    assert packed[-1] == (fr(nonce) if nonce else FR_ZERO)
