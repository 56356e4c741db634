"""The kernel and its plain twin agree on random input."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aztecd.crypto import poseidon2
from aztecd.crypto.field import FR_MODULUS
from tests.support.poseidon2_backends import backend

EDGES = [
    0,
    1,
    2,
    FR_MODULUS - 1,
    FR_MODULUS - 2,
    FR_MODULUS // 2,
    2**64 - 1,
    2**64,
    2**128,
    2**192 - 1,
    2**253,
]
elements = st.one_of(st.sampled_from(EDGES), st.integers(0, FR_MODULUS - 1)).map(
    lambda x: x.to_bytes(32, "big")
)
states = st.lists(elements, min_size=4, max_size=4).map(b"".join)


@given(states)
@settings(max_examples=200, deadline=None)
def test_permute(state: bytes) -> None:
    expected = backend("python").permute(state)
    assert backend("c").permute(state) == expected
    assert backend("c").permute_portable(state) == expected


@given(st.lists(elements, max_size=70))
@settings(max_examples=40, deadline=None)
def test_hash_of_a_list(values: list[bytes]) -> None:
    expected = backend("python").hash_packed(b"".join(values))
    assert backend("c").hash_packed(b"".join(values)) == expected
    assert backend("c").hash_fields(values) == expected
    assert backend("python").hash_fields(values) == expected


@given(elements, elements)
@settings(max_examples=50, deadline=None)
def test_hash_pair(left: bytes, right: bytes) -> None:
    assert backend("c").hash_pair(left, right) == backend("python").hash_pair(left, right)


@given(st.integers(1, 9), st.lists(elements, min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_hash_rows(width: int, values: list[bytes]) -> None:
    data = b"".join(values[: len(values) // width * width])
    expected = b"".join(
        backend("python").hash_packed(data[start : start + 32 * width])
        for start in range(0, len(data), 32 * width)
    )
    for name in ("c", "python"):
        assert backend(name).hash_rows(data, width) == expected
        if width == 2:
            assert backend(name).hash_pairs(data) == expected


@given(states, st.lists(elements, max_size=30))
@settings(max_examples=40, deadline=None)
def test_absorb(state: bytes, values: list[bytes]) -> None:
    blocks = b"".join(values[: len(values) // 3 * 3])
    assert backend("c").absorb(state, blocks) == backend("python").absorb(state, blocks)


@given(st.lists(st.lists(elements, max_size=8), max_size=6))
@settings(max_examples=40, deadline=None)
def test_the_cuts_of_a_sponge_do_not_matter(parts: list[list[bytes]]) -> None:
    values = [value for part in parts for value in part]
    whole = poseidon2.Sponge(len(values) << 64)
    for part in parts:
        whole.absorb(b"".join(part))
    # With the length as its initial value the sponge is the plain hash.
    assert whole.squeeze() == poseidon2.hash_fields(values)
