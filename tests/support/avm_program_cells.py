"""The cells of a random AVM program: where they lie, which tag each has, and the ways to name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from aztecd.avm.tags import FF, MASKS, U1, U8, U16, U32, U64, U128
from aztecd.crypto.field import FR_MODULUS
from tests.support.avm_assembler import Assembler, At, Label, width

if TYPE_CHECKING:
    from random import Random

ALL_TAGS: Final = (FF, U1, U8, U16, U32, U64, U128)
INTEGRAL: Final = ALL_TAGS[1:]
END: Final = 1 << 32

BASE: Final = 0
POINTERS: Final = tuple(range(1, 9))
SIZES: Final = tuple(range(9, 15))
FIELD, FIELD_2, INDEX, FLAG, BYTE, DEPTH = range(15, 21)
COUNTERS: Final = (21, 22, 23)
LIMITS: Final = (24, 25, 26)
WORK: Final = 27
LATE: Final = 28
UNWRITTEN: Final = 1024
FIRST_FREE: Final = 29
FRAMES: Final = 41_000
FRAME_SIZE: Final = 24
MIXED: Final = 5

_ZONES: Final = (
    (FIRST_FREE, 256),
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
_ZONE_WEIGHTS: Final = (20, 6, 4, 4, 2, 4, 4, 1, 1, 3)
_FRAMED_ZONE: Final = _ZONES[1]
_ATTEMPTS: Final = 20
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
_FRAMED_BASES: Final = (18, 26, 27, 100, 200, 255, 256)
_BORDERS: Final = (1023, 2048, 4096, 131_072)
"""Around the ends of the dense part of memory as it grows."""

ARRAYS: Final = {
    "fields": (FF, 24),
    "words": (U32, 24),
    "lanes": (U64, 25),
    "bytes": (U8, 40),
    "bits": (U1, 40),
}


class Cell(NamedTuple):
    """A typed cell: at an address, or at an offset from the base address in a function with a frame."""

    address: int
    is_local: bool = False


class CellWriter:
    """The cells of one program, and its instructions as far as they are written. Mutable."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._asm = Assembler()
        self._free = {zone: [at for at in range(*zone) if at != UNWRITTEN] for zone in _ZONES}
        self._scalars: dict[int, list[Cell]] = {tag: [] for tag in ALL_TAGS}
        self._locals: dict[int, list[Cell]] | None = None
        self._recent: dict[int, Cell] = {}
        self._arrays: dict[str, int] = {}
        self._loose: list[int] = []
        self._pointers: list[tuple[int, int]] = []
        self._odd_triple = 0
        self._mixed = 0
        self._base: int | None = None
        self._next_pointer = 0
        # Like compiled code: most cells in a frame behind the base address, few below it by their addresses.
        self._is_framed = rng.random() < 0.6
        self._bases = _FRAMED_BASES if self._is_framed else _BASES
        # Few zones for one program: most keep to the first cells of the memory.
        self._zones = rng.choices(_ZONES, _ZONE_WEIGHTS, k=rng.choice((1, 2, 4)))
        if self._is_framed:
            self._zones = [_FRAMED_ZONE] * 5 + self._zones[: rng.choice((0, 0, 1))]
        self._lay_out()

    def _take(self, count: int) -> int:
        """Find consecutive free cells."""
        attempt = 0
        while True:
            attempt += 1
            # When the chosen zones have no such gap any more, the others have.
            zone = self._rng.choice(self._zones if attempt < _ATTEMPTS else _ZONES)
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
        for name, (_, count) in ARRAYS.items():
            if rng.random() < 0.6 or name == "fields":
                self._arrays[name] = self._take(count)
        self._loose = [self._take(1) for _ in range(3)]
        self._mixed = self._take(MIXED)
        if rng.random() < 0.3:
            border = rng.choice(_BORDERS)
            if all(border in free or not zone[0] <= border < zone[1] for zone, free in self._free.items()):
                self._loose.append(border)
                self._free = {zone: [at for at in free if at != border] for zone, free in self._free.items()}
        targets = [cell.address for cells in self._scalars.values() for cell in cells]
        targets += [*self._loose, BASE, *self._arrays.values()]
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
            ways.append((At(address), 0.3 if self._is_framed and address >= FIRST_FREE else 4))
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
        names = []
        if self._base is not None and 0 <= address - self._base < limit:
            names.append(At(address - self._base, relative=True))
        if address < limit and not (names and self._is_framed and self._rng.random() < 0.8):
            names.append(At(address))
        return names

    def _through_pointer(self, address: int, limit: int) -> At:
        pointer = POINTERS[self._next_pointer % len(POINTERS)]
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
        self._asm.op("SET_32", BASE, tag=U32, immediate=base)
        self._base = base

    def _plain_at(self, address: int) -> At:
        """Name a cell without the help of pointers that may not be set yet."""
        return At(address) if address < 1 << 16 else self._through_pointer(address, 1 << 16)

    def _plain_low(self, tag: int) -> At:
        near = [cell for cell in self._scalars[tag] if cell.address < 1 << 16]
        return At(self._rng.choice(near).address if near else FIELD)

    def _source(self, tag: int) -> Cell:
        """Choose a cell to read: often the one that was written last."""
        recent = self._recent.get(tag)
        return recent if recent is not None and self._rng.random() < 0.4 else self._cell(tag)

    def _result(self, tag: int) -> Cell:
        """Choose a cell to write."""
        self._recent[tag] = self._cell(tag)
        return self._recent[tag]
