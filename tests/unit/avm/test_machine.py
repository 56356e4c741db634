"""The loop around calls: what it gives back, and what it refuses to carry."""

from __future__ import annotations

import pytest

from aztecd.avm import CollectionLimits, Halt, Program
from aztecd.avm.tags import FF, U32
from tests.support.avm_assembler import Assembler, Label
from tests.support.avm_world import BareWorld, run, run_code


def _returning(size: int) -> bytes:
    code = Assembler()
    code.op("SET_8", 1, tag=FF, immediate=5)
    code.op("SET_32", 2, tag=U32, immediate=size)
    code.op("RETURN", 2, 1)
    return code.bytecode()


def test_a_small_program_returns_what_it_set():
    # The worked example of the protocol notes: 27 + 27 + 9 gas, three instructions, the last at pc 10.
    result = run_code(bytes.fromhex("27000004012700010005 3b0000000001"), l2_gas=100)
    assert result.halt is Halt.RETURN
    assert result.output == (5,)
    assert result.l2_gas_left == 100 - 63
    assert result.instructions == 3
    assert result.exit_stack == (10,)


@pytest.mark.parametrize(("limits", "kept"), [(None, 1 << 16), (CollectionLimits(calls=0), 300)])
def test_an_output_of_the_whole_memory_is_cut(limits, kept):
    result = run_code(_returning((1 << 32) - 1), limits=limits)
    assert result.halt is Halt.RETURN
    assert result.record is None
    assert len(result.output) == kept
    assert result.output[0] == 5


def test_a_missing_contract_costs_all_gas_and_runs_nothing():
    world = BareWorld({})
    result = run(world, address=0xAB, l2_gas=500)
    assert (result.halt, result.message) == (Halt.EXCEPTIONAL, "Contract 0xab is not deployed")
    assert (result.l2_gas_left, result.instructions, result.exit_stack) == (0, 0, (0,))
    assert (world.depth, world.rollbacks) == (0, 1)


def test_checkpoints_are_closed_however_calls_end():
    call = Assembler()
    call.op("SET_32", 1, tag=U32, immediate=50)
    call.op("SET_32", 2, tag=U32, immediate=0)
    call.op("SET_8", 3, tag=FF, immediate=2)
    call.op("CALL", 1, 2, 3, 2, 4)
    call.op("SUCCESSCOPY", 5)
    call.op("SET_32", 6, tag=U32, immediate=1)
    call.op("RETURN", 6, 5)
    children = {
        _returning(1)[:-6]: (0, 1),  # runs off its end
        b"": (0, 1),
        bytes.fromhex("2700000401") + bytes.fromhex("3b0000000001"): (1, 0),
    }
    for child, (success, rollbacks) in children.items():
        world = BareWorld({1: Program(call.bytecode()), 2: Program(child)})
        result = run(world)
        assert result.output == (success,)
        assert (world.depth, world.rollbacks) == (0, rollbacks)


def test_of_many_internal_calls_a_record_has_the_innermost():
    code = Assembler()
    first, again = Label(), Label()
    code.op("INTERNALCALL", target=first)
    code.place(first)
    code.op("INTERNALCALL", target=again)
    code.place(again)
    code.op("INTERNALCALL", target=again)
    result = run_code(code.bytecode(), l2_gas=9 * 10, limits=CollectionLimits(internal_calls=9))
    assert result.exit_stack == (0, 5, *[10] * 8, 10)
    assert result.record.exit_stack == [5, *[10] * 8, 10]
    result = run_code(code.bytecode(), l2_gas=6_000_000, limits=CollectionLimits())
    assert result.instructions == 666_666
    assert result.record.exit_stack == [10] * 4097
