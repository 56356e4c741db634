"""Turn state changes into writes: the new state of a block, its removal, and the end of its history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aztecd.state.errors import StateOrderError
from aztecd.state.history import leaf_cache_place, node_cache_place
from aztecd.state.layout import (
    VERSION_END,
    BlockRecord,
    Undo,
    block_key,
    key_key,
    leaf_key,
    node_place,
    pack_index,
    preimage_place,
    size_key,
    undo_key,
    versioned,
)
from aztecd.state.tree_ids import TreeId
from aztecd.trees import NULLIFIER_LEAVES, PUBLIC_DATA_LEAVES, AppendOnlyTree

if TYPE_CHECKING:
    from aztecd.crypto.field import Fr
    from aztecd.state.fork import Fork
    from aztecd.storage import KeyValueStore, WriteBatch

__all__ = ["StagedBlock", "load_record", "stage_history_removal", "stage_removal", "stage_state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedBlock:
    """What a staged block adds to memory once it is written."""

    record: BlockRecord
    changes: list[tuple[int, Any]]
    """New versions by cache place."""


def load_record(store: KeyValueStore, block: int) -> BlockRecord:
    """Read a block's roots and sizes. Raises: StateOrderError if they are missing."""
    data = store.get(block_key(block))
    if data is None:
        raise StateOrderError(f"the state record of block {block} is missing")
    return BlockRecord.decode(data)


def stage_state(batch: WriteBatch, fork: Fork, block: int) -> StagedBlock:
    """Write the changed nodes, leaves, keys, sizes, the undo record and the block record."""
    changes: list[tuple[int, Any]] = []
    undo = []
    roots: list[Fr] = []
    sizes: list[int] = []
    for tree_id in TreeId:
        tree = fork.tree(tree_id)
        nodes = []
        for level, index, value in tree.changed_nodes():
            batch.put(versioned(node_place(tree_id, level, index), block), value)
            changes.append((node_cache_place(tree_id, level, index), value))
            nodes.append((level, index))
        leaves = []
        if isinstance(tree, AppendOnlyTree):
            for value, index in tree.new_positions():
                batch.put(leaf_key(tree_id, value), pack_index(index))
        else:
            for index, leaf in tree.changed_leaves():
                batch.put(versioned(preimage_place(tree_id, index), block), leaf.packed())
                changes.append((leaf_cache_place(tree_id, index), leaf))
                leaves.append(index)
            for key, index in tree.new_keys():
                batch.put(key_key(tree_id, key), pack_index(index))
        if tree.size > fork.base.size(tree_id):
            batch.put(size_key(tree_id, tree.size), pack_index(block))
        undo.append(Undo(nodes=nodes, leaves=leaves))
        roots.append(tree.root())
        sizes.append(tree.size)
    record = BlockRecord(roots=tuple(roots), sizes=tuple(sizes))
    batch.put(block_key(block), record.encode())
    if block:  # genesis is never undone
        batch.put(undo_key(block), Undo.encode(undo))
    return StagedBlock(record=record, changes=changes)


def stage_removal(batch: WriteBatch, store: KeyValueStore, block: int) -> None:
    """Delete everything that `block`, the newest one, has written."""
    record, before = load_record(store, block), load_record(store, block - 1)
    for tree, undo in zip(TreeId, Undo.decode(store.get(undo_key(block))), strict=True):
        for level, index in undo.nodes:
            key = versioned(node_place(tree, level, index), block)
            if level == 0 and index >= before.sizes[tree] and not tree.is_indexed:
                _stage_leaf_removal(batch, store, tree, key, index)
            batch.delete(key)
        for index in undo.leaves:
            key = versioned(preimage_place(tree, index), block)
            if index >= before.sizes[tree]:
                packed = store.get(key)
                assert packed is not None, "the undo record names a leaf that is not there"
                kind = NULLIFIER_LEAVES if tree == TreeId.NULLIFIER else PUBLIC_DATA_LEAVES
                batch.delete(key_key(tree, kind.unpack(packed).key))
            batch.delete(key)
        if record.sizes[tree] != before.sizes[tree]:
            batch.delete(size_key(tree, record.sizes[tree]))
    batch.delete(block_key(block))
    batch.delete(undo_key(block))


def stage_history_removal(batch: WriteBatch, store: KeyValueStore, block: int) -> None:
    """Delete what only blocks before `block` see, `block` being the new oldest one.

    Blocks are taken in ascending order: then each place has at most one version older than `block` left.
    """
    for tree, undo in zip(TreeId, Undo.decode(store.get(undo_key(block))), strict=True):
        places = [node_place(tree, level, index) for level, index in undo.nodes]
        places += [preimage_place(tree, index) for index in undo.leaves]
        for place in places:
            older = store.first(versioned(place, block - 1), place + VERSION_END)
            if older is not None:
                batch.delete(older[0])
    batch.delete(undo_key(block))
    batch.delete(block_key(block - 1))


def _stage_leaf_removal(
    batch: WriteBatch, store: KeyValueStore, tree: TreeId, node_key: bytes, index: int
) -> None:
    """Remove the look-up entry of an appended leaf, unless the same value was there before."""
    leaf = store.get(node_key)
    assert leaf is not None, "the undo record names a leaf that is not there"
    entry = leaf_key(tree, leaf)  # type: ignore[arg-type]  # level 0 holds field elements
    if store.get(entry) == pack_index(index):
        batch.delete(entry)
