"""What the machine owes its caller, in both forms: oracle errors, limits, interruption, locations."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from aztecd.crypto.field import FR_MODULUS
from aztecd.errors import InvalidInputError
from aztecd.pxe.acvm import (
    Acvm,
    ExecutionError,
    ExecutionInterruptedError,
    ExecutionLimitError,
    ForeignCallFailedError,
    ForeignCallShapeError,
    meter,
)
from tests.support.acvm_assembler import (
    array,
    assert_zero,
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
    load,
    program,
    single,
    stop,
    store,
    unconstrained,
    vector,
)

BOTH = pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])
ASK = [foreign_call("ask", [single(30)], [single(30)]), const(20, 30), const(21, 1), stop(20, 21)]


def nothing(name: str, arguments: list[list[int]]) -> list[int]:
    raise AssertionError(f"nobody asked for {name}")


class OracleError(InvalidInputError):
    """An oracle's own error."""


@BOTH
def test_an_error_of_ours_is_the_cause(fast: bool) -> None:
    original = OracleError("Note not found")

    def oracle(name: str, arguments: list[list[int]]) -> list[int]:
        raise original

    with pytest.raises(ForeignCallFailedError) as caught:
        Acvm(uses_fast_form=fast).execute(unconstrained([call(1), *ASK]), [], oracle)
    assert caught.value.__cause__ is original
    assert str(caught.value) == "Note not found"
    assert (caught.value.name, caught.value.location) == ("ask", ("0.0", "0.1"))


@BOTH
@pytest.mark.parametrize("kind", [IndexError, KeyError, ZeroDivisionError, RuntimeError])
def test_a_bug_of_an_oracle_comes_back_as_it_is(fast: bool, kind: type[Exception]) -> None:
    bug = kind("oops")

    def oracle(name: str, arguments: list[list[int]]) -> list[int]:
        raise bug

    with pytest.raises(kind) as caught:
        Acvm(uses_fast_form=fast).execute(unconstrained(ASK), [], oracle)
    assert caught.value is bug


@BOTH
def test_the_oracle_may_run_programs_on_the_same_machine(fast: bool) -> None:
    machine = Acvm(uses_fast_form=fast)
    inner = unconstrained([const(30, 41), const(20, 30), const(21, 1), stop(20, 21)])

    def oracle(name: str, arguments: list[list[int]]) -> list[int]:
        return [machine.execute(inner, [], nothing).return_values[0] + 1]

    assert machine.execute(unconstrained(ASK), [], oracle).return_values == [42]


@BOTH
@pytest.mark.parametrize("answer", [[-1], [FR_MODULUS]])
def test_answers_are_field_elements(fast: bool, answer: list[int]) -> None:
    with pytest.raises(ForeignCallShapeError, match="does not fit in bit size Field"):
        Acvm(uses_fast_form=fast).execute(unconstrained(ASK), [], lambda name, arguments: answer)


@BOTH
def test_parameters_are_checked(fast: bool) -> None:
    machine = Acvm(uses_fast_form=fast)
    bytecode = program([assert_zero((1, 0), (-1, 1))], 1)
    with pytest.raises(ExecutionError, match="has 1 parameters, got 2"):
        machine.execute(bytecode, [1, 2], nothing)
    for value in (-1, FR_MODULUS):
        with pytest.raises(ExecutionError, match="parameter 0 is no field element"):
            machine.execute(bytecode, [value], nothing)


@BOTH
def test_values_of_the_map(fast: bool) -> None:
    result = Acvm(uses_fast_form=fast).execute(
        program([assert_zero((1, 0), (-1, 2))], 2, returned=[2, 0], witnesses=5), [7, 8], nothing
    )
    assert result.values == [7, 8, 7, None, None]
    assert result.return_values == [7, 7]
    assert result.range(0, 3) == [7, 8, 7]
    for start in (2, 4, 1000):
        with pytest.raises(ExecutionError, match="no value to witness"):
            result.range(start, 2)


def test_code_without_end_that_hands_over_is_interrupted() -> None:
    """A store that hits a known cell is not compiled: each pass leaves to the plain interpreter."""
    asked = iter([False] * 100 + [True])
    machine = Acvm(is_interrupted=lambda: next(asked))
    code = [const(0, 10), const("s+1", 5), const(4, 11), store(4, 4), jump(1)]
    with pytest.raises(ExecutionInterruptedError):
        machine.execute(unconstrained(code), [], nothing)


@BOTH
def test_code_without_end_is_interrupted(fast: bool) -> None:
    asked = iter([False, False, True])
    machine = Acvm(uses_fast_form=fast, is_interrupted=lambda: next(asked))
    with pytest.raises(ExecutionInterruptedError) as caught:
        machine.execute(unconstrained([const(3, 1), jump(1)]), [], nothing)
    assert caught.value.code == "acvm_interrupted"


@BOTH
@pytest.mark.parametrize(
    "opcode",
    [
        inner_black_box("ToRadix", 3, 4, 5, 6, 3),
        inner_black_box("Blake2s", (3, 8), (3, 32)),
        inner_black_box("EmbeddedCurveAdd", 3, 3, 4, 3, 3, 4, (5, 3)),
        calldata_copy(100, 6, 3),
        foreign_call("f", []),
    ],
)
def test_work_counts(fast: bool, opcode: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    """One opcode may cost as much as thousands: code of few must not go unobserved for that."""
    monkeypatch.setattr(meter, "_WORK_BETWEEN", 0)
    asked = iter([False, True])  # the first is for the call
    machine = Acvm(uses_fast_form=fast, is_interrupted=lambda: next(asked))
    code = [const(3, 0), const(4, 2), const(5, 200), const(6, 1), opcode, stop(3, 3)]
    with pytest.raises(ExecutionInterruptedError) as caught:
        machine.execute(unconstrained(code, [7], 0), [7], lambda name, arguments: [])
    assert caught.value.location == ("0.4",)


@BOTH
def test_what_an_oracle_is_asked_is_bounded(fast: bool) -> None:
    many = [const(3, 100), const(4, 1 << 19), foreign_call("f", [], [vector(3, 4)] * 3), stop(3, 5)]
    with pytest.raises(ExecutionLimitError, match="a foreign call has more than 1048576 values"):
        Acvm(uses_fast_form=fast).execute(unconstrained(many, outputs=0), [], nothing)


def test_many_small_calls_are_looked_at() -> None:
    asked = iter([False, True])
    machine = Acvm(is_interrupted=lambda: next(asked))
    calls = [brillig_call(0, [], [])] * 3000
    with pytest.raises(ExecutionInterruptedError):
        machine.execute(program(calls, 0, [[stop(3, 4)]]), [], nothing)


@BOTH
def test_the_depth_of_calls_is_bounded(fast: bool) -> None:
    with pytest.raises(ExecutionLimitError, match="nested deeper") as caught:
        Acvm(uses_fast_form=fast).execute(unconstrained([call(0)]), [], nothing)
    assert len(caught.value.location) < 20


FAR = (1 << 24) + 5


@BOTH
@pytest.mark.parametrize(
    "code",
    [
        [const(3, FAR), indirect_const(3, 1)],
        [const(3, FAR), load(4, 3)],
        [const(3, FR_MODULUS - 1, 0), store(3, 3)],
        [const(0, FR_MODULUS - 1, 0), const("s+1", 3)],
        [const(1, FAR), load(4, 1)],
        [const(3, 8), const(4, FAR), stop(3, 4)],
        [
            const(3, FAR),
            const(4, 1),
            const(5, 0),
            field(6, "Add", 3, 5),
            {"Trap": [[{"Direct": 3}, {"Direct": 4}]]},
        ],
        [
            const(1, 3),
            const(2, 2),
            const(3, FAR),
            const(4, 1 << 31),
            inner_black_box("ToRadix", 1, 2, 3, 4, 4),
        ],
        [const(3, FAR), foreign_call("f", [], [array(3, 4)])],
        [const(3, FAR), inner_black_box("Blake2s", (3, 5), (3, 32))],
        [
            const(5, 0),
            foreign_call(
                "f",
                [],
                [({"HeapArray": [{"Direct": 5}, 1 << 25]}, {"Array": [[{"Simple": "Field"}], 1 << 25]})],
            ),
        ],
    ],
)
def test_memory_is_bounded(fast: bool, code: list) -> None:
    code = [*code, const(20, 3), const(21, 1), stop(20, 21)]
    with pytest.raises(ExecutionLimitError, match=r"beyond 0x1000000|more than 1048576"):
        Acvm(uses_fast_form=fast).execute(unconstrained(code), [], nothing)


@BOTH
def test_a_result_of_another_size_has_the_place_of_its_call(fast: bool) -> None:
    bytecode = unconstrained([const(20, 3), const(21, 2), stop(20, 21)])
    with pytest.raises(ExecutionError, match="gives 2 values, not 1") as caught:
        Acvm(uses_fast_form=fast).execute(bytecode, [], nothing)
    assert caught.value.location == ("0",)


@BOTH
def test_the_opcode_of_a_late_failure(fast: bool) -> None:
    """Compiled code is cut in pieces: the place counts from the start."""
    opcodes = [assert_zero((1, 0), constant=-1) for _ in range(1234)]
    with pytest.raises(ExecutionError) as caught:
        Acvm(uses_fast_form=fast).execute(program([*opcodes, assert_zero((1, 0))], 1), [1], nothing)
    assert caught.value.location == ("1234",)
    division = [const(3, 1), const(4, 0), integer(5, "Div", 32, 3, 4)]
    late = program([*opcodes, brillig_call(0, [expression((1, 0))], [1])], 1, [division])
    with pytest.raises(ExecutionError, match="divide by zero") as caught:
        Acvm(uses_fast_form=fast).execute(late, [1], nothing)
    assert caught.value.location == ("1234.2",)


def test_many_threads_use_one_machine() -> None:
    machine = Acvm()
    code = [
        const(5, 1),
        const(6, 0),
        calldata_copy(3, 5, 6),
        field(3, "Mul", 3, 3),
        const(20, 3),
        stop(20, 5),
    ]
    with ThreadPoolExecutor(4) as pool:
        results = pool.map(
            lambda n: machine.execute(unconstrained(code, [n]), [n], nothing).return_values, range(200)
        )
        assert list(results) == [[n * n] for n in range(200)]


def test_programs_are_forgotten_when_there_are_many() -> None:
    machine = Acvm()
    for value in range(200):
        bytecode = program([assert_zero((1, 1), constant=-value)], 1, returned=[1])
        assert machine.execute(bytecode, [0], nothing).return_values == [value]
    assert len(machine._kept) <= 64
