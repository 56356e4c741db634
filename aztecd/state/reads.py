"""What can be read from a state, whether it is that of a block or of a fork."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Literal, Protocol, overload

from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot, PartialStateReference, StateReference
from aztecd.state.tree_ids import TreeId

if TYPE_CHECKING:
    from aztecd.trees import LowLeaf, NullifierLeaf, PublicDataLeaf

__all__ = ["BaseState", "IndexedTreeId", "StateReads"]

IndexedTreeId = Literal[TreeId.NULLIFIER, TreeId.PUBLIC_DATA]


class StateReads(ABC):
    """The five trees at one moment. Leaf indices and sizes are plain numbers, paths go from the leaf up."""

    __slots__ = ()

    @property
    @abstractmethod
    def block_number(self) -> int:
        """The block whose state this is; for a fork the block it began at."""

    @abstractmethod
    def size(self, tree: TreeId) -> int:
        """Give the number of leaves, zero leaves included."""

    @abstractmethod
    def root(self, tree: TreeId) -> Fr:
        """Give the root."""

    @abstractmethod
    def leaf(self, tree: TreeId, index: int) -> Fr:
        """Give the leaf hash (the value itself in append-only trees); zero for empty and missing leaves."""

    @abstractmethod
    def sibling_path(self, tree: TreeId, index: int) -> list[Fr]:
        """Give the siblings from leaf level up; the index may lie beyond the size. Raises: LeafRangeError."""

    @abstractmethod
    def find_leaf_index(self, tree: TreeId, value: Fr) -> int | None:
        """Give the lowest index of a value: the leaf itself, or the key in an indexed tree.

        A zero leaf of an append-only tree is never found.
        """

    @overload
    def low_leaf(self, tree: Literal[TreeId.NULLIFIER], key: Fr) -> LowLeaf[NullifierLeaf]: ...
    @overload
    def low_leaf(self, tree: Literal[TreeId.PUBLIC_DATA], key: Fr) -> LowLeaf[PublicDataLeaf]: ...
    @abstractmethod
    def low_leaf(self, tree: IndexedTreeId, key: Fr) -> LowLeaf[NullifierLeaf] | LowLeaf[PublicDataLeaf]:
        """Give the leaf with the greatest key that is not above `key`: index, preimage, is it the key."""

    @overload
    def preimage(self, tree: Literal[TreeId.NULLIFIER], index: int) -> NullifierLeaf | None: ...
    @overload
    def preimage(self, tree: Literal[TreeId.PUBLIC_DATA], index: int) -> PublicDataLeaf | None: ...
    @abstractmethod
    def preimage(self, tree: IndexedTreeId, index: int) -> NullifierLeaf | PublicDataLeaf | None:
        """Give the indexed leaf at an index; None for an empty or missing one."""

    @abstractmethod
    def block_of_leaf(self, tree: TreeId, index: int) -> int | None:
        """Give the block that appended a leaf; None beyond the size. Genesis leaves report block 1."""

    def snapshot(self, tree: TreeId) -> AppendOnlyTreeSnapshot:
        """Give root and size."""
        return AppendOnlyTreeSnapshot(root=self.root(tree), next_available_leaf_index=self.size(tree))

    def state_reference(self) -> StateReference:
        """Give the snapshots that a block header holds: all trees but the archive."""
        return StateReference(
            l1_to_l2_message_tree=self.snapshot(TreeId.L1_TO_L2_MESSAGE),
            partial=PartialStateReference(
                note_hash_tree=self.snapshot(TreeId.NOTE_HASH),
                nullifier_tree=self.snapshot(TreeId.NULLIFIER),
                public_data_tree=self.snapshot(TreeId.PUBLIC_DATA),
            ),
        )

    def nullifier_index(self, nullifier: Fr) -> int | None:
        """Give the index of a nullifier, if it is there. The padding keys 0 to 127 are."""
        return self.find_leaf_index(TreeId.NULLIFIER, nullifier)

    def public_data_value(self, slot: Fr) -> Fr:
        """Give the value at a leaf slot; zero if nothing was written there."""
        index = self.find_leaf_index(TreeId.PUBLIC_DATA, slot)
        if index is None:
            return FR_ZERO
        leaf = self.preimage(TreeId.PUBLIC_DATA, index)
        return FR_ZERO if leaf is None else leaf.value


class BaseState(Protocol):
    """What a fork reads through to."""

    @property
    def block_number(self) -> int:
        """The block."""
        ...

    def size(self, tree: TreeId) -> int:
        """Give the number of leaves."""
        ...

    def node(self, tree: TreeId, level: int, index: int) -> Fr | None:
        """Give a node, or None for a zero subtree."""
        ...

    def key_index(self, tree: TreeId, key: Fr) -> int | None:
        """Give the index of a key (indexed trees) or the lowest index of a leaf (append-only trees)."""
        ...

    def low_key(self, tree: TreeId, key: Fr) -> tuple[Fr, int] | None:
        """Give the greatest key that is not above `key`, and its index."""
        ...

    def indexed_leaf(self, tree: TreeId, index: int) -> NullifierLeaf | PublicDataLeaf | None:
        """Give an indexed leaf."""
        ...

    def block_of_leaf(self, tree: TreeId, index: int) -> int | None:
        """Give the block that appended a leaf."""
        ...
