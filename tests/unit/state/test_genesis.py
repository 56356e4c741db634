from __future__ import annotations

import pytest

from aztecd.constants import GENESIS_ARCHIVE_ROOT, GENESIS_BLOCK_HEADER_HASH
from aztecd.crypto.field import FR_ZERO, fr
from aztecd.state import GenesisError, TreeId, WorldState, build_genesis
from aztecd.storage import MemoryStore


def pairs(*slots):
    return [(fr(slot), fr(7)) for slot in slots]


def test_without_prefilled_data_it_is_that_of_the_constants():
    genesis = build_genesis()
    assert genesis.header.hash() == GENESIS_BLOCK_HEADER_HASH
    assert genesis.archive_root == GENESIS_ARCHIVE_ROOT
    assert genesis.header.last_archive.root == FR_ZERO


@pytest.mark.parametrize(
    ("prefilled", "message"),
    [
        (pairs(*range(1000, 1129)), "Number of prefilled values can't be more than initial size"),
        (pairs(1000, 1000), "Prefilled values must be unique and sorted"),
        (pairs(1001, 1000), "Prefilled values must be unique and sorted"),
        (pairs(126), "Prefilled values must not be the same as the default values"),
        (pairs(0, 1000), "Prefilled values must not be the same as the default values"),
    ],
)
def test_prefilled_data_is_checked(prefilled, message):
    with pytest.raises(GenesisError) as caught:
        build_genesis(prefilled)
    assert str(caught.value) == message


def test_the_freed_padding_key_may_be_used():
    state = build_genesis(pairs(127, 1000)).state
    assert state.low_leaf(TreeId.PUBLIC_DATA, fr(127)).index == 126
    assert state.public_data_value(fr(127)) == fr(7)
    assert state.size(TreeId.PUBLIC_DATA) == 128


def test_a_full_prefill_ends_its_chain():
    state = build_genesis(pairs(0, *range(1000, 1127))).state
    last = state.preimage(TreeId.PUBLIC_DATA, 127)
    assert (last.next_key, last.next_index) == (FR_ZERO, 0)


def test_a_store_keeps_its_genesis():
    store = MemoryStore()
    root = WorldState.open(store, pairs(1000)).genesis_archive_root
    assert WorldState.open(store, pairs(1000)).at(0).root(TreeId.ARCHIVE) == root
    with pytest.raises(GenesisError, match=root.hex()):
        WorldState.open(store, pairs(1001))


def test_padding_keys_and_genesis_leaves_are_there_from_the_start():
    view = WorldState.open(MemoryStore()).at()
    assert view.block_number == 0
    assert view.nullifier_index(fr(5)) == 5
    assert view.block_of_leaf(TreeId.NULLIFIER, 5) == 1
    assert view.block_of_leaf(TreeId.NULLIFIER, 128) is None
    assert view.block_of_leaf(TreeId.NULLIFIER, -1) is None
    assert view.block_of_leaf(TreeId.ARCHIVE, 0) == 1
