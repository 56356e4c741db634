"""A program as it lies in an artifact, decoded when somebody asks for its parts."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256

from aztecd.pxe.acvm.decoding import decode_program
from aztecd.pxe.acvm.opcodes import BrilligFunction, Circuit

__all__ = ["Program"]


class Program:
    """The bytecode of one private or utility function.

    Decoding takes a tenth of a second for a large one, so it waits until it is needed: not when the compiled
    form comes from a cache.
    """

    def __init__(self, bytecode: bytes) -> None:
        self.bytecode = bytecode

    @classmethod
    def from_bytecode(cls, bytecode: bytes) -> Program:
        """Take the bytes (after base64) of an artifact; nothing is checked before it is used."""
        return cls(bytecode)

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the bytecode: the key of everything that is kept of it."""
        return sha256(self.bytecode).digest()

    @property
    def circuit(self) -> Circuit:
        """The constrained part. Raises BytecodeError."""
        return self._parts[0]

    @property
    def functions(self) -> tuple[BrilligFunction, ...]:
        """The unconstrained functions. Raises BytecodeError."""
        return self._parts[1]

    @cached_property
    def _parts(self) -> tuple[Circuit, tuple[BrilligFunction, ...]]:
        return decode_program(self.bytecode)
