"""From the bytes of an artifact to typed opcodes.

Form: gzip, a byte that says "msgpack, compact", one msgpack value. Structs are arrays, variants are maps of
one entry, field elements 32 big-endian bytes. The decoder is total: a program, or a BytecodeError. Opcodes
are read one by one, so that the raw form of a whole program is never in memory.

Everything that execution relies on is checked here: witnesses below the declared number, jumps inside the
code, canonical field elements, sizes of black boxes.

Authority: the artifacts of 4.1.2.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Final

import msgpack

from aztecd.pxe.acvm import brillig_decoding
from aztecd.pxe.acvm.black_box_shapes import ACIR_SHAPES, check_sizes
from aztecd.pxe.acvm.errors import BytecodeError
from aztecd.pxe.acvm.memory import MAX_CELLS
from aztecd.pxe.acvm.opcodes import (
    AcirOpcode,
    AssertMessage,
    AssertZero,
    BlackBoxCall,
    BrilligCall,
    BrilligFunction,
    Circuit,
    Expression,
    Input,
    MemoryArray,
    MemoryInit,
    MemoryOp,
)

__all__ = ["decode_program"]

MAX_UNPACKED_BYTES: Final = 32 << 20
"""Three times the largest program that we know."""
MAX_WITNESSES: Final = 1 << 22
_MAX_ARRAY: Final = 1 << 20
_MAX_TEXT: Final = 1024
_FORMAT_MSGPACK_COMPACT: Final = 3


def decode_program(bytecode: bytes) -> tuple[Circuit, tuple[BrilligFunction, ...]]:
    """Read a program. Raises BytecodeError."""
    data = _unpacked(bytecode)
    if not data or data[0] != _FORMAT_MSGPACK_COMPACT:
        raise BytecodeError(f"the bytecode has format {data[:1].hex() or 'none'}, not 03 (msgpack, compact)")
    reader = msgpack.Unpacker(
        max_buffer_size=len(data),
        max_array_len=_MAX_ARRAY,
        max_map_len=1,
        max_str_len=_MAX_TEXT,
        max_bin_len=32,
        max_ext_len=0,
        strict_map_key=False,
    )
    reader.feed(memoryview(data)[1:])
    try:
        program = _program(reader)
    except BytecodeError:
        raise
    # The types of the pieces are checked by using them: whatever does not fit raises one of these.
    except (
        AttributeError,
        IndexError,
        KeyError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
        msgpack.UnpackException,
    ) as error:
        reason = f"{type(error).__name__} {error}".strip()[:200]
        raise BytecodeError(f"the bytecode is no program of the form we know: {reason}") from error
    if reader.tell() != len(data) - 1:
        raise BytecodeError(f"{len(data) - 1 - reader.tell()} bytes follow the program")
    return program


def _unpacked(bytecode: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        data = inflate.decompress(bytecode, MAX_UNPACKED_BYTES)
    except zlib.error as error:
        raise BytecodeError(f"the bytecode is not packed with gzip: {error}") from error
    if inflate.unconsumed_tail:
        raise BytecodeError(f"the bytecode is larger than {MAX_UNPACKED_BYTES} bytes")
    if not inflate.eof:
        raise BytecodeError("the bytecode ends early")
    return data


def _program(reader: Any) -> tuple[Circuit, tuple[BrilligFunction, ...]]:
    _expect_array(reader, 2, "a program")
    _expect_array(reader, 1, "the list of circuits")
    circuit = _CircuitDecoder().read(reader)
    functions = []
    for _ in range(reader.read_array_header()):
        _expect_array(reader, 2, "an unconstrained function")
        name = _text(reader.unpack())
        count = reader.read_array_header()
        functions.append(
            BrilligFunction(
                name, tuple(brillig_decoding.opcode(reader.unpack(), count) for _ in range(count))
            )
        )
    for index, opcode in enumerate(circuit.opcodes):
        if type(opcode) is BrilligCall and opcode.function >= len(functions):
            raise BytecodeError(
                f"opcode {index} calls unconstrained function {opcode.function} of {len(functions)}"
            )
    return circuit, tuple(functions)


def _expect_array(reader: Any, size: int, noun: str) -> None:
    found = reader.read_array_header()
    if found != size:
        raise BytecodeError(f"{noun} has {found} parts, not {size}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {type(value).__name__}")
    return value


def _number(value: object, limit: int = 1 << 32) -> int:
    if type(value) is not int or not 0 <= value < limit:
        raise ValueError(f"expected a number below {limit}, got {str(value)[:40]}")
    return value


class _CircuitDecoder:
    """Decodes one circuit. Mutable: knows the number of witnesses, and sizes of memory blocks, once read."""

    def __init__(self) -> None:
        self._witnesses = 0
        self._blocks: dict[int, int] = {}
        self._passed = 0
        self._elements: dict[bytes, int] = {}
        self._decoders: dict[str, Callable[[Any], AcirOpcode]] = {
            "AssertZero": lambda value: AssertZero(self._expression(value)),
            "BlackBoxFuncCall": self._black_box,
            "MemoryInit": self._memory_init,
            "MemoryOp": self._memory_op,
            "BrilligCall": self._brillig_call,
        }

    def read(self, reader: Any) -> Circuit:
        """Read the seven parts."""
        _expect_array(reader, 7, "a circuit")
        name = _text(reader.unpack())
        self._witnesses = _number(reader.unpack(), MAX_WITNESSES) + 1
        opcodes = tuple(self._opcode(reader.unpack()) for _ in range(reader.read_array_header()))
        parameters = (*self._list(reader.unpack()), *self._list(reader.unpack()))
        if sorted(parameters) != list(range(len(parameters))):
            raise ValueError("the parameters are not the first witnesses")
        return Circuit(
            name=name,
            witness_count=max(self._witnesses, len(parameters)),
            parameters=parameters,
            return_values=self._list(reader.unpack()),
            opcodes=opcodes,
            assert_messages=dict(self._assert_message(value) for value in reader.unpack()),
        )

    # Pieces.

    def _witness(self, value: object) -> int:
        if type(value) is not int or not 0 <= value < self._witnesses:
            raise ValueError(f"there is no witness {str(value)[:40]}")
        return value

    def _list(self, values: Any) -> tuple[int, ...]:
        if type(values) is not list:
            raise TypeError(f"expected a list of witnesses, got {type(values).__name__}")
        return tuple([self._witness(value) for value in values])

    def _element(self, data: bytes) -> int:
        value = self._elements.get(data)
        if value is None:
            value = brillig_decoding.element(data)
            # Coefficients repeat: looking them up checks and makes each once.
            self._elements[data] = value
        return value

    def _expression(self, value: Any) -> Expression:
        products, terms, constant = value
        witness, element = self._witness, self._element
        return Expression(
            tuple([(element(c), witness(left), witness(right)) for c, left, right in products]),
            tuple([(element(c), witness(w)) for c, w in terms]),
            element(constant),
        )

    def _input(self, value: Any) -> Input:
        ((kind, content),) = value.items()
        if kind == "Witness":
            return Input(self._witness(content), 0)
        if kind == "Constant":
            return Input(None, self._element(content))
        raise ValueError(f"unknown kind of input {kind}")

    # Opcodes.

    def _opcode(self, value: Any) -> AcirOpcode:
        ((kind, content),) = value.items()
        decoder = self._decoders.get(kind)
        if decoder is None:
            raise BytecodeError(f"unknown opcode {str(kind)[:40]}")
        return decoder(content)

    def _black_box(self, value: Any) -> BlackBoxCall:
        ((name, arguments),) = value.items()
        shape = ACIR_SHAPES.get(name)
        if shape is None:
            raise BytecodeError(f"unknown black box {str(name)[:40]}")
        inputs: list[tuple[Input, ...]] = []
        outputs: tuple[int, ...] = ()
        sizes: list[int] = []
        bits = 0
        for kind, argument in zip(shape, arguments, strict=True):
            match kind:
                case "i":
                    inputs.append((self._input(argument),))
                case "n":
                    inputs.append(tuple([self._input(item) for item in argument]))
                    sizes.append(len(inputs[-1]))
                case "b":
                    bits = _number(argument, 1 << 16)
                case "o":
                    outputs = (self._witness(argument),)
                case _:
                    outputs = self._list(argument)
                    sizes.append(len(outputs))
        check_sizes(name, sizes)
        return BlackBoxCall(name, tuple(inputs), bits, outputs)

    def _memory_init(self, value: Any) -> MemoryInit:
        block, witnesses, _ = value
        opcode = MemoryInit(_number(block), self._list(witnesses))
        self._blocks[opcode.block] = max(self._blocks.get(opcode.block, 0), len(opcode.witnesses))
        return opcode

    def _array(self, block: Any) -> MemoryArray:
        """Read the number of a block that is passed whole; it counts as often as it is named."""
        array = MemoryArray(_number(block))
        self._passed += self._blocks.get(array.block, 0)
        if self._passed > MAX_CELLS:
            raise ValueError(f"memory blocks of more than {MAX_CELLS} values are passed at once")
        return array

    def _memory_op(self, value: Any) -> MemoryOp:
        block, (operation, index, item) = value
        kind = self._expression(operation)
        if kind.products or kind.terms or kind.constant > 1:
            raise ValueError("a memory operation is neither a read nor a write")
        opcode = MemoryOp(
            _number(block), bool(kind.constant), self._expression(index), self._expression(item)
        )
        if not opcode.is_write:
            products, terms, constant = opcode.value
            if products or constant or len(terms) != 1 or terms[0][0] != 1:
                raise ValueError("the result of a memory read is no witness")
        return opcode

    def _brillig_call(self, value: Any) -> BrilligCall:
        function, inputs, outputs, predicate = value
        flat_inputs: list[Expression | MemoryArray] = []
        self._passed = 0
        for item in inputs:
            ((kind, content),) = item.items()
            match kind:
                case "Single":
                    flat_inputs.append(self._expression(content))
                case "Array":
                    flat_inputs.extend([self._expression(part) for part in content])
                case "MemoryArray":
                    flat_inputs.append(self._array(content))
                case _:
                    raise ValueError(f"unknown kind of input {kind}")
        flat_outputs: list[int] = []
        for item in outputs:
            ((kind, content),) = item.items()
            match kind:
                case "Simple":
                    flat_outputs.append(self._witness(content))
                case "Array":
                    flat_outputs.extend(self._list(content))
                case _:
                    raise ValueError(f"unknown kind of output {kind}")
        return BrilligCall(
            _number(function), tuple(flat_inputs), tuple(flat_outputs), self._expression(predicate)
        )

    def _assert_message(self, value: Any) -> tuple[str, AssertMessage]:
        location, (selector, payload) = value
        ((kind, place),) = location.items()
        match kind:
            case "Acir":
                key = str(_number(place))
            case "Brillig":
                key = ".".join(str(_number(part)) for part in place)
            case _:
                raise ValueError(f"unknown kind of location {kind}")
        parts: list[Expression | MemoryArray] = []
        self._passed = 0
        for item in payload:
            ((part, content),) = item.items()
            match part:
                case "Expression":
                    parts.append(self._expression(content))
                case "Memory":
                    parts.append(self._array(content))
                case _:
                    raise ValueError(f"unknown part of a message {part}")
        return key, AssertMessage(_number(selector, 1 << 64), tuple(parts))
