"""What can go wrong in the stores of the PXE.

AztecdError
├── InvalidInputError
│   └── PxeStoreError           a request breaks a rule of a store
│       ├── UnknownNoteError    a nullifier is of no note that is stored
│       ├── EmptyCapsuleError   a capsule that must be there is not
│       ├── TagIndexError       a tag index breaks the order or the window
│       └── WrongNetworkError   the store belongs to another network
└── PxeStoreBrokenError         records contradict each other: a bug, or a damaged store
"""

from __future__ import annotations

from aztecd.errors import AztecdError, InvalidInputError

__all__ = [
    "EmptyCapsuleError",
    "PxeStoreBrokenError",
    "PxeStoreError",
    "TagIndexError",
    "UnknownNoteError",
    "WrongNetworkError",
]


class PxeStoreError(InvalidInputError):
    """A request breaks a rule of a store."""

    code = "pxe_store"


class UnknownNoteError(PxeStoreError):
    """A nullifier is of no note that is stored."""

    code = "unknown_note"


class EmptyCapsuleError(PxeStoreError):
    """A capsule that must be there is not."""

    code = "empty_capsule"


class TagIndexError(PxeStoreError):
    """A tag index breaks the order or the window."""

    code = "tag_index"


class WrongNetworkError(PxeStoreError):
    """The store belongs to another network."""

    code = "wrong_network"


class PxeStoreBrokenError(AztecdError):
    """Records contradict each other."""

    code = "pxe_store_broken"
