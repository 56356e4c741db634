"""Build in the slots of L1's clock, beside other proposers.

One look goes through these steps, and each can be done again after a crash:

1. What is stored but not known to be on L1 is brought there, or undone. `archiveAt` decides what became of
   it, never what is remembered; a transaction that is mined after its slot is refused by the rollup.
2. Complete epochs are proven, if that was asked for.
3. If transactions wait, or wallets need a newer block, and a slot is free and the stores agree with L1, a
   block is built and stored as proposed, and goes through step 1.

Sending happens outside of the writer, which has to take in what others publish meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog

from aztecd.archiver import ArchiverError
from aztecd.chain import InvalidMessageError
from aztecd.errors import UnavailableError
from aztecd.l1 import L1Error, L1Time, L1View, PublishError, SenderOptions, SlotPlan
from aztecd.l1.slots import L1_BLOCK_TIME_S
from aztecd.mempool import Mempool
from aztecd.node.pacing import Backoff, Wake
from aztecd.node.producer import CheckpointProducer
from aztecd.node.proposals import Proposal
from aztecd.node.writer import SerialWriter, WriterStoppedError
from aztecd.protocol.basic import SlotNumber
from aztecd.sequencer.settlement import EpochSettlement
from aztecd.sequencer.timing import L1Moment, SlotTiming, Waiting, WaitReason

__all__ = ["SENDER_OPTIONS", "SlotSequencer"]

SENDER_OPTIONS: Final = SenderOptions(attempts=3, receipt_timeout_s=float(L1_BLOCK_TIME_S))
"""Patience for a sequencer's transactions: half a slot, then it is looked whether the slot is still there."""

_log = structlog.get_logger("aztecd.sequencer")
_RETRY_AFTER_S = (0.1, 0.5, 1.0, 2.0, 5.0)
_LOOK_EVERY_S = 0.5
"""Slots begin without anybody saying so. A look without work asks nobody but the newest snapshot of L1."""


class SlotSequencer:
    """Decides when the producer works where others build too. Lives on the event loop."""

    def __init__(
        self,
        *,
        writer: SerialWriter,
        producer: CheckpointProducer,
        mempool: Mempool,
        view: L1View,
        l1_time: L1Time,
        timing: SlotTiming,
        is_in_sync: Callable[[], bool],
        settlement: EpochSettlement | None = None,
        on_l1_changed: Callable[[], None] = lambda: None,
        look_every_s: float = _LOOK_EVERY_S,
    ) -> None:
        """Take finished collaborators.

        Nothing is built while not `is_in_sync`, which any thread may ask. Without `settlement` nothing is
        proven. `on_l1_changed` is called on the event loop when L1 has something new of ours.
        """
        self._writer = writer
        self._producer = producer
        self._mempool = mempool
        self._view = view
        self._l1_time = l1_time
        self._timing = timing
        self._is_in_sync = is_in_sync
        self._settlement = settlement
        self._on_l1_changed = on_l1_changed
        self._look_every_s = look_every_s
        self._wake = Wake()
        self._tried_slot: SlotNumber | None = None
        self._nothing_for: tuple[int, int] | None = None
        self._settled_at: tuple[bytes, int] | None = None
        self._waiting_for: WaitReason | None = None

    def wake(self) -> None:
        """Look for work; call it on the event loop."""
        self._wake.set()

    def wake_from_thread(self) -> None:
        """Look for work; call it from any thread."""
        self._wake.set_from_thread()

    async def run(self) -> None:
        """Work until cancelled, or until the writer stops."""
        backoff = Backoff(_RETRY_AFTER_S)
        self._wake.set()
        while True:
            await self._wake.wait(self._look_every_s)
            try:
                while await self.look():
                    pass
                backoff.succeeded()
            except WriterStoppedError:
                return
            except (UnavailableError, L1Error, ArchiverError, InvalidMessageError) as error:
                # The last two are about messages, which building reads: the archiver says what is wrong.
                delay_s = backoff.failed()
                _log.warning("sequencer_interrupted", reason=str(error), next_try_s=delay_s)
                await asyncio.sleep(delay_s)
                self._wake.set()

    async def look(self) -> bool:
        """Do what there is to do now; True when something was done, so that there may be more.

        Raises UnavailableError or L1Error when L1 is away, ArchiverError or InvalidMessageError when it has
        messages that can't be followed; what is stored goes on at the next look.
        """
        if self._producer.has_proposal and await self._finish():
            return True
        # In a thread, because the first one is asked for.
        snapshot = await asyncio.to_thread(lambda: self._view.snapshot)
        seen = L1Moment(latest_timestamp=snapshot.timestamp, pending_timestamp=snapshot.pending_timestamp)
        await self._settle(seen)
        if not self._has_work(seen) or isinstance(self._decide(seen), Waiting):
            return False
        # The snapshot may be half a second old.
        now = await self._read_moment()
        plan = self._decide(now)
        if isinstance(plan, Waiting) or (plan.slot, self._mempool.version) == self._nothing_for:
            return False
        return await self._build(plan, self._timing.build_seconds(plan, now)) and await self._finish()

    def _has_work(self, moment: L1Moment) -> bool:
        if self._mempool.pending_count:
            return True
        clock = self._timing.clock
        if self._producer.needs_anchor(clock.timestamp_of(self._timing.next_slot(moment))):
            return True
        self._waiting_for = None
        return False

    def _decide(self, moment: L1Moment) -> SlotPlan | Waiting:
        decision = self._timing.decide(
            moment, last_slot=self._producer.last_slot, tried_slot=self._tried_slot
        )
        if isinstance(decision, SlotPlan) and not self._is_in_sync():
            decision = Waiting(reason=WaitReason.NOT_IN_SYNC, slot=decision.slot, seconds=0)
        if isinstance(decision, Waiting) and decision.reason is not self._waiting_for:
            _log.info(
                "sequencer_waits", reason=decision.reason.value, slot=decision.slot, seconds=decision.seconds
            )
            self._waiting_for = decision.reason
        return decision

    async def _build(self, plan: SlotPlan, max_seconds: float) -> bool:
        """Store a block for a slot; False when there is nothing to put into it."""

        def build() -> bool:
            # The jobs before this one may have been the archiver's.
            return self._is_in_sync() and self._producer.build(plan, max_seconds=max_seconds) is not None

        self._waiting_for = None
        is_built = await self._writer.run("build", build)
        if not is_built:
            self._nothing_for = (plan.slot, self._mempool.version)
        return is_built

    async def _finish(self) -> bool:
        """Bring what is stored to L1, or undo it; False when there was nothing."""
        proposal: Proposal | None = None
        try:
            proposal = await self._writer.run("proposal", self._producer.proposal)
            if proposal is None:
                return False
            await self._send(proposal)
        except PublishError as error:
            returned = await self._writer.run("step_back", self._producer.step_back)
            slot = None if proposal is None else proposal.slot
            _log.warning("stepped_back", slot=slot, reason=str(error), error=error.error_name, txs=returned)
            self._on_l1_changed()
        return True

    async def _send(self, proposal: Proposal) -> None:
        number = proposal.request.checkpoint_number
        plan = self._timing.publish_at(proposal.slot, await self._read_moment())
        if plan is None and not await asyncio.to_thread(self._producer.is_on_l1, proposal):
            raise PublishError(f"slot {proposal.slot} passed before L1 had checkpoint {number}")
        self._tried_slot = proposal.slot
        l1_timestamp = None if plan is None else plan.l1_timestamp
        published = await asyncio.to_thread(self._producer.send, proposal, l1_timestamp=l1_timestamp)
        await self._writer.run("checkpoint", partial(self._producer.mark, proposal, published))
        self._tried_slot = None
        self._on_l1_changed()

    async def _settle(self, moment: L1Moment) -> None:
        """Prove what is complete, once for each L1 block and slot."""
        if self._settlement is None or not self._is_in_sync():
            return
        slot = self._timing.next_slot(moment)
        place = (self._view.snapshot.block_hash, slot)
        if place == self._settled_at:
            return
        for epoch in self._settlement.due(slot):
            if not await asyncio.to_thread(self._settlement.settle, epoch):
                break
            self._on_l1_changed()
        self._settled_at = place

    async def _read_moment(self) -> L1Moment:
        reading = await asyncio.to_thread(self._l1_time.read)
        return L1Moment(
            latest_timestamp=reading.latest_timestamp, pending_timestamp=reading.pending_timestamp
        )
