"""One call in execution: its environment, memory, gas and how it ends.

Authority: @aztec/simulator src/public/avm/avm_machine_state.ts, avm_context.ts,
avm_execution_environment.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from aztecd.avm.errors import ExceptionalHalt
from aztecd.avm.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.avm.program import Program
    from aztecd.avm.world import Globals, World

__all__ = ["NO_DATA", "DataRegion", "Ending", "Environment", "Frame", "Halt", "NestedCall"]


class DataRegion:
    """Calldata or return data: fields, or cells of another call's memory that are read when needed."""

    __slots__ = ("memory", "offset", "size", "values")

    def __init__(
        self, *, values: Sequence[int] = (), memory: Memory | None = None, offset: int = 0, size: int = 0
    ) -> None:
        """Take plain values, or `size` cells of a memory from `offset` on, which may cross its end."""
        self.values = values
        self.memory = memory
        self.offset = offset
        self.size = size if memory is not None else len(values)

    def read(self, start: int, count: int) -> list[int]:
        """Give `count` elements; behind the end there are zeros. The cells must be inside the memory."""
        end = min(start + count, self.size)
        if start >= end:
            return [0] * count
        if self.memory is None:
            found = list(self.values[start:end])
        else:
            found = self.memory.read_range(self.offset + start, end - start)
        return found + [0] * (count - len(found))

    def first(self, count: int) -> list[int]:
        """Give at most the first `count` elements; behind the end of memory comes its start."""
        count = min(count, self.size)
        if self.memory is None:
            return list(self.values[:count])
        return self.memory.wrapped_range(self.offset, count)


NO_DATA: Final = DataRegion()


@unique
class Halt(Enum):
    """The three ways a call ends."""

    RETURN = "return"
    REVERT = "revert"
    EXCEPTIONAL = "exceptional"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended: the output of a RETURN or REVERT, the message of the other two failures."""

    halt: Halt
    output: DataRegion = NO_DATA
    message: str = ""


@dataclass(frozen=True, slots=True)
class NestedCall:
    """What a CALL or STATICCALL asks for; gas is already taken from the caller."""

    address: int
    calldata: DataRegion
    is_static: bool
    l2_gas: int
    da_gas: int


@dataclass(frozen=True, slots=True)
class Environment:
    """What stays the same during an enqueued call and all calls nested in it.

    `l2_gas_used`, `da_gas_used`: gas of the transaction before this call, which out-of-gas messages of the
    enqueued call count in.
    """

    world: World
    globals: Globals
    transaction_fee: int
    l2_gas_used: int = 0
    da_gas_used: int = 0


class Frame:
    """A call in execution. Mutable; instructions work on it.

    `pc` is the byte offset of the running instruction; `call_stack` holds (call pc, return pc) of internal
    calls; `instructions` counts completed ones, those of finished nested calls included. An instruction that
    ends the call sets `ending`, one that calls another contract sets `nested_call`.
    """

    __slots__ = (
        "address",
        "call_stack",
        "calldata",
        "caller_pc",
        "da_gas",
        "da_gas_limit",
        "depth",
        "ending",
        "environment",
        "instructions",
        "is_static",
        "l2_gas",
        "l2_gas_limit",
        "last_output",
        "last_success",
        "memory",
        "nested_call",
        "pc",
        "program",
        "sender",
    )

    def __init__(
        self,
        *,
        environment: Environment,
        program: Program,
        address: int,
        sender: int,
        calldata: DataRegion,
        is_static: bool,
        l2_gas: int,
        da_gas: int,
        depth: int = 0,
        caller_pc: int = 0,
    ) -> None:
        """Make a call with its gas; `depth` is 0 and `caller_pc` 0 for an enqueued one."""
        self.environment = environment
        self.program = program
        self.address = address
        self.sender = sender
        self.calldata = calldata
        self.is_static = is_static
        self.l2_gas = self.l2_gas_limit = l2_gas
        self.da_gas = self.da_gas_limit = da_gas
        self.depth = depth
        self.caller_pc = caller_pc
        self.memory = Memory(depth)
        self.pc = 0
        self.call_stack: list[tuple[int, int]] = []
        self.instructions = 0
        self.last_success = 0
        self.last_output = NO_DATA
        self.ending: Ending | None = None
        self.nested_call: NestedCall | None = None

    @property
    def world(self) -> World:
        """The transaction's surroundings."""
        return self.environment.world

    def charge(self, l2_gas: int, da_gas: int = 0) -> None:
        """Take gas in both dimensions, or raise ExceptionalHalt and take nothing if either is short."""
        l2_left = self.l2_gas - l2_gas
        da_left = self.da_gas - da_gas
        if l2_left < 0 or da_left < 0:
            raise self._out_of_gas(l2_left, da_left)
        self.l2_gas = l2_left
        self.da_gas = da_left

    def _out_of_gas(self, l2_left: int, da_left: int) -> ExceptionalHalt:
        # For an enqueued call the figures are those of the transaction.
        l2_before = da_before = 0
        if not self.depth:
            l2_before, da_before = self.environment.l2_gas_used, self.environment.da_gas_used
        l2_limit, da_limit = self.l2_gas_limit + l2_before, self.da_gas_limit + da_before
        return ExceptionalHalt(
            f"Out of gas: total L2 used {l2_limit - l2_left} of {l2_limit}, "
            f"total DA used {da_limit - da_left} of {da_limit}"
        )

    def exit_stack(self, most: int | None = None) -> list[int]:
        """Give the pcs of the internal calls, outermost first, then the pc where the call ended.

        With `most`, which is positive, only those of so many innermost calls.
        """
        calls = self.call_stack if most is None else self.call_stack[-most:]
        return [*(call_pc for call_pc, _ in calls), self.pc]
