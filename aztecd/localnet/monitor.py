"""Watch L1: keep the newest snapshot, and tell the writer what became proven and finalized."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from aztecd.chain import InvalidMessageError, Tips
from aztecd.errors import AztecdError, UnavailableError
from aztecd.l1 import L1Error, L1Snapshot, L1View
from aztecd.node.gauges import measure
from aztecd.node.ledger import Ledger
from aztecd.node.writer import SerialWriter, WriterStoppedError
from aztecd.observability import Metrics

__all__ = ["L1Monitor"]

_log = structlog.get_logger("aztecd.l1")


class L1Monitor:
    """Polls L1 off the event loop. The snapshot is replaced as a whole, so any thread may read it."""

    def __init__(
        self,
        *,
        view: L1View,
        ledger: Ledger,
        writer: SerialWriter,
        metrics: Metrics,
        poll_interval_s: float,
        history_checkpoints: int,
        sync_messages: Callable[[int], object],
        on_new_l1_block: Callable[[], None],
        on_lost_checkpoints: Callable[[], None],
    ) -> None:
        """Take finished collaborators.

        `sync_messages` brings the stored messages to an L1 block, in the writer's thread. The callbacks run
        on the event loop: when L1 has grown, and when it has less than it had.
        """
        self._view = view
        self._ledger = ledger
        self._writer = writer
        self._metrics = metrics
        self._poll_interval_s = poll_interval_s
        self._history_checkpoints = history_checkpoints
        self._sync_messages = sync_messages
        self._on_new_l1_block = on_new_l1_block
        self._on_lost_checkpoints = on_lost_checkpoints
        self._is_away = False

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            await asyncio.sleep(self._poll_interval_s)
            await self._look()

    async def _look(self) -> None:
        before = self._view.snapshot.block_hash
        # Taken before the look: what L1 had then, the look must show.
        known = self._ledger.chain.tips()
        try:
            snapshot = await asyncio.to_thread(self._view.refresh)
        except UnavailableError as error:
            if not self._is_away:
                _log.warning("l1_is_away", reason=str(error))
            self._is_away = True
            return
        except AztecdError as error:
            _log.warning("l1_answer_refused", reason=str(error))
            return
        if self._is_away:
            _log.info("l1_is_back", block=snapshot.block_number)
        self._is_away = False
        measure(self._metrics, self._ledger, snapshot)
        if snapshot.tips.pending < known.checkpointed.checkpoint_number:
            self._on_lost_checkpoints()
            return
        if snapshot.block_hash != before:
            self._on_new_l1_block()
            await self._take_messages(snapshot)
        await self._take_over(snapshot, known)

    async def _take_messages(self, snapshot: L1Snapshot) -> None:
        """Let clients see messages before the block that takes them: they wait for that."""
        try:
            await self._writer.run("sync_messages", lambda: self._sync_messages(snapshot.block_number))
        except WriterStoppedError:
            return
        except (UnavailableError, L1Error, InvalidMessageError) as error:
            # The next block asks again before it is built.
            _log.warning("l1_messages_not_read", reason=str(error))

    async def _take_over(self, snapshot: L1Snapshot, known: Tips) -> None:
        if (
            snapshot.tips.proven == known.proven.checkpoint_number
            and snapshot.proven_at_finalized <= known.finalized.checkpoint_number
        ):
            return

        def advance() -> None:
            if self._ledger.chain.tips().proven != known.proven:
                return  # a job has proven or undone something since; the next look shows it
            self._ledger.advance_tips(
                proven=snapshot.tips.proven,
                finalized=snapshot.proven_at_finalized,
                history=self._history_checkpoints,
            )

        with contextlib.suppress(WriterStoppedError):
            await self._writer.run("advance_tips", advance)
        now = self._ledger.chain.tips()
        _log.debug("tips_moved", proven=now.proven.number, finalized=now.finalized.number)
