"""A block: its header and the effects of its transactions.

Authority: @aztec/stdlib src/block/l2_block.ts, src/block/body.ts (4.1.2).
"""

from __future__ import annotations

from typing import Annotated

from aztecd.protocol.basic import U32, BlockHash, BlockNumber, CheckpointNumber
from aztecd.protocol.codec import ListCodec
from aztecd.protocol.effect import TxEffect
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.record import Record, record
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot

__all__ = ["Body", "L2Block"]


@record
class Body(Record):
    """The effects of a block's transactions, in order."""

    tx_effects: Annotated[tuple[TxEffect, ...], ListCodec(TxEffect.codec, count_size=4)]


@record
class L2Block(Record):
    """A block; `archive` is the archive after it. Its member order in bytes differs from that in JSON."""

    archive: AppendOnlyTreeSnapshot
    header: BlockHeader
    body: Body
    checkpoint_number: U32
    index_within_checkpoint: U32

    @property
    def number(self) -> BlockNumber:
        """The block's number."""
        return self.header.number

    @property
    def checkpoint(self) -> CheckpointNumber:
        """The number of the checkpoint that the block belongs to."""
        return CheckpointNumber(self.checkpoint_number)

    @property
    def is_first_in_checkpoint(self) -> bool:
        """Whether the checkpoint begins with this block."""
        return self.index_within_checkpoint == 0

    def hash(self) -> BlockHash:
        """Compute the block hash."""
        return self.header.hash()

    def to_buffer(self) -> bytes:
        """Give the block's bytes as the reference orders them: the header comes first."""
        return (
            self.header.encode()
            + self.archive.encode()
            + self.body.encode()
            + self.checkpoint_number.to_bytes(4, "big")
            + self.index_within_checkpoint.to_bytes(4, "big")
        )
