"""What a tree refuses. The texts are the reference's, because clients and logs show them.

AztecdError
└── InvalidInputError
    └── TreeError
        ├── DuplicateKeyError    the same key twice in one batch
        ├── KeyPresentError      a key that is in the tree and cannot be updated
        ├── TreeFullError        no room for the leaves
        └── LeafRangeError       an index outside the tree, or a leaf that is not there
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError

__all__ = ["DuplicateKeyError", "KeyPresentError", "LeafRangeError", "TreeError", "TreeFullError"]


class TreeError(InvalidInputError):
    """A tree cannot take the leaves, or has no answer."""

    code = "tree"


class DuplicateKeyError(TreeError):
    """A batch holds the same key twice."""

    code = "tree_duplicate_key"

    def __init__(self, key: bytes, tree: str) -> None:
        super().__init__(f"Duplicate key not allowed in same batch, key value: 0x{key.hex()}, tree: {tree}")
        self.key = key


class KeyPresentError(TreeError):
    """A key is in the tree already, and the tree does not allow updates."""

    code = "tree_key_present"

    def __init__(self, key: bytes, tree: str, leaf_type: str) -> None:
        super().__init__(
            f"Unable to insert values into tree {tree} leaf type {leaf_type} is not updateable "
            f"and 0x{key.hex()} is already present"
        )
        self.key = key


class TreeFullError(TreeError):
    """The leaves do not fit below the root."""

    code = "tree_full"

    def __init__(self, tree: str, size: int, capacity: int) -> None:
        super().__init__(f"Unable to append leaves to tree {tree} new size: {size} max size: {capacity}")


class LeafRangeError(TreeError):
    """An index lies outside the tree."""

    code = "tree_leaf_range"
