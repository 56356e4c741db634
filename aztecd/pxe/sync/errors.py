"""What can go wrong while a wallet is brought up to its node.

AztecdError
├── InvalidInputError
│   └── SyncError               what a contract claims is not on the chain, or must not be asked
│       └── OutdatedClassError  a contract's code was updated, the wallet has the old one
└── UnavailableError
    └── NodeChangedError        the node's chain changed while it was read; trying again helps
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError, UnavailableError

__all__ = ["NodeChangedError", "OutdatedClassError", "SyncError"]


class SyncError(InvalidInputError):
    """What a contract claims is not on the chain, or must not be asked."""

    code = "sync"


class OutdatedClassError(SyncError):
    """A contract's code was updated, the wallet has the old one."""

    code = "outdated_class"


class NodeChangedError(UnavailableError):
    """The node's chain changed while it was read."""

    code = "node_changed"
