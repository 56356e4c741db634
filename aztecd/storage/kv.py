"""The key-value interface that all stores above share.

Keys are ordered as byte strings. A batch is written completely or not at all; there are no transactions
beyond that, because there is one writer and because readers name the block they read at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["KeyValueStore", "WriteBatch", "prefix_end"]


class WriteBatch:
    """Writes that are collected in memory, in order; for one key the last one counts. Mutable."""

    __slots__ = ("operations",)

    def __init__(self) -> None:
        self.operations: list[tuple[bytes, bytes | None]] = []

    def __len__(self) -> int:
        return len(self.operations)

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key` to `value`."""
        self.operations.append((key, value))

    def delete(self, key: bytes) -> None:
        """Remove `key`, if it is there."""
        self.operations.append((key, None))


class KeyValueStore(Protocol):
    """An ordered map of byte strings. Reads may come from any thread, writes from one at a time.

    All methods raise a StorageError.
    """

    def get(self, key: bytes) -> bytes | None:
        """Give the value of one key."""
        ...

    def iterate(
        self, *, start: bytes, stop: bytes, reverse: bool = False, limit: int | None = None
    ) -> Generator[tuple[bytes, bytes]]:
        """Walk over the keys in [start, stop), from the greatest one if `reverse`."""
        ...

    def first(self, start: bytes, stop: bytes) -> tuple[bytes, bytes] | None:
        """Give the smallest key in [start, stop) and its value."""
        ...

    def last(self, start: bytes, stop: bytes) -> tuple[bytes, bytes] | None:
        """Give the greatest key in [start, stop) and its value."""
        ...

    def batch(self) -> WriteBatch:
        """Begin a batch."""
        ...

    def write(self, batch: WriteBatch, *, sync: bool = False) -> None:
        """Apply a batch atomically; with `sync`, return only when it is on the disk."""
        ...

    def size_bytes(self) -> int:
        """Estimate the space in use."""
        ...

    def close(self) -> None:
        """Release everything as soon as no call is under way; a second one does nothing."""
        ...


def prefix_end(prefix: bytes) -> bytes:
    """Give the smallest key behind all keys that begin with `prefix`, which must not be all 0xff."""
    stripped = prefix.rstrip(b"\xff")
    assert stripped, "a prefix of 0xff bytes has no end"
    return stripped[:-1] + bytes([stripped[-1] + 1])
