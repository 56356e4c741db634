"""Debug logs: bounds, placeholders, and that no block depends on them."""

from __future__ import annotations

import pytest

from aztecd.avm import DebugMessage, ProgramCache
from aztecd.execution import ExecutionOptions, PublicExecutor, ThrownOutError, filled_in
from aztecd.execution.public.debug import DebugCollector
from tests.support.avm_vectors import load, opcode_case

ONE = "0x" + "0" * 63 + "1"
TWO = "0x" + "0" * 63 + "2"


@pytest.mark.parametrize(
    ("message", "fields", "shown"),
    [
        ("plain", [], "plain"),
        ("{0} and {1}", [1, 2], f"{ONE} and {TWO}"),
        ("{1}{1}", [1, 2], TWO + TWO),
        ("{2} {x} {-1}", [1, 2], "{2} {x} {-1}"),
        ("all: {}", [1, 2], f"all: {ONE},{TWO}"),
        ("none: {}", [], "none: "),
        ("{01}", [1, 2], TWO),
        ("{99999999999999999999}", [1], "{99999999999999999999}"),
        ("two\nlines\x1b[31m", [], "two\\nlines\\x1b[31m"),
        ("grüße", [], "grüße"),
    ],
)
def test_placeholders(message, fields, shown):
    assert filled_in(message, fields) == shown


def test_what_is_shown_is_bounded():
    assert len(filled_in("{}" * 60_000, [7] * 60_000)) <= 4096 + 3
    assert filled_in("abcdef", [], limit=4) == "abcd..."


def test_collecting_ends_when_there_is_enough():
    collector = DebugCollector()
    message = DebugMessage(contract_address=1, level=4, message="", fields=(1,) * 100_000)
    kept = 0
    while collector.asks():
        collector.add(message)
        kept += 1
    assert kept == 3
    empty = DebugMessage(contract_address=1, level=4, message="", fields=())
    collector = DebugCollector()
    while collector.asks():
        collector.add(empty)
    assert 10_000 < len(collector.logs) < 100_000


FATAL = [case for case in load("opcode/debuglog")["cases"] if case["expected"]["halt"] == "fatal"]


@pytest.mark.parametrize("case", FATAL, ids=lambda case: case["name"])
def test_a_bad_debug_log_fails_a_simulation_but_not_a_transaction(case):
    def execute(**options):
        prepared = opcode_case(case, load("opcode/debuglog")["defaults"])
        executor = PublicExecutor(
            programs=ProgramCache(), options=ExecutionOptions(skips_fee_enforcement=True, **options)
        )
        return executor.execute(
            prepared.tx, prepared.fork, prepared.global_variables, prepared.contracts
        ), prepared.fork.state_reference()

    with pytest.raises(ThrownOutError):
        execute(fails_on_bad_debug_logs=True)
    tolerant, state = execute()
    silent, same_state = execute(collects_debug_logs=False)
    assert tolerant.effect == silent.effect
    assert tolerant.gas_used == silent.gas_used
    assert state == same_state
