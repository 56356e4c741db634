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

_DEFAULT_CAPACITY: Final = 256


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


NO_PROGRAM: Final = Program(b"")
"""What a call to a missing contract has instead of code; it is never run."""


class ProgramCache:
    """The programs of recently used classes. For many threads."""

    __slots__ = ("_capacity", "_lock", "_programs")

    def __init__(self, capacity: int = _DEFAULT_CAPACITY) -> None:
        """Keep so many programs."""
        self._capacity = capacity
        self._lock = Lock()
        self._programs: OrderedDict[int, Program] = OrderedDict()

    def get(self, class_id: int, bytecode: Callable[[], bytes]) -> Program:
        """Give the program of a class; its bytecode is only asked for when it is not there."""
        with self._lock:
            found = self._programs.get(class_id)
            if found is not None:
                self._programs.move_to_end(class_id)
                return found
        program = Program(bytecode(), class_id)
        with self._lock:
            found = self._programs.setdefault(class_id, program)
            if len(self._programs) > self._capacity:
                self._programs.popitem(last=False)
        return found
