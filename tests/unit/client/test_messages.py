"""Messages to L1 are proved as the reference proves them; the witnesses are recorded ones."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aztecd.client.errors import BridgeError
from aztecd.client.messages import find_message_to_l1, wait_for_message_from_l1, wait_until
from aztecd.crypto.field import fr, fr_from_hex
from aztecd.wallet.errors import WaitTimeoutError
from tests.support.vectors import load

TREES = load("l1.json.gz")["l2ToL1"]["trees"]
EPOCH = 9
FIRST_BLOCK = 21


class MessageNode:
    """Has one epoch of messages; the transaction's hash is its place: checkpoint, block, transaction."""

    def __init__(self, messages):
        self.messages = [
            [[[fr_from_hex(message) for message in tx] for tx in block] for block in checkpoint]
            for checkpoint in messages
        ]
        self.checkpoints = []
        start = FIRST_BLOCK
        for blocks in self.messages:
            end = start + len(blocks) - 1
            self.checkpoints.append(SimpleNamespace(start_block=start, end_block=end))
            start = end + 1
        self.is_mined = True

    async def get_tx_receipt(self, tx_hash):
        checkpoint, block, _ = tx_hash[-3:]
        number = self.checkpoints[checkpoint].start_block + block
        if not self.is_mined:
            return SimpleNamespace(epoch_number=None, block_number=None)
        return SimpleNamespace(epoch_number=EPOCH, block_number=number)

    async def get_tx_effect(self, tx_hash):
        return SimpleNamespace(tx_index_in_block=tx_hash[-1])

    async def get_l2_to_l1_messages(self, epoch):
        assert epoch == EPOCH
        return self.messages

    async def get_checkpoints_data_for_epoch(self, epoch):
        assert epoch == EPOCH
        return self.checkpoints


def place(*position):
    return bytes(29) + bytes(position)


@pytest.mark.parametrize("name", sorted(name for name, tree in TREES.items() if tree["witnesses"]))
async def test_a_message_is_proved_from_its_transaction(name):
    tree = TREES[name]
    node = MessageNode(tree["messages"])
    for recorded in tree["witnesses"]:
        *at, index = recorded["position"]
        message = fr_from_hex(recorded["message"])
        found = await find_message_to_l1(node, message, place(*at), index_in_tx=index)
        assert (found.message, found.epoch) == (message, EPOCH)
        assert found.witness.root == fr_from_hex(tree["epochOutHash"])
        assert found.witness.leaf_index == int(recorded["leafIndex"])
        assert found.witness.siblings == [fr_from_hex(sibling) for sibling in recorded["siblingPath"]]
        assert found.witness.leaf_id == int(recorded["leafId"])


async def test_a_message_is_found_among_those_of_its_transaction():
    node = MessageNode([[[["0x05", "0x06"]]]])
    found = await find_message_to_l1(node, fr(6), place(0, 0, 0))
    assert found.witness.leaf_index == 1
    assert found.witness.siblings[0] == fr(5)


async def test_a_transaction_that_is_not_mined_proves_nothing_yet():
    node = MessageNode([[[["0x05"]]]])
    node.is_mined = False
    assert await find_message_to_l1(node, fr(5), place(0, 0, 0)) is None
    node.is_mined, node.messages = True, []
    assert await find_message_to_l1(node, fr(5), place(0, 0, 0)) is None, "the checkpoint is not there yet"


async def test_what_was_not_sent_or_sent_twice_is_refused():
    node = MessageNode([[[["0x05", "0x06", "0x05"]]]])
    with pytest.raises(BridgeError, match="sent no message"):
        await find_message_to_l1(node, fr(7), place(0, 0, 0))
    with pytest.raises(BridgeError, match=r"2 times: say which one, of \[0, 2\]"):
        await find_message_to_l1(node, fr(5), place(0, 0, 0))
    with pytest.raises(BridgeError, match="message 1 of transaction"):
        await find_message_to_l1(node, fr(5), place(0, 0, 0), index_in_tx=1)
    found = await find_message_to_l1(node, fr(5), place(0, 0, 0), index_in_tx=2)
    assert found.message == fr(5)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds


async def test_waiting_ends_when_it_is_done_or_takes_too_long():
    clock, answers = Clock(), iter([False, False, True])

    async def answer():
        return next(answers)

    await wait_until(answer, "it", timeout_s=10, interval_s=2, clock=clock, sleep=clock.sleep)
    assert clock.now == 4

    async def never():
        return False

    with pytest.raises(WaitTimeoutError, match="Timeout awaiting the end after 5 s"):
        await wait_until(never, "the end", timeout_s=5, interval_s=2, clock=clock, sleep=clock.sleep)
    assert clock.now == 10


async def test_a_message_that_is_in_the_tree_is_not_waited_for():
    class Node:
        async def get_l1_to_l2_message_membership_witness(self, block, message):
            assert (block, message) == ("latest", fr(3))
            return 1, object()

    await wait_for_message_from_l1(Node(), fr(3), timeout_s=0)
