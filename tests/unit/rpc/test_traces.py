"""`traceTx` on the wire: its parameters, its JSON, where it exists; and the trace for human eyes."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from aztecd.avm import Halt
from aztecd.avm.world import DebugMessage, InstanceFacts
from aztecd.crypto.field import fr
from aztecd.execution import TRACE_LIMITS, TxPhase, TxTrace
from aztecd.execution.public.trace import (
    CallMade,
    CallTrace,
    DebugLogged,
    InstanceLookup,
    LeafCheck,
    LeafEmitted,
    LogEmitted,
    MessageSent,
    PhaseTrace,
    StorageRead,
    StorageWrite,
)
from aztecd.protocol.basic import TxHash
from aztecd.protocol.gas import Gas
from aztecd.rpc.errors import EXECUTION_FAILED, METHOD_NOT_FOUND
from aztecd.rpc.methods import METHODS
from aztecd.rpc.replies import encode
from aztecd.rpc.trace_view import show_trace
from aztecd.rpc.traces import trace_to_json, weigh_trace
from aztecd.state import TreeId
from tests.support.fake_node import FakeNode
from tests.support.rpc_server import serving

TX_HASH = TxHash(fr(0xABC))
EVENTS = (
    StorageRead(7, 1, 2),
    StorageWrite(1, 2, 3),
    LeafCheck(TreeId.NOTE_HASH, 4, 5, exists=True),
    LeafCheck(TreeId.NULLIFIER, 6, None, exists=False),
    CallMade(0),
    LeafCheck(TreeId.L1_TO_L2_MESSAGE, 7, 8, exists=False),
    LeafEmitted(TreeId.NOTE_HASH, 9),
    LeafEmitted(TreeId.NULLIFIER, 10),
    InstanceLookup(11, None),
    InstanceLookup(12, InstanceFacts(deployer=13, class_id=14, initialization_hash=15)),
    LogEmitted((16, 17)),
    MessageSent(18, 19),
    DebugLogged(DebugMessage(contract_address=7, level=4, message="at {0}\x1b[31m", fields=(20,))),
)


def element(value: int) -> str:
    return f"0x{value:064x}"


def gas(l2_gas: int, da_gas: int = 0) -> Gas:
    return Gas(da_gas=da_gas, l2_gas=l2_gas)


def call(**changes: Any) -> CallTrace:
    members: dict[str, Any] = {
        "contract": 7,
        "sender": 8,
        "selector": None,
        "function_name": None,
        "is_static": False,
        "calldata": (),
        "calldata_size": 0,
        "gas_limit": gas(100, 10),
        "gas_used": gas(40, 1),
        "own_gas": gas(40, 1),
        "instructions": 3,
        "halt": Halt.RETURN,
        "message": "",
        "output": (),
        "output_size": 0,
        "exit_stack": (0,),
        "events": (),
        "calls": (),
        "call_count": 0,
    }
    return CallTrace(**{**members, **changes})


def nested_trace() -> TxTrace:
    inner = call(
        contract=9,
        sender=7,
        is_static=True,
        gas_used=gas(10),
        own_gas=gas(10),
        halt=Halt.REVERT,
        message="Assertion failed: ",
        output=(0x1BBC65D03FDCEADC,),
        output_size=1,
        exit_stack=(44, 7345),
    )
    outer = call(
        selector=0x8C9E5472,
        function_name="transfer_in_public",
        calldata=(0x8C9E5472, 1 << 200),
        calldata_size=300,
        own_gas=gas(30, 1),
        events=EVENTS,
        calls=(inner,),
        call_count=2,
    )
    return TxTrace(
        tx_hash=TX_HASH,
        block_number=None,
        phases=(PhaseTrace(phase=TxPhase.APP_LOGIC, calls=(outer,)),),
        processed=None,
        error="C++ simulation\nfailed",
        is_truncated=True,
    )


def test_json_of_a_call() -> None:
    trace: Any = trace_to_json(nested_trace())
    ((phase),) = trace["phases"]
    (outer,) = phase["calls"]
    (inner,) = outer["calls"]
    assert {key: trace[key] for key in trace if key != "phases"} == {
        "txHash": element(0xABC),
        "error": "C++ simulation\nfailed",
        "truncated": True,
    }
    assert phase["phase"] == "appLogic"
    assert {key: outer[key] for key in outer if key not in {"events", "calls"}} == {
        "contractAddress": element(7),
        "sender": element(8),
        "functionSelector": "0x8c9e5472",
        "functionName": "transfer_in_public",
        "isStaticCall": False,
        "calldata": [element(0x8C9E5472), element(1 << 200)],
        "calldataSize": 300,
        "gas": {
            "limit": {"daGas": 10, "l2Gas": 100},
            "used": {"daGas": 1, "l2Gas": 40},
            "own": {"daGas": 1, "l2Gas": 30},
        },
        "instructions": 3,
        "ended": "return",
        "internalCallStack": [0],
        "output": [],
        "outputSize": 0,
        "callCount": 2,
    }
    assert inner["ended"] == "revert"
    assert inner["message"] == "Assertion failed: "
    assert inner["isStaticCall"]
    assert "functionSelector" not in inner


def test_json_of_events() -> None:
    trace: Any = trace_to_json(nested_trace())
    assert trace["phases"][0]["calls"][0]["events"] == [
        {"kind": "storageRead", "contractAddress": element(7), "slot": element(1), "value": element(2)},
        {"kind": "storageWrite", "slot": element(1), "previousValue": element(2), "value": element(3)},
        {"kind": "noteHashCheck", "value": element(4), "leafIndex": "5", "exists": True},
        {"kind": "nullifierCheck", "value": element(6), "exists": False},
        {"kind": "call", "index": 0},
        {"kind": "l1ToL2MessageCheck", "value": element(7), "leafIndex": "8", "exists": False},
        {"kind": "noteHash", "value": element(9)},
        {"kind": "nullifier", "value": element(10)},
        {"kind": "instanceLookup", "contractAddress": element(11), "exists": False},
        {
            "kind": "instanceLookup",
            "contractAddress": element(12),
            "exists": True,
            "deployer": element(13),
            "contractClassId": element(14),
            "initializationHash": element(15),
        },
        {"kind": "publicLog", "fields": [element(16), element(17)]},
        {"kind": "l2ToL1Message", "recipient": f"0x{18:040x}", "content": element(19)},
        {
            "kind": "debugLog",
            "level": "info",
            "message": f"at {element(20)}\\x1b[31m",
            "fields": [element(20)],
        },
    ]


def test_gas_of_a_call_alone_is_absent_when_nested_calls_are_missing() -> None:
    trace = TxTrace(
        tx_hash=TX_HASH,
        block_number=None,
        phases=(PhaseTrace(phase=TxPhase.SETUP, calls=(call(own_gas=None, call_count=1),)),),
        processed=None,
        error=None,
        is_truncated=True,
    )
    encoded: Any = trace_to_json(trace)
    assert set(encoded["phases"][0]["calls"][0]["gas"]) == {"limit", "used"}


def test_the_deepest_trace_can_be_written() -> None:
    deepest = call()
    for _ in range(TRACE_LIMITS.depth - 1):
        deepest = call(calls=(deepest,), call_count=1, events=(CallMade(0),))
    trace = TxTrace(
        tx_hash=TX_HASH,
        block_number=None,
        phases=(PhaseTrace(phase=TxPhase.TEARDOWN, calls=(deepest,)),),
        processed=None,
        error="thrown out",
        is_truncated=False,
    )
    encoded = encode(trace_to_json(trace))
    assert encoded.count(b'"callCount"') == TRACE_LIMITS.depth
    stream = io.StringIO()
    show_trace(json.loads(encoded), stream)
    assert len(stream.getvalue().splitlines()) == TRACE_LIMITS.depth + 2


def test_heavy_traces_are_known_as_such() -> None:
    assert weigh_trace(nested_trace()) > len(EVENTS)


def test_trace_for_human_eyes() -> None:
    stream = io.StringIO()
    show_trace(trace_to_json(nested_trace()), stream)  # type: ignore[arg-type]
    lines = [line.strip(" │├└─") for line in stream.getvalue().splitlines()]
    assert lines == [
        f"{element(0xABC)}  simulated  thrown out: C++ simulation?failed",
        "app logic",
        "7 transfer_in_public(0x00000000..0000, ... 298 more)  gas 40 + 1 DA (own 30 + 1 DA), 3 instructions",
        "read 1 = 2",
        "write 1: 2 -> 3",
        "note hash 4 exists",
        "nullifier 6 does not exist",
        "9() static  gas 10, 3 instructions  revert",
        "Assertion failed, at 44 > 7345",
        "revert data 0x1bbc65d03fdceadc",
        "L1 message 7 does not exist",
        "new note hash 9",
        "new nullifier 10",
        "instance 11: not deployed",
        "instance 12: deployed",
        "public log [16, 17]",
        f"message to 0x{18:040x}: 19",
        f"info: at {element(20)}\\x1b[31m",
        "1 more calls",
        "The trace is cut: some calls, events or values are missing.",
    ]


async def test_a_node_without_traces_does_not_have_the_method() -> None:
    async with serving() as client:
        for name in ("aztec_traceTx", "node_traceTx"):
            _, answer = await client.call(name, element(1))
            assert answer["error"] == {"code": METHOD_NOT_FOUND, "message": f"Method not found: {name}"}


@pytest.fixture
def local_node() -> FakeNode:
    node = FakeNode()

    async def trace_tx(subject: Any, **options: Any) -> TxTrace:
        node.calls.append(("trace_tx", (subject,), options))
        return nested_trace()

    node.trace_tx = trace_tx  # type: ignore[attr-defined]
    return node


async def test_parameters(local_node: FakeNode) -> None:
    async with serving(local_node) as client:
        _, answer = await client.call("aztec_traceTx", element(1))
        assert answer["result"] == trace_to_json(nested_trace())
        assert local_node.calls[-1] == ("trace_tx", (fr(1),), {})
        await client.call("aztec_traceTx", element(1), {"skipFeeEnforcement": True})
        assert local_node.calls[-1] == ("trace_tx", (fr(1),), {"skip_fee_enforcement": True})
        count = len(local_node.calls)
        for params in ([], [5], [{}], [element(1), {"skipFeeEnforcement": 1}]):
            _, answer = await client.call("aztec_traceTx", *params)
            assert answer["error"]["code"] in {-32701, EXECUTION_FAILED}
        assert len(local_node.calls) == count


def test_only_traces_are_local() -> None:
    assert [method.name for method in METHODS if method.is_local] == ["traceTx"]
