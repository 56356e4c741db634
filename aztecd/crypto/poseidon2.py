"""Poseidon2 for everybody else: elements are 32 canonical big-endian bytes, hashes are `Fr`.

The C kernel does the work where it was built, the plain twin otherwise: see `_backend`.

Input is trusted to be made of field elements, because decoders check what comes from outside: another length
or a value that is not canonical is a bug of the caller and raises ValueError.

Authority: @aztec/foundation src/crypto/poseidon/index.ts, @aztec/blob-lib src/sponge_blob.ts (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.crypto._backend import KERNEL, POSEIDON2, Poseidon2
from aztecd.crypto.field import FR_MODULUS, Fr

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "KERNEL",
    "Sponge",
    "hash_bytes",
    "hash_fields",
    "hash_packed",
    "hash_pair",
    "hash_pairs",
    "hash_rows",
    "hash_with_separator",
    "permute",
    "permute_ints",
]

_BLOCK_SIZE = 96
_CHUNK_SIZE = 31
_MODULUS = FR_MODULUS.to_bytes(32, "big")


_backend: Poseidon2 = POSEIDON2


def hash_fields(elements: Iterable[bytes]) -> Fr:
    """Hash a list of elements of 32 bytes each."""
    return Fr(_backend.hash_fields(elements))


def hash_packed(packed: bytes) -> Fr:
    """Hash a list of elements that lie one after the other."""
    return Fr(_backend.hash_packed(packed))


def hash_pair(left: bytes, right: bytes) -> Fr:
    """Hash two elements: the node of every Merkle tree but the sha256 ones."""
    return Fr(_backend.hash_pair(left, right))


def hash_pairs(packed: bytes) -> bytes:
    """Hash n pairs at once: n * 64 bytes give n * 32 bytes. The kernel releases the GIL for longer input."""
    return _backend.hash_pairs(packed)


def hash_rows(packed: bytes, width: int) -> bytes:
    """Hash n lists of `width` elements at once: n * width * 32 bytes give n * 32 bytes."""
    return _backend.hash_rows(packed, width)


def hash_with_separator(separator: int, elements: Iterable[bytes]) -> Fr:
    """Hash a list after a domain separator, which is a plain first element and counts in the length."""
    return Fr(_backend.hash_fields((separator.to_bytes(32, "big"), *elements)))


def hash_bytes(data: bytes) -> Fr:
    """Hash bytes as a list of chunks of 31 bytes, each read as a little-endian number.

    Rule: `poseidon2HashBytes`. Packed bytecode is cut differently (big-endian); this is not for it.
    """
    return Fr(
        _backend.hash_packed(
            b"".join(
                data[start : start + _CHUNK_SIZE][::-1].rjust(32, b"\0")
                for start in range(0, len(data), _CHUNK_SIZE)
            )
        )
    )


def permute(state: bytes) -> bytes:
    """Apply the bare permutation to four packed elements (128 bytes)."""
    return _backend.permute(state)


def permute_ints(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    """Apply the bare permutation to four elements that are integers, as the public machine's are."""
    return _backend.permute_ints(a, b, c, d)


class Sponge:
    """A running hash whose capacity starts with a constant instead of the length. Mutable.

    The blob sponge is the one user: `Sponge(24576 << 64)`. Up to three elements wait for the next absorb or
    squeeze, so that the input may be cut anywhere.
    """

    __slots__ = ("_state", "_waiting")

    def __init__(self, iv: int) -> None:
        """Start with `iv` in the capacity. Raises ValueError unless it is a field element."""
        if not 0 <= iv < FR_MODULUS:
            raise ValueError(f"the initial value is no field element: {iv:#x}")
        self._state = iv.to_bytes(128, "big")
        self._waiting = b""

    def absorb(self, packed: bytes) -> None:
        """Take in elements that lie one after the other. Raises ValueError, unchanged, on bad input."""
        if len(packed) % 32:
            raise ValueError(f"{len(packed)} bytes are no whole number of elements of 32 bytes")
        pending = self._waiting + packed
        # The last block waits even when it is whole: squeezing permutes it.
        ready = max(0, (len(pending) - 1) // _BLOCK_SIZE) * _BLOCK_SIZE
        rest = pending[ready:]
        for start in range(0, len(rest), 32):
            if rest[start : start + 32] >= _MODULUS:
                raise ValueError(
                    f"an element is not below the field modulus: 0x{rest[start : start + 32].hex()}"
                )
        self._state = _backend.absorb(self._state, pending[:ready])
        self._waiting = rest

    def clone(self) -> Sponge:
        """Give an independent copy."""
        copy = Sponge.__new__(Sponge)
        copy._state = self._state  # noqa: SLF001 -- the same class
        copy._waiting = self._waiting  # noqa: SLF001
        return copy

    def squeeze(self) -> Fr:
        """Give the hash of everything absorbed so far; the sponge itself does not change."""
        return Fr(_backend.absorb(self._state, self._waiting.ljust(_BLOCK_SIZE, b"\0"))[:32])
