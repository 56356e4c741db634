"""Random programs in our machine and in the reference's native simulator: every call says the same.

Compared is all that the native simulator tells: how the call ended, with what output, message and exit stack,
the gas left, effects, debug logs, and the same of nested calls. Our machine runs each program in both forms.
AZTECD_FUZZ_CASES sets the number of programs, AZTECD_FUZZ_SEED the first one.
"""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from aztecd.avm.compiler import blocks
from aztecd.avm.program import ProgramCache
from tests.support.avm_native import as_native, cut
from tests.support.avm_programs import DEFAULTS, random_case
from tests.support.avm_runs import run_call
from tests.support.avm_vectors import load, opcode_case
from tests.support.native_simulator import NativeSimulator, ReferenceMissingError, find_reference

CASES = int(os.environ.get("AZTECD_FUZZ_CASES", "150"))
SEED = int(os.environ.get("AZTECD_FUZZ_SEED", "0"))
BATCH = 50
# After how many runs a block is compiled: nothing here runs often enough to get there by itself.
HOT_AFTER = (0, 0, 1, 3)
MOST_SHOWN = 5
# What recorded expectations have beside the native simulator's answer.
NOT_NATIVE = {"instructions", "errorKind", "tsMessage", "tsDiffers"}

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(60 + CASES)]


@pytest.fixture(scope="module")
def native():
    try:
        folder = find_reference()
    except ReferenceMissingError as error:
        pytest.skip(str(error))
    with NativeSimulator(folder) as simulator:
        yield simulator


@pytest.mark.parametrize("category", ["opcode/calls", "opcode/debuglog", "opcode/effects", "opcode/trees"])
def test_the_native_simulator_still_says_what_was_recorded(native, category):
    recorded = load(category)
    cases = recorded["cases"]
    for case, answer in zip(cases, native.calls(cases, recorded["defaults"]), strict=True):
        expected = {key: value for key, value in case["expected"].items() if key not in NOT_NATIVE}
        del answer["seconds"]
        if "effects" in expected:
            expected.setdefault("debugLogs", [])
        assert not differing(answer, expected), case["name"]


def test_our_machine_does_what_the_native_simulator_does(native, monkeypatch):
    endings = Counter()
    differences = []
    with ThreadPoolExecutor(1) as beside:
        for start in range(SEED, SEED + CASES, BATCH):
            seeds = range(start, min(start + BATCH, SEED + CASES))
            cases = [random_case(seed) for seed in seeds]
            answers = beside.submit(native.calls, cases, DEFAULTS)
            found = []
            for seed, case in zip(seeds, cases, strict=True):
                monkeypatch.setattr(blocks, "_HOT_AFTER", HOT_AFTER[seed % len(HOT_AFTER)])
                found.append(our_results(case))
            for seed, forms, answer in zip(seeds, found, answers.result(), strict=True):
                expected = cut(answer)
                endings[expected["halt"]] += 1
                for form, ours in forms.items():
                    differences += [f"seed {seed}, {form}, {text}" for text in differing(ours, expected)]
    print(f"seeds {SEED} to {SEED + CASES - 1}: {dict(endings)}")
    assert not differences, "\n".join([f"{len(differences)} differences", *differences[:MOST_SHOWN]])
    assert len(endings) > 1


def differing(ours, expected):
    """Say in which parts two results differ."""
    return [
        f"{part}: {ours.get(part)!s:.400} instead of {expected.get(part)!s:.400}"
        for part in sorted(ours.keys() | expected.keys())
        if ours.get(part) != expected.get(part)
    ]


def our_results(case):
    """Run a case in both forms."""
    prepared = opcode_case(case, DEFAULTS)
    return {
        form: as_native(run_call(case, prepared, ProgramCache(), is_fast=is_fast), case)
        for form, is_fast in (("plain", False), ("fast", True))
    }
