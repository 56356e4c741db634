"""A recorded path through a program: straight line, jumps followed, as one pass took it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aztecd.avm.addressing import resolve
from aztecd.avm.bytecode import STRAIGHT_FAMILIES

if TYPE_CHECKING:
    from collections.abc import Container

    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import Frame

__all__ = ["COMPILABLE", "Step", "Trace", "record"]

COMPILABLE: Final = STRAIGHT_FAMILIES | {"JUMP", "JUMPI", "INTERNALCALL", "INTERNALRETURN"}
"""Families of instructions that compiled code executes itself."""

_MAX_STEPS: Final = 96


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of the pass: the tags of its operands before it, and where it went."""

    instruction: Instruction
    tags: tuple[int, ...]
    next_pc: int


@dataclass(frozen=True, slots=True)
class Trace:
    """A path; `is_loop`: its end leads to its start."""

    start_pc: int
    steps: tuple[Step, ...]
    is_loop: bool


def record(frame: Frame, heads: Container[int]) -> Trace:
    """Execute plainly from `frame.pc` on, and write down the path.

    It ends before an instruction that is not compilable, at its own start, at the start of another compiled
    path (`heads`), or when it comes to a place twice. Raises what the instructions raise.
    """
    start_pc = frame.pc
    entry = frame.program.entry
    memory = frame.memory
    steps: list[Step] = []
    seen: set[int] = set()
    while len(steps) < _MAX_STEPS:
        execute, instruction = entry(frame.pc)
        if instruction.spec.family not in COMPILABLE:
            break
        tags = tuple(memory.tag(address) for address in resolve(frame, instruction))
        execute(frame, instruction)
        frame.instructions += 1
        steps.append(Step(instruction, tags, frame.pc))
        seen.add(instruction.pc)
        if frame.pc in seen or frame.pc in heads:
            break
    return Trace(start_pc, tuple(steps), is_loop=bool(steps) and frame.pc == start_pc)
