"""Bytes that are no program are refused with one kind of error."""

from __future__ import annotations

import gzip
import zlib

import msgpack
import pytest

from aztecd.crypto.field import FR_MODULUS
from aztecd.pxe.acvm import Acvm, BytecodeError, Program
from aztecd.pxe.acvm.decoding import MAX_UNPACKED_BYTES
from tests.support.acvm_assembler import (
    assert_zero,
    black_box,
    brillig_call,
    call,
    const,
    expression,
    foreign_call,
    inner_black_box,
    jump,
    memory_init,
    memory_op,
    pack,
    program,
    single,
    stop,
    unconstrained,
    width,
    witness,
)

GOOD = program([assert_zero((1, 0))], 1)


def packed(data: bytes) -> bytes:
    # Without the time: the bytes are in the tests' names, and those have to be the same in every worker.
    return gzip.compress(data, mtime=0)


def refuse(bytecode: bytes, match: str) -> None:
    with pytest.raises(BytecodeError, match=match) as caught:
        Program.from_bytecode(bytecode).circuit  # noqa: B018 -- reading it decodes
    assert len(str(caught.value)) < 400
    with pytest.raises(BytecodeError):
        Acvm().prepare(bytecode)


def test_a_program_has_a_name_parameters_and_opcodes() -> None:
    circuit = Program.from_bytecode(GOOD).circuit
    assert (circuit.name, circuit.parameters, circuit.witness_count) == ("main", (0,), 64)
    assert circuit.opcodes[0].expression.terms == ((1, 0),)


@pytest.mark.parametrize(
    ("bytecode", "match"),
    [
        (b"", "ends early"),
        (b"no gzip at all", "not packed with gzip"),
        (GOOD[:-9], "ends early"),
        (packed(b""), "format none"),
        (packed(b"\x02abc"), "format 02"),
        (packed(b"\x03"), "OutOfData|no program"),
        (packed(b"\x03" + msgpack.packb([[], []])), "0 parts, not 1"),
        (packed(b"\x03" + msgpack.packb([1, 2, 3])), "3 parts, not 2"),
        (packed(b"\x03" + msgpack.packb("text")), "no program of the form"),
        (packed(b"\x03\xc1"), "no program of the form"),
        (packed(b"\x03" + b"\x91" * 5000), "no program of the form|parts"),
        (packed(b"\x03\x92\x91\x97\xa1a\x05\xdd\xff\xff\xff\xff"), "no program of the form"),
    ],
)
def test_other_bytes(bytecode: bytes, match: str) -> None:
    refuse(bytecode, match)


def test_more_behind_the_program() -> None:
    refuse(gzip.compress(gzip.decompress(GOOD) + b"\xc0"), "1 bytes follow")


def test_a_bomb_is_not_unpacked() -> None:
    packer = zlib.compressobj(9, wbits=31)
    data = b"".join(packer.compress(bytes(1 << 20)) for _ in range((MAX_UNPACKED_BYTES >> 20) + 1))
    refuse(data + packer.flush(), "larger than")


@pytest.mark.parametrize(
    ("opcode", "match"),
    [
        ({"Unknown": []}, "unknown opcode Unknown"),
        ("Text", "no program"),
        ({"AssertZero": [[], [], b"short"]}, "32 bytes"),
        ({"AssertZero": [[], [], FR_MODULUS.to_bytes(32, "big")]}, "not below the field modulus"),
        (assert_zero((1, 64)), "no witness 64"),
        (assert_zero((1, -1)), "no witness -1"),
        ({"AssertZero": [[], [[bytes(32), True]], bytes(32)]}, "no witness True"),
        (black_box("Blake3", [], []), "unknown black box Blake3"),
        (black_box("RANGE", witness(0)), "shorter|longer"),
        (black_box("RANGE", witness(0), 1 << 20), "expected a number below"),
        (black_box("RANGE", {"Other": 0}, 8), "unknown kind of input"),
        (black_box("Poseidon2Permutation", [witness(0)] * 3, [1, 2, 3, 4]), "a list of 3, not 4"),
        (
            black_box("MultiScalarMul", [witness(0)] * 3, [witness(0)], witness(0), [1, 2, 3]),
            "do not go with",
        ),
        (black_box("AES128Encrypt", [witness(0)] * 5, [witness(0)] * 16, [witness(0)] * 16, [1] * 5), "AES"),
        (memory_op(0, False, expression((1, 0)), expression((2, 0))), "no witness"),
        (
            {"MemoryOp": [0, [expression(constant=2), expression(), expression((1, 0))]]},
            "neither a read nor a write",
        ),
        (brillig_call(3, [], []), "function 3 of 0"),
        (black_box("Blake2s", [witness(0)] * (1 << 16), [1] * 32), "more than 65536 values"),
    ],
)
def test_wrong_opcodes(opcode: object, match: str) -> None:
    refuse(program([opcode], 1), match)


@pytest.mark.parametrize(
    ("opcode", "match"),
    [
        ({"Unknown": []}, "unknown unconstrained opcode"),
        (jump(1), "leaves the 1 opcodes"),
        (call(-1), "leaves the 1 opcodes"),
        ({"Const": [{"Direct": 1 << 32}, width(32), bytes(32)]}, "number of 32 bits"),
        ({"Const": [{"Nowhere": 1}, width(32), bytes(32)]}, "unknown kind of address"),
        (
            {"BinaryIntOp": [{"Direct": 1}, "IntegerDiv", "U8", {"Direct": 1}, {"Direct": 1}]},
            "field elements",
        ),
        ({"BinaryFieldOp": [{"Direct": 1}, "Shl", {"Direct": 1}, {"Direct": 1}]}, "not for field"),
        ({"BinaryIntOp": [{"Direct": 1}, "Add", "U7", {"Direct": 1}, {"Direct": 1}]}, "U7"),
        (inner_black_box("Other"), "unknown black box"),
        (inner_black_box("Poseidon2Permutation", (1, 4), (1, 5)), "a list of 5, not 4"),
        (inner_black_box("EmbeddedCurveAdd", 1, 2, 3, 4, 5, 6, (7, 2)), "a list of 2, not 3"),
        ({"ForeignCall": ["f", [single(1)[0]], [], [], []]}, "not one type"),
        (foreign_call("f", [(single(1)[0], {"Array": [[], 1]})]), "Address of type ArrayType"),
        (
            foreign_call("f", [({"HeapArray": [{"Direct": 1}, 3]}, {"Array": [[{"Simple": "Field"}], 2]})]),
            "array of 3 cells for 2",
        ),
    ],
)
def test_wrong_unconstrained_opcodes(opcode: object, match: str) -> None:
    refuse(unconstrained([opcode]), match)


def test_types_are_not_nested_without_end() -> None:
    kind: object = {"Simple": "Field"}
    for _ in range(100):
        kind = {"Array": [[kind], 1]}
    refuse(unconstrained([foreign_call("f", [({"HeapArray": [{"Direct": 1}, 1]}, kind)])]), "nested too deep")


def test_parameters_are_the_first_witnesses() -> None:
    circuit = ["main", 5, [], [0, 2], [], [], []]
    refuse(pack([[circuit], []]), "not the first witnesses")


def test_the_number_of_witnesses_is_bounded() -> None:
    refuse(pack([[["main", 1 << 31, [], [], [], [], []]], []]), "expected a number below")


def test_a_message_may_be_that_of_an_unconstrained_opcode() -> None:
    bytecode = program([], messages=[[{"Brillig": [3, 4]}, [7, []]]], functions=[[const(1, 1)]])
    assert list(Program.from_bytecode(bytecode).circuit.assert_messages) == ["3.4"]


def test_blocks_that_are_passed_many_times() -> None:
    block = memory_init(0, [0] * (1 << 12))
    passed = [{"MemoryArray": 0}] * (1 << 12)
    code = [[stop(3, 4)]]
    allowed = program([block, {"BrilligCall": [0, passed, [], expression(constant=1)]}], 1, code)
    assert len(Program.from_bytecode(allowed).circuit.opcodes) == 2
    refuse(
        program([block, {"BrilligCall": [0, [*passed, *passed[:1]], [], expression(constant=1)]}], 1, code),
        "more than 16777216 values are passed",
    )
    message = [{"Acir": 0}, [5, [{"Memory": 0}] * ((1 << 12) + 1)]]
    refuse(program([block], 1, messages=[message]), "more than 16777216 values are passed")
