"""Write one random AVM program that goes deep.

Every cell of the layout keeps one tag, so whatever way control takes, most instructions succeed. What makes
life hard for a compiler is put in on purpose: the same cell by several names (direct, relative, through
pointers), writes to the base address in the middle of straight code, cells whose tag depends on the way taken
(`loose` ones), jumps into immediates, recursion with moving frames, cells at the ends of memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aztecd.avm.tags import FF, MASKS, U1, U8, U16, U32, U64, U128, WIDTHS
from aztecd.crypto.field import FR_MODULUS
from tests.support.avm_assembler import Assembler, At, Label
from tests.support.avm_program_cells import (
    ALL_TAGS,
    ARRAYS,
    BASE,
    COUNTERS,
    DEPTH,
    END,
    FIELD,
    FLAG,
    FRAME_SIZE,
    FRAMES,
    INTEGRAL,
    LATE,
    LIMITS,
    MIXED,
    POINTERS,
    SIZES,
    UNWRITTEN,
    WORK,
    Cell,
)
from tests.support.avm_program_effects import EffectWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.support.avm_program_effects import Surroundings

_FRAME_CELLS: Final = tuple(enumerate((FF, FF, U1, U8, U16, U32, U32, U64, U128), 2))


class ProgramWriter(EffectWriter):
    """One program under construction. Mutable."""

    def __init__(self, rng: Random, surroundings: Surroundings, *, errors: float) -> None:
        """`errors` is the share of statements that are meant to fail."""
        super().__init__(rng, surroundings)
        self._errors = errors
        self._loops: list[tuple[int, int, int]] = []
        self._functions: list[tuple[Label, bool]] = []
        self._open_functions: list[tuple[Label, bool]] = []
        self._statements: dict[Callable[[int], None], int] = {
            self._compute: 24,
            self._same_cells: 6,
            self._at_limits: 8,
            self._read_border: 1,
            self._walk_mixed: 3,
            self._divide: 3,
            self._cast: 6,
            self._constant: 5,
            self._move: 6,
            self._loose_value: 7,
            self._environment: 3,
            self._copy: 3,
            self._move_base: 4,
            self._walk_array: 2,
            self._branch: 5,
            self._write_pointer: 2,
            self._late_error: 2,
            self._loop: 4,
            self._jump_over: 2,
            self._jump_inside: 2,
            self._internal_call: 4,
            self._storage: 2,
            self._trees: 2,
            self._effect: 1,
            self._external_call: 2,
            self._gadget: 3,
            self._radix: 2,
            self._point_addition: 2,
            self._debug_log: 1,
            self._instance: 1,
        }

    def write(self, length: int) -> bytes:
        """Write a program whose main part has so many statements."""
        self._functions = [(Label(), self._rng.random() < 0.5) for _ in range(self._rng.randrange(4))]
        self._open_functions = list(self._functions)
        self._prologue()
        self._sequence(length, 0)
        if self._rng.random() < 0.3:
            self._failing_loop()
        self._ending()
        while self._open_functions:
            label, has_frame = self._open_functions.pop(0)
            self._function(label, has_frame)
        return self._asm.bytecode()

    # Structure.

    def _prologue(self) -> None:
        self._set_base(self._rng.choice(self._bases))
        for pointer, target in self._pointers:
            self._asm.op("SET_32", self._plain_at(pointer), tag=U32, immediate=target)
        for tag, cells in self._scalars.items():
            for cell in cells:
                # Some stay as they are: an unwritten cell is a field element.
                if tag != FF or self._rng.random() < 0.8:
                    self._set(cell, tag, self._value(tag))
        for name, start in self._arrays.items():
            tag, count = ARRAYS[name]
            if tag != FF:
                self._fill(start, count, tag)
        self._set(DEPTH, U32, 0)

    def _fill(self, start: int, count: int, tag: int) -> None:
        """Fill an array in a loop, through a pointer that moves."""
        pointer, one, end, flag = SIZES[0], SIZES[1], SIZES[2], FLAG
        self._asm.op("SET_32", pointer, tag=U32, immediate=start)
        self._asm.op("SET_8", one, tag=U32, immediate=1)
        self._asm.op("SET_32", end, tag=U32, immediate=(start + count) % END)
        again = Label()
        self._asm.place(again)
        self._asm.op("CAST_8", pointer, At(pointer, indirect=True), tag=tag)
        self._asm.op("ADD_8", pointer, one, pointer)
        self._asm.op("EQ_8", pointer, end, flag)
        self._asm.op("NOT_8", flag, flag)
        self._asm.op("JUMPI_32", flag, target=again)

    def _sequence(self, length: int, depth: int) -> None:
        """Write statements; the base address is in the end what it was."""
        before = self._base
        for _ in range(length):
            if self._rng.random() < self._errors:
                self._error()
            statement = self._rng.choices(list(self._statements), list(self._statements.values()))[0]
            statement(depth)
        if self._base != before and before is not None:
            self._set_base(before)

    def _failing_loop(self) -> None:
        """Write a loop in one round of which something gets another tag, or a divisor becomes 0."""
        rng = self._rng
        counter, limit, skip, again = COUNTERS[0], LIMITS[0], Label(), Label()
        tag = self._tag()
        left, right, divisor = self._cell(tag), self._cell(tag), self._cell(tag)
        flag, result = self._cell(U1), self._cell(tag)
        pointer = rng.choice(self._pointers)[0]
        self._set(divisor, tag, 1)
        self._set(counter, U32, 0)
        self._asm.place(again)
        for _ in range(rng.randint(1, 4)):
            after = Label()
            match rng.randrange(6):
                case 0 | 1:
                    self._either(rng.choice(("ADD", "SUB", "MUL")), left, right, result)
                case 2 if tag != FF:
                    self._either("NOT", left, result)
                case 3:
                    self._either("DIV" if tag else "FDIV", left, divisor, result)
                case 4:
                    self._asm.op("MOV_16", At(self._plain_at(pointer).value, indirect=True), LATE)
                case _:
                    self._op("JUMPI_32", flag, target=after)
                    self._constant(0)
            self._asm.place(after)
        self._set(limit, U32, 1)
        self._either("ADD", counter, limit, counter)
        self._set(LATE, U32, rng.randint(2, 5))
        self._either("LT", counter, LATE, FLAG)
        self._op("JUMPI_32", FLAG, target=skip)
        if rng.random() < 0.3:
            self._set(divisor, tag, 0)
        else:
            victim = rng.choice((left.address, right.address, flag.address, flag.address, pointer, BASE))
            self._asm.op("CAST_16", self._plain_at(victim), self._plain_at(victim), tag=self._tag())
        self._asm.place(skip)
        self._set(limit, U32, 6)
        self._either("LT", counter, limit, FLAG)
        self._op("JUMPI_32", FLAG, target=again)

    def _ending(self) -> None:
        rng = self._rng
        size = SIZES[0]
        count = rng.choice((0, 1, 5, 64, 100, 260))
        start = rng.choice((0, 0, 1, 27, self._arrays["fields"], END - 30, END - count if count else 0))
        self._set(size, U32, count)
        name = rng.choices(("RETURN", "REVERT_8", "REVERT_16", ""), (12, 2, 2, 1))[0]
        if name:
            self._op(name, size, start)

    def _function(self, label: Label, has_frame: bool) -> None:
        """Write an internal function: with a base address of its own, or with a frame, and then recursive."""
        self._asm.place(label)
        if not has_frame:
            self._set_base(self._rng.choice(self._bases))
            self._sequence(self._rng.randint(1, 6), 2)
            self._asm.op("INTERNALRETURN")
            return
        self._base = None
        self._recent = {}
        self._locals = {tag: [] for tag in ALL_TAGS}
        for offset, tag in _FRAME_CELLS:
            cell = Cell(offset, is_local=True)
            self._locals[tag].append(cell)
            self._set(cell, tag, self._value(tag))
        self._sequence(self._rng.randint(1, 5), 2)
        done, step = Label(), SIZES[3]
        self._set(SIZES[1], U32, 0)
        self._either("EQ", DEPTH, SIZES[1], FLAG)
        self._op("JUMPI_32", FLAG, target=done)
        self._set(SIZES[1], U32, 1)
        self._either("SUB", DEPTH, SIZES[1], DEPTH)
        self._set(step, U32, FRAME_SIZE)
        self._either("ADD", BASE, step, BASE)
        self._asm.op("INTERNALCALL", target=label)
        self._set(step, U32, FRAME_SIZE)
        self._either("SUB", BASE, step, BASE)
        self._sequence(self._rng.randint(1, 3), 2)
        self._asm.place(done)
        self._asm.op("INTERNALRETURN")
        self._locals = None
        self._recent = {}

    # Statements. Each takes the depth of loops and branches around it.

    def _compute(self, depth: int) -> None:
        name = self._rng.choice(
            ("ADD", "SUB", "MUL", "EQ", "LT", "LTE", "AND", "OR", "XOR", "SHL", "SHR", "NOT")
        )
        tag = self._rng.choice(ALL_TAGS if name in {"ADD", "SUB", "MUL", "EQ", "LT", "LTE"} else INTEGRAL)
        if name == "NOT":
            self._either(name, self._source(tag), self._result(tag))
            return
        left, right = self._source(tag), self._source(tag)
        self._either(name, left, right, self._result(U1 if name in {"EQ", "LT", "LTE"} else tag))

    def _same_cells(self, depth: int) -> None:
        """Use two cells again and again, by whatever names they have."""
        tag = self._tag()
        cells = (self._cell(tag), self._cell(tag))
        for _ in range(self._rng.randint(3, 6)):
            operands = [self._rng.choice(cells) for _ in range(3)]
            if self._rng.random() < 0.3:
                self._either("MOV", *operands[:2])
            else:
                self._either(self._rng.choice(("ADD", "SUB", "MUL")), *operands)

    def _at_limits(self, depth: int) -> None:
        """Compute with values at the ends of a tag's range, or next to each other."""
        rng = self._rng
        tag = rng.choice((FF, self._tag()))
        top = MASKS[tag] if tag else FR_MODULUS - 1
        left = rng.choice((0, 1, top, top - 1, WIDTHS[tag]))
        right = rng.choice((left, max(left - 1, 0), min(left + 1, top), min(top - left + 1, top), 1))
        cells = (self._cell(tag), self._cell(tag))
        for cell, value in zip(cells, (left, right), strict=True):
            self._set(cell, tag, value)
        names = ["ADD", "SUB", "ADD", "SUB", "MUL", "EQ", "LT", "LTE"]
        for _ in range(rng.randint(1, 3)):
            name = rng.choice(names if tag == FF else [*names, "AND", "OR", "XOR", "SHL", "SHR"])
            self._either(name, *cells, self._cell(U1 if name in {"EQ", "LT", "LTE"} else tag))

    def _read_border(self, depth: int) -> None:
        """Read the cell behind the dense part of a memory that has not grown; nobody writes to it."""
        self._either("MOV", UNWRITTEN, self._result(FF))

    def _walk_mixed(self, depth: int) -> None:
        """Repeat the same instructions on cells of several tags."""
        if depth >= 2:
            return
        rng = self._rng
        tags = rng.choice((ALL_TAGS, INTEGRAL, (U8, U32), (FF, U64)))
        for cell in range(self._mixed, self._mixed + MIXED):
            tag = rng.choice(tags)
            self._set(cell, tag, self._value(tag))
        pointer, one, end = POINTERS[7], COUNTERS[depth], LIMITS[depth]
        self._asm.op("SET_32", pointer, tag=U32, immediate=self._mixed)
        again = Label()
        self._asm.place(again)
        # Not by names that set pointers: the moving one could be among them.
        direct = rng.choice(self._names(WORK, 1 << 16))
        self._asm.op("MOV_16", At(pointer, indirect=True), direct)
        for _ in range(rng.randint(1, 4)):
            name = rng.choice(("ADD", "SUB", "MUL", "EQ", "LT", "LTE"))
            if FF not in tags:
                name = rng.choice((name, "AND", "OR", "XOR", "SHL", "SHR", "NOT"))
            if name == "NOT":
                self._asm.op("NOT_16", direct, direct)
            elif name in {"EQ", "LT", "LTE"}:
                self._asm.op(f"{name}_16", direct, direct, FLAG)
            else:
                self._asm.op(f"{name}_16", direct, direct, direct)
        match rng.randrange(4):
            case 0:
                self._asm.op("MOV_16", direct, At(pointer, indirect=True))
            case 1:
                tag = self._tag()
                self._asm.op("CAST_16", direct, At(pointer, indirect=True), tag=tag)
            case 2:
                self._asm.op("CAST_16", direct, FIELD, tag=FF)
            case _:
                self._asm.op("LT_16", At(pointer, indirect=True), At(pointer, indirect=True), FLAG)
        self._asm.op("SET_8", one, tag=U32, immediate=1)
        self._asm.op("ADD_8", pointer, one, pointer)
        self._asm.op("SET_32", end, tag=U32, immediate=(self._mixed + MIXED) % END)
        self._asm.op("EQ_8", pointer, end, FLAG)
        self._asm.op("NOT_8", FLAG, FLAG)
        self._asm.op("JUMPI_32", FLAG, target=again)

    def _divide(self, depth: int) -> None:
        tag = self._tag()
        divisor = self._cell(tag)
        if self._loops and self._rng.random() < 0.3:
            # In a late round of the loop it is 0.
            self._late_flag()
            self._either("CAST", FLAG, divisor, tag=tag)
        elif self._rng.random() < 0.97:
            self._set(divisor, tag, self._value(tag) or 1)
        self._either("DIV" if tag else "FDIV", self._cell(tag), divisor, self._cell(tag))

    def _cast(self, depth: int) -> None:
        tag = self._tag()
        self._either("CAST", self._source(self._tag()), self._result(tag), tag=tag)

    def _constant(self, depth: int) -> None:
        tag = self._tag()
        value = self._value(self._rng.choice((tag, FF)))
        # Values that do not fit are cut by the instruction, and reduced if they are no field elements.
        if self._rng.random() < 0.2:
            self._op("SET_FF", self._cell(tag), tag=tag, immediate=self._rng.getrandbits(256))
        else:
            self._set(self._cell(tag), tag, value)

    def _move(self, depth: int) -> None:
        tag = self._tag()
        self._either("MOV", self._source(tag), self._result(tag))

    def _loose_value(self, depth: int) -> None:
        """Work on cells whose tag depends on the way here."""
        rng = self._rng
        loose, other = rng.choice(self._loose), rng.choice(self._loose)
        tag = self._tag()
        for _ in range(rng.randint(1, 3)):
            match rng.randrange(8):
                case 0:
                    self._either("CAST", loose, loose, tag=tag)
                case 1:
                    self._set(loose, tag, self._value(tag))
                case 2:
                    self._either("MOV", other, loose)
                case 3:
                    self._either("MOV", self._cell(tag), loose)
                case 4:
                    self._either("CAST", loose, self._cell(tag), tag=tag)
                case 5:
                    self._either(rng.choice(("ADD", "SUB", "MUL")), loose, loose, other)
                case 6:
                    self._either(rng.choice(("EQ", "LT", "LTE")), loose, loose, self._cell(U1))
                case _:
                    skip = Label()
                    self._op("JUMPI_32", self._cell(U1), target=skip)
                    self._asm.op("CAST_16", self._plain_at(loose), self._plain_at(loose), tag=tag)
                    self._asm.place(skip)

    def _move_base(self, depth: int) -> None:
        """Change the base address in one of many ways."""
        if self._base is None:
            return
        rng = self._rng
        base = rng.choice(self._bases)
        match rng.randrange(5):
            case 0:
                self._set(BASE, U32, base)
            case 1:
                self._set(SIZES[0], U32, base)
                self._either("MOV", SIZES[0], BASE)
            case 2:
                self._set(SIZES[0], U32, (base - self._base) % END)
                self._either("ADD", BASE, SIZES[0], BASE)
            case 3:
                self._set(FIELD, FF, base)
                self._either("CAST", FIELD, BASE, tag=U32)
            case _:
                self._asm.op("SET_8", POINTERS[0], tag=U32, immediate=BASE)
                self._asm.op("SET_32", At(POINTERS[0], indirect=True), tag=U32, immediate=base)
        self._base = base

    def _walk_array(self, depth: int) -> None:
        """Go through a part of an array by a pointer."""
        name = self._rng.choice(list(self._arrays))
        tag, count = ARRAYS[name]
        pointer, one = POINTERS[0], SIZES[1]
        self._asm.op("SET_32", pointer, tag=U32, immediate=self._arrays[name])
        self._set(one, U32, 1)
        for _ in range(self._rng.randint(1, min(4, count))):
            # No name that needs a pointer: it could be this one.
            self._asm.op(
                "ADD_8", At(pointer, indirect=True), At(pointer, indirect=True), At(pointer, indirect=True)
            )
            self._asm.op("MOV_16", At(pointer, indirect=True), self._plain_low(tag))
            self._asm.op("ADD_8", pointer, one, pointer)

    def _write_pointer(self, depth: int) -> None:
        """Write to a cell that serves as a pointer, perhaps in the very instruction that goes through it."""
        pointer, target = self._rng.choice(self._pointers)
        self._either("ADD", self._cell(U32), self._cell(U32), pointer)
        self._asm.op("SET_32", self._plain_at(pointer), tag=U32, immediate=target)

    def _branch(self, depth: int) -> None:
        if depth >= 3:
            return
        other, end = Label(), Label()
        if self._loops and self._rng.random() < 0.5:
            self._late_flag()
            self._op("JUMPI_32", FLAG, target=other)
        else:
            self._op("JUMPI_32", self._source(U1), target=other)
        before = self._base
        self._sequence(self._rng.randint(0, 4), depth + 1)
        if self._rng.random() < 0.5:
            self._asm.op("JUMP_32", target=end)
            self._asm.place(other)
            self._base = before
            self._sequence(self._rng.randint(0, 4), depth + 1)
            self._asm.place(end)
        else:
            self._asm.place(other)

    def _late_flag(self) -> None:
        """Set the flag to what changes in some round of a loop around."""
        counter, tag, rounds = self._rng.choice(self._loops)
        self._set(LATE, tag, self._rng.randint(1, rounds))
        self._either("LT", counter, LATE, FLAG)

    def _late_error(self, depth: int) -> None:
        """In a late round of a loop, give a cell that was just used another tag."""
        if not self._loops or not self._recent:
            return
        rng = self._rng
        used = [cell.address for cell in self._recent.values() if not cell.is_local]
        cell = rng.choice((*used, *used, rng.choice(self._pointers)[0], BASE))
        skip = Label()
        self._late_flag()
        self._op("JUMPI_32", FLAG, target=skip)
        self._asm.op("CAST_16", self._plain_at(cell), self._plain_at(cell), tag=self._tag())
        self._asm.place(skip)
        if rng.random() < 0.5:
            self._compute(depth)

    def _loop(self, depth: int) -> None:
        """Repeat a few statements; the counter may have any wide enough tag."""
        if depth >= 2:
            return
        rng = self._rng
        counter, limit = COUNTERS[depth], LIMITS[depth]
        tag = rng.choice((FF, U8, U16, U32, U64, U128))
        rounds = rng.choice((1, 2, 3, 10, 40 if depth == 0 else 5))
        self._set(counter, tag, 0)
        again, end = Label(), Label()
        self._asm.place(again)
        self._loops.append((counter, tag, rounds))
        self._sequence(rng.randint(1, 5), depth + 1)
        self._loops.pop()
        self._set(limit, tag, 1)
        self._either("ADD", counter, limit, counter)
        self._set(limit, tag, rounds)
        self._either("LT", counter, limit, FLAG)
        if rng.random() < 0.3:
            self._either("NOT", FLAG, FLAG)
            self._op("JUMPI_32", FLAG, target=end)
            self._asm.op("JUMP_32", target=again)
            self._asm.place(end)
        else:
            self._op("JUMPI_32", FLAG, target=again)

    def _jump_over(self, depth: int) -> None:
        """Jump over bytes that are no code, or to code that lies out of the way and comes back."""
        end = Label()
        if self._rng.random() < 0.5:
            self._asm.op("JUMP_32", target=end)
            self._asm.raw(self._rng.randbytes(self._rng.randint(1, 20)))
        else:
            aside = Label()
            start = Label()
            self._asm.op("JUMP_32", target=start)
            self._asm.place(aside)
            self._compute(depth)
            self._asm.op("JUMP_32", target=end)
            self._asm.place(start)
            self._asm.op("JUMP_32", target=aside)
        self._asm.place(end)

    def _jump_inside(self, depth: int) -> None:
        """Jump into the immediate of a SET, which is code itself; or run the SET."""
        inside, end = Label(), Label()
        tag = self._rng.choice((U8, U16, U32))
        near = [cell.address for cell in self._scalars[tag] if cell.address < 256]
        self._op("JUMPI_32", self._cell(U1), target=inside)
        self._asm.op("SET_FF", self._plain_low(FF), tag=FF, immediate=0)
        # The last bytes of the immediate are written anew; those before it stay zero.
        code = Assembler()
        if near:
            code.op("ADD_8", self._rng.choice(near), self._rng.choice(near), self._rng.choice(near))
            code.op("SET_8", self._rng.choice(near), tag=tag, immediate=self._rng.randrange(256))
        hidden = code.bytecode()
        self._asm.cut(len(hidden) + 5)
        self._asm.place(inside)
        self._asm.raw(hidden)
        self._asm.op("JUMP_32", target=end)
        self._asm.place(end)

    def _internal_call(self, depth: int) -> None:
        """Call a function that is still to be written, so there is no endless recursion."""
        if not self._open_functions or depth >= 3:
            return
        label, has_frame = self._rng.choice(self._open_functions)
        base = self._base
        if not has_frame:
            if base is None:
                return
            self._asm.op("INTERNALCALL", target=label)
            self._set_base(base)
            return
        if base is None:
            return
        step = SIZES[3]
        self._set(DEPTH, U32, self._rng.randrange(5))
        self._set(step, U32, (FRAMES - base) % END)
        self._either("ADD", BASE, step, BASE)
        self._asm.op("INTERNALCALL", target=label)
        self._asm.op("SET_32", step, tag=U32, immediate=(FRAMES - base) % END)
        self._asm.op("SUB_8", BASE, step, BASE)

    def _error(self) -> None:
        """Write a statement that fails, or nearly does."""
        rng = self._rng
        match rng.randrange(10):
            case 0:
                self._either("ADD", self._cell(self._tag()), self._cell(self._tag()), rng.choice(self._loose))
            case 1:
                self._op("JUMPI_32", self._cell(U1), target=self._far_target())
            case 2:
                self._asm.raw(rng.randbytes(rng.randint(1, 6)))
            case 3:
                self._asm.op("MOV_16", At(rng.choice(self._loose) & 0xFFFF, indirect=True), FIELD)
            case 4:
                self._set(SIZES[0], U32, rng.choice((1, 2, 25, END - 1)))
                self._set(SIZES[1], U32, 0)
                self._op("CALLDATACOPY", SIZES[0], SIZES[1], rng.choice((END - 1, END - 2, END - 25)))
            case 5 if self._base is not None:
                self._set(BASE, self._tag(), self._value(U8))
                self._asm.op("MOV_8", At(3, relative=True), FIELD)
                self._set_base(self._base)
            case 6:
                self._op("GETENVVAR_16", self._cell(U32), immediate=rng.randrange(14))
            case 7:
                self._asm.op("INTERNALRETURN")
            case 8:
                self._op("SET_8", self._cell(U8), tag=rng.randrange(9), immediate=1)
            case _:
                self._either("DIV", self._cell(U64), self._cell(U64), self._cell(U64))

    def _far_target(self) -> Label:
        return Label(pc=self._rng.choice((self._asm.pc + 1, self._asm.pc - 3, 10**6, END - 1)) % END)
