"""A fork with nested checkpoints against obvious trees."""

from __future__ import annotations

import copy

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aztecd.crypto.field import FR_MODULUS, FR_ZERO, fr
from aztecd.state import CheckpointError, Fork, TreeId, WorldState
from aztecd.storage import MemoryStore
from aztecd.trees import DuplicateKeyError, KeyPresentError
from tests.support.slow_trees import SlowState, examples

# Few values, so that they meet: padding keys, neighbours, the greatest element.
VALUES = st.sampled_from([0, 0, 1, 5, 126, 127, 128, 129, 200, 201, 300, 400, 401, 5000, FR_MODULUS - 1]).map(
    fr
)
LEAVES = st.lists(VALUES, max_size=6)
ENTRIES = st.lists(st.tuples(VALUES, VALUES), max_size=6)


class ForkMachine(RuleBasedStateMachine):
    """Random operations on both, compared at random moments."""

    def __init__(self) -> None:
        super().__init__()
        world = WorldState.open(MemoryStore())
        self.fork: Fork = world.fork()
        self.slow = SlowState()
        self.slow.archive.leaves.append(world.at().leaf(TreeId.ARCHIVE, 0))
        self.saved: list[SlowState] = []

    @rule(leaves=LEAVES)
    def append_note_hashes(self, leaves):
        self.fork.append_note_hashes(leaves)
        self.slow.note_hashes.leaves += leaves

    @rule(messages=LEAVES)
    def append_messages(self, messages):
        self.fork.append_l1_to_l2_messages(messages)
        self.slow.messages.leaves += [*messages, *[FR_ZERO] * (1024 - len(messages))]

    @rule(leaf=VALUES)
    def append_header(self, leaf):
        self.fork.append_block_header_hash(leaf)
        self.slow.archive.leaves.append(leaf)

    @rule(keys=LEAVES)
    def insert_batch(self, keys):
        if self.slow.insert_nullifiers(keys):
            self.fork.insert_nullifiers_batch(keys)
        else:
            with pytest.raises((DuplicateKeyError, KeyPresentError)):
                self.fork.insert_nullifiers_batch(keys)

    @rule(key=VALUES)
    def insert_one(self, key):
        if key == FR_ZERO:
            assert self.fork.insert_nullifier(key) is None
        elif self.slow.insert_nullifiers([key]):
            self.fork.insert_nullifier(key)
        else:
            with pytest.raises(KeyPresentError):
                self.fork.insert_nullifier(key)

    @rule(entries=ENTRIES)
    def write_public_data(self, entries):
        self.fork.write_public_data(entries)
        self.slow.write_public_data(entries)

    @rule()
    def create_checkpoint(self):
        self.saved.append(copy.deepcopy(self.slow))
        assert self.fork.create_checkpoint() == len(self.saved)

    @precondition(lambda self: self.saved)
    @rule()
    def commit_checkpoint(self):
        self.fork.commit_checkpoint()
        self.saved.pop()

    @precondition(lambda self: self.saved)
    @rule()
    def revert_checkpoint(self):
        self.fork.revert_checkpoint()
        self.slow = self.saved.pop()

    @precondition(lambda self: not self.saved)
    @rule()
    def nothing_to_leave(self):
        with pytest.raises(CheckpointError, match=r"^Cannot revert without a checkpoint$"):
            self.fork.revert_checkpoint()
        with pytest.raises(CheckpointError, match=r"^Cannot commit without a checkpoint$"):
            self.fork.commit_checkpoint()

    @precondition(lambda self: self.saved)
    @rule(data=st.data())
    def revert_all_to(self, data):
        depth = data.draw(st.integers(0, len(self.saved) - 1))
        self.fork.revert_all_to(depth)
        self.slow = self.saved[depth]
        del self.saved[depth:]

    @precondition(lambda self: self.saved)
    @rule(data=st.data())
    def commit_all_to(self, data):
        depth = data.draw(st.integers(0, len(self.saved) - 1))
        self.fork.commit_all_to(depth)
        del self.saved[depth:]

    @rule(over=st.integers(0, 2))
    def depth_out_of_range(self, over):
        with pytest.raises(CheckpointError, match=r"^Invalid depth for revert_to_depth$"):
            self.fork.revert_all_to(len(self.saved) + over)
        with pytest.raises(CheckpointError, match=r"^Invalid depth for commit_to_depth$"):
            self.fork.commit_all_to(len(self.saved) + over)

    @rule(tree=st.sampled_from(TreeId))
    def root(self, tree):
        assert self.fork.root(tree) == self.slow.trees()[tree].root()

    @rule(tree=st.sampled_from(TreeId), index=st.integers(0, 3000))
    def leaf_and_path(self, tree, index):
        slow = self.slow.trees()[tree]
        assert self.fork.sibling_path(tree, index) == slow.sibling_path(index)
        assert self.fork.leaf(tree, index) == (slow.leaves[index] if index < len(slow.leaves) else FR_ZERO)

    @rule(key=VALUES)
    def low_leaves(self, key):
        for tree, slow in (
            (TreeId.NULLIFIER, self.slow.nullifiers),
            (TreeId.PUBLIC_DATA, self.slow.public_data),
        ):
            low = self.fork.low_leaf(tree, key)
            assert low.index == slow.low_index(key)
            assert low.preimage.packed() == b"".join(slow.packed(low.index))
            assert low.is_present == (slow.index_of(key) is not None)
            assert self.fork.find_leaf_index(tree, key) == slow.index_of(key)

    @rule(key=VALUES)
    def look_up(self, key):
        for tree, slow in ((TreeId.NOTE_HASH, self.slow.note_hashes), (TreeId.ARCHIVE, self.slow.archive)):
            expected = slow.leaves.index(key) if key != FR_ZERO and key in slow.leaves else None
            assert self.fork.find_leaf_index(tree, key) == expected
        index = self.slow.public_data.index_of(key)
        value = FR_ZERO if index is None else self.slow.public_data.entries[index][1]
        assert self.fork.public_data_value(key) == value
        assert self.fork.nullifier_index(key) == self.slow.nullifiers.index_of(key)

    @invariant()
    def sizes(self):
        assert [self.fork.size(tree) for tree in TreeId] == [self.slow.size(tree) for tree in TreeId]

    def teardown(self):
        trees = self.slow.trees()
        for tree in TreeId:
            assert self.fork.root(tree) == trees[tree].root()


TestFork = pytest.mark.timeout(900)(ForkMachine.TestCase)
TestFork.settings = settings(max_examples=examples(), stateful_step_count=25)
