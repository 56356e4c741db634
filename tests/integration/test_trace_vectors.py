"""Watched execution against the recorded vectors: the same results, and traces that agree with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aztecd.avm.frame import Halt
from aztecd.avm.program import ProgramCache
from aztecd.crypto.field import fr
from aztecd.execution import (
    TRACE_LIMITS,
    ExecutionOptions,
    PublicExecutor,
    TraceRecorder,
    TxExecutionError,
    TxPhase,
)
from aztecd.execution.public.trace import LogEmitted, MessageSent, StorageWrite
from aztecd.protocol.hashes import public_leaf_slot
from tests.support import avm_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aztecd.execution.public.trace import CallTrace, TxTrace
    from tests.support.avm_vectors import Prepared

pytestmark = pytest.mark.integration

_FILES = ("tx/token", "tx/nft", "tx/phases", "tx/misc", "tx/upgrade")
_PHASES = {"setup": TxPhase.SETUP, "appLogic": TxPhase.APP_LOGIC, "teardown": TxPhase.TEARDOWN}
_MOST = 128


@pytest.fixture(scope="module")
def programs() -> ProgramCache:
    return ProgramCache()


def _run(prepared: Prepared, config: Any, programs: ProgramCache) -> TxTrace:
    recorder = TraceRecorder()
    options = ExecutionOptions(
        skips_fee_enforcement=config.get("skipFeeEnforcement", True),
        collects_debug_logs=config["collectDebugLogs"],
        fails_on_bad_debug_logs=True,
        limits=TRACE_LIMITS,
        observer=recorder,
    )
    executor = PublicExecutor(programs=programs, options=options)
    try:
        done = executor.execute(prepared.tx, prepared.fork, prepared.global_variables, prepared.contracts)
    except TxExecutionError as error:
        return recorder.trace(prepared.tx.tx_hash, error=str(error))
    return recorder.trace(prepared.tx.tx_hash, processed=done)


def _walk(calls: tuple[CallTrace, ...]) -> Iterator[CallTrace]:
    for call in calls:
        yield call
        yield from _walk(call.calls)


def _hex(value: int) -> str:
    return f"0x{value:064x}"


def _agree(call: CallTrace, recorded: Any) -> None:
    assert _hex(call.contract) == recorded["address"]
    assert call.is_static == recorded["isStaticCall"]
    assert call.calldata_size == recorded["calldataLength"]
    assert (call.halt is not Halt.RETURN) == recorded["reverted"]
    assert call.output_size == recorded["outputLength"]
    assert list(call.exit_stack) == recorded["exitStack"]
    assert call.call_count == len(call.calls) == len(recorded["nested"])
    for nested, of_nested in zip(call.calls, recorded["nested"], strict=True):
        _agree(nested, of_nested)
        assert nested.sender == call.contract


def _surviving(calls: tuple[CallTrace, ...], kind: type) -> list[tuple[int, Any]]:
    """List the events of a kind of calls that were not rolled back, in order, with their contracts."""
    found: list[tuple[int, Any]] = []
    for call in calls:
        if call.halt is not Halt.RETURN:
            continue
        position = 0
        for event in call.events:
            if isinstance(event, kind):
                found.append((call.contract, event))
            elif type(event).__name__ == "CallMade":
                assert event.index == position
                found += _surviving(call.calls[position : position + 1], kind)
                position += 1
        assert position == len(call.calls)
    return found


@pytest.mark.parametrize("file", _FILES)
def test_traces_agree_with_the_records(file: str, programs: ProgramCache) -> None:
    loaded = avm_vectors.load(file)
    compared = thrown = 0
    for case in loaded["cases"]:
        prepared = avm_vectors.tx_case(case, loaded["instances"])
        trace = _run(prepared, case["config"], programs)
        expected = case["expected"]
        if "endTrees" in expected:
            assert avm_vectors.snapshots(prepared.fork) == expected["endTrees"], case["name"]
        if expected["outcome"] == "thrown":
            assert trace.error == expected["error"]
            assert trace.processed is None
            thrown += bool(trace.phases)
            continue
        assert trace.processed is not None
        assert trace.error is None
        effect = trace.processed.effect
        assert effect.revert_code == expected["revertCode"]
        calls = [(phase.phase, call) for phase in trace.phases for call in phase.calls]
        assert [phase for phase, _ in calls] == [_PHASES[each["phase"]] for each in expected["calls"]]
        # Where private effects collided an entry stands for app logic that did not run.
        ran = [
            (call, recorded)
            for (_, call), recorded in zip(calls, expected["calls"], strict=True)
            if call.halt is not None
        ]
        assert len(ran) == len(expected.get("callGas", ran))
        for index, (call, recorded) in enumerate(ran):
            if recorded["nested"] or not trace.is_truncated:
                _agree(call, recorded)
            if "callGas" in expected:
                gas = expected["callGas"][index]
                for unit, limit, used in (
                    ("l2", call.gas_limit.l2_gas, call.gas_used.l2_gas),
                    ("da", call.gas_limit.da_gas, call.gas_used.da_gas),
                ):
                    assert limit == gas["allocated"][unit]
                    assert limit - used == gas["left"][unit]
                assert call.instructions == gas["instructions"]
            if not trace.is_truncated:
                for dimension in ("l2_gas", "da_gas"):
                    own = sum(getattr(each.own_gas, dimension) for each in _walk((call,)))
                    # What a call gave away is either used by the called or given back.
                    assert own == getattr(call.gas_used, dimension), case["name"]
        if effect.revert_code or trace.is_truncated:
            continue
        compared += 1
        enqueued = tuple(call for _, call in calls)
        logs = [
            {"contractAddress": _hex(contract), "fields": [_hex(value) for value in event.fields]}
            for contract, event in _surviving(enqueued, LogEmitted)
        ]
        assert logs == expected["effects"]["publicLogs"]
        # Messages of private execution come before those of setup, and before those of app logic.
        recorded_messages = iter([int(each["content"], 16) for each in expected["effects"]["l2ToL1Msgs"]])
        for _, event in _surviving(enqueued, MessageSent):
            assert event.content in recorded_messages
        written = {
            f"0x{public_leaf_slot(fr(contract), fr(event.slot)).hex()}": _hex(event.value)
            for contract, event in _surviving(enqueued, StorageWrite)
        }
        final = {write["leafSlot"]: write["value"] for write in expected["effects"]["publicDataWrites"]}
        # The last recorded write may be the fee's.
        assert all(final[slot] == value for slot, value in list(written.items())[:-1])
        assert set(written) <= set(final)
    assert compared
    if file == "tx/phases":
        assert thrown


def test_events_beyond_the_limit_are_left_out(programs: ProgramCache) -> None:
    loaded = avm_vectors.load("tx/bulk")
    for case in loaded["cases"]:
        prepared = avm_vectors.tx_case(case, loaded["instances"])
        trace = _run(prepared, case["config"], programs)
        assert avm_vectors.snapshots(prepared.fork) == case["expected"]["endTrees"]
        for phase in trace.phases:
            for call in _walk(phase.calls):
                assert len(call.calldata) <= _MOST
                assert len(call.output) <= _MOST
                is_whole = call.calldata_size <= _MOST and call.output_size <= _MOST
                assert is_whole or trace.is_truncated
