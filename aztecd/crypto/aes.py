"""AES-128 in CBC mode: the cipher of private messages.

Authority: @aztec/foundation src/crypto/aes128/index.ts (4.1.2); FIPS 197, PKCS #7 (RFC 5652 section 6.3).
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

__all__ = [
    "AES_BLOCK_SIZE",
    "decrypt_cbc",
    "decrypt_cbc_keep_padding",
    "encrypt_cbc",
    "encrypt_cbc_unpadded",
]

AES_BLOCK_SIZE: Final = 16


def encrypt_cbc(data: bytes, iv: bytes, key: bytes) -> bytes:
    """Encrypt data of any length; one to sixteen bytes of padding are added (PKCS #7)."""
    count = AES_BLOCK_SIZE - len(data) % AES_BLOCK_SIZE
    return encrypt_cbc_unpadded(data + bytes([count]) * count, iv, key)


def encrypt_cbc_unpadded(data: bytes, iv: bytes, key: bytes) -> bytes:
    """Encrypt whole blocks. Raises ValueError on another length, or an iv or key that has not 16 bytes."""
    _check(data, iv, key)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def decrypt_cbc(data: bytes, iv: bytes, key: bytes) -> bytes:
    """Decrypt whole blocks and remove as many bytes as the last one says.

    The padding is not checked, like in the reference: contracts decrypt messages that may not be for them and
    judge the result by its content. A last byte beyond the length cuts from the end of what is too short.
    Raises ValueError as `encrypt_cbc_unpadded` does.
    """
    plain = decrypt_cbc_keep_padding(data, iv, key)
    return plain[: len(plain) - plain[-1]] if plain else b""


def decrypt_cbc_keep_padding(data: bytes, iv: bytes, key: bytes) -> bytes:
    """Decrypt whole blocks. Raises ValueError as `encrypt_cbc_unpadded` does."""
    _check(data, iv, key)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _check(data: bytes, iv: bytes, key: bytes) -> None:
    if len(data) % AES_BLOCK_SIZE:
        raise ValueError(f"AES-CBC works on blocks of {AES_BLOCK_SIZE} bytes, got {len(data)}")
    if len(iv) != AES_BLOCK_SIZE or len(key) != AES_BLOCK_SIZE:
        raise ValueError(f"an iv and a key have 16 bytes, got {len(iv)} and {len(key)}")
