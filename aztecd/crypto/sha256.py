"""SHA-256, and its truncation to a field element.

Authority: @aztec/foundation src/crypto/sha256/index.ts, src/serialize/free_funcs.ts (4.1.2).
"""

from __future__ import annotations

import hashlib

from aztecd.crypto.field import Fr

__all__ = ["sha256", "sha256_trunc"]


def sha256(data: bytes) -> bytes:
    """Hash bytes to 32 bytes."""
    return hashlib.sha256(data).digest()


def sha256_trunc(data: bytes) -> Fr:
    """Hash bytes to a field element: a zero byte, then the digest without its last byte."""
    return Fr(b"\0" + hashlib.sha256(data).digest()[:31])
