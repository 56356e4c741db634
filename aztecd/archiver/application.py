"""Take a checkpoint from L1 into the stores: replay its effects, compare every root, commit.

A checkpoint of several blocks is stored block by block, the last together with the checkpoint's record. After
a crash in between its first blocks are there as proposed ones, and are recognised by their hashes.

Not verified, as in the reference: private proofs, and without `verify` the execution of public calls.

Authority: @aztec/world-state src/native/native_world_state.ts, @aztec/archiver
src/modules/data_store_updater.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import structlog

from aztecd.archiver.errors import CheckpointRefusedError
from aztecd.archiver.retrieval import RetrievedCheckpoint
from aztecd.chain import InvalidBlockError, InvalidCheckpointError
from aztecd.crypto.field import Fr
from aztecd.crypto.poseidon2 import hash_pair
from aztecd.errors import InvalidInputError
from aztecd.l1 import RollupReader
from aztecd.node.ledger import Ledger
from aztecd.protocol.basic import BlockNumber, CheckpointNumber
from aztecd.protocol.block import L2Block
from aztecd.protocol.checkpoint import CheckpointData
from aztecd.state import BlockChanges, Fork, TreeId, TxChanges, apply_block
from aztecd.trees.message_trees import (
    block_out_hash,
    checkpoint_out_hash,
    epoch_out_hash,
    in_hash,
    tx_out_hash,
)
from aztecd.trees.unbalanced import unbalanced_root

__all__ = ["BlockVerifier", "CheckpointApplier"]

_log = structlog.get_logger("aztecd.archiver")


class BlockVerifier(Protocol):
    """Looks closer at a block than a follower has to."""

    def verify(self, block: L2Block, messages: Sequence[Fr], fork: Fork) -> None:
        """Compare a block with what we get ourselves on the state before it.

        The fork is as it was afterwards. Raises CheckpointRefusedError.
        """
        ...


class CheckpointApplier:
    """Adds checkpoints to the ledger. All methods run in the writer's thread."""

    def __init__(self, ledger: Ledger, reader: RollupReader, verifier: BlockVerifier | None = None) -> None:
        self._ledger = ledger
        self._clock = reader.clock
        self._verifier = verifier

    def apply(self, retrieved: RetrievedCheckpoint) -> None:
        """Add the next checkpoint. Own proposed blocks that it does not contain are undone.

        Nothing happens if it is stored: our sequencer may mark its own while it is read.

        Raises CheckpointRefusedError; nothing of the checkpoint is left then.
        """
        chain, number = self._ledger.chain, retrieved.number
        stored = chain.checkpoint_data(number)
        if stored is not None and stored.archive == retrieved.checkpoint.archive:
            return
        if number != chain.tips().checkpointed.checkpoint_number + 1:
            raise CheckpointRefusedError(f"checkpoint {number} does not follow the last one that is stored")
        messages = self._messages(retrieved)
        data = self._data(retrieved)
        known = self._known_blocks(retrieved)
        try:
            for block in retrieved.blocks[known:]:
                is_last = block is retrieved.blocks[-1]
                self._take(block, messages if block.is_first_in_checkpoint else (), data if is_last else None)
        except CheckpointRefusedError:
            tips = chain.tips()
            if tips.proposed.number > tips.checkpointed.number:
                self._ledger.rewind(tips.checkpointed.number)
            raise
        if known == len(retrieved.blocks):
            self._ledger.commit_checkpoint(data)

    def _messages(self, retrieved: RetrievedCheckpoint) -> tuple[Fr, ...]:
        """Give the checkpoint's messages from L1, which its header commits to and L1 has compared."""
        messages = self._ledger.chain.messages_of_checkpoint(retrieved.number)
        if in_hash(messages) != retrieved.checkpoint.header.in_hash:
            raise CheckpointRefusedError(
                f"Mismatch inHash for checkpoint {retrieved.number}: its header has "
                f"0x{retrieved.checkpoint.header.in_hash.hex()}, the {len(messages)} messages from L1 another"
            )
        return messages

    def _known_blocks(self, retrieved: RetrievedCheckpoint) -> int:
        """Count the first blocks of a checkpoint that are stored already; undo others in their place."""
        chain = self._ledger.chain
        tips = chain.tips()
        known = 0
        for block in retrieved.blocks:
            if block.number > tips.proposed.number:
                break
            stored = chain.block(block.number)
            if stored != block:
                break
            known += 1
        kept = BlockNumber(tips.checkpointed.number + known)
        if kept < tips.proposed.number:
            _log.info(
                "proposed_blocks_undone", kept=kept, had=tips.proposed.number, checkpoint=retrieved.number
            )
            self._ledger.rewind(kept)
        return known

    def _take(self, block: L2Block, messages: Sequence[Fr], completes: CheckpointData | None) -> None:
        fork = self._ledger.world_state.fork()
        if fork.snapshot(TreeId.ARCHIVE) != block.header.last_archive:
            raise CheckpointRefusedError(
                f"block {block.number} on L1 does not follow ours: its archive was "
                f"0x{block.header.last_archive.root.hex()}, ours is 0x{fork.root(TreeId.ARCHIVE).hex()}"
            )
        if self._verifier is not None:
            self._verifier.verify(block, messages, fork)
        try:
            apply_block(fork, _changes(block, messages))
        except InvalidInputError as error:
            raise CheckpointRefusedError(f"block {block.number} on L1 is not valid: {error}") from error
        if fork.snapshot(TreeId.ARCHIVE) != block.archive:
            raise CheckpointRefusedError(
                f"block {block.number} on L1 claims archive 0x{block.archive.root.hex()}, its header leads "
                f"to 0x{fork.root(TreeId.ARCHIVE).hex()}"
            )
        try:
            ignored = self._ledger.take_block(block, fork, completes=completes)
        except (InvalidBlockError, InvalidCheckpointError) as error:
            raise CheckpointRefusedError(f"block {block.number} on L1 does not fit: {error}") from error
        for rejected in ignored:
            _log.warning("publication_ignored", block=block.number, reason=str(rejected))

    def _data(self, retrieved: RetrievedCheckpoint) -> CheckpointData:
        """Make the record; say when the header claims what no proof of the epoch will bear out."""
        checkpoint = retrieved.checkpoint
        header, blocks = checkpoint.header, checkpoint.blocks
        out_hash = checkpoint_out_hash(
            [
                block_out_hash([tx_out_hash(effect.l2_to_l1_msgs) for effect in block.body.tx_effects])
                for block in blocks
            ]
        )
        epoch = self._clock.epoch_of(header.slot_number)
        earlier = [
            data.checkpoint_out_hash
            for data in self._ledger.chain.checkpoints_of_epoch(epoch)
            if data.checkpoint_number < checkpoint.number
        ]
        wrong = [
            name
            for name, ours, theirs in (
                ("epochOutHash", epoch_out_hash([*earlier, out_hash]), header.epoch_out_hash),
                (
                    "blockHeadersHash",
                    unbalanced_root([block.hash() for block in blocks], hash_pair),
                    header.block_headers_hash,
                ),
                (
                    "totalManaUsed",
                    sum(block.header.total_mana_used for block in blocks),
                    header.total_mana_used,
                ),
            )
            if ours != theirs
        ]
        if wrong:
            _log.warning("checkpoint_not_provable", checkpoint=checkpoint.number, wrong=wrong)
        return CheckpointData(
            header=header,
            archive=checkpoint.archive,
            checkpoint_out_hash=out_hash,
            checkpoint_number=checkpoint.number,
            start_block=blocks[0].number,
            block_count=len(blocks),
            l1=retrieved.l1,
            attestations=retrieved.attestations,
        )


def last_block_of(ledger: Ledger, checkpoint: CheckpointNumber) -> BlockNumber:
    """Give the last block of a stored checkpoint, 0 before the first."""
    data = ledger.chain.checkpoint_data(checkpoint)
    return BlockNumber(0) if data is None else data.end_block


def _changes(block: L2Block, messages: Sequence[Fr]) -> BlockChanges:
    return BlockChanges(
        number=block.number,
        index_within_checkpoint=block.index_within_checkpoint,
        l1_to_l2_messages=messages,
        txs=[TxChanges.of(effect) for effect in block.body.tx_effects],
        header_hash=block.hash(),
        state=block.header.state,
    )
