"""From raw bytecode to instructions: the table of all opcodes, fetching and decoding.

Authority: @aztec/simulator src/public/avm/serialization/instruction_serialization.ts,
bytecode_serialization.ts; gas in @aztec/constants src/constants.gen.ts (`AVM_*_GAS`) (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import Final

from aztecd.avm.errors import ExceptionalHalt
from aztecd.avm.tags import MAX_TAG

__all__ = ["OPCODES", "STRAIGHT_FAMILIES", "Instruction", "OpcodeSpec", "decode"]

_RUN_ENDS: Final = frozenset({"CALL", "STATICCALL", "RETURN", "REVERT"})
STRAIGHT_FAMILIES: Final = frozenset(
    {
        *("ADD", "SUB", "MUL", "DIV", "FDIV", "EQ", "LT", "LTE"),
        *("AND", "OR", "XOR", "NOT", "SHL", "SHR"),
        *("CAST", "SET", "MOV"),
    }
)
"""Instructions that only compute: they touch memory and gas, and go on with the next one."""

_MODE_SLOTS: Final = 7
"""Mode bits of so many operands are charged for, whether the instruction has them or not."""
_ADDRESSING_GAS: Final = 3


@dataclass(frozen=True, slots=True)
class OpcodeSpec:
    """One opcode: its name, layout and base gas.

    The layout lists what follows the opcode byte: `m1`, `m2` the addressing mode; `a1`, `a2` memory address
    operands; `i1` to `i32` immediates; `t` a tag. Numbers are bytes.
    """

    opcode: int
    name: str
    layout: tuple[str, ...]
    l2_gas: int
    da_gas: int = 0

    @property
    def family(self) -> str:
        """The name without the width of the operands."""
        return self.name.partition("_")[0]

    @property
    def size(self) -> int:
        """Bytes of an instruction, opcode included."""
        return 1 + sum(_width(part) for part in self.layout)


def _width(part: str) -> int:
    return 1 if part == "t" else int(part[1:])


def _specs(*rows: str) -> tuple[OpcodeSpec, ...]:
    """Read a table of `name l2_gas da_gas layout...`; the opcode is the line's number."""
    found = []
    for opcode, row in enumerate(rows):
        name, l2_gas, da_gas, *layout = row.split()
        found.append(OpcodeSpec(opcode, name, tuple(layout), int(l2_gas), int(da_gas)))
    return tuple(found)


OPCODES: Final = _specs(
    "ADD_8 12 0 m1 a1 a1 a1",
    "ADD_16 12 0 m1 a2 a2 a2",
    "SUB_8 12 0 m1 a1 a1 a1",
    "SUB_16 12 0 m1 a2 a2 a2",
    "MUL_8 27 0 m1 a1 a1 a1",
    "MUL_16 27 0 m1 a2 a2 a2",
    "DIV_8 27 0 m1 a1 a1 a1",
    "DIV_16 27 0 m1 a2 a2 a2",
    "FDIV_8 225 0 m1 a1 a1 a1",
    "FDIV_16 225 0 m1 a2 a2 a2",
    "EQ_8 12 0 m1 a1 a1 a1",
    "EQ_16 12 0 m1 a2 a2 a2",
    "LT_8 42 0 m1 a1 a1 a1",
    "LT_16 42 0 m1 a2 a2 a2",
    "LTE_8 42 0 m1 a1 a1 a1",
    "LTE_16 42 0 m1 a2 a2 a2",
    "AND_8 12 0 m1 a1 a1 a1",
    "AND_16 12 0 m1 a2 a2 a2",
    "OR_8 12 0 m1 a1 a1 a1",
    "OR_16 12 0 m1 a2 a2 a2",
    "XOR_8 12 0 m1 a1 a1 a1",
    "XOR_16 12 0 m1 a2 a2 a2",
    "NOT_8 12 0 m1 a1 a1",
    "NOT_16 12 0 m1 a2 a2",
    "SHL_8 18 0 m1 a1 a1 a1",
    "SHL_16 18 0 m1 a2 a2 a2",
    "SHR_8 18 0 m1 a1 a1 a1",
    "SHR_16 18 0 m1 a2 a2 a2",
    "CAST_8 27 0 m1 a1 a1 t",
    "CAST_16 27 0 m1 a2 a2 t",
    "GETENVVAR_16 12 0 m1 a2 i1",
    "CALLDATACOPY 18 0 m1 a2 a2 a2",
    "SUCCESSCOPY 12 0 m1 a2",
    "RETURNDATASIZE 12 0 m1 a2",
    "RETURNDATACOPY 18 0 m1 a2 a2 a2",
    "JUMP_32 9 0 i4",
    "JUMPI_32 9 0 m1 a2 i4",
    "INTERNALCALL 9 0 i4",
    "INTERNALRETURN 9 0",
    "SET_8 27 0 m1 a1 t i1",
    "SET_16 27 0 m1 a2 t i2",
    "SET_32 27 0 m1 a2 t i4",
    "SET_64 27 0 m1 a2 t i8",
    "SET_128 27 0 m1 a2 t i16",
    "SET_FF 27 0 m1 a2 t i32",
    "MOV_8 12 0 m1 a1 a1",
    "MOV_16 12 0 m1 a2 a2",
    "SLOAD 1290 0 m1 a2 a2 a2",
    "SSTORE 33140 0 m1 a2 a2",
    "NOTEHASHEXISTS 504 0 m1 a2 a2 a2",
    "EMITNOTEHASH 19275 32 m1 a2",
    "NULLIFIEREXISTS 903 0 m1 a2 a2",
    "EMITNULLIFIER 30800 32 m1 a2",
    "L1TOL2MSGEXISTS 540 0 m1 a2 a2 a2",
    "GETCONTRACTINSTANCE 6108 0 m1 a2 a2 i1",
    "EMITPUBLICLOG 15 64 m1 a2 a2",
    "SENDL2TOL1MSG 5239 32 m1 a2 a2",
    "CALL 9936 0 m2 a2 a2 a2 a2 a2",
    "STATICCALL 9936 0 m2 a2 a2 a2 a2 a2",
    "RETURN 9 0 m1 a2 a2",
    "REVERT_8 9 0 m1 a1 a1",
    "REVERT_16 9 0 m1 a2 a2",
    "DEBUGLOG 9 0 m1 a2 a2 a2 a2 i2",
    "POSEIDON2 360 0 m1 a2 a2",
    "SHA256COMPRESSION 12288 0 m1 a2 a2 a2",
    "KECCAKF1600 58176 0 m1 a2 a2",
    "ECADD 270 0 m2 a2 a2 a2 a2 a2 a2 a2",
    "TORADIXBE 24 0 m2 a2 a2 a2 a2 a2",
)
"""All opcodes, each at its own number."""

_MAX_UINT64: Final = (1 << 64) - 1


class Instruction:
    """One decoded instruction; immutable by convention: it is shared by all that run the program.

    `operands`: the address operands as written. `indirect`, `relative`: the mode bits of each of them;
    `is_direct`: none is set. `tag` and `immediate` are 0 where the layout has none. `l2_gas`, `da_gas`: base
    gas, that of the addressing included. `ends_block`: a compiled block ends here, or execution may go on
    elsewhere; `ends_run`: the frame's execution stops.
    """

    __slots__ = (
        "da_gas",
        "ends_block",
        "ends_run",
        "immediate",
        "is_direct",
        "l2_gas",
        "next_pc",
        "opcode",
        "operands",
        "pc",
        "shape",
        "tag",
    )

    def __init__(self, shape: _Shape, pc: int, operands: tuple[int, ...], tag: int, immediate: int) -> None:
        self.shape = shape
        self.opcode = shape.opcode
        self.pc = pc
        self.next_pc = pc + shape.size
        self.operands = operands
        self.tag = tag
        self.immediate = immediate
        # Copies of what execution reads each time.
        self.is_direct = shape.is_direct
        self.l2_gas = shape.l2_gas
        self.da_gas = shape.da_gas
        self.ends_block = shape.ends_block
        self.ends_run = shape.ends_run

    @property
    def spec(self) -> OpcodeSpec:
        """The opcode's line of the table."""
        return OPCODES[self.opcode]

    @property
    def indirect(self) -> tuple[bool, ...]:
        """Which operands are pointers."""
        return self.shape.indirect

    @property
    def relative(self) -> tuple[bool, ...]:
        """Which operands count from the base address."""
        return self.shape.relative


class _Shape:
    """What all instructions of one opcode and addressing mode have in common."""

    __slots__ = (
        "da_gas",
        "ends_block",
        "ends_run",
        "indirect",
        "is_direct",
        "l2_gas",
        "opcode",
        "relative",
        "size",
    )

    def __init__(self, layout: _Layout, mode: int) -> None:
        self.opcode = layout.spec.opcode
        self.size = layout.size
        self.indirect = tuple(bool(mode >> 2 * slot & 1) for slot in range(layout.operand_count))
        self.relative = tuple(bool(mode >> 2 * slot & 2) for slot in range(layout.operand_count))
        self.is_direct = not any(self.indirect) and not any(self.relative)
        self.l2_gas = layout.spec.l2_gas + _addressing_gas(mode)
        self.da_gas = layout.spec.da_gas
        self.ends_block = layout.spec.family not in STRAIGHT_FAMILIES
        self.ends_run = layout.spec.family in _RUN_ENDS


class _Layout:
    """How to read one opcode: mode, operands, then tag and immediate as far as there are any."""

    __slots__ = ("has_mode", "has_tag", "immediate_size", "operand_count", "size", "spec", "struct")

    def __init__(self, spec: OpcodeSpec) -> None:
        formats = {"m1": "B", "m2": "H", "a1": "B", "a2": "H", "t": "B"}
        self.spec = spec
        # Immediates are read as bytes: some are wider than any number of `struct`.
        self.struct = Struct(">x" + "".join(formats.get(part, f"{part[1:]}s") for part in spec.layout))
        self.size = spec.size
        self.has_mode = any(part[0] == "m" for part in spec.layout)
        self.has_tag = "t" in spec.layout
        self.immediate_size = sum(_width(part) for part in spec.layout if part[0] == "i")
        self.operand_count = sum(part[0] == "a" for part in spec.layout)


_LAYOUTS: Final = tuple(_Layout(spec) for spec in OPCODES)


@lru_cache(maxsize=4096)
def _shape(opcode: int, mode: int) -> _Shape:
    return _Shape(_LAYOUTS[opcode], mode)


def decode(bytecode: bytes, pc: int) -> Instruction:
    """Fetch the instruction at a byte offset.

    Raises: ExceptionalHalt, in the order offset, opcode, length, tag.
    """
    if pc >= len(bytecode):
        last = len(bytecode) - 1 if bytecode else _MAX_UINT64
        raise _fetching_error(pc, f"Invalid program counter {pc}, max is {last}")
    opcode = bytecode[pc]
    if opcode >= len(_LAYOUTS):
        raise _fetching_error(
            pc, f"Opcode {opcode} (0x{opcode:x}) value is not in the range of valid opcodes (at PC {pc})."
        )
    layout = _LAYOUTS[opcode]
    if pc + layout.size > len(bytecode):
        raise _fetching_error(
            pc,
            f"Instruction at PC {pc} does not fit in bytecode (instruction size: {layout.size}, "
            f"remaining: {len(bytecode) - pc})",
        )
    parts = layout.struct.unpack_from(bytecode, pc)
    mode, first = (parts[0], 1) if layout.has_mode else (0, 0)
    end = first + layout.operand_count
    tag = 0
    if layout.has_tag:
        tag = parts[end]
        if tag > MAX_TAG:
            raise _fetching_error(pc, "Tag check failed")
    immediate = int.from_bytes(parts[-1], "big") if layout.immediate_size else 0
    return Instruction(_shape(opcode, mode), pc, parts[first:end], tag, immediate)


def _addressing_gas(mode: int) -> int:
    """Price the mode bits: each indirect and each relative one, and once for reading the base address."""
    indirect = sum(mode >> 2 * slot & 1 for slot in range(_MODE_SLOTS))
    relative = sum(mode >> 2 * slot + 1 & 1 for slot in range(_MODE_SLOTS))
    return _ADDRESSING_GAS * (indirect + relative + (relative > 0))


def _fetching_error(pc: int, detail: str) -> ExceptionalHalt:
    return ExceptionalHalt(f"Instruction fetching error at pc {pc}: {detail}")
