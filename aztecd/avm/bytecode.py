"""From raw bytecode to instructions: the table of all opcodes, fetching and decoding.

Authority: @aztec/simulator src/public/avm/serialization/instruction_serialization.ts,
bytecode_serialization.ts; gas in @aztec/constants src/constants.gen.ts (`AVM_*_GAS`) (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
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

_SIZES: Final = tuple(spec.size for spec in OPCODES)
_MAX_UINT64: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One decoded instruction.

    `operands`: the address operands as written. `indirect`, `relative`: the mode bits of each of them;
    `is_direct`: none is set.
    `tag` and `immediate` are 0 where the layout has none. `l2_gas`, `da_gas`: base gas, that of the
    addressing included. `ends_block`: a compiled block ends here, or
    execution may go on elsewhere; `ends_run`: the frame's execution stops.
    """

    opcode: int
    spec: OpcodeSpec
    pc: int
    next_pc: int
    operands: tuple[int, ...]
    indirect: tuple[bool, ...]
    relative: tuple[bool, ...]
    is_direct: bool
    tag: int
    immediate: int
    l2_gas: int
    da_gas: int
    ends_block: bool
    ends_run: bool


def decode(bytecode: bytes, pc: int) -> Instruction:
    """Fetch the instruction at a byte offset.

    Raises: ExceptionalHalt, in the order offset, opcode, length, tag.
    """
    if pc >= len(bytecode):
        last = len(bytecode) - 1 if bytecode else _MAX_UINT64
        raise _fetching_error(pc, f"Invalid program counter {pc}, max is {last}")
    opcode = bytecode[pc]
    if opcode >= len(OPCODES):
        raise _fetching_error(
            pc, f"Opcode {opcode} (0x{opcode:x}) value is not in the range of valid opcodes (at PC {pc})."
        )
    next_pc = pc + _SIZES[opcode]
    if next_pc > len(bytecode):
        raise _fetching_error(
            pc,
            f"Instruction at PC {pc} does not fit in bytecode (instruction size: {_SIZES[opcode]}, "
            f"remaining: {len(bytecode) - pc})",
        )
    spec = OPCODES[opcode]
    mode = tag = immediate = 0
    operands: list[int] = []
    position = pc + 1
    for part in spec.layout:
        end = position + _width(part)
        number = int.from_bytes(bytecode[position:end], "big")
        position = end
        match part[0]:
            case "m":
                mode = number
            case "a":
                operands.append(number)
            case "t":
                if number > MAX_TAG:
                    raise _fetching_error(pc, "Tag check failed")
                tag = number
            case _:
                immediate = number
    indirect = tuple(bool(mode >> 2 * slot & 1) for slot in range(len(operands)))
    relative = tuple(bool(mode >> 2 * slot & 2) for slot in range(len(operands)))
    return Instruction(
        opcode=opcode,
        spec=spec,
        pc=pc,
        next_pc=next_pc,
        operands=tuple(operands),
        indirect=indirect,
        relative=relative,
        is_direct=not any(indirect) and not any(relative),
        tag=tag,
        immediate=immediate,
        l2_gas=spec.l2_gas + _addressing_gas(mode),
        da_gas=spec.da_gas,
        ends_block=spec.family not in STRAIGHT_FAMILIES,
        ends_run=spec.family in _RUN_ENDS,
    )


def _addressing_gas(mode: int) -> int:
    """Price the mode bits: each indirect and each relative one, and once for reading the base address."""
    indirect = sum(mode >> 2 * slot & 1 for slot in range(_MODE_SLOTS))
    relative = sum(mode >> 2 * slot + 1 & 1 for slot in range(_MODE_SLOTS))
    return _ADDRESSING_GAS * (indirect + relative + (relative > 0))


def _fetching_error(pc: int, detail: str) -> ExceptionalHalt:
    return ExceptionalHalt(f"Instruction fetching error at pc {pc}: {detail}")
