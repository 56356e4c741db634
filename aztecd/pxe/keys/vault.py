"""Where secrets lie: sealed under one random key, which is itself sealed by a passphrase or a key file.

The store has one record, the vault's header: version, kind of protection, salt, cost of scrypt, and the
data key, wrapped. Changing the protection wraps the same key again and touches nothing else. Without
protection, which is for ephemeral local networks, the data key lies there bare: everything in such a store
is readable, and stays so for whoever copied it after a later change.

    header = version 1 | kind 1 | salt 16 | log2(n) 1 | r 1 | p 1 | wrapped data key
"""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias, assert_never

from aztecd.crypto.errors import SealError
from aztecd.crypto.sealing import (
    SEALING_KEY_SIZE,
    ScryptCost,
    key_from_file,
    key_from_passphrase,
    open_sealed,
    seal,
)
from aztecd.pxe.keys.errors import KeyFileError, VaultError, VaultLockedError, WrongVaultKeyError
from aztecd.pxe.keys.secret import Secret
from aztecd.storage.kv import KeyValueStore

__all__ = ["KeyFile", "Passphrase", "Plain", "Protection", "Vault", "create_key_file"]

_VERSION: Final = 1
_SALT_SIZE: Final = 16
_HEADER_SIZE: Final = 2 + _SALT_SIZE + 3
_PLAIN, _PASSPHRASE, _KEY_FILE = 0, 1, 2
_CONTEXT: Final = b"aztecd vault 1"
_MIN_KEY_FILE: Final = 32
_MAX_KEY_FILE: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Passphrase:
    """Something that a person knows. `cost` counts when the vault is made, not when it is opened."""

    text: Secret
    cost: ScryptCost = field(default_factory=ScryptCost)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """A file of at least 32 random bytes that only its owner can read; `create_key_file` makes one."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """No protection at all, for networks whose accounts are worth nothing."""


Protection: TypeAlias = Passphrase | KeyFile | Plain


class Vault:
    """Seals and opens secrets. Locked until `create` or `unlock`; mutable."""

    def __init__(self, store: KeyValueStore, header_key: bytes) -> None:
        """Take the store and the key of the header's record in it; nothing is read."""
        self._store = store
        self._header_key = header_key
        self._data_key: Secret | None = None

    @property
    def exists(self) -> bool:
        """Tell whether the store has a vault."""
        return self._store.get(self._header_key) is not None

    @property
    def is_locked(self) -> bool:
        """Tell whether secrets cannot be sealed or opened now."""
        return self._data_key is None

    @property
    def is_plain(self) -> bool:
        """Tell whether the vault protects nothing. Raises VaultError when there is none."""
        return self._header()[1] == _PLAIN

    def create(self, protection: Protection) -> None:
        """Make the store's vault and leave it unlocked. Raises VaultError if there is one, KeyFileError."""
        if self.exists:
            raise VaultError("the store has a vault already: unlock it")
        data_key = Secret(secrets.token_bytes(SEALING_KEY_SIZE))
        self._write(data_key, protection)
        self._data_key = data_key

    def unlock(self, protection: Protection) -> None:
        """Open the vault. Raises WrongVaultKeyError, VaultError, KeyFileError.

        A vault without protection opens only to who knows that it has none.
        """
        header = self._header()
        kind, salt = header[1], header[2 : 2 + _SALT_SIZE]
        wrapped = header[_HEADER_SIZE:]
        if kind != _kind(protection):
            wanted = {
                _PLAIN: "no protection at all: everybody can read it",
                _PASSPHRASE: "a passphrase",
                _KEY_FILE: "a key file",
            }
            raise WrongVaultKeyError(f"this vault opens with {wanted[kind]}")
        if kind == _PLAIN:
            self._data_key = Secret(wrapped)
            return
        exponent, r, p = header[_HEADER_SIZE - 3 : _HEADER_SIZE]
        cost = ScryptCost(n=1 << exponent, r=r, p=p)
        try:
            wrapping = _wrapping_key(protection, salt, cost)
            self._data_key = Secret(open_sealed(wrapped, wrapping, _CONTEXT + header[:_HEADER_SIZE]))
        except SealError as error:
            raise WrongVaultKeyError(
                "the vault does not open: another passphrase or key file, or a damaged store"
            ) from error

    def lock(self) -> None:
        """Forget the data key. What was sealed stays sealed."""
        if self._data_key is not None:
            self._data_key.wipe()
            self._data_key = None

    def change_protection(self, protection: Protection) -> None:
        """Protect the unlocked vault in another way. Raises VaultLockedError, KeyFileError."""
        self._write(self._key(), protection)

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Seal a secret; `context` says what it is and must be the same at opening.

        Raises VaultLockedError.
        """
        return seal(plain, self._key().reveal(), context)

    def open(self, sealed: bytes, context: bytes) -> Secret:
        """Open a secret. Raises VaultLockedError; VaultError when it was changed or is another one."""
        try:
            return Secret(open_sealed(sealed, self._key().reveal(), context))
        except SealError as error:
            raise VaultError(f"a record of the key store is damaged: {error}") from error

    def _key(self) -> Secret:
        if self._data_key is None:
            raise VaultLockedError("the key store is locked: unlock it with its passphrase or key file")
        return self._data_key

    def _header(self) -> bytes:
        header = self._store.get(self._header_key)
        if header is None:
            raise VaultError("the store has no vault: create one")
        wrapped = SEALING_KEY_SIZE if header[1:2] == bytes([_PLAIN]) else SEALING_KEY_SIZE + 12 + 16
        if len(header) != _HEADER_SIZE + wrapped or header[0] != _VERSION or header[1] > _KEY_FILE:
            raise VaultError("the vault's header is damaged, or of a newer version")
        return header

    def _write(self, data_key: Secret, protection: Protection) -> None:
        salt = secrets.token_bytes(_SALT_SIZE)
        cost = protection.cost if isinstance(protection, Passphrase) else ScryptCost()
        cost.check()
        kind = _kind(protection)
        head = bytes([_VERSION, kind]) + salt + bytes([cost.n.bit_length() - 1, cost.r, cost.p])
        if kind == _PLAIN:
            wrapped = data_key.reveal()
        else:
            wrapped = seal(data_key.reveal(), _wrapping_key(protection, salt, cost), _CONTEXT + head)
        batch = self._store.batch()
        batch.put(self._header_key, head + wrapped)
        self._store.write(batch, sync=True)


def create_key_file(path: Path) -> KeyFile:
    """Write a new key file that only its owner can read. Raises KeyFileError when it exists."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise KeyFileError(f"the key file {path} cannot be made: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_MIN_KEY_FILE))
        file.flush()
        os.fsync(file.fileno())
    return KeyFile(path=path)


def _kind(protection: Protection) -> int:
    match protection:
        case Plain():
            return _PLAIN
        case Passphrase():
            return _PASSPHRASE
        case KeyFile():
            return _KEY_FILE
        case _:
            assert_never(protection)


def _wrapping_key(protection: Protection, salt: bytes, cost: ScryptCost) -> bytes:
    match protection:
        case Plain():
            raise WrongVaultKeyError("the vault is protected")
        case Passphrase():
            return key_from_passphrase(protection.text.reveal(), salt, cost)
        case KeyFile():
            return key_from_file(_read_key_file(protection.path), salt)
        case _:
            assert_never(protection)


def _read_key_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MAX_KEY_FILE + 1)
    except OSError as error:
        raise KeyFileError(f"the key file {path} cannot be read: {error.strerror}") from error
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileError(f"the key file {path} is open to others: chmod 600 {path}")
    if not _MIN_KEY_FILE <= len(content) <= _MAX_KEY_FILE:
        raise KeyFileError(f"the key file {path} must have between 32 bytes and 1 MiB of random bytes")
    return content
