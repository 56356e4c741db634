"""Follow a rollup on L1: one look after the other, each bringing the stores to one L1 block.

A look asks in this order: messages; whether L1 still has our newest checkpoint, and where; which checkpoints
follow; what is proven and final. Every answer is bounded by the number of the block that the look began with,
and in the end that block must still be on L1. Reading happens in threads, changing in the writer: each change
is one batch, so a look may be cut off anywhere.

A prune that L1 will make with the next checkpoint is anticipated, as in the reference: who builds must build
on what stays.

A checkpoint that its committee did not attest to is skipped, and what builds on it with it: honest nodes stay
before it, until somebody has it invalidated and another one takes its number.

Authority: @aztec/archiver src/modules/l1_synchronizer.ts (4.1.2).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from aztecd.archiver.agreement import Agreement, Outlook
from aztecd.archiver.application import CheckpointApplier, last_block_of
from aztecd.archiver.errors import ArchiverError, L1ContradictionError, NotAttestedError
from aztecd.archiver.inbox import InboxSync
from aztecd.archiver.progress import CatchUp
from aztecd.archiver.retrieval import CheckpointRetriever, Retrieval, RetrievedCheckpoint
from aztecd.chain import InvalidMessageError
from aztecd.errors import AztecdError, UnavailableError
from aztecd.l1 import L1Error, L1Snapshot, L1View, RollupReader
from aztecd.l1.events import CheckpointProposed, L1Log
from aztecd.node.ledger import Ledger
from aztecd.node.pacing import Backoff, Wake
from aztecd.node.writer import SerialWriter, WriterStoppedError
from aztecd.protocol.basic import CheckpointNumber

__all__ = ["Archiver", "ArchiverSettings"]

_log = structlog.get_logger("aztecd.archiver")
_RETRY_AFTER_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_WINDOW_L1_BLOCKS = 20_000
"""Logs are looked for in so many L1 blocks at a time, so that a long chain begins to grow at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiverSettings:
    """How often L1 is looked at, and how much is read ahead."""

    poll_interval_s: float = 0.5
    history_checkpoints: int = 64
    """World state is kept for so many checkpoints below the finalized one; 0 keeps everything."""
    chunk: int = 8
    """Checkpoints that are read together, in one thread."""
    read_ahead: int = 3
    """How many such chunks are read at a time."""


class Archiver:
    """Keeps the stores at what L1 says. Lives on the event loop."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        reader: RollupReader,
        view: L1View,
        writer: SerialWriter,
        inbox: InboxSync,
        retriever: CheckpointRetriever,
        applier: CheckpointApplier,
        settings: ArchiverSettings,
        on_look: Callable[[L1Snapshot], None] = lambda _: None,
    ) -> None:
        """Take finished collaborators. `on_look` is called on the event loop when the stores are in sync."""
        self._ledger = ledger
        self._view = view
        self._writer = writer
        self._inbox = inbox
        self._retriever = retriever
        self._applier = applier
        self._settings = settings
        self._on_look = on_look
        self._agreement = Agreement(ledger, reader, retriever)
        self._wake = Wake()
        self._seen: bytes | None = None
        self._skipped: L1Log | None = None
        """Where the first checkpoint was proposed that is not followed, to read it only once."""
        self._trouble: str | None = None

    @property
    def is_in_sync(self) -> bool:
        """Whether the stores are at the newest L1 block that the view has seen."""
        return self._seen is not None and self._seen == self._view.snapshot.block_hash

    def wake(self) -> None:
        """Look at L1 now; call it on the event loop."""
        self._wake.set()

    async def run(self) -> None:
        """Follow until cancelled, or until the writer stops.

        Raises what is not L1's fault, such as a full disk: what memory has may then differ from the store.
        """
        backoff = Backoff(_RETRY_AFTER_S)
        while True:
            try:
                await self.look()
                backoff.succeeded()
                self._report(None)
                delay_s = self._settings.poll_interval_s
            except WriterStoppedError:
                return
            except (UnavailableError, L1Error, ArchiverError, InvalidMessageError) as error:
                self._report(error)
                delay_s = backoff.failed()
            await self._wake.wait(delay_s)

    async def look(self) -> None:
        """Look at L1 once, and take over all that is new.

        Raises:
            ArchiverError: L1 has something that this node can't follow; what came before it is stored.
            UnavailableError: L1 or the blobs are away, or L1 changed meanwhile; to be tried again.
        """
        snapshot = await asyncio.to_thread(self._view.refresh)
        if snapshot.block_hash != self._seen:
            self._seen = None
            snapshot, skipped = await self._follow(snapshot)
            await asyncio.to_thread(self._require_unchanged, snapshot)
            self._seen, self._skipped = snapshot.block_hash, skipped
        self._on_look(snapshot)

    async def _follow(self, snapshot: L1Snapshot) -> tuple[L1Snapshot, L1Log | None]:
        """Bring the stores to a look at L1; give the look that it was in the end, and what was skipped."""
        await self._writer.run("sync_messages", lambda: self._inbox.sync(snapshot.block_number))
        outlook = await asyncio.to_thread(self._agreement.compare, snapshot)
        if outlook.needs_change:
            snapshot, outlook = await self._writer.run("agree_with_l1", self._agree)
        found = snapshot
        await self._writer.run("take_tips", lambda: self._take_tips(found))
        skipped = await self._catch_up(found, outlook.target)
        await self._writer.run("drop_late_blocks", lambda: self._agreement.drop_late_blocks(found))
        return found, skipped

    async def _catch_up(self, snapshot: L1Snapshot, target: CheckpointNumber) -> L1Log | None:
        """Take in the checkpoints up to `target`, reading ahead of applying.

        Ends before one that the committee did not attest to; gives where that was proposed.
        """
        last = self._checkpointed()
        if last >= target:
            return None
        with CatchUp(first=last, target=target, block=self._block_number) as progress:
            first = self._agreement.l1_block_of(last)
            while first <= snapshot.block_number and last < target:
                end = min(first + _WINDOW_L1_BLOCKS - 1, snapshot.block_number)
                events = await asyncio.to_thread(
                    self._retriever.events, first, end, at=snapshot.block_number, after=last, upto=target
                )
                if events and events[0].log == self._skipped:
                    return self._skipped
                try:
                    await self._take_events(events, snapshot, progress)
                except NotAttestedError as error:
                    _log.warning("checkpoint_skipped", checkpoint=error.number, reason=error.reason)
                    return error.log
                last, first = self._checkpointed(), end + 1
        if last < target:
            raise L1ContradictionError(f"L1 has {target} checkpoints, but events of the first {last} only")
        return None

    async def _take_events(
        self, events: list[CheckpointProposed], snapshot: L1Snapshot, progress: CatchUp
    ) -> None:
        """Take in what events announce, in order; some chunks are read while one is applied."""
        size = self._settings.chunk
        chunks = deque(events[start : start + size] for start in range(0, len(events), size))
        reading: deque[asyncio.Task[Retrieval]] = deque()
        try:
            while chunks or reading:
                while chunks and len(reading) < self._settings.read_ahead:
                    retrieve = partial(self._retriever.retrieve, chunks.popleft(), at=snapshot.block_number)
                    reading.append(asyncio.create_task(asyncio.to_thread(retrieve)))
                read = await reading.popleft()
                if read.checkpoints:
                    await self._writer.run(
                        "take_checkpoints", partial(self._take, read.checkpoints, snapshot)
                    )
                    progress.show(self._checkpointed())
                if read.error is not None:
                    raise read.error
        finally:
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)

    # Jobs of the writer.

    def _agree(self) -> tuple[L1Snapshot, Outlook]:
        """Look once more and go back to what L1 has.

        Only here no job can have published meanwhile what the look before could not see yet.
        """
        snapshot = self._view.refresh()
        self._inbox.sync(snapshot.block_number)
        outlook = self._agreement.compare(snapshot)
        self._agreement.restore(outlook)
        return snapshot, outlook

    def _take(self, retrieved: Sequence[RetrievedCheckpoint], snapshot: L1Snapshot) -> None:
        for checkpoint in retrieved:
            self._applier.apply(checkpoint)
        self._take_tips(snapshot)
        newest = retrieved[-1]
        _log.debug(
            "checkpoints_taken", first=retrieved[0].number, last=newest.number, block=newest.blocks[-1].number
        )

    def _take_tips(self, snapshot: L1Snapshot) -> None:
        self._ledger.advance_tips(
            proven=snapshot.tips.proven,
            finalized=snapshot.proven_at_finalized,
            history=self._settings.history_checkpoints,
        )

    def _require_unchanged(self, snapshot: L1Snapshot) -> None:
        if not self._agreement.is_on_l1(snapshot.block_number, snapshot.block_hash):
            raise L1ContradictionError(f"L1 block {snapshot.block_number} was replaced while it was read")

    def _checkpointed(self) -> CheckpointNumber:
        return self._ledger.chain.tips().checkpointed.checkpoint_number

    def _block_number(self) -> int:
        return last_block_of(self._ledger, self._checkpointed())

    def _report(self, error: AztecdError | None) -> None:
        """Say what is wrong once, not at every look, and when it is over."""
        if error is None:
            if self._trouble is not None:
                _log.info("following_l1_again", block=self._view.snapshot.block_number)
            self._trouble = None
            return
        if self._trouble == str(error):
            return
        self._trouble = str(error)
        if isinstance(error, ArchiverError):
            _log.error("l1_chain_refused", reason=str(error), checkpoint=self._checkpointed())
        elif isinstance(error, UnavailableError):
            _log.warning("l1_not_followed", reason=str(error), checkpoint=self._checkpointed())
        else:
            _log.warning("l1_answer_refused", reason=str(error), checkpoint=self._checkpointed())
