"""Digits of field elements, as the public machine's TORADIXBE writes them.

Authority: @aztec/simulator src/public/avm/opcodes/conversion.ts (4.1.2).
"""

from __future__ import annotations

from aztecd.crypto._backend import GADGETS

__all__ = ["to_radix_be"]


def to_radix_be(value: int, radix: int, count: int) -> list[int] | None:
    """Write an element with exactly `count` digits, the most significant first; None when it needs more.

    Raises ValueError unless the value is a field element, the radix 2 to 256 and the count not negative.
    """
    return GADGETS.to_radix_be(value, radix, count)
