"""Statements of a random AVM program that use gadgets, or reach beyond the program: state, effects, calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from aztecd.avm.tags import FF, U1, U8, U32, U64, U128
from aztecd.crypto.grumpkin import GENERATOR, multiply, negate
from tests.support.avm_program_cells import (
    BYTE,
    END,
    FIELD,
    FIELD_2,
    FIRST_FREE,
    FLAG,
    INDEX,
    SIZES,
    CellWriter,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

_ENVIRONMENT: Final = (FF, FF, FF, FF, FF, U32, U64, U128, U128, U1, U32, U32)
_POINTS: Final = (*(multiply(GENERATOR, scalar) for scalar in (1, 2, 3)), negate(GENERATOR))


class Surroundings(NamedTuple):
    """What a program may refer to."""

    contracts: Sequence[int]
    slots: Sequence[int]
    nullifiers: Sequence[int]
    leaves: Sequence[tuple[int, int]]


class EffectWriter(CellWriter):
    """Writes such statements. Each takes the depth of loops and branches around it."""

    def __init__(self, rng: Random, surroundings: Surroundings) -> None:
        super().__init__(rng)
        self._around = surroundings

    def _environment(self, depth: int) -> None:
        variable = self._rng.randrange(len(_ENVIRONMENT))
        self._op("GETENVVAR_16", self._cell(_ENVIRONMENT[variable]), immediate=variable)

    def _copy(self, depth: int) -> None:
        """Copy calldata or return data into the array of fields, or look at the size of the latter."""
        rng = self._rng
        size, start = SIZES[0], SIZES[1]
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

    def _storage(self, depth: int) -> None:
        rng = self._rng
        self._set(FIELD, FF, rng.choice(self._around.slots))
        if rng.random() < 0.6:
            self._set(FIELD_2, FF, rng.choice(self._around.contracts))
            self._op("SLOAD", FIELD, FIELD_2, self._cell(FF))
        else:
            self._op("SSTORE", self._cell(FF), FIELD)

    def _trees(self, depth: int) -> None:
        rng = self._rng
        match rng.randrange(3):
            case 0:
                self._set(FIELD, FF, rng.choice((0, 127, 128, *self._around.nullifiers)))
                self._op("NULLIFIEREXISTS", FIELD, self._cell(U1))
            case kind:
                index, leaf = rng.choice((*self._around.leaves, (rng.randrange(1 << 43), 0), (3, 1)))
                self._set(INDEX, U64, index)
                self._set(FIELD, FF, leaf)
                self._op("NOTEHASHEXISTS" if kind == 1 else "L1TOL2MSGEXISTS", FIELD, INDEX, self._cell(U1))

    def _effect(self, depth: int) -> None:
        rng = self._rng
        match rng.randrange(4):
            case 0:
                self._op("EMITNOTEHASH", self._cell(FF))
            case 1:
                self._set(FIELD, FF, rng.randrange(1 << 200))
                self._op("EMITNULLIFIER", self._cell(FF) if rng.random() < 0.3 else FIELD)
            case 2:
                count = rng.randint(0, 24)
                self._set(SIZES[0], U32, count)
                self._op("EMITPUBLICLOG", SIZES[0], self._arrays["fields"] + rng.randint(0, 24 - count))
            case _:
                self._set(FIELD, FF, rng.randrange(1 << 160))
                self._op("SENDL2TOL1MSG", FIELD, self._cell(FF))

    def _external_call(self, depth: int) -> None:
        rng = self._rng
        self._set(SIZES[0], U32, rng.choice((20_000, 60_000, 200_000, END - 1, 0, rng.randrange(30_000))))
        self._set(SIZES[1], U32, rng.choice((0, 1000, END - 1)))
        address = rng.choice((*self._around.contracts, *self._around.contracts, 5, 9, 0, 10**30))
        self._set(FIELD, FF, address)
        count = rng.choice((0, 1, 3, 24))
        self._set(SIZES[2], U32, count)
        # Of any tag: arguments become fields.
        arguments = rng.choice((*self._arrays.values(), 0, FIRST_FREE, END - 24))
        name = rng.choices(("CALL", "STATICCALL"), (3, 1))[0]
        self._op(name, SIZES[0], SIZES[1], FIELD, SIZES[2], arguments)
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
        self._set(FIELD, FF, min(self._value(FF), radix**count - 1))
        for cell, value in zip(SIZES, (radix, count), strict=False):
            self._set(cell, U32, value)
        self._set(FLAG, U1, int(is_bits))
        self._op("TORADIXBE", FIELD, SIZES[0], SIZES[1], FLAG, out + rng.randint(0, 40 - count))

    def _point_addition(self, depth: int) -> None:
        rng = self._rng
        fields = [cell for cell in self._scalars[FF] if not cell.is_local]
        x, y = fields[0], fields[1]
        point, other = rng.choice(_POINTS), rng.choice(_POINTS)
        out = self._take_triple()
        for cell, value in ((x, point.x), (y, point.y), (FIELD, other.x), (FIELD_2, other.y)):
            self._set(cell, FF, value)
        self._set(FLAG, U1, rng.random() < 0.1)
        self._op("ECADD", x, y, FLAG, FIELD, FIELD_2, FLAG, out)

    def _take_triple(self) -> int:
        """Give room for a point in the array of fields, mending the tag of the flag afterwards."""
        start = self._arrays["fields"] + self._rng.randint(0, 21)
        # The flag makes one cell of the array U1: a later use of it may fail, or be mended by a copy.
        return start if self._rng.random() < 0.2 else self._odd_triple

    def _debug_log(self, depth: int) -> None:
        self._set(BYTE, U8, self._rng.randrange(8))
        self._set(SIZES[0], U32, self._rng.randint(0, 4))
        message = self._arrays.get("bytes", self._arrays["fields"])
        self._op(
            "DEBUGLOG", BYTE, message, self._arrays["fields"], SIZES[0], immediate=self._rng.randrange(5)
        )

    def _instance(self, depth: int) -> None:
        self._set(FIELD, FF, self._rng.choice((*self._around.contracts, 3, 8, 12345)))
        self._op("GETCONTRACTINSTANCE", FIELD, self._odd_triple, immediate=self._rng.randrange(3))
