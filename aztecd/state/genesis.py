"""The state before block 1: padding leaves, prefilled public data and the genesis header.

Authority: @aztec/world-state src/testing.ts, src/world-state-db/merkle_tree_db.ts, the native module behind
@aztec/native (error texts) (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from aztecd.constants import GENESIS_LEAVES
from aztecd.crypto.field import FR_ZERO, Fr, fr
from aztecd.protocol.header import BlockHeader
from aztecd.state.errors import GenesisError
from aztecd.state.fork import Fork
from aztecd.state.tree_ids import TreeId
from aztecd.trees import NULLIFIER_LEAVES, PUBLIC_DATA_LEAVES, NullifierLeaf, PublicDataLeaf

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Genesis", "build_genesis"]


class _Nothing:
    """Empty trees, under the genesis state. Satisfies BaseState."""

    __slots__ = ()

    block_number = 0

    def size(self, tree: TreeId) -> int:  # noqa: ARG002 - the same for all
        return 0

    def node(self, tree: TreeId, level: int, index: int) -> Fr | None:  # noqa: ARG002 - there is nothing
        return None

    def key_index(self, tree: TreeId, key: Fr) -> int | None:  # noqa: ARG002 - there is nothing
        return None

    def low_key(self, tree: TreeId, key: Fr) -> tuple[Fr, int] | None:  # noqa: ARG002 - there is nothing
        return None

    def indexed_leaf(self, tree: TreeId, index: int) -> NullifierLeaf | PublicDataLeaf | None:  # noqa: ARG002 - there is nothing
        return None

    def block_of_leaf(self, tree: TreeId, index: int) -> int | None:  # noqa: ARG002 - there is nothing
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Genesis:
    """The header of block 0 and its state, as a fork of nothing."""

    header: BlockHeader
    state: Fork

    @property
    def archive_root(self) -> Fr:
        """The archive root with which the rollup contract is deployed."""
        return self.state.root(TreeId.ARCHIVE)


def build_genesis(prefilled: Sequence[tuple[Fr, Fr]] = ()) -> Genesis:
    """Build the state of block 0 with (slot, value) pairs of public data.

    The indexed trees hold 128 leaves: padding keys 0, 1, ..., and at the end the prefilled pairs. The header
    is zero but for the state reference; its last archive is (0, 0), not the root of an empty tree.

    Raises: GenesisError for too many pairs, or pairs that are not sorted, not unique, or hit a padding key.
    """
    padding = GENESIS_LEAVES - len(prefilled)
    if padding < 0:
        raise GenesisError("Number of prefilled values can't be more than initial size")
    slots = [slot for slot, _ in prefilled]
    if any(slot >= following for slot, following in pairwise(slots)):
        raise GenesisError("Prefilled values must be unique and sorted")
    if slots and padding and slots[0] <= fr(padding - 1):
        raise GenesisError("Prefilled values must not be the same as the default values")
    state = Fork(_Nothing())
    state.nullifiers.load(NULLIFIER_LEAVES.chain([(fr(key), FR_ZERO) for key in range(GENESIS_LEAVES)]))
    state.public_data.load(
        PUBLIC_DATA_LEAVES.chain([*[(fr(key), FR_ZERO) for key in range(padding)], *prefilled])
    )
    header = replace(BlockHeader.empty(), state=state.state_reference())
    state.append_block_header_hash(header.hash())
    return Genesis(header=header, state=state)
