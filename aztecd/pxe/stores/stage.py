"""The writes of one job: visible to the job at once, to everybody else when it is through, or never.

All stores of a job work on one Stage, so that a job's changes reach the disk in a single batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from operator import itemgetter

from aztecd.storage import KeyValueStore, prefix_end

__all__ = ["Stage"]

_BY_KEY = itemgetter(0)


class Stage:
    """A key-value store with writes on top that are kept in memory. Mutable; for one thread at a time."""

    __slots__ = ("_store", "_writes")

    def __init__(self, store: KeyValueStore) -> None:
        self._store = store
        # By the first byte of the key, so that a scan of one kind of record does not look at the others.
        self._writes: dict[int, dict[bytes, bytes | None]] = {}

    def get(self, key: bytes) -> bytes | None:
        """Give the value of a key as the job left it."""
        staged = self._writes.get(key[0])
        if staged is not None and key in staged:
            return staged[key]
        return self._store.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Set a key."""
        self._writes.setdefault(key[0], {})[key] = value

    def delete(self, key: bytes) -> None:
        """Remove a key, if it is there."""
        self._writes.setdefault(key[0], {})[key] = None

    def scan(self, start: bytes, stop: bytes | None = None) -> list[tuple[bytes, bytes]]:
        """List the keys in [start, stop) by key; without `stop`, those that begin with `start`.

        Both bounds are of one kind of record (equal first bytes), or `stop` is the end of that kind.
        """
        end = prefix_end(start) if stop is None else stop
        staged = self._writes.get(start[0])
        if not staged:
            return list(self._store.iterate(start=start, stop=end))
        written = sorted((key, value) for key, value in staged.items() if start <= key < end)
        kept = (item for item in self._store.iterate(start=start, stop=end) if item[0] not in staged)
        return list(_present(merge(kept, written, key=_BY_KEY)))

    def has(self, prefix: bytes) -> bool:
        """Tell whether some key begins with `prefix`."""
        return bool(self.scan(prefix))

    def __len__(self) -> int:
        return sum(len(writes) for writes in self._writes.values())

    def commit(self, *, sync: bool) -> None:
        """Write everything in one batch and begin anew; with `sync`, return only when it is on the disk.

        Raises: StorageError; the writes are kept then.
        """
        if not self._writes:
            return
        batch = self._store.batch()
        for writes in self._writes.values():
            for key, value in writes.items():
                if value is None:
                    batch.delete(key)
                else:
                    batch.put(key, value)
        self._store.write(batch, sync=sync)
        self._writes = {}

    def drop(self) -> None:
        """Forget all writes."""
        self._writes = {}


def _present(items: Iterator[tuple[bytes, bytes | None]]) -> Iterator[tuple[bytes, bytes]]:
    for key, value in items:
        if value is not None:
            yield key, value
