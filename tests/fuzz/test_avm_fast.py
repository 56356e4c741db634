"""Random programs in both forms of the machine: whatever can be seen of a run is the same.

The fast form gets every program several times with the same compiled paths: with all its gas, with gas that
ends on the way, and with other calldata. Runs for AZTECD_FUZZ_SECONDS (default 5, in CI 60) from seed
AZTECD_FUZZ_SEED on.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter

import pytest

from aztecd.avm.program import ProgramCache
from aztecd.crypto.field import FR_MODULUS
from tests.support.avm_programs import DEFAULTS, random_case
from tests.support.avm_runs import compile_early, difference, run_call
from tests.support.avm_vectors import opcode_case

SECONDS = float(os.environ.get("AZTECD_FUZZ_SECONDS") or (60 if os.environ.get("CI") else 5))
SEED = int(os.environ.get("AZTECD_FUZZ_SEED", "0"))
EARLY = (0, 0, 1, 3)

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(60 + SECONDS)]


def test_the_fast_form_is_the_plain_form(monkeypatch):
    end = time.monotonic() + SECONDS
    seed = SEED
    endings = Counter()
    while time.monotonic() < end:
        compile_early(monkeypatch, EARLY[seed % len(EARLY)])
        endings[compare(seed)] += 1
        seed += 1
    print(f"seeds {SEED} to {seed - 1}: {dict(endings)}")
    assert len(endings) > 1


def compare(seed):
    """Compare the forms on one program; give how it ended with its own gas."""
    rng = random.Random(f"runs:{seed}")
    case = random_case(seed)
    prepared = opcode_case(case, DEFAULTS)
    plain_programs, programs = ProgramCache(), ProgramCache()

    def equal(what, **changes):
        expected = run_call(case, prepared, plain_programs, is_fast=False, **changes)
        for attempt in ("first", "second"):
            found = run_call(case, prepared, programs, is_fast=True, **changes)
            differing = difference(expected, found)
            assert not differing, f"seed {seed}, {what}, {attempt} run: {differing}"
        return expected

    whole = equal("own gas")
    if "failed" in whole:
        return "failed"
    used = case["gas"]["l2"] - whole["l2 gas left"]
    for cut in {used - 1, *(rng.randrange(used) for _ in range(2))} if used > 0 else ():
        equal(f"{cut} L2 gas", gas={"l2": cut, "da": case["gas"]["da"]})
    equal("other calldata", calldata=[rng.randrange(FR_MODULUS) for _ in range(rng.randrange(40))])
    return whole["halt"].value
