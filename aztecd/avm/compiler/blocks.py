"""Which paths of a program are hot, and their compiled form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from aztecd.avm.compiler.emit import source_of
from aztecd.avm.compiler.trace import record

if TYPE_CHECKING:
    from aztecd.avm.frame import Frame

__all__ = ["Block", "CompilationBudget", "CompiledBlocks"]

Block = Callable[["Frame", list[int], list[int], int], int]
"""Runs a path: frame, values and tags of the dense memory, and their number.

Gives the pc to go on at; or, as `~pc`, the pc of an instruction that the plain machine has to execute.
"""

_HOT_AFTER: Final = 24
"""Passes before a path is compiled: it must pay for about a millisecond of compiling."""
_MAX_BLOCKS: Final = 4096
_MAX_COMPILATIONS: Final = 128
_WEIGHT_OF_BLOCK: Final = 60
_NEVER: Final = -(1 << 60)


class CompilationBudget:
    """How many paths may still be compiled. Mutable; one for a transaction, which must not pay for more."""

    __slots__ = ("left",)

    def __init__(self, left: int = _MAX_COMPILATIONS) -> None:
        self.left = left


class CompiledBlocks:
    """The compiled paths of one program, by the pc that they start at."""

    __slots__ = ("_heat", "compiled")

    def __init__(self) -> None:
        self.compiled: dict[int, Block] = {}
        self._heat: dict[int, int] = {}

    @property
    def weight(self) -> int:
        """How much memory is used, in decoded instructions."""
        return _WEIGHT_OF_BLOCK * len(self.compiled) + len(self._heat) // 2

    def is_hot(self, pc: int) -> bool:
        """Count one more pass over a place; tell whether it is worth compiling."""
        heat = self._heat.get(pc, 0) + 1
        self._heat[pc] = heat
        return heat > _HOT_AFTER

    def compile(self, frame: Frame) -> None:
        """Execute the path at `frame.pc` once more, plainly, and compile it.

        Raises what the instructions raise.
        """
        start_pc = frame.pc
        # A pass that ends in an error says nothing: the place gets another chance.
        self._heat[start_pc] = 0
        trace = record(frame, self.compiled)
        if not trace.steps or len(self.compiled) >= _MAX_BLOCKS:
            self._heat[start_pc] = _NEVER
            return
        namespace: dict[str, object] = {"leave": _leave}
        exec(compile(source_of(trace), f"<avm {start_pc}>", "exec"), namespace)  # noqa: S102 -- made of numbers
        block = namespace["block"]
        assert callable(block)
        self.compiled[start_pc] = block


def _leave(frame: Frame, l2_gas: int, steps: int, result: int) -> int:
    """Store what compiled code keeps to itself, and give its result."""
    frame.l2_gas = l2_gas
    frame.instructions += steps
    return result
