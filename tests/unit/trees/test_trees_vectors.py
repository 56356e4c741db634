"""All recorded cases of trees.json but the world state's life."""

from __future__ import annotations

import hashlib

import pytest

from aztecd.crypto.field import FR_MODULUS, FR_ZERO, Fr, fr, fr_from_hex
from aztecd.crypto.poseidon2 import hash_fields, hash_pair
from aztecd.crypto.sha256 import sha256_trunc
from aztecd.state import Fork, TreeId, build_genesis
from aztecd.trees import (
    TreeError,
    balanced_root,
    block_out_hash,
    checkpoint_out_hash,
    epoch_out_hash,
    in_hash,
    message_witness,
    tx_out_hash,
    unbalanced_path,
    unbalanced_root,
    wonky_path,
    wonky_root,
    zero_hashes,
)
from tests.support.lifecycle import TREES
from tests.support.vectors import cases


def named(kind):
    return [pytest.param(case, id=case["name"]) for case in cases("trees.json.gz", kind)]


def elements(texts):
    return [fr_from_hex(text) for text in texts]


def sha_pair(left: bytes, right: bytes) -> Fr:
    return sha256_trunc(left + right)


def genesis_fork() -> Fork:
    return build_genesis().state


def test_zero_hashes():
    (case,) = cases("trees.json.gz", "zero_hashes")
    assert list(zero_hashes(len(case["levels"]) - 1)) == elements(case["levels"])


@pytest.mark.parametrize("case", named("genesis"))
def test_genesis(case):
    prefilled = [(fr_from_hex(slot), fr_from_hex(value)) for slot, value in case["prefilled_public_data"]]
    genesis = build_genesis(prefilled)
    assert genesis.header.hash() == fr_from_hex(case["block_header_hash"])
    for name, expected in case["trees"].items():
        tree = TREES[name]
        assert tree.height == expected["height"]
        assert genesis.state.root(tree) == fr_from_hex(expected["root"])
        assert genesis.state.size(tree) == expected["size"]
    assert genesis.archive_root == fr_from_hex(case["trees"]["archive"]["root"])
    for name, leaves in case["leaves_sample"].items():
        for leaf in leaves:
            preimage = genesis.state.preimage(TREES[name], leaf["index"])
            assert preimage.packed() == b"".join(elements(leaf["hash_inputs"]))


@pytest.mark.parametrize("case", named("append_only"))
def test_append_only(case):
    tree = genesis_fork().tree(TREES[case["tree"]])
    assert tree.height == case["height"]
    for step in case["steps"]:
        tree.append(elements(step["leaves"]))
        assert tree.root() == fr_from_hex(step["root"])
        assert tree.size == step["size"]
    for lookup in case["find_leaf_indices"]:
        assert tree.find(fr_from_hex(lookup["leaf"])) == lookup["index"]
    for index, path in case["steps"][-1]["sibling_paths"].items():
        assert tree.sibling_path(int(index)) == elements(path)


def entries_of(leaves):
    return [
        (fr_from_hex(leaf), FR_ZERO)
        if isinstance(leaf, str)
        else (fr_from_hex(leaf[0]), fr_from_hex(leaf[1]))
        for leaf in leaves
    ]


def check_batch(tree, step):
    entries = entries_of(step["leaves"])
    result = tree.batch_insert(entries, with_paths="low_leaf_paths" in step)
    if "sorted_order" in step:
        assert result.order == step["sorted_order"]
    if "low_leaves_before_update" in step:
        expected = step["low_leaves_before_update"]
        empty = {"index": 0, "preimage": ["0x" + "00" * 32] * tree.kind.width}
        assert expected[len(result.insertions) :] == [empty] * (len(entries) - len(result.insertions))
        check_low_leaves(result.insertions, expected[: len(result.insertions)])
    for insertion, path in zip(result.insertions, step.get("low_leaf_paths", []), strict=False):
        assert insertion.low_path == elements(path)


def check_sequential(tree, step):
    has_paths = "low_leaf_paths" in step
    insertions = tree.sequential_insert(entries_of(step["leaves"]), with_paths=has_paths)
    if "insertion_index" in step:
        assert [insertion.index or 0 for insertion in insertions] == step["insertion_index"]
        check_low_leaves(insertions, step["low_leaves_before_update"])
    if has_paths:
        assert [insertion.low_path for insertion in insertions] == [
            elements(p) for p in step["low_leaf_paths"]
        ]
        for insertion, path in zip(insertions, step["insertion_paths"], strict=True):
            if insertion.index is not None:
                assert insertion.path == elements(path)


def check_low_leaves(insertions, expected):
    assert [insertion.low_index for insertion in insertions] == [low["index"] for low in expected]
    assert [insertion.low_leaf.packed() for insertion in insertions] == [
        b"".join(elements(low["preimage"])) for low in expected
    ]


@pytest.mark.parametrize("case", named("indexed"))
def test_indexed(case):
    fork = genesis_fork()
    tree_id = TREES[case["tree"]]
    tree = fork.tree(tree_id)
    assert tree.height == case["height"]
    for step in case["steps"]:
        check = check_batch if step["op"] == "batch" else check_sequential
        if "error" in step:
            before = list(tree.changed_leaves())
            with pytest.raises(TreeError) as caught:
                check(tree, step)
            assert str(caught.value) == step["error"]
            assert list(tree.changed_leaves()) == before
        else:
            check(tree, step)
        assert tree.root() == fr_from_hex(step["root"])
        assert tree.size == step["size"]
    for leaf in case["final_preimages_from_127"]:
        preimage = tree.preimage(leaf["index"])
        expected = elements(leaf["preimage"])
        if preimage is None:
            assert set(expected) == {FR_ZERO}
            assert tree.leaf(leaf["index"]) == FR_ZERO
        else:
            assert preimage.packed() == b"".join(expected)
            assert tree.leaf(leaf["index"]) == hash_fields(expected)
    for lookup in case["low_leaf_lookups"]:
        low = fork.low_leaf(tree_id, fr_from_hex(lookup["key"]))
        assert low.index == lookup["index"]
        assert low.is_present == lookup["already_present"]
        assert fork.find_leaf_index(tree_id, fr_from_hex(lookup["key"])) == (
            low.index if low.is_present else None
        )


@pytest.mark.parametrize(
    ("kind", "root", "hash_two"),
    [
        ("unbalanced_sha", unbalanced_root, sha_pair),
        ("unbalanced_poseidon", unbalanced_root, hash_pair),
        ("wonky_sha", wonky_root, sha_pair),
    ],
)
def test_small_trees(kind, root, hash_two):
    for case in cases("trees.json.gz", kind):
        assert root(elements(case["leaves"]), hash_two) == fr_from_hex(case["root"])


def test_balanced_sha():
    for case in cases("trees.json.gz", "balanced_sha"):
        leaves = elements(case["leaves"])
        height = (len(leaves) - 1).bit_length()
        assert balanced_root(leaves, height, sha_pair) == fr_from_hex(case["root"])


@pytest.mark.parametrize("kind", ["unbalanced_sha", "wonky_sha"])
def test_paths_of_small_trees_lead_to_the_recorded_root(kind):
    make = unbalanced_path if kind == "unbalanced_sha" else wonky_path
    for case in cases("trees.json.gz", kind):
        leaves = elements(case["leaves"])
        for index, leaf in enumerate(leaves):
            if leaf == FR_ZERO and kind == "wonky_sha":
                continue
            path = make(leaves, index, sha_pair)
            node = leaf
            for level, sibling in enumerate(path.siblings):
                is_right = path.position >> level & 1
                node = sha_pair(sibling, node) if is_right else sha_pair(node, sibling)
            assert node == path.root == fr_from_hex(case["root"])


def test_in_hash():
    for case in cases("trees.json.gz", "in_hash"):
        messages = case["messages"]
        if isinstance(messages, dict):
            assert messages["rule"] == 'message i = (sha256(ascii("in"+i)) mod p) >> 8'
            digests = [hashlib.sha256(f"in{i}".encode()).digest() for i in range(messages["count"])]
            leaves = [fr((int.from_bytes(digest, "big") % FR_MODULUS) >> 8) for digest in digests]
        else:
            leaves = elements(messages)
        assert in_hash(leaves) == fr_from_hex(case["in_hash"])


@pytest.mark.parametrize("case", named("out_hash"))
def test_out_hash(case):
    epoch = [[[elements(tx) for tx in block] for block in checkpoint] for checkpoint in case["messages"]]
    txs = [[[tx_out_hash(tx) for tx in block] for block in checkpoint] for checkpoint in epoch]
    assert txs == [[elements(block) for block in checkpoint] for checkpoint in case["tx_out_hashes"]]
    blocks = [[block_out_hash(block) for block in checkpoint] for checkpoint in txs]
    assert blocks == [elements(checkpoint) for checkpoint in case["block_out_hashes"]]
    checkpoints = [checkpoint_out_hash(checkpoint) for checkpoint in blocks]
    assert checkpoints == elements(case["checkpoint_out_hashes"])
    assert epoch_out_hash(checkpoints) == fr_from_hex(case["epoch_out_hash"])
    for count, expected in enumerate(case["accumulated_per_checkpoint"], 1):
        assert epoch_out_hash(checkpoints[:count]) == fr_from_hex(expected)
    for expected in case["witnesses"]:
        witness = message_witness(
            epoch,
            checkpoint=expected["checkpoint"],
            block=expected["block"],
            tx=expected["tx"],
            message=expected["message_index"],
        )
        assert witness.root == fr_from_hex(case["epoch_out_hash"])
        assert witness.leaf_index == int(expected["leaf_index"])
        assert witness.leaf_id == int(expected["leaf_id"])
        assert witness.siblings == elements(expected["path"])


def test_tree_ids_are_the_wire_numbers():
    assert [tree.name for tree in TreeId] == [
        "NULLIFIER",
        "NOTE_HASH",
        "PUBLIC_DATA",
        "L1_TO_L2_MESSAGE",
        "ARCHIVE",
    ]
    assert [int(tree) for tree in TreeId] == [0, 1, 2, 3, 4]
