"""The limits of simulations."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace

import pytest

from aztecd.avm import ProgramCache
from aztecd.avm.tags import U32
from aztecd.execution import ThrownOutError
from aztecd.l1.slots import SlotPlan
from aztecd.node.contract_logs import ContractLogs
from aztecd.node.errors import SimulationRefusedError, SimulationTimeError
from aztecd.node.signatures import FunctionSignatures
from aztecd.node.simulation import PublicSimulator, SimulationLimits
from tests.support.avm_assembler import Assembler, Label
from tests.support.avm_vectors import Prepared, load, opcode_case
from tests.support.txs import with_settings

DEFAULTS = load("opcode/control")["defaults"]
TEMPLATE = next(case for case in load("opcode/control")["cases"] if case["expected"]["halt"] == "return")
PROGRAM_GAS = 4_000_000_000


def prepared(code: bytes, gas: int) -> Prepared:
    contract = TEMPLATE["state"]["contracts"][0] | {"bytecode": code.hex()}
    return opcode_case(TEMPLATE | {"state": {"contracts": [contract]}, "gas": {"l2": gas, "da": 0}}, DEFAULTS)


def endless() -> bytes:
    code = Assembler()
    start = Label()
    code.place(start)
    code.op("JUMP_32", target=start)
    return code.bytecode()


def returning() -> bytes:
    code = Assembler()
    code.op("SET_8", 0, tag=U32, immediate=0)
    code.op("RETURN", 0, 0)
    return code.bytecode()


def simulator(case: Prepared, *, is_stopping=lambda: False, **limits) -> PublicSimulator:
    """Make one whose chain and state are those of a case."""
    values = case.global_variables
    tips = SimpleNamespace(proposed=SimpleNamespace(number=values.block_number - 1))
    return PublicSimulator(
        chain_id=values.chain_id,
        rollup_version=values.version,
        chain=SimpleNamespace(
            tips=lambda: tips,
            contract_instance=case.contracts.contract_instance,
            contract_class=case.contracts.contract_class,
        ),
        world_state=SimpleNamespace(fork=lambda _: case.fork),
        outlook=SimpleNamespace(
            next_slot=lambda: SlotPlan(slot=3, timestamp=values.timestamp, l1_timestamp=values.timestamp),
            min_fees=lambda: values.gas_fees,
        ),
        programs=ProgramCache(),
        contract_logs=ContractLogs(FunctionSignatures()),
        limits=SimulationLimits(**limits),
        is_stopping=is_stopping,
    )


async def test_gas_limits_count_together():
    case = prepared(returning(), 1_000_000)
    settings = case.tx.data.constants.tx_context.gas_settings
    tx = with_settings(case.tx, teardown_gas_limits=settings.teardown_gas_limits.replace(l2_gas=5))
    limit = settings.gas_limits.l2_gas
    with pytest.raises(SimulationRefusedError) as refused:
        await simulator(case, max_l2_gas=limit + 4).simulate(tx, skip_fee_enforcement=True)
    assert str(refused.value) == (
        f"Transaction total gas limit {limit + 5} ({limit} + 5) exceeds maximum gas limit {limit + 4} "
        "for simulation"
    )
    output = await simulator(case, max_l2_gas=limit + 5).simulate(tx, skip_fee_enforcement=True)
    assert output.tx_effect.revert_code == 0
    assert output.global_variables.coinbase == bytes(20)
    assert output.global_variables.slot_number == 3


async def test_time_limit():
    case = prepared(endless(), PROGRAM_GAS)
    slow = simulator(case, max_l2_gas=2**33, max_seconds=0.2)
    began = time.monotonic()
    with pytest.raises(SimulationTimeError, match=r"longer than 0\.2 s"):
        await slow.simulate(case.tx, skip_fee_enforcement=True)
    assert time.monotonic() - began < 5
    assert case.fork.depth == 0


async def test_a_stopping_daemon_does_not_wait():
    case = prepared(endless(), PROGRAM_GAS)
    with pytest.raises(SimulationTimeError):
        await simulator(case, max_l2_gas=2**33, is_stopping=lambda: True).simulate(
            case.tx, skip_fee_enforcement=True
        )


async def test_two_at_once():
    shared = simulator(prepared(returning(), 1_000_000))
    lock, may_end = threading.Lock(), threading.Event()
    running = 0
    counts: list[int] = []

    def job(_):
        nonlocal running
        with lock:
            running += 1
            counts.append(running)
            if len(counts) == 2:
                may_end.set()
        assert may_end.wait(10)
        with lock:
            running -= 1

    await asyncio.gather(*(shared.run(job) for _ in range(6)))
    assert len(counts) == 6
    assert max(counts) == 2


@pytest.mark.parametrize("skip", [True, False])
async def test_fee_enforcement(skip):
    case = prepared(returning(), 1_000_000)
    poor = case.tx.replace(data=case.tx.data.replace(fee_payer=bytes(31) + b"\x63"))
    priced = simulator(case)
    if skip:
        output = await priced.simulate(poor, skip_fee_enforcement=True)
        assert output.tx_effect.transaction_fee > 0
        return
    with pytest.raises(ThrownOutError, match="Not enough balance for fee payer to pay for transaction"):
        await priced.simulate(poor, skip_fee_enforcement=False)
