"""Append-only trees as an overlay over their former content.

An overlay keeps what changed since the reader's version; the rest is read through. Appending only notes which
leaves changed. The first question for a hash recomputes the ancestors of all of them, once per level for
the whole set, so many appends between two roots cost one pass. A mark is cheap: going back to it drops leaves
and notes their ancestors as changed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.crypto.poseidon2 import hash_pairs
from aztecd.trees.errors import LeafRangeError, TreeFullError
from aztecd.trees.nodes import AppendOnlyReader, NodeReader, zero_hashes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["AppendOnlyTree", "OverlayTree"]


class OverlayTree:
    """Changed nodes of one tree over a reader, recomputed lazily. Mutable; one thread at a time."""

    __slots__ = ("_base_size", "_changed", "_nodes", "_reader", "_zeros", "height", "name", "size")

    def __init__(self, *, reader: NodeReader, height: int, size: int, name: str) -> None:
        self.height = height
        self.size = size
        self.name = name
        self._reader = reader
        self._base_size = size
        self._zeros = zero_hashes(height)
        self._nodes: list[dict[int, Fr]] = [{} for _ in range(height + 1)]
        self._changed: set[int] = set()
        """Leaf indices whose ancestors are out of date."""

    def root(self) -> Fr:
        """Give the root over all changes so far."""
        self._flush()
        return self._node(self.height, 0)

    def leaf(self, index: int) -> Fr:
        """Give the leaf hash at an index; zero beyond the size."""
        self._flush()
        return self._node(0, index)

    def sibling_path(self, index: int) -> list[Fr]:
        """Give the siblings from the leaf's level upwards, `height` items.

        The index may lie beyond the size (the path consists of what is there and of zero hashes).
        Raises: LeafRangeError if it lies beyond the capacity.
        """
        if not 0 <= index < 1 << self.height:
            raise LeafRangeError(f"leaf index {index} is outside of tree {self.name} of height {self.height}")
        self._flush()
        return [self._node(level, (index >> level) ^ 1) for level in range(self.height)]

    def changed_nodes(self) -> Iterator[tuple[int, int, Fr]]:
        """Give level, index and hash of every node that has to be stored.

        That is what may have changed and is no zero subtree, up to the lowest node that spans all leaves.
        Above it there is one node per level, and its right child is a zero subtree: its hash follows.
        """
        self._flush()
        for level, nodes in enumerate(self._nodes[: max(self.size - 1, 0).bit_length() + 1]):
            zero = self._zeros[level]
            for index, value in nodes.items():
                if value != zero:
                    yield level, index, value

    def _grow(self, count: int) -> None:
        if self.size + count > 1 << self.height:
            raise TreeFullError(self.name, self.size + count, 1 << self.height)
        self.size += count

    def _node(self, level: int, index: int) -> Fr:
        value = self._nodes[level].get(index)
        if value is not None:
            return value
        if index << level >= self._base_size:
            return self._zeros[level]
        value = self._reader.node(level, index)
        return self._zeros[level] if value is None else value

    def _update_leaves(self) -> None:
        """Bring level 0 up to date; for trees whose leaves are hashes themselves."""

    def _flush(self) -> None:
        self._update_leaves()
        if not self._changed:
            return
        parents = sorted({index >> 1 for index in self._changed})
        for level in range(self.height):
            parents = self._hash_level(level, parents)
        self._changed.clear()

    def _hash_level(self, level: int, parents: list[int]) -> list[int]:
        """Recompute the given nodes of `level + 1`, in order, with one call; give their own parents."""
        nodes, above, node = self._nodes[level], self._nodes[level + 1], self._node
        zero, zero_above = self._zeros[level], self._zeros[level + 1]
        pack: list[bytes] = []
        targets: list[int] = []
        grandparents: list[int] = []
        last = -1
        for parent in parents:
            index = parent * 2
            left = nodes.get(index) or node(level, index)
            right = nodes.get(index + 1) or node(level, index + 1)
            if left == zero and right == zero:
                above[parent] = zero_above
            else:
                pack.append(left)
                pack.append(right)
                targets.append(parent)
            if parent >> 1 != last:
                last = parent >> 1
                grandparents.append(last)
        hashes = hash_pairs(b"".join(pack)) if pack else b""
        for position, parent in enumerate(targets):
            above[parent] = Fr(hashes[position * 32 : position * 32 + 32])
        return grandparents


class AppendOnlyTree(OverlayTree):
    """A tree that stores its leaves as they are. Mutable; one thread at a time."""

    __slots__ = ("_finder", "_positions")

    def __init__(self, *, reader: AppendOnlyReader, height: int, size: int, name: str) -> None:
        super().__init__(reader=reader, height=height, size=size, name=name)
        self._finder = reader
        self._positions: dict[Fr, int] = {}

    def append(self, leaves: Sequence[Fr]) -> None:
        """Append leaves; a zero leaf takes an index like any other.

        Raises: TreeFullError, and nothing is appended.
        """
        start = self.size
        self._grow(len(leaves))
        level = self._nodes[0]
        for index, leaf in enumerate(leaves, start):
            if leaf != FR_ZERO:
                level[index] = leaf
                self._changed.add(index)
                self._positions.setdefault(leaf, index)

    def find(self, value: Fr) -> int | None:
        """Give the lowest index of a leaf; a zero leaf is never found."""
        if value == FR_ZERO:
            return None
        index = self._finder.first_index(value)
        return self._positions.get(value) if index is None else index

    def new_positions(self) -> Iterator[tuple[Fr, int]]:
        """Give the leaves that are new in this overlay, each with its lowest index."""
        for value, index in self._positions.items():
            if self._finder.first_index(value) is None:
                yield value, index

    def mark(self) -> int:
        """Note the present state, for `rollback`."""
        return self.size

    def rollback(self, mark: int) -> None:
        """Return to the state of a mark."""
        level = self._nodes[0]
        for index in range(mark, self.size):
            leaf = level.pop(index, None)
            if leaf is not None:
                self._changed.add(index)
                if self._positions.get(leaf) == index:
                    del self._positions[leaf]
        self.size = mark
