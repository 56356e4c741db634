"""Private messages: their encoding, and their encryption for the owner of an address.

A message is at most 12 field elements, the first of which is `type << 64 | metadata`. Its ciphertext has
always 15: the x of the ephemeral public key, then a header and a body of AES-128-CBC packed into 31-byte
chunks, each masked so that it looks like any field element, then random elements. As a log, a tag stands in
front.

    S           = ephemeral secret key * the recipient's address point
    key, iv (k) = low 16 bytes, reversed, of H([S.x, S.y], (k << 8) + separator); one separator for each
    header      = 2 bytes: length of the body's ciphertext                     encrypted with key, iv (1)
    body        = the elements, 32 bytes each                                  encrypted with key, iv (0)

Contracts do this themselves while they are executed. These functions are for clients that read or write
messages without one, and for tests.

Authority: aztec-nr src/messages/{encoding.nr, encryption/aes128.nr}, src/keys/ephemeral.nr, in the
`file_map` of any artifact (4.1.2).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aztecd.constants import (
    DOM_SEP_CIPHERTEXT_FIELD_MASK,
    DOM_SEP_SYMMETRIC_KEY,
    DOM_SEP_SYMMETRIC_KEY_2,
)
from aztecd.crypto.aes import AES_BLOCK_SIZE, decrypt_cbc, encrypt_cbc
from aztecd.crypto.field import FR_MODULUS, FR_SIZE, FieldError, Fr, fr, fr_from_bytes, fr_int
from aztecd.crypto.grumpkin import Point
from aztecd.crypto.grumpkin_points import has_low_y, lift_x
from aztecd.crypto.poseidon2 import hash_with_separator
from aztecd.errors import InvalidInputError
from aztecd.pxe.keys import Secret, multiply_secret, public_key_of

__all__ = [
    "MESSAGE_CIPHERTEXT_LENGTH",
    "MESSAGE_PLAINTEXT_LENGTH",
    "MessageError",
    "PrivateMessage",
    "decrypt_message",
    "encrypt_message",
    "ephemeral_key",
]

MESSAGE_CIPHERTEXT_LENGTH: Final = 15
MESSAGE_PLAINTEXT_LENGTH: Final = 12

_CHUNK: Final = 31
_HEADER_SIZE: Final = AES_BLOCK_SIZE
_BODY, _HEADER = 0, 1


class MessageError(InvalidInputError):
    """A message is too long, or its first element says nothing."""

    code = "private_message"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateMessage:
    """A message in the form of aztec-nr.

    `type` is 0 for a note (metadata: note type; content: owner, slot, randomness, packed note), 1 for a
    partial note (owner, slot, randomness, completion tag, packed part), 2 for an event (metadata: selector;
    content: randomness, members).
    """

    type: int
    metadata: int
    content: tuple[Fr, ...]

    @classmethod
    def from_fields(cls, fields: Sequence[Fr]) -> PrivateMessage:
        """Read a plaintext. Raises MessageError when it is empty or begins with more than 128 bits."""
        expanded = fr_int(fields[0]) if fields else 1 << 128
        if expanded >> 128:
            raise MessageError("a message begins with its type and metadata, 64 bits each")
        return cls(type=expanded >> 64, metadata=expanded & (1 << 64) - 1, content=tuple(fields[1:]))

    def to_fields(self) -> list[Fr]:
        """Give the plaintext. Raises MessageError when a part is too large."""
        if self.type >> 64 or self.metadata >> 64 or len(self.content) >= MESSAGE_PLAINTEXT_LENGTH:
            raise MessageError(
                f"a message has 64 bits of type and of metadata and at most {MESSAGE_PLAINTEXT_LENGTH - 1} "
                f"elements, got {self.type}, {self.metadata}, {len(self.content)}"
            )
        return [fr(self.type << 64 | self.metadata), *self.content]


def ephemeral_key() -> Secret:
    """Draw a key whose public key has the low y, so that its x is enough to send."""
    while True:
        key = Secret.random_scalar()
        if has_low_y(public_key_of(key)):
            return key


def encrypt_message(plaintext: Sequence[Fr], recipient: Point, ephemeral: Secret | None = None) -> list[Fr]:
    """Encrypt for the owner of an address point; an ephemeral key must never be used twice.

    Raises MessageError on more than 12 elements.
    """
    if len(plaintext) > MESSAGE_PLAINTEXT_LENGTH:
        raise MessageError(f"a message has at most {MESSAGE_PLAINTEXT_LENGTH} elements, got {len(plaintext)}")
    key = ephemeral or ephemeral_key()
    shared = multiply_secret(key, recipient)
    body = encrypt_cbc(b"".join(plaintext), *_iv_and_key(shared, _BODY))
    header = encrypt_cbc(len(body).to_bytes(2, "big"), *_iv_and_key(shared, _HEADER))
    data = header + body
    data += bytes(-len(data) % _CHUNK)
    masked = [
        fr((int.from_bytes(data[at : at + _CHUNK], "big") + _mask(shared, at // _CHUNK)) % FR_MODULUS)
        for at in range(0, len(data), _CHUNK)
    ]
    fields = [fr(public_key_of(key).x), *masked]
    rest = MESSAGE_CIPHERTEXT_LENGTH - len(fields)
    return fields + [fr(secrets.randbelow(FR_MODULUS)) for _ in range(rest)]


def decrypt_message(ciphertext: Sequence[Fr], share: Callable[[Point], Point]) -> list[Fr] | None:
    """Decrypt with the secret that `share` makes of the ephemeral public key; none if it is not for us.

    Decryption is not authenticated: what comes back may be nonsense, and is judged by what the message says
    (its note must be in the tree).
    """
    if not 2 <= len(ciphertext) <= MESSAGE_CIPHERTEXT_LENGTH:
        return None
    ephemeral = lift_x(fr_int(ciphertext[0]))
    if ephemeral is None:
        return None
    shared = share(ephemeral)
    data = b""
    for index, field in enumerate(ciphertext[1:]):
        chunk = (fr_int(field) - _mask(shared, index)) % FR_MODULUS
        # What does not fit is random filling behind the message.
        data += chunk.to_bytes(FR_SIZE, "big")[1:] if chunk >> 8 * _CHUNK == 0 else bytes(_CHUNK)
    length = decrypt_cbc(data[:_HEADER_SIZE], *_iv_and_key(shared, _HEADER))
    if len(length) != 2:
        return None
    size = int.from_bytes(length, "big")
    body = data[_HEADER_SIZE : _HEADER_SIZE + size]
    if len(body) != size or size % AES_BLOCK_SIZE:
        return None
    plain = decrypt_cbc(body, *_iv_and_key(shared, _BODY))
    if len(plain) % FR_SIZE or len(plain) > MESSAGE_PLAINTEXT_LENGTH * FR_SIZE:
        return None
    try:
        return [fr_from_bytes(plain[at : at + FR_SIZE]) for at in range(0, len(plain), FR_SIZE)]
    except FieldError:
        return None


def _iv_and_key(shared: Point, pair: int) -> tuple[bytes, bytes]:
    key, iv = (
        hash_with_separator((pair << 8) + separator, [fr(shared.x), fr(shared.y)])[:-17:-1]
        for separator in (DOM_SEP_SYMMETRIC_KEY, DOM_SEP_SYMMETRIC_KEY_2)
    )
    return iv, key


def _mask(shared: Point, index: int) -> int:
    return fr_int(hash_with_separator(DOM_SEP_CIPHERTEXT_FIELD_MASK + index, [fr(shared.x), fr(shared.y)]))
