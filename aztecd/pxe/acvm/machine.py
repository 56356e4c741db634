"""The machine: executes programs, keeps their compiled forms."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

from aztecd.crypto.field import FR_MODULUS
from aztecd.pxe.acvm import acir, brillig
from aztecd.pxe.acvm.code_cache import CodeCache
from aztecd.pxe.acvm.compiler.code import CompiledProgram, compile_program
from aztecd.pxe.acvm.compiler.running import run_compiled, run_compiled_brillig
from aztecd.pxe.acvm.errors import BrilligFaultError, ExecutionError
from aztecd.pxe.acvm.foreign import ForeignCall
from aztecd.pxe.acvm.meter import Meter
from aztecd.pxe.acvm.program import Program

__all__ = ["Acvm", "WitnessMap"]

_KEPT_PROGRAMS: Final = 64
_WORK_OF_CALL: Final = 1 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessMap:
    """The values of all witnesses, None where a program gives none."""

    values: list[int | None]
    return_witnesses: tuple[int, ...]

    @property
    def return_values(self) -> list[int]:
        """What a utility function returns; empty for a private one, whose values lie among its witnesses.

        Raises ExecutionError when one has no value.
        """
        return self._known(self.return_witnesses)

    def range(self, start: int, count: int) -> list[int]:
        """Give the values of `count` witnesses. Raises ExecutionError when one has no value."""
        return self._known(range(start, start + count))

    def _known(self, witnesses: Sequence[int]) -> list[int]:
        found = []
        for witness in witnesses:
            value = self.values[witness] if witness < len(self.values) else None
            if value is None:
                raise ExecutionError(f"the program gives no value to witness {witness}")
            found.append(value)
        return found


class Acvm:
    """Executes private and utility functions.

    Many threads may use one machine. A foreign call may execute another program on it.
    """

    def __init__(
        self,
        code_cache: CodeCache | None = None,
        *,
        uses_fast_form: bool = True,
        is_interrupted: Callable[[], bool] | None = None,
    ) -> None:
        """Make a machine.

        `code_cache` keeps compiled programs over restarts. `is_interrupted` is asked in unconstrained code,
        the only one that may run without end, every few thousand steps or so much work.
        """
        self._code_cache = code_cache
        self._uses_fast_form = uses_fast_form
        self._is_interrupted = is_interrupted
        self._kept: OrderedDict[bytes, tuple[Program, CompiledProgram | None]] = OrderedDict()
        self._lock = Lock()

    def execute(
        self, bytecode: bytes, initial_witness: Sequence[int], foreign_call: ForeignCall
    ) -> WitnessMap:
        """Execute a program on its parameters.

        The parameters are field elements, in the order of the witnesses. The foreign call gets every
        argument as a list, and answers one number or list for each destination; an AztecdError that it
        raises comes back as the cause of a ForeignCallFailedError, any other exception as it is.
        Raises: BytecodeError, ExecutionError.
        """
        program, compiled = self._program(bytecode)
        circuit = program.circuit if compiled is None else None
        if circuit is not None:
            count, parameters, returned = (
                circuit.witness_count,
                len(circuit.parameters),
                circuit.return_values,
            )
        else:
            assert compiled is not None
            count, parameters, returned = (
                compiled.witness_count,
                compiled.parameter_count,
                compiled.return_values,
            )
        if len(initial_witness) != parameters:
            raise ExecutionError(f"the program has {parameters} parameters, got {len(initial_witness)}")
        for index, value in enumerate(initial_witness):
            if not 0 <= value < FR_MODULUS:
                raise ExecutionError(f"parameter {index} is no field element: {value:#x}")

        meter = Meter(self._is_interrupted)

        def run_brillig(number: int, calldata: list[int], outputs: int) -> list[int]:
            try:
                meter.spend(_WORK_OF_CALL + len(calldata))
                if compiled is None:
                    opcodes = program.functions[number].opcodes
                    result = brillig.run(brillig.Frame(opcodes, calldata, foreign_call, meter))
                else:
                    function = compiled.functions[number]
                    frame = brillig.Frame((), calldata, foreign_call, meter, function.cells)
                    result = run_compiled_brillig(program, number, function, frame)
                if len(result) != outputs:
                    raise BrilligFaultError(
                        f"unconstrained function {number} gives {len(result)} values, not {outputs}"
                    )
            except ExecutionError as error:
                error.brillig_function = number
                raise
            return result

        state = acir.CircuitState(count, initial_witness, run_brillig)
        if compiled is None:
            acir.solve(program.circuit, state)
        else:
            run_compiled(program, compiled, state)
        return WitnessMap(values=state.witnesses, return_witnesses=returned)

    def prepare(self, bytecode: bytes) -> None:
        """Compile a program beforehand. Raises BytecodeError."""
        self._program(bytecode)

    def _program(self, bytecode: bytes) -> tuple[Program, CompiledProgram | None]:
        program = Program.from_bytecode(bytecode)
        key = program.digest
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        # Two threads may compile the same program: they come to the same code.
        found = (program, self._compiled(program) if self._uses_fast_form else None)
        with self._lock:
            self._kept[key] = found
            if len(self._kept) > _KEPT_PROGRAMS:
                self._kept.popitem(last=False)
        return found

    def _compiled(self, program: Program) -> CompiledProgram | None:
        packed = self._code_cache.get(program.digest) if self._code_cache is not None else None
        if packed is None:
            packed = compile_program(program)
            if packed is None:
                return None
            if self._code_cache is not None:
                self._code_cache.put(program.digest, packed)
        return CompiledProgram.unpack(packed)
