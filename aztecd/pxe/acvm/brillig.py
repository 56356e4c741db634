"""The plain interpreter of unconstrained code: one opcode after the other.

It is the meaning of the opcodes. The compiled form does the usual quickly and hands over to this one,
before the opcode in question, whatever it has no code for.

Authority: the behaviour of @aztec/noir-acvm_js (4.1.2) on recorded executions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aztecd.crypto.field import FR_MODULUS
from aztecd.crypto.radix import to_radix_be
from aztecd.pxe.acvm import black_box
from aztecd.pxe.acvm.errors import (
    AssertionFailedError,
    BrilligFaultError,
    ExecutionError,
    ExecutionLimitError,
    UnsatisfiedConstraintError,
)
from aztecd.pxe.acvm.foreign import ForeignCall, call_oracle
from aztecd.pxe.acvm.memory import grow, read, read_range, write, write_range
from aztecd.pxe.acvm.meter import Meter
from aztecd.pxe.acvm.opcodes import (
    FIELD,
    Address,
    BinaryField,
    BinaryInt,
    BlackBox,
    BrilligOpcode,
    Call,
    CalldataCopy,
    Cast,
    ConditionalMov,
    Const,
    ForeignCallOp,
    HeapArray,
    HeapVector,
    IndirectConst,
    IntegerOp,
    Jump,
    JumpIf,
    Load,
    Mov,
    Not,
    Return,
    Stop,
    Store,
    Trap,
)

__all__ = [
    "MAX_CALL_DEPTH",
    "POLL_INTERVAL",
    "Frame",
    "ask_oracle",
    "copy_calldata",
    "run",
    "run_black_box",
    "step",
]

MAX_CALL_DEPTH: Final = 1 << 17
POLL_INTERVAL: Final = 1 << 14
"""Opcodes, or compiled blocks, between two questions whether to go on."""
_FIRST_CELLS: Final = 64
_WORK_OF_ORACLE: Final = 1 << 15
"""What asking costs at least, in cells that are copied; oracles do curve arithmetic and read stores."""
_WORK_OF_INPUT: Final = 1 << 10
"""The same for each input of a black box: five are a point to be multiplied."""


class Frame:
    """One run of an unconstrained function. Mutable."""

    __slots__ = ("calldata", "calls", "memory", "meter", "opcodes", "oracle", "pc", "result")

    def __init__(
        self,
        opcodes: Sequence[BrilligOpcode],
        calldata: list[int],
        oracle: ForeignCall,
        meter: Meter,
        cells: int = _FIRST_CELLS,
    ) -> None:
        self.opcodes = opcodes
        self.calldata = calldata
        self.oracle = oracle
        self.meter = meter
        self.memory = [0] * cells
        self.calls: list[int] = []
        """The pcs of the Call opcodes that have not returned."""
        self.pc = 0
        self.result: list[int] | None = None

    def check(self) -> None:
        """Look whether to go on. Raises ExecutionLimitError, ExecutionInterruptedError."""
        if len(self.calls) > MAX_CALL_DEPTH:
            del self.calls[8:]  # so many places would tell nobody anything
            raise ExecutionLimitError(f"unconstrained calls are nested deeper than {MAX_CALL_DEPTH}")
        self.meter.check()


def run(frame: Frame) -> list[int]:
    """Run to the end and give the result. Raises ExecutionError, with the pcs."""
    try:
        while True:
            for _ in range(POLL_INTERVAL):
                step(frame)
                if frame.result is not None:
                    return frame.result
            frame.check()
    except ExecutionError as error:
        error.brillig_pcs = (*frame.calls, frame.pc)
        raise


def step(frame: Frame) -> None:
    """Execute one opcode and set the pc to the next. On an ExecutionError it stays."""
    memory = frame.memory
    if frame.pc >= len(frame.opcodes):
        raise BrilligFaultError("unconstrained code ends without a Stop")
    opcode = frame.opcodes[frame.pc]
    following = frame.pc + 1
    match opcode:
        case Const(target, value):
            _set(memory, target, value)
        case IndirectConst(pointer, value):
            write(memory, _get(memory, pointer), value)
        case Mov(target, source):
            _set(memory, target, _get(memory, source))
        case ConditionalMov(target, if_true, if_false, condition):
            _set(memory, target, _get(memory, if_true if _get(memory, condition) else if_false))
        case BinaryInt(target, operation, width, left, right):
            _set(memory, target, _integer(operation, width, _get(memory, left), _get(memory, right)))
        case BinaryField(target, operation, left, right):
            _set(memory, target, _field(operation, _get(memory, left), _get(memory, right)))
        case Not(target, source, width):
            _set(memory, target, ~_get(memory, source) & (1 << width) - 1)
        case Cast(target, source, width):
            value = _get(memory, source)
            _set(memory, target, value if width == FIELD else value & (1 << width) - 1)
        case Jump(place):
            following = place
        case JumpIf(condition, place):
            following = place if _get(memory, condition) else following
        case Call(place):
            frame.calls.append(frame.pc)
            following = place
        case Return():
            if not frame.calls:
                raise BrilligFaultError("return opcode hit, but callstack already empty")
            following = frame.calls.pop() + 1
        case CalldataCopy():
            copy_calldata(memory, opcode, frame)
        case Load(target, pointer):
            _set(memory, target, read(memory, _get(memory, pointer)))
        case Store(pointer, source):
            write(memory, _get(memory, pointer), _get(memory, source))
        case ForeignCallOp():
            ask_oracle(memory, opcode, frame)
        case BlackBox():
            run_black_box(memory, opcode, frame)
        case Trap(data):
            raise _trap(_vector(memory, data))
        case Stop(data):
            frame.result = _vector(memory, data)
    frame.pc = following


def copy_calldata(memory: list[int], opcode: CalldataCopy, frame: Frame) -> None:
    """Copy inputs to the memory. Raises BrilligFaultError when there are not so many."""
    calldata = frame.calldata
    size, offset = _get(memory, opcode.size), _get(memory, opcode.offset)
    if offset + size > len(calldata):
        raise BrilligFaultError(f"inputs {offset} to {offset + size} are asked for, of {len(calldata)}")
    frame.meter.spend(size)
    write_range(memory, _place(memory, opcode.target), calldata[offset : offset + size])


def ask_oracle(memory: list[int], opcode: ForeignCallOp, frame: Frame) -> None:
    """Call the oracle. Raises as `call_oracle`, and ExecutionInterruptedError."""
    frame.meter.spend(_WORK_OF_ORACLE + call_oracle(memory, opcode, frame.oracle))


def run_black_box(memory: list[int], opcode: BlackBox, frame: Frame) -> None:
    """Call a black box. Raises BlackBoxError, ExecutionLimitError, ExecutionInterruptedError."""
    inputs: list[list[int]] = []
    arguments = opcode.arguments
    match opcode.name:
        case "ToRadix":
            value, radix, pointer, count, _ = (_get(memory, a) for a in arguments if isinstance(a, Address))
            # A range that does not fit is refused before its digits are made.
            grow(memory, pointer + count)
            frame.meter.spend(count)
            write_range(memory, pointer, _digits(value, radix, count))
            return
        case "EmbeddedCurveAdd":
            cells = [_get(memory, a) for a in arguments if isinstance(a, Address)]
            inputs = [cells[:3], cells[3:]]
        case _:
            inputs = [
                read_range(memory, _get(memory, a.pointer), a.size)
                for a in arguments[:-1]
                if isinstance(a, HeapArray)
            ]
    frame.meter.spend(_WORK_OF_INPUT * sum(map(len, inputs)))
    outputs = list(black_box.ACIR_BLACK_BOXES[opcode.name](*inputs))
    target = arguments[-1]
    if isinstance(target, HeapArray):
        write_range(memory, _get(memory, target.pointer), outputs)
    else:
        _set(memory, target, outputs[0])


def _digits(value: int, radix: int, count: int) -> list[int]:
    """Give `count` digits, the most significant first."""
    if not 2 <= radix <= 256:
        raise BrilligFaultError(f"Radix {radix} out of the valid range [2,256]")
    digits = to_radix_be(value, radix, count)
    if digits is None:
        raise BrilligFaultError(f"Field failed to decompose into specified {count} limbs")
    return digits


def _place(memory: list[int], address: Address) -> int:
    return memory[0] + address.offset if address.is_relative else address.offset


def _get(memory: list[int], address: Address) -> int:
    return read(memory, _place(memory, address))


def _set(memory: list[int], address: Address, value: int) -> None:
    write(memory, _place(memory, address), value)


def _vector(memory: list[int], vector: HeapVector) -> list[int]:
    return read_range(memory, _get(memory, vector.pointer), _get(memory, vector.size))


def _trap(data: list[int]) -> ExecutionError:
    if not data:
        return UnsatisfiedConstraintError("Failed to solve brillig function")
    return AssertionFailedError(data[0], tuple(data[1:]))


def _integer(operation: IntegerOp, width: int, left: int, right: int) -> int:
    mask = (1 << width) - 1
    match operation:
        case IntegerOp.ADD:
            return left + right & mask
        case IntegerOp.SUB:
            return left - right & mask
        case IntegerOp.MUL:
            return left * right & mask
        case IntegerOp.DIV | IntegerOp.INTEGER_DIV:
            return _quotient(left, right)
        case IntegerOp.AND:
            return left & right
        case IntegerOp.OR:
            return (left | right) & mask
        case IntegerOp.XOR:
            return (left ^ right) & mask
        case IntegerOp.SHL:
            return left << _shift(right, width) & mask
        case IntegerOp.SHR:
            return left >> _shift(right, width)
        case _:
            return _comparison(operation, left, right)


def _field(operation: IntegerOp, left: int, right: int) -> int:
    match operation:
        case IntegerOp.ADD:
            return (left + right) % FR_MODULUS
        case IntegerOp.SUB:
            return (left - right) % FR_MODULUS
        case IntegerOp.MUL:
            return left * right % FR_MODULUS
        case IntegerOp.DIV:
            if not right:
                raise BrilligFaultError("Attempted to divide by zero")
            return left * pow(right, -1, FR_MODULUS) % FR_MODULUS
        case IntegerOp.INTEGER_DIV:
            return _quotient(left, right)
        case _:
            return _comparison(operation, left, right)


def _shift(by: int, width: int) -> int:
    if by >= width:
        raise BrilligFaultError(f"Attempted to shift by {by} bits on a type of bit size {width}")
    return by


def _quotient(left: int, right: int) -> int:
    if not right:
        raise BrilligFaultError("Attempted to divide by zero")
    return left // right


def _comparison(operation: IntegerOp, left: int, right: int) -> int:
    match operation:
        case IntegerOp.EQUALS:
            return int(left == right)
        case IntegerOp.LESS_THAN:
            return int(left < right)
        case _:
            assert operation is IntegerOp.LESS_THAN_EQUALS
            return int(left <= right)
