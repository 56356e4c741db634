"""Everything that the node stores, changed together.

One write batch per change covers the trees and the chain, so that after a crash the store is at a block
boundary, always. The pool follows with a batch of its own; when it is opened it asks the chain which of its
transactions are in blocks, so a crash in between loses and repeats nothing.

Only the writer's thread calls the methods that change something; readers in other threads see
the old or the new state of each part, never half of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from aztecd.builder import BuiltBlock
from aztecd.chain import ChainStore, InboxMessage, RejectedPublication
from aztecd.crypto.field import Fr
from aztecd.mempool import Mempool
from aztecd.protocol.basic import BlockNumber, CheckpointNumber, LeafIndex
from aztecd.protocol.block import L2Block
from aztecd.protocol.checkpoint import CheckpointData
from aztecd.state import Fork, StateOrderError, WorldState
from aztecd.storage import KeyValueStore, WriteBatch

__all__ = ["Ledger"]


class Ledger:
    """The stores of one node and the changes that span them."""

    def __init__(
        self,
        *,
        store: KeyValueStore,
        world_state: WorldState,
        chain: ChainStore,
        mempool: Mempool,
        genesis_archive_root: Fr,
    ) -> None:
        self.store = store
        self.world_state = world_state
        self.chain = chain
        self.mempool = mempool
        self.genesis_archive_root = genesis_archive_root
        self.state_version = 0
        """Grows with every change that a client can see on the chain."""
        self.reorg_count = 0
        """Grows when blocks are removed: answers about them are no longer true."""

    def commit_block(self, built: BuiltBlock) -> tuple[RejectedPublication, ...]:
        """Store a new block as proposed; its transactions leave the pending pool.

        Gives what the block's logs claim to publish but do not.
        """
        number = built.block.number
        with self._change() as batch:
            self.world_state.stage_commit(batch, built.fork, number)
            rejected = self.chain.stage_block(batch, built.block)
        self._show(trees_at=number)
        self._tell_pool(built.block)
        return rejected

    def take_block(
        self, block: L2Block, fork: Fork, *, completes: CheckpointData | None
    ) -> tuple[RejectedPublication, ...]:
        """Store a block that L1 has, whose effects were applied to `fork` and compared.

        With `completes`, the record of the checkpoint that it is the last block of, in the same batch. Not
        synced to the disk: after a power failure the store lacks the newest blocks, and L1 still has them.
        """
        with self._change(sync=False) as batch:
            self.world_state.stage_commit(batch, fork, block.number)
            rejected = self.chain.stage_block(batch, block)
            if completes is not None:
                self.chain.stage_checkpoint(batch, completes)
        self._show(trees_at=block.number)
        self._tell_pool(block)
        return rejected

    def _tell_pool(self, block: L2Block) -> None:
        effects = block.body.tx_effects
        self.mempool.on_block(
            block.number,
            block.header.global_variables.timestamp,
            [effect.tx_hash for effect in effects],
            [nullifier for effect in effects for nullifier in effect.nullifiers],
        )
        self.mempool.on_slot(block.header.slot)

    def commit_checkpoint(self, data: CheckpointData) -> None:
        """Mark the blocks of a checkpoint as published, or give it its new place on L1."""
        with self._change() as batch:
            self.chain.stage_checkpoint(batch, data)
        self._show()

    def store_messages(
        self,
        messages: Sequence[InboxMessage],
        *,
        remove_from: LeafIndex | None,
        also: Callable[[WriteBatch], None],
    ) -> None:
        """Store messages from L1, after removing those from an index on; `also` adds to the same batch."""
        with self._change(sync=False) as batch:
            if remove_from is not None:
                self.chain.stage_messages_removal(batch, remove_from)
            self.chain.stage_messages(batch, messages)
            also(batch)
        self._show()

    def advance_tips(self, *, proven: CheckpointNumber, finalized: CheckpointNumber, history: int) -> None:
        """Take over what L1 says is proven and finalized; drop history that nobody keeps.

        `history` is the number of checkpoints below the finalized one whose state is kept, 0 for all.
        """
        tips = self.chain.tips()
        newest = tips.checkpointed.checkpoint_number
        proven = max(min(proven, newest), tips.finalized.checkpoint_number)
        finalized = min(finalized, proven)
        if proven == tips.proven.checkpoint_number and finalized == tips.finalized.checkpoint_number:
            return
        finalized_block = self._last_block_of(finalized)
        is_finalizing = False
        with self._change() as batch:
            if proven != tips.proven.checkpoint_number:
                self.chain.stage_proven(batch, proven)
            if finalized > tips.finalized.checkpoint_number and finalized_block is not None:
                self.chain.stage_finalized(batch, finalized)
                self.world_state.stage_finalize(batch, finalized_block)
                is_finalizing = True
        self._show(trees_at=self.world_state.tip if is_finalizing else None)
        if is_finalizing and finalized_block is not None:
            self.mempool.on_finalized(finalized_block)
        self._prune(finalized, history)

    def rewind(self, to_block: BlockNumber) -> None:
        """Remove all blocks above `to_block`; their transactions return to the pool."""
        with self._change() as batch:
            self.chain.stage_rewind(batch, to_block)
            self.world_state.stage_rewind(batch, to_block)
        self._show(trees_at=to_block)
        # Only now: an answer that is kept under the new count must not be about a removed block.
        self.reorg_count += 1
        self.mempool.on_rewind(to_block)

    @contextmanager
    def _change(self, *, sync: bool = True) -> Iterator[WriteBatch]:
        """Fill a batch and write it; what was staged is forgotten when anything fails.

        A write that failed may have taken effect all the same: after a StorageError only a restart finds out.
        """
        batch = self.store.batch()
        try:
            yield batch
            self.store.write(batch, sync=sync)
        except BaseException:
            with suppress(StateOrderError):  # the record of the tip may be gone
                self.world_state.discard()
            self.chain.discard()
            raise

    def _show(self, *, trees_at: int | None = None) -> None:
        """Let readers see what was written; `trees_at` is the trees' block when the batch changed them."""
        # A reader takes the tip from the chain and then reads the trees at that block, so the trees come
        # first when blocks are added. After a rewind a reader may hold a removed block: it gets an error.
        if trees_at is not None:
            self.world_state.applied(trees_at)
        self.chain.applied()
        self.state_version += 1

    def _prune(self, finalized: CheckpointNumber, history: int) -> None:
        if history < 1 or finalized < history:
            return
        oldest = self.chain.checkpoint_data(CheckpointNumber(finalized - history + 1))
        if oldest is None or oldest.start_block <= max(self.world_state.oldest_historical_block, 1):
            return
        with self._change() as batch:
            self.world_state.stage_prune(batch, oldest.start_block)
        self._show(trees_at=self.world_state.tip)

    def _last_block_of(self, checkpoint: CheckpointNumber) -> BlockNumber | None:
        data = self.chain.checkpoint_data(checkpoint)
        return None if data is None else data.end_block
