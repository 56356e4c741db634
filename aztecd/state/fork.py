"""A private, discardable copy of the five trees, with nested checkpoints.

Blocks are built, validated and simulated on forks. Nothing of a fork reaches the store, except through
`WorldState.stage_commit`.

Authority: `MerkleTreesForkFacade` and `ForkCheckpoint` in @aztec/world-state src/native/ (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast, overload

from aztecd.constants import L1_TO_L2_MESSAGES_PER_CHECKPOINT
from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.state.errors import CheckpointError, StateError
from aztecd.state.reads import BaseState, IndexedTreeId, StateReads
from aztecd.state.tree_ids import TreeId
from aztecd.trees import (
    NULLIFIER_LEAVES,
    PUBLIC_DATA_LEAVES,
    AppendOnlyTree,
    BatchInsertion,
    IndexedTree,
    Insertion,
    LowLeaf,
    NullifierLeaf,
    PublicDataLeaf,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Fork"]


class _TreeReader:
    """One tree of the base state, in the form that trees read. Satisfies AppendOnlyReader, IndexedReader."""

    __slots__ = ("_base", "_tree")

    def __init__(self, base: BaseState, tree: TreeId) -> None:
        self._base = base
        self._tree = tree

    def node(self, level: int, index: int) -> Fr | None:
        return self._base.node(self._tree, level, index)

    def first_index(self, value: Fr) -> int | None:
        return self._base.key_index(self._tree, value)

    def key_index(self, key: Fr) -> int | None:
        return self._base.key_index(self._tree, key)

    def low(self, key: Fr) -> tuple[Fr, int] | None:
        return self._base.low_key(self._tree, key)


class _NullifierReader(_TreeReader):
    __slots__ = ()

    def preimage(self, index: int) -> NullifierLeaf | None:
        return cast("NullifierLeaf | None", self._base.indexed_leaf(TreeId.NULLIFIER, index))


class _PublicDataReader(_TreeReader):
    __slots__ = ()

    def preimage(self, index: int) -> PublicDataLeaf | None:
        return cast("PublicDataLeaf | None", self._base.indexed_leaf(TreeId.PUBLIC_DATA, index))


class Fork(StateReads):
    """An overlay over a state. Mutable; for one thread at a time.

    Writes are cheap: hashes are computed when a root, a leaf or a path is asked for. A write that raises has
    changed nothing. When the base block is rewound or pruned, reads raise UnknownBlockError.
    """

    __slots__ = ("_base", "_checkpoints", "archive", "messages", "note_hashes", "nullifiers", "public_data")

    def __init__(self, base: BaseState) -> None:
        self._base = base
        self._checkpoints: list[tuple[tuple[int, int], int, tuple[int, int], int, int]] = []
        self.nullifiers = IndexedTree(
            reader=_NullifierReader(base, TreeId.NULLIFIER),
            height=TreeId.NULLIFIER.height,
            size=base.size(TreeId.NULLIFIER),
            name=TreeId.NULLIFIER.native_name,
            kind=NULLIFIER_LEAVES,
        )
        self.public_data = IndexedTree(
            reader=_PublicDataReader(base, TreeId.PUBLIC_DATA),
            height=TreeId.PUBLIC_DATA.height,
            size=base.size(TreeId.PUBLIC_DATA),
            name=TreeId.PUBLIC_DATA.native_name,
            kind=PUBLIC_DATA_LEAVES,
        )
        self.note_hashes = self._append_only(TreeId.NOTE_HASH)
        self.messages = self._append_only(TreeId.L1_TO_L2_MESSAGE)
        self.archive = self._append_only(TreeId.ARCHIVE)

    @property
    def block_number(self) -> int:
        """The block at which the fork began."""
        return self._base.block_number

    @property
    def base(self) -> BaseState:
        """The state over which the fork lies."""
        return self._base

    # Reads.

    def size(self, tree: TreeId) -> int:
        """Give the number of leaves, zero leaves included."""
        return self.tree(tree).size

    def root(self, tree: TreeId) -> Fr:
        """Give the root."""
        return self.tree(tree).root()

    def leaf(self, tree: TreeId, index: int) -> Fr:
        """Give the leaf hash (the value itself in append-only trees); zero for empty and missing leaves."""
        return self.tree(tree).leaf(index)

    def sibling_path(self, tree: TreeId, index: int) -> list[Fr]:
        """Give the siblings from leaf level up; the index may lie beyond the size. Raises: LeafRangeError."""
        return self.tree(tree).sibling_path(index)

    def find_leaf_index(self, tree: TreeId, value: Fr) -> int | None:
        """Give the lowest index of a value: the leaf itself, or the key in an indexed tree."""
        found = self.tree(tree)
        return found.find(value) if isinstance(found, AppendOnlyTree) else found.index_of(value)

    @overload
    def low_leaf(self, tree: Literal[TreeId.NULLIFIER], key: Fr) -> LowLeaf[NullifierLeaf]: ...
    @overload
    def low_leaf(self, tree: Literal[TreeId.PUBLIC_DATA], key: Fr) -> LowLeaf[PublicDataLeaf]: ...
    def low_leaf(self, tree: IndexedTreeId, key: Fr) -> LowLeaf[NullifierLeaf] | LowLeaf[PublicDataLeaf]:
        """Give the leaf with the greatest key that is not above `key`: index, preimage, is it the key."""
        if tree == TreeId.NULLIFIER:
            return self.nullifiers.low_leaf(key)
        return self.public_data.low_leaf(key)

    @overload
    def preimage(self, tree: Literal[TreeId.NULLIFIER], index: int) -> NullifierLeaf | None: ...
    @overload
    def preimage(self, tree: Literal[TreeId.PUBLIC_DATA], index: int) -> PublicDataLeaf | None: ...
    def preimage(self, tree: IndexedTreeId, index: int) -> NullifierLeaf | PublicDataLeaf | None:
        """Give the indexed leaf at an index; None for an empty or missing one."""
        if tree == TreeId.NULLIFIER:
            return self.nullifiers.preimage(index)
        return self.public_data.preimage(index)

    def block_of_leaf(self, tree: TreeId, index: int) -> int | None:
        """Give the block that appended a leaf; None for leaves that are only in the fork."""
        return self._base.block_of_leaf(tree, index)

    def tree(self, tree: TreeId) -> AppendOnlyTree | IndexedTree[NullifierLeaf] | IndexedTree[PublicDataLeaf]:
        """Give one of the trees."""
        match tree:
            case TreeId.NULLIFIER:
                return self.nullifiers
            case TreeId.NOTE_HASH:
                return self.note_hashes
            case TreeId.PUBLIC_DATA:
                return self.public_data
            case TreeId.L1_TO_L2_MESSAGE:
                return self.messages
            case TreeId.ARCHIVE:
                return self.archive

    # Writes.

    def append_note_hashes(self, leaves: Sequence[Fr]) -> None:
        """Append note hashes as given; the caller pads to 64 per tx. Raises: TreeFullError."""
        self.note_hashes.append(leaves)

    def insert_nullifiers_batch(
        self, nullifiers: Sequence[Fr], *, with_paths: bool = False
    ) -> BatchInsertion[NullifierLeaf]:
        """Insert nullifiers at once; zeros take an index. The caller pads to 64 per tx.

        Raises: DuplicateKeyError, KeyPresentError, TreeFullError.
        """
        return self.nullifiers.batch_insert([(key, FR_ZERO) for key in nullifiers], with_paths=with_paths)

    def insert_nullifier(self, nullifier: Fr) -> Insertion[NullifierLeaf] | None:
        """Insert one nullifier at the next index; zero is skipped. Raises: KeyPresentError, TreeFullError."""
        steps = self.nullifiers.sequential_insert([(nullifier, FR_ZERO)])
        return steps[0] if steps else None

    def write_public_data(
        self, writes: Sequence[tuple[Fr, Fr]], *, with_paths: bool = False
    ) -> list[Insertion[PublicDataLeaf]]:
        """Write (slot, value) pairs one after the other; (0, 0) is skipped. Raises: TreeFullError."""
        return self.public_data.sequential_insert(writes, with_paths=with_paths)

    def append_l1_to_l2_messages(self, messages: Sequence[Fr]) -> None:
        """Append a checkpoint's messages, padded with zeros to 1024. Call once per checkpoint, even for none.

        Raises: StateError for more than 1024 messages, TreeFullError.
        """
        missing = L1_TO_L2_MESSAGES_PER_CHECKPOINT - len(messages)
        if missing < 0:
            raise StateError(
                f"a checkpoint has at most {L1_TO_L2_MESSAGES_PER_CHECKPOINT} messages, got {len(messages)}"
            )
        self.messages.append([*messages, *[FR_ZERO] * missing])

    def append_block_header_hash(self, block_hash: Fr) -> None:
        """Append a block to the archive. Raises: TreeFullError."""
        self.archive.append([block_hash])

    # Checkpoints.

    @property
    def depth(self) -> int:
        """How many checkpoints are open."""
        return len(self._checkpoints)

    def create_checkpoint(self) -> int:
        """Open a checkpoint; give the new depth."""
        self._checkpoints.append(
            (
                self.nullifiers.mark(),
                self.note_hashes.mark(),
                self.public_data.mark(),
                self.messages.mark(),
                self.archive.mark(),
            )
        )
        return len(self._checkpoints)

    def commit_checkpoint(self) -> None:
        """Merge the top checkpoint into its parent. Raises: CheckpointError."""
        if not self._checkpoints:
            raise CheckpointError("Cannot commit without a checkpoint")
        self._checkpoints.pop()

    def revert_checkpoint(self) -> None:
        """Drop everything since the top checkpoint, and the checkpoint. Raises: CheckpointError."""
        if not self._checkpoints:
            raise CheckpointError("Cannot revert without a checkpoint")
        self._revert(len(self._checkpoints) - 1)

    def commit_all_to(self, depth: int) -> None:
        """Merge checkpoints until `depth` are open. Raises: CheckpointError if there are not more."""
        if not 0 <= depth < len(self._checkpoints):
            raise CheckpointError("Invalid depth for commit_to_depth")
        del self._checkpoints[depth:]

    def revert_all_to(self, depth: int) -> None:
        """Drop checkpoints until `depth` are open. Raises: CheckpointError if there are not more."""
        if not 0 <= depth < len(self._checkpoints):
            raise CheckpointError("Invalid depth for revert_to_depth")
        self._revert(depth)

    def _revert(self, depth: int) -> None:
        nullifiers, note_hashes, public_data, messages, archive = self._checkpoints[depth]
        self.nullifiers.rollback(nullifiers)
        self.note_hashes.rollback(note_hashes)
        self.public_data.rollback(public_data)
        self.messages.rollback(messages)
        self.archive.rollback(archive)
        del self._checkpoints[depth:]

    def _append_only(self, tree: TreeId) -> AppendOnlyTree:
        return AppendOnlyTree(
            reader=_TreeReader(self._base, tree),
            height=tree.height,
            size=self._base.size(tree),
            name=tree.native_name,
        )
