"""Block records: header, archive, and how many transactions follow.

    hash 32 | timestamp u64 | transactions u32 | checkpoint u32 | index in it u32 | archive 36 | header 440

Authority of what continues a chain: @aztec/archiver src/store/block_store.ts (4.1.2).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aztecd.chain.effects import TxLocation, read_effect
from aztecd.chain.errors import ChainCorruptError
from aztecd.chain.keys import block_key, by_archive_key, by_hash_key, pack_number, unpack_number
from aztecd.chain.logs import class_logs_of_tx, public_logs_of_tx
from aztecd.constants import ARCHIVE_HEIGHT
from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.crypto.poseidon2 import hash_pair
from aztecd.protocol.basic import BlockHash, BlockNumber
from aztecd.protocol.block import Body, L2Block
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot

if TYPE_CHECKING:
    from aztecd.chain.overlay import Overlay, Reader
    from aztecd.protocol.effect import TxEffect

__all__ = [
    "BlockRecord",
    "genesis_archive",
    "genesis_block",
    "read_block",
    "read_effects",
    "read_hash",
    "read_number_of_archive",
    "read_number_of_hash",
    "read_record",
    "read_tx_effect",
    "require_block",
    "require_record",
    "stage_record",
]

_HEAD = struct.Struct(">32sQIII")
_ARCHIVE_SIZE = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRecord:
    """A block without its effects; the header is decoded when asked for."""

    hash: BlockHash
    timestamp: int
    tx_count: int
    checkpoint_number: int
    index_within_checkpoint: int
    archive: AppendOnlyTreeSnapshot
    header_bytes: bytes

    def header(self) -> BlockHeader:
        """Decode the header."""
        return BlockHeader.decode(self.header_bytes)

    def encode(self) -> bytes:
        """Give the record's bytes."""
        head = _HEAD.pack(
            self.hash, self.timestamp, self.tx_count, self.checkpoint_number, self.index_within_checkpoint
        )
        return head + self.archive.encode() + self.header_bytes

    @classmethod
    def decode(cls, data: bytes) -> BlockRecord:
        """Read the record's bytes."""
        block_hash, timestamp, tx_count, checkpoint_number, index = _HEAD.unpack_from(data)
        end = _HEAD.size + _ARCHIVE_SIZE
        return cls(
            hash=BlockHash(Fr(block_hash)),
            timestamp=timestamp,
            tx_count=tx_count,
            checkpoint_number=checkpoint_number,
            index_within_checkpoint=index,
            archive=AppendOnlyTreeSnapshot.decode(data[_HEAD.size : end]),
            header_bytes=data[end:],
        )

    @classmethod
    def of(cls, block: L2Block) -> BlockRecord:
        """Make the record of a block; computes its hash."""
        return cls(
            hash=block.hash(),
            timestamp=block.header.global_variables.timestamp,
            tx_count=len(block.body.tx_effects),
            checkpoint_number=block.checkpoint_number,
            index_within_checkpoint=block.index_within_checkpoint,
            archive=block.archive,
            header_bytes=block.header.encode(),
        )


def genesis_block(header: BlockHeader) -> L2Block:
    """Give block 0 as the API does: a zero archive snapshot and no effects (its L2Block)."""
    return L2Block(
        archive=AppendOnlyTreeSnapshot.empty(),
        header=header,
        body=Body(tx_effects=()),
        checkpoint_number=0,
        index_within_checkpoint=0,
    )


def genesis_archive(genesis_hash: BlockHash) -> AppendOnlyTreeSnapshot:
    """Give the archive whose only leaf is the genesis header's hash: the `last_archive` of block 1."""
    root, empty = Fr(genesis_hash), FR_ZERO
    for _ in range(ARCHIVE_HEIGHT):
        root = hash_pair(root, empty)
        empty = hash_pair(empty, empty)
    return AppendOnlyTreeSnapshot(root=root, next_available_leaf_index=1)


def read_record(reader: Reader, number: int) -> BlockRecord | None:
    """Read the record of a block; block 0 has none."""
    data = reader.get(block_key(number)) if number > 0 else None
    return None if data is None else BlockRecord.decode(data)


def read_hash(reader: Reader, number: int) -> BlockHash | None:
    """Read a block's hash alone: the record's other parts cost five times as much to decode."""
    data = reader.get(block_key(number)) if number > 0 else None
    return None if data is None else BlockHash(Fr(data[:32]))


def require_record(reader: Reader, number: int) -> BlockRecord:
    """Read a record that must be there. Raises ChainCorruptError."""
    record = read_record(reader, number)
    if record is None:
        raise ChainCorruptError.missing(f"block {number}")
    return record


def require_block(reader: Reader, number: int) -> L2Block:
    """Read a whole block that must be there. Raises ChainCorruptError."""
    block = read_block(reader, number)
    if block is None:
        raise ChainCorruptError.missing(f"block {number}")
    return block


def read_number_of_hash(reader: Reader, block_hash: bytes) -> int | None:
    """Find a block by its hash, proposed blocks included."""
    data = reader.get(by_hash_key(block_hash))
    return None if data is None else unpack_number(data)


def read_number_of_archive(reader: Reader, archive_root: bytes) -> int | None:
    """Find a block by the archive root after it, proposed blocks included."""
    data = reader.get(by_archive_key(archive_root))
    return None if data is None else unpack_number(data)


def read_block(reader: Reader, number: int) -> L2Block | None:
    """Read a whole block. Raises ChainCorruptError if one of its effects is missing."""
    record = read_record(reader, number)
    if record is None:
        return None
    effects = read_effects(reader, number, record.tx_count)
    if effects is None:
        raise ChainCorruptError.missing(f"an effect of block {number}")
    return L2Block(
        archive=record.archive,
        header=record.header(),
        body=Body(tx_effects=effects),
        checkpoint_number=record.checkpoint_number,
        index_within_checkpoint=record.index_within_checkpoint,
    )


def read_effects(reader: Reader, number: int, count: int) -> tuple[TxEffect, ...] | None:
    """Read all effects of a block; None when one is missing."""
    effects = []
    for index in range(count):
        effect = read_tx_effect(reader, TxLocation(block_number=BlockNumber(number), tx_index=index))
        if effect is None:
            return None
        effects.append(effect)
    return tuple(effects)


def read_tx_effect(reader: Reader, location: TxLocation) -> TxEffect | None:
    """Put an effect together from its records; None when one is missing."""
    block, index = location.block_number, location.tx_index
    stored = read_effect(reader, block, index)
    if stored is None:
        return None
    public_logs = public_logs_of_tx(reader, block, index) if stored.public_log_count else ()
    class_logs = class_logs_of_tx(reader, block, index) if stored.class_log_count else ()
    if len(public_logs) != stored.public_log_count or len(class_logs) != stored.class_log_count:
        return None
    return stored.effect(public_logs, class_logs)


def stage_record(overlay: Overlay, number: int, record: BlockRecord) -> None:
    """Stage a block's record and its look-ups."""
    packed = pack_number(number)
    overlay.put(block_key(number), record.encode())
    overlay.put(by_hash_key(record.hash), packed)
    overlay.put(by_archive_key(record.archive.root), packed)
