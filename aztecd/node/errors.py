"""What the node's operations refuse.

AztecdError
└── InvalidInputError
    └── NodeError
        ├── BlockReferenceError   a block that the node does not have (any more)
        └── InvalidTxError        a transaction that breaks a rule
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError

__all__ = ["BlockReferenceError", "InvalidTxError", "NodeError"]


class NodeError(InvalidInputError):
    """A request can't be served as it was made."""

    code = "node"


class BlockReferenceError(NodeError):
    """The block that a request names is unknown, not synced yet, or pruned."""

    code = "block_reference"


class InvalidTxError(NodeError):
    """A transaction is not valid; the message lists the reasons as the reference does."""

    code = "invalid_tx"
