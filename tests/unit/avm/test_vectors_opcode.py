"""Every recorded case of a single call, through the public executor, in both forms of the machine."""

from __future__ import annotations

import copy

import pytest

from aztecd.avm.program import ProgramCache
from tests.support import avm_outcomes, avm_vectors, vectors
from tests.support.avm_runs import compile_early

FILES = avm_vectors.keys("opcode")


@pytest.mark.parametrize("key", FILES)
def test_single_calls(key, monkeypatch):
    compile_early(monkeypatch)
    data = avm_vectors.load(key)
    found = []
    for case in data["cases"]:
        expected = avm_outcomes.opcode_expected(case)
        prepared = avm_vectors.opcode_case(case, data["defaults"])
        programs = ProgramCache()
        for run in avm_outcomes.RUNS:
            prepared.fork.create_checkpoint()
            done = avm_outcomes.execute(prepared, case["config"], programs, is_fast=run.is_fast)
            outcome = avm_outcomes.opcode_outcome(prepared, done)
            prepared.fork.revert_checkpoint()
            found += [
                f"{case['name']}, {run.name}: {text}" for text in avm_outcomes.differences(expected, outcome)
            ]
    assert found == []


def test_every_part_of_an_expectation_counts():
    """Change each part of a case's expectation: the comparison must notice."""
    data = vectors.load("avm/opcode/calls.json.gz")
    case = next(case for case in data["cases"] if case["expected"].get("nested"))
    prepared = avm_vectors.opcode_case(case, data["defaults"])
    done = avm_outcomes.execute(prepared, case["config"], ProgramCache(), is_fast=False)
    outcome = avm_outcomes.opcode_outcome(prepared, done)
    expected = avm_outcomes.opcode_expected(case)
    assert list(avm_outcomes.differences(expected, outcome)) == []
    for part in (
        "halt",
        "output",
        "gasUsed",
        "gasLeft",
        "instructions",
        "exitStack",
        "haltingMessage",
        "nested",
    ):
        changed = copy.deepcopy(expected)
        match changed[part]:
            case str():
                changed[part] += "!"
            case int():
                changed[part] += 1
            case list():
                changed[part].pop()
            case dict():
                changed[part]["l2"] += 1
        assert list(avm_outcomes.differences(changed, outcome)), part
