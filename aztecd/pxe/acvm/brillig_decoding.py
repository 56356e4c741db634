"""From raw values of msgpack to opcodes of unconstrained code; the errors are those that `decoding` catches.

Authority: the artifacts of 4.1.2.
"""

from __future__ import annotations

from typing import Any, Final

from aztecd.crypto.field import FR_MODULUS
from aztecd.pxe.acvm.black_box_shapes import BRILLIG_SHAPES, check_sizes
from aztecd.pxe.acvm.errors import BytecodeError
from aztecd.pxe.acvm.opcodes import (
    FIELD,
    Address,
    ArrayType,
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
    SimpleType,
    Stop,
    Store,
    Trap,
    ValueType,
    VectorType,
)

__all__ = ["element", "opcode"]

_WIDTHS: Final = {"U1": 1, "U8": 8, "U16": 16, "U32": 32, "U64": 64, "U128": 128}
_FIELD_OPS: Final = frozenset(
    {
        IntegerOp.ADD,
        IntegerOp.SUB,
        IntegerOp.MUL,
        IntegerOp.DIV,
        IntegerOp.INTEGER_DIV,
        IntegerOp.EQUALS,
        IntegerOp.LESS_THAN,
        IntegerOp.LESS_THAN_EQUALS,
    }
)
_MAX_TYPE_DEPTH: Final = 16
_MAX_OFFSET: Final = 1 << 32
_RETURN: Final = Return()


def element(data: object) -> int:
    """Read 32 big-endian bytes. Raises ValueError unless they are a canonical field element."""
    if type(data) is not bytes or len(data) != 32:
        raise ValueError(f"a field element has 32 bytes, got {str(data)[:40]}")
    value = int.from_bytes(data, "big")
    if value >= FR_MODULUS:
        raise ValueError(f"{value:#x} is not below the field modulus")
    return value


def opcode(value: Any, count: int) -> BrilligOpcode:
    """Read an opcode of a function that has `count` of them."""
    if value == "Return":
        return _RETURN
    ((kind, v),) = value.items()
    match kind:
        case "Const":
            target, _, constant = v
            return Const(_address(target), element(constant))
        case "IndirectConst":
            target, _, constant = v
            return IndirectConst(_address(target), element(constant))
        case "Mov":
            target, source = v
            return Mov(_address(target), _address(source))
        case "ConditionalMov":
            target, if_true, if_false, condition = v
            return ConditionalMov(
                _address(target), _address(if_true), _address(if_false), _address(condition)
            )
        case "BinaryIntOp":
            target, name, width, left, right = v
            operation = IntegerOp(name)
            if operation is IntegerOp.INTEGER_DIV:
                raise ValueError("IntegerDiv is for field elements")
            return BinaryInt(_address(target), operation, _WIDTHS[width], _address(left), _address(right))
        case "BinaryFieldOp":
            target, name, left, right = v
            operation = IntegerOp(name)
            if operation not in _FIELD_OPS:
                raise ValueError(f"{name} is not for field elements")
            return BinaryField(_address(target), operation, _address(left), _address(right))
        case "Not":
            target, source, width = v
            return Not(_address(target), _address(source), _WIDTHS[width])
        case "Cast":
            target, source, width = v
            return Cast(_address(target), _address(source), _width(width))
        case "Jump":
            (place,) = v
            return Jump(_place(place, count))
        case "JumpIf":
            condition, place = v
            return JumpIf(_address(condition), _place(place, count))
        case "Call":
            (place,) = v
            return Call(_place(place, count))
        case "CalldataCopy":
            target, size, offset = v
            return CalldataCopy(_address(target), _address(size), _address(offset))
        case "Load":
            target, pointer = v
            return Load(_address(target), _address(pointer))
        case "Store":
            pointer, source = v
            return Store(_address(pointer), _address(source))
        case "ForeignCall":
            return _foreign_call(v)
        case "BlackBox":
            return _black_box(v)
        case "Trap":
            (data,) = v
            return Trap(_vector(data))
        case "Stop":
            (data,) = v
            return Stop(_vector(data))
        case _:
            raise BytecodeError(f"unknown unconstrained opcode {str(kind)[:40]}")


def _address(value: Any) -> Address:
    ((kind, offset),) = value.items()
    if type(offset) is not int or not 0 <= offset < _MAX_OFFSET:
        raise ValueError(f"an address is a number of 32 bits, got {str(offset)[:40]}")
    if kind == "Direct":
        return Address(False, offset)
    if kind == "Relative":
        return Address(True, offset)
    raise ValueError(f"unknown kind of address {str(kind)[:40]}")


def _place(value: object, count: int) -> int:
    if type(value) is not int or not 0 <= value < count:
        raise ValueError(f"a jump to {str(value)[:40]} leaves the {count} opcodes of the function")
    return value


def _size(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MAX_OFFSET:
        raise ValueError(f"a size is a number of 32 bits, got {str(value)[:40]}")
    return value


def _width(value: Any) -> int:
    if value == "Field":
        return FIELD
    ((kind, name),) = value.items()
    if kind != "Integer":
        raise ValueError(f"unknown type {str(kind)[:40]}")
    return _WIDTHS[name]


def _array(value: Any) -> HeapArray:
    pointer, size = value
    return HeapArray(_address(pointer), _size(size))


def _vector(value: Any) -> HeapVector:
    pointer, size = value
    return HeapVector(_address(pointer), _address(size))


def _black_box(value: Any) -> BlackBox:
    ((name, arguments),) = value.items()
    shape = BRILLIG_SHAPES.get(name)
    if shape is None:
        raise BytecodeError(f"unknown black box {str(name)[:40]}")
    call = BlackBox(
        name,
        tuple(
            _array(argument) if kind in "nm" else _address(argument)
            for kind, argument in zip(shape, arguments, strict=True)
        ),
    )
    check_sizes(name, [argument.size for argument in call.arguments if isinstance(argument, HeapArray)])
    return call


def _foreign_call(value: Any) -> ForeignCallOp:
    name, destinations, destination_types, inputs, input_types = value
    if not isinstance(name, str):
        raise TypeError("the name of a foreign call is no text")
    call = ForeignCallOp(
        name,
        tuple(_slot(slot) for slot in destinations),
        tuple(_value_type(item, 0) for item in destination_types),
        tuple(_slot(slot) for slot in inputs),
        tuple(_value_type(item, 0) for item in input_types),
    )
    if len(call.destinations) != len(call.destination_types) or len(call.inputs) != len(call.input_types):
        raise ValueError(f"foreign call {name} has not one type for each value")
    for slot, kind in zip(
        (*call.destinations, *call.inputs), (*call.destination_types, *call.input_types), strict=True
    ):
        fits = {Address: SimpleType, HeapArray: ArrayType, HeapVector: VectorType}[type(slot)]
        if type(kind) is not fits:
            raise ValueError(f"foreign call {name} has a {type(slot).__name__} of type {type(kind).__name__}")
        if (
            isinstance(slot, HeapArray)
            and isinstance(kind, ArrayType)
            and slot.size != kind.size * len(kind.items)
        ):
            raise ValueError(f"foreign call {name} has an array of {slot.size} cells for {kind.size} items")
    return call


def _slot(value: Any) -> Address | HeapArray | HeapVector:
    ((kind, content),) = value.items()
    match kind:
        case "MemoryAddress":
            return _address(content)
        case "HeapArray":
            return _array(content)
        case "HeapVector":
            return _vector(content)
        case _:
            raise ValueError(f"unknown kind of value {str(kind)[:40]}")


def _value_type(value: Any, depth: int) -> ValueType:
    if depth > _MAX_TYPE_DEPTH:
        raise ValueError("a type is nested too deep")
    ((kind, content),) = value.items()
    match kind:
        case "Simple":
            return SimpleType(_width(content))
        case "Array":
            items, size = content
            return ArrayType(tuple(_value_type(item, depth + 1) for item in items), _size(size))
        case "Vector":
            (items,) = content
            return VectorType(tuple(_value_type(item, depth + 1) for item in items))
        case _:
            raise ValueError(f"unknown type {str(kind)[:40]}")
