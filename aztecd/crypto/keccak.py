"""Keccak-256 as Ethereum uses it (padded as in the original submission, not as SHA-3), and the permutation.

Authority: FIPS 202, section 3, for the permutation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from Crypto.Hash import keccak

from aztecd.crypto._backend import GADGETS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["keccak256", "permute"]


def keccak256(data: bytes) -> bytes:
    """Hash bytes to 32 bytes."""
    return keccak.new(data=data, digest_bits=256).digest()


def permute(lanes: Sequence[int]) -> list[int]:
    """Apply Keccak-f[1600] to 25 lanes of 64 bits; lane (x, y) is number x + 5 y.

    Raises ValueError on another number or size of lanes.
    """
    return GADGETS.keccak_permute(lanes)
