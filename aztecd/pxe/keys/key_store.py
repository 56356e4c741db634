"""The accounts whose keys we have.

Public keys and partial addresses lie open, so that accounts can be listed while the vault is locked; the
four master secret keys are sealed under their address, so that no record can be put in another's place. The
account's own secret is not kept: the master keys are enough.

    prefix | address 32  ->  public keys 256 | partial address 32 | sealed master secret keys (4 * 32)

Authority: @aztec/key-store src/key_store.ts (4.1.2), whose error texts these are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from aztecd.crypto.field import Fr, fr_hex
from aztecd.crypto.grumpkin import Point
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import PublicKeys
from aztecd.pxe.keys.addresses import CompleteAddress, address_secret, multiply_secret
from aztecd.pxe.keys.derivation import (
    KeyKind,
    MasterKeys,
    app_secret_key,
    derive_keys,
    point_bytes,
    point_from_bytes,
    public_key_hash,
    public_key_of,
)
from aztecd.pxe.keys.errors import KeysError, UnknownAccountError, VaultError
from aztecd.pxe.keys.secret import Secret
from aztecd.pxe.keys.vault import Vault
from aztecd.storage.kv import KeyValueStore, prefix_end
from aztecd.storage.schema import Prefix

__all__ = ["KeyStore", "KeyValidationRequest"]

_CONTEXT: Final = b"aztecd account keys 1"
_PUBLIC_SIZE: Final = 256 + 32
_KEY_SIZE: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValidationRequest:
    """A master public key, and its secret key siloed for a contract, which goes into circuits."""

    public_key: Point
    app_secret: Fr = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Found:
    account: CompleteAddress
    kind: KeyKind


class KeyStore:
    """Keeps accounts in a store and answers what circuits ask about their keys. Mutable.

    One writer; reads may come from any thread. Secrets are opened when they are asked for; only address
    secrets, which cost a multiplication to find, stay in memory until `lock`.
    """

    def __init__(self, store: KeyValueStore, vault: Vault, prefix: bytes) -> None:
        """Read the public parts of all accounts; the vault may be locked. Raises VaultError on a damaged one.

        `prefix` begins the keys of all accounts, and of nothing else.
        """
        self._store = store
        self._vault = vault
        self._prefix = prefix
        self._accounts: dict[AztecAddress, CompleteAddress] = {}
        self._by_key_hash: dict[Fr, _Found] = {}
        self._key_hashes: dict[AztecAddress, frozenset[Fr]] = {}
        self._address_secrets: dict[AztecAddress, Secret] = {}
        for key, value in store.iterate(start=prefix, stop=prefix_end(prefix)):
            if len(key) != len(prefix) + _KEY_SIZE or len(value) <= _PUBLIC_SIZE:
                raise VaultError("a record of the key store is damaged")
            self._index(CompleteAddress.decode(key[len(prefix) :] + value[:_PUBLIC_SIZE]))

    @classmethod
    def over(cls, store: KeyValueStore) -> KeyStore:
        """Open the key store of a PXE's store. Raises VaultError on a damaged one."""
        return cls(store, Vault(store, Prefix.PXE_VAULT.key), Prefix.PXE_KEY.key)

    @property
    def vault(self) -> Vault:
        """What the secrets are sealed with."""
        return self._vault

    def lock(self) -> None:
        """Lock the vault and wipe what was found with it."""
        self._vault.lock()
        for secret in self._address_secrets.values():
            secret.wipe()
        self._address_secrets.clear()

    def add_account(self, secret: Secret, partial_address: Fr) -> CompleteAddress:
        """Derive and keep an account's keys; a known account stays as it is.

        Raises VaultLockedError, InvalidContractError.
        """
        keys = derive_keys(secret)
        account = CompleteAddress.of_keys(keys.public_keys, partial_address)
        if account.address not in self._accounts:
            plain = b"".join(keys.secret(kind).reveal() for kind in KeyKind)
            sealed = self._vault.seal(plain, self._context(account))
            batch = self._store.batch()
            batch.put(self._prefix + account.address, account.encode()[_KEY_SIZE:] + sealed)
            self._store.write(batch, sync=True)
            self._index(account)
        return account

    def accounts(self) -> list[CompleteAddress]:
        """List the accounts, by address."""
        return [self._accounts[address] for address in sorted(self._accounts)]

    def account(self, address: AztecAddress) -> CompleteAddress:
        """Give an account. Raises UnknownAccountError."""
        found = self._accounts.get(address)
        if found is None:
            known = ",".join(fr_hex(account) for account in sorted(self._accounts))
            raise UnknownAccountError(
                f"Account {fr_hex(address)} does not exist. Registered accounts: {known}."
            )
        return found

    def has_account(self, account: AztecAddress) -> bool:
        """Tell whether the account is our own."""
        return account in self._accounts

    def account_has_key(self, account: AztecAddress, public_key_hash: Fr) -> bool:
        """Tell whether one of the account's master public keys has this hash."""
        return public_key_hash in self._key_hashes.get(account, ())

    def key_validation_request(self, public_key_hash: Fr, app: AztecAddress) -> KeyValidationRequest:
        """Give the master public key with this hash and its secret, siloed for a contract.

        Raises UnknownAccountError, VaultLockedError.
        """
        found = self._by_key_hash.get(public_key_hash)
        if found is None:
            raise UnknownAccountError("Could not find key prefix.")
        secret = self._checked_secret(found)
        return KeyValidationRequest(
            public_key=point_from_bytes(_public_key(found.account.public_keys, found.kind)),
            app_secret=app_secret_key(secret, app, found.kind),
        )

    def master_secret_key(self, public_key: Point) -> Secret:
        """Give the secret key of a master public key. Raises UnknownAccountError, VaultLockedError."""
        found = self._by_key_hash.get(public_key_hash(point_bytes(public_key)))
        if found is None:
            raise UnknownAccountError("Could not find key prefix.")
        return self._checked_secret(found)

    def master_secret(self, account: AztecAddress, kind: KeyKind) -> Secret:
        """Give an account's master secret key. Raises UnknownAccountError, VaultLockedError."""
        return self._keys(self.account(account)).secret(kind)

    def app_outgoing_viewing_secret(self, account: AztecAddress, app: AztecAddress) -> Fr:
        """Give an account's outgoing viewing key for a contract, a scalar. Raises as `master_secret`."""
        secret = self.master_secret(account, KeyKind.OUTGOING_VIEWING)
        return app_secret_key(secret, app, KeyKind.OUTGOING_VIEWING)

    def shared_secret(self, account: AztecAddress, point: Point) -> Point:
        """Multiply a point by an account's address secret.

        Raises UnknownAccountError, VaultLockedError; InvalidAddressError for the zero point.
        """
        own = self.account(account)
        secret = self._address_secrets.get(account)
        if secret is None:
            secret = address_secret(own, self._keys(own))
            self._address_secrets[account] = secret
        return multiply_secret(secret, point)

    def _index(self, account: CompleteAddress) -> None:
        self._accounts[account.address] = account
        hashes = {public_key_hash(_public_key(account.public_keys, kind)): kind for kind in KeyKind}
        self._key_hashes[account.address] = frozenset(hashes)
        for key_hash, kind in hashes.items():
            # Accounts of one secret share their keys: any of them can answer.
            self._by_key_hash.setdefault(key_hash, _Found(account, kind))

    def _context(self, account: CompleteAddress) -> bytes:
        return _CONTEXT + account.encode()

    def _keys(self, account: CompleteAddress) -> MasterKeys:
        record = self._store.get(self._prefix + account.address)
        if record is None:
            raise VaultError("a record of the key store has gone")
        opened = self._vault.open(record[_PUBLIC_SIZE:], self._context(account))
        plain = opened.reveal()
        opened.wipe()
        if len(plain) != _KEY_SIZE * len(KeyKind):
            raise VaultError("a record of the key store has another length")
        nullifier, incoming, outgoing, tagging = (
            Secret(plain[at : at + _KEY_SIZE]) for at in range(0, len(plain), _KEY_SIZE)
        )
        return MasterKeys(
            nullifier_hiding_key=nullifier,
            incoming_viewing_secret_key=incoming,
            outgoing_viewing_secret_key=outgoing,
            tagging_secret_key=tagging,
            public_keys=account.public_keys,
        )

    def _checked_secret(self, found: _Found) -> Secret:
        secret = self._keys(found.account).secret(found.kind)
        public = _public_key(found.account.public_keys, found.kind)
        if point_bytes(public_key_of(secret)) != public:
            raise KeysError(f"Could not derive {found.kind.value}pkM from {found.kind.value}skM.")
        return secret


def _public_key(keys: PublicKeys, kind: KeyKind) -> bytes:
    match kind:
        case KeyKind.NULLIFIER:
            return keys.master_nullifier_public_key
        case KeyKind.INCOMING_VIEWING:
            return keys.master_incoming_viewing_public_key
        case KeyKind.OUTGOING_VIEWING:
            return keys.master_outgoing_viewing_public_key
        case KeyKind.TAGGING:
            return keys.master_tagging_public_key
