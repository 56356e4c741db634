"""Find out whether L1 still has what is stored as published.

What can have happened, by where the daemon stopped:

* between storing a block and publishing it: the first job of the writer publishes the checkpoint, or undoes
  it when L1 can no longer take it; its transactions then return to the pool;
* between publishing and marking: L1 has the checkpoint, and publishing finds it there;
* L1 itself lost its newest blocks (a development node that was killed, or reverted to a snapshot, also
  while the daemon runs): checkpoints are published once more, from the first that L1 lacks.
"""

from __future__ import annotations

import structlog

from aztecd.l1 import RollupReader
from aztecd.l1.reads import BlockTag
from aztecd.node.errors import NodeError
from aztecd.node.ledger import Ledger
from aztecd.protocol.basic import CheckpointNumber

__all__ = ["ForeignChainError", "archive_after", "first_lost_checkpoint", "last_common_checkpoint"]

_log = structlog.get_logger("aztecd.recovery")


class ForeignChainError(NodeError):
    """The stored chain and the one on L1 are not the same."""

    code = "foreign_chain"


def first_lost_checkpoint(ledger: Ledger, reader: RollupReader) -> CheckpointNumber | None:
    """Compare the stored checkpoints with L1; give the first that L1 lacks, None when it has all.

    Raises ForeignChainError when L1 continues a chain that the store does not know, or UnavailableError.
    """
    ours = ledger.chain.tips().checkpointed.checkpoint_number
    status = reader.status(ours)
    archive = archive_after(ledger, ours)
    if status.archive_at_mine == archive:
        following = _archive_after_next(ledger)
        is_ours = status.pending == ours or (
            status.pending == ours + 1 and status.pending_archive == following
        )
        if not is_ours:
            raise ForeignChainError(
                f"L1 has {status.pending} checkpoints, the data directory {ours}: somebody else published on "
                "this rollup, or the data directory is an old copy. Start with the L1 chain that belongs to "
                "it, or with an empty data directory"
            )
        return None
    common = last_common_checkpoint(ledger, reader, min(ours, status.pending))
    if common == 0 and reader.archive_at(0) != archive_after(ledger, CheckpointNumber(0)):
        raise ForeignChainError("the rollup on L1 has another genesis than the data directory")
    if status.pending > common:
        raise ForeignChainError(
            f"L1 and the data directory disagree after checkpoint {common}: L1 continues with another chain"
        )
    _log.warning("l1_lost_checkpoints", kept=common, published_before=ours)
    return CheckpointNumber(common + 1)


def last_common_checkpoint(
    ledger: Ledger, reader: RollupReader, newest: int, block: BlockTag = "latest"
) -> CheckpointNumber:
    """Give the last stored checkpoint up to `newest` that L1 has too, at an L1 block; 0 if there is none."""
    low, high = 0, newest
    while low < high:
        middle = (low + high + 1) // 2
        if reader.archive_at(middle, block) == archive_after(ledger, CheckpointNumber(middle)):
            low = middle
        else:
            high = middle - 1
    return CheckpointNumber(low)


def archive_after(ledger: Ledger, checkpoint: CheckpointNumber) -> bytes:
    """Give the archive root after a stored checkpoint, genesis' for 0. Raises ForeignChainError."""
    if checkpoint == 0:
        return ledger.genesis_archive_root
    data = ledger.chain.checkpoint_data(checkpoint)
    if data is None:
        raise ForeignChainError(f"the data directory lacks checkpoint {checkpoint}")
    return data.archive.root


def _archive_after_next(ledger: Ledger) -> bytes | None:
    """The archive after the first checkpoint that is stored but not known to be on L1."""
    tips = ledger.chain.tips()
    block = ledger.chain.block(tips.proposed.number)
    return None if block is None or tips.proposed.number == tips.checkpointed.number else block.archive.root
