"""The journal of side effects against a copy for every checkpoint."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aztecd.avm import NullifierCollisionError, SideEffectLimitError
from aztecd.crypto.field import fr
from aztecd.execution.public.effects import MAX_USER_WRITES, SideEffects
from aztecd.protocol.logs import PublicLog
from aztecd.protocol.tx_data import ScopedL2ToL1Message

MESSAGE = ScopedL2ToL1Message.empty()


def log_of(size: int) -> PublicLog:
    return PublicLog(contract_address=fr(9), fields=(fr(1),) * size)


def seen(effects: SideEffects):
    return copy.deepcopy(
        (
            effects.note_hashes,
            effects.nullifiers,
            effects.messages,
            effects.public_logs,
            effects.log_fields,
            list(effects.writes.items()),
            [effects.has_nullifier(fr(value)) for value in range(8)],
        )
    )


STEPS = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 7), st.integers(0, 2)),
    st.tuples(st.just("nullifier"), st.integers(0, 7)),
    st.tuples(st.just("note hash"), st.integers(1, 7)),
    st.tuples(st.just("log"), st.integers(0, 3)),
    st.tuples(st.just("message")),
    st.tuples(st.just("begin")),
    st.tuples(st.just("commit")),
    st.tuples(st.just("rollback")),
)


@given(st.lists(STEPS, max_size=60))
def test_rollback_restores_what_was(steps):
    effects = SideEffects()
    before = []
    for step in steps:
        match step:
            case ("write", slot, value):
                effects.write(fr(slot), fr(value))
            case ("nullifier", value):
                if not effects.has_nullifier(fr(value)):
                    effects.add_nullifier(fr(value), is_in_tree=False)
            case ("note hash", value):
                effects.add_unique_note_hash(fr(value))
            case ("log", size):
                effects.add_log(log_of(size))
            case ("message",):
                if len(effects.messages) < 8:
                    effects.add_message(MESSAGE)
            case ("begin",):
                before.append(seen(effects))
                effects.checkpoint()
            case ("commit",) if before:
                before.pop()
                effects.commit()
            case ("rollback",) if before:
                effects.rollback()
                assert seen(effects) == before.pop()


def test_a_slot_keeps_the_place_of_its_first_surviving_write():
    effects = SideEffects()
    effects.write(fr(1), fr(10))
    effects.checkpoint()
    effects.write(fr(2), fr(20))
    effects.write(fr(1), fr(11))
    effects.rollback()
    effects.write(fr(3), fr(30))
    effects.write(fr(2), fr(21))
    effects.write(fr(1), fr(0))
    listed = [(write.leaf_slot, write.value) for write in effects.public_data_writes()]
    assert listed == [(fr(1), fr(0)), (fr(3), fr(30)), (fr(2), fr(21))]


def test_limits():
    effects = SideEffects()
    for number in range(64):
        effects.add_nullifier(fr(1000 + number), is_in_tree=False)
        effects.add_siloed_note_hash(fr(number))
    for number in range(8):
        effects.add_message(MESSAGE.replace(content=fr(number)))
    for number in range(63):
        effects.write(fr(number), fr(1))
    with pytest.raises(SideEffectLimitError, match="Maximum number of nullifiers reached"):
        effects.add_nullifier(fr(1000), is_in_tree=False)
    with pytest.raises(SideEffectLimitError, match="Maximum number of note hashes reached"):
        effects.add_siloed_note_hash(fr(1))
    with pytest.raises(SideEffectLimitError, match="Maximum number of note hashes reached"):
        effects.add_unique_note_hash(fr(1))
    with pytest.raises(SideEffectLimitError, match="Maximum number of L2 to L1 messages reached"):
        effects.add_message(MESSAGE)
    with pytest.raises(SideEffectLimitError, match="Maximum number of data writes reached"):
        effects.write(fr(MAX_USER_WRITES), fr(1))
    effects.write(fr(0), fr(2))
    effects.write(fr(MAX_USER_WRITES), fr(1), is_protocol=True)
    assert len(effects.public_data_writes()) == 64


def test_public_logs_count_two_fields_each():
    effects = SideEffects()
    effects.add_log(log_of(4000))
    assert effects.fits_log(92)
    assert not effects.fits_log(93)


@pytest.mark.parametrize("is_in_tree", [True, False])
def test_nullifier_collision(is_in_tree):
    effects = SideEffects()
    if not is_in_tree:
        effects.add_nullifier(fr(5), is_in_tree=False)
    with pytest.raises(NullifierCollisionError, match=rf"duplicate siloed nullifier 0x{'0' * 63}5\."):
        effects.add_nullifier(fr(5), is_in_tree=is_in_tree)
