"""Field elements as they are stored and sent: 32 big-endian bytes, canonical.

Trees, hashes, storage and protocol objects handle elements in this form; integers appear only where
there is arithmetic. All elements of the protocol are below the BN254 scalar modulus, so the byte order
is also the numeric order.

Authority: @aztec/foundation src/curves/bn254/field.ts (4.1.2).
"""

from __future__ import annotations

from typing import NewType

from aztecd.errors import InvalidInputError

__all__ = [
    "FQ_MODULUS",
    "FR_MODULUS",
    "FR_SIZE",
    "FR_ZERO",
    "FieldError",
    "Fr",
    "fr",
    "fr_from_bytes",
    "fr_from_hex",
    "fr_hex",
    "fr_int",
]

FR_MODULUS = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001
FQ_MODULUS = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47
FR_SIZE = 32

Fr = NewType("Fr", bytes)
"""A canonical element of the BN254 scalar field: exactly 32 big-endian bytes, below `FR_MODULUS`."""

FR_ZERO = Fr(bytes(FR_SIZE))

_MODULUS_BYTES = FR_MODULUS.to_bytes(FR_SIZE, "big")


class FieldError(InvalidInputError):
    """A value is no field element."""

    code = "field"


def fr(value: int) -> Fr:
    """Make an element of a number. Raises FieldError unless 0 <= value < FR_MODULUS."""
    if not 0 <= value < FR_MODULUS:
        raise FieldError(f"Value 0x{value:x} is greater or equal to field modulus.")
    return Fr(value.to_bytes(FR_SIZE, "big"))


def fr_int(element: bytes) -> int:
    """The number that an element stands for."""
    return int.from_bytes(element, "big")


def fr_from_bytes(data: bytes) -> Fr:
    """Check 32 bytes from outside. Raises FieldError on another length or a value that is not canonical."""
    if len(data) != FR_SIZE:
        raise FieldError(f"a field element has {FR_SIZE} bytes, got {len(data)}")
    if data >= _MODULUS_BYTES:
        raise FieldError(f"Value 0x{data.hex()} is greater or equal to field modulus.")
    return Fr(bytes(data))


def fr_from_hex(text: str) -> Fr:
    """Read hexadecimal digits of any length, with or without `0x`. Raises FieldError."""
    try:
        return fr(int(text, 16))
    except ValueError as error:
        raise FieldError(f"Tried to create a Fr from an invalid string: {text[:80]}") from error


def fr_hex(element: bytes) -> str:
    """`0x` and 64 lower-case digits."""
    return "0x" + element.hex()
