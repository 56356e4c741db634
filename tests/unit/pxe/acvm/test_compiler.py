"""What compiled code assumes: each program here breaks one assumption, and the forms must end alike."""

from __future__ import annotations

from typing import Any

import pytest

from aztecd.crypto.field import FR_MODULUS
from aztecd.pxe.acvm import Acvm, Program
from aztecd.pxe.acvm.compiler import code as compiled_code
from aztecd.pxe.acvm.compiler import running
from aztecd.pxe.acvm.compiler.brillig import brillig_source
from aztecd.pxe.acvm.compiler.code import CompiledProgram, compile_program
from aztecd.pxe.acvm.compiler.directives import directive_of
from aztecd.pxe.acvm.opcodes import Load, Mov
from tests.support.acvm_assembler import (
    RETURN,
    array,
    assert_zero,
    black_box,
    brillig_call,
    call,
    calldata_copy,
    const,
    expression,
    field,
    foreign_call,
    indirect_const,
    inner_black_box,
    integer,
    jump,
    jump_if,
    load,
    memory_init,
    memory_op,
    mov,
    program,
    stop,
    store,
    unconstrained,
    witness,
)
from tests.support.acvm_runs import both, returned


def cells(
    code: list[Any], count: int = 30, inputs: tuple[int, ...] = (), answers: tuple = ()
) -> list[int | None]:
    """Run code and give the first cells of its memory."""
    code = [*code, const(60, 0), const(61, count), stop(60, 61)]
    return returned(both(unconstrained(code, inputs, count), inputs, answers), len(inputs), count)


def hand_overs(bytecode: bytes, monkeypatch: pytest.MonkeyPatch, initial: tuple[int, ...] = ()) -> int:
    count = 0
    original = running._go_on_plainly

    def counted(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        return original(*arguments)

    monkeypatch.setattr(running, "_go_on_plainly", counted)
    Acvm().execute(bytecode, initial, lambda name, arguments: [])
    return count


def test_a_store_may_hit_a_cell_of_the_frame() -> None:
    found = cells([const(0, 10), const("s+1", 5), const(4, 11), const(5, 99), store(4, 5), mov("s+2", "s+1")])
    assert found[11] == found[12] == 99


def test_a_store_may_hit_a_cell_addressed_directly() -> None:
    found = cells([const(3, 1), const(4, 3), const(5, 99), store(4, 5), mov(6, 3)])
    assert found[6] == 99


def test_a_store_may_move_the_frame() -> None:
    found = cells(
        [
            const(0, 10),
            const("s+1", 5),
            const(4, 0),
            const(5, 20),
            store(4, 5),
            const("s+1", 7),
            mov(6, "s+1"),
        ]
    )
    assert (found[11], found[21], found[6]) == (5, 7, 7)


def test_the_frame_may_lie_among_the_cells_addressed_directly() -> None:
    found = cells([const(0, 3), const(5, 1), const("s+2", 8), mov(6, 5)])
    assert found[5] == found[6] == 8


def test_the_frame_may_move_within_a_block() -> None:
    found = cells(
        [const(0, 10), const("s+1", 5), const(0, 11), mov("s+5", "s+0"), const("s+1", 6), mov(4, "s+1")]
    )
    assert (found[16], found[12], found[4]) == (5, 6, 6)


def test_a_store_below_the_stack_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions return their results in cells just below the stack: that must not be slow."""
    code = [
        const(0, 10),
        const("s+1", 5),
        const("s+2", 9),
        store("s+2", "s+1"),
        const(3, 9),
        const(4, 1),
        stop(3, 4),
    ]
    assert hand_overs(unconstrained(code), monkeypatch) == 0


def test_a_store_may_hit_one_of_many_cells_addressed_directly() -> None:
    many = [const(cell, cell) for cell in range(10, 10 + 2 * 64)]
    found = cells([*many, const(5, 20), const(6, 99), const(7, 1), store(5, 6), integer(8, "Add", 32, 20, 7)])
    assert (found[20], found[8]) == (99, 100)


def test_checks_of_many_cells_are_short() -> None:
    many = [const(cell, cell) for cell in range(10, 310)]
    source = brillig_source(Program(unconstrained([*many, *[store(400, 401)] * 50])).functions[0].opcodes)
    assert max(map(len, source.text.split("\n"))) < 1000


def test_long_sums_are_compiled() -> None:
    terms = [(number, number % 7) for number in range(1, 20_000)]
    expected = -sum(c * (w + 1) for c, w in terms) % FR_MODULUS
    bytecode = program([assert_zero(*terms, (1, 7)), assert_zero(*terms, (1, 7))], 7)
    assert returned(both(bytecode, range(1, 8)), 7) == [expected]


@pytest.mark.parametrize("limit", ["_MAX_BRILLIG_OPCODES", "_MAX_CIRCUIT_SOURCE"])
def test_what_is_too_large_to_be_compiled_runs_plainly(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bytecode = unconstrained([const(3, 5), const(4, 3), const(6, 1), stop(4, 6)])
    assert compile_program(Program.from_bytecode(bytecode)) is not None
    monkeypatch.setattr(compiled_code, limit, 3)
    assert compile_program(Program.from_bytecode(bytecode)) is None
    assert returned(both(bytecode), 0) == [5]


def test_oracles_and_black_boxes_change_cells() -> None:
    found = cells(
        [const(0, 10), const("s+1", 5), const(4, 11), foreign_call("f", [array(4, 1)]), mov(5, "s+1")],
        answers=([[77]],),
    )
    assert (found[11], found[5]) == (77, 77)
    found = cells([const(3, 1), const(4, 3), inner_black_box("Blake2s", (4, 0), (4, 32)), mov(1, 3)])
    assert found[1] == 0x69  # the first byte of the hash of nothing


def test_inputs_are_copied_over_known_cells() -> None:
    found = cells([const(7, 1), const(8, 0), const(5, 3), calldata_copy(5, 7, 8), mov(6, 5)], inputs=(44,))
    assert found[5] == found[6] == 44


def test_memory_is_there_before_the_free_pointer_says_so() -> None:
    found = cells([const(3, 9000), indirect_const(3, 5), load(4, 3), const(3, 8999), load(5, 3)])
    assert found[4:6] == [5, 0]


def test_memory_grows_with_the_free_pointer(monkeypatch: pytest.MonkeyPatch) -> None:
    code = [
        const(1, 100_000),
        const(3, 100_001),
        indirect_const(3, 5),
        load(4, 3),
        const(5, 4),
        const(6, 1),
        stop(5, 6),
    ]
    assert hand_overs(unconstrained(code), monkeypatch) == 0


def test_loops_longer_than_the_driver_waits() -> None:
    loop = [
        const(3, 0),
        const(4, 1),
        const(5, 100_000),
        integer(3, "Add", 32, 3, 4),
        integer(6, "LessThan", 32, 3, 5),
    ]
    assert cells([*loop, jump_if(6, 3)])[3] == 100_000


def test_a_function_called_from_two_places() -> None:
    main = [call(4), call(4), mov(9, 3), jump(7)]
    function = [const(4, 5), integer(3, "Add", 32, 3, 4), RETURN]
    assert cells([*main, *function])[9] == 10


def test_a_return_of_a_call_that_another_function_made() -> None:
    # The jump leaves the way that compiled code follows from the call.
    code = [const(4, 1), call(4), mov(9, 3), jump(9)]
    function = [
        integer(3, "Add", 32, 3, 4),
        const(5, 3),
        integer(6, "LessThan", 32, 3, 5),
        jump_if(6, 4),
        RETURN,
    ]
    assert cells([*code, *function])[9] == 3


def test_a_jump_to_itself_has_a_function() -> None:
    source = brillig_source(Program(unconstrained([jump(0)])).functions[0].opcodes)
    assert source.entries == (0,)


def test_code_without_bound_is_not_written_without_bound() -> None:
    """Each of many calls could be followed anew; the source stays within a few times the program."""
    chain = []
    for place in range(0, 4000, 4):
        chain += [
            jump_if(3, (place * 7919 + 13) % 4000),
            call((place * 104729 + 1) % 4000),
            const(4, place),
            RETURN,
        ]
    opcodes = Program(unconstrained(chain)).functions[0].opcodes
    assert brillig_source(opcodes).text.count("\n") < 20 * len(opcodes)


def test_straight_code_is_cut() -> None:
    found = cells([integer(3, "Add", 32, 3, 4) if i else const(4, 1) for i in range(3000)])
    assert found[3] == 2999


# Circuits.


def test_two_threads_may_make_the_functions() -> None:
    packed = compile_program(Program.from_bytecode(unconstrained([const(3, 1), stop(3, 3)], (), 1)))
    (function,) = CompiledProgram.unpack(packed).functions

    class Overtaken(dict[int, Any]):
        """Empty; another thread makes the functions just after somebody has seen that."""

        def __bool__(self) -> bool:
            function.blocks = {}
            function.load()
            return False

    function.blocks = Overtaken()
    function.load()
    assert function.blocks


def test_a_factor_of_zero_is_found_out_late() -> None:
    """The compiler takes witness 1 for solved; with a factor of 0 it is not, and is free."""
    opcodes = [
        assert_zero(products=[(2, 0, 1)]),
        assert_zero((1, 1), constant=-6),
        assert_zero((1, 1), (1, 2)),
    ]
    result = both(program(opcodes, 1, witnesses=3), [0])
    assert result.witnesses is not None
    assert result.witnesses[:2] == (0, 6)


def test_the_same_output_twice() -> None:
    opcode = black_box("Poseidon2Permutation", [witness(0)] * 4, [1, 2, 3, 3])
    assert both(program([opcode], 1), [5]).error is not None


def test_a_block_is_made_again() -> None:
    read = memory_op(0, False, expression(), expression((1, 2)))
    result = both(program([memory_init(0, [0]), memory_init(0, [1]), read], 2, witnesses=3), [5, 6])
    assert result.witnesses == (5, 6, 6)


INVERSE = [
    const(21, 1),
    const(20, 0),
    calldata_copy(0, 21, 20),
    const(2, 0, 0),
    field(3, "Equals", 0, 2),
    jump_if(3, 8),
    const(1, 1, 0),
    field(0, "Div", 1, 0),
    stop(20, 21),
]
QUOTIENT = [
    const(10, 2),
    const(11, 0),
    calldata_copy(0, 10, 11),
    field(2, "IntegerDiv", 0, 1),
    field(1, "Mul", 2, 1),
    field(1, "Sub", 0, 1),
    mov(0, 2),
    stop(11, 10),
]


def test_directives_are_known_by_their_opcodes() -> None:
    inverse, quotient = Program(program([], functions=[INVERSE, QUOTIENT])).functions
    assert (directive_of(inverse), directive_of(quotient)) == ("inverse", "divmod")
    for index, opcode in enumerate(quotient.opcodes):
        if isinstance(opcode, Mov):
            other = (*quotient.opcodes[:index], Load(*opcode), *quotient.opcodes[index + 1 :])
            assert other == quotient.opcodes  # tuples are: kinds must be compared, too
            assert directive_of(quotient._replace(opcodes=other)) is None


@pytest.mark.parametrize(("value", "divisor"), [(0, 1), (7, 2), (1 << 200, 3), (5, 0)])
def test_directives_do_what_their_opcodes_do(value: int, divisor: int) -> None:
    inputs = [expression((1, 0)), expression((1, 1))]
    opcodes = [brillig_call(0, inputs[:1], [2]), brillig_call(1, inputs, [3, 4])]
    both(program(opcodes, 2, [INVERSE, QUOTIENT]), [value, divisor])
    # A call with other inputs is none of a directive.
    both(program([brillig_call(1, inputs[:1], [3, 4])], 2, [INVERSE, QUOTIENT]), [value, divisor])
