"""One writer and several readers of a world state; the readers must only ever see whole blocks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_int
from aztecd.crypto.poseidon2 import KERNEL, hash_pair
from aztecd.state import StateReads, TreeId, TxChanges, UnknownBlockError, WorldState, apply_tx

if TYPE_CHECKING:
    from aztecd.storage import KeyValueStore

BLOCKS = 40 if KERNEL == "c" else 10
READERS = 3


def header_hash(block: int, generation: int) -> Fr:
    return fr((1 << 200) + (generation << 32) + block)


def commit(world: WorldState, generation: int) -> None:
    """Commit a block that says its number in several places."""
    block = world.tip + 1
    fork = world.fork()
    fork.append_l1_to_l2_messages([fr(1 << 150 | block)])
    tx = TxChanges(
        note_hashes=[fr(1 << 151 | block)],
        nullifiers=[fr(generation << 40 | block << 20 | 1 << 155)],
        public_data_writes=[
            (fr(1000), fr(block)),
            (fr(2000), fr(block)),
            (fr(1 << 152 | block), fr(generation)),
        ],
    )
    apply_tx(fork, tx)
    fork.append_block_header_hash(header_hash(block, generation))
    world.commit(fork)


def check_state(view: StateReads) -> None:
    """Check that a state is that of one block in every respect."""
    block = view.block_number
    assert fr_int(view.public_data_value(fr(1000))) == fr_int(view.public_data_value(fr(2000))) == block
    assert view.size(TreeId.NOTE_HASH) == 64 * block
    assert view.size(TreeId.ARCHIVE) == block + 1
    assert view.find_leaf_index(TreeId.NOTE_HASH, fr(1 << 151 | (block + 1))) is None
    if block:
        index = view.find_leaf_index(TreeId.NOTE_HASH, fr(1 << 151 | block))
        assert index == 64 * (block - 1)
        assert view.block_of_leaf(TreeId.NOTE_HASH, index) == block
        generation = view.public_data_value(fr(1 << 152 | block))
        assert view.leaf(TreeId.ARCHIVE, block) == header_hash(block, fr_int(generation))
    for tree in TreeId:
        for index in {0, view.size(tree) // 2, max(0, view.size(tree) - 1)}:
            node = view.leaf(tree, index)
            for level, sibling in enumerate(view.sibling_path(tree, index)):
                node = hash_pair(sibling, node) if index >> level & 1 else hash_pair(node, sibling)
            assert node == view.root(tree)
    low = view.low_leaf(TreeId.NULLIFIER, fr(1 << 154))
    following = view.preimage(TreeId.NULLIFIER, low.preimage.next_index)
    assert following is not None
    assert low.preimage.next_key in (FR_ZERO, following.key)


def race(store: KeyValueStore, *, with_rewinds: bool) -> None:
    """Run writer and readers to the end; re-raise what any of them raised."""
    world = WorldState.open(store)
    done = threading.Event()
    errors: list[BaseException] = []
    answers = [0] * READERS

    def read(reader: int) -> None:
        try:
            while not (done.is_set() and answers[reader] > 3):
                try:
                    view = world.at()
                    older = world.at(view.block_number // 2)
                    for state in (view, older, world.fork(view.block_number)):
                        check_state(state)
                except UnknownBlockError:
                    assert with_rewinds, "a block disappeared without a rewind"
                answers[reader] += 1
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            errors.append(error)

    threads = [threading.Thread(target=read, args=(reader,)) for reader in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        generation = 1
        for number in range(BLOCKS):
            commit(world, generation)
            if with_rewinds and number % 5 == 4:
                generation += 1
                world.rewind(world.tip - 3)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
    check_state(world.at())
    check_state(WorldState.open(store).at())
