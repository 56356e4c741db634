"""Indexed trees: the leaves form a chain sorted by key, so absence can be proved.

Inserting a key means finding its *low leaf* (the one with the greatest key that is not above), taking over
its successor and becoming its successor. The final leaves depend only on which key sits at which index;
therefore leaf hashes and ancestors are computed when somebody asks for them.

Authority: the native module behind @aztec/native, @aztec/world-state
src/native/merkle_trees_facade.ts (`batchInsert`, `sequentialInsert`) (4.1.2).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.crypto.poseidon2 import hash_rows
from aztecd.trees.append_only import OverlayTree
from aztecd.trees.errors import DuplicateKeyError, KeyPresentError, LeafRangeError, TreeFullError
from aztecd.trees.leaves import IndexedLeaf, LeafKind, LeafT
from aztecd.trees.nodes import NodeReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["BatchInsertion", "IndexedReader", "IndexedTree", "Insertion", "LowLeaf"]

LeafT_co = TypeVar("LeafT_co", bound=IndexedLeaf, covariant=True)


class IndexedReader(NodeReader, Protocol[LeafT_co]):
    """Read access to an indexed tree as it was before."""

    def preimage(self, index: int) -> LeafT_co | None:
        """Give the leaf at an index, or None for an empty one."""
        ...

    def key_index(self, key: Fr) -> int | None:
        """Give the index of a key, if it is there."""
        ...

    def low(self, key: Fr) -> tuple[Fr, int] | None:
        """Give the greatest key that is not above `key`, and its index; None if there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LowLeaf(Generic[LeafT]):
    """The leaf with the greatest key that is not above the key asked for."""

    index: int
    preimage: LeafT
    is_present: bool
    """Whether its key is the very key asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Insertion(Generic[LeafT]):
    """One step of an insertion, as provers need it."""

    low_index: int
    low_leaf: LeafT
    """The low leaf before its update."""

    index: int | None
    """Where the new leaf went; None for an update of the low leaf."""

    low_path: list[Fr] | None = None
    """Sibling path of the low leaf before its update, if paths were asked for."""

    path: list[Fr] | None = None
    """Sibling path of the new leaf's index after the low leaf's update, if paths were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchInsertion(Generic[LeafT]):
    """The steps of a batch, as provers need them."""

    order: list[int]
    """Positions in the batch by descending key; equal keys by position."""

    insertions: list[Insertion[LeafT]]
    """One per non-empty leaf, in that order. Empty leaves come last and have none."""


class IndexedTree(OverlayTree, Generic[LeafT]):
    """An indexed tree as an overlay over its former content. Mutable; one thread at a time."""

    __slots__ = ("_indexed_reader", "_indices", "_journal", "_keys", "_leaves", "_stale", "kind")

    def __init__(
        self, *, reader: IndexedReader[LeafT], height: int, size: int, name: str, kind: LeafKind[LeafT]
    ) -> None:
        super().__init__(reader=reader, height=height, size=size, name=name)
        self.kind = kind
        self._indexed_reader = reader
        self._leaves: dict[int, LeafT] = {}
        self._indices: dict[Fr, int] = {}
        self._keys: list[Fr] = []
        """The keys of `_indices`, sorted."""

        self._stale: set[int] = set()
        """Indices whose leaf hash is out of date."""

        self._journal: list[tuple[int, LeafT | None]] = []
        """For each write the index and what this overlay held there before."""

    def preimage(self, index: int) -> LeafT | None:
        """Give the leaf at an index, or None for an empty one."""
        leaf = self._leaves.get(index)
        if leaf is None and index < self._base_size:
            return self._indexed_reader.preimage(index)
        return leaf

    def low_leaf(self, key: Fr) -> LowLeaf[LeafT]:
        """Give the leaf with the greatest key that is not above `key`.

        One always exists in a tree with leaves: key 0 is at index 0.
        """
        found, index = self._low(key)
        return LowLeaf(index=index, preimage=self._present(index), is_present=found == key)

    def index_of(self, key: Fr) -> int | None:
        """Give the index of a key, if it is in the tree."""
        index = self._indices.get(key)
        return self._indexed_reader.key_index(key) if index is None else index

    def load(self, leaves: Sequence[LeafT]) -> None:
        """Append linked leaves as they are, to make the first state of a tree."""
        start = self.size
        self._grow(len(leaves))
        for index, leaf in enumerate(leaves, start):
            self._add(index, leaf)

    def batch_insert(
        self, entries: Sequence[tuple[Fr, Fr]], *, with_paths: bool = False
    ) -> BatchInsertion[LeafT]:
        """Insert (key, value) pairs; pair j owns index size + j whatever happens to it.

        Processed by descending key, ties by position. Empty pairs are skipped, but keep their index; so
        does an update. The size grows by the length of the batch. With paths, each step is hashed (slow).

        Raises: DuplicateKeyError, KeyPresentError, TreeFullError; nothing has changed then.
        """
        order = sorted(range(len(entries)), key=lambda position: entries[position][0], reverse=True)
        used = [position for position in order if not _is_empty(entries[position])]
        lows = self._check_batch([entries[position][0] for position in used])
        start = self.size
        if start + len(entries) > 1 << self.height:
            raise TreeFullError(self.name, start + len(entries), 1 << self.height)
        insertions = []
        added: list[tuple[int, LeafT]] = []
        for position, (found, low_index) in zip(used, lows, strict=True):
            key, value = entries[position]
            low = self._present(low_index)
            low_path = self.sibling_path(low_index) if with_paths else None
            index = None if found == key else start + position
            if index is None:
                self._write(low_index, low.updated(value))
            else:
                added.append((index, self.kind.make(key, value, low.next_key, low.next_index)))
                self._write(low_index, low.linked(key, index))
            insertions.append(Insertion(low_index=low_index, low_leaf=low, index=index, low_path=low_path))
        self.size = start + len(entries)
        for index, leaf in added:
            self._add(index, leaf)
        return BatchInsertion(order=order, insertions=insertions)

    def sequential_insert(
        self, entries: Sequence[tuple[Fr, Fr]], *, with_paths: bool = False
    ) -> list[Insertion[LeafT]]:
        """Insert (key, value) pairs one after the other.

        Only a new key takes an index; an empty pair is skipped.

        Raises: KeyPresentError, TreeFullError; nothing has changed then.
        """
        mark = self.mark()
        try:
            return [
                self._insert(key, value, with_paths) for key, value in entries if not _is_empty((key, value))
            ]
        except (KeyPresentError, TreeFullError):
            self.rollback(mark)
            raise

    def changed_leaves(self) -> Iterator[tuple[int, LeafT]]:
        """Give index and leaf of every leaf that was written in this overlay."""
        yield from self._leaves.items()

    def new_keys(self) -> Iterator[tuple[Fr, int]]:
        """Give the keys that are new in this overlay, with their indices."""
        yield from self._indices.items()

    def mark(self) -> tuple[int, int]:
        """Note the present state, for `rollback`."""
        return self.size, len(self._journal)

    def rollback(self, mark: tuple[int, int]) -> None:
        """Return to the state of a mark."""
        self.size, length = mark
        for index, before in reversed(self._journal[length:]):
            if before is not None:
                self._leaves[index] = before
                self._stale.add(index)
                continue
            leaf = self._leaves.pop(index)
            self._nodes[0].pop(index, None)
            self._stale.discard(index)
            self._changed.add(index)
            if index >= self.size and self._indices.get(leaf.key) == index:
                del self._indices[leaf.key]
                del self._keys[bisect_left(self._keys, leaf.key)]
        del self._journal[length:]

    def _insert(self, key: Fr, value: Fr, with_paths: bool) -> Insertion[LeafT]:
        low = self.low_leaf(key)
        low_path = self.sibling_path(low.index) if with_paths else None
        if low.is_present:
            if not self.kind.is_updatable:
                raise KeyPresentError(key, self.name, self.kind.leaf_type)
            self._write(low.index, low.preimage.updated(value))
            return Insertion(low_index=low.index, low_leaf=low.preimage, index=None, low_path=low_path)
        index = self.size
        self._grow(1)
        self._write(low.index, low.preimage.linked(key, index))
        path = self.sibling_path(index) if with_paths else None
        self._add(index, self.kind.make(key, value, low.preimage.next_key, low.preimage.next_index))
        return Insertion(
            low_index=low.index, low_leaf=low.preimage, index=index, low_path=low_path, path=path
        )

    def _check_batch(self, keys: list[Fr]) -> list[tuple[Fr, int]]:
        """Refuse a batch before it changes anything; give the low keys and their indices.

        `keys` descend. What is found here holds for the whole batch: a key that was inserted before is
        greater than those that follow, so it is never their low leaf.
        """
        for key, following in pairwise(keys):
            if key == following:
                raise DuplicateKeyError(key, self.name)
        lows = []
        for key in keys:
            low = self._low(key)
            if low[0] == key and not self.kind.is_updatable:
                raise KeyPresentError(key, self.name, self.kind.leaf_type)
            lows.append(low)
        return lows

    def _low(self, key: Fr) -> tuple[Fr, int]:
        low = self._indexed_reader.low(key)
        position = bisect_right(self._keys, key) - 1
        if position >= 0 and (low is None or self._keys[position] > low[0]):
            found = self._keys[position]
            return found, self._indices[found]
        if low is None:
            raise LeafRangeError(f"tree {self.name} has no leaf at or below 0x{key.hex()}")
        return low

    def _present(self, index: int) -> LeafT:
        leaf = self.preimage(index)
        assert leaf is not None, "a key points to an empty leaf"
        return leaf

    def _write(self, index: int, leaf: LeafT) -> None:
        self._journal.append((index, self._leaves.get(index)))
        self._leaves[index] = leaf
        self._stale.add(index)

    def _add(self, index: int, leaf: LeafT) -> None:
        self._write(index, leaf)
        self._indices[leaf.key] = index
        insort(self._keys, leaf.key)

    def _update_leaves(self) -> None:
        if not self._stale:
            return
        indices = list(self._stale)
        packed = b"".join([self._leaves[index].packed() for index in indices])
        hashes = hash_rows(packed, self.kind.width)
        level = self._nodes[0]
        for position, index in enumerate(indices):
            level[index] = Fr(hashes[position * 32 : position * 32 + 32])
        self._changed.update(indices)
        self._stale.clear()


def _is_empty(entry: tuple[Fr, Fr]) -> bool:
    return entry[0] == FR_ZERO and entry[1] == FR_ZERO
