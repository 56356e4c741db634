"""A checkpoint: the blocks that one L1 transaction publishes, and its header.

Authority: @aztec/stdlib src/rollup/checkpoint_header.ts, src/checkpoint/*.ts,
src/block/l2_block_stream (tips), src/block/proposal/committee_attestation.ts (4.1.2).
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from aztecd.constants import MAX_BLOCKS_PER_CHECKPOINT
from aztecd.crypto.field import Fr
from aztecd.crypto.sha256 import sha256_trunc
from aztecd.protocol.basic import (
    U32,
    U64,
    AztecAddressMember,
    BlockNumber,
    CheckpointNumber,
    EpochNumber,
    EthAddressMember,
    FrMember,
    SlotNumber,
    Word,
)
from aztecd.protocol.block import L2Block
from aztecd.protocol.codec import BytesCodec, IntCodec, JsonValue, ListCodec, Reader, SchemaError, UintCodec
from aztecd.protocol.gas import GasFees
from aztecd.protocol.record import Record, record
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot

__all__ = [
    "Checkpoint",
    "CheckpointData",
    "CheckpointHeader",
    "CheckpointedL2Block",
    "CommitteeAttestation",
    "L1PublishedData",
    "PublishedCheckpoint",
]


@record
class CheckpointHeader(Record):
    """316 bytes. `epoch_out_hash` accumulates the epoch's messages up to and including this checkpoint."""

    last_archive_root: FrMember
    block_headers_hash: FrMember
    blobs_hash: FrMember
    in_hash: FrMember
    epoch_out_hash: FrMember
    slot_number: Annotated[int, UintCodec(32)]
    timestamp: U64
    coinbase: EthAddressMember
    fee_recipient: AztecAddressMember
    gas_fees: GasFees
    total_mana_used: Word

    @property
    def slot(self) -> SlotNumber:
        """The slot of all blocks of the checkpoint."""
        return SlotNumber(self.slot_number)

    def hash(self) -> Fr:
        """Compute the checkpoint's hash."""
        return sha256_trunc(self.encode())


@record
class Checkpoint(Record):
    """Consecutive blocks of one slot; `archive` is the archive after the last."""

    archive: AppendOnlyTreeSnapshot
    header: CheckpointHeader
    blocks: Annotated[
        tuple[L2Block, ...], ListCodec(L2Block.codec, count_size=4, limit=MAX_BLOCKS_PER_CHECKPOINT)
    ]
    number: U32
    fee_asset_price_modifier: Annotated[int, IntCodec(32)]


@record
class L1PublishedData(Record):
    """The L1 block that a checkpoint was published in."""

    block_number: U64
    timestamp: U64
    block_hash: Annotated[bytes, BytesCodec(32)]


_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{128}[0-9a-fA-F]{1,2}")


class _SignatureCodec:
    """65 bytes r, s, v; in JSON `v` follows in hexadecimal digits without padding."""

    def write(self, value: bytes, out: bytearray) -> None:
        out += value

    def read(self, reader: Reader) -> bytes:
        return reader.take(65)

    def fields(self, value: bytes, out: list[bytes]) -> None:
        raise TypeError("a signature has no field form")

    def to_json(self, value: bytes) -> JsonValue:
        return f"0x{value[:64].hex()}{value[64]:x}"

    def from_json(self, value: JsonValue, path: str) -> bytes:
        if not isinstance(value, str) or not _SIGNATURE.fullmatch(value):
            raise SchemaError("Not a valid signature", path)
        return bytes.fromhex(value[2:130]) + bytes([int(value[130:], 16)])

    def zero(self) -> Any:
        return bytes(65)


@record
class CommitteeAttestation(Record):
    """A committee member and its signature over the checkpoint."""

    address: EthAddressMember
    signature: Annotated[bytes, _SignatureCodec()]


_ATTESTATIONS = ListCodec(CommitteeAttestation.codec, count_size=4)


@record
class PublishedCheckpoint(Record):
    """A checkpoint with its place on L1."""

    checkpoint: Checkpoint
    l1: L1PublishedData
    attestations: Annotated[tuple[CommitteeAttestation, ...], _ATTESTATIONS]


@record
class CheckpointedL2Block(Record):
    """A block with its checkpoint's place on L1."""

    checkpoint_number: U32
    block: L2Block
    l1: L1PublishedData
    attestations: Annotated[tuple[CommitteeAttestation, ...], _ATTESTATIONS]


@record
class CheckpointData(Record):
    """A published checkpoint without its blocks: what is kept of it beside them."""

    header: CheckpointHeader
    archive: AppendOnlyTreeSnapshot
    checkpoint_out_hash: FrMember
    checkpoint_number: U32
    start_block: U32
    block_count: U32
    l1: L1PublishedData
    attestations: Annotated[tuple[CommitteeAttestation, ...], _ATTESTATIONS]

    @property
    def number(self) -> CheckpointNumber:
        """The checkpoint's number."""
        return CheckpointNumber(self.checkpoint_number)

    @property
    def end_block(self) -> BlockNumber:
        """The number of the checkpoint's last block."""
        return BlockNumber(self.start_block + self.block_count - 1)

    def epoch(self, epoch_duration: int) -> EpochNumber:
        """Give the epoch; `epoch_duration` is in slots."""
        return EpochNumber(self.header.slot_number // epoch_duration)
