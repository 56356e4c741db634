"""The keys of an account, all of them from one secret.

    sk_m   = sha512(secret || separator) mod q           public key = sk_m G
    sk_app = H([sk_m >> 128, sk_m mod 2^128, app], separator)

Authority: @aztec/stdlib src/keys/derivation.ts, src/keys/key_types.ts, @aztec/foundation
src/crypto/sha512 (`sha512ToGrumpkinScalar`), src/curves/grumpkin/point.ts (`hash`) (4.1.2).
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass

from aztecd.constants import DOM_SEP_IVSK_M, DOM_SEP_NHK_M, DOM_SEP_OVSK_M, DOM_SEP_TSK_M
from aztecd.crypto.field import FQ_MODULUS, FR_ZERO, Fr, fr, fr_int
from aztecd.crypto.grumpkin import GENERATOR, Point, multiply
from aztecd.crypto.poseidon2 import hash_fields, hash_with_separator
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import PublicKeys
from aztecd.pxe.keys.secret import Secret

__all__ = [
    "KeyKind",
    "MasterKeys",
    "app_secret_key",
    "derive_keys",
    "derive_signing_key",
    "master_secret_key",
    "point_bytes",
    "point_from_bytes",
    "public_key_hash",
    "public_key_of",
]


class KeyKind(enum.Enum):
    """The four kinds of master keys, by the prefix they have in names."""

    NULLIFIER = "n"
    INCOMING_VIEWING = "iv"
    OUTGOING_VIEWING = "ov"
    TAGGING = "t"

    @property
    def separator(self) -> int:
        """What the kind mixes into derivations."""
        match self:
            case KeyKind.NULLIFIER:
                return DOM_SEP_NHK_M
            case KeyKind.INCOMING_VIEWING:
                return DOM_SEP_IVSK_M
            case KeyKind.OUTGOING_VIEWING:
                return DOM_SEP_OVSK_M
            case KeyKind.TAGGING:
                return DOM_SEP_TSK_M


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKeys:
    """An account's master secret keys, scalars of Grumpkin, and their public keys."""

    nullifier_hiding_key: Secret
    incoming_viewing_secret_key: Secret
    outgoing_viewing_secret_key: Secret
    tagging_secret_key: Secret
    public_keys: PublicKeys

    def secret(self, kind: KeyKind) -> Secret:
        """Give the secret key of a kind."""
        match kind:
            case KeyKind.NULLIFIER:
                return self.nullifier_hiding_key
            case KeyKind.INCOMING_VIEWING:
                return self.incoming_viewing_secret_key
            case KeyKind.OUTGOING_VIEWING:
                return self.outgoing_viewing_secret_key
            case KeyKind.TAGGING:
                return self.tagging_secret_key


def master_secret_key(secret: Secret, kind: KeyKind) -> Secret:
    """Derive a master secret key from an account's secret."""
    digest = hashlib.sha512(secret.reveal() + kind.separator.to_bytes(4, "big")).digest()
    return Secret.from_int(int.from_bytes(digest, "big") % FQ_MODULUS)


def derive_keys(secret: Secret) -> MasterKeys:
    """Derive all keys from an account's secret."""
    keys = {kind: master_secret_key(secret, kind) for kind in KeyKind}
    public = {kind: point_bytes(public_key_of(key)) for kind, key in keys.items()}
    return MasterKeys(
        nullifier_hiding_key=keys[KeyKind.NULLIFIER],
        incoming_viewing_secret_key=keys[KeyKind.INCOMING_VIEWING],
        outgoing_viewing_secret_key=keys[KeyKind.OUTGOING_VIEWING],
        tagging_secret_key=keys[KeyKind.TAGGING],
        public_keys=PublicKeys(
            master_nullifier_public_key=public[KeyKind.NULLIFIER],
            master_incoming_viewing_public_key=public[KeyKind.INCOMING_VIEWING],
            master_outgoing_viewing_public_key=public[KeyKind.OUTGOING_VIEWING],
            master_tagging_public_key=public[KeyKind.TAGGING],
        ),
    )


def derive_signing_key(secret: Secret) -> Secret:
    """Derive the signing key that accounts have by default: it equals the incoming viewing key."""
    return master_secret_key(secret, KeyKind.INCOMING_VIEWING)


def app_secret_key(master: Secret, app: AztecAddress, kind: KeyKind) -> Fr:
    """Silo a master secret key for one contract.

    The outgoing viewing key's result is used as a scalar, unchanged.
    """
    value = master.reveal_int()
    return hash_with_separator(kind.separator, [fr(value >> 128), fr(value & (1 << 128) - 1), app])


def public_key_of(secret_key: Secret) -> Point:
    """Multiply the generator by a secret key."""
    return multiply(GENERATOR, secret_key.reveal_int())


def public_key_hash(point: bytes) -> Fr:
    """Hash a public key of 64 bytes: its coordinates and the flag `is_infinite`."""
    return hash_fields([point[:32], point[32:], FR_ZERO])


def point_bytes(point: Point) -> bytes:
    """Give a point's 64 bytes."""
    return fr(point.x) + fr(point.y)


def point_from_bytes(data: bytes) -> Point:
    """Read a point's 64 bytes; whether it lies on the curve is not checked."""
    return Point(fr_int(data[:32]), fr_int(data[32:]))
