"""Words shared by all trees.

*Level* 0 holds the leaves, level `height` the root. A node is named by level and *index*, its position from
the left in its level; its children are `2 * index` and `2 * index + 1` one level down. A *zero subtree* is
one whose leaves are all zero: it is never stored and never hashed, its hash is known.

Authority: @aztec/world-state src/native/native_world_state.ts, @aztec/stdlib src/trees/ (4.1.2).
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.crypto.poseidon2 import hash_pair

__all__ = ["AppendOnlyReader", "NodeReader", "zero_hashes"]


class NodeReader(Protocol):
    """Read access to one tree as it was before."""

    def node(self, level: int, index: int) -> Fr | None:
        """Give the hash of a node, or None for a zero subtree. The node may lie above all that was stored."""
        ...


class AppendOnlyReader(NodeReader, Protocol):
    """Read access to an append-only tree as it was before."""

    def first_index(self, value: Fr) -> int | None:
        """Give the lowest index that holds the leaf `value`, which is not zero."""
        ...


@cache
def zero_hashes(height: int) -> tuple[Fr, ...]:
    """Give the hash of the zero subtree of each level, 0 to `height`: `Z_0 = 0`, `Z_k+1 = hash(Z_k, Z_k)`."""
    if height == 0:
        return (FR_ZERO,)
    below = zero_hashes(height - 1)
    return (*below, hash_pair(below[-1], below[-1]))
