"""The kernel's gadgets and their plain twins agree on random input."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aztecd.crypto.field import FQ_MODULUS, FR_MODULUS
from aztecd.crypto.grumpkin import GENERATOR, multiply
from tests.support.poseidon2_backends import backend, gadgets

_MONTGOMERY = pow(2, -256, FR_MODULUS)
# The kernel divides in Montgomery form: half of these look there like small numbers, powers of two, the top.
_EDGES = [
    value * factor % FR_MODULUS
    for factor in (1, _MONTGOMERY)
    for value in (
        0,
        1,
        2,
        3,
        FR_MODULUS - 1,
        FR_MODULUS - 2,
        FR_MODULUS // 2,
        *(2**i for i in range(1, 254, 21)),
    )
]
elements = st.one_of(st.sampled_from(_EDGES), st.integers(0, FR_MODULUS - 1))
words = st.one_of(st.sampled_from([0, 1, 2**31, 2**32 - 1]), st.integers(0, 2**32 - 1))
lanes = st.one_of(st.sampled_from([0, 1, 2**30, 2**60, 2**63, 2**64 - 1]), st.integers(0, 2**64 - 1))
flags = st.sampled_from([0, 0, 0, 1])


@given(st.lists(words, min_size=8, max_size=8), st.lists(words, min_size=16, max_size=16))
@settings(max_examples=60)
def test_sha256_compression(state: list[int], block: list[int]) -> None:
    before = (list(state), list(block))
    assert gadgets("c").sha256_compress(state, block) == gadgets("python").sha256_compress(state, block)
    assert (state, block) == before


@given(st.lists(lanes, min_size=25, max_size=25))
@settings(max_examples=60)
def test_keccak_permutation(state: list[int]) -> None:
    before = list(state)
    assert gadgets("c").keccak_permute(state) == gadgets("python").keccak_permute(state)
    assert state == before


@given(elements, elements, elements, elements)
@settings(max_examples=60)
def test_integer_permutation(a: int, b: int, c: int, d: int) -> None:
    packed = b"".join(value.to_bytes(32, "big") for value in (a, b, c, d))
    for name in ("c", "python"):
        result = backend(name).permute_ints(a, b, c, d)
        assert b"".join(value.to_bytes(32, "big") for value in result) == backend(name).permute(packed)
    assert result == backend("c").permute_ints(a, b, c, d)


@given(elements, elements, flags, elements, elements, flags)
@settings(max_examples=200)
def test_addition_agrees_off_the_curve_too(px: int, py: int, pi: int, qx: int, qy: int, qi: int) -> None:
    arguments = (px, py, pi, qx, qy, qi)
    assert gadgets("c").grumpkin_add(*arguments) == gadgets("python").grumpkin_add(*arguments)
    doubled = (px, py, pi, px, py, qi)
    assert gadgets("c").grumpkin_add(*doubled) == gadgets("python").grumpkin_add(*doubled)


@given(elements, elements, elements)
@settings(max_examples=200)
def test_the_kernel_divides(x: int, y: int, run: int) -> None:
    """The slope of a line is rise / run; `pow` is the oracle."""
    assume(run)
    other_x = (x + run) % FR_MODULUS
    slope = (-y * pow(run, -1, FR_MODULUS)) % FR_MODULUS
    sum_x, sum_y, is_infinite = gadgets("c").grumpkin_add(x, y, 0, other_x, 0, 0)
    assert is_infinite == 0
    assert sum_x == (slope * slope - x - other_x) % FR_MODULUS
    assert sum_y == (slope * (x - sum_x) - y) % FR_MODULUS


@given(st.integers(0, FQ_MODULUS - 1), st.integers(0, FQ_MODULUS - 1))
@settings(max_examples=25)
def test_addition_is_a_group_law(a: int, b: int) -> None:
    p, q, total = (multiply(GENERATOR, scalar) for scalar in (a, b, a + b))
    expected = (total.x, total.y, int(total.is_infinite))
    for name in ("c", "python"):
        module = gadgets(name)
        assert module.grumpkin_add(p.x, p.y, p.is_infinite, q.x, q.y, q.is_infinite) == expected
        assert p.is_infinite or module.grumpkin_is_on_curve(p.x, p.y)


@given(elements, elements)
def test_curve_check(x: int, y: int) -> None:
    expected = (y * y - x**3 + 17) % FR_MODULUS == 0
    for name in ("c", "python"):
        assert gadgets(name).grumpkin_is_on_curve(x, y) is expected


@given(
    elements,
    st.one_of(st.sampled_from([2, 4, 8, 16, 32, 64, 128, 256]), st.integers(2, 256)),
    st.integers(0, 300),
)
@settings(max_examples=200)
def test_digits(value: int, radix: int, count: int) -> None:
    expected = gadgets("python").to_radix_be(value, radix, count)
    assert gadgets("c").to_radix_be(value, radix, count) == expected
    if value >= radix**count:
        assert expected is None
    else:
        assert expected is not None
        assert len(expected) == count
        assert all(0 <= digit < radix for digit in expected)
        total = 0
        for digit in expected:
            total = total * radix + digit
        assert total == value


@given(st.integers(0, FQ_MODULUS - 1), st.one_of(st.integers(0, 40), st.integers(0, 2**256 - 1)), flags)
@settings(max_examples=60, deadline=None)
def test_multiplication(seed: int, scalar: int, infinite: int) -> None:
    point = multiply(GENERATOR, seed)
    assume(not point.is_infinite)
    product = gadgets("c").grumpkin_multiply(point.x, point.y, infinite, scalar)
    assert product == gadgets("python").grumpkin_multiply(point.x, point.y, infinite, scalar)
    assert product == gadgets("c").grumpkin_multiply(point.x, point.y, infinite, scalar % FQ_MODULUS)
