"""What the world state refuses. The texts are the reference's, because clients and logs show them.

AztecdError
├── InvalidInputError
│   └── StateError
│       ├── UnknownBlockError     a block that is not kept: in the future, pruned or rewound
│       ├── GenesisError          prefilled public data that cannot start a chain
│       ├── CheckpointError       a fork has no such checkpoint
│       ├── HistoryError          a rewind, finalisation or pruning that is not possible
│       └── BlockMismatchError    a block does not lead to the state it claims
└── StateOrderError               a bug: stage_* and applied called in an impossible order
"""

from __future__ import annotations

from aztecd.errors import AztecdError, InvalidInputError

__all__ = [
    "BlockMismatchError",
    "CheckpointError",
    "GenesisError",
    "HistoryError",
    "StateError",
    "StateOrderError",
    "UnknownBlockError",
]


class StateError(InvalidInputError):
    """The world state cannot do what was asked."""

    code = "state"


class UnknownBlockError(StateError):
    """There is no state for a block."""

    code = "state_unknown_block"

    def __init__(self, message: str, block: int) -> None:
        super().__init__(message)
        self.block = block

    @classmethod
    def in_query(cls, block: int, purpose: str) -> UnknownBlockError:
        """For reads; `purpose` is what the reference says it was doing, such as `find low leaf`."""
        return cls(f"Unable to {purpose} for block {block}, failed to get block data.", block)


class GenesisError(StateError):
    """The prefilled public data breaks a rule, or is not what the store began with."""

    code = "state_genesis"


class CheckpointError(StateError):
    """A fork has no such checkpoint."""

    code = "state_checkpoint"


class HistoryError(StateError):
    """Blocks cannot be rewound, finalised or pruned as asked.

    `staged_to`: the reference does the part that is possible before it fails. When this is a number, the
    batch holds that part, up to that block: write it and call `applied`, or drop both with `discard`.
    """

    code = "state_history"

    def __init__(self, message: str, staged_to: int | None = None) -> None:
        super().__init__(message)
        self.staged_to = staged_to


class BlockMismatchError(StateError):
    """A block does not lead to the state that it claims."""

    code = "state_block_mismatch"


class StateOrderError(AztecdError):
    """The world state was used in an order that no correct caller produces."""

    code = "state_order"
