"""Memory tags: the types of cells.

Authority: @aztec/simulator src/public/avm/avm_memory_types.ts (4.1.2).
"""

from __future__ import annotations

from typing import Final

from aztecd.crypto.field import FR_MODULUS

__all__ = [
    "FF",
    "MASKS",
    "MAX_TAG",
    "TAG_NAMES",
    "U1",
    "U8",
    "U16",
    "U32",
    "U64",
    "U128",
    "WIDTHS",
    "wrap",
]

FF: Final = 0
U1: Final = 1
U8: Final = 2
U16: Final = 3
U32: Final = 4
U64: Final = 5
U128: Final = 6

MAX_TAG: Final = U128
"""Greater numbers are no tags."""

TAG_NAMES: Final = ("FIELD", "U1", "U8", "U16", "U32", "U64", "U128")
"""As error messages call them."""

WIDTHS: Final = (0, 1, 8, 16, 32, 64, 128)
"""Bits of each integral tag; 0 for FF, which has no width."""

MASKS: Final = (0, *((1 << width) - 1 for width in WIDTHS[1:]))
"""The greatest value of each integral tag."""


def wrap(value: int, tag: int) -> int:
    """Reduce a number to the range of a tag: modulo the field for FF, modulo 2^bits for integers."""
    return value & MASKS[tag] if tag else value % FR_MODULUS
