"""A local network as users get it: test accounts, token and fee contracts are there when it is ready."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aztecd.artifacts.cache import cache_root
from aztecd.crypto.field import fr_from_hex, fr_hex
from aztecd.localnet.accounts import BANANA_COIN, BANANA_FPC, TEST_ACCOUNTS
from aztecd.localnet.anvil import Anvil, AnvilOptions
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot, silo_nullifier
from tests.support.daemon import Daemon
from tests.support.json_rpc import RpcClient
from tests.support.vectors import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aztecd.artifacts import Artifacts

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
START_S = 180


@pytest.fixture(scope="module")
def cache(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache with the artifacts, without an image."""
    folder = tmp_path_factory.mktemp("cache")
    for path in artifacts.folders:
        (folder / path.name).symlink_to(path)
    # Compiled programs are no part of what is tested here, and take long.
    (cache_root() / "programs").mkdir(exist_ok=True)
    (folder / "programs").symlink_to(cache_root() / "programs")
    before = os.environ.get("AZTECD_CACHE_DIR")
    os.environ["AZTECD_CACHE_DIR"] = str(folder)
    yield folder
    if before is None:
        del os.environ["AZTECD_CACHE_DIR"]
    else:
        os.environ["AZTECD_CACHE_DIR"] = before


@contextmanager
def running(*arguments: str, data_dir: Path | None = None) -> Iterator[Daemon]:
    daemon = Daemon(is_bare=False, timeout_s=START_S, arguments=arguments, data_dir=data_dir)
    try:
        yield daemon
        daemon.stop()
    finally:
        daemon.kill()


def kill_at(pattern: str, *arguments: str) -> None:
    """Start a daemon, and kill it when it prints a line that matches."""
    with subprocess.Popen(
        [sys.executable, "-m", "aztecd", "local", "--port", "0", "--l1-port", "0", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if re.search(pattern, line):
                process.kill()
                return
    raise AssertionError(f"no line {pattern!r}\n{''.join(lines)}")


def effects(rpc: RpcClient) -> list[dict[str, Any]]:
    return [
        effect
        for number in range(1, rpc.call("aztec_getBlockNumber") + 1)
        for effect in rpc.call("aztec_getBlock", number)["body"]["txEffects"]
    ]


def check_contracts(daemon: Daemon) -> None:
    with RpcClient(daemon.url) as rpc:
        for address in (BANANA_COIN, BANANA_FPC):
            assert rpc.call("aztec_getContract", fr_hex(address))["address"] == fr_hex(address)
        nullifiers = [fr_hex(silo_nullifier(account.address, account.address)) for account in TEST_ACCOUNTS]
        found = rpc.call("aztec_findLeavesIndexes", "latest", 0, nullifiers)
        assert [place["l2BlockNumber"] for place in found] == [1, 2, 3]
    assert f"banana coin      {fr_hex(BANANA_COIN)}" in daemon.text
    assert f"banana FPC       {fr_hex(BANANA_FPC)}" in daemon.text
    assert "funded with fee juice, deployed)" in daemon.text


def test_a_first_start_that_is_killed_leaves_nothing(cache):
    kill_at("block_built")
    assert [path.name for path in (cache / "networks").glob("local-*")] == []


def test_the_first_start_deploys_what_the_reference_deploys(cache):
    assert not list(cache.glob("networks/local-*"))
    with running() as daemon:
        check_contracts(daemon)
        with RpcClient(daemon.url) as rpc:
            told = effects(rpc)
            assert rpc.call("aztec_getProvenBlockNumber") == rpc.call("aztec_getBlockNumber") == 5
    # The reference's own network: the same transactions, coin and FPC in one block.
    recorded = [tx for case in load("blocks.json.gz")["cases"][:4] for tx in case["blocks"][0]["txs"]]
    first, second, third, fpc, coin = recorded
    for effect, wanted in zip(told, (first, second, third, coin, fpc), strict=True):
        assert effect["revertCode"] == wanted["revert_code"] == 0
        assert len(effect["noteHashes"]) == len(wanted["note_hashes"])
        assert len(effect["nullifiers"]) == len(wanted["nullifiers"])
        assert [log["emittedLength"] for log in effect["privateLogs"]] == [
            len(log) for log in wanted["private_logs"]
        ]
        assert public_writes(effect) == {
            slot: value for slot, value in wanted["public_data_writes"] if slot not in FEE_SLOTS
        }


FEE_SLOTS = {fr_hex(fee_juice_balance_leaf_slot(account.address)) for account in TEST_ACCOUNTS}


def public_writes(effect: dict[str, Any]) -> dict[str, str]:
    """What a transaction wrote, without the balances that pay fees: those depend on prices."""
    return {
        fr_hex(fr_from_hex(write["leafSlot"])): fr_hex(fr_from_hex(write["value"]))
        for write in effect["publicDataWrites"]
        if write["leafSlot"] not in FEE_SLOTS
    }


def test_the_next_start_takes_the_image(cache, tmp_path):
    assert len(list(cache.glob("networks/local-*"))) == 1
    with running(data_dir=tmp_path / "data") as daemon:
        assert "preparing_network" not in daemon.text
        check_contracts(daemon)
    with running(data_dir=tmp_path / "data") as daemon:
        check_contracts(daemon)
        with RpcClient(daemon.url) as rpc:
            assert rpc.call("aztec_getBlockNumber") == 5
    # Others who follow may want the blobs of the image's blocks.
    assert len(list((tmp_path / "data").glob("blobs/*/blobs/*.data"))) == 5


@pytest.mark.usefixtures("cache")
def test_an_empty_chain_is_had_by_asking(tmp_path):
    with running("--bare", data_dir=tmp_path / "data") as daemon:
        assert "not deployed until a wallet does it" in daemon.text
        assert "banana" not in daemon.text
        with RpcClient(daemon.url) as rpc:
            assert rpc.call("aztec_getBlockNumber") == 0


@pytest.mark.usefixtures("cache")
def test_a_chain_that_began_empty_stays_the_users(tmp_path):
    with running("--bare", data_dir=tmp_path / "data"):
        pass
    with running(data_dir=tmp_path / "data") as daemon:
        assert "not deployed until a wallet does it" in daemon.text
        with RpcClient(daemon.url) as rpc:
            assert rpc.call("aztec_getBlockNumber") == 0


@pytest.mark.usefixtures("cache")
def test_on_another_l1_node_an_interrupted_start_goes_on(artifacts, tmp_path):
    anvil = Anvil.start(AnvilOptions(program=artifacts.anvil, data_dir=tmp_path / "l1", port=0))
    arguments = ("--l1-rpc-url", anvil.url)
    try:
        kill_at('"number": 2.*block_built', *arguments, "--data-dir", str(tmp_path / "data"))
        with running(*arguments, data_dir=tmp_path / "data") as daemon:
            check_contracts(daemon)
            with RpcClient(daemon.url) as rpc:
                assert rpc.call("aztec_getBlockNumber") == 5
    finally:
        anvil.kill()


@pytest.mark.usefixtures("cache")
def test_a_wallet_with_the_test_accounts_is_served(tmp_path):
    with running("--wallet-port", "0", data_dir=tmp_path / "data") as daemon:
        found = re.search(r"wallet URL\s+(http://127\.0\.0\.1:\d+)", daemon.text)
        assert found is not None, daemon.text
        with RpcClient(found[1]) as wallet:
            accounts = wallet.call("wallet_getAccounts")
            assert {entry["item"] for entry in accounts} == {
                fr_hex(account.address) for account in TEST_ACCOUNTS
            }
            for address in (BANANA_COIN, BANANA_FPC):
                about = wallet.call("wallet_getContractMetadata", fr_hex(address))
                assert about["isContractPublished"]
                assert about["instance"]["address"] == fr_hex(address)
