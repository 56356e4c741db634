"""The loop that runs a call and the calls nested in it.

Nested calls are kept on a list, not on Python's stack: gas is the only bound of their depth. Two forms of
the machine exist. The plain one executes instruction after instruction with the functions of
`aztecd.avm.instructions`. The fast one runs compiled blocks (`aztecd.avm.compiler`) where it has them and
leaves everything unusual to the plain one; both have equal results.

Authority: @aztec/simulator src/public/avm/avm_simulator.ts, opcodes/external_calls.ts (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aztecd.avm.compiler import CompilationBudget
from aztecd.avm.errors import (
    ContractUnavailableError,
    ExceptionalHalt,
    InterruptedExecutionError,
)
from aztecd.avm.frame import NO_DATA, DataRegion, Ending, Environment, Frame, Halt, NestedCall
from aztecd.avm.program import NO_PROGRAM
from aztecd.avm.records import CallRecord, CallRequest, CallResult, CollectionLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from aztecd.avm.tracer import Tracer

__all__ = ["Machine"]

_STEPS_BETWEEN_CHECKS: Final = 4096
_MAX_OUTPUT: Final = 1 << 16
_BLOCKS_BETWEEN_CHECKS: Final = 512


class Machine:
    """Runs enqueued calls of one transaction, one after the other."""

    __slots__ = ("_budget", "_collected", "_environment", "_is_over", "_limits", "_run", "_tracer")

    def __init__(
        self,
        *,
        environment: Environment,
        is_over: Callable[[], bool] | None = None,
        tracer: Tracer | None = None,
        limits: CollectionLimits | None = None,
        uses_fast_form: bool = True,
        collected: int = 0,
        budget: CompilationBudget | None = None,
    ) -> None:
        """Take the surroundings; `is_over` is asked now and then whether to give up.

        With `limits` calls are recorded, `collected` of the transaction are already. The budget of
        compilations, too, is the transaction's; without one the machine has its own. A tracer sees every
        instruction, so the machine then runs in its plain form.
        """
        self._environment = environment
        self._is_over = is_over
        self._tracer = tracer
        self._limits = limits
        self._collected = collected
        self._budget = budget or CompilationBudget()
        if tracer is not None:
            self._run = self._run_traced
        else:
            self._run = self._run_fast if uses_fast_form else self._run_plain

    @property
    def collected(self) -> int:
        """How many calls were recorded."""
        return self._collected

    def run(self, request: CallRequest) -> CallResult:
        """Run an enqueued call to its end, in a checkpoint of the world of its own.

        Raises: SimulationFailedError, InterruptedExecutionError; checkpoints may then be left open.
        """
        frame, record = self._enter(
            NestedCall(
                address=request.address,
                calldata=DataRegion(values=request.calldata),
                is_static=request.is_static,
                l2_gas=request.l2_gas,
                da_gas=request.da_gas,
            ),
            sender=request.sender,
        )
        callers: list[tuple[Frame, CallRecord | None]] = []
        while True:
            if frame.ending is None:
                try:
                    self._run(frame)
                except ExceptionalHalt as halt:
                    frame.ending = Ending(Halt.EXCEPTIONAL, message=str(halt))
            if frame.ending is None:
                callers.append((frame, record))
                frame, record = self._enter_nested(frame, record, len(callers))
                continue
            self._leave(frame, frame.ending, record)
            if not callers:
                return self._result(frame, frame.ending, record)
            ended = frame
            frame, record = callers.pop()
            _resume(frame, ended)

    # Entering and leaving calls.

    def _enter(
        self, call: NestedCall, *, sender: int, depth: int = 0, caller_pc: int = 0
    ) -> tuple[Frame, CallRecord | None]:
        """Begin a call: checkpoint, code, frame. A missing contract ends the call at once."""
        world = self._environment.world
        world.checkpoint()
        ending: Ending | None = None
        try:
            program = world.program(call.address)
        except ContractUnavailableError as error:
            program = NO_PROGRAM
            ending = Ending(Halt.EXCEPTIONAL, message=str(error))
        frame = Frame(
            environment=self._environment,
            program=program,
            address=call.address,
            sender=sender,
            calldata=call.calldata,
            is_static=call.is_static,
            l2_gas=call.l2_gas,
            da_gas=call.da_gas,
            depth=depth,
            caller_pc=caller_pc,
        )
        frame.ending = ending
        record = self._record(frame) if self._limits is not None else None
        if self._tracer is not None:
            self._tracer.call_started(frame)
        return frame, record

    def _enter_nested(
        self, caller: Frame, record: CallRecord | None, depth: int
    ) -> tuple[Frame, CallRecord | None]:
        call = caller.nested_call
        assert call is not None, "a call neither ended nor called another"
        caller.nested_call = None
        nested, nested_record = self._enter(call, sender=caller.address, depth=depth, caller_pc=caller.pc)
        if record is not None:
            record.nested_count += 1
            if nested_record is not None:
                record.nested.append(nested_record)
        return nested, nested_record

    def _leave(self, frame: Frame, ending: Ending, record: CallRecord | None) -> None:
        world = self._environment.world
        if ending.halt is Halt.RETURN:
            world.commit()
        else:
            world.rollback()
        if ending.halt is Halt.EXCEPTIONAL:
            frame.l2_gas = frame.da_gas = 0
        if record is not None and self._limits is not None:
            record.has_reverted = ending.halt is not Halt.RETURN
            record.halt = ending.halt
            record.message = ending.message
            record.output = ending.output.first(self._limits.output_fields)
            record.output_size = ending.output.size
            record.exit_stack = frame.exit_stack(self._limits.internal_calls)
            record.l2_gas_left, record.da_gas_left = frame.l2_gas, frame.da_gas
            record.instructions = frame.instructions
        if self._tracer is not None:
            self._tracer.call_ended(frame)

    def _record(self, frame: Frame) -> CallRecord | None:
        """Begin the record of a call, unless it is nested too deep or there are enough of them."""
        limits = self._limits
        assert limits is not None
        if frame.depth >= limits.depth or self._collected >= limits.calls:
            return None
        self._collected += 1
        return CallRecord(
            address=frame.address,
            sender=frame.sender,
            caller_pc=frame.caller_pc,
            is_static=frame.is_static,
            calldata=frame.calldata.first(limits.calldata_fields),
            calldata_size=frame.calldata.size,
            l2_gas_limit=frame.l2_gas_limit,
            da_gas_limit=frame.da_gas_limit,
        )

    def _result(self, frame: Frame, ending: Ending, record: CallRecord | None) -> CallResult:
        # A region may be declared as large as the memory: nobody is given all of that.
        most = _MAX_OUTPUT if self._limits is None else self._limits.output_fields
        return CallResult(
            halt=ending.halt,
            output=tuple(ending.output.first(most)),
            message=ending.message,
            l2_gas_left=frame.l2_gas,
            da_gas_left=frame.da_gas,
            instructions=frame.instructions,
            exit_stack=tuple(frame.exit_stack()),
            record=record,
        )

    # The three forms. Each returns when the frame has ended or calls another contract.

    def _run_plain(self, frame: Frame) -> None:
        entry = frame.program.entry
        instructions = frame.program.instructions
        while True:
            self._check_time()
            for _ in range(_STEPS_BETWEEN_CHECKS):
                execute, instruction = instructions.get(frame.pc) or entry(frame.pc)
                execute(frame, instruction)
                frame.instructions += 1
                if instruction.ends_run:
                    return

    def _run_traced(self, frame: Frame) -> None:
        tracer = self._tracer
        assert tracer is not None
        entry = frame.program.entry
        while True:
            self._check_time()
            for _ in range(_STEPS_BETWEEN_CHECKS):
                execute, instruction = entry(frame.pc)
                tracer.instruction(frame, instruction)
                execute(frame, instruction)
                frame.instructions += 1
                if instruction.ends_run:
                    return

    def _run_fast(self, frame: Frame) -> None:
        blocks, budget = frame.program.blocks, self._budget
        compiled = blocks.compiled
        entry = frame.program.entry
        instructions = frame.program.instructions
        values, tags = frame.memory.values, frame.memory.tags
        pc = frame.pc
        while True:
            self._check_time()
            for _ in range(_BLOCKS_BETWEEN_CHECKS):
                block = compiled.get(pc)
                if block is not None:
                    pc = block(frame, values, tags, len(values))
                    if pc >= 0:
                        continue
                    # The block stopped before an instruction that is not its business.
                    frame.pc = pc = ~pc
                    execute, instruction = instructions.get(pc) or entry(pc)
                    execute(frame, instruction)
                    frame.instructions += 1
                    if instruction.ends_run:
                        return
                    pc = frame.pc
                    continue
                frame.pc = pc
                if budget.left and blocks.is_hot(pc):
                    budget.left -= 1
                    blocks.compile(frame)
                    pc = frame.pc
                    continue
                # Interpret up to the next place where a block may begin.
                while True:
                    execute, instruction = instructions.get(pc) or entry(pc)
                    execute(frame, instruction)
                    frame.instructions += 1
                    pc = frame.pc
                    if instruction.ends_block:
                        break
                if instruction.ends_run:
                    return

    def _check_time(self) -> None:
        if self._is_over is not None and self._is_over():
            raise InterruptedExecutionError("the time for executing the transaction is up")


def _resume(caller: Frame, ended: Frame) -> None:
    """Hand a finished call's gas and output to its caller, and move the caller on."""
    ending = ended.ending
    assert ending is not None
    caller.l2_gas += ended.l2_gas
    caller.da_gas += ended.da_gas
    caller.last_success = int(ending.halt is Halt.RETURN)
    caller.last_output = ending.output if ending.halt is not Halt.EXCEPTIONAL else NO_DATA
    caller.instructions += ended.instructions
    _, instruction = caller.program.entry(caller.pc)
    caller.pc = instruction.next_pc
