"""What watching notes of calls, and where it ends."""

from __future__ import annotations

from typing import Any

from aztecd.avm import CallRecord, Halt
from aztecd.crypto.field import fr
from aztecd.execution import TRACE_LIMITS, EnqueuedCall, TraceRecorder, TxPhase
from aztecd.execution.public.trace import CallMade, LogEmitted, StorageRead
from aztecd.protocol.basic import TxHash
from aztecd.protocol.gas import Gas

TX_HASH = TxHash(fr(1))


class World:
    """Every slot holds its number."""

    def __init__(self) -> None:
        self.depth = 0

    def checkpoint(self) -> None:
        self.depth += 1

    def commit(self) -> None:
        self.depth -= 1

    def rollback(self) -> None:
        self.depth -= 1

    def storage_value(self, address: int, slot: int) -> int:
        return slot

    def emit_public_log(self, address: int, fields: list[int]) -> None:
        pass


def record(address: int, *nested: CallRecord, left: int = 0, limit: int = 100) -> CallRecord:
    return CallRecord(
        address=address,
        sender=0,
        caller_pc=0,
        is_static=False,
        calldata=[],
        calldata_size=0,
        l2_gas_limit=limit,
        da_gas_limit=0,
        l2_gas_left=left,
        halt=Halt.RETURN,
        nested=list(nested),
        nested_count=len(nested),
    )


def enqueued(root: CallRecord | None, phase: TxPhase = TxPhase.APP_LOGIC, *, allocated: int = 100) -> Any:
    return EnqueuedCall(
        phase=phase,
        allocated=Gas(da_gas=0, l2_gas=allocated),
        left=Gas(da_gas=0, l2_gas=0),
        transaction_fee=0,
        instructions=1,
        has_reverted=False,
        output=(),
        message="",
        record=root,
    )


def watched() -> tuple[TraceRecorder, Any, World]:
    recorder, world = TraceRecorder(), World()
    return recorder, recorder.watched(world), world  # type: ignore[arg-type]


def test_events_belong_to_the_call_that_made_them() -> None:
    recorder, world, inner = watched()
    world.checkpoint()
    world.storage_value(1, 10)
    world.checkpoint()
    world.storage_value(2, 20)
    world.rollback()
    world.storage_value(1, 11)
    world.checkpoint()
    world.commit()
    world.commit()
    assert inner.depth == 0
    recorder.call_ended(enqueued(record(1, record(2, left=60), record(3, left=70)), allocated=90))
    trace = recorder.trace(TX_HASH)
    ((call,),) = (phase.calls for phase in trace.phases)
    assert call.events == (StorageRead(1, 10, 10), CallMade(0), StorageRead(1, 11, 11), CallMade(1))
    assert [nested.events for nested in call.calls] == [(StorageRead(2, 20, 20),), ()]
    # The enqueued call has what it was allocated, whatever its record says.
    assert call.gas_limit.l2_gas == 90
    assert call.own_gas == Gas(da_gas=0, l2_gas=90 - 40 - 30)
    assert not trace.is_truncated


def test_phases_are_in_order() -> None:
    recorder, world, _ = watched()
    for phase, address in ((TxPhase.SETUP, 1), (TxPhase.APP_LOGIC, 2), (TxPhase.APP_LOGIC, 3)):
        world.checkpoint()
        world.commit()
        recorder.call_ended(enqueued(record(address), phase))
    found = [
        (phase.phase, [call.contract for call in phase.calls]) for phase in recorder.trace(TX_HASH).phases
    ]
    assert found == [(TxPhase.SETUP, [1]), (TxPhase.APP_LOGIC, [2, 3])]


def test_a_second_attempt_begins_anew() -> None:
    recorder, world, inner = watched()
    world.checkpoint()
    world.storage_value(1, 10)
    again = recorder.watched(inner)  # type: ignore[arg-type]
    again.checkpoint()
    again.commit()
    recorder.call_ended(enqueued(record(1)))
    (phase,) = recorder.trace(TX_HASH).phases
    assert [call.events for call in phase.calls] == [()]


def test_the_entry_for_failed_insertions_takes_nobodys_events() -> None:
    recorder, world, _ = watched()
    pseudo = record(0)
    pseudo.halt = None
    recorder.call_ended(enqueued(pseudo))
    world.checkpoint()
    world.storage_value(1, 10)
    world.commit()
    recorder.call_ended(enqueued(record(1), TxPhase.TEARDOWN))
    trace = recorder.trace(TX_HASH)
    assert [phase.calls[0].events for phase in trace.phases] == [(), (StorageRead(1, 10, 10),)]
    assert not trace.is_truncated


def test_events_are_bounded() -> None:
    recorder, world, _ = watched()
    world.checkpoint()
    world.emit_public_log(1, list(range(4000)))
    for slot in range(100_000):
        assert world.storage_value(1, slot) == slot
    world.commit()
    recorder.call_ended(enqueued(record(1)))
    trace = recorder.trace(TX_HASH)
    events = trace.phases[0].calls[0].events
    assert isinstance(events[0], LogEmitted)
    assert 10_000 < len(events) < 20_000
    assert trace.is_truncated


def test_calls_are_bounded_and_the_first_stay_with_their_events() -> None:
    recorder, world, inner = watched()
    count = 3 * TRACE_LIMITS.calls
    world.checkpoint()
    for address in range(count):
        world.checkpoint()
        world.storage_value(address, address)
        world.commit()
    world.commit()
    assert inner.depth == 0
    recorded = record(count, *(record(address, limit=1) for address in range(TRACE_LIMITS.calls - 1)))
    recorded.nested_count = count
    recorder.call_ended(enqueued(recorded, allocated=10_000))
    trace = recorder.trace(TX_HASH)
    (call,) = trace.phases[0].calls
    assert len(call.calls) == TRACE_LIMITS.calls - 1
    assert call.call_count == count
    assert call.own_gas is None
    for nested in call.calls:
        assert nested.events == (StorageRead(nested.contract, nested.contract, nested.contract),)
    assert trace.is_truncated


def test_calls_that_were_not_recorded_are_missed() -> None:
    recorder, _, _ = watched()
    recorder.call_ended(enqueued(None))
    trace = recorder.trace(TX_HASH)
    assert not trace.phases
    assert trace.is_truncated
