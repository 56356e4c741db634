"""The curve Grumpkin, y^2 = x^3 - 17 over Fr: public keys, contract addresses, the AVM's point addition.

Points are affine at the border and Jacobian inside a multiplication. Nothing here is constant in time: a node
handles public values only.

Authority: @aztec/foundation src/crypto/grumpkin/index.ts, src/curves/grumpkin/point.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aztecd.crypto._backend import GADGETS
from aztecd.crypto.field import FQ_MODULUS, FR_MODULUS

__all__ = [
    "GENERATOR",
    "INFINITY",
    "Point",
    "add",
    "add_affine",
    "is_on_curve",
    "is_on_curve_ints",
    "multiply",
    "negate",
]

_WINDOW = 4

_Jacobian = tuple[int, int, int]
"""(X, Y, Z) stands for (X / Z^2, Y / Z^3); Z = 0 is infinity."""

_JACOBIAN_INFINITY: Final[_Jacobian] = (1, 1, 0)


@dataclass(frozen=True, slots=True)
class Point:
    """An affine point; infinity has the coordinates (0, 0), which no curve point has.

    Making one checks nothing: `is_on_curve` does.
    """

    x: int
    y: int
    is_infinite: bool = False


INFINITY: Final = Point(0, 0, is_infinite=True)
GENERATOR: Final = Point(1, 0x0000000000000002CF135E7506A45D632D270D45F1181294833FC48D823F272C)


def is_on_curve(point: Point) -> bool:
    """Tell whether the point is infinity or satisfies the equation with canonical coordinates."""
    if point.is_infinite:
        return True
    x, y = point.x, point.y
    return 0 <= x < FR_MODULUS and 0 <= y < FR_MODULUS and is_on_curve_ints(x, y)


def is_on_curve_ints(x: int, y: int) -> bool:
    """Tell whether two field elements satisfy the equation. Raises ValueError when one is none."""
    return GADGETS.grumpkin_is_on_curve(x, y)


def negate(point: Point) -> Point:
    """Mirror the point at the x axis."""
    return point if point.is_infinite else Point(point.x, -point.y % FR_MODULUS)


def add(left: Point, right: Point) -> Point:
    """Add two points of the curve."""
    x, y, is_infinite = add_affine(left.x, left.y, left.is_infinite, right.x, right.y, right.is_infinite)
    return Point(x, y, is_infinite=bool(is_infinite))


def add_affine(px: int, py: int, p_inf: int, qx: int, qy: int, q_inf: int) -> tuple[int, int, int]:
    """Add two points given by field elements and flags (0 or 1), as the public machine's ECADD does.

    A point that is flagged infinite is neutral whatever its coordinates; infinity comes out as (0, 0, 1). The
    caller has checked that the others lie on the curve: the result has no meaning otherwise.
    Raises ValueError when a coordinate is no field element or a flag not 0 or 1.
    Rule: @aztec/simulator src/public/avm/opcodes/ec_add.ts (4.1.2).
    """
    return GADGETS.grumpkin_add(px, py, p_inf, qx, qy, q_inf)


def multiply(point: Point, scalar: int) -> Point:
    """Add the point to itself `scalar` times; the scalar counts modulo the group order Fq."""
    scalar %= FQ_MODULUS
    if point.is_infinite or scalar == 0:
        return INFINITY
    # Fixed windows of four bits: 63 * 4 doublings and at most 64 additions.
    base = (point.x, point.y, 1)
    multiples = [_JACOBIAN_INFINITY, base, _double(base)]
    while len(multiples) < 1 << _WINDOW:
        multiples.append(_add(multiples[-1], base))
    result = _JACOBIAN_INFINITY
    for shift in range((scalar.bit_length() - 1) // _WINDOW * _WINDOW, -1, -_WINDOW):
        for _ in range(_WINDOW):
            result = _double(result)
        digit = scalar >> shift & (1 << _WINDOW) - 1
        if digit:
            result = _add(result, multiples[digit])
    return _to_affine(result)


def _double(point: _Jacobian) -> _Jacobian:
    p = FR_MODULUS
    x, y, z = point
    if not z or not y:
        return _JACOBIAN_INFINITY
    yy = y * y % p
    s = 4 * x * yy % p
    m = 3 * x * x % p
    x3 = (m * m - 2 * s) % p
    return x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p


def _add(left: _Jacobian, right: _Jacobian) -> _Jacobian:
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
        return _JACOBIAN_INFINITY if r else _double(left)
    hh = h * h % p
    hhh = h * hh % p
    v = u1 * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - s1 * hhh) % p, z1 * z2 % p * h % p


def _to_affine(point: _Jacobian) -> Point:
    x, y, z = point
    if not z:
        return INFINITY
    inverse = pow(z, -1, FR_MODULUS)
    square = inverse * inverse % FR_MODULUS
    return Point(x * square % FR_MODULUS, y * square % FR_MODULUS * inverse % FR_MODULUS)
