"""A node at the other end of HTTP, as a wallet's node.

A wallet that asks for twenty things at once waits for one answer (`aztecd.client.json_rpc`).

Authority: @aztec/stdlib src/interfaces/aztec-node.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from aztecd.client.json_rpc import DEFAULT_TIMEOUT_S, JsonRpcClient
from aztecd.crypto.field import Fr
from aztecd.node.api import BlockParameter
from aztecd.protocol.basic import AztecAddress, BlockHash, CheckpointNumber, EpochNumber, TxHash
from aztecd.protocol.checkpoint import CheckpointData
from aztecd.protocol.codec import DecodeError, FrCodec, JsonValue, SchemaError
from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
from aztecd.protocol.effect import IndexedTxEffect
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.logs import GetPublicLogsResponse, LogFilter, TxScopedL2Log
from aztecd.protocol.node_types import L2Tips, NodeInfo
from aztecd.protocol.receipt import DataInBlock, TxReceipt, TxStatus, TxValidationResult
from aztecd.protocol.simulation import PublicSimulationOutput
from aztecd.protocol.tree_types import (
    SIBLING_PATH,
    MembershipWitness,
    NullifierMembershipWitness,
    PublicDataWitness,
    SiblingPath,
)
from aztecd.protocol.tx import Tx
from aztecd.pxe.errors import NodeUnreachableError

__all__ = ["HttpNode"]

T = TypeVar("T")

_NAMESPACE: Final = "node"
"""The one that all nodes know."""
_MAX_INDEX_DIGITS: Final = 20
_HASH: Final = FrCodec()


class HttpNode:
    """Asks a node by JSON-RPC. Satisfies PxeNode. Made by `connect`."""

    def __init__(self, rpc: JsonRpcClient) -> None:
        self._rpc = rpc

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = DEFAULT_TIMEOUT_S
    ) -> AsyncIterator[HttpNode]:
        """Make a client; nothing is asked yet."""
        async with JsonRpcClient.connect(url, headers=headers, timeout_s=timeout_s) as rpc:
            yield cls(rpc)

    async def get_node_info(self) -> NodeInfo:
        """Describe the node and its network."""
        return await self._need("getNodeInfo", [], NodeInfo.from_json)

    async def get_l2_tips(self) -> L2Tips:
        """Give the last block by how far it has come."""
        return await self._need("getL2Tips", [], L2Tips.from_json)

    async def get_block_header(self, block: BlockParameter) -> BlockHeader | None:
        """Give a block's header."""
        return await self._ask("getBlockHeader", [_block(block)], BlockHeader.from_json)

    async def get_current_min_fees(self) -> GasFees:
        """Give the fees per gas that a transaction must at least offer now."""
        return await self._need("getCurrentMinFees", [], GasFees.from_json)

    async def register_contract_function_signatures(self, signatures: Sequence[str]) -> None:
        """Remember function signatures for debug output."""
        await self._ask("registerContractFunctionSignatures", [list(signatures)], _nothing)

    async def send_tx(self, tx: Tx) -> None:
        """Hand in a transaction."""
        await self._ask("sendTx", [tx.to_json()], _nothing)

    async def is_valid_tx(
        self, tx: Tx, *, is_simulation: bool = False, skip_fee_enforcement: bool = False
    ) -> TxValidationResult:
        """Validate a transaction without handing it in."""
        options = {"isSimulation": is_simulation, "skipFeeEnforcement": skip_fee_enforcement}
        return await self._need("isValidTx", [tx.to_json(), options], TxValidationResult.from_json)

    async def simulate_public_calls(
        self, tx: Tx, skip_fee_enforcement: bool = False
    ) -> PublicSimulationOutput:
        """Execute a transaction's public calls without keeping the effects."""
        params = [tx.to_json(), skip_fee_enforcement]
        return await self._need("simulatePublicCalls", params, PublicSimulationOutput.from_json)

    async def get_tx_receipt(self, tx_hash: TxHash) -> TxReceipt:
        """Tell how far a transaction has come."""
        return await self._need("getTxReceipt", [_hex(tx_hash)], _receipt)

    async def get_tx_effect(self, tx_hash: TxHash) -> IndexedTxEffect | None:
        """Give what a transaction did to the chain."""
        return await self._ask("getTxEffect", [_hex(tx_hash)], IndexedTxEffect.from_json)

    async def find_leaves_indexes(
        self, block: BlockParameter, tree_id: int, leaves: Sequence[Fr]
    ) -> Sequence[DataInBlock | None]:
        """Give the index and block of each leaf."""
        params = [_block(block), tree_id, [_hex(leaf) for leaf in leaves]]
        read = _list_of(_optional(DataInBlock.from_json), count=len(leaves))
        return await self._need("findLeavesIndexes", params, read)

    async def get_nullifier_membership_witness(
        self, block: BlockParameter, nullifier: Fr
    ) -> NullifierMembershipWitness | None:
        """Prove that a nullifier is in the tree."""
        params = [_block(block), _hex(nullifier)]
        return await self._ask("getNullifierMembershipWitness", params, NullifierMembershipWitness.from_json)

    async def get_low_nullifier_membership_witness(
        self, block: BlockParameter, nullifier: Fr
    ) -> NullifierMembershipWitness | None:
        """Give the leaf before a nullifier."""
        params = [_block(block), _hex(nullifier)]
        return await self._ask(
            "getLowNullifierMembershipWitness", params, NullifierMembershipWitness.from_json
        )

    async def get_public_data_witness(self, block: BlockParameter, leaf_slot: Fr) -> PublicDataWitness | None:
        """Give the leaf of a public data slot, or the leaf before it."""
        params = [_block(block), _hex(leaf_slot)]
        return await self._ask("getPublicDataWitness", params, PublicDataWitness.from_json)

    async def get_block_hash_membership_witness(
        self, block: BlockParameter, block_hash: BlockHash
    ) -> MembershipWitness | None:
        """Prove that a block's hash is in the archive."""
        params = [_block(block), _hex(block_hash)]
        return await self._ask("getBlockHashMembershipWitness", params, MembershipWitness.from_json)

    async def get_note_hash_membership_witness(
        self, block: BlockParameter, note_hash: Fr
    ) -> MembershipWitness | None:
        """Prove that a note hash is in the tree."""
        params = [_block(block), _hex(note_hash)]
        return await self._ask("getNoteHashMembershipWitness", params, MembershipWitness.from_json)

    async def get_l1_to_l2_message_membership_witness(
        self, block: BlockParameter, message: Fr
    ) -> tuple[int, SiblingPath] | None:
        """Prove that a message from L1 is in the tree."""
        params = [_block(block), _hex(message)]
        return await self._ask("getL1ToL2MessageMembershipWitness", params, _index_and_path)

    async def get_public_storage_at(self, block: BlockParameter, contract: AztecAddress, slot: Fr) -> Fr:
        """Read a contract's public storage."""
        params = [_block(block), _hex(contract), _hex(slot)]
        return await self._need("getPublicStorageAt", params, _HASH.from_json)

    async def get_l1_to_l2_message_checkpoint(self, message: Fr) -> CheckpointNumber | None:
        """Give the checkpoint with which a message from L1 becomes available."""
        return await self._ask("getL1ToL2MessageCheckpoint", [_hex(message)], _checkpoint)

    async def is_l1_to_l2_message_synced(self, message: Fr) -> bool:
        """Whether the node knows a message from L1."""
        return await self._need("isL1ToL2MessageSynced", [_hex(message)], _truth)

    async def get_l2_to_l1_messages(self, epoch: EpochNumber) -> Sequence[Sequence[Sequence[Sequence[Fr]]]]:
        """Give the messages of an epoch by checkpoint, block and transaction."""
        read = _list_of(_list_of(_list_of(_list_of(_HASH.from_json))))
        return await self._need("getL2ToL1Messages", [epoch], read)

    async def get_checkpoints_data_for_epoch(self, epoch: EpochNumber) -> Sequence[CheckpointData]:
        """List the checkpoints of an epoch, without their blocks."""
        return await self._need("getCheckpointsDataForEpoch", [epoch], _list_of(CheckpointData.from_json))

    async def get_private_logs_by_tags(
        self, tags: Sequence[Fr], page: int = 0, reference_block: BlockHash | None = None
    ) -> Sequence[Sequence[TxScopedL2Log]]:
        """List private logs by siloed tag."""
        params = [[_hex(tag) for tag in tags], page, *_given(reference_block)]
        read = _list_of(_list_of(TxScopedL2Log.from_json), count=len(tags))
        return await self._need("getPrivateLogsByTags", params, read)

    async def get_public_logs_by_tags_from_contract(
        self,
        contract: AztecAddress,
        tags: Sequence[Fr],
        page: int = 0,
        reference_block: BlockHash | None = None,
    ) -> Sequence[Sequence[TxScopedL2Log]]:
        """List a contract's public logs by tag."""
        params = [_hex(contract), [_hex(tag) for tag in tags], page, *_given(reference_block)]
        read = _list_of(_list_of(TxScopedL2Log.from_json), count=len(tags))
        return await self._need("getPublicLogsByTagsFromContract", params, read)

    async def get_public_logs(self, log_filter: LogFilter) -> GetPublicLogsResponse:
        """List public logs."""
        return await self._need("getPublicLogs", [log_filter.to_json()], GetPublicLogsResponse.from_json)

    async def get_contract_class(self, class_id: Fr) -> ContractClassPublic | None:
        """Give a published contract class."""
        return await self._ask("getContractClass", [_hex(class_id)], ContractClassPublic.from_json)

    async def get_contract(self, address: AztecAddress) -> ContractInstanceWithAddress | None:
        """Give a published contract instance."""
        return await self._ask("getContract", [_hex(address)], ContractInstanceWithAddress.from_json)

    async def _need(self, method: str, params: list[JsonValue], read: Callable[[JsonValue, str], T]) -> T:
        found = await self._ask(method, params, read)
        if found is None:
            raise NodeUnreachableError(
                f"{self._rpc.display_url} has no answer to {method}: it is no node of this protocol"
            )
        return found

    async def _ask(
        self, method: str, params: list[JsonValue], read: Callable[[JsonValue, str], T]
    ) -> T | None:
        """Ask, and read the answer; None when there is no result."""
        result = await self._rpc.call(f"{_NAMESPACE}_{method}", params)
        try:
            return None if result is None else read(result, "result")
        except (SchemaError, DecodeError) as error:
            raise NodeUnreachableError(
                f"{self._rpc.display_url} answered {method} with what can not be read: {error}"
            ) from error


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _block(block: BlockParameter) -> JsonValue:
    return _hex(block) if isinstance(block, bytes) else block


def _given(block: BlockHash | None) -> list[JsonValue]:
    return [] if block is None else [_hex(block)]


def _nothing(_value: JsonValue, _path: str) -> None:
    return None


def _truth(value: JsonValue, path: str) -> bool:
    if not isinstance(value, bool):
        raise SchemaError("Expected true or false", path)
    return value


def _receipt(value: JsonValue, path: str) -> TxReceipt:
    receipt = TxReceipt.from_json(value, path)
    if receipt.status not in set(TxStatus):
        raise SchemaError(f"Unknown status {receipt.status[:40]!r}", f"{path}.status")
    return receipt


def _checkpoint(value: JsonValue, path: str) -> CheckpointNumber:
    if type(value) is not int:
        raise SchemaError("Expected a number", path)
    return CheckpointNumber(value)


def _optional(read: Callable[[JsonValue, str], T]) -> Callable[[JsonValue, str], T | None]:
    return lambda value, path: None if value is None else read(value, path)


def _list_of(
    read: Callable[[JsonValue, str], T], count: int | None = None
) -> Callable[[JsonValue, str], list[T]]:
    """Read an array; one with an answer to each of several questions has `count` items."""

    def read_list(value: JsonValue, path: str) -> list[T]:
        if not isinstance(value, list):
            raise SchemaError("Expected array", path)
        if count is not None and len(value) != count:
            raise SchemaError(f"Expected {count} items, received {len(value)}", path)
        return [read(item, f"{path}.{index}") for index, item in enumerate(value)]

    return read_list


def _index_and_path(value: JsonValue, path: str) -> tuple[int, SiblingPath]:
    match value:
        case [str() | int() as index, siblings]:
            digits = str(index)
            if not digits.isdecimal() or len(digits) > _MAX_INDEX_DIGITS:
                raise SchemaError("Expected a number", path)
            return int(digits), SIBLING_PATH.from_json(siblings, path)
        case _:
            raise SchemaError("Expected an index and a path", path)
