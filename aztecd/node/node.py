"""The node's public operations, over its stores.

Authority: @aztec/aztec-node src/aztec-node/server.ts, @aztec/archiver
src/modules/data_source_base.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aztecd.constants import AZTEC_VERSION
from aztecd.crypto.field import Fr
from aztecd.mempool import TxState
from aztecd.node.admission import TxAdmission
from aztecd.node.api import BlockParameter
from aztecd.node.contract_logs import ContractLogs
from aztecd.node.errors import BlockReferenceError
from aztecd.node.ledger import Ledger
from aztecd.node.signatures import FunctionSignatures
from aztecd.node.simulation import PublicSimulator
from aztecd.node.tracing import TransactionTracer
from aztecd.node.world_queries import WorldQueries
from aztecd.protocol.basic import AztecAddress, BlockHash, BlockNumber, CheckpointNumber, EpochNumber, TxHash
from aztecd.protocol.block import L2Block
from aztecd.protocol.checkpoint import CheckpointData, CheckpointedL2Block, PublishedCheckpoint
from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
from aztecd.protocol.effect import IndexedTxEffect
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.logs import GetContractClassLogsResponse, GetPublicLogsResponse, LogFilter, TxScopedL2Log
from aztecd.protocol.node_types import (
    AllowedElement,
    L1ContractAddresses,
    L2Tips,
    NodeInfo,
    ProtocolContractAddresses,
    WorldStateSyncStatus,
)
from aztecd.protocol.receipt import EXECUTION_RESULTS, DataInBlock, TxReceipt, TxStatus, TxValidationResult
from aztecd.protocol.simulation import PublicSimulationOutput
from aztecd.protocol.tree_types import (
    MembershipWitness,
    NullifierMembershipWitness,
    PublicDataWitness,
    SiblingPath,
)
from aztecd.protocol.tx import Tx

__all__ = ["AztecNode"]

_MAX_LISTED_BYTES = 32 * 1024 * 1024
"""The reference lists the whole pool; as JSON that could be more than the machine has memory."""
_DROPPED = "Tx dropped by P2P node"
_ALIVE = frozenset({TxState.PENDING, TxState.MINED})


class AztecNode:
    """Implements `NodeApi`: reads in the caller's thread, admission of transactions beside it."""

    def __init__(
        self,
        *,
        info: NodeInfo,
        ledger: Ledger,
        admission: TxAdmission,
        simulator: PublicSimulator,
        signatures: FunctionSignatures,
        contract_logs: ContractLogs,
        tracer: TransactionTracer | None = None,
        allowed_setup: Sequence[AllowedElement],
        current_min_fees: Callable[[], GasFees],
        is_ready: Callable[[], bool],
    ) -> None:
        """Take finished collaborators; without a `tracer` there is no operation `trace_tx`."""
        self._info = info
        self._ledger = ledger
        self._chain = ledger.chain
        self._mempool = ledger.mempool
        self._admission = admission
        self._simulator = simulator
        self._contract_logs = contract_logs
        self.trace_tx = None if tracer is None else tracer.trace
        self._allowed_setup = tuple(allowed_setup)
        self._current_min_fees = current_min_fees
        self._is_ready = is_ready
        self._signatures = signatures
        self._world = WorldQueries(chain=ledger.chain, world_state=ledger.world_state)

    # What changes when answers change: the server keeps encoded answers by these.

    @property
    def state_version(self) -> int:
        """Grows with every change of the chain that a client can see."""
        return self._ledger.state_version

    @property
    def reorg_count(self) -> int:
        """Grows when blocks are removed."""
        return self._ledger.reorg_count

    # About the node and its network.

    def is_ready(self) -> bool:
        """Whether transactions are taken."""
        return self._is_ready()

    def get_node_info(self) -> NodeInfo:
        """Describe the network."""
        return self._info

    def get_node_version(self) -> str:
        """Give the protocol's release."""
        return AZTEC_VERSION

    def get_version(self) -> int:
        """Give the rollup's version."""
        return self._info.rollup_version

    def get_chain_id(self) -> int:
        """Give the L1 chain id."""
        return self._info.l1_chain_id

    def get_encoded_enr(self) -> str | None:
        """Give the peer-to-peer record; there is none."""
        return self._info.enr

    def get_l1_contract_addresses(self) -> L1ContractAddresses:
        """Give the rollup's contracts."""
        return self._info.l1_contract_addresses

    def get_protocol_contract_addresses(self) -> ProtocolContractAddresses:
        """Give the protocol contracts."""
        return self._info.protocol_contract_addresses

    def get_allowed_public_setup(self) -> Sequence[AllowedElement]:
        """Give the functions that the setup phase may call."""
        return self._allowed_setup

    def get_current_min_fees(self) -> GasFees:
        """Give the fees that the next block will have."""
        return self._current_min_fees()

    def get_max_priority_fees(self) -> GasFees:
        """Give what the first pending transaction offers on top."""
        best = self._mempool.best()
        if best is None:
            return GasFees(fee_per_da_gas=0, fee_per_l2_gas=0)
        return best.gas_settings.max_priority_fees_per_gas

    def register_contract_function_signatures(self, signatures: Sequence[str]) -> None:
        """Remember function names for debug output."""
        self._signatures.register(signatures)

    # The chain.

    def get_l2_tips(self) -> L2Tips:
        """Give how far the chain has come."""
        return self._chain.tips().to_l2_tips()

    def get_block_number(self) -> BlockNumber:
        """Give the newest block."""
        return self._chain.tips().proposed.number

    def get_proven_block_number(self) -> BlockNumber:
        """Give the newest proven block."""
        return self._chain.tips().proven.number

    def get_checkpointed_block_number(self) -> BlockNumber:
        """Give the newest block that is on L1."""
        return self._chain.tips().checkpointed.number

    def get_checkpoint_number(self) -> CheckpointNumber:
        """Give the newest checkpoint that is on L1."""
        return self._chain.tips().checkpointed.checkpoint_number

    def get_block(self, block: BlockParameter) -> L2Block | None:
        """Give a block: by number also a proposed one, by hash only one that is on L1."""
        if block == "latest":
            return self._chain.block(self._chain.tips().proposed.number)
        if isinstance(block, int):
            return self._chain.block(block)
        return self.get_block_by_hash(BlockHash(Fr(block)))

    def get_block_by_hash(self, block_hash: BlockHash) -> L2Block | None:
        """Give a block that is on L1, or the genesis block."""
        return self._chain.checkpointed_block_by_hash(block_hash)

    def get_block_by_archive(self, archive: Fr) -> L2Block | None:
        """Give the block after which the archive had this root, if it is on L1."""
        return self._chain.checkpointed_block_by_archive(archive)

    def get_block_header(self, block: BlockParameter = "latest") -> BlockHeader | None:
        """Give a header, also of a proposed block."""
        if block == "latest":
            return self._chain.header(self._chain.tips().proposed.number)
        if isinstance(block, int):
            return self._chain.header(block)
        return self._chain.header_by_hash(block)

    def get_block_header_by_archive(self, archive: Fr) -> BlockHeader | None:
        """Give the header after whose block the archive had this root."""
        return self._chain.header_by_archive(archive)

    def get_blocks(self, first: BlockNumber, limit: int) -> Sequence[L2Block]:
        """Give up to `limit` blocks from `first` on, proposed ones too."""
        return self._chain.blocks(first, limit)

    def get_checkpoints(self, first: CheckpointNumber, limit: int) -> Sequence[PublishedCheckpoint]:
        """Give up to `limit` checkpoints from `first` on."""
        return self._chain.published_checkpoints(first, limit)

    def get_checkpointed_blocks(self, first: BlockNumber, limit: int) -> Sequence[CheckpointedL2Block]:
        """Give up to `limit` blocks that are on L1, from `first` on."""
        return self._chain.checkpointed_blocks(first, limit)

    def get_checkpoints_data_for_epoch(self, epoch: EpochNumber) -> Sequence[CheckpointData]:
        """Give the checkpoints whose slot lies in the epoch."""
        return self._chain.checkpoints_of_epoch(epoch)

    # Messages between the chains.

    def get_l2_to_l1_messages(self, epoch: EpochNumber) -> Sequence[Sequence[Sequence[Sequence[Fr]]]]:
        """Give the messages of an epoch by checkpoint, block and transaction."""
        return self._chain.l2_to_l1_messages(epoch)

    def get_l1_to_l2_message_checkpoint(self, message: Fr) -> CheckpointNumber | None:
        """Give the checkpoint with which a message from L1 becomes available."""
        return self._chain.message_checkpoint(message)

    def is_l1_to_l2_message_synced(self, message: Fr) -> bool:
        """Whether the node knows a message from L1."""
        return self._chain.message_index(message) is not None

    # Transactions.

    async def send_tx(self, tx: Tx) -> None:
        """Admit a transaction to the pool. Raises InvalidTxError, MempoolRejection."""
        await self._admission.send(tx)

    async def is_valid_tx(
        self, tx: Tx, *, is_simulation: bool = False, skip_fee_enforcement: bool = False
    ) -> TxValidationResult:
        """Judge a transaction as `send_tx` would."""
        return await self._admission.validate(
            tx, is_simulation=is_simulation, skip_fee_enforcement=skip_fee_enforcement
        )

    async def simulate_public_calls(
        self, tx: Tx, skip_fee_enforcement: bool = False
    ) -> PublicSimulationOutput:
        """Execute a transaction on the newest state without keeping the effects."""
        return await self._simulator.simulate(tx, skip_fee_enforcement=skip_fee_enforcement)

    def get_tx_receipt(self, tx_hash: TxHash) -> TxReceipt:
        """Say how far a transaction has come; one that nobody knows counts as dropped."""
        pool_status = self._mempool.status(tx_hash)  # first: a transaction may be mined in between
        outcome = self._chain.tx_outcome(tx_hash)
        if outcome is not None:
            return TxReceipt(
                tx_hash=tx_hash,
                status=self._status_of_block(outcome.location.block_number),
                execution_result=EXECUTION_RESULTS[outcome.revert_code],
                transaction_fee=outcome.transaction_fee,
                block_hash=outcome.block_hash,
                block_number=outcome.location.block_number,
                epoch_number=outcome.epoch,
                debug_logs=self._contract_logs.of(tx_hash),
            )
        if pool_status in _ALIVE:
            return TxReceipt(tx_hash=tx_hash, status=TxStatus.PENDING)
        reason = self._mempool.drop_reason(tx_hash)
        return TxReceipt(
            tx_hash=tx_hash,
            status=TxStatus.DROPPED,
            error=_DROPPED if reason is None else f"{_DROPPED}: {reason}",
        )

    def _status_of_block(self, number: int) -> TxStatus:
        tips = self._chain.tips()
        if number <= tips.finalized.number:
            return TxStatus.FINALIZED
        if number <= tips.proven.number:
            return TxStatus.PROVEN
        return TxStatus.CHECKPOINTED if number <= tips.checkpointed.number else TxStatus.PROPOSED

    def get_tx_effect(self, tx_hash: TxHash) -> IndexedTxEffect | None:
        """Give the effect of a transaction that is in a block."""
        return self._chain.tx_effect(tx_hash)

    def get_tx_by_hash(self, tx_hash: TxHash) -> Tx | None:
        """Give a transaction that the pool still has."""
        return self._mempool.get(tx_hash)

    def get_txs_by_hash(self, tx_hashes: Sequence[TxHash]) -> Sequence[Tx]:
        """Give the transactions that the pool still has."""
        return [tx for tx_hash in tx_hashes if (tx := self._mempool.get(tx_hash)) is not None]

    def get_pending_txs(self, limit: int | None = None, after: TxHash | None = None) -> Sequence[Tx]:
        """Give pending transactions, highest priority first, at most 32 MiB of them."""
        return self._mempool.pending(limit=limit, after=after, max_bytes=_MAX_LISTED_BYTES)

    def get_pending_tx_count(self) -> int:
        """Count the pending transactions."""
        return self._mempool.pending_count

    # World state at a block.

    def find_leaves_indexes(
        self, block: BlockParameter, tree_id: int, leaves: Sequence[Fr]
    ) -> Sequence[DataInBlock | None]:
        """Find leaves and the blocks that inserted them."""
        return self._world.find_leaves_indexes(block, tree_id, leaves)

    def get_nullifier_membership_witness(
        self, block: BlockParameter, nullifier: Fr
    ) -> NullifierMembershipWitness | None:
        """Prove that a nullifier exists."""
        return self._world.nullifier_witness(block, nullifier)

    def get_low_nullifier_membership_witness(
        self, block: BlockParameter, nullifier: Fr
    ) -> NullifierMembershipWitness | None:
        """Give the nullifier's low leaf, or its own leaf when it exists."""
        return self._world.low_nullifier_witness(block, nullifier)

    def get_public_data_witness(self, block: BlockParameter, leaf_slot: Fr) -> PublicDataWitness | None:
        """Give a slot's leaf, or its low leaf when nothing was written there."""
        return self._world.public_data_witness(block, leaf_slot)

    def get_block_hash_membership_witness(
        self, block: BlockParameter, block_hash: BlockHash
    ) -> MembershipWitness | None:
        """Prove that a block came before the reference block."""
        return self._world.block_hash_witness(block, block_hash)

    def get_note_hash_membership_witness(
        self, block: BlockParameter, note_hash: Fr
    ) -> MembershipWitness | None:
        """Prove that a note exists."""
        return self._world.note_hash_witness(block, note_hash)

    def get_l1_to_l2_message_membership_witness(
        self, block: BlockParameter, message: Fr
    ) -> tuple[int, SiblingPath] | None:
        """Prove that a message from L1 exists."""
        return self._world.message_witness(block, message)

    def get_public_storage_at(self, block: BlockParameter, contract: AztecAddress, slot: Fr) -> Fr:
        """Read public storage."""
        return self._world.public_storage_at(block, contract, slot)

    def get_world_state_sync_status(self) -> WorldStateSyncStatus:
        """Say what the world state holds."""
        return self._world.sync_status()

    # Logs and contracts.

    def get_private_logs_by_tags(
        self, tags: Sequence[Fr], page: int = 0, reference_block: BlockHash | None = None
    ) -> Sequence[Sequence[TxScopedL2Log]]:
        """Give private logs by siloed tag, ten of each a page; the reference block must exist."""
        self._require_block(reference_block)
        return self._chain.private_logs_by_tags(tags, page)

    def get_public_logs_by_tags_from_contract(
        self,
        contract: AztecAddress,
        tags: Sequence[Fr],
        page: int = 0,
        reference_block: BlockHash | None = None,
    ) -> Sequence[Sequence[TxScopedL2Log]]:
        """Give public logs of a contract by first field, ten a page; the reference block must exist."""
        self._require_block(reference_block)
        return self._chain.public_logs_by_tags(contract, tags, page)

    def _require_block(self, block_hash: BlockHash | None) -> None:
        """Refuse to answer somebody whose view of the chain is not ours; as the reference, limit nothing."""
        if block_hash is not None and self._chain.block_number_of_hash(block_hash) is None:
            raise BlockReferenceError(
                f"Block 0x{block_hash.hex()} not found in the node. This might indicate a reorg has occurred."
            )

    def get_public_logs(self, log_filter: LogFilter) -> GetPublicLogsResponse:
        """Give a page of public logs."""
        return self._chain.public_logs(log_filter)

    def get_contract_class_logs(self, log_filter: LogFilter) -> GetContractClassLogsResponse:
        """Give a page of contract class logs."""
        return self._chain.contract_class_logs(log_filter)

    def get_contract_class(self, class_id: Fr) -> ContractClassPublic | None:
        """Give a published class."""
        return self._chain.contract_class(class_id)

    def get_contract(self, address: AztecAddress) -> ContractInstanceWithAddress | None:
        """Give a published instance, with the class that it has at the latest block."""
        timestamp = self._chain.latest_header().global_variables.timestamp
        return self._chain.contract_instance(address, timestamp)
