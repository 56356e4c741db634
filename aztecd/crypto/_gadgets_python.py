"""The gadgets of the public machine in plain Python: twins of the C kernel's and their oracle in the tests.

All work on integers and refuse the same input with the same words as the kernel. Tables are generated on
first use, by the rules that define them.

Authority: FIPS 180-4 (SHA-256), FIPS 202 (Keccak-f), and for ECADD and TORADIXBE: @aztec/simulator
src/public/avm/opcodes/ec_add.ts, conversion.ts (4.1.2).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from aztecd.crypto._int_checks import element, flag, integer, words
from aztecd.crypto.field import FR_MODULUS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "grumpkin_add",
    "grumpkin_is_on_curve",
    "grumpkin_multiply",
    "keccak_permute",
    "sha256_compress",
    "to_radix_be",
]

_MASK32 = (1 << 32) - 1
_MASK64 = (1 << 64) - 1
_SHA256_ROUNDS = 64
_KECCAK_ROUNDS = 24
_WINDOW = 4
_Jacobian = tuple[int, int, int]
"""(X, Y, Z) stands for (X / Z^2, Y / Z^3); Z = 0 is infinity."""

_DIGITS = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))


def sha256_compress(state: Sequence[int], block: Sequence[int]) -> list[int]:
    """Compress a block of 16 words into a state of 8; give the new state."""
    start = words(state, 8, 32, "state word")
    schedule = words(block, 16, 32, "block word")
    for i in range(16, _SHA256_ROUNDS):
        old, new = schedule[i - 15], schedule[i - 2]
        old = _rotate32(old, 7) ^ _rotate32(old, 18) ^ old >> 3
        new = _rotate32(new, 17) ^ _rotate32(new, 19) ^ new >> 10
        schedule.append(schedule[i - 16] + old + schedule[i - 7] + new & _MASK32)
    a, b, c, d, e, f, g, h = start
    for constant, word in zip(_sha256_constants(), schedule, strict=True):
        total = (
            h + (_rotate32(e, 6) ^ _rotate32(e, 11) ^ _rotate32(e, 25)) + (e & f ^ ~e & g) + constant + word
        )
        majority = a & b ^ a & c ^ b & c
        h, g, f, e = g, f, e, d + total & _MASK32
        top = (_rotate32(a, 2) ^ _rotate32(a, 13) ^ _rotate32(a, 22)) + majority
        d, c, b, a = c, b, a, total + top & _MASK32
    return [x + y & _MASK32 for x, y in zip(start, (a, b, c, d, e, f, g, h), strict=True)]


def keccak_permute(lanes: Sequence[int]) -> list[int]:
    """Apply Keccak-f[1600]; lane (x, y) is number x + 5 y."""
    a = words(lanes, 25, 64, "lane")
    moves, constants = _keccak_tables()
    for constant in constants:
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[x - 1] ^ _rotate64(c[(x + 1) % 5], 1) for x in range(5)]
        b = [_rotate64(a[source] ^ d[source % 5], by) for source, by in moves]
        a = [
            b[row + x] ^ ~b[row + (x + 1) % 5] & b[row + (x + 2) % 5]
            for row in range(0, 25, 5)
            for x in range(5)
        ]
        a[0] ^= constant
    return a


def grumpkin_is_on_curve(x: int, y: int) -> bool:
    """Tell whether the coordinates satisfy y^2 = x^3 - 17."""
    element(x, 0)
    element(y, 1)
    return (y * y - x * x * x + 17) % FR_MODULUS == 0


def grumpkin_add(px: int, py: int, p_inf: int, qx: int, qy: int, q_inf: int) -> tuple[int, int, int]:
    """Add two affine points of the curve; infinity comes out as (0, 0, 1)."""
    p = FR_MODULUS
    element(px, 0)
    element(py, 1)
    p_is_infinite = flag(p_inf, 2)
    element(qx, 3)
    element(qy, 4)
    q_is_infinite = flag(q_inf, 5)
    if p_is_infinite:
        return (0, 0, 1) if q_is_infinite else (qx, qy, 0)
    if q_is_infinite:
        return px, py, 0
    if px != qx:
        slope = (qy - py) * pow(qx - px, -1, p) % p
    elif py == qy != 0:
        slope = 3 * px * px * pow(2 * py, -1, p) % p
    else:
        return 0, 0, 1
    x = (slope * slope - px - qx) % p
    return x, (slope * (px - x) - py) % p, 0


def grumpkin_multiply(x: int, y: int, inf: int, scalar: int) -> tuple[int, int, int]:
    """Add a point of the curve to itself; the scalar has at most 256 bits and need not be reduced."""
    element(x, 0)
    element(y, 1)
    is_infinite = flag(inf, 2)
    if integer(scalar) >> 256:
        raise ValueError(f"argument 3 is no scalar: {scalar:#x}")
    if is_infinite:
        return 0, 0, 1
    # Windows of four bits, the highest first.
    base = (x, y, 1)
    multiples: list[_Jacobian] = [(1, 1, 0), base, _jacobian_double(base)]
    while len(multiples) < 1 << _WINDOW:
        multiples.append(_jacobian_add(multiples[-1], base))
    result = multiples[0]
    for shift in range(max(0, scalar.bit_length() - 1) // _WINDOW * _WINDOW, -1, -_WINDOW):
        for _ in range(_WINDOW):
            result = _jacobian_double(result)
        result = _jacobian_add(result, multiples[scalar >> shift & (1 << _WINDOW) - 1])
    if not result[2]:
        return 0, 0, 1
    p = FR_MODULUS
    inverse = pow(result[2], -1, p)
    square = inverse * inverse % p
    return result[0] * square % p, result[1] * square % p * inverse % p, 0


def _jacobian_double(point: _Jacobian) -> _Jacobian:
    p = FR_MODULUS
    x, y, z = point
    yy = y * y % p
    s = 4 * x * yy % p
    m = 3 * x * x % p
    x3 = (m * m - 2 * s) % p
    return x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p


def _jacobian_add(left: _Jacobian, right: _Jacobian) -> _Jacobian:
    p = FR_MODULUS
    x1, y1, z1 = left
    x2, y2, z2 = right
    if not z1:
        return right
    if not z2:
        return left
    zz1 = z1 * z1 % p
    zz2 = z2 * z2 % p
    u1 = x1 * zz2 % p
    s1 = y1 * zz2 % p * z2 % p
    h = (x2 * zz1 - u1) % p
    r = (y2 * zz1 % p * z1 - s1) % p
    if not h:
        return (1, 1, 0) if r else _jacobian_double(left)
    hh = h * h % p
    hhh = h * hh % p
    v = u1 * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - s1 * hhh) % p, z1 * z2 % p * h % p


def to_radix_be(value: int, radix: int, count: int) -> list[int] | None:
    """Write an element with `count` digits, the most significant first; None when it needs more."""
    element(value, 0)
    if not 2 <= integer(radix) <= 256:
        raise ValueError(f"a radix is 2 to 256, got {radix}")
    if integer(count) < 0:
        raise ValueError(f"a number of digits is not negative, got {count}")
    match radix:
        case 256:
            digits = value.to_bytes((value.bit_length() + 7) // 8, "big")
        case 2 | 16:
            text = f"{value:b}" if radix == 2 else f"{value:x}"
            digits = text.encode().translate(_DIGITS).lstrip(b"\0")
        case _:
            reverse = bytearray()
            while value:
                value, digit = divmod(value, radix)
                reverse.append(digit)
            digits = bytes(reversed(reverse))
    return None if len(digits) > count else [0] * (count - len(digits)) + list(digits)


def _rotate32(x: int, by: int) -> int:
    return (x >> by | x << 32 - by) & _MASK32


def _rotate64(x: int, by: int) -> int:
    """Rotate to the left, which SHA-256 does to the right."""
    return (x << by | x >> 64 - by) & _MASK64


@lru_cache(maxsize=1)
def _sha256_constants() -> tuple[int, ...]:
    """Give the first 32 bits of the fractions of the cube roots of the first 64 primes."""
    primes: list[int] = []
    candidate = 2
    while len(primes) < _SHA256_ROUNDS:
        if all(candidate % prime for prime in primes):
            primes.append(candidate)
        candidate += 1
    return tuple(_cube_root(prime << 96) & _MASK32 for prime in primes)


def _cube_root(square: int) -> int:
    """Round the cube root down."""
    root = 0
    for bit in range(square.bit_length() // 3, -1, -1):
        if (root | 1 << bit) ** 3 <= square:
            root |= 1 << bit
    return root


@lru_cache(maxsize=1)
def _keccak_tables() -> tuple[list[tuple[int, int]], list[int]]:
    """Give for each lane where it comes from and by how much it rotates, and the constants of the rounds."""
    moves = [(0, 0)] * 25
    x, y = 1, 0
    for t in range(24):
        source, offset = x + 5 * y, (t + 1) * (t + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
        moves[x + 5 * y] = (source, offset)
    constants = []
    register = 1
    for _ in range(_KECCAK_ROUNDS):
        constant = 0
        for j in range(7):
            constant |= (register & 1) << (1 << j) - 1
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return moves, constants
