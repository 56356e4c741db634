"""The errors of keys. None of them ever shows a secret.

AztecdError
├── InvalidInputError
│   └── KeysError                    keys             a value is no key, or does not belong to the others
│       ├── InvalidAddressError      invalid_address  an address that is no point, or not made of these keys
│       ├── UnknownAccountError      unknown_account  no account here has this address or key
│       ├── KeyFileError             key_file         a key file is missing, too short, or readable by others
│       └── VaultError               vault            the vault is damaged, there already, or not made yet
│           └── WrongVaultKeyError   wrong_vault_key  this passphrase or key file does not open the vault
└── UnavailableError
    └── VaultLockedError             vault_locked     the vault must be unlocked first
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError, UnavailableError

__all__ = [
    "InvalidAddressError",
    "KeyFileError",
    "KeysError",
    "UnknownAccountError",
    "VaultError",
    "VaultLockedError",
    "WrongVaultKeyError",
]


class KeysError(InvalidInputError):
    """A value is no key, or does not belong to the others."""

    code = "keys"


class InvalidAddressError(KeysError):
    """An address is not the x of a point, or does not follow from its keys."""

    code = "invalid_address"


class UnknownAccountError(KeysError):
    """The key store has no such account or key."""

    code = "unknown_account"


class KeyFileError(KeysError):
    """A key file cannot be used."""

    code = "key_file"


class VaultError(KeysError):
    """The vault cannot be used."""

    code = "vault"


class WrongVaultKeyError(VaultError):
    """The vault does not open with this passphrase or key file."""

    code = "wrong_vault_key"


class VaultLockedError(UnavailableError):
    """The vault is locked."""

    code = "vault_locked"
