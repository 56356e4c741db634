"""ECDSA over secp256k1 and secp256r1, with SHA-256, as the ECDSA accounts use it.

Signatures are r || s, 64 bytes, with the low s: the contracts refuse the other one. Public keys are x || y.

Authority: @aztec/foundation src/crypto/ecdsa/index.ts, barretenberg crypto/ecdsa (4.1.2); curves: SEC 2.
"""

from __future__ import annotations

import enum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

__all__ = [
    "ECDSA_SIGNATURE_SIZE",
    "EcdsaCurve",
    "ecdsa_public_key",
    "ecdsa_sign",
    "ecdsa_verify",
    "ecdsa_verify_digest",
]

ECDSA_SIGNATURE_SIZE: Final = 64


class EcdsaCurve(enum.Enum):
    """The two curves that account contracts know."""

    SECP256K1 = "secp256k1"
    SECP256R1 = "secp256r1"

    @property
    def order(self) -> int:
        """The number of points."""
        if self is EcdsaCurve.SECP256K1:
            return 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
        return 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def ecdsa_public_key(private_key: bytes, curve: EcdsaCurve) -> bytes:
    """Give x || y of a private key of 32 bytes. Raises ValueError unless 0 < key < order."""
    numbers = _private_key(private_key, curve).public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def ecdsa_sign(message: bytes, private_key: bytes, curve: EcdsaCurve) -> bytes:
    """Sign the SHA-256 of a message; two signatures of one message differ.

    Raises ValueError unless 0 < key < order.
    """
    r, s = decode_dss_signature(_private_key(private_key, curve).sign(message, ec.ECDSA(hashes.SHA256())))
    s = min(s, curve.order - s)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def ecdsa_verify(message: bytes, public_key: bytes, signature: bytes, curve: EcdsaCurve) -> bool:
    """Tell whether the signature is one of the message by the key, with the low s."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(message)
    return ecdsa_verify_digest(digest.finalize(), public_key, signature, curve)


def ecdsa_verify_digest(digest: bytes, public_key: bytes, signature: bytes, curve: EcdsaCurve) -> bool:
    """Tell the same of a digest of 32 bytes. Anything malformed, or with the high s, is no signature."""
    if len(digest) != 32 or len(public_key) != 64 or len(signature) != ECDSA_SIGNATURE_SIZE:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (0 < r < curve.order and 0 < s <= curve.order // 2):
        return False
    x, y = int.from_bytes(public_key[:32], "big"), int.from_bytes(public_key[32:], "big")
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, _library_curve(curve)).public_key()
    except ValueError:
        return False
    try:
        key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature:
        return False
    return True


def _private_key(private_key: bytes, curve: EcdsaCurve) -> ec.EllipticCurvePrivateKey:
    value = int.from_bytes(private_key, "big")
    # The value stays out of the message: it may be a real key.
    if len(private_key) != 32 or not 0 < value < curve.order:
        raise ValueError(f"a private key of {curve.value} has 32 bytes and lies between 1 and the order")
    return ec.derive_private_key(value, _library_curve(curve))


def _library_curve(curve: EcdsaCurve) -> ec.EllipticCurve:
    return ec.SECP256K1() if curve is EcdsaCurve.SECP256K1 else ec.SECP256R1()
