"""What can go wrong below the key-value interface.

AztecdError
└── StorageError
    ├── StoreLockedError    another process has the store open
    ├── StoreCorruptError   files are damaged or missing
    ├── StoreFullError      no space is left on the device
    ├── StoreVersionError   written by another layout version
    ├── StoreClosedError    used after close
    └── StoreIoError        any other error of the operating system
"""

from __future__ import annotations

from aztecd.errors import AztecdError

__all__ = [
    "StorageError",
    "StoreClosedError",
    "StoreCorruptError",
    "StoreFullError",
    "StoreIoError",
    "StoreLockedError",
    "StoreVersionError",
]


class StorageError(AztecdError):
    """The store cannot do what was asked."""

    code = "storage"


class StoreLockedError(StorageError):
    """Another process, or another part of this one, has the store open."""

    code = "store_locked"


class StoreCorruptError(StorageError):
    """The files on disk are damaged, incomplete or no store at all."""

    code = "store_corrupt"


class StoreFullError(StorageError):
    """The device has no space left. The next opening finds the failed batch whole or not at all."""

    code = "store_full"


class StoreVersionError(StorageError):
    """The store was written with another layout."""

    code = "store_version"


class StoreClosedError(StorageError):
    """The store was used after it was closed."""

    code = "store_closed"


class StoreIoError(StorageError):
    """The operating system refused a read or a write."""

    code = "store_io"
