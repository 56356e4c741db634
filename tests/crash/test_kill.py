"""`kill -9` at random moments under load: nothing that a client was promised is lost.

`AZTECD_CRASH_ROUNDS` sets the number of kills, `AZTECD_CRASH_SEED` repeats a run.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.crash.verdicts import (
    anvils_of,
    check_kept,
    check_l1_agrees,
    check_mined,
    check_roots,
    l1_url,
    settle,
)
from tests.support.daemon import Daemon
from tests.support.json_rpc import RpcClient
from tests.support.load import Loader, Promises, wait_until

ROUNDS = int(os.environ.get("AZTECD_CRASH_ROUNDS", "6"))
SEED = int(os.environ.get("AZTECD_CRASH_SEED", "1"))
LONGEST_LOAD_S = 1.5
LONGEST_START_S = 2.5
SHARE_OF_START_KILLS = 0.2
"""Also restarts are killed: while the database opens, while it agrees with L1, while the port opens."""
SHARE_OF_WARM_KILLS = 0.5
"""The first blob takes seconds (KZG setups are loaded), so half of the daemons live until it is on L1."""
VERDICT_EVERY = 10

pytestmark = [pytest.mark.crash, pytest.mark.integration, pytest.mark.timeout(120 + 60 * ROUNDS)]


def kill_while_starting(data_dir: Path, after_s: float) -> None:
    command = [sys.executable, "-m", "aztecd", "local", "--port", "0", "--l1-port", "0"]
    with subprocess.Popen(
        [*command, "--data-dir", str(data_dir)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            _, errors = process.communicate(timeout=after_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        else:
            raise AssertionError(f"ended by itself with status {process.returncode}: {errors.decode()}")


def kill_under_load(daemon: Daemon, promises: Promises, seed: str, *, is_warm: bool, after_s: float) -> None:
    loader = Loader(daemon.url, promises, seed)
    with RpcClient(daemon.url) as rpc:
        before = rpc.call("aztec_getCheckpointNumber")
        loader.start()
        loader.first_sent.wait()
        if is_warm:
            wait_until(
                lambda: rpc.call("aztec_getCheckpointNumber") > before, timeout_s=60, what="a checkpoint"
            )
    threading.Event().wait(after_s)
    daemon.kill()
    loader.stop()


def verdict(data_dir: Path, promises: Promises, checked_to: int) -> int:
    """Let the network come to rest, compare everything, stop it, check its database."""
    daemon = Daemon(data_dir=data_dir)
    try:
        with RpcClient(daemon.url) as rpc, RpcClient(l1_url(daemon)) as l1:
            check_kept(rpc, promises)
            settle(rpc)
            check_mined(rpc, promises)
            check_l1_agrees(rpc, l1)
            check_roots(rpc, max(checked_to, 1))
            blocks: int = rpc.call("aztec_getBlockNumber")
        daemon.stop()
    finally:
        daemon.kill()
    done = subprocess.run(
        [sys.executable, "-m", "aztecd", "db", "check", "--data-dir", str(data_dir)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "whole" in done.stdout
    return blocks


def test_kills_at_random_moments_lose_nothing(artifacts, tmp_path):
    print(f"{ROUNDS} rounds, seed {SEED}")
    chance = random.Random(SEED)
    data_dir = tmp_path / "data"
    promises = Promises()
    blocks = 0
    for number in range(1, ROUNDS + 1):
        if chance.random() < SHARE_OF_START_KILLS:
            kill_while_starting(data_dir, chance.uniform(0, LONGEST_START_S))
        daemon = Daemon(data_dir=data_dir)
        try:
            with RpcClient(daemon.url) as rpc:
                check_kept(rpc, promises)
            kill_under_load(
                daemon,
                promises,
                f"{SEED}:{number}",
                is_warm=chance.random() < SHARE_OF_WARM_KILLS,
                after_s=chance.uniform(0, LONGEST_LOAD_S),
            )
        finally:
            daemon.kill()
        if number % VERDICT_EVERY == 0 or number == ROUNDS:
            blocks = verdict(data_dir, promises, blocks)
            print(f"round {number}: {len(promises.acknowledged)} acknowledged, {blocks} blocks", flush=True)
    assert promises.acknowledged
    assert blocks
    wait_until(lambda: not anvils_of(data_dir), timeout_s=10, what="Anvil has ended")
