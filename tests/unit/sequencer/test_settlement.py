"""Which epochs are complete, and what it means that one can't be proven."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aztecd.l1 import (
    CheckpointConflictError,
    L1UnavailableError,
    ProofWindowClosedError,
    PublishError,
    SlotClock,
)
from aztecd.sequencer import CompleteEpoch, EpochSettlement

CLOCK = SlotClock(genesis_time=0, slot_duration_s=72, epoch_duration=4, proof_submission_epochs=1)


class Chain:
    """Checkpoints 1, 2, ... in the given slots."""

    def __init__(self, slots: list[int], proven: int = 0) -> None:
        self.slots, self.proven = slots, proven

    def tips(self) -> Any:
        return SimpleNamespace(
            proven=SimpleNamespace(checkpoint_number=self.proven),
            checkpointed=SimpleNamespace(checkpoint_number=len(self.slots)),
        )

    def checkpoint_data(self, number: int) -> Any:
        return SimpleNamespace(number=number, header=SimpleNamespace(slot_number=self.slots[number - 1]))

    def checkpoints_of_epoch(self, epoch: int) -> list[Any]:
        numbers = [number for number, slot in enumerate(self.slots, 1) if slot // 4 == epoch]
        return [self.checkpoint_data(number) for number in numbers]


def settlement(chain: Any, settler: Any = None) -> EpochSettlement:
    return EpochSettlement(chain=chain, settler=settler, clock=CLOCK)


@pytest.mark.parametrize(
    ("slots", "proven", "slot", "due"),
    [
        ([], 0, 100, []),
        ([1, 2], 0, 3, []),
        ([1, 2], 0, 4, [(0, 1, 2)]),
        ([1, 3], 0, 3, [(0, 1, 2)]),  # nothing can follow in this epoch
        ([1, 2, 9], 0, 9, [(0, 1, 2)]),
        ([1, 2, 9], 0, 12, [(0, 1, 2), (2, 3, 3)]),
        ([1, 2, 9], 2, 12, [(2, 3, 3)]),
        ([1, 2, 3], 1, 12, [(0, 1, 3)]),  # somebody proved a part: the whole epoch is proven again
        ([1, 2], 2, 12, []),
    ],
)
def test_complete_epochs_are_due(slots, proven, slot, due):
    found = settlement(Chain(slots, proven)).due(slot)
    assert found == [CompleteEpoch(epoch=epoch, first=first, last=last) for epoch, first, last in due]


@pytest.mark.parametrize(
    "error", [ProofWindowClosedError("too late"), PublishError("no"), CheckpointConflictError("gone")]
)
def test_what_l1_refuses_is_left_to_the_archiver(error):
    def refuse(*_: Any, **__: Any) -> None:
        raise error

    one = settlement(Chain([1]), SimpleNamespace(settle=refuse))
    assert one.settle(CompleteEpoch(epoch=0, first=1, last=1)) is False


def test_an_unknown_outcome_is_passed_on():
    def lose(*_: Any, **__: Any) -> None:
        raise L1UnavailableError("away")

    one = settlement(Chain([1]), SimpleNamespace(settle=lose))
    with pytest.raises(L1UnavailableError):
        one.settle(CompleteEpoch(epoch=0, first=1, last=1))
