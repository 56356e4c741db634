from __future__ import annotations

import pytest

from aztecd.l1.slots import SlotClock
from tests.support.vectors import load

CLOCK = SlotClock(genesis_time=1000, slot_duration_s=72, epoch_duration=2, proof_submission_epochs=1)


def test_recorded_checkpoints_lie_in_their_slots():
    propose = load("l1.json.gz")["propose"]
    clock = SlotClock(
        genesis_time=propose["genesisTime"], slot_duration_s=72, epoch_duration=2, proof_submission_epochs=1
    )
    for checkpoint in propose["checkpoints"]:
        assert clock.slot_at(checkpoint["l1"]["timestamp"]) == checkpoint["slot"]
        assert clock.epoch_of(checkpoint["slot"]) == checkpoint["epoch"]


@pytest.mark.parametrize(
    ("last_slot", "earliest", "slot", "l1_timestamp"),
    [
        (0, 1000, 1, 1072),  # slot 0 belongs to genesis
        (1, 1080, 2, 1144),  # the slot is taken: move to the start of the next
        (1, 1150, 2, 1150),  # L1 is in a free slot already: do not move it
        (1, 1000 + 72 * 50 + 3, 50, 1000 + 72 * 50 + 3),  # somebody moved L1 far ahead: follow
        (7, 900, 8, 1000 + 8 * 72),  # L1 behind genesis, as after a wrong clock
    ],
)
def test_time_moves_only_as_far_as_needed(last_slot, earliest, slot, l1_timestamp):
    plan = CLOCK.next_slot(last_slot=last_slot, earliest_l1_timestamp=earliest)
    assert (plan.slot, plan.l1_timestamp) == (slot, l1_timestamp)
    assert plan.timestamp == 1000 + slot * 72
    assert CLOCK.slot_at(plan.l1_timestamp) == plan.slot


def test_an_epoch_can_be_proven_until_the_one_after_the_next_starts():
    assert CLOCK.proof_deadline(3) == CLOCK.timestamp_of(CLOCK.first_slot_of(5)) == 1000 + 10 * 72
    assert CLOCK.last_slot_of(3) == 7
