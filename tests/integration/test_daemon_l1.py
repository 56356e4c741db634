"""The daemon when its L1 node dies, and when somebody moves L1's time."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from aztecd.protocol.header import BlockHeader
from tests.crash.verdicts import anvils_of, check_l1_agrees, l1_url, settle
from tests.support.daemon import STOP_LIMIT_S, Daemon
from tests.support.json_rpc import RpcClient, RpcFailureError
from tests.support.load import IN_A_BLOCK, ON_L1, TxMaker, wait_until
from tests.support.patience import patience

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(240)]

HOUR_S = 3600


@contextmanager
def running(data_dir: Path, *arguments: str) -> Iterator[tuple[Daemon, RpcClient]]:
    daemon = Daemon(data_dir=data_dir, arguments=arguments)
    try:
        with RpcClient(daemon.url) as rpc:
            yield daemon, rpc
    finally:
        daemon.kill()


def send(rpc: RpcClient, seed: str, *, anchored_at: int | None = None) -> str:
    maker = TxMaker(rpc)
    if anchored_at is not None:
        maker.anchor = BlockHeader.from_json(rpc.call("aztec_getBlockHeader", anchored_at))
    tx_hash, body = maker.make(seed)
    rpc.call("aztec_sendTx", body)
    return tx_hash


def wait_mined(rpc: RpcClient, *hashes: str, statuses=IN_A_BLOCK) -> None:
    wait_until(
        lambda: all(rpc.call("aztec_getTxReceipt", tx_hash)["status"] in statuses for tx_hash in hashes),
        timeout_s=60,
        what="the transactions are mined",
    )


def wait_published(rpc: RpcClient, block: int) -> None:
    wait_until(
        lambda: rpc.call("aztec_getCheckpointedBlockNumber") >= block,
        timeout_s=60,
        what=f"block {block} on L1",
    )


def test_what_l1_lost_when_its_node_was_killed_is_published_again(artifacts, tmp_path):
    data_dir = tmp_path / "data"
    config = tmp_path / "aztecd.toml"
    config.write_text("[mempool]\nmax_pending_tx_count = 3\n")
    with running(data_dir, "--config", str(config), "--log-level", "debug") as (daemon, rpc):
        wait_until((data_dir / "l1" / "state.json").exists, timeout_s=60, what="a saved L1 state")
        mined = []
        for number in (1, 2, 3):
            mined.append(send(rpc, f"before:{number}"))
            wait_published(rpc, number)
        hashes = [rpc.call("aztec_getBlockHeader", number) for number in (1, 2, 3)]
        maker = TxMaker(rpc)
        (anvil,) = anvils_of(data_dir)
        os.kill(anvil, signal.SIGKILL)
        daemon.wait_for("l1_is_away", timeout_s=20)

        # Transactions are still taken, and wait. So this is where the pool's rules show one by one.
        pending_hash, pending = maker.make("pending", priority_fee=100)
        rpc.call("aztec_sendTx", pending)
        _, rival = maker.make("pending", priority_fee=109)
        with pytest.raises(RpcFailureError, match="Nullifier conflict") as conflict:
            rpc.call("aztec_sendTx", rival)
        assert conflict.value.code == -32702
        assert conflict.value.data["code"] == "NULLIFIER_CONFLICT"
        assert conflict.value.data["conflictingTxHash"] == pending_hash
        better_hash, better = maker.make("pending", priority_fee=110)
        rpc.call("aztec_sendTx", better)
        assert rpc.call("aztec_getTxReceipt", pending_hash)["status"] == "dropped"

        # Less than the payer has, more than it has left beside the one before.
        modest_fee, maker.max_fee = maker.max_fee, (10**22 - 2 * 10**19) // 6_540_000
        _, costly = maker.make("costly")
        with pytest.raises(RpcFailureError, match="insufficient balance") as poor:
            rpc.call("aztec_sendTx", costly)
        assert poor.value.data["code"] == "INSUFFICIENT_FEE_PAYER_BALANCE"
        maker.max_fee = modest_fee

        others = [maker.make(f"other:{index}", priority_fee=5, payer=index) for index in (1, 2)]
        for _, body in others:
            rpc.call("aztec_sendTx", body)
        _, late = maker.make("late", priority_fee=5, payer=3)
        with pytest.raises(RpcFailureError, match="minimum priority fee") as low:
            rpc.call("aztec_sendTx", late)
        assert low.value.data["code"] == "LOW_PRIORITY_FEE"
        assert rpc.call("aztec_getPendingTxCount") == 3

        daemon.process.terminate()
        assert daemon.process.wait(patience(STOP_LIMIT_S)) == 1
    assert "error: Anvil had ended with code -9" in daemon.text
    assert "Traceback" not in daemon.text

    with running(data_dir) as (daemon, rpc), RpcClient(l1_url(daemon)) as l1:
        wait_mined(rpc, *mined, better_hash, *(tx_hash for tx_hash, _ in others))
        assert [rpc.call("aztec_getBlockHeader", number) for number in (1, 2, 3)] == hashes
        settle(rpc)
        check_l1_agrees(rpc, l1)
        daemon.stop()


@pytest.mark.parametrize(
    "move",
    [
        [("evm_increaseTime", [5 * HOUR_S]), ("evm_mine", [])],
        [("evm_setNextBlockTimestamp", ["+", 2 * HOUR_S])],
        [("anvil_mine", [100, 12])],
        [("evm_increaseTime", [90])],
    ],
    ids=lambda requests: requests[0][0],
)
def test_the_next_block_follows_l1_time(artifacts, tmp_path, move):
    with running(tmp_path / "data") as (daemon, rpc), RpcClient(l1_url(daemon)) as l1:
        send(rpc, "before")
        wait_published(rpc, 1)
        settle(rpc)
        latest = int(l1.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        for method, params in move:
            l1.call(method, *([latest + params[1]] if params[:1] == ["+"] else params))
        wanted = int(l1.call("eth_getBlockByNumber", "pending", False)["timestamp"], 16)
        assert wanted > latest
        wait_mined(rpc, send(rpc, "after"))
        header = rpc.call("aztec_getBlockHeader", "latest")
        # The slot of 72 seconds that L1 is in, or the next.
        assert wanted - 72 <= int(header["globalVariables"]["timestamp"]) <= wanted + 72
        settle(rpc)
        check_l1_agrees(rpc, l1)
        daemon.stop()


def test_after_days_there_is_a_new_block_to_build_on(artifacts, tmp_path):
    """A transaction expires a day after the block that it was made on: an old one is of no use."""
    with running(tmp_path / "data") as (daemon, rpc), RpcClient(l1_url(daemon)) as l1:
        send(rpc, "before")
        wait_published(rpc, 1)
        settle(rpc)
        l1.call("evm_increaseTime", 72 * HOUR_S)
        wait_published(rpc, 2)
        assert rpc.call("aztec_getBlock", 2)["body"]["txEffects"] == []
        wait_mined(rpc, send(rpc, "after"))
        assert rpc.call("aztec_getBlockNumber") == 3
        settle(rpc)
        check_l1_agrees(rpc, l1)
        daemon.stop()


def test_an_epoch_is_proven_before_its_window_closes_and_not_sooner(artifacts, tmp_path):
    """A proof may have to wait for L1's KZG setup; blocks then need not wait for the proof."""
    config = tmp_path / "aztecd.toml"
    config.write_text("[sequencer]\nsettle_epochs = false\n")
    with running(tmp_path / "data", "--config", str(config)) as (daemon, rpc):
        slots, proven = [], 0
        while len(slots) < 7:
            wait_mined(rpc, send(rpc, f"block:{len(slots)}"), statuses=ON_L1)
            header = rpc.call("aztec_getBlockHeader", len(slots) + 1)
            slot = int(header["globalVariables"]["slotNumber"], 0)
            # Two slots are an epoch, which can be proven until the next one ends.
            if len(slots) > proven and slot >= (slots[proven] // 2 + 2) * 2:
                proven = len(slots)
            slots.append(slot)
            assert rpc.call("aztec_getProvenBlockNumber") == proven, slots
        assert proven >= 2, slots
        daemon.stop()


def test_unproven_blocks_beyond_the_proof_window_are_mined_again(artifacts, tmp_path):
    config = tmp_path / "aztecd.toml"
    config.write_text("[sequencer]\nsettle_epochs = false\n")
    with (
        running(tmp_path / "data", "--config", str(config)) as (daemon, rpc),
        RpcClient(l1_url(daemon)) as l1,
    ):
        hashes = []
        for number in (1, 2):
            # Anchored at genesis: what is anchored to a lost block is lost with it.
            hashes.append(send(rpc, f"unproven:{number}", anchored_at=0))
            wait_published(rpc, number)
        l1.call("evm_increaseTime", 5 * HOUR_S)
        l1.call("evm_mine")
        hashes.append(send(rpc, "after", anchored_at=0))
        wait_mined(rpc, *hashes)
        wait_until(
            lambda: (
                rpc.call("aztec_getPendingTxCount") == 0
                and rpc.call("aztec_getCheckpointedBlockNumber") == rpc.call("aztec_getBlockNumber")
            ),
            timeout_s=60,
            what="all is on L1",
        )
        check_l1_agrees(rpc, l1)
        assert "unproven_blocks_undone" in daemon.text
        daemon.stop()
