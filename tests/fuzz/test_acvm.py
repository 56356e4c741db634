"""Random and damaged private programs: both forms end alike, and always with a result or an error of ours.

AZTECD_FUZZ_CASES sets the number of programs of each kind, AZTECD_FUZZ_SEED the first one.
"""

from __future__ import annotations

import gzip
import os
from collections import Counter
from random import Random

import pytest

from aztecd.pxe.acvm import Acvm, AcvmError, BytecodeError, ExecutionInterruptedError
from tests.support.acvm_programs import random_circuit, random_program
from tests.support.acvm_runs import Outcome, outcome

CASES = int(os.environ.get("AZTECD_FUZZ_CASES", "150"))
SEED = int(os.environ.get("AZTECD_FUZZ_SEED", "0"))

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(600)]


@pytest.mark.parametrize("make", [random_program, random_circuit])
def test_both_forms_end_alike(make) -> None:
    endings = Counter()
    for seed in range(SEED, SEED + CASES):
        bytecode, initial, answers = make(Random(seed))
        plain = outcome(Acvm(uses_fast_form=False, is_interrupted=lambda: True), bytecode, initial, answers)
        if interrupted(plain):
            # The forms ask at other places: that the fast one stops, too, is all that can be said.
            outcome(Acvm(is_interrupted=lambda: True), bytecode, initial, answers)
            endings["interrupted"] += 1
            continue
        machine = Acvm(is_interrupted=lambda: False)
        for _ in range(2):
            assert outcome(machine, bytecode, initial, answers) == plain, f"seed {seed}"
        endings[plain.error[0].__name__ if plain.error else "end"] += 1
    print(dict(endings))
    assert endings["end"] > CASES // 20
    assert len(endings) > 2


def interrupted(result: Outcome) -> bool:
    return result.error is not None and result.error[0] is ExecutionInterruptedError


def test_damaged_bytecode_is_refused_or_runs() -> None:
    endings = Counter()
    for seed in range(SEED, SEED + 3 * CASES):
        rng = Random(seed)
        bytecode, initial, answers = rng.choice((random_program, random_circuit))(rng)
        data = bytearray(gzip.decompress(bytecode))
        for _ in range(rng.choice((1, 1, 2, 5))):
            damage(rng, data)
        endings[run_damaged(gzip.compress(bytes(data), 1), initial, answers)] += 1
    print(dict(endings))
    assert endings["BytecodeError"] > CASES // 10
    assert len(endings) > 2


def damage(rng: Random, data: bytearray) -> None:
    place = rng.randrange(1, len(data))
    match rng.randrange(5):
        case 0:
            data[place] = rng.randrange(256)
        case 1:
            data[place] ^= 1 << rng.randrange(8)
        case 2:
            del data[place : place + rng.randrange(8)]
        case 3:
            other = rng.randrange(1, len(data))
            data[place:place] = data[other : other + rng.randrange(60)]
        case _:
            data[place:place] = rng.randbytes(rng.randrange(5))


def run_damaged(bytecode: bytes, initial: list[int], answers: list) -> str:
    endings = []
    for fast in (False, True):
        machine = Acvm(uses_fast_form=fast, is_interrupted=lambda: True)
        calls = iter(answers)
        try:
            machine.execute(bytecode, initial, lambda name, arguments, calls=calls: next(calls))
        except BytecodeError:
            endings.append("BytecodeError")
        except AcvmError as error:
            endings.append(type(error).__name__)
        else:
            endings.append("end")
    assert endings[0] == endings[1] or "ExecutionInterruptedError" in endings
    return endings[0]
