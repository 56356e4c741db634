"""The chain as a node knows it: blocks, checkpoints, effects, logs, contracts, messages from L1, and tips.

Responsible for storing them, for finding them by every key that the API has, for undoing blocks, and for the
consistency of its records. Not for trees, execution, or talking to L1: whoever imports a block checks its
roots. Authority: @aztec/archiver src/store, src/modules/data_store_updater.ts (4.1.2).
"""

from aztecd.chain.check import check
from aztecd.chain.contracts import RejectedPublication
from aztecd.chain.effects import TxLocation
from aztecd.chain.errors import (
    ChainCorruptError,
    ChainError,
    InvalidBlockError,
    InvalidCheckpointError,
    InvalidMessageError,
    RewindError,
    WrongChainError,
)
from aztecd.chain.log_queries import LOG_PAGE_SIZE, MAX_LOGS_PER_TAG
from aztecd.chain.messages import InboxMessage
from aztecd.chain.reading import ChainReader, TxOutcome
from aztecd.chain.store import ChainStore
from aztecd.chain.tips import BlockTip, CheckpointTip, Tips

__all__ = [
    "LOG_PAGE_SIZE",
    "MAX_LOGS_PER_TAG",
    "BlockTip",
    "ChainCorruptError",
    "ChainError",
    "ChainReader",
    "ChainStore",
    "CheckpointTip",
    "InboxMessage",
    "InvalidBlockError",
    "InvalidCheckpointError",
    "InvalidMessageError",
    "RejectedPublication",
    "RewindError",
    "Tips",
    "TxLocation",
    "TxOutcome",
    "WrongChainError",
    "check",
]
