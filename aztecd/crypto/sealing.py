"""Encryption of secrets that lie on a disk: keys from passphrases or key files, and authenticated sealing.

Passphrases go through scrypt (RFC 7914), key files, which are random already, through HKDF with SHA-256
(RFC 5869); data is sealed with AES-256-GCM under a random nonce of 12 bytes, which stands in front. One key
seals far fewer than the 2^32 values after which random nonces become a risk.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from aztecd.crypto.errors import SealError

__all__ = ["SEALING_KEY_SIZE", "ScryptCost", "key_from_file", "key_from_passphrase", "open_sealed", "seal"]

SEALING_KEY_SIZE: Final = 32

_NONCE_SIZE: Final = 12
_TAG_SIZE: Final = 16
_MAX_MEMORY_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ScryptCost:
    """How dear a guess is: memory is 128 * n * r bytes, time grows with p too.

    The default takes 128 MiB and some tenths of a second, the first choice of OWASP's list.
    """

    n: int = 1 << 17
    r: int = 8
    p: int = 1

    def check(self) -> None:
        """Raise SealError on a cost that scrypt does not allow or that takes more than a gigabyte."""
        is_sound = self.n > 1 and self.n & (self.n - 1) == 0 and 0 < self.r <= 64 and 0 < self.p <= 16
        if not is_sound or 128 * self.n * self.r > _MAX_MEMORY_BYTES:
            raise SealError(f"scrypt with n={self.n}, r={self.r}, p={self.p} is not allowed here")


def key_from_passphrase(passphrase: bytes, salt: bytes, cost: ScryptCost) -> bytes:
    """Stretch a passphrase to a key of 32 bytes. Raises SealError on a cost out of bounds."""
    cost.check()
    return Scrypt(salt=salt, length=SEALING_KEY_SIZE, n=cost.n, r=cost.r, p=cost.p).derive(passphrase)


def key_from_file(content: bytes, salt: bytes) -> bytes:
    """Make a key of 32 bytes of a key file's content."""
    kdf = HKDF(algorithm=hashes.SHA256(), length=SEALING_KEY_SIZE, salt=salt, info=b"aztecd key file")
    return kdf.derive(content)


def seal(plain: bytes, key: bytes, context: bytes) -> bytes:
    """Encrypt and authenticate; `context` must be the same again at opening and is not part of the result."""
    nonce = secrets.token_bytes(_NONCE_SIZE)
    return nonce + AESGCM(key).encrypt(nonce, plain, context)


def open_sealed(sealed: bytes, key: bytes, context: bytes) -> bytes:
    """Decrypt what `seal` made. Raises SealError on another key or context, or changed data."""
    if len(sealed) < _NONCE_SIZE + _TAG_SIZE:
        raise SealError(f"sealed data of {len(sealed)} bytes is too short")
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], context)
    except InvalidTag:
        raise SealError("sealed data does not open with this key") from None
