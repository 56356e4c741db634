"""Recorded checkpoints on the trees: several blocks in one checkpoint, messages both ways, two blobs.

The sessions have one block in every checkpoint and hide mistakes that these show.
"""

from __future__ import annotations

import pytest

from aztecd.crypto.field import fr_from_hex, fr_hex
from aztecd.crypto.kzg import Kzg
from aztecd.crypto.poseidon2 import hash_pair
from aztecd.protocol.blobs import checkpoint_fields, encode_blobs
from aztecd.state import BlockChanges, TreeId, TxChanges, WorldState, apply_block
from aztecd.storage import MemoryStore
from aztecd.trees.message_trees import (
    block_out_hash,
    checkpoint_out_hash,
    epoch_out_hash,
    in_hash,
    tx_out_hash,
)
from aztecd.trees.unbalanced import unbalanced_root
from tests.support.recorded_blocks import blocks_of, checkpoint_cases, checkpoint_header, session

LIVE = [case for case in checkpoint_cases(synthetic=False) if case["checkpoint_number"] <= 10]
SYNTHETIC = checkpoint_cases(synthetic=True)


def _elements(values):
    return [fr_from_hex(value) for value in values]


@pytest.mark.parametrize("chain", [LIVE, SYNTHETIC], ids=["live", "synthetic"])
def test_trees(chain):
    prefilled = []
    if chain is LIVE:  # the sessions begin with the same genesis
        [genesis] = session("deploy-accounts")["genesis"]
        leaves = genesis["prefilledPublicData"]
        prefilled = [(fr_from_hex(leaf["slot"]), fr_from_hex(leaf["value"])) for leaf in leaves]
    world = WorldState.open(MemoryStore(), prefilled)
    for case in chain:
        for block in blocks_of(case):
            fork = world.fork()
            assert fork.snapshot(TreeId.ARCHIVE) == block.header.last_archive
            messages = case["l1_to_l2_messages"] if block.is_first_in_checkpoint else []
            apply_block(
                fork,
                BlockChanges(
                    number=block.number,
                    index_within_checkpoint=block.index_within_checkpoint,
                    l1_to_l2_messages=_elements(messages),
                    txs=[_changes(effect) for effect in block.body.tx_effects],
                    header_hash=block.hash(),
                    state=block.header.state,
                ),
            )
            assert fork.state_reference() == block.header.state
            assert fork.snapshot(TreeId.ARCHIVE) == block.archive
            world.commit(fork)
    assert world.tip == sum(len(case["blocks"]) for case in chain)
    assert max(len(case["blocks"]) for case in chain) == (1 if chain is LIVE else 5)


@pytest.mark.parametrize("case", checkpoint_cases(), ids=lambda case: case["name"])
def test_checkpoint_hashes(case):
    header = checkpoint_header(case["header"])
    blocks = blocks_of(case)
    assert in_hash(_elements(case["l1_to_l2_messages"])) == header.in_hash
    out = checkpoint_out_hash(
        [
            block_out_hash([tx_out_hash(effect.l2_to_l1_msgs) for effect in block.body.tx_effects])
            for block in blocks
        ]
    )
    assert fr_hex(out) == case["checkpoint_out_hash"]
    assert epoch_out_hash([*_elements(case["previous_checkpoint_out_hashes"]), out]) == header.epoch_out_hash
    assert unbalanced_root([block.hash() for block in blocks], hash_pair) == header.block_headers_hash


def test_commitments():
    kzg = Kzg()
    for case in checkpoint_cases():
        blobs = encode_blobs(checkpoint_fields(blocks_of(case)))
        found = [kzg.commitment(blob) for blob in blobs]
        assert ["0x" + commitment.hex() for commitment in found] == case["blob_commitments"]
        hashes = [kzg.versioned_hash(commitment) for commitment in found]
        assert ["0x" + digest.hex() for digest in hashes] == case["versioned_blob_hashes"]
        assert case["blobs_input"] == f"0x{len(found):02x}" + b"".join(found).hex()


def _changes(effect):
    return TxChanges(
        note_hashes=effect.note_hashes,
        nullifiers=effect.nullifiers,
        public_data_writes=[(write.leaf_slot, write.value) for write in effect.public_data_writes],
    )
