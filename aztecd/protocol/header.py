"""The block header and its hash, which is the block's hash and its leaf in the archive.

Authority: @aztec/stdlib src/tx/block_header.ts, src/tx/global_variables.ts (4.1.2).
"""

from __future__ import annotations

from typing import Annotated

from aztecd.constants import DOM_SEP_BLOCK_HEADER_HASH
from aztecd.crypto.poseidon2 import hash_with_separator
from aztecd.protocol.basic import (
    U32,
    U64,
    AztecAddressMember,
    BlockHash,
    BlockNumber,
    EthAddressMember,
    FrMember,
    SlotNumber,
    Word,
)
from aztecd.protocol.codec import UintCodec
from aztecd.protocol.gas import GasFees
from aztecd.protocol.record import Record, record
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot, StateReference

__all__ = ["BlockHeader", "GlobalVariables"]


@record
class GlobalVariables(Record):
    """What all transactions of a block see; `timestamp` is that of the slot, in seconds."""

    chain_id: Word
    version: Word
    block_number: U32
    slot_number: Annotated[int, UintCodec(4, "hex")]
    timestamp: U64
    coinbase: EthAddressMember
    fee_recipient: AztecAddressMember
    gas_fees: GasFees


@record
class BlockHeader(Record):
    """440 bytes, 22 fields. `last_archive` is before the block, `state` after its transactions."""

    last_archive: AppendOnlyTreeSnapshot
    state: StateReference
    sponge_blob_hash: FrMember
    global_variables: GlobalVariables
    total_fees: Word
    total_mana_used: Word

    @property
    def number(self) -> BlockNumber:
        """The block's number."""
        return BlockNumber(self.global_variables.block_number)

    @property
    def slot(self) -> SlotNumber:
        """The block's slot."""
        return SlotNumber(self.global_variables.slot_number)

    def hash(self) -> BlockHash:
        """Compute the block hash."""
        return BlockHash(hash_with_separator(DOM_SEP_BLOCK_HEADER_HASH, self.to_fields()))
