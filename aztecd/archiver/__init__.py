"""The chain as L1 tells it: messages, checkpoints, tips.

Responsible for: bringing the stores to what the rollup contracts say, and back when L1 changes its mind.
Not for: speaking with L1 (`l1`), or what a store holds (`chain`, `state`).
Authority: @aztec/archiver src/modules/l1_synchronizer.ts (4.1.2).
"""

from aztecd.archiver.application import BlockVerifier, CheckpointApplier
from aztecd.archiver.archiver import Archiver, ArchiverSettings
from aztecd.archiver.errors import (
    ArchiverError,
    CheckpointRefusedError,
    ExecutionMismatchError,
    FinalChainLostError,
    L1ContradictionError,
)
from aztecd.archiver.inbox import InboxSync
from aztecd.archiver.retrieval import CheckpointRetriever, RetrievedCheckpoint

__all__ = [
    "Archiver",
    "ArchiverError",
    "ArchiverSettings",
    "BlockVerifier",
    "CheckpointApplier",
    "CheckpointRefusedError",
    "CheckpointRetriever",
    "ExecutionMismatchError",
    "FinalChainLostError",
    "InboxSync",
    "L1ContradictionError",
    "RetrievedCheckpoint",
]
