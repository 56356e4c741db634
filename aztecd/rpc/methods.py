"""The table of the node's methods.

Every method is `aztec_<name>`, and `node_<name>` for clients of the reference.

Authority: @aztec/stdlib src/interfaces/aztec-node.ts, src/interfaces/api_limit.ts (4.1.2).
"""

from __future__ import annotations

from typing import Final

from aztecd.protocol.block import L2Block
from aztecd.protocol.checkpoint import CheckpointData, CheckpointedL2Block, PublishedCheckpoint
from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
from aztecd.protocol.effect import IndexedTxEffect
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.logs import GetContractClassLogsResponse, GetPublicLogsResponse, TxScopedL2Log
from aztecd.protocol.node_types import (
    AllowedElement,
    L1ContractAddresses,
    L2Tips,
    NodeInfo,
    ProtocolContractAddresses,
    WorldStateSyncStatus,
)
from aztecd.protocol.receipt import DataInBlock, TxReceipt, TxValidationResult
from aztecd.protocol.simulation import PublicSimulationOutput
from aztecd.protocol.tree_types import NullifierMembershipWitness, PublicDataWitness
from aztecd.protocol.tx import Tx
from aztecd.rpc import kinds, results, weights
from aztecd.rpc.kinds import ArrayKind, CoercedNumber, Kind, NumberKind, TextKind
from aztecd.rpc.method import Cache, Method, Param, param
from aztecd.rpc.objects import LOG_FILTER, TRACE_OPTIONS, TX, TX_OPTIONS, TX_OR_HASH
from aztecd.rpc.results import list_of, record_of, record_or_null_list
from aztecd.rpc.traces import TRACE

__all__ = ["METHODS", "METHOD_GROUPS", "NAMESPACES"]

NAMESPACES: Final = ("aztec", "node")
"""The canonical namespace, then the alias."""

_MAX_LIST = 100
_MAX_TXS = 50
_MAX_BLOCKS = 50
_MAX_SIGNATURE = 10_000


_BLOCK = param("block", kinds.BLOCK)
_TX_HASH = param("txHash", kinds.TX_HASH)
_PAGE = param("page", NumberKind(name="page", least=0), optional=True, default=0)
_REFERENCE = param("referenceBlock", kinds.FIELD, optional=True)
_TAGS = ArrayKind(kinds.FIELD, _MAX_LIST)
_SLOT = CoercedNumber(least=0)


def _from(kind: Kind) -> tuple[Param, ...]:
    limit = NumberKind(name="BlockNumber", above=0, most=_MAX_BLOCKS)
    return (param("from", kind), param("limit", limit))


_POSITIVE = CoercedNumber(least=1)

_ABOUT_THE_NODE = (
    Method(name="isReady", doc="Tell whether the node takes transactions.", result=results.BOOLEAN),
    Method(
        name="getNodeInfo",
        doc="Describe the node and the network it belongs to.",
        result=record_of(NodeInfo),
        cache=Cache.STATE,
    ),
    Method(name="getNodeVersion", doc="Give the version of the protocol's packages.", result=results.TEXT),
    Method(name="getVersion", doc="Give the rollup's version.", result=results.NUMBER),
    Method(name="getChainId", doc="Give the chain id of L1.", result=results.NUMBER),
    Method(
        name="getL1ContractAddresses",
        doc="Give the addresses of the rollup's contracts on L1.",
        result=record_of(L1ContractAddresses),
        cache=Cache.STATE,
    ),
    Method(
        name="getProtocolContractAddresses",
        doc="Give the addresses of the protocol contracts.",
        result=record_of(ProtocolContractAddresses),
        cache=Cache.STATE,
    ),
    Method(
        name="getEncodedEnr",
        doc="Give the node's record in the peer-to-peer network; absent without one.",
        result=results.TEXT,
    ),
    Method(
        name="getCurrentMinFees",
        doc="Give the fees per gas that a transaction must at least offer now.",
        result=record_of(GasFees),
    ),
    Method(
        name="getMaxPriorityFees",
        doc="Give the priority fees of the first pending transaction, zero without one.",
        result=record_of(GasFees),
    ),
    Method(
        name="getAllowedPublicSetup",
        doc="List the functions that transactions may call in their setup phase.",
        result=list_of(AllowedElement),
        cache=Cache.STATE,
    ),
    Method(
        name="getValidatorsStats",
        doc="Give statistics of all validators; empty when they are not collected.",
        result=results.OBJECT,
    ),
    Method(
        name="getValidatorStats",
        doc="Give statistics of one validator; absent when they are not collected.",
        params=(
            param("validator", kinds.ETH_ADDRESS),
            param("fromSlot", _SLOT, optional=True),
            param("toSlot", _SLOT, optional=True),
        ),
        result=results.OBJECT,
    ),
    Method(
        name="registerContractFunctionSignatures",
        doc="Remember function signatures for debug output; those that can't be parsed are ignored.",
        params=(param("signatures", ArrayKind(TextKind(_MAX_SIGNATURE), _MAX_LIST)),),
        result=results.NOTHING,
    ),
)

_CHAIN = (
    Method(
        name="getL2Tips",
        doc="Give the last block by how far it has come.",
        result=record_of(L2Tips),
        cache=Cache.STATE,
    ),
    Method(name="getBlockNumber", doc="Give the number of the latest proposed block.", result=results.NUMBER),
    Method(
        name="getProvenBlockNumber", doc="Give the number of the last proven block.", result=results.NUMBER
    ),
    Method(
        name="getCheckpointedBlockNumber",
        doc="Give the number of the last block of the last checkpoint.",
        result=results.NUMBER,
    ),
    Method(
        name="getCheckpointNumber",
        doc="Give the number of the last checkpoint on L1.",
        result=results.NUMBER,
    ),
    Method(
        name="getBlock",
        doc="Give a block; by hash only once it is in a checkpoint. Number 0 is the genesis block.",
        params=(_BLOCK,),
        result=record_of(L2Block, weights.block),
        cache=Cache.BLOCK,
    ),
    Method(
        name="getBlockByHash",
        doc="Give a block of a checkpoint by its hash.",
        params=(param("hash", kinds.FIELD),),
        result=record_of(L2Block, weights.block),
        cache=Cache.BLOCK,
    ),
    Method(
        name="getBlockByArchive",
        doc="Give a block of a checkpoint by the root of the archive after it.",
        params=(param("archive", kinds.FIELD),),
        result=record_of(L2Block, weights.block),
        cache=Cache.BLOCK,
    ),
    Method(
        name="getBlockHeader",
        doc="Give a block's header.",
        params=(param("block", kinds.BLOCK, optional=True, default="latest"),),
        result=record_of(BlockHeader),
        cache=Cache.BLOCK,
    ),
    Method(
        name="getBlockHeaderByArchive",
        doc="Give a header by the root of the archive after the block.",
        params=(param("archive", kinds.FIELD),),
        result=record_of(BlockHeader),
        cache=Cache.BLOCK,
    ),
    Method(
        name="getBlocks",
        doc="List consecutive blocks, those that are only proposed too.",
        params=_from(_POSITIVE),
        result=list_of(L2Block, weights.blocks),
        cache=Cache.STATE,
    ),
    Method(
        name="getCheckpoints",
        doc="List consecutive checkpoints.",
        params=_from(_POSITIVE),
        result=list_of(PublishedCheckpoint, weights.checkpoints),
        cache=Cache.STATE,
    ),
    Method(
        name="getCheckpointedBlocks",
        doc="List consecutive blocks that are in a checkpoint.",
        params=_from(_POSITIVE),
        result=list_of(CheckpointedL2Block, weights.checkpointed_blocks),
        cache=Cache.STATE,
    ),
    Method(
        name="getCheckpointsDataForEpoch",
        doc="List the checkpoints of an epoch, without their blocks.",
        params=(param("epoch", _SLOT),),
        result=list_of(CheckpointData),
        cache=Cache.STATE,
    ),
    Method(
        name="getL2ToL1Messages",
        doc="List the messages to L1 of an epoch, by checkpoint, block and transaction.",
        params=(param("epoch", _SLOT),),
        result=results.MESSAGES,
        cache=Cache.STATE,
    ),
    Method(
        name="getL1ToL2MessageCheckpoint",
        doc="Give the checkpoint in which a message from L1 can be used; absent when it is unknown.",
        params=(param("message", kinds.FIELD),),
        result=results.NUMBER,
    ),
    Method(
        name="isL1ToL2MessageSynced",
        doc="Tell whether a message from L1 can be used.",
        params=(param("message", kinds.FIELD),),
        result=results.BOOLEAN,
    ),
)

_TRANSACTIONS = (
    Method(
        name="sendTx",
        doc="Hand in a transaction. No result: it is in the mempool, or the error says why it is not.",
        params=(param("tx", TX),),
        result=results.NOTHING,
        reads_tx=True,
        is_async=True,
    ),
    Method(
        name="isValidTx",
        doc="Validate a transaction without handing it in.",
        params=(param("tx", TX), param("options", TX_OPTIONS, optional=True)),
        result=record_of(TxValidationResult),
        reads_tx=True,
        is_async=True,
        spreads_last=True,
    ),
    Method(
        name="simulatePublicCalls",
        doc="Execute a transaction's public calls on the latest state without keeping the effects.",
        params=(param("tx", TX), param("skipFeeEnforcement", kinds.BOOLEAN, optional=True, default=False)),
        result=record_of(PublicSimulationOutput, weights.simulation),
        reads_tx=True,
        is_async=True,
    ),
    Method(
        name="getTxReceipt",
        doc="Tell how far a transaction has come; one that is unknown is `dropped`.",
        params=(_TX_HASH,),
        result=record_of(TxReceipt, weights.receipt),
    ),
    Method(
        name="getTxEffect",
        doc="Give what a transaction did to the chain.",
        params=(_TX_HASH,),
        result=record_of(IndexedTxEffect, weights.effect),
        cache=Cache.BLOCK,
    ),
    Method(
        name="getTxByHash",
        doc="Give a transaction that is pending, or mined and not finalized.",
        params=(_TX_HASH,),
        result=record_of(Tx, weights.tx),
    ),
    Method(
        name="getTxsByHash",
        doc="Give transactions; those that are unknown are left out.",
        params=(param("txHashes", ArrayKind(kinds.TX_HASH, _MAX_TXS)),),
        result=list_of(Tx, weights.txs),
        in_thread=True,
    ),
    Method(
        name="getPendingTxs",
        doc="List pending transactions by priority; `after` continues a listing. Without `limit` all that "
        "fit in 32 MiB.",
        params=(
            param("limit", NumberKind(name="limit", least=1, most=_MAX_TXS), optional=True),
            param("after", kinds.TX_HASH, optional=True),
        ),
        result=list_of(Tx, weights.txs),
        in_thread=True,
    ),
    Method(name="getPendingTxCount", doc="Count pending transactions.", result=results.NUMBER),
    Method(
        name="traceTx",
        doc="Execute a transaction again and give the tree of its calls: a mined one by its hash, or a given "
        "one on the latest state. Local networks only; `debugging.md` explains the result.",
        params=(param("tx", TX_OR_HASH), param("options", TRACE_OPTIONS, optional=True)),
        result=TRACE,
        reads_tx=True,
        is_async=True,
        spreads_last=True,
        is_local=True,
    ),
)

_WORLD_STATE = (
    Method(
        name="findLeavesIndexes",
        doc="Give the index and block of each leaf; null for those that are not in the tree.",
        params=(
            _BLOCK,
            param("tree", kinds.TREE),
            param("leaves", ArrayKind(kinds.FIELD, _MAX_LIST)),
        ),
        result=record_or_null_list(DataInBlock),
    ),
    Method(
        name="getNullifierMembershipWitness",
        doc="Prove that a nullifier is in the tree.",
        params=(_BLOCK, param("nullifier", kinds.FIELD)),
        result=record_of(NullifierMembershipWitness),
        cache=Cache.BLOCK,
    ),
    Method(
        name="getLowNullifierMembershipWitness",
        doc="Give the leaf before a nullifier, which proves that it is not in the tree.",
        params=(_BLOCK, param("nullifier", kinds.FIELD)),
        result=record_of(NullifierMembershipWitness),
        cache=Cache.BLOCK,
    ),
    Method(
        name="getPublicDataWitness",
        doc="Give the leaf of a public data slot, or the leaf before it.",
        params=(_BLOCK, param("leafSlot", kinds.FIELD)),
        result=record_of(PublicDataWitness),
        cache=Cache.BLOCK,
    ),
    Method(
        name="getBlockHashMembershipWitness",
        doc="Prove that a block's hash is in the archive before the reference block.",
        params=(_BLOCK, param("hash", kinds.FIELD)),
        result=results.TREE_WITNESS,
        cache=Cache.BLOCK,
    ),
    Method(
        name="getNoteHashMembershipWitness",
        doc="Prove that a note hash is in the tree.",
        params=(_BLOCK, param("noteHash", kinds.FIELD)),
        result=results.TREE_WITNESS,
        cache=Cache.BLOCK,
    ),
    Method(
        name="getL1ToL2MessageMembershipWitness",
        doc="Prove that a message from L1 is in the tree.",
        params=(_BLOCK, param("message", kinds.FIELD)),
        result=results.INDEX_AND_PATH,
        cache=Cache.BLOCK,
    ),
    Method(
        name="getPublicStorageAt",
        doc="Read a contract's public storage; zero when nothing was written.",
        params=(_BLOCK, param("contract", kinds.AZTEC_ADDRESS), param("slot", kinds.FIELD)),
        result=results.ELEMENT,
        cache=Cache.BLOCK,
    ),
    Method(
        name="getWorldStateSyncStatus",
        doc="Tell which blocks the world state holds.",
        result=record_of(WorldStateSyncStatus),
    ),
)

_LOGS_AND_CONTRACTS = (
    Method(
        name="getPrivateLogsByTags",
        doc="List private logs by siloed tag: a list for each tag, ten logs a page.",
        params=(param("tags", _TAGS), _PAGE, _REFERENCE),
        result=list_of(TxScopedL2Log, weights.tagged_logs, depth=2),
    ),
    Method(
        name="getPublicLogsByTagsFromContract",
        doc="List a contract's public logs by tag: a list for each tag, ten logs a page.",
        params=(param("contract", kinds.AZTEC_ADDRESS), param("tags", _TAGS), _PAGE, _REFERENCE),
        result=list_of(TxScopedL2Log, weights.tagged_logs, depth=2),
    ),
    Method(
        name="getPublicLogs",
        doc="List public logs; at most 1000.",
        params=(param("filter", LOG_FILTER),),
        result=record_of(GetPublicLogsResponse, weights.public_logs),
        cache=Cache.STATE,
        in_thread=True,
    ),
    Method(
        name="getContractClassLogs",
        doc="List the logs that published contract classes; at most 1000.",
        params=(param("filter", LOG_FILTER),),
        result=record_of(GetContractClassLogsResponse, weights.class_logs),
        cache=Cache.STATE,
        in_thread=True,
    ),
    Method(
        name="getContractClass",
        doc="Give a published contract class.",
        params=(param("id", kinds.FIELD),),
        result=record_of(ContractClassPublic),
        cache=Cache.BLOCK,
    ),
    Method(
        name="getContract",
        doc="Give a published contract instance.",
        params=(param("address", kinds.AZTEC_ADDRESS),),
        result=record_of(ContractInstanceWithAddress),
        cache=Cache.STATE,
    ),
)

METHOD_GROUPS: Final = (
    ("The node and its network", _ABOUT_THE_NODE),
    ("The chain", _CHAIN),
    ("Transactions", _TRANSACTIONS),
    ("World state", _WORLD_STATE),
    ("Logs and contracts", _LOGS_AND_CONTRACTS),
)
METHODS: Final[tuple[Method, ...]] = tuple(method for _, methods in METHOD_GROUPS for method in methods)
