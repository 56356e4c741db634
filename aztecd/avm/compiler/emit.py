"""From a recorded path to the source of a Python function.

What compiled code may assume, and what it checks, once per path unless said otherwise:

* gas for the whole path is taken at its start; leaving earlier gives back the rest;
* the tag of a cell is checked when it is first needed and known from then on;
* the base address (mem[0]) is a U32 above all directly addressed cells of the path, and the frame behind it
  lies in the dense memory: so direct and relative operands are never the same cell;
* a pointer that is written through points behind the frame (checked at each write): so no other operand is
  that cell, and what is known of them stays true.

Everything is written to memory at once; only reading again is saved. So the memory is always that of the
plain machine, and leaving needs no clean-up but gas and instruction count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aztecd.avm.instructions.bitwise import BITWISE_GAS
from aztecd.avm.memory import FIRST_SIZE
from aztecd.avm.tags import FF, MASKS, U1, U32, WIDTHS
from aztecd.crypto.field import FR_MODULUS

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.compiler.trace import Step, Trace

__all__ = ["source_of"]

_LOOP_PASSES: Final = 1000
"""A loop returns to the machine now and then, which looks whether to give up."""


@dataclass(slots=True)
class _Cell:
    """What is known of a memory cell: an expression for its value, and its tag or an expression for it."""

    value: str | None = None
    tag: int | str | None = None


@dataclass(frozen=True, slots=True)
class _Operand:
    """Where an operand lies: an expression of its address; the key of direct and relative cells."""

    address: str
    key: tuple[str, int] | None
    recorded_tag: int


@dataclass(frozen=True, slots=True)
class _Leave:
    """A place where the function leaves; gas and steps before it, and what it returns."""

    condition: str
    gas_before: int
    steps_before: int
    result: int
    is_rare: bool


@dataclass(slots=True)
class _Emitter:
    """The state of the translation. Lines are text or places to leave, which get their gas at the end."""

    lines: list[str | _Leave] = field(default_factory=list)
    cells: dict[tuple[str, int], _Cell] = field(default_factory=dict)
    gas: int = 0
    steps: int = 0
    pc: int = 0
    is_base_loaded: bool = False
    max_direct: int = 0
    max_relative: int = 0
    names: int = 0
    uses_stack: bool = False

    def name(self) -> str:
        """Give a fresh local variable."""
        self.names += 1
        return f"v{self.names}"

    def emit(self, line: str) -> None:
        """Add a line of code."""
        self.lines.append(line)

    def bail(self, condition: str) -> None:
        """Leave before the current instruction if the condition holds."""
        self.lines.append(_Leave(condition, self.gas, self.steps, ~self.pc, is_rare=True))

    # Operands.

    def operands(self, step: Step) -> list[_Operand]:
        """Give where the operands lie; emits the checks of base and pointers."""
        instruction = step.instruction
        found = []
        for address, is_indirect, is_relative, tag in zip(
            instruction.operands, instruction.indirect, instruction.relative, step.tags, strict=True
        ):
            operand = self._cell_operand(address, U32 if is_indirect else tag, is_relative=is_relative)
            if is_indirect:
                pointer = self.read_as(operand, U32)
                self.bail(f"{pointer} >= D")
                operand = _Operand(pointer, None, tag)
            found.append(operand)
        return found

    def _cell_operand(self, address: int, tag: int, *, is_relative: bool) -> _Operand:
        if not is_relative:
            self.max_direct = max(self.max_direct, address)
            return _Operand(str(address), ("d", address), tag)
        self.max_relative = max(self.max_relative, address)
        if not self.is_base_loaded:
            base = self.read_as(_Operand("0", ("d", 0), U32), U32)
            self.emit(f"b = {base}")
            # Bounds that are known at the end only: the names are replaced then.
            self.bail("b <= MAX_DIRECT or b + MAX_RELATIVE >= D")
            self.is_base_loaded = True
        return _Operand(f"b + {address}" if address else "b", ("r", address), tag)

    def _cell(self, operand: _Operand) -> _Cell:
        if operand.key is None:
            return _Cell()
        return self.cells.setdefault(operand.key, _Cell())

    def read(self, operand: _Operand) -> str:
        """Give an expression of the operand's value that stays valid."""
        cell = self._cell(operand)
        if cell.value is None:
            cell.value = self.name()
            self.emit(f"{cell.value} = V[{operand.address}]")
        return cell.value

    def read_as(self, operand: _Operand, tag: int) -> str:
        """Give the value of an operand and make sure of its tag."""
        cell = self._cell(operand)
        if cell.tag != tag:
            self.bail(f"{cell.tag if isinstance(cell.tag, str) else f'T[{operand.address}]'} != {tag}")
            cell.tag = tag
        return self.read(operand)

    def tag(self, operand: _Operand) -> int | str:
        """Give the operand's tag if it is known, else an expression that stays valid."""
        cell = self._cell(operand)
        if cell.tag is None:
            cell.tag = f"t{self.name()}"
            self.emit(f"{cell.tag} = T[{operand.address}]")
        return cell.tag

    def write(self, operand: _Operand, tag: int | str, value: str) -> None:
        """Replace a cell; the value is an expression that stays valid."""
        if operand.key is None:
            bound = "b + MAX_RELATIVE" if self.is_base_loaded else "MAX_DIRECT"
            self.bail(f"{operand.address} <= {bound}")
            self.emit(f"V[{operand.address}] = {value}")
            self.emit(f"T[{operand.address}] = {tag}")
            return
        cell = self._cell(operand)
        self.emit(f"V[{operand.address}] = {value}")
        if cell.tag != tag:
            self.emit(f"T[{operand.address}] = {tag}")
        cell.value, cell.tag = value, tag
        if operand.key == ("d", 0):
            # Another base: what was known of relative cells is not of these any more.
            self.is_base_loaded = False
            self.cells = {key: known for key, known in self.cells.items() if key[0] == "d"}

    def write_new(self, operand: _Operand, tag: int, expression: str) -> None:
        """Replace a cell by the value of an expression that uses what it may replace."""
        value = self.name()
        self.emit(f"{value} = {expression}")
        self.write(operand, tag, value)

    # Steps.

    def step(self, step: Step) -> None:
        """Translate one instruction."""
        instruction = step.instruction
        self.pc = instruction.pc
        family = instruction.spec.family
        if family in _CONTROL:
            self._control(step, family)
            return
        operands = self.operands(step)
        gas = instruction.l2_gas
        match family:
            case "SET":
                tag = instruction.tag
                value = instruction.immediate % FR_MODULUS
                self.write(operands[0], tag, str(value & MASKS[tag] if tag else value))
            case "MOV":
                tag_of_source = self.tag(operands[0])
                self.write(operands[1], tag_of_source, self.read(operands[0]))
            case "CAST":
                self._cast(operands[0], operands[1], instruction.tag)
            case "NOT":
                tag = operands[0].recorded_tag
                value_text = self.read_as(operands[0], tag)
                self.write_new(operands[1], tag, f"{value_text} ^ {MASKS[tag]}")
            case _:
                gas += self._binary(family, operands)
        self.gas += gas
        self.steps += 1

    def _cast(self, source: _Operand, target: _Operand, tag: int) -> None:
        known = self._cell(source).tag
        value = self.read(source)
        fits = tag == FF or (isinstance(known, int) and known != FF and WIDTHS[known] <= WIDTHS[tag])
        if fits:
            self.write(target, tag, value)
        else:
            self.write_new(target, tag, f"{value} & {MASKS[tag]}")

    def _binary(self, family: str, operands: list[_Operand]) -> int:
        """Translate an operation on two values; give its dynamic gas."""
        tag = operands[0].recorded_tag
        left = self.read_as(operands[0], tag)
        right = self.read_as(operands[1], tag)
        target = operands[2]
        if family in _COMPARISONS:
            self.write_new(target, U1, f"1 if {left} {_COMPARISONS[family]} {right} else 0")
            return 0
        if family in {"DIV", "FDIV"}:
            self.bail(f"not {right}")
        if tag == FF:
            self._field_operation(family, left, right, target)
            return 0
        mask, width = MASKS[tag], WIDTHS[tag]
        expression = {
            "ADD": f"{left} + {right} & {mask}",
            "SUB": f"{left} - {right} & {mask}",
            "MUL": f"{left} * {right} & {mask}",
            "DIV": f"{left} // {right}",
            "AND": f"{left} & {right}",
            "OR": f"{left} | {right}",
            "XOR": f"{left} ^ {right}",
            "SHL": f"{left} << {right} & {mask} if {right} < {width} else 0",
            "SHR": f"{left} >> {right} if {right} < {width} else 0",
        }[family]
        self.write_new(target, tag, expression)
        return BITWISE_GAS[tag] if family in {"AND", "OR", "XOR"} else 0

    def _field_operation(self, family: str, left: str, right: str, target: _Operand) -> None:
        value = self.name()
        match family:
            case "ADD":
                self.emit(f"{value} = {left} + {right}")
                self.emit(f"if {value} >= {FR_MODULUS}: {value} -= {FR_MODULUS}")
            case "SUB":
                self.emit(f"{value} = {left} - {right}")
                self.emit(f"if {value} < 0: {value} += {FR_MODULUS}")
            case "MUL":
                self.emit(f"{value} = {left} * {right} % {FR_MODULUS}")
            case _:
                self.emit(f"{value} = {left} * pow({right}, -1, {FR_MODULUS}) % {FR_MODULUS}")
        self.write(target, FF, value)

    def _control(self, step: Step, family: str) -> None:
        instruction = step.instruction
        condition = ""
        if family == "JUMPI":
            (operand,) = self.operands(step)
            condition = self.read_as(operand, U1)
        elif family == "INTERNALCALL":
            self.uses_stack = True
            self.emit(f"S.append(({instruction.pc}, {instruction.next_pc}))")
        elif family == "INTERNALRETURN":
            self.uses_stack = True
            self.bail(f"not S or S[-1][1] != {step.next_pc}")
            self.emit("S.pop()")
        self.gas += instruction.l2_gas
        self.steps += 1
        if family == "JUMPI":
            self._branch(instruction, condition, step.next_pc)

    def _branch(self, instruction: Instruction, condition: str, taken_pc: int) -> None:
        """Leave behind the jump if it goes the other way than when it was recorded."""
        if instruction.immediate == instruction.next_pc:
            return
        if taken_pc == instruction.next_pc:
            other = _Leave(condition, self.gas, self.steps, instruction.immediate, is_rare=False)
        else:
            other = _Leave(f"not {condition}", self.gas, self.steps, instruction.next_pc, is_rare=False)
        self.lines.append(other)


_CONTROL: Final = frozenset({"JUMP", "JUMPI", "INTERNALCALL", "INTERNALRETURN"})
_COMPARISONS: Final = {"EQ": "==", "LT": "<", "LTE": "<="}


def source_of(trace: Trace) -> str:
    """Write the function `block(f, V, T, D)` that runs a path; see `Block` for what it takes and gives."""
    emitter = _Emitter()
    for step in trace.steps:
        emitter.step(step)
    total, steps = emitter.gas, emitter.steps
    count = "n + " if trace.is_loop else ""

    def leave(place: _Leave) -> str:
        gas = "g" if place.gas_before == total else f"g + {total - place.gas_before}"
        passed = f"{count}{place.steps_before}"
        if place.is_rare:
            return f"if {place.condition}: return leave(f, {gas}, {passed}, {place.result})"
        return f"if {place.condition}: f.l2_gas = {gas}; f.instructions += {passed}; return {place.result}"

    head = ["def block(f, V, T, D):"]
    if emitter.max_direct >= FIRST_SIZE:
        head.append(f" if D <= {emitter.max_direct}: return {~trace.start_pc}")
    if emitter.uses_stack:
        head.append(" S = f.call_stack")
    body = [line if isinstance(line, str) else leave(line) for line in emitter.lines]
    if trace.is_loop:
        head += [" g = f.l2_gas", " n = 0", f" for _ in range({_LOOP_PASSES}):"]
        start = [f"g -= {total}", f"if g < 0: return leave(f, g + {total}, n, {~trace.start_pc})"]
        lines = head + [f"  {line}" for line in (*start, *body, f"n += {steps}")]
        lines.append(f" return leave(f, g, n, {trace.start_pc})")
    else:
        start = [f"g = f.l2_gas - {total}", f"if g < 0: return {~trace.start_pc}"]
        end = ["f.l2_gas = g", f"f.instructions += {steps}", f"return {trace.steps[-1].next_pc}"]
        lines = head + [f" {line}" for line in (*start, *body, *end)]
    source = "\n".join(lines)
    return source.replace("MAX_DIRECT", str(emitter.max_direct)).replace(
        "MAX_RELATIVE", str(emitter.max_relative)
    )
