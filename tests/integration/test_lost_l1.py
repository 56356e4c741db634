"""An L1 node that goes back to an earlier state: what it lost is published and proven again, as it was."""

from __future__ import annotations

import os
import signal

import pytest

from aztecd.localnet.anvil import Anvil, AnvilOptions
from tests.crash.verdicts import anvils_of, check_l1_agrees, check_roots, l1_url, settle
from tests.support.daemon import Daemon
from tests.support.json_rpc import RpcClient
from tests.support.l1_chain import DEPLOYER
from tests.support.load import ON_L1, TxMaker, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(240)]

BLOCKS = 6
"""Slots of three epochs: L1 takes a checkpoint only when older epochs are proven."""


def mine(rpc: RpcClient, maker: TxMaker, name: str) -> str:
    """Send one transaction and wait until its block is on L1."""
    maker.refresh()
    tx_hash, body = maker.make(name)
    rpc.call("aztec_sendTx", body)
    wait_until(
        lambda: rpc.call("aztec_getTxReceipt", tx_hash)["status"] in ON_L1, timeout_s=60, what=f"{name} on L1"
    )
    return tx_hash


def places(rpc: RpcClient, hashes: list[str]) -> list[tuple[str, int, str]]:
    receipts = [rpc.call("aztec_getTxReceipt", tx_hash) for tx_hash in hashes]
    return [(receipt["status"], receipt["blockNumber"], receipt["blockHash"]) for receipt in receipts]


def test_l1_is_reverted_while_the_daemon_runs(artifacts):
    daemon = Daemon()
    try:
        with RpcClient(daemon.url) as rpc, RpcClient(l1_url(daemon)) as l1:
            maker = TxMaker(rpc)
            hashes = [mine(rpc, maker, "kept")]
            settle(rpc)
            snapshot = l1.call("evm_snapshot")
            hashes += [mine(rpc, maker, f"lost {index}") for index in range(BLOCKS)]
            settle(rpc)
            before = places(rpc, hashes)
            assert l1.call("evm_revert", snapshot) is True
            daemon.wait_for("l1_lost_checkpoints", timeout_s=30)
            hashes.append(mine(rpc, maker, "after"))
            settle(rpc)
            after = places(rpc, hashes)
            assert after[:-1] == before
            assert after[-1][1] == BLOCKS + 2
            check_l1_agrees(rpc, l1)
            check_roots(rpc)
        daemon.stop()
    finally:
        daemon.kill()


def test_l1_dies_without_saving_and_the_daemon_with_it(artifacts, tmp_path):
    data_dir = tmp_path / "data"
    daemon = Daemon(data_dir=data_dir)
    try:
        with RpcClient(daemon.url) as rpc:
            maker = TxMaker(rpc)
            hashes = [mine(rpc, maker, f"lost {index}") for index in range(BLOCKS)]
            settle(rpc)
            before = places(rpc, hashes)
        for pid in anvils_of(data_dir):
            os.kill(pid, signal.SIGKILL)
        daemon.kill()
        daemon = Daemon(data_dir=data_dir)
        with RpcClient(daemon.url) as rpc, RpcClient(l1_url(daemon)) as l1:
            settle(rpc)
            assert places(rpc, hashes) == before
            check_l1_agrees(rpc, l1)
            check_roots(rpc)
        daemon.stop()
    finally:
        daemon.kill()


def test_a_first_start_that_was_cut_short_is_begun_again(artifacts, tmp_path):
    data_dir = tmp_path / "data"
    anvil = Anvil.start(AnvilOptions(program=artifacts.anvil, data_dir=data_dir / "l1", port=0))
    with RpcClient(anvil.url) as l1:
        deployer = f"0x{DEPLOYER.address.hex()}"
        l1.call("eth_sendTransaction", {"from": deployer, "to": deployer, "value": "0x1"})
    anvil.stop()
    daemon = Daemon(data_dir=data_dir)
    try:
        with RpcClient(daemon.url) as rpc:
            assert rpc.call("aztec_getBlockNumber") == 0
        daemon.stop()
        daemon = Daemon(data_dir=data_dir)  # and from then on it is kept
        daemon.stop()
    finally:
        daemon.kill()
