"""Read a store as it will be after a batch.

Several steps of one job (a rewind, blocks, their checkpoint) go into one batch; each must see what the
steps before it have staged.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aztecd.storage.kv import KeyValueStore, WriteBatch

__all__ = ["Overlay", "Reader"]


class Reader(Protocol):
    """What reading the chain needs: a store, or a store under an overlay."""

    def get(self, key: bytes) -> bytes | None:
        """Give the value of one key."""
        ...

    def iterate(
        self, *, start: bytes, stop: bytes, reverse: bool = False, limit: int | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Walk over the keys in [start, stop), from the greatest one if `reverse`."""
        ...


class Overlay:
    """A batch that can be read: its writes over the store. Mutable, for the writer's thread only.

    An iteration shows the state at its begin; do not change keys in its range before it ends.
    """

    __slots__ = ("_changes", "_keys", "_store", "batch")

    def __init__(self, store: KeyValueStore, batch: WriteBatch) -> None:
        self.batch = batch
        self._store = store
        self._changes: dict[bytes, bytes | None] = {}
        self._keys: list[bytes] = []

    def get(self, key: bytes) -> bytes | None:
        """Give the value that the key will have."""
        if key in self._changes:
            return self._changes[key]
        return self._store.get(key)

    def iterate(
        self, *, start: bytes, stop: bytes, reverse: bool = False, limit: int | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Walk over the keys that will be in [start, stop), from the greatest one if `reverse`."""
        changed = self._keys[bisect_left(self._keys, start) : bisect_left(self._keys, stop)]
        if not changed:
            return self._store.iterate(start=start, stop=stop, reverse=reverse, limit=limit)
        if reverse:
            changed.reverse()
        staged = [(key, value) for key in changed if (value := self._changes[key]) is not None]
        hidden = set(changed)
        stored = (
            item
            for item in self._store.iterate(start=start, stop=stop, reverse=reverse)
            if item[0] not in hidden
        )
        return islice(merge(stored, staged, key=itemgetter(0), reverse=reverse), limit)

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key` to `value` with the batch."""
        self._change(key, value)
        self.batch.put(key, value)

    def delete(self, key: bytes) -> None:
        """Remove `key` with the batch."""
        self._change(key, None)
        self.batch.delete(key)

    def _change(self, key: bytes, value: bytes | None) -> None:
        if key not in self._changes:
            insort(self._keys, key)
        self._changes[key] = value
