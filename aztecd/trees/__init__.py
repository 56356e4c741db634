"""Merkle trees as pure logic: append-only and indexed trees, and the small trees over messages and headers.

Responsible for roots, sibling paths, insertion rules and their errors. Not for storage, blocks or history: a
tree reads its former content through a small Protocol. Authority: @aztec/world-state src/native/,
@aztec/stdlib src/trees/ and src/messaging/, @aztec/foundation src/trees/ (4.1.2).
"""

from aztecd.trees.append_only import AppendOnlyTree, OverlayTree
from aztecd.trees.errors import DuplicateKeyError, KeyPresentError, LeafRangeError, TreeError, TreeFullError
from aztecd.trees.indexed import BatchInsertion, IndexedReader, IndexedTree, Insertion, LowLeaf
from aztecd.trees.leaves import (
    NULLIFIER_LEAVES,
    PUBLIC_DATA_LEAVES,
    IndexedLeaf,
    LeafKind,
    NullifierLeaf,
    PublicDataLeaf,
)
from aztecd.trees.message_trees import (
    MessageWitness,
    block_out_hash,
    checkpoint_out_hash,
    epoch_out_hash,
    in_hash,
    message_witness,
    tx_out_hash,
)
from aztecd.trees.nodes import AppendOnlyReader, NodeReader, zero_hashes
from aztecd.trees.unbalanced import (
    TreePath,
    balanced_path,
    balanced_root,
    unbalanced_path,
    unbalanced_root,
    wonky_path,
    wonky_root,
)

__all__ = [
    "NULLIFIER_LEAVES",
    "PUBLIC_DATA_LEAVES",
    "AppendOnlyReader",
    "AppendOnlyTree",
    "BatchInsertion",
    "DuplicateKeyError",
    "IndexedLeaf",
    "IndexedReader",
    "IndexedTree",
    "Insertion",
    "KeyPresentError",
    "LeafKind",
    "LeafRangeError",
    "LowLeaf",
    "MessageWitness",
    "NodeReader",
    "NullifierLeaf",
    "OverlayTree",
    "PublicDataLeaf",
    "TreeError",
    "TreeFullError",
    "TreePath",
    "balanced_path",
    "balanced_root",
    "block_out_hash",
    "checkpoint_out_hash",
    "epoch_out_hash",
    "in_hash",
    "message_witness",
    "tx_out_hash",
    "unbalanced_path",
    "unbalanced_root",
    "wonky_path",
    "wonky_root",
    "zero_hashes",
]
