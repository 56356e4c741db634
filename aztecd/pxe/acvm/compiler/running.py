"""Running compiled programs; what they leave, the plain interpreters go on with."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Final

from aztecd.pxe.acvm import acir, brillig
from aztecd.pxe.acvm.acir import CircuitState
from aztecd.pxe.acvm.brillig import POLL_INTERVAL, Frame
from aztecd.pxe.acvm.compiler.circuit import CHUNK, FIRST_LINE
from aztecd.pxe.acvm.compiler.code import (
    BRILLIG_FILE,
    CIRCUIT_FILE,
    Block,
    CompiledBrillig,
    CompiledProgram,
    Leave,
)
from aztecd.pxe.acvm.errors import ExecutionError

if TYPE_CHECKING:
    from aztecd.pxe.acvm.program import Program

__all__ = ["run_compiled", "run_compiled_brillig"]

_POLL_INTERVAL: Final = 256
"""Parts of compiled code, each with a loop of its own maybe, between two questions whether to go on."""
_PYTHON_ERRORS: Final = (IndexError, KeyError, ZeroDivisionError)


def run_compiled(program: Program, compiled: CompiledProgram, state: CircuitState) -> None:
    """Execute a circuit. Raises ExecutionError, with its place."""
    number = 0
    try:
        for chunk in compiled.chunks:
            chunk(state.witnesses, state.blocks, state.run_brillig)
            number += 1
    except (Leave, *_PYTHON_ERRORS) as error:
        line = _line(error, CIRCUIT_FILE)
        if line is None:
            raise
        start = number * CHUNK + line - FIRST_LINE
    except ExecutionError as error:
        line = _line_of(error.__traceback__, CIRCUIT_FILE)
        if line is None:
            raise
        error.opcode = number * CHUNK + line - FIRST_LINE
        raise acir.with_message(error, program.circuit, state) from error.__cause__
    else:
        return
    acir.solve(program.circuit, state, start)


def run_compiled_brillig(program: Program, number: int, function: CompiledBrillig, frame: Frame) -> list[int]:
    """Run an unconstrained function. Raises ExecutionError, with the pcs."""
    function.load()
    memory = frame.memory
    block: Block | None = function.blocks[0]
    while True:
        try:
            while block is not None:
                for _ in range(_POLL_INTERVAL):
                    block = block(memory, frame)
                    if block is None:
                        break
                else:
                    frame.check()
            assert frame.result is not None
        except (Leave, *_PYTHON_ERRORS) as error:
            line = _line(error, BRILLIG_FILE)
            if line is None:
                raise
            frame.pc = function.lines[line - 1]
        except ExecutionError as error:
            line = _line_of(error.__traceback__, BRILLIG_FILE)
            if line is not None:
                error.brillig_pcs = (*frame.calls, function.lines[line - 1])
            raise
        else:
            function.cells = len(memory)
            return frame.result
        block = _go_on_plainly(program, number, function, frame)
        if block is None:
            assert frame.result is not None
            return frame.result


def _go_on_plainly(program: Program, number: int, function: CompiledBrillig, frame: Frame) -> Block | None:
    """Execute at least one opcode, until there is compiled code again; None at the end."""
    frame.opcodes = program.functions[number].opcodes
    try:
        while True:
            # Code may hand over all the time, and so must be asked here, too.
            frame.check()
            for _ in range(POLL_INTERVAL):
                brillig.step(frame)
                if frame.result is not None:
                    return None
                block = function.blocks.get(frame.pc)
                if block is not None:
                    return block
    except ExecutionError as error:
        error.brillig_pcs = (*frame.calls, frame.pc)
        raise


def _line(error: Exception, file: str) -> int | None:
    """Give the line at which compiled code stopped; None for an error from deeper down, which is a bug."""
    trace = error.__traceback__
    if isinstance(error, Leave):
        return _line_of(trace, file)
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_lineno if trace is not None and trace.tb_frame.f_code.co_filename == file else None


def _line_of(trace: TracebackType | None, file: str) -> int | None:
    """Give the line of the outermost frame of compiled code."""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            return trace.tb_lineno
        trace = trace.tb_next
    return None
