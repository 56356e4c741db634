"""SHA-256, its truncation to a field element, and its compression function alone.

Authority: FIPS 180-4; @aztec/foundation src/crypto/sha256/index.ts, src/serialize/free_funcs.ts (4.1.2).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from aztecd.crypto._backend import GADGETS
from aztecd.crypto.field import Fr

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["compress", "sha256", "sha256_trunc"]


def sha256(data: bytes) -> bytes:
    """Hash bytes to 32 bytes."""
    return hashlib.sha256(data).digest()


def sha256_trunc(data: bytes) -> Fr:
    """Hash bytes to a field element: a zero byte, then the digest without its last byte."""
    return Fr(b"\0" + hashlib.sha256(data).digest()[:31])


def compress(state: Sequence[int], block: Sequence[int]) -> list[int]:
    """Compress a block of 16 words into a state of 8 and give the new state.

    Words are of 32 bits; the old state is added at the end. Nothing is padded.
    Raises ValueError on another number or size of words.
    """
    return GADGETS.sha256_compress(state, block)
