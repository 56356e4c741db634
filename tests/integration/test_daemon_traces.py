"""Traces by the daemon: of mined transactions, also once final and after a restart, and of given ones."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from aztecd.crypto.field import fr_hex
from aztecd.protocol.basic import AztecAddress
from tests.crash.verdicts import l1_url
from tests.support.daemon import Daemon
from tests.support.json_rpc import RpcClient, RpcFailureError
from tests.support.load import TxMaker, wait_until
from tests.support.public_transactions import public_tx, token
from tests.support.transactions import element

if TYPE_CHECKING:
    from pathlib import Path

    from aztecd.protocol.tx import Tx
    from tests.support.public_transactions import PublicCall

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(240)]

OWNER, RECEIVER = (AztecAddress(element("traces", name)) for name in ("owner", "receiver"))


def made(rpc: RpcClient, seed: str, *calls: PublicCall, **more: Any) -> Tx:
    maker = TxMaker(rpc)
    if maker.anchor.global_variables.block_number == 0:
        # Genesis has time 0; what counts its lifetime from there can be in block 1 only.
        more["expiration_timestamp"] = int(time.time()) + 86_000
    return public_tx(
        maker.anchor,
        f"traces:{seed}",
        calls,
        chain_id=maker.chain_id,
        version=maker.version,
        max_fee=maker.max_fee,
        **more,
    )


def mine(rpc: RpcClient, tx: Tx) -> str:
    rpc.call("aztec_sendTx", tx.to_json())
    tx_hash = fr_hex(tx.tx_hash)
    wait_status(rpc, tx_hash, {"checkpointed", "proven", "finalized"})
    return tx_hash


def wait_status(rpc: RpcClient, tx_hash: str, statuses: set[str]) -> None:
    wait_until(
        lambda: rpc.call("aztec_getTxReceipt", tx_hash)["status"] in statuses,
        timeout_s=60,
        what=f"{tx_hash} is {statuses}",
    )


def calls_of(trace: Any) -> list[Any]:
    return [call for phase in trace["phases"] for call in phase["calls"]]


def agrees_with_receipt(rpc: RpcClient, trace: Any) -> None:
    receipt = rpc.call("aztec_getTxReceipt", trace["txHash"])
    assert trace["blockNumber"] == receipt["blockNumber"]
    assert trace["executionResult"] == receipt["executionResult"]
    assert trace["transactionFee"] == receipt["transactionFee"]


def test_traces(tmp_path: Path) -> None:
    contract = token()
    daemon = Daemon(data_dir=tmp_path)
    try:
        with RpcClient(daemon.url) as rpc:
            deploying = made(
                rpc,
                "deploy",
                contract.constructor,
                contract.mint(OWNER, 100),
                contract_class=contract.contract_class,
                instances=[contract.instance],
            )
            # Before it is sent: simulated, and nothing of it stays.
            given = rpc.call("aztec_traceTx", deploying.to_json())
            assert given["executionResult"] == "success"
            assert "blockNumber" not in given
            assert rpc.call("aztec_getBlockNumber") == 0
            mined = rpc.call("aztec_traceTx", mine(rpc, deploying))
            agrees_with_receipt(rpc, mined)
            assert mined["phases"] == given["phases"]

            moved = rpc.call(
                "aztec_traceTx", mine(rpc, made(rpc, "a", contract.transfer(OWNER, RECEIVER, 30)))
            )
            agrees_with_receipt(rpc, moved)
            (call,) = calls_of(moved)
            assert call["ended"] == "return"
            amounts = [
                (int(event["previousValue"], 16), int(event["value"], 16))
                for event in call["events"]
                if event["kind"] == "storageWrite"
            ]
            assert amounts == [(100, 70), (0, 30)]

            refused = rpc.call(
                "aztec_traceTx", mine(rpc, made(rpc, "b", contract.transfer(OWNER, RECEIVER, 71)))
            )
            agrees_with_receipt(rpc, refused)
            assert refused["executionResult"] == "app_logic_reverted"
            (call,) = calls_of(refused)
            assert call["ended"] == "revert"
            assert [event["kind"] for event in call["events"]][-1] == "storageRead"

            with pytest.raises(RpcFailureError, match="is not known"):
                rpc.call("aztec_traceTx", fr_hex(element("nobody")))

            wait_status(rpc, refused["txHash"], {"proven"})
            with RpcClient(l1_url(daemon)) as l1:
                l1.call("anvil_mine", hex(128))
            wait_status(rpc, moved["txHash"], {"finalized"})
            wait_until(
                lambda: rpc.call("aztec_getTxByHash", moved["txHash"]) is None,
                timeout_s=30,
                what="the pool forgets what is final",
            )
            assert rpc.call("aztec_traceTx", moved["txHash"]) == moved
        daemon.stop()
        daemon = Daemon(data_dir=tmp_path)
        with RpcClient(daemon.url) as rpc:
            for trace in (mined, moved, refused):
                assert rpc.call("aztec_traceTx", trace["txHash"]) == trace
    finally:
        daemon.kill()
