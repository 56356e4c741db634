from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_ZERO, fr
from aztecd.crypto.poseidon2 import hash_pair
from aztecd.trees import (
    NULLIFIER_LEAVES,
    PUBLIC_DATA_LEAVES,
    LeafRangeError,
    NullifierLeaf,
    PublicDataLeaf,
    TreeFullError,
    balanced_path,
    balanced_root,
    epoch_out_hash,
    in_hash,
    message_witness,
    unbalanced_path,
    unbalanced_root,
    wonky_path,
    wonky_root,
    zero_hashes,
)


def test_small_trees_without_leaves_are_zero():
    assert unbalanced_root([], hash_pair) == wonky_root([], hash_pair) == FR_ZERO
    assert wonky_root([FR_ZERO] * 5, hash_pair) == FR_ZERO
    assert balanced_root([], 3, hash_pair) == zero_hashes(3)[3]
    assert balanced_root([], 0, hash_pair) == FR_ZERO


def test_one_leaf_is_its_own_root():
    assert unbalanced_root([FR_ZERO], hash_pair) == FR_ZERO
    path = wonky_path([FR_ZERO, fr(3), FR_ZERO], 1, hash_pair)
    assert (path.root, path.position, path.siblings) == (fr(3), 0, [])


@pytest.mark.parametrize("index", range(8))
def test_balanced_paths_lead_to_the_root(index):
    leaves = [fr(1), fr(2), fr(3)]
    path = balanced_path(leaves, index, 3, hash_pair)
    node = leaves[index] if index < 3 else FR_ZERO
    for level, sibling in enumerate(path.siblings):
        node = hash_pair(sibling, node) if index >> level & 1 else hash_pair(node, sibling)
    assert node == path.root == balanced_root(leaves, 3, hash_pair)
    assert path.position == index


def test_places_that_do_not_exist():
    with pytest.raises(LeafRangeError, match="is zero"):
        wonky_path([fr(1), FR_ZERO], 1, hash_pair)
    for index in (-1, 2):
        with pytest.raises(LeafRangeError):
            unbalanced_path([fr(1), fr(2)], index, hash_pair)
    with pytest.raises(LeafRangeError):
        balanced_path([], 8, 3, hash_pair)


def test_too_many_leaves():
    with pytest.raises(TreeFullError):
        in_hash([fr(1)] * 1025)
    with pytest.raises(TreeFullError):
        epoch_out_hash([fr(1)] * 33)


@pytest.mark.parametrize(
    "place",
    [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (0, 0, 2, 0), (-1, 0, 0, 0), (40, 0, 0, 0)],
)
def test_witnesses_of_missing_messages(place):
    epoch = [[[[fr(1)], []]]]
    checkpoint, block, tx, message = place
    with pytest.raises(LeafRangeError):
        message_witness(epoch, checkpoint=checkpoint, block=block, tx=tx, message=message)


def test_leaves_keep_their_packed_form():
    nullifier = NullifierLeaf(key=fr(1), next_key=fr(2), next_index=3)
    assert nullifier.packed() == fr(1) + fr(2) + fr(3)
    assert NULLIFIER_LEAVES.unpack(nullifier.packed()) == nullifier
    assert nullifier.updated(fr(9)) == nullifier
    public = PublicDataLeaf(slot=fr(1), value=fr(2), next_key=fr(3), next_index=4)
    assert public.packed() == fr(1) + fr(2) + fr(3) + fr(4)
    assert PUBLIC_DATA_LEAVES.unpack(public.packed()) == public
    assert public.linked(fr(7), 8).updated(fr(6)) == PublicDataLeaf(
        slot=fr(1), value=fr(6), next_key=fr(7), next_index=8
    )
