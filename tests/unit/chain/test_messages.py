"""Messages from L1: their order, and what contradicts it."""

from __future__ import annotations

import pytest

from aztecd.chain import InboxMessage, InvalidMessageError, check
from aztecd.chain.messages import last_message
from aztecd.protocol.basic import CheckpointNumber, LeafIndex
from tests.support.chain_blocks import Chain, block_after, element


def message(checkpoint, index, name=None):
    return InboxMessage(
        checkpoint_number=CheckpointNumber(checkpoint),
        index=LeafIndex(index),
        leaf=element("message", index if name is None else name),
    )


FIRST = [message(2, 1024), message(2, 1025), message(4, 3072)]


def test_messages_are_found_by_checkpoint_and_by_leaf():
    chain = Chain()
    assert last_message(chain.engine) is None
    chain.do(("messages", FIRST))
    store = chain.store
    assert store.messages_of_checkpoint(2) == (FIRST[0].leaf, FIRST[1].leaf)
    assert store.messages_of_checkpoint(4) == (FIRST[2].leaf,)
    assert [store.messages_of_checkpoint(number) for number in (0, 1, 3, 5)] == [()] * 4
    assert store.message_index(FIRST[1].leaf) == 1025
    assert store.message_checkpoint(FIRST[1].leaf) == 2
    assert store.message_checkpoint(element("unknown")) is None
    assert last_message(chain.engine) == FIRST[2]
    assert check(chain.engine) == []


def test_known_messages_are_skipped():
    chain = Chain()
    chain.do(("messages", FIRST[:2]))
    before = chain.content()
    chain.do(("messages", FIRST[:2]))
    assert chain.content() == before
    chain.do(("messages", FIRST))
    assert last_message(chain.engine) == FIRST[2]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (message(3, 1026), "cannot belong to checkpoint 3"),
        (message(2, 1027), "does not follow index 1025"),
        (message(3, 2049), "does not follow index 1025"),
        (message(2, 1025, "other"), "has the place of another message"),
        (message(3, 2048, 1024), "is known with another index"),
        (message(1, 5), "has the place of another message"),
    ],
)
def test_a_message_out_of_order_is_refused(wrong, reason):
    chain = Chain()
    chain.do(("messages", FIRST[:2]))
    before = chain.content()
    with pytest.raises(InvalidMessageError, match=reason):
        chain.do(("messages", [wrong]))
    assert chain.content() == before


def test_the_first_message_begins_a_checkpoint():
    with pytest.raises(InvalidMessageError, match="does not follow any"):
        Chain().do(("messages", [message(2, 1025)]))


def test_messages_that_l1_dropped_can_come_again_in_another_order():
    chain = Chain()
    chain.do(("messages", FIRST))
    other = message(2, 1025, "other")
    chain.do(("messages_removal", LeafIndex(1025)), ("messages", [other]))
    assert chain.store.messages_of_checkpoint(2) == (FIRST[0].leaf, other.leaf)
    assert chain.store.messages_of_checkpoint(4) == ()
    assert chain.store.message_index(FIRST[1].leaf) is None
    fresh = Chain()
    fresh.do(("messages", [FIRST[0], other]))
    assert chain.content() == fresh.content()


def test_a_rewind_leaves_messages():
    chain = Chain()
    chain.do(("messages", FIRST), ("block", block_after(None)))
    chain.do(("rewind", 0))
    assert chain.store.messages_of_checkpoint(2) == (FIRST[0].leaf, FIRST[1].leaf)
