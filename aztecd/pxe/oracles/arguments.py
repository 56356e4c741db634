"""The arguments of a foreign call, read one after the other into the types of the protocol.

Every argument arrives as a list, a single value as a list of one. What is left over is ignored, as the
reference does: contracts pass arguments that only other versions read.

Authority: @aztec/pxe src/contract_function_simulator/oracle/oracle.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aztecd.crypto.field import Fr, fr
from aztecd.crypto.grumpkin import Point
from aztecd.protocol.basic import AztecAddress, BlockHash, FunctionSelector
from aztecd.pxe.oracles.errors import OracleError

__all__ = ["Arguments"]

_COUNTER_BITS: Final = 32
_SELECTOR_BITS: Final = 32


class Arguments:
    """A cursor over the arguments of one call. All raise OracleError when the next one does not fit."""

    __slots__ = ("_name", "_position", "_values")

    def __init__(self, name: str, values: Sequence[Sequence[int]]) -> None:
        self._name = name
        self._values = values
        self._position = 0

    @property
    def count(self) -> int:
        """How many arguments were read so far."""
        return self._position

    def integers(self) -> Sequence[int]:
        """Read a list, of any length, of numbers below the field's modulus."""
        if self._position >= len(self._values):
            raise OracleError(f"{self._name} was called with only {len(self._values)} arguments")
        self._position += 1
        return self._values[self._position - 1]

    def integer(self) -> int:
        """Read one number."""
        values = self.integers()
        if len(values) != 1:
            raise OracleError(
                f"argument {self._position} of {self._name} has {len(values)} values, expected 1"
            )
        return values[0]

    def number(self, bits: int = _COUNTER_BITS) -> int:
        """Read a number of so many bits: a counter, a size, an index."""
        value = self.integer()
        if value >> bits:
            raise OracleError(
                f"argument {self._position} of {self._name} does not fit {bits} bits: 0x{value:x}"
            )
        return value

    def numbers(self, bits: int = _COUNTER_BITS) -> tuple[int, ...]:
        """Read a list of numbers of so many bits."""
        values = self.integers()
        for value in values:
            if value >> bits:
                raise OracleError(
                    f"argument {self._position} of {self._name} does not fit {bits} bits: 0x{value:x}"
                )
        return tuple(values)

    def flag(self) -> bool:
        """Read 0 or 1."""
        return bool(self.number(1))

    def field(self) -> Fr:
        """Read a field element."""
        return fr(self.integer())

    def fields(self) -> tuple[Fr, ...]:
        """Read a list of field elements."""
        return tuple(map(fr, self.integers()))

    def address(self) -> AztecAddress:
        """Read an address."""
        return AztecAddress(self.field())

    def optional_address(self) -> AztecAddress | None:
        """Read two arguments: whether there is an address, and which."""
        is_some, address = self.flag(), self.address()
        return address if is_some else None

    def block_hash(self) -> BlockHash:
        """Read a block's hash."""
        return BlockHash(self.field())

    def selector(self) -> FunctionSelector:
        """Read a function's selector."""
        return FunctionSelector(self.number(_SELECTOR_BITS).to_bytes(4, "big"))

    def octets(self) -> bytes:
        """Read a list of bytes."""
        return bytes(self.numbers(8))

    def bounded_octets(self) -> tuple[bytes, int]:
        """Read two arguments, a list of bytes and how many count; give these and the length of the list."""
        storage, length = self.octets(), self.number()
        if length > len(storage):
            raise OracleError(f"{self._name}: {length} bytes in a vector of at most {len(storage)}")
        return storage[:length], len(storage)

    def text(self) -> str:
        """Read a list of characters: units of UTF-16, as in the strings of the reference."""
        units = b"".join(unit.to_bytes(2, "little") for unit in self.numbers(16))
        return units.decode("utf-16-le", "replace")

    def point(self) -> Point:
        """Read three arguments: the coordinates, and whether it is infinity."""
        return Point(self.integer(), self.integer(), is_infinite=self.flag())
