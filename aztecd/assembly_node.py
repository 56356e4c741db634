"""Makes the parts of a node that joins a rollup: an archiver that follows L1, and perhaps a sequencer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from threading import Event

from aztecd.archiver import Archiver, ArchiverSettings, CheckpointApplier, CheckpointRetriever, InboxSync
from aztecd.archiver.verification import ExecutionVerifier
from aztecd.assembly import Core, L1Parts, make_producer, make_sender
from aztecd.config import Config
from aztecd.crypto.kzg import KzgWorker
from aztecd.l1 import EpochSettler, L1Account, L1Snapshot, L1Time
from aztecd.l1.blobs import BlobFetcher, BlobNamespace, BlobStore
from aztecd.l1.blobs.specs import blob_sources
from aztecd.l1.calldata import CalldataReader
from aztecd.node.gauges import measure
from aztecd.sequencer import SENDER_OPTIONS, EpochSettlement, SlotSequencer, SlotTiming

__all__ = ["JoinedNode", "make_joined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedNode:
    """What a node beside others runs."""

    core: Core
    archiver: Archiver
    sequencer: SlotSequencer | None
    """None for a node that only follows."""
    blob_sources: tuple[str, ...]
    """What the sources of blobs are called."""

    @property
    def tasks(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What has to run, by name."""
        tasks: dict[str, Callable[[], Awaitable[None]]] = {"archiver": self.archiver.run}
        if self.sequencer is not None:
            tasks["sequencer"] = self.sequencer.run
        return tasks


def make_joined(
    config: Config,
    core: Core,
    l1: L1Parts,
    account: L1Account | None,
    kzg: KzgWorker,
    blobs: BlobStore,
    is_caught_up: Event,
) -> JoinedNode:
    """Make the node; nothing runs yet. It proposes with the account, without one it only follows.

    `is_caught_up` is set when the stores are at what L1 has for the first time. Call it on the event loop.
    """
    ledger = core.ledger

    def on_look(snapshot: L1Snapshot) -> None:
        is_caught_up.set()
        measure(core.metrics, ledger, snapshot)
        if sequencer is not None:
            sequencer.wake()

    sources = blob_sources(config.blobs.sources, l1.client, kzg, BlobNamespace.of(l1.deployment))
    verifier = (
        ExecutionVerifier(executor=core.executor, chain=ledger.chain, mempool=ledger.mempool)
        if config.archiver.verify == "execution"
        else None
    )
    archiver = Archiver(
        ledger=ledger,
        reader=l1.reader,
        view=l1.view,
        writer=core.writer,
        inbox=InboxSync(ledger, l1.reader),
        retriever=CheckpointRetriever(l1.reader, CalldataReader(l1.reader), BlobFetcher(sources, kzg, blobs)),
        applier=CheckpointApplier(ledger, l1.reader, verifier),
        settings=ArchiverSettings(
            poll_interval_s=config.l1.poll_interval_s, history_checkpoints=config.history.checkpoints
        ),
        on_look=on_look,
    )
    sequencer = None if account is None else _sequencer(config, core, l1, account, kzg, blobs, archiver)
    return JoinedNode(
        core=core,
        archiver=archiver,
        sequencer=sequencer,
        blob_sources=tuple(source.name for source in sources),
    )


def _sequencer(
    config: Config,
    core: Core,
    l1: L1Parts,
    account: L1Account,
    kzg: KzgWorker,
    blobs: BlobStore,
    archiver: Archiver,
) -> SlotSequencer:
    clock = l1.reader.clock
    # One for all: two would take the same nonce.
    sender = make_sender(core, l1, account, SENDER_OPTIONS)
    settlement = EpochSettlement(
        chain=core.ledger.chain, settler=EpochSettler(l1.reader, sender), clock=clock
    )
    sequencer = SlotSequencer(
        writer=core.writer,
        producer=make_producer(config, core, l1, sender, kzg, blobs),
        mempool=core.ledger.mempool,
        view=l1.view,
        l1_time=L1Time(l1.client, clock),
        timing=SlotTiming(clock, moves_time=config.sequencer.move_l1_time),
        is_in_sync=lambda: archiver.is_in_sync,
        settlement=settlement if config.sequencer.settle_epochs else None,
        on_l1_changed=archiver.wake,
    )
    core.ledger.mempool.subscribe(sequencer.wake_from_thread)
    return sequencer
