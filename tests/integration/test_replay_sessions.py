"""Recorded chains, replayed from their effects: roots, hashes, blobs and calldata are the recorded ones."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aztecd.crypto.kzg import Kzg
from aztecd.state import BlockMismatchError
from tests.support.poseidon2_backends import backend
from tests.support.recorded_blocks import SESSIONS, session
from tests.support.replay import Replay, recorded_blob

BLOCKS = {"deploy-accounts": 3, "token-flow": 5, "public-token": 11, "l1-messages": 7}
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def kzg():
    return Kzg()


@pytest.mark.parametrize("name", SESSIONS)
def test_replay(name):
    replay = Replay(name)
    replay.run()
    assert replay.world.tip == BLOCKS[name]
    assert {replay.checked[what] for what in ("state", "archive after", "blobs", "rebuilt blocks")} == {
        BLOCKS[name]
    }


@pytest.mark.parametrize("name", SESSIONS)
def test_commitments(name, kzg):
    for line in session(name)["blob"]:
        commitment = kzg.commitment(recorded_blob(line))
        assert "0x" + commitment.hex() == line["commitment"]
        assert "0x" + kzg.versioned_hash(commitment).hex() == line["versionedHash"]
        assert "0x" + kzg.blob_proof(recorded_blob(line), commitment).hex() == line["proof"]


def test_messages_both_ways_are_in_the_recordings():
    messages = session("l1-messages")
    assert len(messages["l1_to_l2_message"]) == 3
    assert sum(len(line["value"]["data"]["l2ToL1Msgs"]) for line in messages["tx_effect"]) == 2


@pytest.mark.parametrize(
    ("member", "error", "message"),
    [
        ("noteHashes", BlockMismatchError, "block state does not match world state"),
        ("nullifiers", BlockMismatchError, "block state does not match world state"),
        ("l2ToL1Msgs", AssertionError, "sponge blob hash"),
    ],
)
def test_a_changed_effect_is_noticed(member, error, message):
    replay = Replay("l1-messages")
    replay.lines = copy.deepcopy(replay.lines)
    for line in replay.lines["checkpoint"]:
        for block in line["value"]["checkpoint"]["blocks"]:
            for effect in block["body"]["txEffects"]:
                effect[member] = ["0x1234" + value[6:] for value in effect[member]]
    with pytest.raises(error, match=message):
        replay.run()


@pytest.mark.parametrize(
    ("pure", "kernel", "name"),
    [("1", "python", "deploy-accounts"), ("1", "python", "l1-messages"), ("", "c", "deploy-accounts")],
)
def test_both_implementations_of_the_hash(pure, kernel, name):
    if kernel == "c":
        backend("c")  # fails where the kernel should be
    environment = {key: value for key, value in os.environ.items() if key != "AZTECD_PURE_PYTHON"}
    if pure:
        environment["AZTECD_PURE_PYTHON"] = pure
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.replay", name],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == kernel
    assert int(done.stdout.split()[1]) > 50
