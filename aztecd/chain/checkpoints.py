"""Checkpoints: the blocks that L1 has, grouped as they were published.

The fee asset price modifier is not kept: the reference answers zero for every checkpoint that it reads
back. Authority: @aztec/archiver src/store/block_store.ts (addCheckpoints), @aztec/stdlib
src/checkpoint/validate.ts (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.chain.blocks import BlockRecord, read_record, require_block, require_record
from aztecd.chain.effects import require_effect
from aztecd.chain.errors import ChainCorruptError, InvalidCheckpointError
from aztecd.chain.keys import by_slot_key, checkpoint_key, pack_number, unpack_number
from aztecd.constants import MAX_BLOCKS_PER_CHECKPOINT
from aztecd.protocol.checkpoint import Checkpoint, CheckpointData, PublishedCheckpoint
from aztecd.storage.kv import prefix_end
from aztecd.storage.schema import Prefix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aztecd.chain.overlay import Overlay, Reader
    from aztecd.crypto.field import Fr

__all__ = [
    "block_numbers",
    "check_against_blocks",
    "checkpoints_between_slots",
    "l2_to_l1_messages",
    "published_checkpoint",
    "read_checkpoint",
    "require_checkpoint",
    "stage_checkpoint_record",
    "stage_checkpoint_removal",
]

_MAX_SLOT = (1 << 64) - 1


def read_checkpoint(reader: Reader, number: int) -> CheckpointData | None:
    """Read a checkpoint; there is none with number 0."""
    data = reader.get(checkpoint_key(number)) if number > 0 else None
    return None if data is None else CheckpointData.decode(data)


def require_checkpoint(reader: Reader, number: int) -> CheckpointData:
    """Read a checkpoint that must be there. Raises ChainCorruptError."""
    data = read_checkpoint(reader, number)
    if data is None:
        raise ChainCorruptError.missing(f"checkpoint {number}")
    return data


def checkpoints_between_slots(reader: Reader, first: int, stop: int) -> Iterator[CheckpointData]:
    """Give the checkpoints whose slots lie in [first, stop), in order. Raises ChainCorruptError."""
    if first > _MAX_SLOT:
        return
    end = by_slot_key(stop) if stop <= _MAX_SLOT else prefix_end(Prefix.CHAIN_CHECKPOINT_BY_SLOT.key)
    for _, value in reader.iterate(start=by_slot_key(first), stop=end):
        yield require_checkpoint(reader, unpack_number(value))


def published_checkpoint(reader: Reader, data: CheckpointData) -> PublishedCheckpoint:
    """Put a checkpoint together with its blocks. Raises ChainCorruptError."""
    checkpoint = Checkpoint(
        archive=data.archive,
        header=data.header,
        blocks=tuple([require_block(reader, number) for number in block_numbers(data)]),
        number=data.checkpoint_number,
        fee_asset_price_modifier=0,
    )
    return PublishedCheckpoint(checkpoint=checkpoint, l1=data.l1, attestations=data.attestations)


def l2_to_l1_messages(reader: Reader, data: CheckpointData) -> list[list[tuple[Fr, ...]]]:
    """Give the hashes of a checkpoint's messages to L1 by block and transaction. Raises ChainCorruptError."""
    return [
        [
            require_effect(reader, number, index).l2_to_l1_messages()
            for index in range(require_record(reader, number).tx_count)
        ]
        for number in block_numbers(data)
    ]


def block_numbers(data: CheckpointData) -> range:
    """Give the numbers of a checkpoint's blocks."""
    return range(data.start_block, data.start_block + data.block_count)


def check_against_blocks(reader: Reader, data: CheckpointData) -> None:
    """Compare a checkpoint with the blocks that it names. Raises InvalidCheckpointError."""
    name = f"checkpoint {data.checkpoint_number}"
    if not 1 <= data.block_count <= MAX_BLOCKS_PER_CHECKPOINT:
        raise InvalidCheckpointError(
            f"{name} has {data.block_count} blocks, not 1 to {MAX_BLOCKS_PER_CHECKPOINT}"
        )
    for position in range(data.block_count):
        number = data.start_block + position
        record = read_record(reader, number)
        if record is None:
            raise InvalidCheckpointError(f"{name} has block {number}, which is not on the chain")
        _check_block(name, number, position, record, data)
        if position == data.block_count - 1 and record.archive != data.archive:
            raise InvalidCheckpointError(
                f"{name} ends with archive 0x{data.archive.root.hex()}, block {number} with "
                f"0x{record.archive.root.hex()}"
            )


def _check_block(name: str, number: int, position: int, record: BlockRecord, data: CheckpointData) -> None:
    if record.checkpoint_number != data.checkpoint_number or record.index_within_checkpoint != position:
        raise InvalidCheckpointError(
            f"block {number} is number {record.index_within_checkpoint} of checkpoint "
            f"{record.checkpoint_number}, not number {position} of {name}"
        )
    header = record.header()
    if position == 0 and header.last_archive.root != data.header.last_archive_root:
        raise InvalidCheckpointError(
            f"{name} follows archive 0x{data.header.last_archive_root.hex()}, block {number} follows "
            f"0x{header.last_archive.root.hex()}"
        )
    if header.slot != data.header.slot_number:
        raise InvalidCheckpointError(
            f"{name} is of slot {data.header.slot_number}, block {number} of {header.slot}"
        )


def stage_checkpoint_record(overlay: Overlay, data: CheckpointData) -> None:
    """Stage a checkpoint and its look-up by slot."""
    overlay.put(checkpoint_key(data.checkpoint_number), data.encode())
    overlay.put(by_slot_key(data.header.slot_number), pack_number(data.checkpoint_number))


def stage_checkpoint_removal(overlay: Overlay, data: CheckpointData) -> None:
    """Stage the removal of what `stage_checkpoint_record` stored."""
    overlay.delete(checkpoint_key(data.checkpoint_number))
    overlay.delete(by_slot_key(data.header.slot_number))
