"""Logs by tag and by filter: pages, order, cursors and limits."""

from __future__ import annotations

import pytest

from aztecd.chain import LOG_PAGE_SIZE
from aztecd.chain.log_queries import private_logs_by_tags
from aztecd.crypto.field import FR_ZERO, fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.logs import LogFilter, LogId
from tests.support.chain_blocks import (
    Chain,
    block_after,
    class_log,
    effect,
    element,
    private_log,
    public_log,
)

TAG, OTHER_TAG = element("tag"), element("other tag")
ONE, TWO = AztecAddress(element("contract one")), AztecAddress(element("contract two"))


def chain_of(*blocks_of_effects):
    chain = Chain()
    block = None
    for effects in blocks_of_effects:
        block = block_after(block, *effects)
        chain.do(("block", block))
    return chain


def data(logs):
    return [log.log_data for log in logs]


def ids(response):
    return [
        (found.id.block_number, found.id.tx_index, found.id.log_index, found.log.fields[-1:])
        for found in response.logs
    ]


@pytest.fixture(scope="module")
def tagged():
    """25 private logs of one tag: 2 in each of 12 transactions over 4 blocks, and one at last."""
    effects = [
        effect(index, private_logs=[private_log(TAG, fr(2 * index)), private_log(TAG, fr(2 * index + 1))])
        for index in range(12)
    ]
    last = effect("last", private_logs=[private_log(OTHER_TAG), private_log(TAG, fr(24))])
    return chain_of(effects[:3], effects[3:6], effects[6:9], [*effects[9:], last]).store


def test_pages_of_a_tag_hold_ten_logs_in_chain_order(tagged):
    pages = [tagged.private_logs_by_tags([TAG], page)[0] for page in range(4)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    numbers = [log.log_data[1] for page in pages for log in page]
    assert numbers == [fr(number) for number in range(25)]
    assert tagged.private_logs_by_tags([TAG], 1 << 40) == [()]


def test_a_log_found_by_tag_brings_its_transaction_along(tagged):
    (logs,) = tagged.private_logs_by_tags([OTHER_TAG])
    (log,) = logs
    block = tagged.block(4)
    assert log.tx_hash == element("tx", "last")
    assert (log.block_number, log.block_timestamp) == (4, block.header.global_variables.timestamp)
    assert log.log_data == (OTHER_TAG,)
    assert log.note_hashes == (element("note", "last", 0), element("note", "last", 1))
    assert log.first_nullifier == element("nullifier", "last")


def test_every_tag_gets_its_own_list(tagged):
    found = tagged.private_logs_by_tags([OTHER_TAG, fr(1), TAG, OTHER_TAG])
    assert [len(logs) for logs in found] == [1, 0, 10, 1]
    assert tagged.private_logs_by_tags([]) == []


@pytest.mark.parametrize(("page", "tip", "count"), [(0, 1, 6), (1, 2, 2), (0, 0, 0), (2, 99, 5)])
def test_blocks_above_the_tip_are_hidden_on_every_page(tagged, page, tip, count):
    (logs,) = private_logs_by_tags(tagged._store, [TAG], page, tip)
    assert len(logs) == count


def test_public_tags_belong_to_their_contract():
    chain = chain_of(
        [effect(1, public_logs=[public_log(ONE, TAG, fr(1)), public_log(TWO, TAG, fr(2)), public_log(ONE)])],
        [effect(2, public_logs=[public_log(ONE, OTHER_TAG), public_log(ONE, TAG, fr(3))])],
    ).store
    one, other, none = chain.public_logs_by_tags(ONE, [TAG, OTHER_TAG, fr(9)])
    assert data(one) == [(TAG, fr(1)), (TAG, fr(3))]
    assert data(other) == [(OTHER_TAG,)]
    assert none == ()
    assert [data(logs) for logs in chain.public_logs_by_tags(TWO, [TAG])] == [[(TAG, fr(2))]]
    # A log without fields has no tag, and a zero tag is a tag.
    assert chain.public_logs_by_tags(ONE, [FR_ZERO]) == [()]


def test_an_emitted_length_may_end_in_zeros():
    logs = [private_log(TAG, FR_ZERO, FR_ZERO), private_log(FR_ZERO)]
    block = block_after(None, effect(1, private_logs=logs, class_logs=[class_log(ONE, fr(1), FR_ZERO)]))
    chain = Chain()
    chain.do(("block", block))
    assert chain.store.block(1) == block
    assert data(chain.store.private_logs_by_tags([TAG])[0]) == [(TAG, FR_ZERO, FR_ZERO)]
    assert data(chain.store.private_logs_by_tags([FR_ZERO])[0]) == [(FR_ZERO,)]


@pytest.fixture(scope="module")
def filtered():
    """Public logs in blocks 1, 2 and 4; a class log in blocks 1 and 3."""
    return chain_of(
        [
            effect(
                1,
                public_logs=[public_log(ONE, TAG, fr(1)), public_log(TWO, TAG, fr(2))],
                class_logs=[class_log(ONE, fr(7), fr(8))],
            ),
            effect(2, public_logs=[public_log(ONE, OTHER_TAG, fr(3))]),
        ],
        [effect(3), effect(4, public_logs=[public_log(TWO, OTHER_TAG, fr(4)), public_log(TWO, TAG, fr(5))])],
        [effect(5, class_logs=[class_log(TWO, fr(9))])],
        [effect(6, public_logs=[public_log(ONE, TAG, fr(6))])],
    ).store


def values(store, **members):
    response = store.public_logs(LogFilter(**members))
    return [int.from_bytes(found.log.fields[-1], "big") for found in response.logs], response.max_logs_hit


def log_id(block, tx_index, log_index):
    return LogId(block_number=block, block_hash=fr(0), tx_hash=fr(0), tx_index=tx_index, log_index=log_index)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"from_block": 0}, [1, 2, 3, 4, 5, 6]),
        ({"from_block": 2}, [4, 5, 6]),
        ({"from_block": 2, "to_block": 4}, [4, 5]),
        ({"from_block": 2, "to_block": 99}, [4, 5, 6]),
        ({"from_block": 2, "to_block": 2}, []),
        ({"from_block": 99}, []),
        ({"contract_address": ONE}, [1, 3, 6]),
        ({"contract_address": ONE, "to_block": 4}, [1, 3]),
        ({"contract_address": ONE, "from_block": 2}, [6]),
        ({"contract_address": TWO, "tag": TAG}, [2, 5]),
        ({"contract_address": fr(5)}, []),
        ({"tag": TAG}, [1, 2, 5, 6]),
        ({"tag": TAG, "from_block": 2}, [5, 6]),
        ({"tx_hash": element("tx", 1)}, [1, 2]),
        ({"tx_hash": element("tx", 1), "from_block": 1, "to_block": 2}, [1, 2]),
        ({"tx_hash": element("tx", 1), "from_block": 2}, []),
        ({"tx_hash": element("tx", 1), "to_block": 1}, []),
        ({"tx_hash": element("tx", 1), "to_block": 0}, [1, 2]),
        ({"tx_hash": element("tx", 1), "to_block": -1}, []),
        ({"tx_hash": element("tx", 1), "from_block": 2, "to_block": 1}, []),
        ({"tx_hash": element("tx", 4), "tag": TAG}, [5]),
        ({"tx_hash": element("tx", 3)}, []),
        ({"tx_hash": element("tx", "none")}, []),
        ({"after_log": log_id(1, 0, 0)}, [2, 3, 4, 5, 6]),
        ({"after_log": log_id(1, 0, 1)}, [3, 4, 5, 6]),
        ({"after_log": log_id(1, 1, 0)}, [4, 5, 6]),
        ({"after_log": log_id(2, 1, 0), "tx_hash": element("tx", 1)}, []),
        ({"after_log": log_id(2, 1, 0), "tx_hash": element("tx", 4)}, [5]),
        ({"after_log": log_id(1, 0, 0), "tx_hash": element("tx", 4)}, [4, 5]),
        ({"after_log": log_id(1, 0, 0), "tx_hash": element("tx", "none")}, []),
        ({"after_log": log_id(1, 0, 0), "from_block": 2}, [4, 5, 6]),
        ({"after_log": log_id(2, 1, 0), "from_block": 1}, [5, 6]),
        ({"after_log": log_id(1, 0, 0), "contract_address": ONE}, [3, 6]),
        ({"after_log": log_id(1, 0, 0), "to_block": 2}, [2, 3]),
        ({"after_log": log_id(1, 0, 0xFFFF)}, [3, 4, 5, 6]),
        ({"after_log": log_id(1, 0xFFFF, 0xFFFF_FFFF)}, [4, 5, 6]),
        ({"after_log": log_id(1, 0xFFFF_FFFF, 0)}, [4, 5, 6]),
        ({"after_log": log_id(0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF)}, []),
        ({"after_log": log_id(0, 0, 5)}, [1, 2, 3, 4, 5, 6]),
        ({"from_block": 0xFFFF_FFFF, "to_block": 0xFFFF_FFFF}, []),
    ],
)
def test_public_logs_by_filter(filtered, members, expected):
    assert values(filtered, **members) == (expected, False)


@pytest.mark.parametrize("members", [{"from_block": 3, "to_block": 2}, {"to_block": 0}])
def test_an_end_before_the_start_counts_as_a_full_page(filtered, members):
    assert values(filtered, **members) == ([], True)
    assert filtered.contract_class_logs(LogFilter(**members)).max_logs_hit


def test_logs_name_their_place(filtered):
    (found,) = filtered.public_logs(LogFilter(from_block=4)).logs
    assert found.id == LogId(
        block_number=4,
        block_hash=filtered.block_hash(4),
        tx_hash=element("tx", 6),
        tx_index=0,
        log_index=0,
    )
    assert ids(filtered.public_logs(LogFilter(from_block=2, to_block=3))) == [
        (2, 1, 0, (fr(4),)),
        (2, 1, 1, (fr(5),)),
    ]


def test_contract_class_logs_by_filter(filtered):
    def contracts(**members):
        return [
            found.log.contract_address for found in filtered.contract_class_logs(LogFilter(**members)).logs
        ]

    assert contracts() == [ONE, TWO]
    assert contracts(from_block=2) == [TWO]
    assert contracts(contract_address=ONE) == [ONE]
    assert contracts(tag=TAG) == [ONE, TWO]
    assert contracts(tx_hash=element("tx", 5)) == [TWO]
    assert contracts(after_log=log_id(1, 0, 0)) == [TWO]
    (found,) = filtered.contract_class_logs(LogFilter(to_block=2)).logs
    assert found.log == class_log(ONE, fr(7), fr(8))


def test_a_full_page_says_so_and_the_cursor_goes_on():
    per_tx = 500
    logs = [public_log(ONE, fr(index)) for index in range(per_tx)]
    chain = chain_of(
        [effect(1, public_logs=logs), effect(2, public_logs=logs)], [effect(3, public_logs=logs[:3])]
    ).store
    page = chain.public_logs(LogFilter())
    assert (len(page.logs), page.max_logs_hit) == (LOG_PAGE_SIZE, True)
    rest = chain.public_logs(LogFilter(after_log=page.logs[-1].id))
    assert ([found.id.block_number for found in rest.logs], rest.max_logs_hit) == ([2, 2, 2], False)
    # The page is full with the last log that there is, too.
    assert chain.public_logs(LogFilter(to_block=2)).max_logs_hit
    middle = chain.public_logs(LogFilter(after_log=page.logs[400].id))
    assert [len(middle.logs), middle.logs[99].id.tx_index, middle.logs[99].id.log_index] == [602, 1, 0]
