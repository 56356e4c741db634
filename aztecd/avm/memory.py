"""The tagged memory of one call: 2^32 cells of (tag, value).

Low cells lie in two lists, which grow on demand: compiled code works on them directly. Cells beyond a bound
lie in small pages in a dictionary, so that a hostile contract pays for what it touches and not for where.

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
_PAGE: Final = 32
"""Cells of a page: few, because one that is touched costs gas and a page costs memory."""
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
        self._far: dict[int, tuple[list[int], list[int]]] = {}
        """Values and tags of the pages beyond the bound, as far as there are any."""

    def value(self, address: int) -> int:
        """Give the value of a cell."""
        if address < len(self.values):
            return self.values[address]
        page = self._far.get(address // _PAGE)
        return 0 if page is None else page[0][address % _PAGE]

    def tag(self, address: int) -> int:
        """Give the tag of a cell."""
        if address < len(self.tags):
            return self.tags[address]
        page = self._far.get(address // _PAGE)
        return FF if page is None else page[1][address % _PAGE]

    def write(self, address: int, tag: int, value: int) -> None:
        """Replace a cell."""
        if address >= len(self.values) and not self._grow(address):
            values, tags = self._page(address // _PAGE)
            values[address % _PAGE] = value
            tags[address % _PAGE] = tag
            return
        self.values[address] = value
        self.tags[address] = tag

    def read_range(self, address: int, count: int) -> list[int]:
        """Give the values of consecutive cells."""
        return self._range(self.values, 0, address, count)

    def tags_of_range(self, address: int, count: int) -> list[int]:
        """Give the tags of consecutive cells."""
        return self._range(self.tags, 1, address, count)

    def write_range(self, address: int, tag: int, values: list[int]) -> None:
        """Replace consecutive cells by values of one tag."""
        if not values:
            return
        end = address + len(values)
        if end <= len(self.values) or self._grow(end - 1):
            self.values[address:end] = values
            self.tags[address:end] = [tag] * len(values)
            return
        if address < self._bound:
            near = self._bound - address
            self.write_range(address, tag, values[:near])
            self.write_range(self._bound, tag, values[near:])
            return
        done = 0
        while done < len(values):
            page, start = divmod(address + done, _PAGE)
            count = min(_PAGE - start, len(values) - done)
            page_values, page_tags = self._page(page)
            page_values[start : start + count] = values[done : done + count]
            page_tags[start : start + count] = [tag] * count
            done += count

    def wrapped_range(self, address: int, count: int) -> list[int]:
        """Give the values of consecutive cells, from 0 on again behind the last cell."""
        before_end = min(count, MEMORY_SIZE - address)
        found = self.read_range(address, before_end)
        while len(found) < count:
            found += self.read_range(0, min(count - len(found), MEMORY_SIZE))
        return found

    def _range(self, dense: list[int], part: int, address: int, count: int) -> list[int]:
        end = address + count
        found = dense[address:end]
        if end <= len(dense):
            return found
        position = address + len(found)
        if position < self._bound:
            # Between what is there of the dense part and its bound nothing was ever written.
            gap = min(end, self._bound) - position
            found += [0] * gap
            position += gap
        while position < end:
            page, start = divmod(position, _PAGE)
            size = min(_PAGE - start, end - position)
            cells = self._far.get(page)
            found += [0] * size if cells is None else cells[part][start : start + size]
            position += size
        return found

    def _page(self, number: int) -> tuple[list[int], list[int]]:
        page = self._far.get(number)
        if page is None:
            page = self._far[number] = ([0] * _PAGE, [FF] * _PAGE)
        return page

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
        return True
