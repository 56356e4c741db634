"""Keccak-256 as Ethereum uses it (the padding of the original submission, not of SHA-3)."""

from __future__ import annotations

from Crypto.Hash import keccak

__all__ = ["keccak256"]


def keccak256(data: bytes) -> bytes:
    """Hash bytes to 32 bytes."""
    return keccak.new(data=data, digest_bits=256).digest()
