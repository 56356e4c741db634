"""Small unconstrained functions that the Noir compiler adds to most programs, thousands of calls each.

They are recognised by their opcodes, not by their names.
"""

from __future__ import annotations

from typing import Final

from aztecd.crypto.field import FR_MODULUS
from aztecd.pxe.acvm.opcodes import (
    Address,
    BinaryField,
    BrilligFunction,
    BrilligOpcode,
    CalldataCopy,
    Const,
    HeapVector,
    IntegerOp,
    JumpIf,
    Mov,
    Stop,
)

__all__ = ["directive_of", "inverse"]


def inverse(value: int) -> tuple[int]:
    """Give 1 / value, and 0 for 0, as the output list."""
    return (pow(value, -1, FR_MODULUS) if value else 0,)


def directive_of(function: BrilligFunction) -> str | None:
    """Name the Python function, `inverse` or `divmod`, that does what the opcodes do; None for all others."""
    return _DIRECTIVES.get(_key(function.opcodes))


def _cell(offset: int) -> Address:
    return Address(False, offset)


_INVERSE: Final[tuple[BrilligOpcode, ...]] = (
    Const(_cell(21), 1),
    Const(_cell(20), 0),
    CalldataCopy(_cell(0), _cell(21), _cell(20)),
    Const(_cell(2), 0),
    BinaryField(_cell(3), IntegerOp.EQUALS, _cell(0), _cell(2)),
    JumpIf(_cell(3), 8),
    Const(_cell(1), 1),
    BinaryField(_cell(0), IntegerOp.DIV, _cell(1), _cell(0)),
    Stop(HeapVector(_cell(20), _cell(21))),
)
_QUOTIENT: Final[tuple[BrilligOpcode, ...]] = (
    Const(_cell(10), 2),
    Const(_cell(11), 0),
    CalldataCopy(_cell(0), _cell(10), _cell(11)),
    BinaryField(_cell(2), IntegerOp.INTEGER_DIV, _cell(0), _cell(1)),
    BinaryField(_cell(1), IntegerOp.MUL, _cell(2), _cell(1)),
    BinaryField(_cell(1), IntegerOp.SUB, _cell(0), _cell(1)),
    Mov(_cell(0), _cell(2)),
    Stop(HeapVector(_cell(11), _cell(10))),
)


def _key(opcodes: tuple[BrilligOpcode, ...]) -> tuple[tuple[str, BrilligOpcode], ...]:
    """Add the kinds: named tuples of two kinds are equal when their contents are."""
    return tuple((type(opcode).__name__, opcode) for opcode in opcodes)


_DIRECTIVES: Final = {_key(_INVERSE): "inverse", _key(_QUOTIENT): "divmod"}
