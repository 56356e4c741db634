"""Every recorded transaction and block with public calls, in both forms of the machine.

Contracts are the real ones, from the packages of the JavaScript client; states are rebuilt leaf by leaf and
their roots compared before and after.
"""

from __future__ import annotations

import pytest

from aztecd.avm.program import ProgramCache
from tests.support import avm_outcomes, avm_vectors
from tests.support.avm_runs import compile_early

pytestmark = pytest.mark.integration

TX_FILES = avm_vectors.keys("tx")
BLOCK_FILES = avm_vectors.keys("blocks")


@pytest.mark.parametrize("key", TX_FILES)
def test_transactions(key, monkeypatch):
    compile_early(monkeypatch)
    data = avm_vectors.load(key)
    programs = ProgramCache()
    found = []
    for case in data["cases"]:
        expected = avm_outcomes.tx_expected(case)
        if expected["outcome"] == "thrown":
            expected = {**expected, "endTrees": case["prestate"]["trees"]}
        prepared = avm_vectors.tx_case(case, data["instances"])
        for run in avm_outcomes.RUNS:
            prepared.fork.create_checkpoint()
            done = avm_outcomes.execute(prepared, case["config"], programs, is_fast=run.is_fast)
            outcome = avm_outcomes.tx_outcome(prepared, done)
            prepared.fork.revert_checkpoint()
            found += [
                f"{case['name']}, {run.name}: {text}" for text in avm_outcomes.differences(expected, outcome)
            ]
    assert found == []


@pytest.mark.parametrize("key", BLOCK_FILES)
def test_blocks(key, monkeypatch):
    compile_early(monkeypatch)
    data = avm_vectors.load(key)
    programs = ProgramCache()
    found = []
    for case in data["cases"]:
        prepared = avm_vectors.block_case(case, data["instances"])
        for run in avm_outcomes.RUNS:
            prepared.fork.create_checkpoint()
            outcome = avm_outcomes.block_outcome(prepared, case["limits"], programs, is_fast=run.is_fast)
            prepared.fork.revert_checkpoint()
            found += [
                f"{case['name']}, {run.name}: {text}"
                for text in avm_outcomes.differences(case["expected"], outcome)
            ]
    assert found == []
