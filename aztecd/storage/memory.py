"""A store in memory, for tests and for nodes that keep nothing."""

from __future__ import annotations

from bisect import bisect_left, insort
from threading import Lock
from typing import TYPE_CHECKING

from aztecd.storage.errors import StoreClosedError
from aztecd.storage.kv import WriteBatch

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["MemoryStore"]

_CHUNK = 256
"""Items that an iteration copies while it holds the lock."""

_FEW = 64
"""Up to so many new keys are inserted one by one; more are appended and sorted."""


class MemoryStore:
    """A dict with a sorted list of its keys. Satisfies KeyValueStore; mutable, thread-safe."""

    __slots__ = ("_closed", "_keys", "_lock", "_size", "_values")

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._keys: list[bytes] = []
        self._size = 0
        self._lock = Lock()
        self._closed = False

    def get(self, key: bytes) -> bytes | None:
        """Give the value of one key."""
        self._check_open()
        return self._values.get(key)

    def iterate(
        self, *, start: bytes, stop: bytes, reverse: bool = False, limit: int | None = None
    ) -> Generator[tuple[bytes, bytes]]:
        """Walk over the keys in [start, stop), from the greatest one if `reverse`."""
        left = limit
        while left is None or left > 0:
            items = self._slice(
                start, stop, reverse=reverse, count=_CHUNK if left is None else min(_CHUNK, left)
            )
            yield from items
            if not items:
                return
            if left is not None:
                left -= len(items)
            if reverse:
                stop = items[-1][0]
            else:
                start = items[-1][0] + b"\x00"

    def first(self, start: bytes, stop: bytes) -> tuple[bytes, bytes] | None:
        """Give the smallest key in [start, stop) and its value."""
        items = self._slice(start, stop, reverse=False, count=1)
        return items[0] if items else None

    def last(self, start: bytes, stop: bytes) -> tuple[bytes, bytes] | None:
        """Give the greatest key in [start, stop) and its value."""
        items = self._slice(start, stop, reverse=True, count=1)
        return items[0] if items else None

    def batch(self) -> WriteBatch:
        """Begin a batch."""
        self._check_open()
        return WriteBatch()

    def write(self, batch: WriteBatch, *, sync: bool = False) -> None:  # noqa: ARG002 - there is no disk
        """Apply a batch atomically."""
        self._check_open()
        final = dict(batch.operations)
        with self._lock:
            new = [key for key, value in final.items() if value is not None and key not in self._values]
            gone = {key for key, value in final.items() if value is None and key in self._values}
            for key, value in final.items():
                old = self._values.pop(key, None) if value is None else self._values.get(key)
                if old is not None:
                    self._size -= len(key) + len(old)
                if value is not None:
                    self._values[key] = value
                    self._size += len(key) + len(value)
            if len(gone) > _FEW:
                self._keys = [key for key in self._keys if key not in gone]
            else:
                for key in gone:
                    del self._keys[bisect_left(self._keys, key)]
            if len(new) > _FEW:
                self._keys.extend(new)
                self._keys.sort()
            else:
                for key in new:
                    insort(self._keys, key)

    def size_bytes(self) -> int:
        """Count the bytes of all keys and values."""
        self._check_open()
        return self._size

    def close(self) -> None:
        """Refuse further use and drop the content."""
        self._closed = True
        self._values = {}
        self._keys = []

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosedError("the store is closed")

    def _slice(self, start: bytes, stop: bytes, *, reverse: bool, count: int) -> list[tuple[bytes, bytes]]:
        self._check_open()
        with self._lock:
            low = bisect_left(self._keys, start)
            high = bisect_left(self._keys, stop)
            if reverse:
                keys = self._keys[max(low, high - count) : high][::-1]
            else:
                keys = self._keys[low : min(high, low + count)]
            return [(key, self._values[key]) for key in keys]
