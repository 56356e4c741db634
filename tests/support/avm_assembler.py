"""Write AVM bytecode: instructions with addressed operands, labels that may lie ahead, bytes as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from aztecd.avm.bytecode import OPCODES

_SPECS: Final = {spec.name: spec for spec in OPCODES}


class At(NamedTuple):
    """A memory operand as it is written in the instruction, and how it is to be resolved."""

    value: int
    indirect: bool = False
    relative: bool = False


@dataclass(slots=True)
class Label:
    """A place in the code; `pc` is known once it is placed."""

    pc: int | None = None


class Assembler:
    """Bytecode under construction. Mutable."""

    def __init__(self) -> None:
        self._code = bytearray()
        self._jumps: list[tuple[int, Label]] = []

    @property
    def pc(self) -> int:
        """Where the next instruction goes."""
        return len(self._code)

    def op(
        self,
        name: str,
        *operands: At | int,
        tag: int = 0,
        immediate: int = 0,
        target: Label | None = None,
        spare_mode: int = 0,
    ) -> None:
        """Append an instruction; a number as operand is a direct address.

        `target` goes where the immediate is. `spare_mode` are mode bits of operands that are not there.
        """
        spec = _SPECS[name]
        places = [At(each) if isinstance(each, int) else each for each in operands]
        mode = spare_mode
        for slot, place in enumerate(places):
            mode |= (place.indirect | place.relative << 1) << 2 * slot
        self._code.append(spec.opcode)
        values = iter(places)
        for part in spec.layout:
            match part[0]:
                case "m":
                    self._put(mode, part)
                case "a":
                    self._put(next(values).value, part)
                case "t":
                    self._code.append(tag)
                case _ if target is not None:
                    self.address(target)
                case _:
                    self._put(immediate, part)
        assert next(values, None) is None, f"{name} takes fewer operands"

    def raw(self, data: bytes) -> None:
        """Append bytes as they are."""
        self._code += data

    def cut(self, count: int) -> None:
        """Take away the last bytes; no jump may be among them."""
        del self._code[-count:]

    def address(self, target: Label) -> None:
        """Append the four bytes of a jump target."""
        self._jumps.append((self.pc, target))
        self._code += bytes(4)

    def place(self, label: Label) -> None:
        """Let a label stand for the present end of the code."""
        label.pc = self.pc

    def bytecode(self) -> bytes:
        """Give the program; all labels must have been placed."""
        for position, label in self._jumps:
            assert label.pc is not None, "a label was not placed"
            self._code[position : position + 4] = label.pc.to_bytes(4, "big")
        return bytes(self._code)

    def _put(self, number: int, part: str) -> None:
        self._code += number.to_bytes(int(part[1:]), "big")


def width(name: str) -> int:
    """Give the bytes of an instruction's memory operands."""
    return int(next(part[1:] for part in _SPECS[name].layout if part[0] == "a"))
