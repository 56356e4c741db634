"""The consistency check notices every record that is lost, damaged or left over."""

from __future__ import annotations

import pytest

from aztecd.chain import InboxMessage, check
from aztecd.constants import CONTRACT_INSTANCE_REGISTRY_ADDRESS, CONTRACT_INSTANCE_UPDATED_TAG
from aztecd.crypto.field import FR_ZERO, fr
from aztecd.protocol.basic import CheckpointNumber, LeafIndex
from aztecd.protocol.registry_events import is_instance_published
from aztecd.storage import MemoryStore, Prefix
from tests.support.chain_blocks import (
    Chain,
    block_after,
    checkpoint_of,
    effect,
    element,
    private_log,
    public_log,
)
from tests.support.chain_sessions import session

TIPS = Prefix.CHAIN_TIPS.key


def full_chain():
    """A small chain with a record of every kind: two checkpoints, the first of two blocks."""
    published_class = session("deploy-accounts").blocks[0].body.tx_effects[0].contract_class_logs[0]
    instance = next(
        log
        for block in session("token-flow").blocks
        for found in block.body.tx_effects
        for log in found.private_logs
        if is_instance_published(log)
    )
    scheduled = public_log(
        CONTRACT_INSTANCE_REGISTRY_ADDRESS,
        CONTRACT_INSTANCE_UPDATED_TAG,
        instance.fields[1],
        FR_ZERO,
        fr(7),
        fr(8),
    )
    first = block_after(
        None,
        effect(1, private_logs=[private_log(fr(1), fr(2)), instance], class_logs=[published_class]),
        effect(2, public_logs=[public_log(fr(5), fr(6), fr(7)), public_log(fr(5))], messages=[fr(3)]),
    )
    second = block_after(
        first, effect(3, private_logs=[private_log(fr(1))], public_logs=[scheduled]), new_checkpoint=False
    )
    third = block_after(second, effect(4, public_logs=[public_log(fr(5), fr(6))]))
    chain = Chain()
    message = InboxMessage(
        checkpoint_number=CheckpointNumber(2), index=LeafIndex(1024), leaf=element("message")
    )
    chain.do(
        *(("block", block) for block in (first, second, third)),
        ("checkpoint", checkpoint_of(first, second)),
        ("checkpoint", checkpoint_of(third)),
        ("proven", 1),
        ("messages", [message]),
    )
    return chain.content()


CONTENT = full_chain()
KEYS = sorted(CONTENT)


def store_of(content):
    engine = MemoryStore()
    batch = engine.batch()
    for key, value in content.items():
        batch.put(key, value)
    engine.write(batch)
    return engine


def test_a_sound_chain_has_no_problems_and_all_kinds_of_records():
    assert check(store_of(CONTENT)) == []
    kinds = {prefix for prefix in Prefix if prefix.name.startswith("CHAIN_")}
    assert {Prefix(key[0]) for key in KEYS} == kinds - {Prefix.CHAIN_REWINDS}


@pytest.mark.parametrize("key", KEYS, ids=bytes.hex)
def test_a_lost_record_is_noticed(key):
    assert check(store_of({other: CONTENT[other] for other in KEYS if other != key}))


@pytest.mark.parametrize("key", [key for key in KEYS if CONTENT[key] and key != TIPS], ids=bytes.hex)
@pytest.mark.parametrize("position", [0, -1])
def test_a_damaged_record_is_noticed(key, position):
    value = bytearray(CONTENT[key])
    value[position] ^= 1
    assert check(store_of(CONTENT | {key: bytes(value)}))


@pytest.mark.parametrize("key", [key for key in KEYS if CONTENT[key]], ids=bytes.hex)
def test_a_record_cut_short_is_noticed(key):
    assert check(store_of(CONTENT | {key: CONTENT[key][:-1]}))


@pytest.mark.parametrize("key", [key for key in KEYS if key != TIPS], ids=bytes.hex)
def test_a_record_left_over_is_noticed(key):
    stranger = key[:-1] + bytes([key[-1] ^ 0x40])
    assert check(store_of(CONTENT | {stranger: CONTENT[key]}))


@pytest.mark.parametrize(
    "numbers",
    [(2, 2, 1, 0), (4, 2, 1, 0), (3, 1, 1, 0), (3, 3, 1, 0), (3, 2, 3, 0), (3, 2, 1, 2)],
)
def test_tips_that_do_not_fit_are_noticed(numbers):
    packed = b"".join(number.to_bytes(4, "big") for number in numbers)
    assert check(store_of(CONTENT | {TIPS: CONTENT[TIPS][:32] + packed}))


def test_another_genesis_is_noticed():
    genesis = bytes([CONTENT[TIPS][0] ^ 1])
    problems = check(store_of(CONTENT | {TIPS: genesis + CONTENT[TIPS][1:]}))
    assert problems == ["block 1 does not follow the genesis that the tips name"]


def test_at_most_a_hundred_problems_are_named():
    lost = {key: value for key, value in CONTENT.items() if key[0] != Prefix.CHAIN_BLOCK}
    strangers = {Prefix.CHAIN_TX.key + element(number): bytes(6) for number in range(200)}
    assert len(check(store_of(lost | strangers))) == 100


@pytest.mark.parametrize(
    ("position", "problem"),
    [(32, "block 2 has another timestamp than its header"), (52, "block 3 does not follow the archive of")],
)
def test_a_block_record_that_contradicts_its_header_is_noticed(position, problem):
    """The timestamp begins behind the hash (32), the archive behind timestamp, count and place (8 + 12)."""
    key = Prefix.CHAIN_BLOCK.key + (2).to_bytes(4, "big")
    value = bytearray(CONTENT[key])
    value[position] ^= 1
    assert any(problem in found for found in check(store_of(CONTENT | {key: bytes(value)})))
