"""Executable contract classes: bytecode, its decoded instructions, its compiled blocks. All made on demand.

A program belongs to a class and outlives transactions; `ProgramCache` keeps the recently used ones.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

from aztecd.avm.bytecode import Instruction, decode
from aztecd.avm.compiler import CompiledBlocks
from aztecd.avm.instructions import EXECUTE, Execute

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NO_PROGRAM", "Program", "ProgramCache"]

_DEFAULT_CAPACITY: Final = 400_000
"""About 100 MB: a decoded instruction takes 250 bytes."""
_WEIGHT_OF_PROGRAM: Final = 400


class Program:
    """The code of one contract class. Grows while it runs."""

    __slots__ = ("blocks", "bytecode", "class_id", "instructions")

    def __init__(self, bytecode: bytes, class_id: int = 0) -> None:
        """Take packed public bytecode; nothing is decoded yet."""
        self.bytecode = bytecode
        self.class_id = class_id
        self.instructions: dict[int, tuple[Execute, Instruction]] = {}
        """The instructions by byte offset, as far as execution has come, each with what executes it."""
        self.blocks = CompiledBlocks()

    def entry(self, pc: int) -> tuple[Execute, Instruction]:
        """Give the instruction at an offset and what executes it. Raises ExceptionalHalt if there is none."""
        found = self.instructions.get(pc)
        if found is None:
            instruction = decode(self.bytecode, pc)
            found = self.instructions[pc] = (EXECUTE[instruction.opcode], instruction)
        return found

    @property
    def weight(self) -> int:
        """How much memory the program takes, in decoded instructions."""
        return _WEIGHT_OF_PROGRAM + len(self.instructions) + self.blocks.weight


NO_PROGRAM: Final = Program(b"")
"""What a call to a missing contract has instead of code; it is never run."""


class ProgramCache:
    """The programs of recently used classes. For many threads.

    Bounded by what was decoded and compiled of them: a program that is dropped is only slower next time.
    """

    __slots__ = ("_capacity", "_lock", "_programs", "_total", "_weights")

    def __init__(self, capacity: int = _DEFAULT_CAPACITY) -> None:
        """Keep programs of a weight (see `Program.weight`) of about `capacity` together."""
        self._capacity = capacity
        self._lock = Lock()
        self._programs: OrderedDict[int, Program] = OrderedDict()
        self._weights: dict[int, int] = {}
        self._total = 0

    def get(self, class_id: int, bytecode: Callable[[], bytes]) -> Program:
        """Give the program of a class; its bytecode is only asked for when it is not there."""
        with self._lock:
            found = self._programs.get(class_id)
            if found is not None:
                self._programs.move_to_end(class_id)
                self._weigh(class_id, found)
                return found
        program = Program(bytecode(), class_id)
        with self._lock:
            found = self._programs.setdefault(class_id, program)
            self._weigh(class_id, found)
        return found

    def _weigh(self, class_id: int, program: Program) -> None:
        """Take note of how a program has grown, and drop the least recently used ones if that is too much."""
        weight = program.weight
        self._total += weight - self._weights.get(class_id, 0)
        self._weights[class_id] = weight
        while self._total > self._capacity and len(self._programs) > 1:
            dropped, _ = self._programs.popitem(last=False)
            self._total -= self._weights.pop(dropped)
