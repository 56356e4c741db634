"""Grumpkin against recorded facts and the laws of a group."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import FQ_MODULUS, FR_MODULUS
from aztecd.crypto.grumpkin import GENERATOR, INFINITY, Point, add, is_on_curve, multiply, negate
from tests.support.vectors import cases

FILE = "poseidon2.json"


def number(text: str) -> int:
    return int(text, 16)


def test_multiples_of_the_generator() -> None:
    for case in cases(FILE, "grumpkin_mul_generator"):
        product = multiply(GENERATOR, number(case["scalar"]))
        assert product == Point(number(case["x"]), number(case["y"]))
        assert is_on_curve(product)


def test_addition() -> None:
    for case in cases(FILE, "grumpkin_add"):
        a, b, total = (Point(*map(number, case[key])) for key in ("a", "b", "sum"))
        assert add(a, b) == add(b, a) == total


def test_address_of_a_contract() -> None:
    for case in cases(FILE, "contract_address"):
        if "keys" in case:
            incoming = Point(*map(number, case["keys"]["ivpk_m"]))
            address = add(multiply(GENERATOR, number(case["preaddress"])), incoming)
            assert address.x == number(case["address"])


def test_infinity_is_neutral() -> None:
    assert add(GENERATOR, INFINITY) == add(INFINITY, GENERATOR) == GENERATOR
    assert add(INFINITY, INFINITY) == INFINITY
    assert add(GENERATOR, negate(GENERATOR)) == INFINITY
    assert negate(INFINITY) == INFINITY
    assert multiply(GENERATOR, 0) == multiply(GENERATOR, FQ_MODULUS) == INFINITY
    assert multiply(INFINITY, 5) == INFINITY


def test_scalars_count_modulo_the_order() -> None:
    assert multiply(GENERATOR, FQ_MODULUS + 3) == multiply(GENERATOR, 3)
    assert multiply(GENERATOR, -1) == negate(GENERATOR)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        (GENERATOR, True),
        (INFINITY, True),
        (Point(0, 0), False),
        (Point(1, 2), False),
        (Point(GENERATOR.x + FR_MODULUS, GENERATOR.y), False),
        (Point(GENERATOR.x, GENERATOR.y - FR_MODULUS), False),
    ],
)
def test_curve_check(point: Point, expected: bool) -> None:
    assert is_on_curve(point) is expected


def test_small_multiples_are_repeated_additions() -> None:
    total = INFINITY
    for count in range(40):
        assert multiply(GENERATOR, count) == total
        total = add(total, GENERATOR)
