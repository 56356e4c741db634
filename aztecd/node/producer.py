"""Build a block, store it, publish its checkpoint, settle epochs: the jobs of the one writer.

Order of commits: a block is stored as proposed before its checkpoint is published, and marked as checkpointed
after L1 has it. Each step can be done again after a crash: the checkpoint follows from the stored blocks, and
publishing first looks whether L1 has it.

Two owners use it. A local network is alone on its rollup and moves L1's clock: it calls `produce`,
`publish_proposed`, `agree_with_l1` and `settle`. Where others build too the sequencer goes step by step, with
a slot of its own choice: `build`, `proposal`, `send`, `mark`, or `step_back`.

Authority: @aztec/sequencer-client src/sequencer/checkpoint_proposal_job.ts (4.1.2).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from aztecd.builder import (
    BlobCommitter,
    BlockBuilder,
    BlockLimits,
    BuiltBlock,
)
from aztecd.constants import MAX_TX_LIFETIME_S
from aztecd.crypto.field import Fr
from aztecd.execution import ProcessedTx
from aztecd.l1 import CheckpointOnL1, Publisher, PublishError, RollupReader
from aztecd.l1.errors import ProofWindowClosedError
from aztecd.l1.settlement import EpochSettler
from aztecd.l1.slots import SlotPlan
from aztecd.l1.time_control import L1Time
from aztecd.node.contract_logs import ContractLogs
from aztecd.node.ledger import Ledger
from aztecd.node.proposals import Proposal, Proposals
from aztecd.node.recovery import ForeignChainError, first_lost_checkpoint
from aztecd.observability import Metrics
from aztecd.protocol.basic import (
    AztecAddress,
    BlockNumber,
    CheckpointNumber,
    EpochNumber,
    EthAddress,
    SlotNumber,
)
from aztecd.protocol.blobs import blob_sponge
from aztecd.protocol.block import L2Block
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import GlobalVariables
from aztecd.protocol.tx import Tx

__all__ = ["ChainIdentity", "CheckpointProducer"]

_log = structlog.get_logger("aztecd.producer")
_ANCHOR_LIFE_S = MAX_TX_LIFETIME_S // 2
_MAX_BUILD_S = 30.0
"""Time for the transactions of one block; those that it does not reach wait for the next one. The most
expensive transaction takes a small part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainIdentity:
    """What every block of a node says about its chain and its builder."""

    chain_id: int
    rollup_version: int
    coinbase: EthAddress
    fee_recipient: AztecAddress
    mana_limit: int
    max_txs_per_block: int


class CheckpointProducer:
    """Makes checkpoints of one block each. All methods but `send` run in the writer's thread."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        builder: BlockBuilder,
        committer: BlobCommitter,
        reader: RollupReader,
        l1_time: L1Time,
        publisher: Publisher,
        settler: EpochSettler,
        identity: ChainIdentity,
        metrics: Metrics,
        contract_logs: ContractLogs,
        sync_messages: Callable[[], object],
        before_proof: Callable[[], None] = lambda: None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take finished collaborators.

        `sync_messages` brings the stored messages to L1's newest block. `before_proof` waits until L1 takes
        proofs. A block is cut short when the daemon `is_stopping`.
        """
        self._ledger = ledger
        self._builder = builder
        self._proposals = Proposals(ledger, committer, reader.clock)
        self._reader = reader
        self._l1_time = l1_time
        self._publisher = publisher
        self._settler = settler
        self._identity = identity
        self._metrics = metrics
        self._contract_logs = contract_logs
        self._sync_messages = sync_messages
        self._before_proof = before_proof
        self._is_stopping = is_stopping

    def produce(self) -> BlockNumber | None:
        """Build and publish a block of pending transactions; None when no transaction could be included.

        A block without transactions is made when the newest one is too old for wallets to build on.

        Raises UnavailableError when L1 is away: the block is then stored, and published by the next call of
        `publish_proposed`.
        """
        self.publish_proposed()
        self._settle_before(self._plan())
        plan = self._plan()
        block = self.build(plan)
        if block is None:
            return None
        proposal = self._proposals.make([block])
        self.mark(proposal, self.send(proposal, l1_timestamp=plan.l1_timestamp))
        return block.number

    def build(self, plan: SlotPlan, *, max_seconds: float = _MAX_BUILD_S) -> L2Block | None:
        """Build a block for a slot and store it as proposed; None when there is nothing to put into it.

        A block without transactions is made when the newest one is too old for wallets to build on.
        """
        number = BlockNumber(self._ledger.world_state.tip + 1)
        checkpoint = self._next_checkpoint()
        # No more can come to this checkpoint once the one before it is on L1.
        self._sync_messages()
        messages = self._ledger.chain.messages_of_checkpoint(checkpoint)
        started = time.perf_counter()
        built = self._build(number, checkpoint, plan, messages, max_seconds)
        for failed in built.failed:
            self._ledger.mempool.drop(failed.tx_hash, failed.reason)
            tx_hash = f"0x{failed.tx_hash.hex()}"
            if failed.bug is not None:
                _log.error("tx_execution_bug", tx_hash=tx_hash, exc_info=failed.bug)
            _log.info("tx_dropped", tx_hash=tx_hash, reason=failed.reason)
        if built.was_interrupted:
            _log.warning("block_cut_short", txs=len(built.processed))
        if not built.processed and not self.needs_anchor(plan.timestamp):
            return None
        for done in built.processed:
            self._contract_logs.keep(done)
        for rejected in self._ledger.commit_block(built):
            _log.warning("publication_ignored", block=number, reason=str(rejected))
        elapsed = time.perf_counter() - started
        self._metrics.block_build_seconds.observe(elapsed)
        self._metrics.txs_included.inc(len(built.processed))
        _log.info(
            "block_built",
            number=number,
            slot=plan.slot,
            txs=len(built.processed),
            mana=built.block.header.total_mana_used,
            duration_ms=round(elapsed * 1000, 1),
        )
        for done in built.processed:
            self._contract_logs.show(done)
            self._show_revert(done)
        return built.block

    @property
    def last_slot(self) -> SlotNumber:
        """The slot of the newest checkpoint, 0 before the first."""
        last = self._ledger.chain.checkpoint_data(self._ledger.chain.tips().checkpointed.checkpoint_number)
        return SlotNumber(0 if last is None else last.header.slot_number)

    @property
    def has_proposal(self) -> bool:
        """Whether blocks are stored that are not known to be on L1."""
        return self._proposals.has_blocks

    def proposal(self) -> Proposal | None:
        """Make the first checkpoint ready that is stored but not known to be on L1; None without one.

        Raises PublishError when L1 has other messages for it now than it was built with.
        """
        groups = self._proposals.groups()
        return self._proposals.make(groups[0]) if groups else None

    def is_on_l1(self, proposal: Proposal) -> bool:
        """Ask L1 whether it has the checkpoint; any one thread may."""
        return self._publisher.is_published(proposal.request.checkpoint_number, proposal.request.archive)

    def send(self, proposal: Proposal, *, l1_timestamp: int | None) -> CheckpointOnL1:
        """Bring a checkpoint to L1, unless it is there. Reads and changes no store; any one thread may.

        With `l1_timestamp` L1's clock is moved there. Raises what `Publisher.publish` raises.
        """
        started = time.perf_counter()
        published = self._publisher.publish(proposal.request, l1_timestamp=l1_timestamp)
        elapsed = proposal.prepared_s + time.perf_counter() - started
        self._metrics.publish_seconds.observe(elapsed)
        _log.info(
            "checkpoint_published",
            checkpoint=published.checkpoint_number,
            slot=proposal.slot,
            l1_block=published.l1_block_number,
            blobs=len(proposal.request.blobs),
            duration_ms=round(elapsed * 1000, 1),
        )
        return published

    def mark(self, proposal: Proposal, published: CheckpointOnL1) -> None:
        """Store that L1 has a checkpoint; nothing happens when somebody took its blocks away meanwhile."""
        if self._proposals.is_stored(proposal):
            self._ledger.commit_checkpoint(proposal.data(published))

    def step_back(self) -> int:
        """Undo all blocks that are not known to be on L1; give the number of transactions that return."""
        blocks = [block for group in self._proposals.groups() for block in group]
        if blocks:
            self._ledger.rewind(self._ledger.chain.tips().checkpointed.number)
        return sum(len(block.body.tx_effects) for block in blocks)

    def _show_revert(self, done: ProcessedTx) -> None:
        failure = None if done.public is None else done.public.failure
        if failure is None:
            return
        _log.info(
            "tx_reverted",
            tx_hash=f"0x{done.tx_hash.hex()}",
            reason=failure.original_message,
            contracts=[f"0x{call.contract_address.hex()}" for call in failure.function_error_stack],
        )

    def needs_anchor(self, timestamp: int) -> bool:
        """Whether a transaction made on the newest block would have little time left, or none.

        It expires a day after the block that it is anchored to; block 1 alone takes any.
        """
        header = self._ledger.chain.latest_header()
        return header.number > 0 and timestamp - header.global_variables.timestamp > _ANCHOR_LIFE_S

    def publish_proposed(self) -> None:
        """Publish blocks that are stored but not on L1; when L1 can not take them any more, undo them."""
        for group in self._proposals.groups():
            if not self._publish_or_undo(group):
                return

    def agree_with_l1(self) -> None:
        """Bring L1 to where the store is: publish and prove again what it lost, undo what it refuses.

        Needed at the start, and when a development node was reset or reverted. Raises ForeignChainError when
        L1 goes on with another chain, or UnavailableError.
        """
        lost = first_lost_checkpoint(self._ledger, self._reader)
        tips = self._ledger.chain.tips()
        last, proven = tips.checkpointed.checkpoint_number, tips.proven.checkpoint_number
        first = last + 1 if lost is None else lost
        for number in range(min(first, self._reader.tips().proven + 1), last + 1):
            if number >= first and not self._publish_again(number):
                return
            # Epoch by epoch, as it was: L1 takes no checkpoint on top of an epoch that is overdue.
            if number == proven or (number < proven and self._epoch(number) != self._epoch(number + 1)):
                try:
                    self._settler.settle(CheckpointNumber(number))
                except ProofWindowClosedError as error:
                    self._undo_unproven(error)
                    return

    def settle(self) -> bool:
        """Prove what is published but not proven, epoch by epoch; the last may be a part of one.

        True when blocks had to be undone instead, because L1 time went past the end of their proof window;
        their transactions may be pending again.
        """
        try:
            self._prove()
        except ProofWindowClosedError as error:
            self._undo_unproven(error)
            return True
        return False

    def _prove(self) -> None:
        tips = self._ledger.chain.tips()
        unproven = [
            data
            for number in range(tips.proven.checkpoint_number + 1, tips.checkpointed.checkpoint_number + 1)
            if (data := self._ledger.chain.checkpoint_data(CheckpointNumber(number))) is not None
        ]
        if unproven:
            self._before_proof()
        clock = self._reader.clock
        for index, data in enumerate(unproven):
            is_last_of_epoch = index + 1 == len(unproven) or clock.epoch_of(
                unproven[index + 1].header.slot_number
            ) != clock.epoch_of(data.header.slot_number)
            if not is_last_of_epoch:
                continue
            settlement = self._settler.settle(data.number)
            self._ledger.advance_tips(
                proven=settlement.last, finalized=tips.finalized.checkpoint_number, history=0
            )
            _log.info("epoch_proven", epoch=settlement.epoch, checkpoint=settlement.last)

    def _undo_unproven(self, reason: ProofWindowClosedError) -> None:
        """Remove what was not proven in time, because somebody moved L1 time far ahead."""
        # L1 first: recovery republishes or undoes what only the node has, not what only L1 has.
        self._settler.prune()
        finalized = self._ledger.chain.tips().finalized.checkpoint_number
        self._ledger.advance_tips(proven=self._reader.tips().proven, finalized=finalized, history=0)
        kept = self._ledger.chain.tips().proven.number
        _log.warning("unproven_blocks_undone", kept=kept, reason=str(reason))
        self._ledger.rewind(kept)

    def _epoch(self, checkpoint: int) -> EpochNumber | None:
        data = self._ledger.chain.checkpoint_data(CheckpointNumber(checkpoint))
        return None if data is None else self._reader.clock.epoch_of(data.header.slot_number)

    def _publish_again(self, checkpoint: int) -> bool:
        published = self._ledger.chain.published_checkpoint(CheckpointNumber(checkpoint))
        assert published is not None, checkpoint
        return self._publish_or_undo(published.checkpoint.blocks)

    def _publish_or_undo(self, blocks: Sequence[L2Block]) -> bool:
        """Publish one checkpoint; when L1 refuses it for good, remove its blocks and all after them."""
        try:
            proposal = self._proposals.make(blocks)
            # Made earlier: L1 may be anywhere in the slot by now. When the slot is over L1 refuses it.
            l1_timestamp = max(proposal.request.header.timestamp, self._l1_time.read().next_timestamp)
            self.mark(proposal, self.send(proposal, l1_timestamp=l1_timestamp))
        except PublishError as error:
            checkpoint, kept = blocks[0].checkpoint_number, BlockNumber(blocks[0].number - 1)
            if kept < self._ledger.chain.tips().finalized.number:
                raise ForeignChainError(
                    f"L1 lost checkpoint {checkpoint}, which was final, and refuses it now ({error}): start "
                    "with the L1 chain that belongs to the data directory, or with an empty directory"
                ) from error
            _log.warning("checkpoint_undone", checkpoint=checkpoint, reason=str(error))
            self._ledger.rewind(kept)
            return False
        return True

    def _plan(self) -> SlotPlan:
        return self._l1_time.next_slot(self.last_slot)

    def _next_checkpoint(self) -> CheckpointNumber:
        return CheckpointNumber(self._ledger.chain.tips().checkpointed.checkpoint_number + 1)

    def _settle_before(self, plan: SlotPlan) -> None:
        """Prove older epochs before the new slot closes their window: an unproven epoch would be pruned."""
        epoch = self._epoch(self._ledger.chain.tips().proven.checkpoint_number + 1)
        if epoch is not None and plan.timestamp >= self._reader.clock.proof_deadline(epoch):
            self.settle()

    def _candidates(self) -> Iterator[Tx]:
        """Read pending transactions one by one, highest priority first: few blocks take them all."""
        for meta in self._ledger.mempool.candidates():
            tx = self._ledger.mempool.get(meta.tx_hash)
            if tx is not None:
                yield tx

    def _build(
        self,
        number: BlockNumber,
        checkpoint: CheckpointNumber,
        plan: SlotPlan,
        messages: tuple[Fr, ...],
        max_seconds: float,
    ) -> BuiltBlock:
        identity = self._identity
        deadline = time.monotonic() + max_seconds
        global_variables = GlobalVariables(
            chain_id=identity.chain_id,
            version=identity.rollup_version,
            block_number=number,
            slot_number=plan.slot,
            timestamp=plan.timestamp,
            coinbase=identity.coinbase,
            fee_recipient=identity.fee_recipient,
            gas_fees=GasFees(fee_per_da_gas=0, fee_per_l2_gas=self._reader.mana_min_fee_at(plan.timestamp)),
        )
        return self._builder.build(
            fork=self._ledger.world_state.fork(),
            global_variables=global_variables,
            candidates=self._candidates(),
            limits=BlockLimits.of_checkpoint(
                mana_limit=identity.mana_limit, max_txs=identity.max_txs_per_block
            ),
            checkpoint_number=checkpoint,
            index_within_checkpoint=0,
            messages=messages,
            sponge=blob_sponge(),
            is_over=lambda: time.monotonic() > deadline or self._is_stopping(),
        )
