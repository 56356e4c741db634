"""What a node says about itself and its view of the chain.

Authority: @aztec/stdlib src/contract/interfaces/node-info.ts, src/interfaces/world_state.ts,
src/block/l2_block_source.ts (tips), src/interfaces/allowed_element.ts; @aztec/ethereum
src/l1_contract_addresses.ts (4.1.2).
"""

from __future__ import annotations

from typing import Annotated

from aztecd.constants import GENESIS_BLOCK_HEADER_HASH
from aztecd.crypto.field import Fr
from aztecd.protocol.basic import (
    U32,
    AztecAddressMember,
    BlockHash,
    BlockHashMember,
    EthAddress,
    EthAddressMember,
    Flag,
    FrMember,
    SelectorMember,
    Text,
)
from aztecd.protocol.checkpoint import CheckpointHeader
from aztecd.protocol.codec import BoolCodec, FrCodec, OptionalCodec, TextCodec, UintCodec
from aztecd.protocol.identifier_codecs import EthAddressCodec
from aztecd.protocol.record import Record, record

__all__ = [
    "AllowedElement",
    "BlockId",
    "CheckpointId",
    "L1ContractAddresses",
    "L2Tip",
    "L2Tips",
    "NodeInfo",
    "ProtocolContractAddresses",
    "WorldStateSyncStatus",
    "genesis_tip",
]

_OptionalEth = Annotated[EthAddress | None, OptionalCodec(EthAddressCodec())]


@record
class L1ContractAddresses(Record):
    """The contracts of one rollup on L1; those that only a local network has may be absent."""

    registry_address: EthAddressMember
    slash_factory_address: _OptionalEth = None
    fee_asset_handler_address: _OptionalEth = None
    rollup_address: EthAddressMember
    inbox_address: EthAddressMember
    outbox_address: EthAddressMember
    fee_juice_address: EthAddressMember
    staking_asset_address: EthAddressMember
    fee_juice_portal_address: EthAddressMember
    coin_issuer_address: EthAddressMember
    reward_distributor_address: EthAddressMember
    governance_proposer_address: EthAddressMember
    governance_address: EthAddressMember
    staking_asset_handler_address: _OptionalEth = None
    zk_passport_verifier_address: _OptionalEth = None
    gse_address: _OptionalEth = None
    date_gated_relayer_address: _OptionalEth = None


@record
class ProtocolContractAddresses(Record):
    """The protocol contracts that clients ask for."""

    class_registry: AztecAddressMember
    fee_juice: AztecAddressMember
    instance_registry: AztecAddressMember
    multi_call_entrypoint: AztecAddressMember


@record
class NodeInfo(Record):
    """Which network a node belongs to."""

    node_version: Text
    l1_chain_id: U32
    rollup_version: U32
    enr: Annotated[str | None, OptionalCodec(TextCodec())] = None
    l1_contract_addresses: L1ContractAddresses
    protocol_contract_addresses: ProtocolContractAddresses
    real_proofs: Flag


@record
class BlockId(Record):
    """A block's number and hash."""

    number: U32
    hash: BlockHashMember


@record
class CheckpointId(Record):
    """A checkpoint's number and header hash."""

    number: U32
    hash: FrMember


@record
class L2Tip(Record):
    """The last block and checkpoint that have come a certain way."""

    block: BlockId
    checkpoint: CheckpointId


@record
class L2Tips(Record):
    """The four tips; the proposed one has no checkpoint."""

    proposed: BlockId
    proven: L2Tip
    finalized: L2Tip
    checkpointed: L2Tip


def genesis_tip() -> L2Tip:
    """Give the tip before the first checkpoint.

    The block hash is the constant of an empty genesis, whatever the genesis state is: clients expect it.
    """
    return L2Tip(
        block=BlockId(number=0, hash=BlockHash(GENESIS_BLOCK_HEADER_HASH)),
        checkpoint=CheckpointId(number=0, hash=CheckpointHeader.empty().hash()),
    )


@record
class WorldStateSyncStatus(Record):
    """What the world state holds; `trees_are_synched` is whether it stands at one block."""

    latest_block_number: U32
    latest_block_hash: BlockHashMember
    finalized_block_number: U32
    oldest_historic_block_number: U32
    trees_are_synched: Flag


@record
class AllowedElement(Record):
    """A function that transactions may call in the setup phase, of one contract or of one class."""

    address: Annotated[Fr | None, OptionalCodec(FrCodec())] = None
    class_id: Annotated[Fr | None, OptionalCodec(FrCodec())] = None
    selector: SelectorMember
    calldata_length: Annotated[int | None, OptionalCodec(UintCodec(4))] = None
    only_self: Annotated[bool | None, OptionalCodec(BoolCodec())] = None
    reject_null_msg_sender: Annotated[bool | None, OptionalCodec(BoolCodec())] = None
