"""When a checkpoint can be built and published, by L1's clock. No input and output; the wall clock is given.

What counts is the time of the L1 block that will have the publishing transaction: the rollup takes a
checkpoint only in a block whose time lies in the checkpoint's slot. A node's pending block tells that time
best. Where there is none, the next block comes one L1 block time after the latest, or now, if that is later
and the chain follows the wall clock.

Authority: @aztec/sequencer-client src/sequencer/sequencer.ts, src/sequencer/timetable.ts;
@aztec/stdlib src/epoch-helpers/index.ts (4.1.2).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from aztecd.l1.slots import L1_BLOCK_TIME_S, SlotClock, SlotPlan
from aztecd.protocol.basic import SlotNumber

__all__ = ["L1Moment", "SlotTiming", "WaitReason", "Waiting"]

_LIVE_DRIFT_S = 300
"""A chain whose newest block is further from the wall clock does not follow it. The reference refuses such a
chain, development chains are often so."""


class WaitReason(StrEnum):
    """Why nothing is built just now."""

    SLOT_TAKEN = "the slot has its checkpoint"
    SLOT_TRIED = "L1 refused a checkpoint for the slot"
    LATE_IN_SLOT = "too little of the slot is left"
    NOT_IN_SYNC = "the node is behind L1"


@dataclass(frozen=True, slots=True, kw_only=True)
class L1Moment:
    """What a node tells of L1's time, in seconds."""

    latest_timestamp: int
    pending_timestamp: int | None
    """Of the pending block; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Nothing can be built in this slot, or not any more."""

    reason: WaitReason
    slot: SlotNumber
    """The slot of the next L1 block."""
    seconds: int
    """L1 time until another slot begins."""


class SlotTiming:
    """The timing policy of a sequencer that shares its rollup."""

    def __init__(
        self,
        clock: SlotClock,
        *,
        moves_time: bool = False,
        l1_block_time_s: int = L1_BLOCK_TIME_S,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """With `moves_time` a development L1's clock is moved to the next free slot instead of waiting."""
        self.clock = clock
        self._moves_time = moves_time
        self._l1_block_time_s = l1_block_time_s
        self._wall_clock = wall_clock
        # One L1 block may pass between looking and mining. Short slots have no whole one to spare.
        self._margin_s = min(l1_block_time_s, clock.slot_duration_s // 2)

    def next_l1_timestamp(self, moment: L1Moment) -> int:
        """Tell the earliest time that the next L1 block can have, if nobody moves the clock."""
        if moment.pending_timestamp is not None:
            return moment.pending_timestamp
        following = moment.latest_timestamp + self._l1_block_time_s
        now = int(self._wall_clock())
        is_live = abs(now - moment.latest_timestamp) <= _LIVE_DRIFT_S
        return max(following, now) if is_live else following

    def next_slot(self, moment: L1Moment) -> SlotNumber:
        """Tell the slot of the next L1 block."""
        return self.clock.slot_at(self.next_l1_timestamp(moment))

    def decide(
        self, moment: L1Moment, *, last_slot: int, tried_slot: int | None = None
    ) -> SlotPlan | Waiting:
        """Choose the slot to build for, or say why to wait.

        `last_slot` is the slot of the newest checkpoint, `tried_slot` one in which L1 refused ours.
        """
        following = self.next_l1_timestamp(moment)
        plan = self.clock.next_slot(last_slot=last_slot, earliest_l1_timestamp=following)
        if self._moves_time:
            if plan.slot != tried_slot:
                return plan
            return self.clock.next_slot(last_slot=plan.slot, earliest_l1_timestamp=following)
        slot = self.clock.slot_at(following)
        left = self.clock.end_of(slot) - following
        reason = None
        if slot < plan.slot:
            reason = WaitReason.SLOT_TAKEN
        elif slot == tried_slot:
            reason = WaitReason.SLOT_TRIED
        elif left <= self._margin_s:
            reason = WaitReason.LATE_IN_SLOT
        if reason is None:
            return replace(plan, l1_timestamp=None)
        until = self.clock.timestamp_of(plan.slot) if slot < plan.slot else self.clock.end_of(slot)
        return Waiting(reason=reason, slot=slot, seconds=until - following)

    def build_seconds(self, plan: SlotPlan, moment: L1Moment) -> float:
        """Tell how long building for a slot may take; at least a second."""
        if self._moves_time:
            return float(self.clock.slot_duration_s)
        left = self.clock.end_of(plan.slot) - self.next_l1_timestamp(moment) - self._margin_s
        return float(max(left, 1))

    def publish_at(self, slot: int, moment: L1Moment) -> SlotPlan | None:
        """Say how to publish a checkpoint of a slot now; None when its slot is over, or not there yet."""
        following = self.next_l1_timestamp(moment)
        start = self.clock.timestamp_of(slot)
        current = self.clock.slot_at(following)
        plan = SlotPlan(slot=SlotNumber(slot), timestamp=start, l1_timestamp=None)
        if self._moves_time and current <= slot:
            return replace(plan, l1_timestamp=max(start, following))
        return plan if current == slot else None
