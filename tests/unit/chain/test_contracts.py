"""Classes, instances and updates that blocks publish; publications that are none."""

from __future__ import annotations

import pytest

from aztecd.chain import ChainStore, check
from aztecd.constants import CONTRACT_INSTANCE_REGISTRY_ADDRESS, CONTRACT_INSTANCE_UPDATED_TAG
from aztecd.crypto.field import FR_ZERO, fr, fr_from_hex
from aztecd.protocol.logs import ContractClassLogFields
from aztecd.protocol.registry_events import is_class_published, is_instance_published
from tests.support.chain_blocks import GENESIS, Chain, block_after, effect, element, private_log, public_log
from tests.support.chain_sessions import protocol_contracts, session

NEW, NEWER = element("new class"), element("newer class")
LATE = 1 << 40


def recorded_logs():
    """A class log and an instance log of one recorded transaction: the instance is of the class."""
    for block in session("token-flow").blocks:
        for found in block.body.tx_effects:
            classes = [log for log in found.contract_class_logs if is_class_published(log)]
            instances = [log for log in found.private_logs if is_instance_published(log)]
            if classes and instances:
                return classes[0], instances[0]
    raise AssertionError("nothing was published")


CLASS_LOG, INSTANCE_LOG = recorded_logs()
CLASS_ID, ADDRESS = CLASS_LOG.fields.fields[1], INSTANCE_LOG.fields[1]


def update(address, previous, new, change):
    return public_log(
        CONTRACT_INSTANCE_REGISTRY_ADDRESS,
        CONTRACT_INSTANCE_UPDATED_TAG,
        address,
        previous,
        new,
        fr(change),
    )


def with_field(log, index, value):
    fields = list(log.fields.fields)
    fields[index] = value
    return log.replace(fields=ContractClassLogFields(fields=tuple(fields)))


def test_published_contracts_are_found_from_their_block_on():
    chain = Chain()
    first = block_after(None)
    second = block_after(first, effect(1, class_logs=[CLASS_LOG]), effect(2, private_logs=[INSTANCE_LOG]))
    chain.do(("block", first))
    assert chain.store.contract_class(CLASS_ID) is None
    assert chain.store.contract_instance(ADDRESS, LATE) is None
    assert chain.do(("block", second)) == [()]
    published = chain.store.contract_class(CLASS_ID)
    assert (published.id, published.l2_block_number) == (CLASS_ID, 2)
    instance = chain.store.contract_instance(ADDRESS, LATE)
    assert (instance.address, instance.original_contract_class_id) == (ADDRESS, CLASS_ID)
    assert instance.current_contract_class_id == CLASS_ID
    assert check(chain.engine) == []


def test_publications_become_visible_with_their_block():
    chain = Chain()
    batch = chain.engine.batch()
    logs = {"class_logs": [CLASS_LOG], "private_logs": [INSTANCE_LOG]}
    chain.store.stage_block(batch, block_after(None, effect(1, **logs)))
    chain.engine.write(batch)
    assert chain.store.contract_class(CLASS_ID) is None
    assert chain.store.contract_instance(ADDRESS, LATE) is None
    chain.store.applied()
    assert chain.store.contract_class(CLASS_ID)
    assert chain.store.contract_instance(ADDRESS, LATE)


def test_what_is_published_again_stays_at_its_first_block():
    chain = Chain()
    logs = {"class_logs": [CLASS_LOG], "private_logs": [INSTANCE_LOG]}
    first = block_after(None, effect(1, **logs))
    chain.do(("block", first), ("block", block_after(first, effect(2, **logs))))
    assert chain.store.contract_class(CLASS_ID).l2_block_number == 1
    chain.do(("rewind", 1))
    assert chain.store.contract_class(CLASS_ID).l2_block_number == 1
    assert chain.store.contract_instance(ADDRESS, LATE)
    chain.do(("rewind", 0))
    assert chain.store.contract_class(CLASS_ID) is None
    assert chain.store.contract_instance(ADDRESS, LATE) is None


@pytest.mark.parametrize(
    ("logs", "kind", "claimed", "reason"),
    [
        ({"class_logs": [with_field(CLASS_LOG, 1, fr(5))]}, "class", fr(5), "Invalid contract class id"),
        ({"class_logs": [with_field(CLASS_LOG, 2, fr(2))]}, "class", CLASS_ID, "Unexpected contract class"),
        ({"class_logs": [with_field(CLASS_LOG, 5, fr(1 << 60))]}, "class", CLASS_ID, "max safe integer"),
        (
            {"private_logs": [private_log(INSTANCE_LOG.fields[0], fr(5), *INSTANCE_LOG.fields[2:15])]},
            "instance",
            fr(5),
            "its parts give 0x" + ADDRESS.hex(),
        ),
        (
            {"private_logs": [private_log(*INSTANCE_LOG.fields[:2], fr(9), *INSTANCE_LOG.fields[3:15])]},
            "instance",
            ADDRESS,
            "Unexpected contract instance version 9",
        ),
        (
            {"private_logs": [private_log(*INSTANCE_LOG.fields[:8], fr(9), *INSTANCE_LOG.fields[9:15])]},
            "instance",
            ADDRESS,
            "not on the curve",
        ),
        (
            {"public_logs": [public_log(CONTRACT_INSTANCE_REGISTRY_ADDRESS, CONTRACT_INSTANCE_UPDATED_TAG)]},
            "update",
            FR_ZERO,
            "an instance update has 5 fields",
        ),
    ],
)
def test_a_publication_that_is_none_is_reported_and_ignored(logs, kind, claimed, reason):
    chain = Chain()
    block = block_after(None, effect("fine"), effect("wrong", **logs))
    ((rejected,),) = chain.do(("block", block))
    assert (rejected.kind, rejected.identifier, rejected.tx_hash) == (kind, claimed, element("tx", "wrong"))
    assert reason in rejected.reason
    assert chain.store.contract_class(CLASS_ID) is None
    assert chain.store.contract_instance(ADDRESS, LATE) is None
    assert chain.store.block(1) == block
    assert check(chain.engine) == []
    chain.do(("rewind", 0))
    assert set(chain.content()) == {b"\x20"}


def test_an_update_by_another_contract_is_none():
    chain = Chain()
    fields = update(ADDRESS, FR_ZERO, NEW, 0).fields
    block = block_after(
        None, effect(1, private_logs=[INSTANCE_LOG], public_logs=[public_log(fr(9), *fields)])
    )
    assert chain.do(("block", block)) == [()]
    assert chain.store.contract_instance(ADDRESS, LATE).current_contract_class_id == CLASS_ID


@pytest.fixture
def updated():
    """An instance with updates scheduled in blocks 2 (two of them) and 3."""
    chain = Chain()
    first = block_after(None, effect(1, private_logs=[INSTANCE_LOG]))
    time = first.header.global_variables.timestamp
    second = block_after(
        first,
        effect(2, public_logs=[update(ADDRESS, FR_ZERO, fr(1), time), public_log(fr(1), fr(2))]),
        effect(3, public_logs=[update(ADDRESS, FR_ZERO, NEW, time + 100)]),
    )
    third = block_after(second, effect(4, public_logs=[update(ADDRESS, NEW, NEWER, time + 1000)]))
    chain.do(("block", first), ("block", second), ("block", third))
    return chain, time


def test_the_newest_update_scheduled_by_then_decides(updated):
    chain, time = updated
    assert check(chain.engine) == []

    def class_at(timestamp):
        instance = chain.store.contract_instance(ADDRESS, timestamp)
        assert instance.original_contract_class_id == CLASS_ID
        return instance.current_contract_class_id

    # Block 1 is of `time`, the others follow in steps of 12 seconds.
    assert class_at(0) == CLASS_ID
    assert class_at(time + 11) == CLASS_ID
    # The last update of block 2 names no previous class: the original one holds until its time.
    assert class_at(time + 12) == CLASS_ID
    # From block 3 on its update decides, before its own time by the previous class that it names.
    assert class_at(time + 24) == NEW
    assert class_at(time + 999) == NEW
    assert class_at(time + 1000) == NEWER
    assert class_at((1 << 64) - 1) == NEWER
    assert class_at(1 << 70) == NEWER


def test_a_rewind_takes_updates_back(updated):
    chain, time = updated
    chain.do(("rewind", 2))
    assert chain.store.contract_instance(ADDRESS, time + 99).current_contract_class_id == CLASS_ID
    assert chain.store.contract_instance(ADDRESS, LATE).current_contract_class_id == NEW
    chain.do(("rewind", 1))
    assert chain.store.contract_instance(ADDRESS, LATE).current_contract_class_id == CLASS_ID


def test_an_update_becomes_visible_with_its_block(updated):
    chain, _ = updated
    batch = chain.engine.batch()
    log = update(ADDRESS, NEWER, fr(77), 0)
    chain.store.stage_block(batch, block_after(chain.store.block(3), effect(5, public_logs=[log])))
    chain.engine.write(batch)
    assert chain.store.contract_instance(ADDRESS, LATE).current_contract_class_id == NEWER
    chain.store.applied()
    assert chain.store.contract_instance(ADDRESS, LATE).current_contract_class_id == fr(77)


def test_updates_of_blocks_with_the_same_time_keep_their_order():
    chain = Chain()
    first = block_after(None, effect(1, private_logs=[INSTANCE_LOG]))
    second = block_after(
        first, effect(2, public_logs=[update(ADDRESS, FR_ZERO, NEW, 0)]), new_checkpoint=False
    )
    third = block_after(second, effect(3, public_logs=[update(ADDRESS, NEW, NEWER, 0)]), new_checkpoint=False)
    chain.do(("block", first), ("block", second), ("block", third))
    assert chain.store.contract_instance(ADDRESS, LATE).current_contract_class_id == NEWER
    chain.do(("rewind", 2))
    assert chain.store.contract_instance(ADDRESS, LATE).current_contract_class_id == NEW


def test_protocol_contracts_are_there_from_genesis():
    engine = Chain().engine
    chain = ChainStore(
        engine, genesis_header=GENESIS, protocol_contracts=protocol_contracts(), epoch_duration=4
    )
    for known, instance in protocol_contracts():
        assert chain.contract_class(known.id) is known
        assert chain.contract_instance(instance.address, 0) is instance
    assert chain.contract_class(fr_from_hex("0x1234")) is None
