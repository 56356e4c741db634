"""Run private programs in tests: recorded oracles, both forms, results that compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aztecd.pxe.acvm import Acvm, AssertionFailedError, ExecutionError


def numbers(value: Any) -> Any:
    """Hexadecimal texts, nested as they like, as numbers."""
    return [numbers(item) for item in value] if isinstance(value, list) else int(value, 16)


@dataclass
class RecordedOracle:
    """Gives recorded answers, and notes what it was asked."""

    answers: Sequence[Any]
    calls: list[tuple[str, list[list[int]]]] = field(default_factory=list)

    def __call__(self, name: str, arguments: list[list[int]]) -> Any:
        self.calls.append((name, [list(argument) for argument in arguments]))
        return self.answers[(len(self.calls) - 1) % len(self.answers)]


@dataclass(frozen=True)
class Outcome:
    """How a run ended; two that are equal can not be told apart by who started it."""

    witnesses: tuple[int | None, ...] | None
    error: tuple[Any, ...] | None
    calls: list[Any]


def outcome(machine: Acvm, bytecode: bytes, initial: Sequence[int], answers: Sequence[Any] = ()) -> Outcome:
    oracle = RecordedOracle(answers)
    try:
        result = machine.execute(bytecode, initial, oracle)
    except ExecutionError as error:
        raw = (error.selector, error.payload) if isinstance(error, AssertionFailedError) else None
        found = (type(error), str(error), error.location, error.brillig_function, raw)
        return Outcome(None, found, oracle.calls)
    return Outcome(tuple(result.values), None, oracle.calls)


def both(bytecode: bytes, initial: Sequence[int] = (), answers: Sequence[Any] = ()) -> Outcome:
    """Run a program plainly and compiled; the outcomes must be equal."""
    plain = outcome(Acvm(uses_fast_form=False), bytecode, initial, answers)
    assert outcome(Acvm(), bytecode, initial, answers) == plain
    return plain


def returned(result: Outcome, first: int, count: int = 1) -> list[int | None]:
    assert result.witnesses is not None, result.error
    return list(result.witnesses[first : first + count])
