"""The timing policy, against moments written down by hand: slots of 72 s from second 1000 on."""

from __future__ import annotations

import pytest

from aztecd.l1.slots import SlotClock, SlotPlan
from aztecd.sequencer import L1Moment, SlotTiming, Waiting, WaitReason

CLOCK = SlotClock(genesis_time=1000, slot_duration_s=72, epoch_duration=2, proof_submission_epochs=1)
START = 1000 + 5 * 72
"""Of slot 5."""
LONG_AGO = 10**6


def timing(*, clock: SlotClock = CLOCK, now: float = LONG_AGO, **options: bool) -> SlotTiming:
    return SlotTiming(clock, wall_clock=lambda: now, **options)


def pending(timestamp: int) -> L1Moment:
    return L1Moment(latest_timestamp=timestamp - 12, pending_timestamp=timestamp)


@pytest.mark.parametrize("offset", [0, 30, 59])
def test_a_free_slot_is_taken_without_moving_time(offset):
    plan = timing().decide(pending(START + offset), last_slot=4)
    assert plan == SlotPlan(slot=5, timestamp=START, l1_timestamp=None)


@pytest.mark.parametrize(
    ("at", "last_slot", "tried", "reason", "slot", "seconds"),
    [
        (START + 60, 4, None, WaitReason.LATE_IN_SLOT, 5, 12),
        (START + 71, 4, None, WaitReason.LATE_IN_SLOT, 5, 1),
        (START + 10, 5, None, WaitReason.SLOT_TAKEN, 5, 62),
        (START + 10, 8, None, WaitReason.SLOT_TAKEN, 5, 4 * 72 - 10),  # L1 time went back
        (START + 10, 4, 5, WaitReason.SLOT_TRIED, 5, 62),
        (1000 + 3, 0, None, WaitReason.SLOT_TAKEN, 0, 69),  # slot 0 belongs to genesis
        (900, 0, None, WaitReason.SLOT_TAKEN, 0, 172),
    ],
)
def test_waiting_has_a_reason_and_an_end(at, last_slot, tried, reason, slot, seconds):
    decision = timing().decide(pending(at), last_slot=last_slot, tried_slot=tried)
    assert decision == Waiting(reason=reason, slot=slot, seconds=seconds)


def test_a_jump_ahead_is_followed():
    plan = timing().decide(pending(START + 72 * 1000 + 5), last_slot=4, tried_slot=5)
    assert plan == SlotPlan(slot=1005, timestamp=START + 72 * 1000, l1_timestamp=None)


def test_without_a_pending_block_the_next_one_comes_an_l1_block_later():
    moment = L1Moment(latest_timestamp=START - 12, pending_timestamp=None)
    assert timing().next_l1_timestamp(moment) == START
    assert timing().decide(moment, last_slot=4) == SlotPlan(slot=5, timestamp=START, l1_timestamp=None)


@pytest.mark.parametrize(
    ("now", "following"),
    [
        (START + 5.9, START + 12),  # the block before has just come
        (START + 40.5, START + 40),  # L1 blocks are missing
        (START + 300, START + 300),
        (START + 301, START + 12),  # a chain with a time of its own
        (START - 301, START + 12),
        (START - 3, START + 12),  # our clock is slow
    ],
)
def test_the_wall_clock_counts_on_a_chain_that_follows_it(now, following):
    moment = L1Moment(latest_timestamp=START, pending_timestamp=None)
    assert timing(now=now).next_l1_timestamp(moment) == following


def test_a_pending_block_is_believed_whatever_the_wall_clock_says():
    moment = L1Moment(latest_timestamp=START, pending_timestamp=START + 12)
    assert timing(now=START + 100).next_l1_timestamp(moment) == START + 12


def test_time_is_moved_to_the_next_free_slot_when_that_is_asked():
    moving = timing(moves_time=True)
    assert moving.decide(pending(START + 70), last_slot=4) == SlotPlan(
        slot=5, timestamp=START, l1_timestamp=START + 70
    )
    following = SlotPlan(slot=6, timestamp=START + 72, l1_timestamp=START + 72)
    assert moving.decide(pending(START + 10), last_slot=5) == following
    assert moving.decide(pending(START + 10), last_slot=4, tried_slot=5) == following


@pytest.mark.parametrize(("offset", "seconds"), [(0, 60), (50, 10), (59, 1), (65, 1)])
def test_building_ends_before_the_slot_does(offset, seconds):
    plan = SlotPlan(slot=5, timestamp=START, l1_timestamp=None)
    assert timing().build_seconds(plan, pending(START + offset)) == seconds


@pytest.mark.parametrize(
    ("at", "moves_time", "l1_timestamp"),
    [
        (START, False, None),
        (START + 71, False, None),  # it is built: L1 says whether it is too late
        (START + 20, True, START + 20),
        (START - 72, True, START),
    ],
)
def test_a_checkpoint_is_published_in_its_slot(at, moves_time, l1_timestamp):
    plan = timing(moves_time=moves_time).publish_at(5, pending(at))
    assert plan == SlotPlan(slot=5, timestamp=START, l1_timestamp=l1_timestamp)


@pytest.mark.parametrize(("at", "moves_time"), [(START + 72, False), (START + 72, True), (START - 1, False)])
def test_a_checkpoint_is_not_published_in_another_slot(at, moves_time):
    assert timing(moves_time=moves_time).publish_at(5, pending(at)) is None


@pytest.mark.parametrize(("duration", "last_second"), [(12, 5), (24, 11), (36, 23), (72, 59)])
def test_short_slots_can_be_used_too(duration, last_second):
    clock = SlotClock(
        genesis_time=1000, slot_duration_s=duration, epoch_duration=2, proof_submission_epochs=1
    )
    start = clock.timestamp_of(5)
    assert isinstance(timing(clock=clock).decide(pending(start), last_slot=4), SlotPlan)
    assert isinstance(timing(clock=clock).decide(pending(start + last_second), last_slot=4), SlotPlan)
    late = timing(clock=clock).decide(pending(start + last_second + 1), last_slot=4)
    assert isinstance(late, Waiting)
