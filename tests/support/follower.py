"""An archiver with stores of its own, in this process: what a node has that follows L1, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aztecd.archiver import Archiver, ArchiverSettings, CheckpointApplier, CheckpointRetriever, InboxSync
from aztecd.chain import ChainStore
from aztecd.l1 import L1View, RollupReader
from aztecd.l1.blobs import AnvilBlobs, BlobFetcher
from aztecd.l1.calldata import CalldataReader
from aztecd.localnet.accounts import genesis_public_data
from aztecd.mempool import Mempool
from aztecd.node.ledger import Ledger
from aztecd.node.writer import SerialWriter
from aztecd.state import WorldState, build_genesis
from aztecd.storage import Prefix
from tests.support.chain_sessions import protocol_contracts
from tests.support.fake_world import FakeChain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.chain import Tips
    from aztecd.l1 import ContractSet, Deployment
    from aztecd.l1.blobs import BlobCommitter, BlobSource, BlobStore
    from aztecd.storage import KeyValueStore

_OWN = {Prefix.CHAIN_REWINDS, Prefix.L1_INBOX, Prefix.L1_MESSAGE}
"""What says how a node got to its state, and how far it has read."""


class Follower:
    """One node's stores and its archiver. Make it again on the same store for a restart."""

    def __init__(
        self,
        client: Any,
        contracts: ContractSet,
        deployment: Deployment,
        store: KeyValueStore,
        committer: BlobCommitter,
        *,
        sources: Sequence[BlobSource] | None = None,
        blobs: BlobStore | None = None,
        settings: ArchiverSettings | None = None,
    ) -> None:
        prefilled = genesis_public_data()
        genesis = build_genesis(prefilled)
        reader = RollupReader(client, contracts, deployment)
        pool_view = FakeChain()
        self.store = store
        self.ledger = Ledger(
            store=store,
            world_state=WorldState.open(store, prefilled),
            chain=ChainStore(
                store,
                genesis_header=genesis.header,
                protocol_contracts=protocol_contracts(),
                epoch_duration=deployment.epoch_duration,
            ),
            mempool=Mempool.open(store, pool_view, now_ms=pool_view.now_ms),
            genesis_archive_root=genesis.archive_root,
        )
        self.writer = SerialWriter()
        if sources is None:
            sources = [AnvilBlobs(client)]
        self.archiver = Archiver(
            ledger=self.ledger,
            reader=reader,
            view=L1View(reader),
            writer=self.writer,
            inbox=InboxSync(self.ledger, reader),
            retriever=CheckpointRetriever(
                reader, CalldataReader(reader), BlobFetcher(sources, committer, blobs)
            ),
            applier=CheckpointApplier(self.ledger, reader),
            settings=settings or ArchiverSettings(poll_interval_s=0.01, history_checkpoints=0, chunk=3),
        )

    @property
    def tips(self) -> Tips:
        """How far the chain has come."""
        return self.ledger.chain.tips()

    async def look(self) -> None:
        """Look at L1 once. Raises what the archiver raises, and what a job met that it should not."""
        await self.archiver.look()
        assert self.writer.bug is None, self.writer.bug

    async def close(self) -> None:
        """Let the writer finish."""
        await self.writer.close()


def content(store: KeyValueStore) -> dict[bytes, bytes]:
    """Give the state and chain records of a store: the same for every node at the same L1 block."""
    own = {prefix.key for prefix in _OWN}
    return {key: value for key, value in store.iterate(start=b"\x10", stop=b"\x50") if key[:1] not in own}


def difference(found: dict[bytes, bytes], expected: dict[bytes, bytes]) -> str:
    """Say which kinds of records differ, for messages; empty when none do."""
    kinds: dict[str, list[int]] = {}
    for key in found.keys() | expected.keys():
        if found.get(key) != expected.get(key):
            counts = kinds.setdefault(Prefix(key[0]).name, [0, 0, 0])
            counts[0 if key not in expected else 1 if key not in found else 2] += 1
    return "; ".join(
        f"{name}: {a} too many, {b} missing, {c} other" for name, (a, b, c) in sorted(kinds.items())
    )
