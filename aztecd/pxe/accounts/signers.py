"""How the kinds of account contracts authenticate: their keys, constructors and witnesses.

| kind | artifact | constructor | witness |
|---|---|---|---|
| Schnorr | SchnorrAccount | key's x, y | 64 bytes of signature |
| ECDSA, two curves | EcdsaKAccount, EcdsaRAccount | key's x, y as bytes | 64 bytes of signature, low s |
| single key | SchnorrSingleKeyAccount | none | 12 fields of public keys, signature, partial address |
| stub | SimulatedAccount | none | nothing: approves everything, for simulations only |

Every byte of a signature is a field of its own. The message is the hash's 32 bytes.

Authority: @aztec/accounts src/{schnorr,ecdsa,single_key,stub}/**/account_contract.ts (4.1.2).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol, assert_never

from aztecd.crypto.ecdsa import EcdsaCurve, ecdsa_public_key, ecdsa_sign
from aztecd.crypto.field import Fr, fr
from aztecd.crypto.schnorr import schnorr_public_key, schnorr_sign
from aztecd.pxe.accounts.errors import AccountsError
from aztecd.pxe.keys import CompleteAddress, Secret
from aztecd.pxe.requests import AuthWitness

__all__ = [
    "AccountKind",
    "EcdsaSigner",
    "SchnorrSigner",
    "Signer",
    "SingleKeySigner",
    "StubSigner",
    "constructor_arguments",
    "make_signer",
]


class AccountKind(enum.Enum):
    """The kinds of account contracts; the values are names for users and stores."""

    SCHNORR = "schnorr"
    ECDSA_K = "ecdsasecp256k1"
    ECDSA_R = "ecdsasecp256r1"
    SINGLE_KEY = "schnorr_single_key"
    STUB = "stub"

    @property
    def contract_name(self) -> str:
        """The name of the contract's artifact."""
        match self:
            case AccountKind.SCHNORR:
                return "SchnorrAccount"
            case AccountKind.ECDSA_K:
                return "EcdsaKAccount"
            case AccountKind.ECDSA_R:
                return "EcdsaRAccount"
            case AccountKind.SINGLE_KEY:
                return "SchnorrSingleKeyAccount"
            case AccountKind.STUB:
                return "SimulatedAccount"


class Signer(Protocol):
    """Makes witnesses that an account's contract accepts."""

    def sign(self, message_hash: Fr) -> AuthWitness:
        """Approve a message."""
        ...


@dataclass(frozen=True, slots=True)
class SchnorrSigner:
    """Signs with a scalar of Grumpkin."""

    signing_key: Secret

    def sign(self, message_hash: Fr) -> AuthWitness:
        """Approve a message. Raises VaultLockedError when the key was wiped."""
        signature = schnorr_sign(message_hash, self.signing_key.reveal_int())
        return AuthWitness(request_hash=message_hash, witness=_bytes_as_fields(signature))


@dataclass(frozen=True, slots=True)
class EcdsaSigner:
    """Signs with a key of one of the two curves."""

    signing_key: Secret
    curve: EcdsaCurve

    def sign(self, message_hash: Fr) -> AuthWitness:
        """Approve a message. Raises VaultLockedError when the key was wiped."""
        signature = ecdsa_sign(message_hash, self.signing_key.reveal(), self.curve)
        return AuthWitness(request_hash=message_hash, witness=_bytes_as_fields(signature))


@dataclass(frozen=True, slots=True)
class SingleKeySigner:
    """Signs with the account's incoming viewing key, and shows that the address is made of it."""

    incoming_viewing_key: Secret
    account: CompleteAddress

    def sign(self, message_hash: Fr) -> AuthWitness:
        """Approve a message. Raises VaultLockedError when the key was wiped."""
        signature = schnorr_sign(message_hash, self.incoming_viewing_key.reveal_int())
        witness = (
            *self.account.public_keys.to_fields(),
            *_bytes_as_fields(signature),
            self.account.partial_address,
        )
        return AuthWitness(request_hash=message_hash, witness=witness)


@dataclass(frozen=True, slots=True)
class StubSigner:
    """Approves without a key, for the contract that checks nothing."""

    def sign(self, message_hash: Fr) -> AuthWitness:
        """Give an empty witness."""
        return AuthWitness(request_hash=message_hash, witness=())


def make_signer(kind: AccountKind, key: Secret | None, account: CompleteAddress | None = None) -> Signer:
    """Give the signer of a kind of account. Raises AccountsError when its key or address is missing."""
    if kind is AccountKind.STUB:
        return StubSigner()
    if key is None:
        raise AccountsError(f"an account of the kind {kind.value} needs a signing key")
    match kind:
        case AccountKind.SCHNORR:
            return SchnorrSigner(key)
        case AccountKind.ECDSA_K:
            return EcdsaSigner(key, EcdsaCurve.SECP256K1)
        case AccountKind.ECDSA_R:
            return EcdsaSigner(key, EcdsaCurve.SECP256R1)
        case AccountKind.SINGLE_KEY:
            if account is None:
                raise AccountsError(f"an account of the kind {kind.value} needs its complete address")
            return SingleKeySigner(key, account)
        case _:
            assert_never(kind)


def constructor_arguments(kind: AccountKind, key: Secret | None) -> tuple[Fr, ...] | None:
    """Give the encoded arguments of the account's constructor; none if it has no constructor.

    Raises AccountsError when the key is missing; ValueError when it is none.
    """
    if kind in {AccountKind.SINGLE_KEY, AccountKind.STUB}:
        return None
    if key is None:
        raise AccountsError(f"an account of the kind {kind.value} needs a signing key")
    if kind is AccountKind.SCHNORR:
        public = schnorr_public_key(key.reveal_int())
        return fr(public.x), fr(public.y)
    curve = EcdsaCurve.SECP256K1 if kind is AccountKind.ECDSA_K else EcdsaCurve.SECP256R1
    return _bytes_as_fields(ecdsa_public_key(key.reveal(), curve))


def _bytes_as_fields(data: bytes) -> tuple[Fr, ...]:
    return tuple(fr(byte) for byte in data)
