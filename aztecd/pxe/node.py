"""What a wallet needs of a node, wherever the node runs.

The methods are those of the node's interface with the same names, parameters and results
(`aztecd.node.api`); all of them wait, because the node may be at the other end of a wire. `None` is "not
found". Errors: what the node refuses is an InvalidInputError with the node's text, a node that does not
answer an UnavailableError.

Authority: @aztec/stdlib src/interfaces/aztec-node.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, BlockHash, TxHash
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
from aztecd.pxe.execution.views import BlockParameter

__all__ = ["NULLIFIER_TREE", "PxeNode"]

NULLIFIER_TREE = 0
"""The number of the nullifier tree in `find_leaves_indexes`."""


class PxeNode(Protocol):
    """A node as wallets see it."""

    # About the node, its network and its chain.
    async def get_node_info(self) -> NodeInfo: ...
    async def get_l2_tips(self) -> L2Tips: ...
    async def get_block_header(self, block: BlockParameter) -> BlockHeader | None: ...
    async def get_current_min_fees(self) -> GasFees: ...
    async def register_contract_function_signatures(self, signatures: Sequence[str]) -> None: ...

    # Transactions.
    async def send_tx(self, tx: Tx) -> None: ...
    async def is_valid_tx(
        self, tx: Tx, *, is_simulation: bool = False, skip_fee_enforcement: bool = False
    ) -> TxValidationResult: ...
    async def simulate_public_calls(
        self, tx: Tx, skip_fee_enforcement: bool = False
    ) -> PublicSimulationOutput: ...
    async def get_tx_receipt(self, tx_hash: TxHash) -> TxReceipt: ...
    async def get_tx_effect(self, tx_hash: TxHash) -> IndexedTxEffect | None: ...

    # World state at a block.
    async def find_leaves_indexes(
        self, block: BlockParameter, tree_id: int, leaves: Sequence[Fr]
    ) -> Sequence[DataInBlock | None]: ...
    async def get_nullifier_membership_witness(
        self, block: BlockParameter, nullifier: Fr
    ) -> NullifierMembershipWitness | None: ...
    async def get_low_nullifier_membership_witness(
        self, block: BlockParameter, nullifier: Fr
    ) -> NullifierMembershipWitness | None: ...
    async def get_public_data_witness(
        self, block: BlockParameter, leaf_slot: Fr
    ) -> PublicDataWitness | None: ...
    async def get_block_hash_membership_witness(
        self, block: BlockParameter, block_hash: BlockHash
    ) -> MembershipWitness | None: ...
    async def get_note_hash_membership_witness(
        self, block: BlockParameter, note_hash: Fr
    ) -> MembershipWitness | None: ...
    async def get_l1_to_l2_message_membership_witness(
        self, block: BlockParameter, message: Fr
    ) -> tuple[int, SiblingPath] | None: ...
    async def get_public_storage_at(self, block: BlockParameter, contract: AztecAddress, slot: Fr) -> Fr: ...

    # Logs and contracts.
    async def get_private_logs_by_tags(
        self, tags: Sequence[Fr], page: int = 0, reference_block: BlockHash | None = None
    ) -> Sequence[Sequence[TxScopedL2Log]]: ...
    async def get_public_logs_by_tags_from_contract(
        self,
        contract: AztecAddress,
        tags: Sequence[Fr],
        page: int = 0,
        reference_block: BlockHash | None = None,
    ) -> Sequence[Sequence[TxScopedL2Log]]: ...
    async def get_public_logs(self, log_filter: LogFilter) -> GetPublicLogsResponse: ...
    async def get_contract_class(self, class_id: Fr) -> ContractClassPublic | None: ...
    async def get_contract(self, address: AztecAddress) -> ContractInstanceWithAddress | None: ...
