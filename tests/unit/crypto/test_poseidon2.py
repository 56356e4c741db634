"""Poseidon2 against the recorded facts, once with the kernel and once with its twin."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from aztecd.crypto import _poseidon2_python, poseidon2
from aztecd.crypto.field import FR_MODULUS, fr
from tests.support.poseidon2_backends import NAMES, backend
from tests.support.vectors import cases

if TYPE_CHECKING:
    from types import ModuleType

FILE = "poseidon2.json"
BLOB_IV = 24576 << 64


@pytest.fixture(params=NAMES)
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Run the public functions on one implementation."""
    module = backend(request.param)
    monkeypatch.setattr(poseidon2, "_backend", module)
    return module


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def packed(texts: list[str]) -> bytes:
    return b"".join(map(raw, texts))


def test_parameters() -> None:
    [case] = cases(FILE, "parameters")
    recorded = [int(value, 16) for row in case["round_constants"] for value in row]
    assert list(_poseidon2_python.round_constants()) == recorded
    assert list(_poseidon2_python.DIAGONAL) == [int(value, 16) for value in case["internal_diagonal_minus_1"]]
    columns = [_poseidon2_python._external(*(int(i == j) for j in range(4))) for i in range(4)]
    assert [list(row) for row in zip(*columns, strict=True)] == case["external_matrix"]


def test_permutation(implementation: ModuleType) -> None:
    for case in cases(FILE, "permutation"):
        assert poseidon2.permute(packed(case["input"])) == packed(case["output"])


def test_hash(implementation: ModuleType) -> None:
    for case in cases(FILE, "hash"):
        elements = list(map(raw, case["input"]))
        assert poseidon2.hash_fields(iter(elements)) == raw(case["output"])
        assert poseidon2.hash_packed(b"".join(elements)) == raw(case["output"])
        if len(elements) == 2:
            assert poseidon2.hash_pair(*elements) == raw(case["output"])


def test_hash_of_many_rows(implementation: ModuleType) -> None:
    for width in (1, 2, 3, 4, 22):
        rows = [case for case in cases(FILE, "hash") if len(case["input"]) == width] * 9
        assert rows
        data = b"".join(packed(case["input"]) for case in rows)
        expected = packed([case["output"] for case in rows])
        assert poseidon2.hash_rows(data, width) == expected
        assert poseidon2.hash_rows(memoryview(data), width) == expected
        if width == 2:
            assert poseidon2.hash_pairs(data) == expected
            assert poseidon2.hash_pairs(bytearray(data[:64])) == expected[:32]
    assert poseidon2.hash_pairs(b"") == b""
    assert poseidon2.hash_rows(b"", 5) == b""


def test_hash_with_separator(implementation: ModuleType) -> None:
    for case in cases(FILE, "hash_with_separator"):
        assert poseidon2.hash_with_separator(case["separator"], map(raw, case["input"])) == raw(
            case["output"]
        )


def test_hash_bytes(implementation: ModuleType) -> None:
    for case in cases(FILE, "hash_bytes"):
        assert poseidon2.hash_bytes(raw(case["input"])) == raw(case["output"])


@pytest.mark.parametrize("step", [1, 2, 3, 5, 100])
def test_blob_sponge(implementation: ModuleType, step: int) -> None:
    for case in cases(FILE, "sponge_blob"):
        sponge = poseidon2.Sponge(BLOB_IV)
        for start in range(0, len(case["input"]), step):
            sponge.absorb(packed(case["input"][start : start + step]))
        assert sponge.squeeze() == raw(case["output"])
        assert sponge.squeeze() == raw(case["output"])


def test_clone_of_a_sponge_is_independent(implementation: ModuleType) -> None:
    shorter, longer = (c for c in cases(FILE, "sponge_blob") if len(c["input"]) in {4, 7})
    assert longer["input"][:4] == shorter["input"]
    sponge = poseidon2.Sponge(BLOB_IV)
    sponge.absorb(packed(shorter["input"]))
    clone = sponge.clone()
    clone.absorb(packed(longer["input"][4:]))
    assert clone.squeeze() == raw(longer["output"])
    assert sponge.squeeze() == raw(shorter["output"])


ONE = bytes(fr(1))
HIGH = FR_MODULUS.to_bytes(32, "big")
TOP = b"\xff" * 32


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("permute", (bytes(127),), "a Poseidon2 state has 128 bytes, got 127"),
        ("permute", (bytes(160),), "a Poseidon2 state has 128 bytes, got 160"),
        ("permute", (ONE * 3 + HIGH,), f"element 3 is not below the field modulus: 0x{HIGH.hex()}"),
        ("hash_packed", (bytes(33),), "33 bytes are no whole number of elements of 32 bytes"),
        ("hash_packed", (ONE * 7 + TOP,), f"element 7 is not below the field modulus: 0x{TOP.hex()}"),
        (
            "hash_packed",
            (ONE * 30 + HIGH + TOP,),
            f"element 30 is not below the field modulus: 0x{HIGH.hex()}",
        ),
        ("hash_fields", ([ONE, ONE[1:]],), "element 1 has 31 bytes, not 32"),
        ("hash_fields", ([ONE] * 40 + [ONE + b"\0"],), "element 40 has 33 bytes, not 32"),
        ("hash_fields", ([ONE, HIGH],), f"element 1 is not below the field modulus: 0x{HIGH.hex()}"),
        ("hash_pair", (ONE, b""), "element 1 has 0 bytes, not 32"),
        ("hash_pair", (b"\0" + ONE, ONE), "element 0 has 33 bytes, not 32"),
        ("hash_pair", (HIGH, ONE), f"element 0 is not below the field modulus: 0x{HIGH.hex()}"),
        ("hash_pairs", (bytes(96),), "96 bytes are no whole number of rows of 2 elements"),
        ("hash_pairs", (ONE * 39 + HIGH,), f"element 39 is not below the field modulus: 0x{HIGH.hex()}"),
        ("hash_rows", (bytes(96), 2), "96 bytes are no whole number of rows of 2 elements"),
        ("hash_rows", (bytes(96), 0), "a row has at least one element, got 0"),
        ("hash_rows", (bytes(96), -1), "a row has at least one element, got -1"),
        ("hash_rows", (bytes(96), 2**60), f"96 bytes are no whole number of rows of {2**60} elements"),
        ("absorb", (bytes(96), bytes(96)), "a Poseidon2 state has 128 bytes, got 96"),
        ("absorb", (HIGH * 4, bytes(96)), f"element 0 is not below the field modulus: 0x{HIGH.hex()}"),
        ("absorb", (bytes(128), bytes(95)), "95 bytes are no whole number of blocks of 96 bytes"),
        (
            "absorb",
            (bytes(128), ONE * 29 + HIGH),
            f"element 29 is not below the field modulus: 0x{HIGH.hex()}",
        ),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_both_refuse_with_the_same_words(name: str, function: str, arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        getattr(backend(name), function)(*arguments)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("permute", ("a",)),
        ("hash_packed", (5,)),
        ("hash_packed", (None,)),
        ("hash_fields", ([1, 2],)),
        ("hash_fields", (7,)),
        ("hash_pair", (ONE,)),
        ("hash_pair", (ONE, 3)),
        ("hash_rows", (ONE, "2")),
        ("absorb", (bytes(128), 5)),
        ("absorb", (bytes(128),)),
    ],
)
def test_both_refuse_other_types(name: str, function: str, arguments: tuple) -> None:
    with pytest.raises(TypeError):
        getattr(backend(name), function)(*arguments)


def test_sponge_refuses_bad_input_and_stays_as_it_was(implementation: ModuleType) -> None:
    sponge = poseidon2.Sponge(BLOB_IV)
    sponge.absorb(ONE * 2)
    before = sponge.squeeze()
    for bad in (ONE[1:], HIGH, ONE + HIGH, ONE * 40 + TOP, TOP + ONE * 40):
        with pytest.raises(ValueError, match=r"whole number|modulus"):
            sponge.absorb(bad)
        assert sponge.squeeze() == before
    for bad_iv in (-1, FR_MODULUS):
        with pytest.raises(ValueError, match="no field element"):
            poseidon2.Sponge(bad_iv)


def test_the_environment_forces_the_twin() -> None:
    program = "from aztecd.crypto import poseidon2; print(poseidon2.KERNEL, poseidon2.hash_packed(b'').hex())"
    [case] = [case for case in cases(FILE, "hash") if not case["input"]]
    environment = {**os.environ, "AZTECD_PURE_PYTHON": "1"}
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert result.stdout.split() == ["python", case["output"][2:]]


def test_the_kernel_is_used_when_it_is_there() -> None:
    backend("c")
    environment = {key: value for key, value in os.environ.items() if key != "AZTECD_PURE_PYTHON"}
    result = subprocess.run(
        [sys.executable, "-c", "from aztecd.crypto import poseidon2; print(poseidon2.KERNEL)"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert result.stdout.strip() == "c"


def test_the_kernel_lets_other_threads_run() -> None:
    """A waiting thread must get its turn while one long call is under way."""
    kernel = backend("c")
    gate = threading.Lock()
    ready = threading.Event()
    ran: list[bool] = []

    def wait_and_run() -> None:
        ready.set()
        with gate:
            ran.append(True)

    old = sys.getswitchinterval()
    thread = threading.Thread(target=wait_and_run)
    with gate:
        thread.start()
        ready.wait()
        # From here on nobody loses the GIL by force: the thread runs only when somebody lets go of it.
        sys.setswitchinterval(100)
    try:
        kernel.hash_pairs(bytes(64 * 20_000))
        during = list(ran)
    finally:
        sys.setswitchinterval(old)
        thread.join()
    assert during == [True]
