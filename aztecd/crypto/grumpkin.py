"""The curve Grumpkin, y^2 = x^3 - 17 over Fr: public keys, contract addresses, the AVM's point addition.

Points are affine here and Jacobian inside a multiplication. Nothing here is constant in time: a node
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
    "multiply_affine",
    "negate",
]


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
    """Add the point to itself `scalar` times; the scalar counts modulo the group order Fq.

    The caller has checked that the point lies on the curve.
    """
    x, y, is_infinite = GADGETS.grumpkin_multiply(point.x, point.y, point.is_infinite, scalar % FQ_MODULUS)
    return Point(x, y, is_infinite=bool(is_infinite))


def multiply_affine(x: int, y: int, is_infinite: int, scalar: int) -> tuple[int, int, int]:
    """Multiply a point in the form of `add_affine`; the scalar has at most 256 bits. Raises as that does."""
    return GADGETS.grumpkin_multiply(x, y, is_infinite, scalar)
