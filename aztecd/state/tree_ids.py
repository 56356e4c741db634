"""The five trees.

Authority: @aztec/stdlib src/trees/merkle_tree_id.ts (`MerkleTreeId`), @aztec/constants (heights),
@aztec/world-state src/native/native_world_state.ts (names) (4.1.2).
"""

from __future__ import annotations

from enum import IntEnum, unique

from aztecd.constants import (
    ARCHIVE_HEIGHT,
    L1_TO_L2_MESSAGE_TREE_HEIGHT,
    NOTE_HASH_TREE_HEIGHT,
    NULLIFIER_TREE_HEIGHT,
    PUBLIC_DATA_TREE_HEIGHT,
)

__all__ = ["HEIGHTS", "NATIVE_NAMES", "TreeId"]


@unique
class TreeId(IntEnum):
    """Number of a tree on the wire and in the store."""

    NULLIFIER = 0
    NOTE_HASH = 1
    PUBLIC_DATA = 2
    L1_TO_L2_MESSAGE = 3
    ARCHIVE = 4

    @property
    def height(self) -> int:
        """Levels above the leaves."""
        return HEIGHTS[self]

    @property
    def native_name(self) -> str:
        """The name in the reference's error texts."""
        return NATIVE_NAMES[self]

    @property
    def is_indexed(self) -> bool:
        """Whether the leaves form a chain sorted by key."""
        return self in (TreeId.NULLIFIER, TreeId.PUBLIC_DATA)


HEIGHTS = (
    NULLIFIER_TREE_HEIGHT,
    NOTE_HASH_TREE_HEIGHT,
    PUBLIC_DATA_TREE_HEIGHT,
    L1_TO_L2_MESSAGE_TREE_HEIGHT,
    ARCHIVE_HEIGHT,
)
NATIVE_NAMES = ("NullifierTree", "NoteHashTree", "PublicDataTree", "L1ToL2MessageTree", "ArchiveTree")
