"""Commit, rewind, finalise, prune and reopen against a list of whole states."""

from __future__ import annotations

import copy

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aztecd.crypto.field import FR_ZERO, fr
from aztecd.state import HistoryError, TreeId, UnknownBlockError, WorldState
from aztecd.storage import MemoryStore
from tests.support.slow_trees import SlowState, examples

FRESH = st.lists(st.integers(0, 1 << 200), min_size=1, max_size=5, unique=True)
SLOTS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 9)), max_size=5)
LEAVES = st.lists(st.integers(0, 5).map(fr), max_size=70)


class WorldMachine(RuleBasedStateMachine):
    """Random histories on both; questions at random blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.world = WorldState.open(self.store)
        genesis = SlowState()
        genesis.archive.leaves.append(self.world.at().leaf(TreeId.ARCHIVE, 0))
        self.states = [genesis]
        self.oldest = 0
        self.finalized = 0
        self.fork_count = 0

    @property
    def tip(self):
        return len(self.states) - 1

    @rule(leaves=LEAVES, keys=FRESH, writes=SLOTS, with_messages=st.booleans(), asks_roots=st.booleans())
    def commit(self, leaves, keys, writes, with_messages, asks_roots):
        slow = copy.deepcopy(self.states[-1])
        fork = self.world.fork()
        entries = [(fr(slot), fr(value)) for slot, value in writes]
        # An effort that is given up before the real one.
        depth = fork.create_checkpoint()
        fork.append_note_hashes([fr(77)])
        fork.insert_nullifier(fr(1 << 220))
        fork.write_public_data([(fr(17), fr(4)), (fr(1 << 221), fr(4))])
        if asks_roots:
            fork.state_reference()
        fork.revert_all_to(depth - 1)
        fork.append_note_hashes(leaves)
        slow.note_hashes.leaves += leaves
        nullifiers = [
            FR_ZERO if key < 128 or slow.nullifiers.index_of(fr(key)) is not None else fr(key) for key in keys
        ]
        fork.insert_nullifiers_batch(nullifiers)
        assert slow.insert_nullifiers(nullifiers)
        fork.write_public_data(entries)
        slow.write_public_data(entries)
        if with_messages:
            fork.append_l1_to_l2_messages(leaves[:3])
            slow.messages.leaves += [*leaves[:3], *[FR_ZERO] * (1024 - len(leaves[:3]))]
        self.fork_count += 1
        header = fr((1 << 230) + self.fork_count)
        fork.append_block_header_hash(header)
        slow.archive.leaves.append(header)
        self.world.commit(fork)
        self.states.append(slow)

    @precondition(lambda self: self.tip > self.finalized)
    @rule(data=st.data())
    def rewind(self, data):
        target = data.draw(st.integers(self.finalized, self.tip - 1))
        view = self.world.at()
        self.world.rewind(target)
        del self.states[target + 1 :]
        with pytest.raises(UnknownBlockError):
            view.sibling_path(TreeId.NOTE_HASH, 0)

    @precondition(lambda self: self.tip > self.finalized > 0)
    @rule(data=st.data())
    def rewind_too_far(self, data):
        with pytest.raises(HistoryError, match=rf"^Unable to unwind block: {self.finalized} finalized"):
            self.world.rewind(data.draw(st.integers(0, self.finalized - 1)))
        del self.states[self.finalized + 1 :]

    @rule(data=st.data())
    def finalize(self, data):
        block = data.draw(st.integers(0, self.tip))
        self.world.finalize(block)
        self.finalized = max(self.finalized, block)

    @precondition(lambda self: self.finalized > max(self.oldest, 1))
    @rule(data=st.data())
    def prune(self, data):
        self.oldest = data.draw(st.integers(max(self.oldest, 1) + 1, self.finalized))
        view = self.world.at(self.oldest - 1)
        self.world.prune(self.oldest)
        with pytest.raises(UnknownBlockError):
            view.sibling_path(TreeId.NOTE_HASH, 0)

    @precondition(lambda self: self.tip > self.finalized > max(self.oldest, 1))
    @rule()
    def prune_too_far(self):
        with pytest.raises(HistoryError, match=rf"^Unable to remove historical block: {self.finalized} "):
            self.world.prune(self.tip)
        self.oldest = self.finalized

    @rule()
    def reopen(self):
        self.world = WorldState.open(self.store)

    @rule(data=st.data(), index=st.integers(0, 3000), key=st.integers(0, 1 << 200).map(fr))
    def ask(self, data, index, key):
        block = data.draw(st.integers(self.oldest, self.tip))
        slow = self.states[block]
        if slow.nullifiers.entries[128:] and index % 2:
            entry = slow.nullifiers.entries[128 + index % (len(slow.nullifiers.entries) - 128)]
            key = key if entry is None else entry[0]
        trees = slow.trees()
        for reads in (self.world.at(block), self.world.fork(block)):
            for tree in TreeId:
                assert reads.root(tree) == trees[tree].root()
                assert reads.size(tree) == len(trees[tree].leaves)
                assert reads.sibling_path(tree, index) == trees[tree].sibling_path(index)
                leaves = trees[tree].leaves
                assert reads.leaf(tree, index) == (leaves[index] if index < len(leaves) else FR_ZERO)
                assert reads.block_of_leaf(tree, index) == self.block_of_leaf(tree, index, block)
            for tree, slow_tree in (
                (TreeId.NULLIFIER, slow.nullifiers),
                (TreeId.PUBLIC_DATA, slow.public_data),
            ):
                low = reads.low_leaf(tree, key)
                assert low.index == slow_tree.low_index(key)
                assert low.preimage.packed() == b"".join(slow_tree.packed(low.index))
                assert low.is_present == (slow_tree.index_of(key) is not None)
                assert reads.find_leaf_index(tree, key) == slow_tree.index_of(key)
            for value in (fr(index % 6), fr(77), slow.archive.leaves[-1]):
                for tree, slow_tree in ((TreeId.NOTE_HASH, slow.note_hashes), (TreeId.ARCHIVE, slow.archive)):
                    is_there = value != FR_ZERO and value in slow_tree.leaves
                    assert reads.find_leaf_index(tree, value) == (
                        slow_tree.leaves.index(value) if is_there else None
                    )

    def block_of_leaf(self, tree, index, block):
        for number, state in enumerate(self.states[: block + 1]):
            if index < state.size(tree):
                return max(number, 1)
        return None

    @invariant()
    def status(self):
        assert self.world.tip == self.tip
        assert self.world.finalized == self.finalized
        assert self.world.oldest_historical_block == min(max(self.oldest, 1), self.tip)
        for block in (self.oldest - 1, self.tip + 1):
            with pytest.raises(UnknownBlockError):
                self.world.at(block)

    def teardown(self):
        """Nothing is left of removed blocks: the store equals one that never had them."""
        if self.oldest:
            return
        if self.tip:
            self.finalized = 0
            if self.world.finalized:
                return
            self.world.rewind(0)
        fresh = MemoryStore()
        WorldState.open(fresh)
        everything = [list(store.iterate(start=b"", stop=b"\xff")) for store in (self.store, fresh)]
        assert everything[0] == everything[1]


TestWorld = pytest.mark.timeout(900)(WorldMachine.TestCase)
TestWorld.settings = settings(max_examples=examples(), stateful_step_count=20)
