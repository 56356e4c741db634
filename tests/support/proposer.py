"""A node that follows and proposes, in this process, whose looks are made one by one by a test."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

from aztecd.archiver import Archiver, ArchiverSettings, CheckpointApplier, CheckpointRetriever, InboxSync
from aztecd.assembly import L1Parts, make_core
from aztecd.builder import BlockBuilder
from aztecd.config import Config
from aztecd.constants import MAX_TX_LIFETIME_S
from aztecd.crypto.field import FR_ZERO
from aztecd.l1 import (
    EpochSettler,
    L1Account,
    L1Client,
    L1Time,
    L1View,
    Publisher,
    RollupReader,
    SenderOptions,
    TransactionSender,
)
from aztecd.l1.blobs import AnvilBlobs, BlobFetcher
from aztecd.l1.calldata import CalldataReader
from aztecd.localnet.accounts import FUNDED_ADDRESSES
from aztecd.mempool import AddOutcome
from aztecd.node.producer import ChainIdentity, CheckpointProducer
from aztecd.observability import Metrics
from aztecd.protocol.basic import AztecAddress, TxHash
from aztecd.sequencer import EpochSettlement, SlotSequencer, SlotTiming
from tests.support.l1_chain import CHAIN_ID
from tests.support.transactions import private_tx

if TYPE_CHECKING:
    from aztecd.artifacts import Artifacts
    from aztecd.crypto.kzg import KzgWorker
    from aztecd.l1 import ContractSet, Deployment
    from aztecd.protocol.tx import Tx
    from aztecd.storage import KeyValueStore

_MANA_TARGET_FACTOR = 2


class Proposer:
    """One node on a rollup. Make it again on the same store for a restart. Use it on an event loop."""

    def __init__(
        self,
        url: str,
        contracts: ContractSet,
        deployment: Deployment,
        artifacts: Artifacts,
        store: KeyValueStore,
        kzg: KzgWorker,
        account: L1Account,
        *,
        moves_time: bool = False,
        settles: bool = False,
        sender_options: SenderOptions | None = None,
    ) -> None:
        self.client = L1Client(url, errors=contracts.errors)
        self.reader = reader = RollupReader(self.client, contracts, deployment)
        l1 = L1Parts(
            client=self.client,
            contracts=contracts,
            deployment=deployment,
            reader=reader,
            view=L1View(reader),
        )
        core = make_core(
            Config(),
            store,
            artifacts,
            l1,
            prefunded=FUNDED_ADDRESSES,
            metrics=Metrics(),
            is_stopping=Event(),
        )
        self.account = account
        self.ledger = core.ledger
        self.writer = core.writer
        self.view = l1.view
        sender = TransactionSender(self.client, account, CHAIN_ID, options=sender_options)
        settler = EpochSettler(reader, sender)
        self.producer = CheckpointProducer(
            ledger=core.ledger,
            builder=BlockBuilder(
                executor=core.executor, check=core.rules.for_block, contracts=core.ledger.chain
            ),
            committer=kzg,
            reader=reader,
            l1_time=L1Time(self.client, reader.clock),
            publisher=Publisher(reader, sender, kzg),
            settler=settler,
            identity=ChainIdentity(
                chain_id=CHAIN_ID,
                rollup_version=deployment.rollup_version,
                coinbase=account.address,
                fee_recipient=AztecAddress(FR_ZERO),
                mana_limit=_MANA_TARGET_FACTOR * deployment.mana_target,
                max_txs_per_block=32,
            ),
            metrics=core.metrics,
            contract_logs=core.contract_logs,
            sync_messages=InboxSync(core.ledger, reader).sync,
        )
        self.archiver = Archiver(
            ledger=core.ledger,
            reader=reader,
            view=l1.view,
            writer=core.writer,
            inbox=InboxSync(core.ledger, reader),
            retriever=CheckpointRetriever(
                reader, CalldataReader(reader), BlobFetcher([AnvilBlobs(self.client)], kzg, None)
            ),
            applier=CheckpointApplier(core.ledger, reader),
            settings=ArchiverSettings(poll_interval_s=0.01, history_checkpoints=0),
        )
        self.sequencer = SlotSequencer(
            writer=core.writer,
            producer=self.producer,
            mempool=core.ledger.mempool,
            view=l1.view,
            l1_time=L1Time(self.client, reader.clock),
            timing=SlotTiming(reader.clock, moves_time=moves_time),
            is_in_sync=lambda: self.archiver.is_in_sync,
            settlement=EpochSettlement(chain=core.ledger.chain, settler=settler, clock=reader.clock)
            if settles
            else None,
        )

    async def follow(self) -> None:
        """Look at L1 once, and take over what is there."""
        await self.archiver.look()
        assert self.writer.bug is None, self.writer.bug

    async def look(self) -> bool:
        """Follow, then let the sequencer do one thing."""
        await self.follow()
        return await self.sequencer.look()

    def give(self, *txs: Tx) -> list[TxHash]:
        """Put transactions into the pool, as a client does."""
        for tx in txs:
            result = self.ledger.mempool.add(tx)
            assert result.outcome is AddOutcome.ADDED, result.reasons
        return [tx.tx_hash for tx in txs]

    def tx(self, seed: Any, *, payer: int = 0) -> Tx:
        """Make a transaction on the newest block that is on L1."""
        chain = self.ledger.chain
        anchor = chain.header(chain.tips().checkpointed.number)
        assert anchor is not None
        return private_tx(
            anchor,
            seed,
            chain_id=CHAIN_ID,
            version=self.reader.deployment.rollup_version,
            max_fee=3 * self.view.refresh().mana_min_fee,
            fee_payer=FUNDED_ADDRESSES[payer],
            expiration_timestamp=self.view.snapshot.timestamp + MAX_TX_LIFETIME_S - 1,
        )

    @property
    def checkpoints(self) -> int:
        """How many checkpoints are stored as being on L1."""
        return self.ledger.chain.tips().checkpointed.checkpoint_number

    def mined(self) -> dict[TxHash, int]:
        """Give all transactions on the chain with their blocks; none is there twice."""
        chain = self.ledger.chain
        found: dict[TxHash, int] = {}
        for number in range(1, chain.tips().proposed.number + 1):
            block = chain.block(number)
            assert block is not None
            for effect in block.body.tx_effects:
                assert effect.tx_hash not in found
                found[effect.tx_hash] = number
        return found

    async def close(self) -> None:
        """Let the writer finish and close the connection."""
        await self.writer.close()
        self.client.close()
