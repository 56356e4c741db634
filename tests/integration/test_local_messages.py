"""Messages from L1 are known to a local network before a block takes them, and forgotten when L1 forgets."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.support.daemon import Daemon
from tests.support.json_rpc import RpcClient
from tests.support.load import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

ACCOUNT = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
SEND = keccak(text="sendL2Message((bytes32,uint256),bytes32,bytes32)")[:4]


def send_message(l1: RpcClient, info: dict, content: int) -> str:
    """Send a message to L2 and give its hash, as the Inbox's event has it."""
    word = lambda value: value.to_bytes(32, "big")  # noqa: E731
    data = SEND + encode(
        ["(bytes32,uint256)", "bytes32", "bytes32"],
        [(word(7), info["rollupVersion"]), word(content), word(9)],
    )
    to = info["l1ContractAddresses"]["inboxAddress"]
    tx = l1.call(
        "eth_sendTransaction", {"from": ACCOUNT, "to": to, "data": "0x" + data.hex(), "gas": hex(10**6)}
    )
    wait_until(lambda: l1.call("eth_getTransactionReceipt", tx), timeout_s=20, what="the message on L1")
    return l1.call("eth_getTransactionReceipt", tx)["logs"][0]["topics"][2]


def test_messages_are_known_before_their_block_and_go_with_l1(artifacts):
    daemon = Daemon()
    try:
        with RpcClient(daemon.url) as rpc, RpcClient(daemon.l1_url) as l1:
            info = rpc.call("aztec_getNodeInfo")

            def is_synced(message: str) -> bool:
                return rpc.call("aztec_isL1ToL2MessageSynced", message)

            first = send_message(l1, info, 1)
            wait_until(lambda: is_synced(first), timeout_s=20, what="the first message here")
            assert rpc.call("aztec_getL1ToL2MessageCheckpoint", first) == 2
            snapshot = l1.call("evm_snapshot")
            second = send_message(l1, info, 2)
            wait_until(lambda: is_synced(second), timeout_s=20, what="the second message here")
            assert l1.call("evm_revert", snapshot) is True
            l1.call("evm_mine")
            wait_until(lambda: not is_synced(second), timeout_s=20, what="the second message gone")
            assert is_synced(first)
            assert rpc.call("aztec_getBlockNumber") == 0
        daemon.stop()
    finally:
        daemon.kill()
