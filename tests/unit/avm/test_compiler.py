"""Compiled paths: that they are made, that they hold under everything that they do not assume."""

from __future__ import annotations

import pytest

from aztecd.avm import Halt, InterruptedExecutionError, Program
from aztecd.avm.compiler.blocks import CompiledBlocks
from aztecd.avm.tags import FF, U1, U8, U32, U64
from aztecd.crypto.field import FR_MODULUS
from tests.support.avm_assembler import Assembler, At, Label
from tests.support.avm_world import BareWorld, run, run_code

_ENOUGH = 2_000_000


def _counting_loop(passes: int, *body: tuple) -> bytes:
    """Repeat `body`: cell 10 counts, 11 is one, 12 holds the number of passes, 13 the condition."""
    code = Assembler()
    code.op("SET_32", 10, tag=U32, immediate=0)
    code.op("SET_32", 11, tag=U32, immediate=1)
    code.op("SET_32", 12, tag=U32, immediate=passes)
    code.op("SET_32", 31, tag=U32, immediate=0)
    start = Label()
    code.place(start)
    for name, operands, options in body:
        code.op(name, *operands, **options)
    code.op("ADD_8", 10, 11, 10)
    code.op("LT_8", 10, 12, 13)
    code.op("JUMPI_32", 13, target=start)
    code.op("SET_32", 14, tag=U32, immediate=40)
    code.op("RETURN", 14, 0)
    return code.bytecode()


def _both(code: bytes, **options: object) -> tuple:
    """Run a program plainly, and so often that all of it is compiled; the results must be equal."""
    program = Program(code)
    plain = run_code(code, **options)
    for _ in range(40):
        assert run(BareWorld({1: program}), is_fast=True, **options) == plain
    return plain, program


def test_a_hot_loop_is_compiled_and_counts_like_the_plain_form():
    result, program = _both(_counting_loop(100), l2_gas=_ENOUGH)
    assert program.blocks.compiled
    assert result.halt is Halt.RETURN
    assert result.output[10] == 100
    # Four cells are set, three instructions each pass, two at the end.
    assert result.instructions == 4 + 3 * 100 + 2


def test_a_loop_without_end_uses_all_gas_in_both_forms():
    code = Assembler()
    start = Label()
    code.place(start)
    code.op("JUMP_32", target=start)
    result, program = _both(code.bytecode(), l2_gas=9 * 5000 + 8)
    assert program.blocks.compiled
    assert result.instructions == 5000
    assert result.message == "Out of gas: total L2 used 45009 of 45008, total DA used 0 of 0"


def test_gas_ends_at_every_instruction_as_in_the_plain_form():
    code = _counting_loop(30, ("MUL_8", (10, 12, 15), {}), ("XOR_8", (15, 10, 16), {}))
    program = Program(code)
    run(BareWorld({1: program}), is_fast=True, l2_gas=_ENOUGH)
    assert program.blocks.compiled
    for gas in range(0, 6000, 7):
        assert run(BareWorld({1: program}), is_fast=True, l2_gas=gas) == run_code(code, l2_gas=gas)


@pytest.mark.parametrize("tag", [FF, U1, U8, U32, U64])
def test_code_compiled_for_one_tag_is_right_for_others(tag):
    # The tag of cell 20 changes in the middle of the loop: calldata are FF, the cast makes the rest.
    code = Assembler()
    code.op("SET_32", 0, tag=U32, immediate=0)
    code.op("SET_32", 1, tag=U32, immediate=1)
    code.op("CALLDATACOPY", 1, 0, 20)
    code.op("SET_32", 10, tag=U32, immediate=0)
    code.op("SET_32", 12, tag=U32, immediate=60)
    code.op("SET_32", 15, tag=U32, immediate=45)
    start, over = Label(), Label()
    code.place(start)
    code.op("ADD_8", 20, 20, 21)
    code.op("SUB_8", 21, 20, 22)
    code.op("EQ_8", 10, 15, 13)
    code.op("NOT_8", 13, 14)
    code.op("JUMPI_32", 14, target=over)
    code.op("CAST_8", 20, 20, tag=tag)
    code.place(over)
    code.op("ADD_8", 10, 1, 10)
    code.op("LT_8", 10, 12, 13)
    code.op("JUMPI_32", 13, target=start)
    code.op("SET_32", 14, tag=U32, immediate=30)
    code.op("RETURN", 14, 0)
    result, program = _both(code.bytecode(), l2_gas=_ENOUGH, calldata=[FR_MODULUS - 5])
    assert program.blocks.compiled
    assert result.halt is Halt.RETURN


def test_a_pointer_into_the_frame_changes_what_the_code_reads():
    # The pointer in cell 30 walks over cells 31 and up, which the loop reads directly and relatively.
    code = _counting_loop(
        40,
        ("SET_8", (0,), {"tag": U32, "immediate": 28}),
        ("ADD_8", (10, 31, 32), {}),
        ("SET_8", (30,), {"tag": U32, "immediate": 31}),
        ("MOV_8", (10, At(30, indirect=True)), {}),
        ("ADD_8", (31, 11, 33), {}),
        ("MOV_8", (At(3, relative=True), 34), {}),
        ("CAST_8", (31, 31), {"tag": U32}),
    )
    result, _ = _both(code, l2_gas=_ENOUGH)
    assert result.halt is Halt.RETURN
    assert result.output[33] == 40
    assert result.output[34] == 39


def test_relative_and_direct_operands_may_be_the_same_cell():
    code = _counting_loop(
        40,
        ("SET_8", (0,), {"tag": U32, "immediate": 20}),
        ("ADD_8", (10, 31, 22), {}),
        ("MOV_8", (11, At(2, relative=True)), {}),
        ("ADD_8", (22, 11, 33), {}),
    )
    result, _ = _both(code, l2_gas=_ENOUGH)
    assert result.output[33] == 2


def test_the_base_address_may_move_between_two_operands():
    code = _counting_loop(
        40,
        ("SET_8", (0,), {"tag": U32, "immediate": 60}),
        ("MOV_8", (10, At(1, relative=True)), {}),
        ("ADD_8", (0, 11, 0), {}),
        ("MOV_8", (11, At(1, relative=True)), {}),
        ("SUB_8", (0, 11, 0), {}),
        ("MOV_8", (At(1, relative=True), 33), {}),
        ("ADD_8", (0, 11, 0), {}),
        ("MOV_8", (At(1, relative=True), 34), {}),
    )
    result, _ = _both(code, l2_gas=_ENOUGH)
    assert result.output[33:35] == (39, 1)


@pytest.mark.parametrize("is_fast", [False, True])
def test_a_machine_that_is_told_to_stop_stops_in_the_middle_of_a_loop(is_fast):
    asked = 0

    def is_over() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    code = Assembler()
    start = Label()
    code.place(start)
    code.op("JUMP_32", target=start)
    with pytest.raises(InterruptedExecutionError):
        run_code(code.bytecode(), is_fast=is_fast, is_over=is_over, l2_gas=1 << 32)
    assert asked == 3


def test_a_path_that_fails_while_it_is_recorded_is_compiled_later():
    code = _counting_loop(60)
    program = Program(code)
    # The gas ends in the pass in which the loop is hot for the first time.
    for gas in range(1800, 2200, 5):
        assert run(BareWorld({1: program}), is_fast=True, l2_gas=gas) == run_code(code, l2_gas=gas)
    assert program.blocks.compiled


def test_places_that_never_get_hot_are_not_compiled():
    blocks = CompiledBlocks()
    assert not any(blocks.is_hot(5) for _ in range(10))
