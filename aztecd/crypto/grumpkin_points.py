"""Points of Grumpkin from their x coordinates, which is how addresses and ephemeral keys travel.

About half of all field elements are the x of a point. Of the two points, the protocol means the one with the
low ("positive") y, y <= (p - 1) / 2.

Authority: @aztec/foundation src/curves/grumpkin/point.ts (`fromXAndSign`), @aztec/stdlib
src/aztec-address/index.ts (`toAddressPoint`) (4.1.2).
"""

from __future__ import annotations

from typing import Final

from aztecd.crypto.field import FR_MODULUS
from aztecd.crypto.grumpkin import Point

__all__ = ["has_low_y", "lift_x", "square_root"]

_TWO_ADICITY: Final = 28
_ODD_PART: Final = (FR_MODULUS - 1) >> _TWO_ADICITY
_ROOT_OF_UNITY: Final = pow(5, _ODD_PART, FR_MODULUS)
"""A primitive 2^28th root: 5 generates the multiplicative group."""


def square_root(value: int) -> int | None:
    """Give a square root modulo p, none if there is none (Tonelli and Shanks)."""
    p = FR_MODULUS
    value %= p
    if not value:
        return 0
    half = pow(value, (_ODD_PART - 1) // 2, p)
    root = value * half % p
    rest = root * half % p
    order, generator = _TWO_ADICITY, _ROOT_OF_UNITY
    while rest != 1:
        # The order of `rest` is 2^steps; a value without root shows at once: its rest has the full order.
        steps, power = 0, rest
        while power != 1:
            power = power * power % p
            steps += 1
            if steps == order:
                return None
        factor = generator
        for _ in range(order - steps - 1):
            factor = factor * factor % p
        generator = factor * factor % p
        root = root * factor % p
        rest = rest * generator % p
        order = steps
    return root


def lift_x(x: int) -> Point | None:
    """Give the point with this x and the low y; none when the curve has no such point."""
    y = square_root(x * x * x - 17)
    if y is None:
        return None
    return Point(x, min(y, -y % FR_MODULUS))


def has_low_y(point: Point) -> bool:
    """Tell whether the point is the one that `lift_x` gives."""
    return point.y <= (FR_MODULUS - 1) // 2
