"""Keys of accounts: derivation, addresses, and the store that keeps them.

Responsible for: the four master keys and what follows from them, complete addresses, secrets in memory and at
rest.
Not for: signing keys of account contracts (`aztecd.pxe.accounts`), although the vault seals those too.

Authority: @aztec/stdlib src/keys/, src/contract/complete_address.ts, @aztec/key-store src/key_store.ts
(4.1.2).
"""

from aztecd.pxe.keys.addresses import CompleteAddress, address_point, address_secret, multiply_secret
from aztecd.pxe.keys.derivation import (
    KeyKind,
    MasterKeys,
    app_secret_key,
    derive_keys,
    derive_signing_key,
    master_secret_key,
    point_bytes,
    point_from_bytes,
    public_key_hash,
    public_key_of,
)
from aztecd.pxe.keys.errors import (
    InvalidAddressError,
    KeyFileError,
    KeysError,
    UnknownAccountError,
    VaultError,
    VaultLockedError,
    WrongVaultKeyError,
)
from aztecd.pxe.keys.key_store import KeyStore, KeyValidationRequest
from aztecd.pxe.keys.secret import Secret
from aztecd.pxe.keys.vault import KeyFile, Passphrase, Plain, Protection, Vault, create_key_file

__all__ = [
    "CompleteAddress",
    "InvalidAddressError",
    "KeyFile",
    "KeyFileError",
    "KeyKind",
    "KeyStore",
    "KeyValidationRequest",
    "KeysError",
    "MasterKeys",
    "Passphrase",
    "Plain",
    "Protection",
    "Secret",
    "UnknownAccountError",
    "Vault",
    "VaultError",
    "VaultLockedError",
    "WrongVaultKeyError",
    "address_point",
    "address_secret",
    "app_secret_key",
    "create_key_file",
    "derive_keys",
    "derive_signing_key",
    "master_secret_key",
    "multiply_secret",
    "point_bytes",
    "point_from_bytes",
    "public_key_hash",
    "public_key_of",
]
