"""Checks of integer arguments; the C kernel (`_native/python_ints.h`) words its refusals alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.crypto.field import FR_MODULUS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["element", "flag", "integer", "words"]


def integer(value: int) -> int:
    """Give the value back. Raises TypeError when it is none of type int."""
    if not isinstance(value, int):
        raise TypeError(f"'{type(value).__name__}' object is no integer")
    return value


def element(value: int, index: int) -> int:
    """Give argument `index` back. Raises ValueError unless it is a field element."""
    if not 0 <= integer(value) < FR_MODULUS:
        raise ValueError(f"argument {index} is no field element: {value:#x}")
    return value


def flag(value: int, index: int) -> bool:
    """Read argument `index`. Raises ValueError unless it is 0 or 1."""
    if integer(value) not in {0, 1}:
        raise ValueError(f"argument {index} is no flag: {value:#x}")
    return bool(value)


def words(values: Iterable[int], count: int, bits: int, noun: str) -> list[int]:
    """Make a list of the values. Raises ValueError unless they are `count` numbers of `bits` bits."""
    found = list(values)
    if len(found) != count:
        raise ValueError(f"expected {count} {noun}s, got {len(found)}")
    for index, value in enumerate(found):
        if integer(value) >> bits:
            raise ValueError(f"{noun} {index} is no number of {bits} bits: {value:#x}")
    return found
