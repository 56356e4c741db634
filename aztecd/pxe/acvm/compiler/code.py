"""Compiled programs, and their form on disk.

What is kept are code objects, which only the same version of Python can read, and tables of numbers.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Final

from aztecd.crypto.field import FR_MODULUS
from aztecd.pxe.acvm import black_box, brillig, memory, opcodes
from aztecd.pxe.acvm.compiler.brillig import brillig_source
from aztecd.pxe.acvm.compiler.circuit import BLACK_BOX_NAMES, circuit_sources
from aztecd.pxe.acvm.compiler.directives import inverse
from aztecd.pxe.acvm.program import Program

__all__ = ["Block", "CompiledBrillig", "CompiledProgram", "Leave", "compile_program"]

Block = Callable[[list[int], brillig.Frame], Any]
"""Runs a part of an unconstrained function; gives the next part, or None."""

CIRCUIT_FILE: Final = "<acir>"
BRILLIG_FILE: Final = "<brillig>"

_GROWTH_AHEAD: Final = 1 << 10
_MAX_BRILLIG_OPCODES: Final = 1 << 16
_MAX_CIRCUIT_SOURCE: Final = 16 << 20
"""Six and three times what the largest known program has; compiling takes half a gigabyte at these limits."""
_PASSES: Final = range(64)
"""A loop returns to the driver now and then, which looks whether to go on."""


class Leave(Exception):  # noqa: N818 -- no error: a signal from compiled code to its driver
    """The plain interpreter has to go on."""


@dataclass(slots=True)
class CompiledBrillig:
    """An unconstrained function. Mutable: the code is read when it is first run, and the size is learnt."""

    packed: bytes
    lines: tuple[int, ...] = ()
    blocks: dict[int, Block] = field(default_factory=dict)
    cells: int = 1 << 7
    """The size of memory to begin with: what the last run ended with."""

    def load(self) -> None:
        """Make the functions, once; two threads that come at the same time both do, and get the same."""
        packed = self.packed  # read first: who has made the blocks forgets it after that
        if not self.blocks:
            lines, module = marshal.loads(packed)  # noqa: S302 -- made by us; the cache checks a digest
            names = _brillig_names()
            exec(module, names)  # noqa: S102 -- made of numbers
            self.lines, self.blocks = lines, names["T"]
            self.packed = b""


@dataclass(slots=True)
class CompiledProgram:
    """A program ready to run."""

    witness_count: int
    parameter_count: int
    return_values: tuple[int, ...]
    chunks: list[Callable[..., None]]
    functions: list[CompiledBrillig]

    @classmethod
    def unpack(cls, packed: bytes) -> CompiledProgram:
        """Read what `compile_program` gave. The bytes are trusted: they are code."""
        witness_count, parameter_count, return_values, modules, functions = marshal.loads(packed)  # noqa: S302
        return cls(
            witness_count,
            parameter_count,
            return_values,
            [_chunk(module) for module in modules],
            [CompiledBrillig(function) for function in functions],
        )


def compile_program(program: Program) -> bytes | None:
    """Give the packed form of everything, None for a program that is too large. Raises BytecodeError."""
    circuit = program.circuit
    if sum(len(function.opcodes) for function in program.functions) > _MAX_BRILLIG_OPCODES:
        return None
    sources = []
    size = 0
    for source in circuit_sources(circuit, program.functions):
        size += len(source)
        if size > _MAX_CIRCUIT_SOURCE:
            return None
        sources.append(source)
    modules = [compile(source, CIRCUIT_FILE, "exec", dont_inherit=True, optimize=0) for source in sources]
    functions = []
    for function in program.functions:
        written = brillig_source(function.opcodes)
        module = compile(written.text, BRILLIG_FILE, "exec", dont_inherit=True, optimize=0)
        functions.append(marshal.dumps((written.lines, module)))
    return marshal.dumps(
        (circuit.witness_count, len(circuit.parameters), circuit.return_values, modules, functions)
    )


def reserve(cells: list[int], size: int) -> None:
    """Make room before a program uses it; beyond the limit nothing is done, and using it fails."""
    if size + _GROWTH_AHEAD <= memory.MAX_CELLS:
        memory.grow(cells, size + _GROWTH_AHEAD)


def stop(cells: list[int], frame: brillig.Frame, pointer: int, size: int) -> None:
    """End with a range of cells."""
    frame.result = memory.read_range(cells, pointer, size)


def divided(left: int, right: int) -> int:
    """Divide field elements."""
    if not right:
        raise Leave
    return left * pow(right, -1, FR_MODULUS) % FR_MODULUS


def solved(factor: int, rest: int) -> int:
    """Solve factor * x + rest = 0; a factor of 0 is for the plain interpreter."""
    if not factor:
        raise Leave
    return -rest * pow(factor, -1, FR_MODULUS) % FR_MODULUS


def _brillig_names() -> dict[str, Any]:
    names: dict[str, Any] = {name: getattr(opcodes, name) for name in opcodes.__all__}
    return names | {
        "Leave": Leave,
        "PASSES": _PASSES,
        "ask_oracle": brillig.ask_oracle,
        "copy_calldata": brillig.copy_calldata,
        "divided": divided,
        "reserve": reserve,
        "run_black_box": brillig.run_black_box,
        "stop": stop,
    }


def _chunk(module: CodeType) -> Callable[..., None]:
    names: dict[str, Any] = {
        "Leave": Leave,
        "bitwise_and": black_box.bitwise_and,
        "bitwise_xor": black_box.bitwise_xor,
        "inverse": inverse,
        "solved": solved,
        **{name: getattr(black_box, name) for name in BLACK_BOX_NAMES.values()},
    }
    exec(module, names)  # noqa: S102 -- made of numbers
    chunk: Callable[..., None] = names["chunk"]
    return chunk
