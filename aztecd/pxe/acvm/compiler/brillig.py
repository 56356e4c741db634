"""From an unconstrained function to the source of Python functions.

`b12(m, F)` runs from opcode 12 on, memory and frame given, and gives the function to go on with, or None at
the end. It follows the code through jumps and calls as long as the way is clear (a loop back to 12 is a
loop in it); of two ways it takes the one that does not lead to a Trap and leaves to another function for
the other.

What compiled code may assume, and what it checks:

* memory always is that of the plain interpreter before each opcode: every result is written at once, and
  only reading it again is saved. So leaving (`raise Leave`, or an IndexError or ZeroDivisionError of Python
  itself) needs no clean-up, and the line number says which opcode is next;
* cells that are addressed directly lie below the frame that cell 0 names (checked when it is read);
* what is written through a pointer is no cell whose value is known (checked at each write).

`lines[n]` is the pc that line n + 1 belongs to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from aztecd.crypto.field import FR_MODULUS
from aztecd.pxe.acvm.compiler.flow import leads_to_trap
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

__all__ = ["BrilligSource", "brillig_source"]

_MAX_OPCODES: Final = 60
"""Opcodes in a function of Python; a basic block may be longer."""
_MAX_STRAIGHT: Final = 400
_MAX_STRAIGHT_AFTER: Final = 16
_MAX_GROWTH: Final = 2
"""Emitted opcodes for each one of the program; beyond that functions end with their block."""

_OPERATORS: Final = {
    IntegerOp.ADD: "+",
    IntegerOp.SUB: "-",
    IntegerOp.MUL: "*",
    IntegerOp.AND: "&",
    IntegerOp.OR: "|",
    IntegerOp.XOR: "^",
    IntegerOp.EQUALS: "==",
    IntegerOp.LESS_THAN: "<",
    IntegerOp.LESS_THAN_EQUALS: "<=",
}
_MAX_LISTED: Final = 64
"""Known cells that a check lists; of more it takes all below the last one for known."""
_BOUND: Final = re.compile("MAX_DIRECT|MAX_RELATIVE")
_STACK_POINTER: Final = Address(False, 0)
_FREE_POINTER: Final = Address(False, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrilligSource:
    """The source of a module, the pcs of its lines, and the pcs that have functions."""

    text: str
    lines: tuple[int, ...]
    entries: tuple[int, ...]


def brillig_source(opcodes: tuple[BrilligOpcode, ...]) -> BrilligSource:
    """Write all functions that can be reached from opcode 0."""
    lines: list[str] = []
    pcs: list[int] = []
    entries: list[int] = []
    constants: list[str] = []
    waiting = [0]
    seen = {0}
    emitted = 0
    while waiting:
        start = waiting.pop()
        entries.append(start)
        writer = _BlockWriter(opcodes, start, constants)
        if emitted < _MAX_GROWTH * len(opcodes):
            writer.write(_MAX_OPCODES, _MAX_STRAIGHT)
        else:
            writer.write(1, _MAX_STRAIGHT_AFTER)
        emitted += writer.count
        for text, pc in writer.finished():
            lines.append(text)
            pcs.append(pc)
        for target in writer.targets:
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    for text in ["T = {" + ", ".join(f"{pc}: b{pc}" for pc in entries) + "}", *constants]:
        lines.append(text)
        pcs.append(0)
    return BrilligSource(text="\n".join(lines) + "\n", lines=tuple(pcs), entries=tuple(entries))


@dataclass(slots=True)
class _BlockWriter:
    """Writes one function. Mutable."""

    opcodes: tuple[BrilligOpcode, ...]
    start: int
    constants: list[str]
    count: int = 0
    targets: list[int] = field(default_factory=list)
    _lines: list[tuple[str, int]] = field(default_factory=list)
    _pc: int = 0
    _names: int = 0
    _cells: dict[Address, str] = field(default_factory=dict)
    """Expressions (names or numbers) of the values of cells."""
    _has_base: bool = False
    _max_direct: int = 0
    _max_relative: int = 0
    _is_loop: bool = False

    def finished(self) -> list[tuple[str, int]]:
        """Give the lines, head included, each with its pc."""
        indent = "  " if self._is_loop else " "
        lines = [(f"def b{self.start}(m, F):", self.start)]
        if self._is_loop:
            lines.append((" for _ in PASSES:", self.start))
        bounds = {"MAX_DIRECT": str(self._max_direct), "MAX_RELATIVE": str(self._max_relative)}
        for text, pc in self._lines:
            lines.append((indent + _BOUND.sub(lambda found: bounds[found[0]], text), pc))
        if self._is_loop:
            lines.append((f" return b{self.start}", self.start))
        return lines

    def write(self, budget: int, straight: int) -> None:
        """Write opcodes from the start until a function has to end.

        That is at a jump after `budget` opcodes, and anywhere after `straight`.
        """
        opcodes = self.opcodes
        calls: list[int] = []
        visited: set[int] = set()
        pc = self.start
        while True:
            self._pc = pc
            if pc >= len(opcodes):
                self._leave()
                return
            opcode = opcodes[pc]
            self.count += 1
            visited.add(pc)
            following = pc + 1
            match opcode:
                case Jump(place):
                    following = place
                case JumpIf():
                    following = self._branch(opcode)
                case Call(place):
                    self._emit(f"F.calls.append({pc})")
                    calls.append(pc)
                    self.targets.append(pc + 1)
                    following = place
                case Return():
                    if not calls:
                        self._emit("return T[F.calls.pop()+1]")
                        return
                    self._emit("F.calls.pop()")
                    following = calls.pop() + 1
                case Stop():
                    self._emit(
                        f"stop(m, F, {self._read(opcode.data.pointer)}, {self._read(opcode.data.size)})"
                    )
                    self._emit("return None")
                    return
                case Trap():
                    self._leave()
                    return
                case _:
                    self._straight(opcode)
            if following != pc + 1 or isinstance(opcode, JumpIf):
                if following == self.start:
                    self._is_loop = True
                    self._emit("continue")
                    return
                if following in visited or self.count >= budget:
                    self._go(following)
                    return
            elif self.count >= straight:
                self._go(following)
                return
            pc = following

    def _branch(self, opcode: JumpIf) -> int:
        """Write the way that is left, and give the one that is followed."""
        condition = self._read(opcode.condition)
        here, there = self._pc + 1, opcode.target
        if there == self.start:
            self._is_loop = True
            self._emit(f"if {condition}: continue")
            return here
        if leads_to_trap(self.opcodes, here) and not leads_to_trap(self.opcodes, there):
            self._emit(f"if not {condition}: return b{here}")
            self.targets.append(here)
            return there
        self._emit(f"if {condition}: return b{there}")
        self.targets.append(there)
        return here

    def _straight(self, opcode: BrilligOpcode) -> None:
        """Write an opcode that the next one follows."""
        match opcode:
            case Const(target, constant):
                self._write(target, str(constant))
            case Mov(target, source):
                self._write(target, self._read(source))
            case ConditionalMov(target, if_true, if_false, condition):
                parts = [self._read(address) for address in (if_true, condition, if_false)]
                self._write(target, "{} if {} else {}".format(*parts))
            case BinaryInt(target, operation, width, left, right):
                if operation in {IntegerOp.SHL, IntegerOp.SHR}:
                    self._emit(f"if {self._read(right)} >= {width}: raise Leave")
                self._write(target, _integer(operation, width, self._read(left), self._read(right)))
            case BinaryField(target, operation, left, right):
                self._write(target, _field(operation, self._read(left), self._read(right)))
            case Not(target, source, width):
                self._write(target, f"~{self._read(source)} & {(1 << width) - 1}")
            case Cast(target, source, width):
                value = self._read(source)
                self._write(target, value if width == FIELD else f"{value} & {(1 << width) - 1}")
            case Load(target, pointer):
                self._write(target, f"m[{self._read(pointer)}]")
            case Store(pointer, source):
                self._store(self._read(pointer), self._read(source))
            case IndirectConst(pointer, constant):
                self._store(self._read(pointer), str(constant))
            case CalldataCopy():
                self._emit(f"copy_calldata(m, {self._constant(opcode)}, F)")
                self._forget()
            case ForeignCallOp():
                self._emit(f"ask_oracle(m, {self._constant(opcode)}, F)")
                self._forget()
            case BlackBox():
                self._emit(f"run_black_box(m, {self._constant(opcode)}, F)")
                self._forget()
            case _:
                raise AssertionError("the others end a block")

    # Cells.

    def _read(self, address: Address) -> str:
        """Give a name or number for the value of a cell."""
        known = self._cells.get(address)
        if known is None:
            place = self._place(address)
            known = self._name()
            self._emit(f"{known} = m[{place}]")
            self._cells[address] = known
        return known

    def _write(self, address: Address, value: str) -> None:
        """Write a cell; the value may be any expression."""
        place = self._place(address)
        if value.isidentifier() or value.isdecimal():
            self._emit(f"m[{place}] = {value}")
        else:
            name = self._name()
            self._emit(f"m[{place}] = {name} = {value}")
            value = name
        if address == _STACK_POINTER:
            # The frame is another one: nothing relative is known.
            self._cells = {cell: known for cell, known in self._cells.items() if not cell.is_relative}
            self._has_base = False
        self._cells[address] = value
        if address == _FREE_POINTER:
            # What it is about to use exists then; the check costs less than growing by an error.
            self._emit(f"if {value} >= len(m): reserve(m, {value})")

    def _store(self, pointer: str, value: str) -> None:
        """Write through a pointer that names no cell whose value is known."""
        direct = sorted(cell.offset for cell in self._cells if not cell.is_relative)
        is_direct = (
            f"{pointer} in {tuple(direct)}" if len(direct) <= _MAX_LISTED else f"{pointer} <= {direct[-1]}"
        )
        if self._has_base:
            # The first comparison decides nearly always: arrays lie above the stack.
            self._emit(f"if {pointer} <= t and ({pointer} >= s or {is_direct}): raise Leave")
        elif direct:
            self._emit(f"if {pointer} <= {direct[-1]} and {is_direct}: raise Leave")
        self._emit(f"m[{pointer}] = {value}")

    def _place(self, address: Address) -> str:
        if not address.is_relative:
            self._max_direct = max(self._max_direct, address.offset)
            return str(address.offset)
        self._max_relative = max(self._max_relative, address.offset)
        if not self._has_base:
            base = self._read(_STACK_POINTER)
            # Bounds that are known at the end only: the names are replaced then.
            self._emit(f"if {base} <= MAX_DIRECT: raise Leave")
            self._emit(f"s = {base}; t = s + MAX_RELATIVE")
            self._has_base = True
        return f"s + {address.offset}" if address.offset else "s"

    def _forget(self) -> None:
        self._cells = {}
        self._has_base = False

    # Text.

    def _go(self, place: int) -> None:
        self._emit(f"return b{place}")
        self.targets.append(place)

    def _leave(self) -> None:
        self._emit("raise Leave")

    def _constant(self, opcode: BrilligOpcode) -> str:
        # The repr of named tuples of numbers and texts is an expression that makes them again.
        self.constants.append(f"K{len(self.constants)} = {opcode!r}")
        return f"K{len(self.constants) - 1}"

    def _name(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def _emit(self, text: str) -> None:
        self._lines.append((text, self._pc))


def _integer(operation: IntegerOp, width: int, left: str, right: str) -> str:
    mask = (1 << width) - 1
    match operation:
        case IntegerOp.ADD | IntegerOp.SUB | IntegerOp.MUL | IntegerOp.OR | IntegerOp.XOR:
            if left.isdecimal() and right.isdecimal():
                return str(_folded(operation, int(left), int(right)) & mask)
            return (
                f"{left} {_OPERATORS[operation]} {right} & {mask}"
                if operation
                not in {
                    IntegerOp.OR,
                    IntegerOp.XOR,
                }
                else f"({left} {_OPERATORS[operation]} {right}) & {mask}"
            )
        case IntegerOp.DIV | IntegerOp.INTEGER_DIV:
            return f"{left} // {right}"
        case IntegerOp.AND:
            return f"{left} & {right}"
        case IntegerOp.SHL:
            return f"{left} << {right} & {mask}"
        case IntegerOp.SHR:
            return f"{left} >> {right}"
        case _:
            return f"1 if {left} {_OPERATORS[operation]} {right} else 0"


def _folded(operation: IntegerOp, left: int, right: int) -> int:
    match operation:
        case IntegerOp.ADD:
            return left + right
        case IntegerOp.SUB:
            return left - right
        case IntegerOp.MUL:
            return left * right
        case IntegerOp.OR:
            return left | right
        case _:
            return left ^ right


def _field(operation: IntegerOp, left: str, right: str) -> str:
    match operation:
        case IntegerOp.ADD | IntegerOp.SUB:
            return f"({left} {_OPERATORS[operation]} {right}) % {FR_MODULUS}"
        case IntegerOp.MUL:
            return f"{left} * {right} % {FR_MODULUS}"
        case IntegerOp.DIV:
            return f"divided({left}, {right})"
        case IntegerOp.INTEGER_DIV:
            return f"{left} // {right}"
        case _:
            return f"1 if {left} {_OPERATORS[operation]} {right} else 0"
