"""Watch L1: keep the newest snapshot, and tell the writer what became proven and finalized."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import structlog

from aztecd.errors import AztecdError, UnavailableError
from aztecd.l1 import L1Snapshot, L1View
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
        on_new_l1_block: Callable[[], None],
    ) -> None:
        """`on_new_l1_block` is called on the event loop whenever L1 has grown."""
        self._view = view
        self._ledger = ledger
        self._writer = writer
        self._metrics = metrics
        self._poll_interval_s = poll_interval_s
        self._history_checkpoints = history_checkpoints
        self._on_new_l1_block = on_new_l1_block
        self._look_now = asyncio.Event()
        self._is_away = False

    @property
    def snapshot(self) -> L1Snapshot:
        """L1 as it was seen last."""
        return self._view.snapshot

    @property
    def is_l1_away(self) -> bool:
        """Whether the last look at L1 failed."""
        return self._is_away

    def look_now(self) -> None:
        """Ask for a look at L1 without waiting for the next poll."""
        self._look_now.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look_now.wait(), self._poll_interval_s)
            self._look_now.clear()
            await self._look()

    async def _look(self) -> None:
        before = self._view.snapshot.block_hash
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
        self._measure(snapshot)
        if snapshot.block_hash == before:
            return
        self._on_new_l1_block()
        await self._take_over(snapshot)

    def _measure(self, snapshot: L1Snapshot) -> None:
        tips = self._ledger.chain.tips()
        for name, number in (
            ("proposed", tips.proposed.number),
            ("checkpointed", tips.checkpointed.number),
            ("proven", tips.proven.number),
            ("finalized", tips.finalized.number),
        ):
            self._metrics.block_height.labels(name).set(number)
        self._metrics.pending_txs.set(self._ledger.mempool.pending_count)
        self._metrics.l1_drift_seconds.set(snapshot.timestamp - time.time())

    async def _take_over(self, snapshot: L1Snapshot) -> None:
        tips = self._ledger.chain.tips()
        if (
            snapshot.tips.proven == tips.proven.checkpoint_number
            and snapshot.proven_at_finalized <= tips.finalized.checkpoint_number
        ):
            return

        def advance() -> None:
            self._ledger.advance_tips(
                proven=snapshot.tips.proven,
                finalized=snapshot.proven_at_finalized,
                history=self._history_checkpoints,
            )

        try:
            await self._writer.run("advance_tips", advance)
        except WriterStoppedError:
            return
        now = self._ledger.chain.tips()
        _log.debug("tips_moved", proven=now.proven.number, finalized=now.finalized.number)
