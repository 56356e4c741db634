"""The memory of unconstrained code: a list of integers that grows, whose cells are 0 until they are written.

Tags are not kept: compiled Noir never relies on a tag error.
"""

from __future__ import annotations

from typing import Final

from aztecd.pxe.acvm.errors import ExecutionLimitError

__all__ = ["MAX_CELLS", "grow", "read", "read_range", "write", "write_range"]

MAX_CELLS: Final = 1 << 24
"""Cells of one call, 128 MiB of pointers; the largest call that we know uses a twentieth of that."""
_FIRST_GROWTH: Final = 1 << 12


def grow(memory: list[int], size: int) -> None:
    """Make sure that there are at least `size` cells. Raises ExecutionLimitError."""
    if size > MAX_CELLS:
        raise ExecutionLimitError(f"unconstrained code uses memory cell {size - 1:#x}, beyond {MAX_CELLS:#x}")
    if size > len(memory):
        wanted = min(MAX_CELLS, max(size, 2 * len(memory), _FIRST_GROWTH))
        memory.extend([0] * (wanted - len(memory)))


def read(memory: list[int], address: int) -> int:
    """Read a cell. Raises ExecutionLimitError."""
    grow(memory, address + 1)
    return memory[address]


def write(memory: list[int], address: int, value: int) -> None:
    """Write a cell. Raises ExecutionLimitError."""
    grow(memory, address + 1)
    memory[address] = value


def read_range(memory: list[int], start: int, size: int) -> list[int]:
    """Read `size` cells. Raises ExecutionLimitError."""
    if not size:
        return []
    grow(memory, start + size)
    return memory[start : start + size]


def write_range(memory: list[int], start: int, values: list[int]) -> None:
    """Write cells one after the other. Raises ExecutionLimitError."""
    if values:
        grow(memory, start + len(values))
        memory[start : start + len(values)] = values
