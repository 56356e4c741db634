"""What can go wrong with the chain's records.

AztecdError
└── ChainError
    ├── InvalidBlockError        a block does not continue the chain (InvalidInputError)
    ├── InvalidCheckpointError   a checkpoint or tip contradicts the blocks (InvalidInputError)
    ├── InvalidMessageError      a message from L1 contradicts the others (InvalidInputError)
    ├── RewindError              the chain cannot go back to that block (InvalidInputError)
    ├── WrongChainError          the store belongs to a chain with another genesis
    └── ChainCorruptError        a record is missing or damaged
"""

from __future__ import annotations

from aztecd.errors import AztecdError, InvalidInputError

__all__ = [
    "ChainCorruptError",
    "ChainError",
    "InvalidBlockError",
    "InvalidCheckpointError",
    "InvalidMessageError",
    "RewindError",
    "WrongChainError",
]


class ChainError(AztecdError):
    """The chain cannot be read or changed as asked."""

    code = "chain"


class InvalidBlockError(ChainError, InvalidInputError):
    """A block does not continue the chain."""

    code = "invalid_block"


class InvalidCheckpointError(ChainError, InvalidInputError):
    """A checkpoint, or a tip that names one, contradicts the blocks that are there."""

    code = "invalid_checkpoint"


class InvalidMessageError(ChainError, InvalidInputError):
    """A message from L1 has a place that the messages before it do not allow."""

    code = "invalid_message"


class RewindError(ChainError, InvalidInputError):
    """The chain cannot go back to that block."""

    code = "rewind"


class WrongChainError(ChainError):
    """The store holds a chain with another genesis."""

    code = "wrong_chain"


class ChainCorruptError(ChainError):
    """A record that others point at is missing or damaged."""

    code = "chain_corrupt"

    @classmethod
    def missing(cls, what: str) -> ChainCorruptError:
        """Make the error for a record that is not there."""
        return cls(f"{what} is missing in the store: remove the data directory and sync again")
