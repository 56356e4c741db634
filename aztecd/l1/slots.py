"""Slots, epochs, and the moments at which checkpoints can be published.

Authority: @aztec/l1-artifacts l1-contracts/src/core/libraries/TimeLib.sol, @aztec/stdlib
src/epoch-helpers/index.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from aztecd.protocol.basic import EpochNumber, SlotNumber

__all__ = ["L1_BLOCK_TIME_S", "SlotClock", "SlotPlan"]

L1_BLOCK_TIME_S = 12
"""Of Ethereum, and of the development nodes that stand in for it. A slot takes a multiple of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPlan:
    """A slot to build for, and the time that its L1 block is to be given."""

    slot: SlotNumber
    timestamp: int
    """Start of the slot: what the headers say."""
    l1_timestamp: int | None
    """A moment in the slot that L1 has not passed; None where nobody moves L1's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotClock:
    """Converts between L1 time in seconds, slots and epochs of one rollup."""

    genesis_time: int
    slot_duration_s: int
    epoch_duration: int
    proof_submission_epochs: int

    def slot_at(self, timestamp: int) -> SlotNumber:
        """The slot that a moment lies in; 0 before genesis."""
        return SlotNumber(max(timestamp - self.genesis_time, 0) // self.slot_duration_s)

    def timestamp_of(self, slot: int) -> int:
        """When a slot starts."""
        return self.genesis_time + slot * self.slot_duration_s

    def epoch_of(self, slot: int) -> EpochNumber:
        """The epoch that a slot lies in."""
        return EpochNumber(slot // self.epoch_duration)

    def first_slot_of(self, epoch: int) -> SlotNumber:
        """The first slot of an epoch."""
        return SlotNumber(epoch * self.epoch_duration)

    def end_of(self, slot: int) -> int:
        """The first moment after a slot."""
        return self.timestamp_of(slot + 1)

    def last_slot_of(self, epoch: int) -> SlotNumber:
        """The last slot of an epoch."""
        return SlotNumber((epoch + 1) * self.epoch_duration - 1)

    def proof_deadline(self, epoch: int) -> int:
        """The first moment at which the epoch can't be proven any more, and is pruned."""
        return self.timestamp_of(self.first_slot_of(epoch + self.proof_submission_epochs + 1))

    def next_slot(self, *, last_slot: int, earliest_l1_timestamp: int) -> SlotPlan:
        """Choose the first slot that a new checkpoint can have.

        `last_slot` is the slot of the checkpoint that it builds on (0 for genesis), `earliest_l1_timestamp`
        the time that the next L1 block gets if nobody moves the clock. Time moves only as far as needed.
        """
        slot = SlotNumber(max(self.slot_at(earliest_l1_timestamp), last_slot + 1, 1))
        start = self.timestamp_of(slot)
        return SlotPlan(slot=slot, timestamp=start, l1_timestamp=max(start, earliest_l1_timestamp))
