"""Obvious trees: every level is computed again, in full, for every answer. The oracle for the real ones.

They share nothing with the code under test but the hash of a few elements.
"""

from __future__ import annotations

from aztecd.crypto.field import FR_ZERO, Fr, fr
from aztecd.crypto.poseidon2 import hash_fields


class SlowTree:
    """A complete tree as the list of its leaves; what is right of them is zero."""

    def __init__(self, height: int) -> None:
        self.height = height
        self.leaves: list[Fr] = []

    def levels(self) -> list[list[Fr]]:
        zero = FR_ZERO
        levels = [list(self.leaves)]
        for _ in range(self.height):
            nodes = [*levels[-1], zero] if len(levels[-1]) % 2 else levels[-1]
            levels.append([hash_fields([nodes[2 * i], nodes[2 * i + 1]]) for i in range(len(nodes) // 2)])
            zero = hash_fields([zero, zero])
        if not levels[-1]:
            levels[-1] = [zero]
        return levels

    def root(self) -> Fr:
        return self.levels()[-1][0]

    def sibling_path(self, index: int) -> list[Fr]:
        levels = self.levels()
        path = []
        zero = FR_ZERO
        for level in range(self.height):
            sibling = (index >> level) ^ 1
            path.append(levels[level][sibling] if sibling < len(levels[level]) else zero)
            zero = hash_fields([zero, zero])
        return path


class SlowIndexedTree:
    """A list of (key, value) by index; None is an empty leaf. Links follow from sorting the keys."""

    def __init__(self, height: int, *, has_value: bool) -> None:
        self.height = height
        self.has_value = has_value
        self.entries: list[tuple[Fr, Fr] | None] = []

    def index_of(self, key: Fr) -> int | None:
        for index, entry in enumerate(self.entries):
            if entry is not None and entry[0] == key:
                return index
        return None

    def low_index(self, key: Fr) -> int:
        """Give the index of the greatest key that is not above `key`."""
        return max(
            (index for index, entry in enumerate(self.entries) if entry is not None and entry[0] <= key),
            key=lambda index: self.entries[index][0],
        )

    def packed(self, index: int) -> list[Fr]:
        """Give the members of a leaf."""
        key, value = self.entries[index]
        later = [entry[0] for entry in self.entries if entry is not None and entry[0] > key]
        next_key = min(later, default=FR_ZERO)
        next_index = self.index_of(next_key) if later else 0
        return [key, *([value] if self.has_value else []), next_key, fr(next_index)]

    def tree(self) -> SlowTree:
        tree = SlowTree(self.height)
        tree.leaves = [
            FR_ZERO if entry is None else hash_fields(self.packed(index))
            for index, entry in enumerate(self.entries)
        ]
        return tree
