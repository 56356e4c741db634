"""One job at a time, in a thread of its own.

A job begins with the anchor block of that moment and keeps it to its end; what it writes is committed when it
is through, or dropped, but for what contracts find of their notes (see `sync.job`). Contracts ask their
oracles in the middle of circuits, so a job can't give way to another one half-way.

Authority: @aztec/pxe src/job_coordinator/, `#putInJobQueue` in src/pxe.ts (4.1.2).
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.errors import PxeBusyError
from aztecd.pxe.interruption import CLOSED, Interruption, Watch
from aztecd.pxe.keys import KeyStore
from aztecd.pxe.node import PxeNode
from aztecd.pxe.stores import ArtifactCache, ContractOverride, Stage, Stores
from aztecd.pxe.sync import ChainTip, Job, NodeBridge, SyncedContracts, TaggingSecrets, sync_anchor
from aztecd.storage import KeyValueStore

__all__ = ["JobRunner", "RunningJob"]

T = TypeVar("T")

_MAX_WAITING: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningJob:
    """What a job's work is given; `sync_s` is what bringing the anchor up took."""

    job: Job
    synced: SyncedContracts
    began: float
    sync_s: float


class JobRunner:
    """Runs jobs in the order in which they come. Mutable; its methods belong to the event loop."""

    def __init__(
        self,
        *,
        node: PxeNode,
        store: KeyValueStore,
        keys: KeyStore,
        follow: ChainTip = ChainTip.PROPOSED,
        interruption: Interruption | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.artifacts = ArtifactCache()
        self.clock = clock
        self.secrets = TaggingSecrets(keys)
        self._node = node
        self._store = store
        self._keys = keys
        self._follow = follow
        self._interruption = interruption or Interruption()
        self._synced = SyncedContracts()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pxe")
        self._waiting = 0
        self._bridge: NodeBridge | None = None
        self._is_closed = False

    def committed(self) -> Stores:
        """Give the stores as the last job left them, to be read."""
        return Stores(Stage(self._store), self.artifacts)

    async def run(
        self,
        work: Callable[[RunningJob], T],
        *,
        overrides: Mapping[AztecAddress, ContractOverride] | None = None,
        is_durable: bool = False,
    ) -> T:
        """Bring the anchor up to the node and do `work` in the thread.

        With `is_durable` what it wrote is on the disk when it is through. When the caller goes away, contract
        code that still runs for it is ended, and so are questions to the node. Raises PxeBusyError,
        TimeLimitError, what the work raises, errors of the node and of the store.
        """
        watch = Watch()
        bridge = NodeBridge(self._node, asyncio.get_running_loop(), lambda: self._interruption.check(watch))
        try:
            return await self._enter(lambda: self._run(bridge, work, overrides, is_durable, watch))
        except asyncio.CancelledError:
            watch.cancel()
            bridge.interrupt()
            raise

    async def write(self, work: Callable[[Stores, NodeBridge], T]) -> T:
        """Do `work` that needs no anchor in the thread; what it wrote is on the disk when it is through.

        Raises as `run`.
        """
        bridge = NodeBridge(self._node, asyncio.get_running_loop())

        def run() -> T:
            self._admit(bridge)
            stores = self.committed()
            result = work(stores, bridge)
            stores.stage.commit(sync=True)
            # With a new account or sender a contract may find more, at the same block too.
            self._synced.clear()
            return result

        return await self._enter(run)

    async def close(self) -> None:
        """End the running job at its next question to the node or look at the clock, and take no more.

        The thread has ended then, even when the caller is cancelled: the stores may be closed.
        """
        self._is_closed = True
        self._interruption.close()
        if self._bridge is not None:
            self._bridge.close()
        # In another thread: the job's own may have to come back to this loop to learn that it is over.
        ending = asyncio.get_running_loop().run_in_executor(None, self._shut_down)
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await asyncio.wait([ending])
            raise
        finally:
            self.secrets.clear()

    def _shut_down(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _enter(self, work: Callable[[], T]) -> T:
        if self._is_closed:
            raise PxeBusyError(CLOSED)
        if self._waiting >= _MAX_WAITING:
            raise PxeBusyError(f"{_MAX_WAITING} operations wait already: try again later")
        self._waiting += 1
        try:
            context = contextvars.copy_context()
            return await asyncio.get_running_loop().run_in_executor(self._pool, context.run, work)
        finally:
            self._waiting -= 1

    def _admit(self, bridge: NodeBridge) -> None:
        """Let `close` find the bridge of the job that begins."""
        self._bridge = bridge
        if self._is_closed:
            bridge.close()

    def _run(
        self,
        bridge: NodeBridge,
        work: Callable[[RunningJob], T],
        overrides: Mapping[AztecAddress, ContractOverride] | None,
        is_durable: bool,
        watch: Watch,
    ) -> T:
        began = self.clock()
        self._admit(bridge)
        stage = Stage(self._store)
        stores = Stores(stage, self.artifacts, overrides)
        former = stores.anchor.header()
        anchor = sync_anchor(stores, bridge, self._follow)
        if former is None or former != anchor.header:
            self._synced.clear()
        # Before the work: a job that fails must not undo a rollback.
        stage.commit(sync=False)

        def keep() -> None:
            self._interruption.check(watch)
            stage.commit(sync=False)

        job = Job(
            anchor=anchor,
            stores=stores,
            bridge=bridge,
            keys=self._keys,
            secrets=self.secrets,
            keep=keep,
        )
        running = RunningJob(job=job, synced=self._synced, began=began, sync_s=self.clock() - began)
        try:
            with self._interruption.watching(watch):
                if self._is_closed:
                    watch.close()
                result = work(running)
            watch.check()
            stage.commit(sync=is_durable)
        except BaseException as error:
            # What contracts found out is gone with the writes.
            self._synced.clear()
            if watch.error is not None and error is not watch.error:
                raise watch.error from error
            raise
        return result
