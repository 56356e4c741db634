"""Stored blocks that are not known to be on L1, as checkpoints that can be sent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from aztecd.builder import AssembledCheckpoint, BlobCommitter, assemble_checkpoint
from aztecd.constants import L1_TO_L2_MESSAGES_PER_CHECKPOINT
from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.l1 import CheckpointOnL1, ProposeRequest, PublishError, SlotClock
from aztecd.node.ledger import Ledger
from aztecd.protocol.basic import BlockNumber, CheckpointNumber, SlotNumber
from aztecd.protocol.block import L2Block
from aztecd.protocol.checkpoint import CheckpointData
from aztecd.state import TreeId

__all__ = ["Proposal", "Proposals"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A checkpoint that is stored but not known to be on L1, ready to be sent."""

    blocks: tuple[L2Block, ...] = field(repr=False)
    request: ProposeRequest
    out_hash: Fr
    prepared_s: float
    """How long it took to make it ready, most of it for the blobs' commitments."""

    @property
    def slot(self) -> SlotNumber:
        """The slot that it is for."""
        return SlotNumber(self.request.header.slot_number)

    def data(self, published: CheckpointOnL1) -> CheckpointData:
        """Make the stored record of the checkpoint at its place on L1."""
        return CheckpointData(
            header=self.request.header,
            archive=self.blocks[-1].archive,
            checkpoint_out_hash=self.out_hash,
            checkpoint_number=self.request.checkpoint_number,
            start_block=self.blocks[0].number,
            block_count=len(self.blocks),
            l1=published.published_data,
            attestations=(),
        )


class Proposals:
    """Finds proposed blocks in the stores and makes their checkpoints ready. Used in the writer's thread."""

    def __init__(self, ledger: Ledger, committer: BlobCommitter, clock: SlotClock) -> None:
        self._ledger = ledger
        self._committer = committer
        self._clock = clock

    @property
    def has_blocks(self) -> bool:
        """Whether there are any; any thread may ask."""
        tips = self._ledger.chain.tips()
        return tips.proposed.number > tips.checkpointed.number

    def groups(self) -> list[list[L2Block]]:
        """Read all of them, by checkpoint."""
        tips = self._ledger.chain.tips()
        blocks = [
            block
            for number in range(tips.checkpointed.number + 1, tips.proposed.number + 1)
            if (block := self._ledger.chain.block(BlockNumber(number))) is not None
        ]
        return [list(group) for _, group in groupby(blocks, key=lambda block: block.checkpoint_number)]

    def is_stored(self, proposal: Proposal) -> bool:
        """Whether the store still has exactly these blocks."""
        stored = self._ledger.chain.block(proposal.blocks[-1].number)
        return stored is not None and stored.archive == proposal.blocks[-1].archive

    def make(self, blocks: Sequence[L2Block]) -> Proposal:
        """Make a stored checkpoint ready to be sent.

        Raises PublishError when L1 has other messages for it now than it was built with.
        """
        messages = self._ledger.chain.messages_of_checkpoint(blocks[0].checkpoint_number)
        self._require_built_with(blocks[0], messages)
        started = time.perf_counter()
        assembled = self._assemble(blocks, messages)
        checkpoint = assembled.checkpoint
        return Proposal(
            blocks=tuple(blocks),
            request=ProposeRequest(
                checkpoint_number=CheckpointNumber(checkpoint.number),
                archive=checkpoint.archive.root,
                header=checkpoint.header,
                blobs=assembled.blobs,
                blob_commitments=assembled.commitments,
            ),
            out_hash=assembled.out_hash,
            prepared_s=time.perf_counter() - started,
        )

    def _require_built_with(self, first: L2Block, messages: Sequence[Fr]) -> None:
        """Compare the messages of a checkpoint with those in the trees of its first block.

        L1 compares the messages with the checkpoint's header only, so it would take a block that was built
        before L1 went back and got other messages. Nobody else could follow it.
        """
        world_state = self._ledger.world_state
        if first.number < world_state.oldest_historical_block:
            return
        view = world_state.at(first.number)
        start = (first.checkpoint_number - 1) * L1_TO_L2_MESSAGES_PER_CHECKPOINT
        expected = [*messages, FR_ZERO][:L1_TO_L2_MESSAGES_PER_CHECKPOINT]
        for index, leaf in enumerate(expected, start):
            if view.leaf(TreeId.L1_TO_L2_MESSAGE, index) != leaf:
                raise PublishError(
                    f"block {first.number} was built with other messages from L1 than checkpoint "
                    f"{first.checkpoint_number} has now"
                )

    def _assemble(self, blocks: Sequence[L2Block], messages: Sequence[Fr]) -> AssembledCheckpoint:
        epoch = self._clock.epoch_of(blocks[0].header.slot)
        earlier = [
            data.checkpoint_out_hash
            for data in self._ledger.chain.checkpoints_of_epoch(epoch)
            if data.checkpoint_number < blocks[0].checkpoint_number
        ]
        return assemble_checkpoint(
            blocks=blocks, messages=messages, earlier_out_hashes=earlier, committer=self._committer
        )
