"""The public machine's gadgets against recorded facts and the standard library, in both implementations."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from aztecd.crypto import grumpkin, keccak, radix, sha256
from aztecd.crypto import poseidon2 as poseidon2_public
from aztecd.crypto.field import FR_MODULUS
from tests.support.poseidon2_backends import NAMES, backend, gadgets
from tests.support.vectors import cases

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

FILE = "gadgets.json"
SHA256_START = (
    0x6A09E667,
    0xBB67AE85,
    0x3C6EF372,
    0xA54FF53A,
    0x510E527F,
    0x9B05688C,
    0x1F83D9AB,
    0x5BE0CD19,
)
G = grumpkin.GENERATOR


@pytest.fixture(params=NAMES)
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Run the public functions on one implementation."""
    module = gadgets(request.param)
    monkeypatch.setattr(poseidon2_public, "_backend", backend(request.param))
    for user in (grumpkin, keccak, radix, sha256):
        monkeypatch.setattr(user, "GADGETS", module)
    return module


def numbers(texts: list[str]) -> list[int]:
    return [int(text, 16) for text in texts]


def test_recorded_poseidon2(implementation: ModuleType) -> None:
    for case in cases(FILE, "poseidon2_permutation"):
        assert poseidon2_public.permute_ints(*numbers(case["input"])) == tuple(numbers(case["output"]))


def test_recorded_sha256_compression(implementation: ModuleType) -> None:
    for case in cases(FILE, "sha256_compression"):
        assert sha256.compress(case["state"], case["block"]) == case["output"]


def test_recorded_keccak_permutation(implementation: ModuleType) -> None:
    for case in cases(FILE, "keccak_permutation"):
        assert keccak.permute(numbers(case["input"])) == numbers(case["output"])


def test_recorded_point_addition(implementation: ModuleType) -> None:
    for case in cases(FILE, "point_addition"):
        (px, py, p_inf), (qx, qy, q_inf), total = (
            (*numbers(case[key][:2]), case[key][2]) for key in ("p", "q", "output")
        )
        for x, y, is_infinite in ((px, py, p_inf), (qx, qy, q_inf)):
            assert is_infinite or grumpkin.is_on_curve_ints(x, y)
        assert grumpkin.add_affine(px, py, p_inf, qx, qy, q_inf) == total


def test_recorded_points_off_the_curve(implementation: ModuleType) -> None:
    for case in cases(FILE, "point_off_the_curve"):
        assert not grumpkin.is_on_curve_ints(*numbers(case["point"]))


def test_recorded_digits(implementation: ModuleType) -> None:
    for case in cases(FILE, "digits"):
        digits = radix.to_radix_be(int(case["value"], 16), case["radix"], case["count"])
        assert digits == case["output"]


@pytest.mark.parametrize("length", [0, 1, 55, 56, 63, 64, 65, 300])
def test_compression_makes_sha256(implementation: ModuleType, length: int) -> None:
    message = bytes(i * 7 % 256 for i in range(length))
    padded = message + b"\x80" + bytes(-(length + 9) % 64) + (8 * length).to_bytes(8, "big")
    state = list(SHA256_START)
    for start in range(0, len(padded), 64):
        block = [int.from_bytes(padded[i : i + 4], "big") for i in range(start, start + 64, 4)]
        state = sha256.compress(state, block)
    assert b"".join(word.to_bytes(4, "big") for word in state) == hashlib.sha256(message).digest()


@pytest.mark.parametrize("length", [0, 1, 134, 135, 136, 137, 500])
@pytest.mark.parametrize(
    ("suffix", "oracle"),
    [(0x06, lambda data: hashlib.sha3_256(data).digest()), (0x01, keccak.keccak256)],
    ids=["sha3", "keccak"],
)
def test_permutation_makes_keccak(
    implementation: ModuleType, length: int, suffix: int, oracle: Callable[[bytes], bytes]
) -> None:
    message = bytes(i * 11 % 256 for i in range(length))
    padded = bytearray(message + bytes([suffix]) + bytes(-(length + 1) % 136))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), 136):
        for i in range(17):
            lanes[i] ^= int.from_bytes(padded[start + 8 * i : start + 8 * i + 8], "little")
        lanes = keccak.permute(lanes)
    assert b"".join(lane.to_bytes(8, "little") for lane in lanes[:4]) == oracle(message)


def test_points_at_infinity_are_neutral_whatever_their_coordinates(implementation: ModuleType) -> None:
    assert grumpkin.add_affine(7, 8, 1, G.x, G.y, 0) == (G.x, G.y, 0)
    assert grumpkin.add_affine(G.x, G.y, 0, 7, 8, 1) == (G.x, G.y, 0)
    assert grumpkin.add_affine(G.x, G.y, 1, 7, 8, 1) == (0, 0, 1)
    assert grumpkin.add_affine(G.x, G.y, 0, G.x, FR_MODULUS - G.y, 0) == (0, 0, 1)


def test_digits_by_hand(implementation: ModuleType) -> None:
    assert radix.to_radix_be(0, 10, 0) == []
    assert radix.to_radix_be(0, 2, 3) == [0, 0, 0]
    assert radix.to_radix_be(6, 2, 3) == [1, 1, 0]
    assert radix.to_radix_be(6, 2, 2) is None
    assert radix.to_radix_be(1, 2, 0) is None
    assert radix.to_radix_be(0xABC, 16, 5) == [0, 0, 10, 11, 12]
    assert radix.to_radix_be(2**248, 256, 31) is None
    assert radix.to_radix_be(1905, 10, 4) == [1, 9, 0, 5]
    assert radix.to_radix_be(5, 256, 1000) == [0] * 999 + [5]
    assert radix.to_radix_be(FR_MODULUS - 1, 2, 253) is None


WORDS8, WORDS16, LANES = [0] * 8, [0] * 16, [0] * 25
POINTS = (G.x, G.y, 0, G.x, G.y, 0)


def with_item(values: list[int] | tuple[int, ...], index: int, value: Any) -> Any:
    changed = list(values)
    changed[index] = value
    return type(values)(changed)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("sha256_compress", (WORDS8[1:], WORDS16), "expected 8 state words, got 7"),
        ("sha256_compress", (WORDS8, WORDS8), "expected 16 block words, got 8"),
        ("sha256_compress", ([2**32] * 8, WORDS8), "state word 0 is no number of 32 bits: 0x100000000"),
        (
            "sha256_compress",
            (WORDS8, with_item(WORDS16, 15, 2**64)),
            "block word 15 is no number of 32 bits: 0x10000000000000000",
        ),
        (
            "sha256_compress",
            (WORDS8, with_item(WORDS16, 2, -1)),
            "block word 2 is no number of 32 bits: -0x1",
        ),
        ("keccak_permute", (LANES[1:],), "expected 25 lanes, got 24"),
        (
            "keccak_permute",
            (with_item(LANES, 24, 2**64),),
            "lane 24 is no number of 64 bits: 0x10000000000000000",
        ),
        (
            "keccak_permute",
            (with_item(LANES, 3, -(2**70)),),
            f"lane 3 is no number of 64 bits: {-(2**70):#x}",
        ),
        ("grumpkin_is_on_curve", (FR_MODULUS, 0), f"argument 0 is no field element: {FR_MODULUS:#x}"),
        ("grumpkin_is_on_curve", (0, -1), "argument 1 is no field element: -0x1"),
        ("grumpkin_multiply", (FR_MODULUS, 0, 0, 1), f"argument 0 is no field element: {FR_MODULUS:#x}"),
        ("grumpkin_multiply", (0, 0, 2, 1), "argument 2 is no flag: 0x2"),
        ("grumpkin_multiply", (0, 0, 0, -1), "argument 3 is no scalar: -0x1"),
        ("grumpkin_multiply", (0, 0, 0, 2**256), f"argument 3 is no scalar: {2**256:#x}"),
        ("grumpkin_add", with_item(POINTS, 0, -5), "argument 0 is no field element: -0x5"),
        ("grumpkin_add", with_item(POINTS, 1, 2**256), f"argument 1 is no field element: {2**256:#x}"),
        ("grumpkin_add", with_item(POINTS, 2, 2), "argument 2 is no flag: 0x2"),
        ("grumpkin_add", with_item(POINTS, 3, 2**300), f"argument 3 is no field element: {2**300:#x}"),
        (
            "grumpkin_add",
            with_item(POINTS, 4, FR_MODULUS),
            f"argument 4 is no field element: {FR_MODULUS:#x}",
        ),
        ("grumpkin_add", with_item(POINTS, 5, -1), "argument 5 is no flag: -0x1"),
        ("grumpkin_add", with_item(POINTS, 5, 2**64 + 1), f"argument 5 is no flag: {2**64 + 1:#x}"),
        ("to_radix_be", (-1, 2, 4), "argument 0 is no field element: -0x1"),
        ("to_radix_be", (1, 1, 4), "a radix is 2 to 256, got 1"),
        ("to_radix_be", (1, 257, 4), "a radix is 2 to 256, got 257"),
        ("to_radix_be", (1, -(2**64), 4), f"a radix is 2 to 256, got {-(2**64)}"),
        ("to_radix_be", (1, 2, -3), "a number of digits is not negative, got -3"),
        ("to_radix_be", (1, 2, -(2**80)), f"a number of digits is not negative, got {-(2**80)}"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_both_refuse_with_the_same_words(name: str, function: str, arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        getattr(gadgets(name), function)(*arguments)


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("value", [-1, FR_MODULUS, 2**256])
@pytest.mark.parametrize("name", NAMES)
def test_the_integer_permutation_refuses_with_the_same_words(name: str, value: int, index: int) -> None:
    with pytest.raises(ValueError, match=f"^argument {index} is no field element: {value:#x}$"):
        backend(name).permute_ints(*with_item([1, 2, 3, 4], index, value))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("sha256_compress", (5, WORDS16)),
        ("sha256_compress", (WORDS8, with_item(WORDS16, 1, "1"))),
        ("sha256_compress", (WORDS8,)),
        ("keccak_permute", (None,)),
        ("keccak_permute", (with_item(LANES, 0, 1.0),)),
        ("grumpkin_is_on_curve", (1,)),
        ("grumpkin_multiply", (1, 2, 0)),
        ("grumpkin_multiply", (1, 2, 0, 1.0)),
        ("grumpkin_is_on_curve", (1.0, 2)),
        ("grumpkin_add", with_item(POINTS, 3, 1.0)),
        ("grumpkin_add", with_item(POINTS, 2, None)),
        ("grumpkin_add", POINTS[:5]),
        ("to_radix_be", ("1", 2, 3)),
        ("to_radix_be", (1, 2.0, 3)),
        ("to_radix_be", (1, 2, 3.0)),
        ("to_radix_be", (1, 2)),
    ],
)
def test_both_refuse_other_types(name: str, function: str, arguments: tuple) -> None:
    with pytest.raises(TypeError):
        getattr(gadgets(name), function)(*arguments)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("arguments", [(1, 2, 3), (1, 2, 3, 4.0), (1, 2, 3, None)])
def test_the_integer_permutation_refuses_other_types(name: str, arguments: tuple) -> None:
    with pytest.raises(TypeError):
        backend(name).permute_ints(*arguments)


def test_the_environment_forces_the_twins() -> None:
    program = "from aztecd.crypto._backend import GADGETS, KERNEL; print(KERNEL, GADGETS.__name__)"
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "AZTECD_PURE_PYTHON": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert result.stdout.split() == ["python", "aztecd.crypto._gadgets_python"]


@pytest.mark.parametrize("name", NAMES)
def test_tuples_are_sequences_too(name: str) -> None:
    module = gadgets(name)
    assert module.keccak_permute(tuple(LANES)) == module.keccak_permute(LANES)
    assert module.sha256_compress(SHA256_START, tuple(WORDS16)) == module.sha256_compress(
        list(SHA256_START), WORDS16
    )
