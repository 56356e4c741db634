from __future__ import annotations

from aztecd.crypto.field import fr, fr_int
from aztecd.pxe.stores import EventFilter, EventStore, Stage
from aztecd.storage import MemoryStore
from tests.support.pxe_records import ALICE, BOB, CONTRACT, SELECTOR, address, event


def wanted(first=1, last=1000, scopes=(ALICE, BOB), **changes) -> EventFilter:
    given = {"contract": CONTRACT, "selector": SELECTOR, **changes}
    return EventFilter(from_block=first, to_block=last, scopes=scopes, **given)


def ids(events) -> list[int]:
    return [fr_int(item.siloed_commitment) for item in events]


def filled() -> tuple[Stage, EventStore]:
    stage = Stage(MemoryStore())
    events = EventStore(stage)
    events.add(event(4, 300), ALICE)
    events.add(event(3, 2, 1, 0), BOB)
    events.add(event(2, 2, 0, 63), ALICE)
    events.add(event(1, 1), ALICE)
    events.add(event(5, 1, contract_address=address(9)), ALICE)
    events.add(event(6, 1, selector=b"\0\0\0\1"), ALICE)
    return stage, events


def test_events_by_contract_and_selector_in_the_order_of_the_chain():
    _, events = filled()
    assert ids(events.select(wanted())) == [1, 2, 3, 4]
    assert ids(events.select(wanted(contract=address(9)))) == [5]
    assert ids(events.select(wanted(selector=b"\0\0\0\1"))) == [6]


def test_filters():
    _, events = filled()
    assert ids(events.select(wanted(2, 300))) == [2, 3]
    assert ids(events.select(wanted(scopes=(BOB,)))) == [3]
    assert ids(events.select(wanted(tx_hash=fr(1002)))) == [2, 3]
    events.add(event(2, 2, 0, 63), BOB)
    assert ids(events.select(wanted(scopes=(BOB,)))) == [2, 3]


def test_rollback_deletes_later_events_and_nothing_else():
    stage, events = filled()
    events.rollback(1)
    left = Stage(MemoryStore())
    for number, changes in ((1, {}), (5, {"contract_address": address(9)}), (6, {"selector": b"\0\0\0\1"})):
        EventStore(left).add(event(number, 1, **changes), ALICE)
    for prefix in (b"\x7c", b"\x7d", b"\x7e"):
        assert stage.scan(prefix) == left.scan(prefix)
