from __future__ import annotations

import threading

import pytest

from aztecd.l1.errors import (
    L1DecodeError,
    L1RpcError,
    L1UnavailableError,
    PublishError,
    TransactionTimeoutError,
)
from aztecd.l1.sender import Receipt, SenderOptions, TransactionSender, sleep_until_stopped
from aztecd.l1.transaction import Fees, L1Account, L1Transaction
from aztecd.protocol.basic import EthAddress
from tests.support.l1_node import FakeClient, FakeNode, FakeTime

ACCOUNT = L1Account(b"\x07" * 32)
CALL = L1Transaction(to=EthAddress(b"\x11" * 20), data=b"effect", gas=100_000)
OTHER = L1Transaction(to=EthAddress(b"\x12" * 20), data=b"other", gas=100_000)


def sender(node: FakeNode, time: FakeTime | None = None, attempts: int = 6) -> TransactionSender:
    clock = time or FakeTime()
    return TransactionSender(
        FakeClient(node),
        ACCOUNT,
        31337,
        options=SenderOptions(attempts=attempts),
        sleep=clock.sleep,
        monotonic=clock.monotonic,
    )


def never() -> bool:
    return False


def nonces(node: FakeNode) -> list[int]:
    return [nonce for nonce, _, _ in node.seen]


def test_one_round_trip_brings_the_receipt_where_the_node_waits():
    node = FakeNode()
    receipt = sender(node).send(CALL, is_done=never)
    assert receipt is not None
    assert receipt.succeeded
    assert receipt.tx_hash in node.mined
    assert node.requests.count("eth_getTransactionReceipt") == 0


def test_other_nodes_are_polled_and_the_missing_method_is_remembered():
    node = FakeNode(supports_sync=False)
    sending = sender(node)
    assert sending.send(CALL, is_done=never) is not None
    assert sending.send(OTHER, is_done=never) is not None
    assert node.requests.count("eth_sendRawTransactionSync") == 1
    assert nonces(node) == [0, 1]


@pytest.mark.parametrize("supports_sync", [True, False])
def test_a_lost_answer_does_not_send_a_second_transaction(supports_sync):
    node = FakeNode(script=["lose"], supports_sync=supports_sync)
    receipt = sender(node).send(CALL, is_done=never)
    assert receipt is not None
    assert len(node.mined) == 1
    assert nonces(node) == [0]


def test_a_request_that_never_arrived_is_sent_again_unchanged():
    node = FakeNode(script=["drop", "drop"])
    assert sender(node).send(CALL, is_done=never) is not None
    assert len(set(node.seen)) == 1
    assert len(node.mined) == 1


def test_a_transaction_that_is_not_mined_is_replaced_under_its_nonce_with_doubled_fees():
    node = FakeNode(script=["hold", "hold"], supports_sync=False)
    receipt = sender(node).send(CALL, is_done=never)
    assert receipt is not None
    assert nonces(node) == [0, 0, 0]
    fees = [fee for _, fee, _ in node.seen]
    assert fees[1] == 2 * fees[0]
    assert fees[2] == 2 * fees[1]
    assert len(node.mined) == 1


def test_a_node_that_is_tired_of_waiting_has_refused_nothing():
    node = FakeNode(script=["tire"])
    receipt = sender(node).send(CALL, is_done=never)
    assert receipt is not None
    (first, second) = [fee for _, fee, _ in node.seen]
    assert second == 2 * first
    assert nonces(node) == [0, 0]
    assert len(node.mined) == 1


def test_a_first_transaction_that_is_mined_late_counts():
    node = FakeNode(script=["hold", "late"], supports_sync=False)
    receipt = sender(node).send(CALL, is_done=never)
    assert receipt is not None
    assert receipt.tx_hash == node.seen[0][2]
    assert node.nonce == 1


def test_what_an_earlier_run_left_in_the_pool_is_replaced_not_followed():
    node = FakeNode(supports_sync=False)
    fees = Fees(max_fee=3000, max_priority_fee=1)
    node.pool[0] = (CALL.sign(ACCOUNT, chain_id=31337, nonce=0, fees=fees).tx_hash, 10**9 + 2000)
    receipt = sender(node).send(CALL, is_done=never)
    assert receipt is not None
    assert nonces(node) == [0, 0]
    assert node.nonce == 1


def test_a_nonce_that_another_transaction_used_is_not_used_again():
    node = FakeNode(script=["nonce too low"])
    node.nonce = 0
    original = node.handle

    def handle(method, params):
        if method.startswith("eth_sendRaw") and not node.seen:
            node.pool[0] = (b"\x01" * 32, 10**12)  # a wallet with the same key was quicker
            node.mine()
        return original(method, params)

    node.handle = handle
    receipt = sender(node).send(CALL, is_done=never)
    assert receipt is not None
    assert nonces(node) == [0, 1]


def test_nothing_more_is_sent_when_the_effect_is_there():
    node = FakeNode(script=["nonce too low"])
    assert sender(node).send(CALL, is_done=lambda: True) is None
    assert len(node.seen) == 1


def test_a_node_that_has_it_already_is_waited_for_without_offering_more():
    node = FakeNode(script=["hold", "ok"], supports_sync=False)
    time = FakeTime()
    sending = sender(node, time)

    def lose_the_first_answer(method, params, original=node.handle):
        answer = original(method, params)
        if method == "eth_sendRawTransaction" and len(node.seen) == 1:
            raise L1UnavailableError("the connection broke")
        return answer

    node.handle = lose_the_first_answer
    time.on_sleep = lambda now: node.mine() if now > 5 else None
    receipt = sending.send(CALL, is_done=never)
    assert receipt is not None
    assert len(set(node.seen)) == 1
    assert len(node.seen) == 2


@pytest.mark.parametrize(
    "text", ["max fee per gas less than block base fee", "max fee per blob gas less than block blob gas fee"]
)
def test_fees_below_the_base_fee_are_raised(text):
    node = FakeNode(script=[text])
    assert sender(node).send(CALL, is_done=never) is not None
    assert node.seen[1][1] == 2 * node.seen[0][1]


def test_an_empty_account_is_told_at_once():
    node = FakeNode(script=["Insufficient funds for gas * price + value"])
    with pytest.raises(PublishError, match="fund it"):
        sender(node).send(CALL, is_done=never)
    assert len(node.seen) == 1


def test_other_refusals_are_passed_on():
    with pytest.raises(L1RpcError, match="decode"):
        sender(FakeNode(script=["Failed to decode transaction"])).send(CALL, is_done=never)


def test_a_node_that_stays_away_is_unavailable():
    with pytest.raises(L1UnavailableError):
        sender(FakeNode(script=["drop"] * 20)).send(CALL, is_done=never)


def test_a_transaction_that_is_never_mined_times_out():
    node = FakeNode(script=["hold"] * 20, supports_sync=False)
    with pytest.raises(TransactionTimeoutError, match="nonce 0"):
        sender(node, attempts=3).send(CALL, is_done=never)
    assert nonces(node) == [0, 0, 0]


def test_a_failed_transaction_is_told_by_its_receipt():
    receipt = sender(FakeNode(statuses=[0])).send(CALL, is_done=never)
    assert receipt is not None
    assert not receipt.succeeded


def test_what_must_come_before_comes_directly_before():
    node = FakeNode()
    sender(node).send(CALL, is_done=never, before=[("evm_setNextBlockTimestamp", [77])])
    sent = node.requests.index("eth_sendRawTransactionSync")
    assert node.requests[sent - 1] == "evm_setNextBlockTimestamp"


def test_a_sleep_ends_when_the_daemon_is_to_stop():
    is_stopping = threading.Event()
    sleep_until_stopped(is_stopping, 0)
    is_stopping.set()
    with pytest.raises(L1UnavailableError, match="looked up at the next start"):
        sleep_until_stopped(is_stopping, 3600)


RECEIPT = {
    "transactionHash": "0x" + "ab" * 32,
    "status": "0x1",
    "blockNumber": "0x7",
    "blockHash": "0x" + "cd" * 32,
    "gasUsed": "0x5208",
    "logs": [],
}


@pytest.mark.parametrize(
    "damage",
    [{"blockNumber": None}, {"status": None}, {"blockHash": "0xzz"}, {"logs": None}],
    ids=lambda damage: next(iter(damage)),
)
def test_a_damaged_receipt_is_an_error_of_l1(damage):
    assert Receipt.from_rpc(RECEIPT).block_number == 7
    with pytest.raises(L1DecodeError):
        Receipt.from_rpc(RECEIPT | damage)
    with pytest.raises(L1DecodeError):
        Receipt.from_rpc({name: value for name, value in RECEIPT.items() if name not in damage})


def test_a_node_without_a_latest_block_is_an_error_of_l1():
    class Empty(FakeNode):
        def handle(self, method, params):
            return None if method == "eth_getBlockByNumber" else super().handle(method, params)

    with pytest.raises(L1DecodeError):
        sender(Empty()).send(CALL, is_done=never)
