"""The tagged memory of one call: 2^32 cells of (tag, value).

Low cells lie in two lists, which grow on demand: compiled code works on them directly. Cells beyond a bound
lie in a dictionary, so that a hostile contract pays for what it touches and not for where.

Authority: @aztec/simulator src/public/avm/avm_memory_types.ts (4.1.2).
"""

from __future__ import annotations

from typing import Final

from aztecd.avm.tags import FF

__all__ = ["FIRST_SIZE", "MEMORY_SIZE", "Memory"]

MEMORY_SIZE: Final = 1 << 32

FIRST_SIZE: Final = 1 << 10
"""Cells that are dense from the start."""
_LARGE_BOUND: Final = 1 << 17
_SMALL_BOUND: Final = 1 << 12
_LARGE_DEPTHS: Final = 16
"""Calls nested deeper get a small dense part: all of them are alive at once."""


class Memory:
    """The cells of a call; an unwritten cell is (FF, 0). Mutable.

    Addresses are trusted to be below 2^32, and ranges to end there: instructions check both, because each
    has words of its own for it. Values are trusted to fit their tags.
    """

    __slots__ = ("_bound", "_far", "tags", "values")

    def __init__(self, depth: int = 0) -> None:
        """Make an empty memory for a call at a nesting depth, 0 for an enqueued one."""
        self.values: list[int] = [0] * FIRST_SIZE
        self.tags: list[int] = [FF] * FIRST_SIZE
        self._bound = _LARGE_BOUND if depth < _LARGE_DEPTHS else _SMALL_BOUND
        self._far: dict[int, tuple[int, int]] = {}

    def value(self, address: int) -> int:
        """Give the value of a cell."""
        if address < len(self.values):
            return self.values[address]
        return self._far.get(address, (FF, 0))[1]

    def tag(self, address: int) -> int:
        """Give the tag of a cell."""
        if address < len(self.tags):
            return self.tags[address]
        return self._far.get(address, (FF, 0))[0]

    def write(self, address: int, tag: int, value: int) -> None:
        """Replace a cell."""
        if address >= len(self.values) and not self._grow(address):
            self._far[address] = (tag, value)
            return
        self.values[address] = value
        self.tags[address] = tag

    def read_range(self, address: int, count: int) -> list[int]:
        """Give the values of consecutive cells."""
        end = address + count
        if end <= len(self.values):
            return self.values[address:end]
        return [self.value(cell) for cell in range(address, end)]

    def tags_of_range(self, address: int, count: int) -> list[int]:
        """Give the tags of consecutive cells."""
        end = address + count
        if end <= len(self.tags):
            return self.tags[address:end]
        return [self.tag(cell) for cell in range(address, end)]

    def write_range(self, address: int, tag: int, values: list[int]) -> None:
        """Replace consecutive cells by values of one tag."""
        if not values:
            return
        end = address + len(values)
        if end <= len(self.values) or self._grow(end - 1):
            self.values[address:end] = values
            self.tags[address:end] = [tag] * len(values)
            return
        for cell, value in enumerate(values, address):
            self.write(cell, tag, value)

    def wrapped_range(self, address: int, count: int) -> list[int]:
        """Give the values of consecutive cells, from 0 on again behind the last cell."""
        return [self.value(cell % MEMORY_SIZE) for cell in range(address, address + count)]

    def _grow(self, address: int) -> bool:
        """Make the dense part hold an address, if it may."""
        if address >= self._bound:
            return False
        size = len(self.values)
        wanted = size
        while wanted <= address:
            wanted *= 2
        self.values.extend([0] * (wanted - size))
        self.tags.extend([FF] * (wanted - size))
        # Cells that were out of reach before never are now: the bound does not move.
        return True
