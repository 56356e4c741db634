from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_ZERO, fr
from aztecd.state import (
    BlockMismatchError,
    HistoryError,
    StateError,
    StateOrderError,
    TreeId,
    TxChanges,
    UnknownBlockError,
    WorldState,
    apply_tx,
)
from aztecd.state.cache import VersionCache
from aztecd.storage import MemoryStore, Prefix, StoreFullError, prefix_end
from aztecd.trees import KeyPresentError, LeafRangeError, TreeFullError
from tests.support.lifecycle import block_of, steps, sync


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def world(store):
    return WorldState.open(store)


def next_fork(world, *notes):
    fork = world.fork()
    fork.append_note_hashes([fr(note) for note in notes])
    fork.append_block_header_hash(fr(10_000 + world.tip))
    return fork


def add_blocks(world, count):
    for _ in range(count):
        world.commit(next_fork(world, world.tip + 1))


class TestStaging:
    def test_a_batch_shared_with_other_data(self, world, store):
        batch = store.batch()
        batch.put(b"\x20other", b"1")
        world.stage_commit(batch, next_fork(world, 5), 1)
        assert world.tip == 0
        assert world.at().size(TreeId.NOTE_HASH) == 0
        with pytest.raises(UnknownBlockError):
            world.at(1)
        store.write(batch)
        world.applied(1)
        assert world.at().find_leaf_index(TreeId.NOTE_HASH, fr(5)) == 0
        assert store.get(b"\x20other") == b"1"

    def test_finalisation_in_the_batch_of_the_block(self, world, store):
        batch = store.batch()
        world.stage_commit(batch, next_fork(world, 5), 1)
        world.stage_finalize(batch, 1)
        store.write(batch)
        world.applied(1)
        assert (world.tip, world.finalized) == (1, 1)
        assert WorldState.open(store).finalized == 1

    def test_discarded_changes_leave_no_trace(self, world, store):
        add_blocks(world, 3)
        content = list(store.iterate(start=b"", stop=b"\xff"))
        world.stage_commit(store.batch(), next_fork(world, 5), 4)
        world.discard()
        view = world.at(3)
        world.stage_rewind(store.batch(), 1)
        assert world.tip == 1
        with pytest.raises(UnknownBlockError):
            world.at(3)
        with pytest.raises(UnknownBlockError):
            view.leaf(TreeId.NOTE_HASH, 0)
        world.discard()
        assert world.tip == 3
        assert world.at(3).leaf(TreeId.NOTE_HASH, 2) == fr(3)
        assert list(store.iterate(start=b"", stop=b"\xff")) == content
        add_blocks(world, 1)

    def test_a_failed_write_is_discarded(self, world, store, monkeypatch):
        def fail(*_, **__):
            raise StoreFullError("no space")

        fork = next_fork(world, 5)
        with monkeypatch.context() as patch:
            patch.setattr(MemoryStore, "write", fail)
            with pytest.raises(StoreFullError):
                world.commit(fork)
        assert world.tip == 0
        world.commit(fork)
        assert world.tip == 1

    def test_impossible_orders_are_refused(self, world, store):
        with pytest.raises(StateOrderError, match="no change is staged"):
            world.applied(1)
        fork = next_fork(world, 5)
        with pytest.raises(StateOrderError, match="the tip is 0"):
            world.stage_commit(store.batch(), fork, 2)
        fork.create_checkpoint()
        with pytest.raises(StateOrderError, match="1 open checkpoints"):
            world.stage_commit(store.batch(), fork, 1)
        fork.commit_checkpoint()
        world.stage_commit(store.batch(), fork, 1)
        for attempt in (
            lambda: world.stage_commit(store.batch(), fork, 1),
            lambda: world.stage_rewind(store.batch(), 0),
            lambda: world.stage_prune(store.batch(), 1),
            lambda: world.applied(2),
        ):
            with pytest.raises(StateOrderError):
                attempt()

    def test_a_fork_without_header_or_of_an_old_block_is_refused(self, world, store):
        with pytest.raises(StateOrderError, match="has 1 leaves"):
            world.stage_commit(store.batch(), world.fork(), 1)
        old = next_fork(world, 1)
        add_blocks(world, 1)
        with pytest.raises(StateOrderError, match="from a fork of block 0"):
            world.stage_commit(store.batch(), old, 2)


class TestHistory:
    def test_partial_rewind_says_how_far(self, world, store):
        add_blocks(world, 4)
        world.finalize(2)
        batch = store.batch()
        with pytest.raises(HistoryError) as caught:
            world.stage_rewind(batch, 1)
        assert caught.value.staged_to == 2
        store.write(batch)
        world.applied(2)
        assert world.tip == 2
        with pytest.raises(HistoryError, match="current pending block 2") as caught:
            world.rewind(-1)
        assert caught.value.staged_to is None

    def test_rewind_below_finalized_tip_stages_nothing(self, world):
        add_blocks(world, 2)
        world.finalize(2)
        with pytest.raises(
            HistoryError, match=r"^Unable to unwind block: 2 finalizedBlockHeight: 2"
        ) as caught:
            world.rewind(1)
        assert caught.value.staged_to is None
        assert world.tip == 2

    def test_prune_before_finalisation(self, world):
        add_blocks(world, 3)
        with pytest.raises(
            HistoryError, match=r"^Unable to remove historical block: 1 finalizedBlockHeight: 0"
        ) as caught:
            world.prune(2)
        assert caught.value.staged_to is None
        assert world.oldest_historical_block == 1

    def test_genesis_goes_with_the_first_blocks(self, world):
        add_blocks(world, 3)
        assert world.at(0).block_number == 0
        world.finalize(3)
        world.prune(2)
        with pytest.raises(UnknownBlockError, match=r"^Unable to get meta data for block 0, failed"):
            world.at(0)
        with pytest.raises(UnknownBlockError, match="expired historical block: 1"):
            world.fork(1)
        assert world.at(2).leaf(TreeId.NOTE_HASH, 1) == fr(2)

    def test_pruning_leaves_one_version_of_each_place(self, world, store):
        for number in range(1, 7):
            fork = next_fork(world, number)
            fork.write_public_data([(fr(1000), fr(number)), (fr(2000 + number), fr(1))])
            world.commit(fork)
        world.finalize(6)
        world.prune(4)
        world.prune(6)
        places = []
        for prefix in (Prefix.STATE_NODE, Prefix.STATE_PREIMAGE):
            keys = [key for key, _ in store.iterate(start=prefix.key, stop=prefix_end(prefix.key))]
            places += [key[:-4] for key in keys]
        assert len(places) > 128
        assert len(places) == len(set(places))
        for prefix, kept in ((Prefix.STATE_BLOCK, 1), (Prefix.STATE_UNDO, 0)):
            assert len(list(store.iterate(start=prefix.key, stop=prefix_end(prefix.key)))) == kept

    def test_pruned_leaves_keep_their_block(self, world):
        add_blocks(world, 4)
        world.finalize(4)
        world.prune(4)
        assert [world.at().block_of_leaf(TreeId.NOTE_HASH, index) for index in range(5)] == [1, 2, 3, 4, None]

    def test_forks_of_removed_blocks_disappear(self, world):
        add_blocks(world, 2)
        fork = world.fork()
        world.rewind(1)
        fork.append_note_hashes([fr(1)])
        with pytest.raises(UnknownBlockError):
            fork.root(TreeId.NOTE_HASH)

    def test_duplicate_leaves_keep_the_lowest_index_over_a_rewind(self, world):
        world.commit(next_fork(world, 5, 6))
        world.commit(next_fork(world, 6, 7))
        view = world.at(1)
        world.rewind(1)
        assert world.at() is view
        assert [view.find_leaf_index(TreeId.NOTE_HASH, fr(leaf)) for leaf in (5, 6, 7, 0)] == [
            0,
            1,
            None,
            None,
        ]

    def test_a_tree_that_grows_by_zeros_only(self, world):
        """Nodes over more and more zeros are not written; they must be found all the same."""
        fork = next_fork(world, 9)
        world.commit(fork)
        for _ in range(3):
            fork = world.fork()
            fork.append_note_hashes([FR_ZERO] * 64)
            fork.append_block_header_hash(fr(world.tip + 7))
            world.commit(fork)

        def compare(reads, leaves):
            expected = WorldState.open(MemoryStore()).fork()
            expected.append_note_hashes(leaves)
            assert reads.root(TreeId.NOTE_HASH) == expected.root(TreeId.NOTE_HASH)
            for index in (0, 1, 64, 100, 193, 256, 1 << 30):
                path = reads.sibling_path(TreeId.NOTE_HASH, index)
                assert path == expected.sibling_path(TreeId.NOTE_HASH, index)

        compare(world.at(), [fr(9), *[FR_ZERO] * 192])
        fork = world.fork()
        fork.append_note_hashes([fr(8)])
        compare(fork, [fr(9), *[FR_ZERO] * 192, fr(8)])


class TestBlocks:
    def test_a_wrong_claim_changes_nothing(self, world):
        wrong = next(step for step in steps() if step.get("error", "").startswith("Can't synch block"))
        with pytest.raises(BlockMismatchError):
            sync(world, block_of({**wrong, "block_number": 1}))
        assert world.tip == 0

    def test_empty_public_data_writes_are_refused(self, world):
        tx = TxChanges(note_hashes=[], nullifiers=[fr(1 << 100)], public_data_writes=[(FR_ZERO, FR_ZERO)])
        with pytest.raises(StateError, match=r"^Public data write must not be empty when syncing$"):
            apply_tx(world.fork(), tx)

    def test_a_tx_is_padded(self, world):
        fork = world.fork()
        apply_tx(fork, TxChanges(note_hashes=[fr(1)], nullifiers=[fr(1 << 100)], public_data_writes=[]))
        assert fork.size(TreeId.NOTE_HASH) == 64
        assert fork.size(TreeId.NULLIFIER) == 192
        assert fork.size(TreeId.PUBLIC_DATA) == 128


class TestFork:
    def test_hashes_that_were_computed_before_a_revert(self, world):
        fork = world.fork()
        fork.write_public_data([(fr(1000), fr(1))])
        fork.insert_nullifiers_batch([fr(1000)])
        fork.append_note_hashes([fr(1)])
        before = [fork.root(tree) for tree in TreeId]
        fork.create_checkpoint()
        fork.write_public_data([(fr(1000), fr(2)), (fr(1001), fr(2)), (fr(5), fr(2))])
        fork.insert_nullifiers_batch([fr(1001)])
        fork.append_note_hashes([fr(2)])
        assert [fork.root(tree) for tree in TreeId][:3] != before[:3]
        fork.revert_checkpoint()
        assert [fork.root(tree) for tree in TreeId] == before
        fork.append_block_header_hash(fr(1))
        world.commit(fork)
        again = world.fork()
        again.write_public_data([(fr(1000), fr(1))])
        assert [again.root(tree) for tree in TreeId][:4] == before[:4]

    def test_too_many_messages(self, world):
        fork = world.fork()
        with pytest.raises(StateError, match="at most 1024 messages, got 1025"):
            fork.append_l1_to_l2_messages([fr(1)] * 1025)
        assert fork.size(TreeId.L1_TO_L2_MESSAGE) == 0

    def test_capacity(self, world):
        fork = world.fork()
        fork.archive.size = (1 << 30) - 1
        fork.append_block_header_hash(fr(1))
        with pytest.raises(TreeFullError, match="ArchiveTree new size: 1073741825 max size: 1073741824"):
            fork.append_block_header_hash(fr(1))
        fork.public_data.size = (1 << 40) - 1
        with pytest.raises(TreeFullError):
            fork.write_public_data([(fr(1000), fr(1)), (fr(1001), fr(1))])
        assert fork.find_leaf_index(TreeId.PUBLIC_DATA, fr(1000)) is None
        fork.nullifiers.size = (1 << 42) - 1
        with pytest.raises(TreeFullError):
            fork.insert_nullifiers_batch([fr(1000), FR_ZERO])
        assert fork.nullifier_index(fr(1000)) is None

    def test_sequential_writes_are_undone_together(self, world):
        fork = world.fork()
        before = fork.root(TreeId.NULLIFIER)
        with pytest.raises(KeyPresentError):
            fork.nullifiers.sequential_insert([(fr(1000), FR_ZERO), (fr(5), FR_ZERO)])
        assert fork.root(TreeId.NULLIFIER) == before
        assert fork.nullifier_index(fr(1000)) is None

    def test_indices_outside_of_a_tree(self, world):
        for reads in (world.at(), world.fork()):
            for index in (-1, 1 << 30):
                with pytest.raises(LeafRangeError):
                    reads.sibling_path(TreeId.ARCHIVE, index)
            assert len(reads.sibling_path(TreeId.ARCHIVE, (1 << 30) - 1)) == 30
            assert reads.preimage(TreeId.NULLIFIER, -1) is None
            assert reads.preimage(TreeId.PUBLIC_DATA, 128) is None

    def test_new_leaves_belong_to_no_block(self, world):
        fork = next_fork(world, 1)
        assert fork.block_of_leaf(TreeId.NOTE_HASH, 0) is None
        assert fork.block_number == 0

    def test_one_leaf_insertion_reports_its_place(self, world):
        fork = world.fork()
        assert fork.insert_nullifier(fr(1000)).index == 128
        assert fork.insert_nullifier(FR_ZERO) is None


def test_cache_is_bounded_and_never_older():
    cache = VersionCache(8)
    for round_number in range(3):
        for place in range(1, 20):
            cache.put(place, (round_number, place))
            assert cache.get(place) == (round_number, place)
    assert sum(cache.get(place) is not None for place in range(1, 20)) <= 8
    assert all(found is None or found[0] == 2 for found in map(cache.get, range(1, 20)))
    cache.clear()
    assert cache.get(19) is None


class CountingStore(MemoryStore):
    """Counts what is read."""

    reads = 0

    def get(self, key):
        self.reads += 1
        return super().get(key)

    def first(self, start, stop):
        self.reads += 1
        return super().first(start, stop)

    def iterate(self, **bounds):
        for item in super().iterate(**bounds):
            self.reads += 1
            yield item


def test_low_leaves_of_an_early_block_do_not_cost_what_came_later():
    store = CountingStore()
    world = WorldState.open(store)
    early = [1 << 100, 3 << 100]
    late = [key for key in range(1 << 90, 4 << 100, 1 << 90) if key not in early]
    for number, keys in enumerate((early, late), 1):
        fork = world.fork()
        new = [fr(key) for key in keys]
        fork.insert_nullifiers_batch(new)
        fork.write_public_data([(key, fr(1)) for key in new])
        fork.append_block_header_hash(fr(number + 10**6))
        world.commit(fork)
    size = world.at(1).size(TreeId.NULLIFIER)
    assert world.at(2).size(TreeId.NULLIFIER) > 20 * size
    for block, key, expected in (
        (0, 4 << 100, 127),
        (0, 50, 50),
        (1, (1 << 100) - 1, 127),
        (1, (2 << 100) + 1, 1 << 100),
        (1, 4 << 100, 3 << 100),
        (2, (2 << 100) + 1, 2 << 100),
    ):
        view = world.at(block)
        for tree in (TreeId.NULLIFIER, TreeId.PUBLIC_DATA):
            before = store.reads
            low = view.low_leaf(tree, fr(key))
            assert low.preimage.key == fr(expected)
            assert view.preimage(tree, low.index) == low.preimage
            assert store.reads - before < 3 * size
