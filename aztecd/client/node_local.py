"""A node in the same process, as a wallet's node."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aztecd.crypto.field import Fr
from aztecd.node.api import BlockParameter, NodeApi
from aztecd.protocol.basic import AztecAddress, BlockHash, CheckpointNumber, EpochNumber, TxHash
from aztecd.protocol.checkpoint import CheckpointData
from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
from aztecd.protocol.effect import IndexedTxEffect
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.logs import GetPublicLogsResponse, LogFilter, TxScopedL2Log
from aztecd.protocol.node_types import L2Tips, NodeInfo
from aztecd.protocol.receipt import DataInBlock, TxReceipt, TxValidationResult
from aztecd.protocol.simulation import PublicSimulationOutput
from aztecd.protocol.tree_types import (
    MembershipWitness,
    NullifierMembershipWitness,
    PublicDataWitness,
    SiblingPath,
)
from aztecd.protocol.tx import Tx

__all__ = ["LocalNode"]


class LocalNode:
    """Calls the node's operations on the event loop, where they belong. Satisfies PxeNode.

    Errors are the node's own.
    """

    def __init__(self, node: NodeApi) -> None:
        self._node = node

    async def get_node_info(self) -> NodeInfo:
        """Describe the node and its network."""
        return self._node.get_node_info()

    async def get_l2_tips(self) -> L2Tips:
        """Give the last block by how far it has come."""
        return self._node.get_l2_tips()

    async def get_block_header(self, block: BlockParameter) -> BlockHeader | None:
        """Give a block's header."""
        return self._node.get_block_header(block)

    async def get_current_min_fees(self) -> GasFees:
        """Give the fees per gas that a transaction must at least offer now."""
        return self._node.get_current_min_fees()

    async def register_contract_function_signatures(self, signatures: Sequence[str]) -> None:
        """Remember function signatures for debug output."""
        self._node.register_contract_function_signatures(signatures)

    async def send_tx(self, tx: Tx) -> None:
        """Hand in a transaction."""
        await self._node.send_tx(tx)

    async def is_valid_tx(
        self, tx: Tx, *, is_simulation: bool = False, skip_fee_enforcement: bool = False
    ) -> TxValidationResult:
        """Validate a transaction without handing it in."""
        return await self._node.is_valid_tx(
            tx, is_simulation=is_simulation, skip_fee_enforcement=skip_fee_enforcement
        )

    async def simulate_public_calls(
        self, tx: Tx, skip_fee_enforcement: bool = False
    ) -> PublicSimulationOutput:
        """Execute a transaction's public calls without keeping the effects."""
        return await self._node.simulate_public_calls(tx, skip_fee_enforcement)

    async def get_tx_receipt(self, tx_hash: TxHash) -> TxReceipt:
        """Tell how far a transaction has come."""
        return self._node.get_tx_receipt(tx_hash)

    async def get_tx_effect(self, tx_hash: TxHash) -> IndexedTxEffect | None:
        """Give what a transaction did to the chain."""
        return self._node.get_tx_effect(tx_hash)

    async def find_leaves_indexes(
        self, block: BlockParameter, tree_id: int, leaves: Sequence[Fr]
    ) -> Sequence[DataInBlock | None]:
        """Give the index and block of each leaf."""
        return self._node.find_leaves_indexes(block, tree_id, leaves)

    async def get_nullifier_membership_witness(
        self, block: BlockParameter, nullifier: Fr
    ) -> NullifierMembershipWitness | None:
        """Prove that a nullifier is in the tree."""
        return self._node.get_nullifier_membership_witness(block, nullifier)

    async def get_low_nullifier_membership_witness(
        self, block: BlockParameter, nullifier: Fr
    ) -> NullifierMembershipWitness | None:
        """Give the leaf before a nullifier."""
        return self._node.get_low_nullifier_membership_witness(block, nullifier)

    async def get_public_data_witness(self, block: BlockParameter, leaf_slot: Fr) -> PublicDataWitness | None:
        """Give the leaf of a public data slot, or the leaf before it."""
        return self._node.get_public_data_witness(block, leaf_slot)

    async def get_block_hash_membership_witness(
        self, block: BlockParameter, block_hash: BlockHash
    ) -> MembershipWitness | None:
        """Prove that a block's hash is in the archive."""
        return self._node.get_block_hash_membership_witness(block, block_hash)

    async def get_note_hash_membership_witness(
        self, block: BlockParameter, note_hash: Fr
    ) -> MembershipWitness | None:
        """Prove that a note hash is in the tree."""
        return self._node.get_note_hash_membership_witness(block, note_hash)

    async def get_l1_to_l2_message_membership_witness(
        self, block: BlockParameter, message: Fr
    ) -> tuple[int, SiblingPath] | None:
        """Prove that a message from L1 is in the tree."""
        return self._node.get_l1_to_l2_message_membership_witness(block, message)

    async def get_public_storage_at(self, block: BlockParameter, contract: AztecAddress, slot: Fr) -> Fr:
        """Read a contract's public storage."""
        return self._node.get_public_storage_at(block, contract, slot)

    async def get_l1_to_l2_message_checkpoint(self, message: Fr) -> CheckpointNumber | None:
        """Give the checkpoint with which a message from L1 becomes available."""
        return self._node.get_l1_to_l2_message_checkpoint(message)

    async def is_l1_to_l2_message_synced(self, message: Fr) -> bool:
        """Whether the node knows a message from L1."""
        return self._node.is_l1_to_l2_message_synced(message)

    async def get_l2_to_l1_messages(self, epoch: EpochNumber) -> Sequence[Sequence[Sequence[Sequence[Fr]]]]:
        """Give the messages of an epoch by checkpoint, block and transaction."""
        return self._node.get_l2_to_l1_messages(epoch)

    async def get_checkpoints_data_for_epoch(self, epoch: EpochNumber) -> Sequence[CheckpointData]:
        """List the checkpoints of an epoch, without their blocks."""
        return self._node.get_checkpoints_data_for_epoch(epoch)

    async def get_private_logs_by_tags(
        self, tags: Sequence[Fr], page: int = 0, reference_block: BlockHash | None = None
    ) -> Sequence[Sequence[TxScopedL2Log]]:
        """List private logs by siloed tag."""
        return self._node.get_private_logs_by_tags(tags, page, reference_block)

    async def get_public_logs_by_tags_from_contract(
        self,
        contract: AztecAddress,
        tags: Sequence[Fr],
        page: int = 0,
        reference_block: BlockHash | None = None,
    ) -> Sequence[Sequence[TxScopedL2Log]]:
        """List a contract's public logs by tag."""
        return self._node.get_public_logs_by_tags_from_contract(contract, tags, page, reference_block)

    async def get_public_logs(self, log_filter: LogFilter) -> GetPublicLogsResponse:
        """List public logs."""
        # Reads so much that it would hold up others.
        return await asyncio.to_thread(self._node.get_public_logs, log_filter)

    async def get_contract_class(self, class_id: Fr) -> ContractClassPublic | None:
        """Give a published contract class."""
        return self._node.get_contract_class(class_id)

    async def get_contract(self, address: AztecAddress) -> ContractInstanceWithAddress | None:
        """Give a published contract instance."""
        return self._node.get_contract(address)
