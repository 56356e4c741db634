"""Build a block as soon as a transaction arrives; settle epochs when there is nothing else to do.

Transactions that arrive while a block is being built wait together for the next. When L1 time has moved on by
half a day, a block without transactions is built: wallets need a newest block that is not too old.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from aztecd.errors import UnavailableError
from aztecd.l1 import L1Error
from aztecd.mempool import Mempool
from aztecd.node.outlook import L1Outlook
from aztecd.node.pacing import Backoff, Wake
from aztecd.node.producer import CheckpointProducer
from aztecd.node.writer import SerialWriter, WriterStoppedError

__all__ = ["AutoMiner"]

_log = structlog.get_logger("aztecd.automine")
_RETRY_AFTER_S = (0.1, 0.5, 1.0, 2.0, 5.0)
_LOOK_EVERY_S = 5.0
"""Time passes without anybody saying so; how old the newest block is must be looked at."""


class AutoMiner:
    """Decides when the producer works. Lives on the event loop."""

    def __init__(
        self,
        *,
        writer: SerialWriter,
        producer: CheckpointProducer,
        mempool: Mempool,
        outlook: L1Outlook,
        may_settle: Callable[[], bool],
    ) -> None:
        """Take finished collaborators; `may_settle` is asked each time when there is nothing to build."""
        self._writer = writer
        self._producer = producer
        self._mempool = mempool
        self._outlook = outlook
        self._may_settle = may_settle
        self._wake = Wake()
        self._must_agree = False

    def wake(self) -> None:
        """Look for work; call it on the event loop."""
        self._wake.set()

    def agree_with_l1(self) -> None:
        """Look first whether L1 still has all checkpoints; call it on the event loop."""
        self._must_agree = True
        self._wake.set()

    def wake_from_thread(self) -> None:
        """Look for work; call it from any thread."""
        self._wake.set_from_thread()

    async def run(self) -> None:
        """Work until cancelled, or until the writer stops."""
        backoff = Backoff(_RETRY_AFTER_S)
        self._wake.set()
        while True:
            await self._wake.wait(_LOOK_EVERY_S)
            try:
                await self._work()
                backoff.succeeded()
            except WriterStoppedError:
                return
            except (UnavailableError, L1Error) as error:
                delay_s = backoff.failed()
                _log.warning("block_not_published", reason=str(error), next_try_s=delay_s)
                await asyncio.sleep(delay_s)
                self._wake.set()

    async def _work(self) -> None:
        if self._must_agree:
            await self._writer.run("agree_with_l1", self._producer.agree_with_l1)
            self._must_agree = False
        while self._mempool.pending_count or self._producer.needs_anchor(self._outlook.next_slot_timestamp()):
            if await self._writer.run("produce", self._producer.produce) is None:
                break
        await self._writer.run("publish", self._producer.publish_proposed)
        if self._may_settle() and await self._writer.run("settle", self._producer.settle):
            self._wake.set()
