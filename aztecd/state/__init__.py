"""The world state: the five trees after every block, forks of it, and its history.

Responsible for genesis, forks with nested checkpoints, committing and rewinding blocks, finalisation, pruning
and reads at a named block. Not for transactions, nor for what a block means. Authority: @aztec/world-state
src/native/ and the native module behind @aztec/native (4.1.2).
"""

from aztecd.state.errors import (
    BlockMismatchError,
    CheckpointError,
    GenesisError,
    HistoryError,
    StateError,
    StateOrderError,
    UnknownBlockError,
)
from aztecd.state.fork import Fork
from aztecd.state.genesis import Genesis, build_genesis
from aztecd.state.history import StateView
from aztecd.state.reads import StateReads
from aztecd.state.sync import BlockChanges, TxChanges, apply_block, apply_tx
from aztecd.state.tree_ids import TreeId
from aztecd.state.world import WorldState

__all__ = [
    "BlockChanges",
    "BlockMismatchError",
    "CheckpointError",
    "Fork",
    "Genesis",
    "GenesisError",
    "HistoryError",
    "StateError",
    "StateOrderError",
    "StateReads",
    "StateView",
    "TreeId",
    "TxChanges",
    "UnknownBlockError",
    "WorldState",
    "apply_block",
    "apply_tx",
    "build_genesis",
]
