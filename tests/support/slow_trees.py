"""Obvious trees: every level is computed again, in full, for every answer. The oracle for the real ones.

They share nothing with the code under test but the hash of a few elements.
"""

from __future__ import annotations

from functools import lru_cache

from hypothesis import settings

from aztecd.crypto.field import FR_ZERO, Fr, fr
from aztecd.crypto.poseidon2 import KERNEL, hash_fields
from aztecd.state import TreeId


def examples() -> int:
    """Give how many examples of a whole state to try: without the C kernel a tenth of the usual."""
    wanted = settings.default.max_examples
    return wanted if KERNEL == "c" else max(5, wanted // 10)


@lru_cache(maxsize=100_000)
def _hash(*elements: Fr) -> Fr:
    return hash_fields(elements)


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
            levels.append([_hash(nodes[2 * i], nodes[2 * i + 1]) for i in range(len(nodes) // 2)])
            zero = _hash(zero, zero)
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
            zero = _hash(zero, zero)
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
            FR_ZERO if entry is None else _hash(*self.packed(index))
            for index, entry in enumerate(self.entries)
        ]
        return tree


class SlowState:
    """The five trees as lists."""

    def __init__(self) -> None:
        self.nullifiers = SlowIndexedTree(42, has_value=False)
        self.public_data = SlowIndexedTree(40, has_value=True)
        for tree in (self.nullifiers, self.public_data):
            tree.entries = [(fr(key), FR_ZERO) for key in range(128)]
        self.note_hashes = SlowTree(42)
        self.messages = SlowTree(36)
        self.archive = SlowTree(30)

    def trees(self):
        return {
            TreeId.NULLIFIER: self.nullifiers.tree(),
            TreeId.NOTE_HASH: self.note_hashes,
            TreeId.PUBLIC_DATA: self.public_data.tree(),
            TreeId.L1_TO_L2_MESSAGE: self.messages,
            TreeId.ARCHIVE: self.archive,
        }

    def size(self, tree):
        return [
            len(self.nullifiers.entries),
            len(self.note_hashes.leaves),
            len(self.public_data.entries),
            len(self.messages.leaves),
            len(self.archive.leaves),
        ][tree]

    def insert_nullifiers(self, keys):
        """Insert a batch; False if it has to be refused."""
        used = [key for key in keys if key != FR_ZERO]
        if len(set(used)) < len(used) or any(self.nullifiers.index_of(key) is not None for key in used):
            return False
        self.nullifiers.entries += [None if key == FR_ZERO else (key, FR_ZERO) for key in keys]
        return True

    def write_public_data(self, entries):
        for slot, value in entries:
            if slot == value == FR_ZERO:
                continue
            index = self.public_data.index_of(slot)
            if index is None:
                self.public_data.entries.append((slot, value))
            else:
                self.public_data.entries[index] = (slot, value)
