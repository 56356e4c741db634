"""Schnorr signatures over Grumpkin, as Schnorr accounts use them.

    R = k G,  e = blake2s(pedersen([R.x, pk.x, pk.y]) || message),  s = k - e sk mod q,  signature = s || e

`e` is 32 raw bytes and is reduced modulo the group order only where it multiplies. The arithmetic is that of
Python integers and not constant in time: sign on machines whose other users you trust.

Authority: barretenberg crypto/schnorr, @aztec/foundation src/crypto/schnorr/index.ts (4.1.2).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from aztecd.crypto.field import FQ_MODULUS, fr
from aztecd.crypto.grumpkin import GENERATOR, Point, add, is_on_curve, multiply
from aztecd.crypto.pedersen import pedersen_hash

__all__ = ["SCHNORR_SIGNATURE_SIZE", "schnorr_public_key", "schnorr_sign", "schnorr_verify"]

SCHNORR_SIGNATURE_SIZE: Final = 64


def schnorr_public_key(private_key: int) -> Point:
    """Give the public key of a private one. Raises ValueError unless 0 < key < q."""
    _check_key(private_key)
    return multiply(GENERATOR, private_key)


def schnorr_sign(message: bytes, private_key: int) -> bytes:
    """Sign a message of any length; two signatures of one message differ.

    Raises ValueError unless 0 < key < q.
    """
    public_key = schnorr_public_key(private_key)
    nonce = 0
    while not nonce:
        # Fresh randomness together with key and message: a weak source of randomness alone reveals no key.
        seed = private_key.to_bytes(32, "big") + secrets.token_bytes(32) + message
        nonce = int.from_bytes(hashlib.sha512(seed).digest(), "big") % FQ_MODULUS
    challenge = _challenge(multiply(GENERATOR, nonce), public_key, message)
    response = (nonce - int.from_bytes(challenge, "big") * private_key) % FQ_MODULUS
    return response.to_bytes(32, "big") + challenge


def schnorr_verify(message: bytes, public_key: Point, signature: bytes) -> bool:
    """Tell whether the signature is one of the message by the key. Anything malformed is none."""
    if len(signature) != SCHNORR_SIGNATURE_SIZE or public_key.is_infinite or not is_on_curve(public_key):
        return False
    response, challenge = int.from_bytes(signature[:32], "big"), signature[32:]
    if not 0 < response < FQ_MODULUS or not int.from_bytes(challenge, "big") % FQ_MODULUS:
        return False
    commitment = add(
        multiply(GENERATOR, response), multiply(public_key, int.from_bytes(challenge, "big") % FQ_MODULUS)
    )
    if commitment.is_infinite:
        return False
    return hmac.compare_digest(_challenge(commitment, public_key, message), challenge)


def _challenge(commitment: Point, public_key: Point, message: bytes) -> bytes:
    compressed = pedersen_hash([fr(commitment.x), fr(public_key.x), fr(public_key.y)])
    return hashlib.blake2s(compressed + message).digest()


def _check_key(private_key: int) -> None:
    # The value stays out of the message: it may be a real key.
    if not 0 < private_key < FQ_MODULUS:
        raise ValueError("a Schnorr private key lies between 1 and the order of Grumpkin")
