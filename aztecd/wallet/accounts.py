"""The wallet's own accounts: what they are made of, and the keys that they sign with.

The key store of the PXE has the keys that circuits ask for; a signing key is the account contract's business
and is kept here, sealed in the same vault. What is open: kinds, names, salts, addresses.

Authority: @aztec/wallets src/embedded/wallet_db.ts, @aztec/aztec.js src/wallet/account_manager.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from aztecd.crypto.field import FR_MODULUS, Fr
from aztecd.protocol.basic import AztecAddress, FrMember, Text
from aztecd.protocol.codec import Reader
from aztecd.protocol.contracts import ContractInstanceWithAddress, partial_address
from aztecd.protocol.record import Record, record
from aztecd.pxe.accounts import AccountKind, Signer, constructor_arguments, instantiate, make_signer
from aztecd.pxe.artifacts import ContractArtifact, contract_class_of
from aztecd.pxe.keys import CompleteAddress, Secret, Vault, derive_keys, derive_signing_key
from aztecd.storage import KeyValueStore, Prefix, prefix_end
from aztecd.wallet.errors import AccountUnknownError, WalletError
from aztecd.wallet.results import Aliased

__all__ = ["AccountArtifacts", "AccountBook", "AccountSecrets", "Contacts", "OwnAccount", "describe_account"]

_CONTEXT: Final = b"aztecd signing key 1"


class AccountArtifacts(Protocol):
    """Where the code of account contracts comes from."""

    def artifact(self, name: str) -> ContractArtifact:
        """Give the artifact of this name. Raises an AztecdError when there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSecrets:
    """What a new account is made of.

    Without a signing key it signs with the one that follows from the secret. The kinds with ECDSA need a
    signing key of their own curve.
    """

    secret: Secret
    salt: Fr
    kind: AccountKind = AccountKind.SCHNORR
    signing_key: Secret | None = None

    def key(self) -> Secret:
        """Give the key that the account signs with. Raises WalletError when it has to be given."""
        if self.signing_key is not None:
            return self.signing_key
        if self.kind in {AccountKind.ECDSA_K, AccountKind.ECDSA_R}:
            raise WalletError(f"an account of the kind {self.kind.value} needs a signing key")
        return derive_signing_key(self.secret)


@record
class _StoredAccount(Record):
    kind: Text
    alias: Text
    salt: FrMember


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """One of the wallet's accounts."""

    complete: CompleteAddress
    kind: AccountKind
    salt: Fr
    alias: str
    signing_key: Secret = field(repr=False)

    @property
    def address(self) -> AztecAddress:
        """The account's address."""
        return self.complete.address

    def signer(self) -> Signer:
        """Give what makes the witnesses that the account's contract accepts."""
        return make_signer(self.kind, self.signing_key, self.complete)


def describe_account(
    secrets: AccountSecrets, artifact: ContractArtifact
) -> tuple[ContractInstanceWithAddress, CompleteAddress]:
    """Derive the instance and the address of an account. Raises WalletError, InvalidContractError."""
    if secrets.secret.reveal_int() >= FR_MODULUS:
        # Keys would follow from it, but no other wallet could read it.
        raise WalletError("an account's secret is a field element: this number is not below the modulus")
    keys = derive_keys(secrets.secret)
    try:
        arguments = constructor_arguments(secrets.kind, secrets.key())
    except ValueError as error:
        raise WalletError(f"the account can't sign with this key: {error}") from error
    initializer = None if arguments is None else artifact.initializer("constructor")
    instance = instantiate(
        contract_class_of(artifact).id,
        initializer=initializer,
        arguments=arguments or (),
        salt=secrets.salt,
        public_keys=keys.public_keys,
    )
    complete = CompleteAddress(
        address=instance.address, public_keys=keys.public_keys, partial_address=partial_address(instance)
    )
    return instance, complete


class AccountBook:
    """The accounts, in a store; signing keys are opened when they are asked for. Mutable."""

    def __init__(self, store: KeyValueStore, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def add(self, secrets: AccountSecrets, complete: CompleteAddress, alias: str = "") -> None:
        """Keep an account; a known one gets the new alias. Raises VaultLockedError."""
        sealed = self._vault.seal(secrets.key().reveal(), _context(complete.address))
        stored = _StoredAccount(kind=secrets.kind.value, alias=alias, salt=secrets.salt)
        batch = self._store.batch()
        batch.put(Prefix.WALLET_ACCOUNT.key + complete.address, stored.encode() + sealed)
        self._store.write(batch, sync=True)

    def addresses(self) -> Sequence[Aliased[AztecAddress]]:
        """List the accounts, by address."""
        return [
            Aliased(alias=stored.alias, item=AztecAddress(Fr(key[1:])))
            for key, stored in (
                (key, _StoredAccount.codec.read(Reader(value)))
                for key, value in _entries(self._store, Prefix.WALLET_ACCOUNT)
            )
        ]

    def has(self, address: AztecAddress) -> bool:
        """Tell whether the address is an own account."""
        return self._store.get(Prefix.WALLET_ACCOUNT.key + address) is not None

    def get(self, complete: CompleteAddress) -> OwnAccount:
        """Open an account. Raises AccountUnknownError, VaultLockedError."""
        value = self._store.get(Prefix.WALLET_ACCOUNT.key + complete.address)
        if value is None:
            raise AccountUnknownError(f"Account not found in wallet for address: 0x{complete.address.hex()}")
        reader = Reader(value)
        stored: _StoredAccount = _StoredAccount.codec.read(reader)
        return OwnAccount(
            complete=complete,
            kind=AccountKind(stored.kind),
            salt=stored.salt,
            alias=stored.alias,
            signing_key=self._vault.open(value[reader.position :], _context(complete.address)),
        )


class Contacts:
    """Names of registered senders. Mutable."""

    def __init__(self, store: KeyValueStore) -> None:
        self._store = store

    def name(self, address: AztecAddress, alias: str) -> None:
        """Give an address a name."""
        batch = self._store.batch()
        batch.put(Prefix.WALLET_CONTACT.key + address, alias.encode())
        self._store.write(batch)

    def alias(self, address: AztecAddress) -> str:
        """Give an address's name; empty without one."""
        return (self._store.get(Prefix.WALLET_CONTACT.key + address) or b"").decode()


def _entries(store: KeyValueStore, prefix: Prefix) -> list[tuple[bytes, bytes]]:
    return list(store.iterate(start=prefix.key, stop=prefix_end(prefix.key)))


def _context(address: AztecAddress) -> bytes:
    return _CONTEXT + address
