"""Multiplication in Jacobian coordinates agrees with affine double-and-add."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aztecd.crypto.field import FQ_MODULUS
from aztecd.crypto.grumpkin import GENERATOR, INFINITY, Point, add, is_on_curve, multiply

scalars = st.one_of(
    st.integers(0, 20), st.integers(0, FQ_MODULUS - 1), st.integers(FQ_MODULUS - 20, FQ_MODULUS)
)


def affine(point: Point, scalar: int) -> Point:
    """The textbook way, the oracle of the fast one."""
    total = INFINITY
    for bit in f"{scalar:b}":
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total


@given(scalars)
@settings(max_examples=25, deadline=None)
def test_multiply(scalar: int) -> None:
    product = multiply(GENERATOR, scalar)
    assert product == affine(GENERATOR, scalar)
    assert is_on_curve(product)


@given(scalars, scalars)
@settings(max_examples=25, deadline=None)
def test_distributes(a: int, b: int) -> None:
    assert add(multiply(GENERATOR, a), multiply(GENERATOR, b)) == multiply(GENERATOR, a + b)
    assert multiply(multiply(GENERATOR, a), b) == multiply(GENERATOR, a * b)
