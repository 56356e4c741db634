"""The state after one block, read from the store.

A view names its block. Later commits only add versions that it does not look at; when its block is rewound or
pruned, the view is revoked before the store changes, and every read that could have seen the change raises.
"""

from __future__ import annotations

from contextlib import closing
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, overload

from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.crypto.poseidon2 import hash_pair
from aztecd.state.cache import VersionCache
from aztecd.state.errors import UnknownBlockError
from aztecd.state.layout import (
    VERSION_END,
    BlockRecord,
    key_key,
    leaf_key,
    node_place,
    preimage_place,
    size_key,
    unpack_index,
    version_block,
    versioned,
)
from aztecd.state.reads import IndexedTreeId, StateReads
from aztecd.state.tree_ids import HEIGHTS, TreeId
from aztecd.trees import (
    NULLIFIER_LEAVES,
    PUBLIC_DATA_LEAVES,
    LeafRangeError,
    LowLeaf,
    NullifierLeaf,
    PublicDataLeaf,
    zero_hashes,
)

if TYPE_CHECKING:
    from aztecd.storage import KeyValueStore

__all__ = ["History", "StateView", "leaf_cache_place", "node_cache_place"]

_CACHE_ENTRIES = 65_536
"""About 15 MB."""

_LEAF_LEVEL = 0x3F
"""In cache places, indexed leaves take a level that no tree has."""

_ZEROS = tuple(zero_hashes(height) for height in HEIGHTS)


def node_cache_place(tree: int, level: int, index: int) -> int:
    """Give the cache place of a node: an int is cheaper to make than the store's key."""
    return (tree << 6 | level) << 48 | index


def leaf_cache_place(tree: int, index: int) -> int:
    """Give the cache place of an indexed leaf."""
    return (tree << 6 | _LEAF_LEVEL) << 48 | index


class History:
    """What all views share: the store and the cache of the newest versions. Mutable, thread-safe."""

    __slots__ = ("_cache", "_lock", "_tip", "lookup", "store")

    def __init__(self, store: KeyValueStore, tip: int) -> None:
        self.store = store
        self._cache = VersionCache(_CACHE_ENTRIES)
        self._lock = Lock()
        self._tip = tip
        self.lookup = self._cache.get

    def read_version(self, place: bytes, block: int) -> tuple[int, bytes] | None:
        """Find the newest version that `block` sees: the block that wrote it, and the value."""
        item = self.store.first(versioned(place, block), place + VERSION_END)
        return None if item is None else (version_block(item[0]), item[1])

    def remember(self, place: int, version: tuple[int, Any], view: StateView) -> None:
        """Keep what a view has read, if it is the newest version: the view is that of the tip."""
        with self._lock:
            if self._tip == view.block_number and not view.is_revoked:
                self._cache.put(place, version)

    def advance(self, tip: int, changes: list[tuple[int, Any]]) -> None:
        """Take the changes of a new block, given by cache place."""
        with self._lock:
            for place, value in changes:
                self._cache.put(place, (tip, value))
            self._tip = tip

    def retreat(self, tip: int) -> None:
        """Forget everything, after blocks were removed."""
        with self._lock:
            self._cache.clear()
            self._tip = tip


class StateView(StateReads):
    """The state after one block. Safe to use from several threads.

    Every read raises UnknownBlockError when the block has been rewound or pruned.
    """

    __slots__ = ("__weakref__", "_block", "_history", "_record", "is_revoked")

    def __init__(self, history: History, block: int, record: BlockRecord) -> None:
        self._history = history
        self._block = block
        self._record = record
        self.is_revoked = False

    @property
    def block_number(self) -> int:
        """The block whose state this is."""
        return self._block

    @property
    def record(self) -> BlockRecord:
        """Roots and sizes."""
        return self._record

    def size(self, tree: TreeId) -> int:
        """Give the number of leaves, zero leaves included."""
        return self._record.sizes[tree]

    def root(self, tree: TreeId) -> Fr:
        """Give the root."""
        return self._record.roots[tree]

    def leaf(self, tree: TreeId, index: int) -> Fr:
        """Give the leaf hash (the value itself in append-only trees); zero for empty and missing leaves."""
        return self.node(tree, 0, index) or FR_ZERO

    def sibling_path(self, tree: TreeId, index: int) -> list[Fr]:
        """Give the siblings from leaf level up; the index may lie beyond the size. Raises: LeafRangeError."""
        zeros = _ZEROS[tree]
        height = HEIGHTS[tree]
        if not 0 <= index < 1 << height:
            raise LeafRangeError(
                f"leaf index {index} is outside of tree {tree.native_name} of height {height}"
            )
        size, block, lookup = self._record.sizes[tree], self._block, self._history.lookup
        path = []
        for level in range(height):
            sibling = (index >> level) ^ 1
            if sibling << level >= size:
                path.append(zeros[level])
                continue
            cached = lookup((tree << 6 | level) << 48 | sibling)
            node = (
                cached[1]
                if cached is not None and cached[0] <= block
                else self._read_node(tree, level, sibling)
            )
            path.append(node or zeros[level])
        self._check()
        return path

    def find_leaf_index(self, tree: TreeId, value: Fr) -> int | None:
        """Give the lowest index of a value: the leaf itself, or the key in an indexed tree."""
        return self.key_index(tree, value)

    @overload
    def low_leaf(self, tree: Literal[TreeId.NULLIFIER], key: Fr) -> LowLeaf[NullifierLeaf]: ...
    @overload
    def low_leaf(self, tree: Literal[TreeId.PUBLIC_DATA], key: Fr) -> LowLeaf[PublicDataLeaf]: ...
    def low_leaf(self, tree: IndexedTreeId, key: Fr) -> LowLeaf[NullifierLeaf] | LowLeaf[PublicDataLeaf]:
        """Give the leaf with the greatest key that is not above `key`: index, preimage, is it the key."""
        exact = self.key_index(tree, key)
        low = self.low_key(tree, key) if exact is None else (key, exact)
        assert low is not None, "key 0 is always there"
        leaf = self.indexed_leaf(tree, low[1])
        assert leaf is not None, "a key points to an empty leaf"
        return LowLeaf(index=low[1], preimage=leaf, is_present=exact is not None)  # type: ignore[return-value]  # the leaf's type follows from the tree

    @overload
    def preimage(self, tree: Literal[TreeId.NULLIFIER], index: int) -> NullifierLeaf | None: ...
    @overload
    def preimage(self, tree: Literal[TreeId.PUBLIC_DATA], index: int) -> PublicDataLeaf | None: ...
    def preimage(self, tree: IndexedTreeId, index: int) -> NullifierLeaf | PublicDataLeaf | None:
        """Give the indexed leaf at an index; None for an empty or missing one."""
        return self.indexed_leaf(tree, index)

    def block_of_leaf(self, tree: TreeId, index: int) -> int | None:
        """Give the block that appended a leaf; None beyond the size. Genesis leaves report block 1."""
        if not 0 <= index < self.size(tree):
            return None
        item = self._history.store.first(size_key(tree, index + 1), size_key(tree, (1 << 64) - 1))
        self._check()
        assert item is not None, "a size has no block"
        return max(1, unpack_index(item[1]))

    def node(self, tree: TreeId, level: int, index: int) -> Fr | None:
        """Give a node, or None for a zero subtree."""
        if index << level >= self._record.sizes[tree]:
            return None
        if level == HEIGHTS[tree]:
            return self._record.roots[tree]
        cached = self._history.lookup(node_cache_place(tree, level, index))
        if cached is not None and cached[0] <= self._block:
            found: Fr | None = cached[1]
        else:
            found = self._read_node(tree, level, index)
        self._check()
        return found

    def key_index(self, tree: TreeId, key: Fr) -> int | None:
        """Give the index of a key (indexed trees) or the lowest index of a leaf (append-only trees)."""
        value = self._history.store.get(key_key(tree, key) if tree.is_indexed else leaf_key(tree, key))
        self._check()
        if value is None:
            return None
        index = unpack_index(value)
        return index if index < self._record.sizes[tree] else None

    def low_key(self, tree: TreeId, key: Fr) -> tuple[Fr, int] | None:
        """Give the greatest key that is not above `key`, and its index."""
        size = self._record.sizes[tree]
        items = self._history.store.iterate(
            start=key_key(tree, FR_ZERO), stop=key_key(tree, key) + b"\x00", reverse=True
        )
        found = None
        with closing(items):
            for steps, (place, value) in enumerate(items):
                index = unpack_index(value)
                if index < size:  # otherwise a later block inserted it
                    found = Fr(place[2:]), index
                    break
                if steps == size:
                    found = self._low_in_chain(tree, key)
                    break
        self._check()
        return found

    def _low_in_chain(self, tree: TreeId, key: Fr) -> tuple[Fr, int] | None:
        """Find the same by going from leaf to leaf, beginning with the lowest key, which is at index 0.

        An early block has few leaves, and later ones may have put any number of keys between them.
        """
        index = 0
        leaf = self.indexed_leaf(tree, index)
        if leaf is None or leaf.key > key:
            return None
        while leaf.next_index and leaf.next_key <= key:
            index = leaf.next_index
            following = self.indexed_leaf(tree, index)
            assert following is not None, "a leaf's successor is empty"
            leaf = following
        return leaf.key, index

    def indexed_leaf(self, tree: TreeId, index: int) -> NullifierLeaf | PublicDataLeaf | None:
        """Give an indexed leaf."""
        if not 0 <= index < self._record.sizes[tree]:
            return None
        place = leaf_cache_place(tree, index)
        cached = self._history.lookup(place)
        leaf: NullifierLeaf | PublicDataLeaf | None
        if cached is not None and cached[0] <= self._block:
            leaf = cached[1]
        else:
            version = self._history.read_version(preimage_place(tree, index), self._block)
            if version is None:
                version, leaf = (0, b""), None
            else:
                kind = NULLIFIER_LEAVES if tree == TreeId.NULLIFIER else PUBLIC_DATA_LEAVES
                leaf = kind.unpack(version[1])
            self._history.remember(place, (version[0], leaf), self)
        self._check()
        return leaf

    def _read_node(self, tree: TreeId, level: int, index: int) -> Fr | None:
        is_stored = 1 << level < 2 * self._record.sizes[tree]
        if is_stored:
            version = self._history.read_version(node_place(tree, level, index), self._block)
            if version is not None:
                node = Fr(version[1])
                self._history.remember(node_cache_place(tree, level, index), (version[0], node), self)
                return node
        if index == 0 and level > 0:
            # Not written because everything at its right is zero, see OverlayTree.changed_nodes. Not cached
            # either: no version says since when it has had this hash.
            below = self.node(tree, level - 1, 0)
            if below is not None:
                return hash_pair(below, _ZEROS[tree][level - 1])
        if is_stored:
            self._history.remember(node_cache_place(tree, level, index), (0, None), self)
        return None

    def _check(self) -> None:
        """Refuse an answer that may have been read while the block was being removed."""
        if self.is_revoked:
            raise UnknownBlockError.in_query(self._block, "get meta data")
