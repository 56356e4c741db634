"""Recorded checkpoints: every byte, field and hash that depends on nothing but their contents."""

from __future__ import annotations

from hashlib import sha256

import pytest

from aztecd.crypto.field import fr_from_hex, fr_hex, fr_int
from aztecd.crypto.poseidon2 import hash_fields
from aztecd.crypto.sha256 import sha256_trunc
from aztecd.protocol.blob_decoding import decode_checkpoint_blobs, rebuild_blocks
from aztecd.protocol.blobs import (
    blob_fields_hash,
    blob_sponge,
    block_end_fields,
    block_end_marker,
    block_end_state_field,
    block_fields,
    checkpoint_end_marker,
    checkpoint_fields,
    encode_blobs,
    tx_fields,
    tx_start_marker,
)
from aztecd.protocol.block import L2Block
from aztecd.protocol.checkpoint import Checkpoint, CheckpointHeader
from aztecd.protocol.checkpoint_rules import validate_checkpoint
from aztecd.protocol.effect import TxEffect
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot, PartialStateReference, StateReference
from tests.support.recorded_blocks import blocks_of, checkpoint_cases, checkpoint_header, snapshot
from tests.support.vectors import cases

CHECKPOINTS = checkpoint_cases()
IDS = [case["name"] for case in CHECKPOINTS]


@pytest.fixture(params=CHECKPOINTS, ids=IDS, scope="module")
def case(request):
    return request.param


@pytest.fixture(scope="module")
def blocks(case):
    return blocks_of(case)


def test_block_headers(case, blocks):
    for recorded, block in zip(case["blocks"], blocks, strict=True):
        header = block.header
        assert header.encode().hex() == recorded["header_buffer"][2:]
        assert [fr_int(field) for field in header.to_fields()] == [
            int(field, 16) for field in recorded["header_fields"]
        ]
        assert fr_hex(header.hash()) == recorded["header_hash"]
        assert BlockHeader.decode(header.encode()) == header
        assert BlockHeader.from_json(header.to_json()) == header


def test_block_and_effect_buffers(case, blocks):
    for recorded, block in zip(case["blocks"], blocks, strict=True):
        buffer = block.to_buffer()
        assert len(buffer) == recorded["block_buffer_length"]
        assert _digest(buffer) == recorded["block_buffer_sha256"]
        assert L2Block.decode(block.encode()) == block
        effects = [effect.encode() for effect in block.body.tx_effects]
        assert [_digest(effect) for effect in effects] == recorded["tx_effect_buffer_sha256"]
        assert tuple(TxEffect.decode(effect) for effect in effects) == block.body.tx_effects


def test_blob_fields(case, blocks):
    for recorded, block in zip(case["blocks"], blocks, strict=True):
        is_first = block.is_first_in_checkpoint
        fields = block_fields(block.header, block.body.tx_effects, is_first_in_checkpoint=is_first)
        assert len(fields) == recorded["num_blob_fields"]
        end = len(recorded["block_end_fields"])
        assert [fr_hex(field) for field in fields[-end:]] == recorded["block_end_fields"]
        markers = [fr_hex(tx_fields(effect)[0]) for effect in block.body.tx_effects]
        assert markers == recorded["tx_start_markers"]
    fields = checkpoint_fields(blocks)
    assert len(fields) == case["num_blob_fields"]
    assert _digest(b"".join(fields)) == case["blob_fields_sha256"]
    if "blob_fields" in case:  # short checkpoints only
        assert [fr_hex(field) for field in fields] == case["blob_fields"]
    assert fr_hex(fields[-1]) == case["checkpoint_end_marker"]
    assert fr_hex(blob_fields_hash(fields)) == case["blob_fields_hash"]


def test_sponge_blob_hashes_are_squeezed_from_clones(blocks):
    sponge = blob_sponge()
    for block in blocks:
        is_first = block.is_first_in_checkpoint
        fields = block_fields(block.header, block.body.tx_effects, is_first_in_checkpoint=is_first)
        sponge.absorb(b"".join(fields))
        assert sponge.clone().squeeze() == block.header.sponge_blob_hash


def test_blobs(case, blocks):
    blobs = encode_blobs(checkpoint_fields(blocks))
    assert len(blobs) == case["num_blobs"]
    assert {len(blob) for blob in blobs} == {131072}
    hashes = [bytes.fromhex(text[2:]) for text in case["versioned_blob_hashes"]]
    assert fr_hex(sha256_trunc(b"".join(hashes))) == case["header"]["blobs_hash"]
    commitments = [bytes.fromhex(text[2:]) for text in case["blob_commitments"]]
    assert [b"\1" + sha256(commitment).digest()[1:] for commitment in commitments] == hashes
    halves = [(bytes(1) + given[:31], given[31:].rjust(32, b"\0")) for given in commitments]
    digest = fr_from_hex(case["blob_fields_hash"])
    assert [fr_hex(hash_fields([digest, *half])) for half in halves] == case["challenge_z"]


def test_checkpoint_header(case, blocks):
    header = checkpoint_header(case["header"])
    assert header.encode().hex() == case["header_buffer"][2:]
    assert len(header.encode()) == 316
    assert fr_hex(header.hash()) == case["header_hash"]
    assert CheckpointHeader.decode(header.encode()) == header
    assert CheckpointHeader.from_json(header.to_json()) == header
    checkpoint = Checkpoint(
        archive=snapshot(case["archive_after"]),
        header=header,
        blocks=tuple(blocks),
        number=case["checkpoint_number"],
        fee_asset_price_modifier=int(case["fee_asset_price_modifier"]),
    )
    validate_checkpoint(checkpoint, mana_limit=header.total_mana_used)
    assert Checkpoint.decode(checkpoint.encode()) == checkpoint
    assert Checkpoint.from_json(checkpoint.to_json()) == checkpoint


def test_blocks_come_back_from_the_blobs(case, blocks):
    decoded = decode_checkpoint_blobs(encode_blobs(checkpoint_fields(blocks)))
    assert decoded.num_fields == case["num_blob_fields"]
    variables = blocks[0].header.global_variables
    rebuilt = rebuild_blocks(
        decoded,
        checkpoint_header(case["header"]),
        checkpoint_number=case["checkpoint_number"],
        archive_root=fr_from_hex(case["archive_after"]["root"]),
        chain_id=variables.chain_id,
        version=variables.version,
    )
    assert list(rebuilt) == blocks


@pytest.mark.parametrize("recorded", cases("blocks.json.gz", "tx_start_marker"))
def test_tx_start_marker(recorded):
    value = recorded["value"]
    marker = tx_start_marker(
        note_hashes=value["numNoteHashes"],
        nullifiers=value["numNullifiers"],
        l2_to_l1_msgs=value["numL2ToL1Msgs"],
        public_data_writes=value["numPublicDataWrites"],
        private_logs=value["numPrivateLogs"],
        private_log_fields=value["privateLogsLength"],
        public_log_fields=value["publicLogsLength"],
        contract_class_log_fields=value["contractClassLogLength"],
        revert_code=value["revertCode"],
        total_fields=value["numBlobFields"],
    )
    assert fr_hex(marker) == recorded["field"]


@pytest.mark.parametrize("recorded", cases("blocks.json.gz", "block_end_marker"))
def test_block_end_marker(recorded):
    value = recorded["value"]
    marker = block_end_marker(
        timestamp=int(value["timestamp"]), block_number=value["blockNumber"], num_txs=value["numTxs"]
    )
    assert fr_hex(marker) == recorded["field"]


@pytest.mark.parametrize("recorded", cases("blocks.json.gz", "block_end_state_field"))
def test_block_end_state_field(recorded):
    value = recorded["value"]

    def tree(name):
        return AppendOnlyTreeSnapshot.empty().replace(
            next_available_leaf_index=value[f"{name}NextAvailableLeafIndex"]
        )

    state = StateReference(
        l1_to_l2_message_tree=tree("l1ToL2Message"),
        partial=PartialStateReference(
            note_hash_tree=tree("noteHash"),
            nullifier_tree=tree("nullifier"),
            public_data_tree=tree("publicData"),
        ),
    )
    assert fr_hex(block_end_state_field(state, int(value["totalManaUsed"]))) == recorded["field"]


@pytest.mark.parametrize("recorded", cases("blocks.json.gz", "checkpoint_end_marker"))
def test_checkpoint_end_marker(recorded):
    assert fr_hex(checkpoint_end_marker(recorded["value"]["numBlobFields"])) == recorded["field"]


def test_first_block_end_has_the_message_root(blocks):
    header = blocks[0].header
    parts = {
        "timestamp": 1,
        "block_number": 1,
        "num_txs": 0,
        "state": header.state,
        "total_mana_used": 0,
        "last_archive_root": header.last_archive.root,
    }
    first = block_end_fields(**parts, is_first_in_checkpoint=True)
    assert first[:-1] == block_end_fields(**parts, is_first_in_checkpoint=False)
    assert first[-1] == header.state.l1_to_l2_message_tree.root


def test_seven_blobs_are_too_many():
    with pytest.raises(ValueError, match="24576"):
        encode_blobs([fr_from_hex("1")] * 24577)


def _digest(data):
    return "0x" + sha256(data).hexdigest()
