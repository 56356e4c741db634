"""Write one random AVM program that goes deep.

Every cell of the layout keeps one tag, so whatever way control takes, most instructions succeed. What makes
life hard for a compiler is put in on purpose: the same cell by several names (direct, relative, through
pointers), writes to the base address in the middle of straight code, cells whose tag depends on the way taken
(`loose` ones), jumps into immediates, recursion with moving frames, cells at the ends of memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from aztecd.avm.tags import FF, MASKS, U1, U8, U16, U32, U64, U128
from aztecd.crypto.field import FR_MODULUS
from aztecd.crypto.grumpkin import GENERATOR, multiply, negate
from tests.support.avm_assembler import Assembler, At, Label, width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

ALL_TAGS: Final = (FF, U1, U8, U16, U32, U64, U128)
INTEGRAL: Final = ALL_TAGS[1:]
END: Final = 1 << 32

_BASE: Final = 0
_POINTERS: Final = tuple(range(1, 9))
_SIZES: Final = tuple(range(9, 15))
_FIELD, _FIELD_2, _INDEX, _FLAG, _BYTE, _DEPTH = range(15, 21)
_COUNTERS: Final = (21, 22, 23)
_LIMITS: Final = (24, 25, 26)
_FIRST_FREE: Final = 27
_FRAMES: Final = 41_000
_FRAME_SIZE: Final = 24
_FRAME_CELLS: Final = tuple(enumerate((FF, FF, U1, U8, U16, U32, U32, U64, U128), 2))

_ZONES: Final = (
    (_FIRST_FREE, 256),
    (256, 700),
    (1000, 1060),
    (4070, 4130),
    (40_000, 41_000),
    (65_400, 65_600),
    (131_000, 131_200),
    (1 << 20, (1 << 20) + 500),
    (1 << 31, (1 << 31) + 200),
    (END - 200, END),
)
_ZONE_WEIGHTS: Final = (30, 6, 4, 4, 2, 4, 4, 1, 1, 3)
_FRAMED_ZONE_WEIGHTS: Final = (1, 30, 2, 0, 0, 0, 0, 0, 0, 1)
_BASES: Final = (
    0,
    0,
    1,
    9,
    27,
    100,
    255,
    300,
    1000,
    4000,
    39_990,
    65_390,
    130_990,
    1 << 20,
    END - 210,
    END - 1,
)
_FRAMED_BASES: Final = (27, 100, 200, 255, 256)

_ARRAYS: Final = {
    "fields": (FF, 24),
    "words": (U32, 24),
    "lanes": (U64, 25),
    "bytes": (U8, 40),
    "bits": (U1, 40),
}
_ENVIRONMENT: Final = (FF, FF, FF, FF, FF, U32, U64, U128, U128, U1, U32, U32)
_POINTS: Final = (*(multiply(GENERATOR, scalar) for scalar in (1, 2, 3)), negate(GENERATOR))


class Cell(NamedTuple):
    """A typed cell: at an address, or at an offset from the base address in a function with a frame."""

    address: int
    is_local: bool = False


class Surroundings(NamedTuple):
    """What a program may refer to."""

    contracts: Sequence[int]
    slots: Sequence[int]
    nullifiers: Sequence[int]
    leaves: Sequence[tuple[int, int]]


class ProgramWriter:
    """One program under construction. Mutable."""

    def __init__(self, rng: Random, surroundings: Surroundings, *, errors: float) -> None:
        """`errors` is the share of statements that are meant to fail."""
        self._rng = rng
        self._around = surroundings
        self._errors = errors
        self._asm = Assembler()
        self._free = {zone: list(range(*zone)) for zone in _ZONES}
        self._scalars: dict[int, list[Cell]] = {tag: [] for tag in ALL_TAGS}
        self._locals: dict[int, list[Cell]] | None = None
        self._arrays: dict[str, int] = {}
        self._loose: list[int] = []
        self._pointers: list[tuple[int, int]] = []
        self._odd_triple = 0
        self._base: int | None = None
        self._next_pointer = 0
        self._functions: list[tuple[Label, bool]] = []
        self._open_functions: list[tuple[Label, bool]] = []
        # Like compiled code: most cells in a frame behind the base address, few below it by their addresses.
        self._is_framed = rng.random() < 0.6
        self._bases = _FRAMED_BASES if self._is_framed else _BASES
        self._statements: dict[Callable[[int], None], int] = {
            self._compute: 30,
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
        self._lay_out()
        self._functions = [(Label(), self._rng.random() < 0.5) for _ in range(self._rng.randrange(4))]
        self._open_functions = list(self._functions)
        self._prologue()
        self._sequence(length, 0)
        self._ending()
        while self._open_functions:
            label, has_frame = self._open_functions.pop(0)
            self._function(label, has_frame)
        return self._asm.bytecode()

    # Layout and operands.

    def _take(self, count: int) -> int:
        """Find consecutive free cells."""
        while True:
            zone = self._rng.choices(_ZONES, _FRAMED_ZONE_WEIGHTS if self._is_framed else _ZONE_WEIGHTS)[0]
            free = self._free[zone]
            if len(free) < count:
                continue
            at = self._rng.randrange(len(free) - count + 1)
            run = free[at : at + count]
            if run[-1] - run[0] == count - 1:
                del free[at : at + count]
                return run[0]

    def _lay_out(self) -> None:
        rng = self._rng
        for tag in ALL_TAGS:
            self._scalars[tag] = [Cell(self._take(1)) for _ in range(rng.randint(2, 4))]
        for name, (_, count) in _ARRAYS.items():
            if rng.random() < 0.6 or name == "fields":
                self._arrays[name] = self._take(count)
        self._loose = [self._take(1) for _ in range(3)]
        targets = [cell.address for cells in self._scalars.values() for cell in cells]
        targets += [*self._loose, _BASE, *self._arrays.values()]
        self._pointers = [(self._take(1), target) for target in rng.sample(targets, 5)]
        # A pointer to itself, and one to another pointer.
        self._pointers.append((own := self._take(1), own))
        self._pointers.append((self._take(1), self._pointers[0][0]))
        self._odd_triple = self._take(3)

    def _cell(self, tag: int) -> Cell:
        if self._locals is not None and self._locals[tag] and self._rng.random() < 0.6:
            return self._rng.choice(self._locals[tag])
        return self._rng.choice(self._scalars[tag])

    def _at(self, cell: Cell | int, bytes_of_operand: int) -> At:
        """Choose a way to name a cell; this may set a pointer first."""
        if isinstance(cell, Cell) and cell.is_local:
            return At(cell.address, relative=True)
        address = cell.address if isinstance(cell, Cell) else cell
        limit = 256**bytes_of_operand
        ways: list[tuple[At | None, float]] = []
        if address < limit:
            ways.append((At(address), 0.3 if self._is_framed and address >= _FIRST_FREE else 4))
        if self._base is not None and 0 <= address - self._base < limit:
            ways.append((At(address - self._base, relative=True), 4))
        for pointer, target in self._pointers:
            if target == address:
                ways += [
                    (At(way.value, indirect=True, relative=way.relative), 3)
                    for way in self._names(pointer, limit)
                ]
        if not ways or self._rng.random() < 0.1:
            ways.append((None, 2))
        chosen = self._rng.choices([way for way, _ in ways], [weight for _, weight in ways])[0]
        return chosen or self._through_pointer(address, limit)

    def _names(self, address: int, limit: int) -> list[At]:
        names = [At(address)] if address < limit else []
        if self._base is not None and 0 <= address - self._base < limit:
            names.append(At(address - self._base, relative=True))
        return names

    def _through_pointer(self, address: int, limit: int) -> At:
        pointer = _POINTERS[self._next_pointer % len(_POINTERS)]
        self._next_pointer += 1
        self._asm.op("SET_32", pointer, tag=U32, immediate=address)
        way = self._rng.choice(self._names(pointer, limit))
        return At(way.value, indirect=True, relative=way.relative)

    def _op(
        self, name: str, *cells: Cell | int, tag: int = 0, immediate: int = 0, target: Label | None = None
    ) -> None:
        """Append an instruction with an operand of its width for every cell."""
        size = width(name)
        places = [self._at(cell, size) for cell in cells]
        spare = 0
        if self._rng.random() < 0.02:
            spare = 3 << 2 * len(places) & 0xFF
        self._asm.op(name, *places, tag=tag, immediate=immediate, target=target, spare_mode=spare)

    def _either(self, name: str, *cells: Cell | int, tag: int = 0) -> None:
        """Append an instruction that has a form of 8 and one of 16 bits."""
        self._op(f"{name}_{self._rng.choice((8, 16))}", *cells, tag=tag)

    def _set(self, cell: Cell | int, tag: int, value: int) -> None:
        """Set a cell by one of the instructions that are wide enough."""
        widths = [bits for bits in (8, 16, 32, 64, 128) if value < 1 << bits]
        widest = f"SET_{self._rng.choice((*widths[:2], 'FF') if widths else ('FF',))}"
        self._op(widest, cell, tag=tag, immediate=value)

    def _value(self, tag: int) -> int:
        rng = self._rng
        top = MASKS[tag] if tag else FR_MODULUS - 1
        return rng.choice((0, 1, 2, 7, top, top - 1, top >> 1, rng.randint(0, top), rng.randint(0, top))) % (
            top + 1
        )

    def _tag(self) -> int:
        return self._rng.choice(ALL_TAGS)

    def _set_base(self, base: int) -> None:
        self._asm.op("SET_32", _BASE, tag=U32, immediate=base)
        self._base = base

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
            tag, count = _ARRAYS[name]
            if tag != FF:
                self._fill(start, count, tag)
        self._set(_DEPTH, U32, 0)

    def _plain_at(self, address: int) -> At:
        """Name a cell without the help of pointers that may not be set yet."""
        return At(address) if address < 1 << 16 else self._through_pointer(address, 1 << 16)

    def _fill(self, start: int, count: int, tag: int) -> None:
        """Fill an array in a loop, through a pointer that moves."""
        pointer, one, end, flag = _SIZES[0], _SIZES[1], _SIZES[2], _FLAG
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

    def _ending(self) -> None:
        rng = self._rng
        size = _SIZES[0]
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
        self._locals = {tag: [] for tag in ALL_TAGS}
        for offset, tag in _FRAME_CELLS:
            cell = Cell(offset, is_local=True)
            self._locals[tag].append(cell)
            self._set(cell, tag, self._value(tag))
        self._sequence(self._rng.randint(1, 5), 2)
        done, step = Label(), _SIZES[3]
        self._set(_SIZES[1], U32, 0)
        self._either("EQ", _DEPTH, _SIZES[1], _FLAG)
        self._op("JUMPI_32", _FLAG, target=done)
        self._set(_SIZES[1], U32, 1)
        self._either("SUB", _DEPTH, _SIZES[1], _DEPTH)
        self._set(step, U32, _FRAME_SIZE)
        self._either("ADD", _BASE, step, _BASE)
        self._asm.op("INTERNALCALL", target=label)
        self._set(step, U32, _FRAME_SIZE)
        self._either("SUB", _BASE, step, _BASE)
        self._sequence(self._rng.randint(1, 3), 2)
        self._asm.place(done)
        self._asm.op("INTERNALRETURN")
        self._locals = None

    # Statements. Each takes the depth of loops and branches around it.

    def _compute(self, depth: int) -> None:
        name = self._rng.choice(
            ("ADD", "SUB", "MUL", "EQ", "LT", "LTE", "AND", "OR", "XOR", "SHL", "SHR", "NOT")
        )
        tag = self._rng.choice(ALL_TAGS if name in {"ADD", "SUB", "MUL", "EQ", "LT", "LTE"} else INTEGRAL)
        result = self._cell(U1 if name in {"EQ", "LT", "LTE"} else tag)
        if name == "NOT":
            self._either(name, self._cell(tag), result)
            return
        self._either(name, self._cell(tag), self._cell(tag), result)

    def _divide(self, depth: int) -> None:
        tag = self._tag()
        divisor = self._cell(tag)
        if self._rng.random() < 0.97:
            self._set(divisor, tag, self._value(tag) or 1)
        self._either("DIV" if tag else "FDIV", self._cell(tag), divisor, self._cell(tag))

    def _cast(self, depth: int) -> None:
        tag = self._tag()
        self._either("CAST", self._cell(self._tag()), self._cell(tag), tag=tag)

    def _constant(self, depth: int) -> None:
        tag = self._tag()
        value = self._value(self._rng.choice((tag, FF)))
        # Values that do not fit are cut by the instruction.
        self._set(self._cell(tag), tag, value)

    def _move(self, depth: int) -> None:
        tag = self._tag()
        self._either("MOV", self._cell(tag), self._cell(tag))

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

    def _environment(self, depth: int) -> None:
        variable = self._rng.randrange(len(_ENVIRONMENT))
        self._op("GETENVVAR_16", self._cell(_ENVIRONMENT[variable]), immediate=variable)

    def _copy(self, depth: int) -> None:
        """Copy calldata or return data into the array of fields, or look at the size of the latter."""
        rng = self._rng
        size, start = _SIZES[0], _SIZES[1]
        match rng.randrange(4):
            case 0:
                self._op("RETURNDATASIZE", self._cell(U32))
            case 1:
                self._op("SUCCESSCOPY", self._cell(U1))
            case _:
                count = rng.randint(0, 24)
                self._set(size, U32, count)
                self._set(start, U32, rng.choice((0, 1, 5, rng.randrange(40), END - 1)))
                target = self._arrays["fields"] + rng.randint(0, 24 - count)
                self._op(rng.choice(("CALLDATACOPY", "RETURNDATACOPY")), size, start, target)

    def _move_base(self, depth: int) -> None:
        """Change the base address in one of many ways."""
        if self._base is None:
            return
        rng = self._rng
        base = rng.choice(self._bases)
        match rng.randrange(5):
            case 0:
                self._set(_BASE, U32, base)
            case 1:
                self._set(_SIZES[0], U32, base)
                self._either("MOV", _SIZES[0], _BASE)
            case 2:
                self._set(_SIZES[0], U32, (base - self._base) % END)
                self._either("ADD", _BASE, _SIZES[0], _BASE)
            case 3:
                self._set(_FIELD, FF, base)
                self._either("CAST", _FIELD, _BASE, tag=U32)
            case _:
                self._asm.op("SET_8", _POINTERS[0], tag=U32, immediate=_BASE)
                self._asm.op("SET_32", At(_POINTERS[0], indirect=True), tag=U32, immediate=base)
        self._base = base

    def _walk_array(self, depth: int) -> None:
        """Go through a part of an array by a pointer."""
        name = self._rng.choice(list(self._arrays))
        tag, count = _ARRAYS[name]
        pointer, one = _POINTERS[0], _SIZES[1]
        self._asm.op("SET_32", pointer, tag=U32, immediate=self._arrays[name])
        self._set(one, U32, 1)
        for _ in range(self._rng.randint(1, min(4, count))):
            # No name that needs a pointer: it could be this one.
            self._asm.op(
                "ADD_8", At(pointer, indirect=True), At(pointer, indirect=True), At(pointer, indirect=True)
            )
            self._asm.op("MOV_16", At(pointer, indirect=True), self._plain_low(tag))
            self._asm.op("ADD_8", pointer, one, pointer)

    def _plain_low(self, tag: int) -> At:
        near = [cell for cell in self._scalars[tag] if cell.address < 1 << 16]
        return At(self._rng.choice(near).address if near else _FIELD)

    def _write_pointer(self, depth: int) -> None:
        """Write to a cell that serves as a pointer, perhaps in the very instruction that goes through it."""
        pointer, target = self._rng.choice(self._pointers)
        self._either("ADD", self._cell(U32), self._cell(U32), pointer)
        self._asm.op("SET_32", self._plain_at(pointer), tag=U32, immediate=target)

    def _branch(self, depth: int) -> None:
        if depth >= 3:
            return
        other, end = Label(), Label()
        self._op("JUMPI_32", self._cell(U1), target=other)
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

    def _loop(self, depth: int) -> None:
        """Repeat a few statements; the counter may have any wide enough tag."""
        if depth >= 2:
            return
        rng = self._rng
        counter, limit = _COUNTERS[depth], _LIMITS[depth]
        tag = rng.choice((FF, U8, U16, U32, U64, U128))
        rounds = rng.choice((1, 2, 3, 10, 40 if depth == 0 else 5))
        self._set(counter, tag, 0)
        again, end = Label(), Label()
        self._asm.place(again)
        self._sequence(rng.randint(1, 5), depth + 1)
        self._set(limit, tag, 1)
        self._either("ADD", counter, limit, counter)
        self._set(limit, tag, rounds)
        self._either("LT", counter, limit, _FLAG)
        if rng.random() < 0.3:
            self._either("NOT", _FLAG, _FLAG)
            self._op("JUMPI_32", _FLAG, target=end)
            self._asm.op("JUMP_32", target=again)
            self._asm.place(end)
        else:
            self._op("JUMPI_32", _FLAG, target=again)

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
        step = _SIZES[3]
        self._set(_DEPTH, U32, self._rng.randrange(5))
        self._set(step, U32, (_FRAMES - base) % END)
        self._either("ADD", _BASE, step, _BASE)
        self._asm.op("INTERNALCALL", target=label)
        self._asm.op("SET_32", step, tag=U32, immediate=(_FRAMES - base) % END)
        self._asm.op("SUB_8", _BASE, step, _BASE)

    def _storage(self, depth: int) -> None:
        rng = self._rng
        self._set(_FIELD, FF, rng.choice(self._around.slots))
        if rng.random() < 0.6:
            self._set(_FIELD_2, FF, rng.choice(self._around.contracts))
            self._op("SLOAD", _FIELD, _FIELD_2, self._cell(FF))
        else:
            self._op("SSTORE", self._cell(FF), _FIELD)

    def _trees(self, depth: int) -> None:
        rng = self._rng
        match rng.randrange(3):
            case 0:
                self._set(_FIELD, FF, rng.choice((0, 127, 128, *self._around.nullifiers)))
                self._op("NULLIFIEREXISTS", _FIELD, self._cell(U1))
            case kind:
                index, leaf = rng.choice((*self._around.leaves, (rng.randrange(1 << 43), 0), (3, 1)))
                self._set(_INDEX, U64, index)
                self._set(_FIELD, FF, leaf)
                self._op("NOTEHASHEXISTS" if kind == 1 else "L1TOL2MSGEXISTS", _FIELD, _INDEX, self._cell(U1))

    def _effect(self, depth: int) -> None:
        rng = self._rng
        match rng.randrange(4):
            case 0:
                self._op("EMITNOTEHASH", self._cell(FF))
            case 1:
                self._set(_FIELD, FF, rng.randrange(1 << 200))
                self._op("EMITNULLIFIER", self._cell(FF) if rng.random() < 0.3 else _FIELD)
            case 2:
                count = rng.randint(0, 24)
                self._set(_SIZES[0], U32, count)
                self._op("EMITPUBLICLOG", _SIZES[0], self._arrays["fields"] + rng.randint(0, 24 - count))
            case _:
                self._set(_FIELD, FF, rng.randrange(1 << 160))
                self._op("SENDL2TOL1MSG", _FIELD, self._cell(FF))

    def _external_call(self, depth: int) -> None:
        rng = self._rng
        self._set(_SIZES[0], U32, rng.choice((20_000, 60_000, 200_000, END - 1, 0, rng.randrange(30_000))))
        self._set(_SIZES[1], U32, rng.choice((0, 1000, END - 1)))
        address = rng.choice((*self._around.contracts, *self._around.contracts, 5, 9, 0, 10**30))
        self._set(_FIELD, FF, address)
        count = rng.choice((0, 1, 3, 24))
        self._set(_SIZES[2], U32, count)
        # Of any tag: arguments become fields.
        arguments = rng.choice((*self._arrays.values(), 0, _FIRST_FREE, END - 24))
        name = rng.choices(("CALL", "STATICCALL"), (3, 1))[0]
        self._op(name, _SIZES[0], _SIZES[1], _FIELD, _SIZES[2], arguments)
        self._op("SUCCESSCOPY", self._cell(U1))
        self._op("RETURNDATASIZE", self._cell(U32))

    def _gadget(self, depth: int) -> None:
        rng = self._rng
        match rng.randrange(4):
            case 0 if "words" in self._arrays:
                words = self._arrays["words"]
                # State and input may overlap, and so may the result.
                self._op(
                    "SHA256COMPRESSION",
                    words + rng.randint(0, 16),
                    words + rng.randint(0, 16),
                    words + rng.randint(0, 8),
                )
            case 1 if "lanes" in self._arrays and rng.random() < 0.3:
                self._op("KECCAKF1600", self._arrays["lanes"], self._arrays["lanes"])
            case _:
                fields = self._arrays["fields"]
                self._op("POSEIDON2", fields + rng.randint(0, 20), fields + rng.randint(0, 20))

    def _radix(self, depth: int) -> None:
        rng = self._rng
        is_bits = "bits" in self._arrays and rng.random() < 0.5
        if not is_bits and "bytes" not in self._arrays:
            return
        out = self._arrays["bits" if is_bits else "bytes"]
        radix = 2 if is_bits else rng.choice((2, 3, 10, 16, 255, 256))
        count = rng.randint(1, 40)
        self._set(_FIELD, FF, min(self._value(FF), radix**count - 1))
        for cell, value in zip(_SIZES, (radix, count), strict=False):
            self._set(cell, U32, value)
        self._set(_FLAG, U1, int(is_bits))
        self._op("TORADIXBE", _FIELD, _SIZES[0], _SIZES[1], _FLAG, out + rng.randint(0, 40 - count))

    def _point_addition(self, depth: int) -> None:
        rng = self._rng
        fields = [cell for cell in self._scalars[FF] if not cell.is_local]
        x, y = fields[0], fields[1]
        point, other = rng.choice(_POINTS), rng.choice(_POINTS)
        out = self._take_triple()
        for cell, value in ((x, point.x), (y, point.y), (_FIELD, other.x), (_FIELD_2, other.y)):
            self._set(cell, FF, value)
        self._set(_FLAG, U1, rng.random() < 0.1)
        self._op("ECADD", x, y, _FLAG, _FIELD, _FIELD_2, _FLAG, out)

    def _take_triple(self) -> int:
        """Give room for a point in the array of fields, mending the tag of the flag afterwards."""
        start = self._arrays["fields"] + self._rng.randint(0, 21)
        # The flag makes one cell of the array U1: a later use of it may fail, or be mended by a copy.
        return start if self._rng.random() < 0.2 else self._odd_triple

    def _debug_log(self, depth: int) -> None:
        self._set(_BYTE, U8, self._rng.randrange(8))
        self._set(_SIZES[0], U32, self._rng.randint(0, 4))
        message = self._arrays.get("bytes", self._arrays["fields"])
        self._op(
            "DEBUGLOG", _BYTE, message, self._arrays["fields"], _SIZES[0], immediate=self._rng.randrange(5)
        )

    def _instance(self, depth: int) -> None:
        self._set(_FIELD, FF, self._rng.choice((*self._around.contracts, 3, 8, 12345)))
        self._op("GETCONTRACTINSTANCE", _FIELD, self._odd_triple, immediate=self._rng.randrange(3))

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
                self._asm.op("MOV_16", At(rng.choice(self._loose) & 0xFFFF, indirect=True), _FIELD)
            case 4:
                self._set(_SIZES[0], U32, rng.choice((1, 2, 25, END - 1)))
                self._set(_SIZES[1], U32, 0)
                self._op("CALLDATACOPY", _SIZES[0], _SIZES[1], rng.choice((END - 1, END - 2, END - 25)))
            case 5 if self._base is not None:
                self._set(_BASE, self._tag(), self._value(U8))
                self._asm.op("MOV_8", At(3, relative=True), _FIELD)
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
