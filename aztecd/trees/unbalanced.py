"""Small trees that are computed as a whole: unbalanced, wonky and balanced, over any hash of two nodes.

*Unbalanced*: the left subtree holds the greatest power of two of leaves that is below their number.
*Wonky*: the same shape over all positions, but zero leaves vanish and their sibling moves up.
*Balanced*: 2**height leaves, missing ones are zero.

Authority: @aztec/foundation src/trees/unbalanced_merkle_tree_root.ts, unbalanced_merkle_tree_calculator.ts,
balanced_merkle_tree_root.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.trees.errors import LeafRangeError, TreeFullError

__all__ = [
    "HashPair",
    "TreePath",
    "balanced_path",
    "balanced_root",
    "unbalanced_path",
    "unbalanced_root",
    "wonky_path",
    "wonky_root",
]

HashPair = Callable[[bytes, bytes], Fr]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePath:
    """The way from a leaf to the root."""

    root: Fr
    position: int
    """Bit i tells whether the node at step i is a right child."""

    siblings: list[Fr]
    """From the leaf upwards."""


def unbalanced_root(leaves: Sequence[Fr], hash_pair: HashPair) -> Fr:
    """Give the root of an unbalanced tree; zero without leaves, the leaf itself for one."""
    return _subtree(leaves, hash_pair, drops_zero=False) or FR_ZERO


def wonky_root(leaves: Sequence[Fr], hash_pair: HashPair) -> Fr:
    """Give the root of a wonky tree; zero if all leaves are zero."""
    return _subtree(leaves, hash_pair, drops_zero=True) or FR_ZERO


def balanced_root(leaves: Sequence[Fr], height: int, hash_pair: HashPair) -> Fr:
    """Give the root of a balanced tree, filled up with zeros. Raises: TreeFullError."""
    return _balanced_levels(leaves, height, hash_pair)[-1][0]


def unbalanced_path(leaves: Sequence[Fr], index: int, hash_pair: HashPair) -> TreePath:
    """Give the path of a leaf in an unbalanced tree. Raises: LeafRangeError."""
    return _path(leaves, index, hash_pair, drops_zero=False)


def wonky_path(leaves: Sequence[Fr], index: int, hash_pair: HashPair) -> TreePath:
    """Give the path of a leaf in a wonky tree. Raises: LeafRangeError if there is none or it is zero."""
    return _path(leaves, index, hash_pair, drops_zero=True)


def balanced_path(leaves: Sequence[Fr], index: int, height: int, hash_pair: HashPair) -> TreePath:
    """Give the path of a position in a balanced tree. Raises: TreeFullError, LeafRangeError."""
    if not 0 <= index < 1 << height:
        raise LeafRangeError(f"leaf index {index} is outside of a tree of height {height}")
    levels = _balanced_levels(leaves, height, hash_pair)
    zeros = _zeros(height, hash_pair)
    siblings = []
    for level in range(height):
        sibling = (index >> level) ^ 1
        nodes = levels[level]
        siblings.append(nodes[sibling] if sibling < len(nodes) else zeros[level])
    return TreePath(root=levels[-1][0], position=index, siblings=siblings)


def _left_size(count: int) -> int:
    """Give the greatest power of two below `count`, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _subtree(leaves: Sequence[Fr], hash_pair: HashPair, *, drops_zero: bool) -> Fr | None:
    """Hash a subtree; None if it has vanished."""
    if not leaves:
        return None
    if len(leaves) == 1:
        return None if drops_zero and leaves[0] == FR_ZERO else leaves[0]
    split = _left_size(len(leaves))
    left = _subtree(leaves[:split], hash_pair, drops_zero=drops_zero)
    right = _subtree(leaves[split:], hash_pair, drops_zero=drops_zero)
    if left is None:
        return right
    return left if right is None else hash_pair(left, right)


def _path(leaves: Sequence[Fr], index: int, hash_pair: HashPair, *, drops_zero: bool) -> TreePath:
    if not 0 <= index < len(leaves):
        raise LeafRangeError(f"leaf index {index} is outside of a tree of {len(leaves)} leaves")
    if drops_zero and leaves[index] == FR_ZERO:
        raise LeafRangeError(f"leaf {index} is zero and therefore not in the tree")
    if len(leaves) == 1:
        return TreePath(root=leaves[0], position=0, siblings=[])
    split = _left_size(len(leaves))
    is_right = index >= split
    own, other = (leaves[split:], leaves[:split]) if is_right else (leaves[:split], leaves[split:])
    below = _path(own, index - split if is_right else index, hash_pair, drops_zero=drops_zero)
    sibling = _subtree(other, hash_pair, drops_zero=drops_zero)
    if sibling is None:
        return below
    root = hash_pair(sibling, below.root) if is_right else hash_pair(below.root, sibling)
    position = below.position | (int(is_right) << len(below.siblings))
    return TreePath(root=root, position=position, siblings=[*below.siblings, sibling])


def _zeros(height: int, hash_pair: HashPair) -> list[Fr]:
    zeros = [FR_ZERO]
    for _ in range(height):
        zeros.append(hash_pair(zeros[-1], zeros[-1]))
    return zeros


def _balanced_levels(leaves: Sequence[Fr], height: int, hash_pair: HashPair) -> list[list[Fr]]:
    """Compute all levels, leaving out the zero subtrees at the right end."""
    if len(leaves) > 1 << height:
        raise TreeFullError("Balanced", len(leaves), 1 << height)
    zeros = _zeros(height, hash_pair)
    levels = [list(leaves)]
    for level in range(height):
        nodes = levels[-1]
        if len(nodes) % 2:
            nodes = [*nodes, zeros[level]]
        levels.append([hash_pair(nodes[i], nodes[i + 1]) for i in range(0, len(nodes), 2)])
    if not levels[-1]:
        levels[-1] = [zeros[height]]
    return levels
