"""Sums of BLS12-381 points against the group's laws and published encodings."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aztecd.crypto.bls import SCALAR_MODULUS, g1_linear_combination, scalar_powers
from aztecd.crypto.errors import PointError

INFINITY = b"\xc0" + bytes(47)
# The generator, compressed, as published in EIP-2537's source (draft-irtf-cfrg-pairing-friendly-curves).
GENERATOR = bytes.fromhex(
    "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
)


def test_linear_combination() -> None:
    assert g1_linear_combination([], []) == INFINITY
    assert g1_linear_combination([GENERATOR], [1]) == GENERATOR
    assert g1_linear_combination([GENERATOR, INFINITY], [SCALAR_MODULUS + 1, 9]) == GENERATOR
    assert g1_linear_combination([GENERATOR, GENERATOR], [7, SCALAR_MODULUS - 7]) == INFINITY
    five = g1_linear_combination([GENERATOR], [5])
    assert g1_linear_combination([GENERATOR, five], [2, 3]) == g1_linear_combination([GENERATOR], [17])


def test_deep_json_does_not_end_a_process_that_has_summed_points() -> None:
    script = (
        "import json\n"
        "from aztecd.crypto.bls import g1_linear_combination\n"
        f"g1_linear_combination([bytes.fromhex('{GENERATOR.hex()}')], [1])\n"
        "try:\n"
        "    json.loads('[' * 100_000)\n"
        "except RecursionError:\n"
        "    print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "refused\n", "")


def test_counts_must_match() -> None:
    with pytest.raises(ValueError, match="shorter"):
        g1_linear_combination([GENERATOR], [])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "has 48 bytes, got 0"),
        (GENERATOR + b"\0", "has 48 bytes, got 49"),
        (bytes(48), "no point"),
        (b"\xff" * 48, "no point"),
        (b"\xc0" + bytes(46) + b"\1", "no point"),
        (b"\x9a" + bytes(47), "not in the subgroup"),
    ],
)
def test_refuses_what_is_no_point(data: bytes, message: str) -> None:
    with pytest.raises(PointError, match=message):
        g1_linear_combination([data], [1])


def test_scalar_powers() -> None:
    assert scalar_powers(3, 5) == [1, 3, 9, 27, 81]
    assert scalar_powers(SCALAR_MODULUS - 1, 3) == [1, SCALAR_MODULUS - 1, 1]
    assert scalar_powers(5, 0) == []
