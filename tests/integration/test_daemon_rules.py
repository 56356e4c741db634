"""Each rule for transactions refuses with its own words, over HTTP."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from aztecd.localnet.accounts import FUNDED_ADDRESSES
from tests.support.daemon import Daemon
from tests.support.json_rpc import RpcClient, RpcFailureError
from tests.support.load import TxMaker, wait_until
from tests.support.recorded_txs import recorded_bodies, recorded_body
from tests.support.vectors import load

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

# Their answers hold for the chain on which they were recorded: a nullifier, contracts, no block 1.
OF_THEIR_CHAIN = {
    "existing nullifier",
    "fpc: null sender",
    "fpc: calldata len",
    "fpc: wrong only-self sender",
    "token transfer in setup not allowed(calldata len/sel)",
    "valid fpc",
    "max fee low",
    "max fee low + expired",
}
CASES = [case for case in load("tx.json.gz")["validation"]["cases"] if case["label"] not in OF_THEIR_CHAIN]
_PUBLIC_SETUP = {"Setup function targets unknown contract"}
"""The recorded transactions with public calls begin with a call to a contract of their chain."""


@pytest.fixture(scope="module")
def network(artifacts, tmp_path_factory) -> Iterator[tuple[RpcClient, TxMaker]]:
    """A daemon with one block: the first has an exception from the rule on expiration."""
    daemon = Daemon(data_dir=tmp_path_factory.mktemp("rules") / "data")
    try:
        with RpcClient(daemon.url) as rpc:
            _, body = TxMaker(rpc).make("first")
            rpc.call("aztec_sendTx", body)
            wait_until(
                lambda: rpc.call("aztec_getCheckpointedBlockNumber") == 1, timeout_s=60, what="a block"
            )
            yield rpc, TxMaker(rpc)
        daemon.stop()
    finally:
        daemon.kill()


def moved(body: dict[str, Any], maker: TxMaker) -> bytearray:
    """Give the data of a recorded transaction with this chain's anchor, version and fees."""
    data = bytearray(base64.b64decode(body["data"]))
    data[1:441] = maker.anchor.encode()
    data[441:473] = maker.chain_id.to_bytes(32, "big")
    data[473:505] = maker.version.to_bytes(32, "big")
    data[521:537] = bytes(16)
    data[537:553] = maker.max_fee.to_bytes(16, "big")
    data[657:689] = FUNDED_ADDRESSES[0]
    data[689:697] = (maker.anchor.global_variables.timestamp + 86_399).to_bytes(8, "big")
    return data


def patched(case: dict[str, Any], maker: TxMaker) -> dict[str, Any]:
    body = dict(recorded_bodies()[case["base"]])
    patch = case["patch"]
    data = moved(body, maker)
    for change in patch.get("data", []):
        content = bytes.fromhex(change["bytes"][2:])
        data[change["offset"] : change["offset"] + len(content)] = content
    body["data"] = base64.b64encode(data).decode()
    for member in ("publicFunctionCalldata", "contractClassLogFields"):
        if member in patch:
            body[member] = patch[member]
    body = recorded_body(body)
    if "contractClassLogField" in patch:
        log, field, value = patch["contractClassLogField"]
        fields = list(body["contractClassLogFields"][log]["fields"])
        fields[field] = value
        body["contractClassLogFields"] = [{"fields": fields}]
    return body


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_a_recorded_verdict_is_the_verdict_over_http(network, case):
    rpc, maker = network
    body = patched(case, maker)
    expected = set(case["result"].get("reason", []))
    options = [case["options"]] if "options" in case else []
    verdict = rpc.call("aztec_isValidTx", body, *options)
    assert set(verdict.get("reason", [])) - _PUBLIC_SETUP == expected - _PUBLIC_SETUP
    if expected:
        with pytest.raises(RpcFailureError) as failure:
            rpc.call("aztec_sendTx", body)
        assert failure.value.code == -32702
        assert failure.value.message.startswith("Invalid tx: ")
        assert expected <= set(failure.value.message.removeprefix("Invalid tx: ").split(", "))


def refusal(rpc: RpcClient, body: Any) -> RpcFailureError:
    with pytest.raises(RpcFailureError) as failure:
        rpc.call("aztec_sendTx", body)
    assert failure.value.code == -32702
    return failure.value


def test_a_spent_nullifier_is_refused(network):
    rpc, maker = network
    _, body = maker.make("first")
    assert "Existing nullifier" in refusal(rpc, body).message


def test_a_fee_below_the_least_is_refused(network):
    rpc, maker = network
    body = dict(recorded_bodies()["priv1"])
    data = moved(body, maker)
    data[537:553] = (1).to_bytes(16, "big")
    assert refusal(rpc, body | {"data": base64.b64encode(data).decode()}).message == (
        "Invalid tx: Insufficient fee per gas"
    )


def test_a_transaction_beyond_the_size_limit_is_refused(network):
    rpc, maker = network
    _, body = maker.make("large")
    body["contractClassLogFields"] = [{"fields": ["0x0"] * 3023}] * 5
    assert "Transaction size above size limit" in refusal(rpc, body).message


def test_a_proof_of_another_length_is_refused(network):
    rpc, maker = network
    _, body = maker.make("short proof")
    body["chonkProof"] = base64.b64encode((1934).to_bytes(4, "big") + bytes(1934 * 32)).decode()
    assert "Invalid ChonkProof length: 1934" in refusal(rpc, body).message


def gas_limits(body: dict[str, Any]) -> dict[str, int]:
    """Read the gas limits out of a transaction's data."""
    data = base64.b64decode(body["data"])
    return {
        "daGas": int.from_bytes(data[505:509], "big"),
        "l2Gas": int.from_bytes(data[509:513], "big"),
    }


def test_a_public_call_to_nobody_is_mined_as_reverted(network):
    rpc, maker = network
    case = next(case for case in CASES if case["label"] == "valid public")
    body = patched(case, maker)
    simulated = rpc.call("aztec_simulatePublicCalls", body)
    (failed,) = simulated["revertReason"]["functionErrorStack"]
    contract = int(failed["contractAddress"], 16)
    assert simulated["revertReason"]["originalMessage"] == f"Contract 0x{contract:x} is not deployed"
    assert simulated["publicReturnValues"] == [{"values": [], "nested": []}]
    # All gas of the call is lost.
    limits = gas_limits(body)
    assert simulated["gasUsed"]["billedGas"] == limits

    rpc.call("aztec_sendTx", body)
    tx_hash = simulated["txEffect"]["txHash"]
    wait_until(
        lambda: rpc.call("aztec_getTxReceipt", tx_hash)["status"] in {"checkpointed", "proven"},
        timeout_s=60,
        what="the transaction",
    )
    receipt = rpc.call("aztec_getTxReceipt", tx_hash)
    assert receipt["executionResult"] == "app_logic_reverted"
    effect = rpc.call("aztec_getTxEffect", tx_hash)["data"]
    assert effect["revertCode"] == 1
    assert effect["nullifiers"] == simulated["txEffect"]["nullifiers"]
    (write,) = effect["publicDataWrites"]
    (expected,) = simulated["txEffect"]["publicDataWrites"]
    assert write["leafSlot"] == expected["leafSlot"]
    assert "Existing nullifier" in refusal(rpc, body).message
