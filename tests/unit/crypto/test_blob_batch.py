"""The batched opening of an epoch's blobs against the recorded one."""

from __future__ import annotations

import pytest

from aztecd.crypto.blob_batch import (
    CheckpointBlobs,
    batch_blobs,
    blob_challenge,
    blob_commitments_hash,
    epoch_challenge,
)
from aztecd.crypto.bls import g1_linear_combination, scalar_powers
from aztecd.crypto.field import fr_from_hex
from aztecd.crypto.kzg import Kzg
from aztecd.protocol.blobs import blob_fields_hash, checkpoint_fields, encode_blobs
from tests.support.recorded_blocks import blocks_of, checkpoint_cases
from tests.support.vectors import cases


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


@pytest.fixture(scope="module")
def recorded() -> dict:
    [case] = cases("blocks.json.gz", "epoch_blob_batch")
    return case


@pytest.fixture(scope="module")
def checkpoints(recorded: dict) -> list[CheckpointBlobs]:
    """The synthetic checkpoints, blobs encoded from their blocks, commitments as recorded."""
    found = checkpoint_cases(synthetic=True)
    assert [case["checkpoint_number"] for case in found] == recorded["checkpoints"]
    result = []
    for case in found:
        fields = checkpoint_fields(blocks_of(case))
        assert blob_fields_hash(fields) == fr_from_hex(case["blob_fields_hash"])
        result.append(
            CheckpointBlobs(
                fields_hash=fr_from_hex(case["blob_fields_hash"]),
                blobs=tuple(encode_blobs(fields)),
                commitments=tuple(map(raw, case["blob_commitments"])),
            )
        )
    return result


def test_challenges_of_every_recorded_blob(recorded: dict) -> None:
    for case in cases("blocks.json.gz", "checkpoint"):
        digest = fr_from_hex(case["blob_fields_hash"])
        challenges = [blob_challenge(digest, raw(commitment)) for commitment in case["blob_commitments"]]
        assert challenges == list(map(raw, case["challenge_z"]))
    folded = [raw(z) for case in checkpoint_cases(synthetic=True) for z in case["challenge_z"]]
    assert epoch_challenge(folded) == raw(recorded["final_z"])


def test_commitments_hash_runs_over_the_checkpoints(
    recorded: dict, checkpoints: list[CheckpointBlobs]
) -> None:
    running = None
    for checkpoint in checkpoints:
        running = blob_commitments_hash(checkpoint.commitments, running)
    assert running == raw(recorded["blob_commitments_hash"])
    with pytest.raises(ValueError, match="no blob commitments"):
        blob_commitments_hash([])


def test_combined_commitment(recorded: dict, checkpoints: list[CheckpointBlobs]) -> None:
    commitments = [commitment for each in checkpoints for commitment in each.commitments]
    powers = scalar_powers(int(recorded["final_gamma"], 16), len(commitments))
    assert g1_linear_combination(commitments, powers) == raw(recorded["commitment"])


def test_batch(recorded: dict, checkpoints: list[CheckpointBlobs]) -> None:
    kzg = Kzg()
    batch = batch_blobs(kzg, checkpoints)
    assert batch.z == raw(recorded["final_z"])
    assert batch.gamma == raw(recorded["final_gamma"])
    assert batch.y == raw(recorded["y"])
    assert batch.commitment == raw(recorded["commitment"])
    assert batch.proof == raw(recorded["q"])
    assert batch.commitments_hash == raw(recorded["blob_commitments_hash"])
    assert batch.evaluation_input() == raw(recorded["eth_blob_evaluation_input"])
    assert kzg.verify_proof(batch.commitment, batch.z, batch.y, batch.proof)

    single = batch_blobs(kzg, checkpoints[1:2])
    assert single.commitment == checkpoints[1].commitments[0]
    assert kzg.verify_proof(single.commitment, single.z, single.y, single.proof)
