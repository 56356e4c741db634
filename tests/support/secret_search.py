"""Known secrets in all the forms in which text, records and files could show them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LIMB_BITS = 128


def forms(secret: bytes) -> Iterator[tuple[str, bytes]]:
    """Give the name of each form, and what to look for."""
    number = int.from_bytes(secret, "big")
    yield "bytes", secret
    yield "bytes, little-endian", secret[::-1]
    yield "hexadecimal", f"{number:x}".encode()
    yield "hexadecimal, little-endian", secret[::-1].hex().encode()
    yield "decimal", str(number).encode()
    # With a quotation mark in it, or in what it is a part of, there is a backslash or not.
    yield "Python bytes", repr(secret)[2:-1].encode()
    yield "Python bytes", repr(bytearray(secret))[12:-2].encode()
    yield "JSON text", "".join(f"\\u{byte:04x}" for byte in secret).encode()
    for separator in (", ", ","):
        yield "list of bytes", separator.join(map(str, secret)).encode()
    for label, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
        # Within longer data it begins at one of three places; the digits at both ends depend on the rest.
        for offset in range(3):
            yield label, encode(bytes(offset) + secret)[4 * (offset > 0) : -4]
    if len(secret) > _LIMB_BITS // 8:
        for limb in (number >> _LIMB_BITS, number & ((1 << _LIMB_BITS) - 1)):
            yield "limb, hexadecimal", f"{limb:x}".encode()
            yield "limb, decimal", str(limb).encode()


def found_secrets(secrets: Mapping[str, bytes], data: bytes) -> list[str]:
    """Name the secrets that the data show, with the forms."""
    folded = data.lower()
    return sorted(
        {
            f"{name} ({form})"
            for name, secret in secrets.items()
            for form, needle in forms(secret)
            if needle in data or ("hexadecimal" in form and needle in folded)
        }
    )
