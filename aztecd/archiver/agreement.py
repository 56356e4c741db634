"""Compare our checkpoints with L1's, and go back to where both agree.

The archive root after a checkpoint says everything before it, so one comparison at the tip is enough, and a
search by halves finds where two chains part. A checkpoint can also have moved to another L1 block with the
same content: its place is then corrected.

Authority: @aztec/archiver src/modules/l1_synchronizer.ts (handleEpochPrune, rollback to the last common
checkpoint; 4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from aztecd.archiver.application import last_block_of
from aztecd.archiver.errors import FinalChainLostError, L1ContradictionError
from aztecd.archiver.retrieval import CheckpointRetriever
from aztecd.l1 import L1Snapshot, RollupReader
from aztecd.l1.reads import hex_bytes
from aztecd.l1.slots import L1_BLOCK_TIME_S
from aztecd.node.ledger import Ledger
from aztecd.node.recovery import archive_after, last_common_checkpoint
from aztecd.protocol.basic import CheckpointNumber
from aztecd.protocol.checkpoint import CheckpointData

__all__ = ["Agreement", "Outlook"]

_log = structlog.get_logger("aztecd.archiver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What has to happen so that our chain is a part of L1's."""

    stored: CheckpointNumber
    kept: CheckpointNumber
    """The last stored checkpoint that L1 has too, and will not prune."""
    target: CheckpointNumber
    """The last one on L1 that is not about to be pruned."""
    moved: tuple[CheckpointData, ...]
    """Kept checkpoints with their new places on L1."""
    reason: str = ""

    @property
    def needs_change(self) -> bool:
        """Whether the stores have something that L1 has not, or elsewhere."""
        return self.kept < self.stored or bool(self.moved)


class Agreement:
    """Our chain beside L1's. `compare` reads, in any thread; the others change, in the writer's."""

    def __init__(self, ledger: Ledger, reader: RollupReader, retriever: CheckpointRetriever) -> None:
        self._ledger = ledger
        self._reader = reader
        self._retriever = retriever

    def compare(self, snapshot: L1Snapshot) -> Outlook:
        """Compare with L1 at a block.

        Raises FinalChainLostError, L1ContradictionError, L1UnavailableError.
        """
        tips = self._ledger.chain.tips()
        stored = kept = tips.checkpointed.checkpoint_number
        status = self._reader.status(stored, snapshot.block_number)
        reason = ""
        if status.archive_at_mine != archive_after(self._ledger, stored):
            kept = self._last_common(min(stored, status.pending), snapshot.block_number)
            reason = "L1 has no such checkpoint" if status.pending < stored else "L1 has other checkpoints"
        target = status.pending
        # As far ahead as the reference looks for a prune.
        moment = snapshot.timestamp + L1_BLOCK_TIME_S
        if status.pending > status.proven and self._reader.can_prune_at(moment, snapshot.block_number):
            target = status.proven
            if kept > target:
                kept, reason = target, "their epoch was not proven in time"
        if kept < tips.finalized.checkpoint_number:
            raise FinalChainLostError(
                f"L1 has another chain after checkpoint {kept}, but checkpoint "
                f"{tips.finalized.checkpoint_number} was final: follow the L1 chain that belongs to the data "
                "directory, or begin with an empty one"
            )
        return Outlook(
            stored=stored,
            kept=kept,
            target=target,
            moved=self._moved(kept, tips.finalized.checkpoint_number, snapshot.block_number),
            reason=reason,
        )

    def restore(self, outlook: Outlook) -> None:
        """Do what the outlook says: undo what L1 has not, correct the places of what it has elsewhere."""
        if outlook.kept < outlook.stored:
            block = last_block_of(self._ledger, outlook.kept)
            _log.warning(
                "checkpoints_undone",
                kept=outlook.kept,
                undone=outlook.stored - outlook.kept,
                block=block,
                reason=outlook.reason,
            )
            self._ledger.rewind(block)
        for data in outlook.moved:
            self._ledger.commit_checkpoint(data)

    def drop_late_blocks(self, snapshot: L1Snapshot) -> None:
        """Undo proposed blocks whose slot has passed on L1: nobody can publish them any more."""
        tips = self._ledger.chain.tips()
        if tips.proposed.number == tips.checkpointed.number:
            return
        slot = self._ledger.chain.latest_header().slot
        if self._reader.clock.slot_at(snapshot.timestamp) > slot:
            _log.info(
                "proposed_blocks_undone", kept=tips.checkpointed.number, slot=slot, reason="slot is over"
            )
            self._ledger.rewind(tips.checkpointed.number)

    def l1_block_of(self, checkpoint: CheckpointNumber) -> int:
        """Give the L1 block from which on the events after a stored checkpoint are found."""
        data = self._ledger.chain.checkpoint_data(checkpoint)
        return self._reader.deployment.l1_start_block if data is None else data.l1.block_number

    def is_on_l1(self, number: int, block_hash: bytes) -> bool:
        """Whether L1 has that block now."""
        block = self._reader.client.call("eth_getBlockByNumber", hex(number), False)
        return isinstance(block, dict) and hex_bytes(block.get("hash")) == block_hash

    def _moved(self, kept: CheckpointNumber, final: CheckpointNumber, at: int) -> tuple[CheckpointData, ...]:
        """Find stored checkpoints that are in other L1 blocks now, newest backwards to one that is not."""
        number = kept
        while number > final:
            data = self._stored(number)
            if data.l1.block_number <= at and self.is_on_l1(data.l1.block_number, data.l1.block_hash):
                break
            number = CheckpointNumber(number - 1)
        if number == kept:
            return ()
        first = self.l1_block_of(number)
        events = self._retriever.events(first, at, at=at, after=number, upto=kept)
        if len(events) != kept - number:
            raise L1ContradictionError(f"L1 has checkpoint {kept}, but no events of those after {number}")
        found = []
        for event in events:
            data = self._stored(event.checkpoint_number)
            if event.archive != data.archive.root:
                raise L1ContradictionError(
                    f"L1 changed checkpoint {event.checkpoint_number} while it was read"
                )
            found.append(data.replace(l1=self._retriever.place(event)))
        return tuple(found)

    def _last_common(self, newest: int, at: int) -> CheckpointNumber:
        common = last_common_checkpoint(self._ledger, self._reader, newest, at)
        if common == 0 and self._reader.archive_at(0, at) != self._ledger.genesis_archive_root:
            raise FinalChainLostError("the rollup on L1 has another genesis than the data directory")
        return common

    def _stored(self, checkpoint: CheckpointNumber) -> CheckpointData:
        data = self._ledger.chain.checkpoint_data(checkpoint)
        assert data is not None, checkpoint
        return data
