"""A value that must not be shown.

Wiping overwrites the one copy that the wrapper holds. Python makes other copies while it computes, which
nobody can reach to overwrite: wiping shortens the time that secrets lie in memory, it is no guarantee.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Final, Never, Self

from aztecd.crypto.field import FQ_MODULUS, FR_MODULUS
from aztecd.pxe.keys.errors import KeysError, VaultLockedError

__all__ = ["Secret"]

_HEX: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{1,64})")


class Secret:
    """Bytes that no text form, log, error or pickle shows. Mutable: `wipe` overwrites them.

    Keys are numbers of 32 big-endian bytes.
    """

    __slots__ = ("_data",)

    def __init__(self, value: bytes) -> None:
        self._data = bytearray(value)

    @classmethod
    def from_int(cls, value: int) -> Self:
        """Wrap a number as 32 bytes."""
        return cls(value.to_bytes(32, "big"))

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Read up to 64 digits with or without `0x`. Raises KeysError, without the text."""
        match = _HEX.fullmatch(text)
        if match is None:
            raise KeysError("a secret has up to 64 hexadecimal digits")
        return cls(bytes.fromhex(match[1].rjust(64, "0")))

    @classmethod
    def random_fr(cls) -> Self:
        """Draw a field element: the secret of a new account."""
        return cls.from_int(secrets.randbelow(FR_MODULUS - 1) + 1)

    @classmethod
    def random_scalar(cls) -> Self:
        """Draw a scalar of Grumpkin: a signing key, an ephemeral key."""
        return cls.from_int(secrets.randbelow(FQ_MODULUS - 1) + 1)

    def reveal(self) -> bytes:
        """Give the bytes. Raises VaultLockedError after a wipe."""
        if not self._data:
            raise VaultLockedError("this secret was wiped: unlock the key store again")
        return bytes(self._data)

    def reveal_int(self) -> int:
        """Give the number. Raises VaultLockedError after a wipe."""
        return int.from_bytes(self.reveal(), "big")

    def wipe(self) -> None:
        """Overwrite the bytes and forget them."""
        self._data[:] = bytes(len(self._data))
        self._data.clear()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._data, other._data)

    __hash__ = None  # type: ignore[assignment] # a hash would be a fingerprint of the value

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> Never:
        raise TypeError("a secret is not pickled")
