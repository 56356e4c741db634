"""Poseidon2 over BN254 in plain Python: the twin of the C kernel and its oracle in the tests.

Both offer the same functions over packed big-endian elements and refuse the same input with the same words.
The round constants are generated on first use, by the generator that defines them.

Authority: the instance behind @aztec/foundation src/crypto/poseidon/index.ts (4.1.2): width 4, x^5,
4 + 56 + 4 rounds, constants of the Poseidon family's Grain LFSR.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from aztecd.crypto._int_checks import element
from aztecd.crypto.field import FR_MODULUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "DIAGONAL",
    "absorb",
    "hash_fields",
    "hash_packed",
    "hash_pair",
    "hash_pairs",
    "hash_rows",
    "permute",
    "permute_ints",
    "round_constants",
]

DIAGONAL = (
    0x10DC6E9C006EA38B04B1E03B4BD9490C0D03F98929CA1D7FB56821FD19D3B6E7,
    0x0C28145B6A44DF3E0149B3D0A30B3BB599DF9756D4DD9B84A86B38CFB45A740B,
    0x00544B8338791518B2C7645A50392798B21F75BB60E3596170067D00141CAC15,
    0x222C01175718386F2E2E82EB122789E352E105A3B8FA852613BC534433EE428B,
)
"""The internal matrix is all ones plus this diagonal."""

_SIZE = 32
_BLOCK_SIZE = 3 * _SIZE
_STATE_SIZE = 4 * _SIZE
_HALF_FULL_ROUNDS = 4
_PARTIAL_ROUNDS = 56
_FIELD_BITS = 254

_State = tuple[int, int, int, int]


def permute(state: bytes) -> bytes:
    """Apply the permutation to four packed elements."""
    a, b, c, d = _unpack_state(state)
    return b"".join(x.to_bytes(_SIZE, "big") for x in _permute((a, b, c, d)))


def permute_ints(a: int, b: int, c: int, d: int) -> _State:
    """Apply the permutation to four elements that are integers."""
    return _permute((element(a, 0), element(b, 1), element(c, 2), element(d, 3)))


def hash_packed(packed: bytes) -> bytes:
    """Hash a list of elements that lie one after the other."""
    return _hash(_unpack(packed))


def hash_fields(elements: Iterable[bytes]) -> bytes:
    """Hash a list of elements of 32 bytes each."""
    values = tuple(elements)
    packed = b"".join(values)
    for index, value in enumerate(values):
        if len(value) != _SIZE:
            raise ValueError(f"element {index} has {len(value)} bytes, not {_SIZE}")
    return _hash(_unpack(packed))


def hash_pair(left: bytes, right: bytes) -> bytes:
    """Hash two elements, as a Merkle node does."""
    return hash_fields((left, right))


def hash_pairs(packed: bytes) -> bytes:
    """Hash each run of two elements."""
    return hash_rows(packed, 2)


def hash_rows(packed: bytes, width: int) -> bytes:
    """Hash each run of `width` elements, each as a list of its own."""
    if width < 1:
        raise ValueError(f"a row has at least one element, got {width}")
    size = memoryview(packed).nbytes
    if size % (width * _SIZE):
        raise ValueError(f"{size} bytes are no whole number of rows of {width} elements")
    values = _unpack(packed)
    return b"".join(_hash(values[start : start + width]) for start in range(0, len(values), width))


def absorb(state: bytes, blocks: bytes) -> bytes:
    """Add each run of three elements to the rate of the state and permute; give the new state."""
    if len(state) != _STATE_SIZE:
        raise ValueError(f"a Poseidon2 state has {_STATE_SIZE} bytes, got {len(state)}")
    size = memoryview(blocks).nbytes
    if size % _BLOCK_SIZE:
        raise ValueError(f"{size} bytes are no whole number of blocks of {_BLOCK_SIZE} bytes")
    a, b, c, d = _unpack(state)
    values = _unpack(blocks)
    for start in range(0, len(values), 3):
        x, y, z = values[start : start + 3]
        a, b, c, d = _permute((a + x, b + y, c + z, d))
    return b"".join(x.to_bytes(_SIZE, "big") for x in (a, b, c, d))


@lru_cache(maxsize=1)
def round_constants() -> tuple[int, ...]:
    """Generate the 88 constants in the order of use: four per full round, one per partial round."""
    bits = _grain_bits()
    constants: list[int] = []
    while len(constants) < 2 * _HALF_FULL_ROUNDS * 4 + _PARTIAL_ROUNDS:
        value = 0
        for _ in range(_FIELD_BITS):
            value = value << 1 | next(bits)
        if value < FR_MODULUS:
            constants.append(value)
    return tuple(constants)


def _grain_bits() -> Iterator[int]:
    """Run the self-shrinking Grain LFSR, seeded with the parameters of the instance."""
    seed = (
        f"{1:02b}{0:04b}{_FIELD_BITS:012b}{4:012b}{2 * _HALF_FULL_ROUNDS:010b}{_PARTIAL_ROUNDS:010b}"
        + "1" * 30
    )
    # Bit 79 - i of the register is s[i] of the specification; the oldest bit is the highest.
    register = int(seed, 2)
    mask = (1 << 80) - 1

    def step() -> int:
        nonlocal register
        r = register
        bit = (r >> 17 ^ r >> 28 ^ r >> 41 ^ r >> 56 ^ r >> 66 ^ r >> 79) & 1
        register = (r << 1 | bit) & mask
        return bit

    for _ in range(160):
        step()
    while True:
        keep, bit = step(), step()
        if keep:
            yield bit


@lru_cache(maxsize=1)
def _schedule() -> tuple[tuple[_State, ...], tuple[int, ...], tuple[_State, ...]]:
    """Split the constants into those of the first full, the partial and the last full rounds."""
    constants = round_constants()
    first = 4 * _HALF_FULL_ROUNDS
    last = first + _PARTIAL_ROUNDS

    def quads(start: int) -> tuple[_State, ...]:
        return tuple(
            (constants[i], constants[i + 1], constants[i + 2], constants[i + 3])
            for i in range(start, start + first, 4)
        )

    return quads(0), constants[first:last], quads(last)


def _permute(state: _State) -> _State:
    """Apply the permutation; the input may be somewhat above the modulus, the output is canonical."""
    p = FR_MODULUS
    head, middle, tail = _schedule()
    d0, d1, d2, d3 = DIAGONAL
    a, b, c, d = _external(*state)
    for quad in head:
        a, b, c, d = _full_round(a, b, c, d, quad)
    for constant in middle:
        a += constant
        square = a * a % p
        a = square * square % p * a % p
        total = a + b + c + d
        a = (d0 * a + total) % p
        b = (d1 * b + total) % p
        c = (d2 * c + total) % p
        d = (d3 * d + total) % p
    for quad in tail:
        a, b, c, d = _full_round(a, b, c, d, quad)
    return a % p, b % p, c % p, d % p


def _full_round(a: int, b: int, c: int, d: int, constants: _State) -> _State:
    p = FR_MODULUS
    a += constants[0]
    b += constants[1]
    c += constants[2]
    d += constants[3]
    a2 = a * a % p
    b2 = b * b % p
    c2 = c * c % p
    d2 = d * d % p
    return _external(a2 * a2 % p * a % p, b2 * b2 % p * b % p, c2 * c2 % p * c % p, d2 * d2 % p * d % p)


def _external(a: int, b: int, c: int, d: int) -> _State:
    """Multiply by [5,7,1,3] [4,6,1,1] [1,3,5,7] [1,1,4,6] with additions only, without reduction."""
    ab = a + b
    cd = c + d
    u = 2 * b + cd
    v = 2 * d + ab
    w = 4 * cd + v
    z = 4 * ab + u
    return v + z, z, u + w, w


def _hash(values: list[int]) -> bytes:
    """Run the sponge; its capacity starts with the length, so no padding is added."""
    a = b = c = 0
    d = len(values) << 64
    whole = len(values) - len(values) % 3
    for i in range(0, whole, 3):
        a, b, c, d = _permute((a + values[i], b + values[i + 1], c + values[i + 2], d))
    if whole < len(values) or not values:
        a += values[whole] if whole < len(values) else 0
        b += values[whole + 1] if whole + 1 < len(values) else 0
        a, b, c, d = _permute((a, b, c, d))
    return a.to_bytes(_SIZE, "big")


def _unpack_state(state: bytes) -> list[int]:
    size = memoryview(state).nbytes
    if size != _STATE_SIZE:
        raise ValueError(f"a Poseidon2 state has {_STATE_SIZE} bytes, got {size}")
    return _unpack(state)


def _unpack(packed: bytes) -> list[int]:
    view = memoryview(packed)
    if view.nbytes % _SIZE:
        raise ValueError(f"{view.nbytes} bytes are no whole number of elements of {_SIZE} bytes")
    values = [int.from_bytes(view[i : i + _SIZE], "big") for i in range(0, view.nbytes, _SIZE)]
    for index, value in enumerate(values):
        if value >= FR_MODULUS:
            raise ValueError(f"element {index} is not below the field modulus: 0x{value:064x}")
    return values
