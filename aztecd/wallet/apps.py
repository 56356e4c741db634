"""Applications that the user lets in: how each is recognised, and what it was granted.

Of a token only a hash is kept: it has 256 random bits, so a plain one is enough. The records are sealed in
the wallet's vault: which contracts somebody uses is nobody's business, and nobody can add a grant to them.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aztecd.crypto.sha256 import sha256
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.identifier_codecs import AztecAddressCodec
from aztecd.pxe.keys import Vault
from aztecd.storage import KeyValueStore, Prefix, prefix_end
from aztecd.wallet.capabilities import Grants
from aztecd.wallet.errors import WalletError

__all__ = ["OWNER", "AppBook", "KnownApp", "new_token", "token_digest"]

OWNER: Final = "owner"
"""How the wallet's owner is called among those that ask."""
_CONTEXT: Final = b"aztecd wallet application 1"
_TOKEN_CONTEXT: Final = b"aztecd wallet token 1"
_TOKEN_BYTES: Final = 32
_MAX_NAME: Final = 64
_ADDRESS: Final = AztecAddressCodec()


def new_token() -> str:
    """Draw a token: 64 hexadecimal digits."""
    return secrets.token_hex(_TOKEN_BYTES)


def token_digest(token: str) -> bytes:
    """Give what is kept of a token."""
    return sha256(_TOKEN_CONTEXT + token.encode(errors="surrogateescape"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownApp:
    """An application with a token of its own."""

    name: str
    digest: bytes = field(repr=False)
    grants: Grants = field(default_factory=Grants)


class AppBook:
    """The applications, in a store. Mutable."""

    def __init__(self, store: KeyValueStore, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def all(self) -> Sequence[KnownApp]:
        """List the applications, by name. Raises VaultLockedError, VaultError."""
        prefix = Prefix.WALLET_APP.key
        entries = list(self._store.iterate(start=prefix, stop=prefix_end(prefix)))
        return [self._read(key[1:], sealed) for key, sealed in entries]

    def find(self, name: str) -> KnownApp | None:
        """Find an application. Raises as `all`."""
        sealed = self._store.get(Prefix.WALLET_APP.key + name.encode())
        return None if sealed is None else self._read(name.encode(), sealed)

    def admit(self, name: str) -> str:
        """Give an application a new token, which is told only now; its grants stay.

        Raises WalletError for a name that can not be, VaultLockedError.
        """
        if not name.strip() or len(name.encode()) > _MAX_NAME or not name.isprintable() or name == OWNER:
            raise WalletError(f"an application can not be called {name[:80]!r}")
        known, token = self.find(name), new_token()
        grants = Grants() if known is None else known.grants
        self.keep(KnownApp(name=name, digest=token_digest(token), grants=grants))
        return token

    def keep(self, app: KnownApp) -> None:
        """Write an application down. Raises VaultLockedError."""
        name = app.name.encode()
        text = json.dumps({"token": app.digest.hex(), "grants": _grants_to_json(app.grants)})
        batch = self._store.batch()
        batch.put(Prefix.WALLET_APP.key + name, self._vault.seal(text.encode(), _CONTEXT + name))
        self._store.write(batch, sync=True)

    def keep_grants(self, name: str, grants: Grants) -> None:
        """Write down what an application was granted; one that was removed meanwhile is not."""
        known = self.find(name)
        if known is not None:
            self.keep(KnownApp(name=name, digest=known.digest, grants=grants))

    def remove(self, name: str) -> bool:
        """Forget an application and its grants; tell whether it was known."""
        key = Prefix.WALLET_APP.key + name.encode()
        if self._store.get(key) is None:
            return False
        batch = self._store.batch()
        batch.delete(key)
        self._store.write(batch, sync=True)
        return True

    def _read(self, name: bytes, sealed: bytes) -> KnownApp:
        value = json.loads(self._vault.open(sealed, _CONTEXT + name).reveal())
        return KnownApp(
            name=name.decode(),
            digest=bytes.fromhex(value["token"]),
            grants=_grants_from_json(value["grants"]),
        )


def _grants_to_json(grants: Grants) -> dict[str, Any]:
    accounts = None if grants.accounts is None else sorted(f"0x{item.hex()}" for item in grants.accounts)
    return {
        "capabilities": [dict(item) for item in grants.capabilities],
        "accounts": accounts,
        "expiresMs": grants.expires_ms,
    }


def _grants_from_json(value: dict[str, Any]) -> Grants:
    accounts: frozenset[AztecAddress] | None = None
    if value["accounts"] is not None:
        accounts = frozenset(AztecAddress(_ADDRESS.from_json(item, "accounts")) for item in value["accounts"])
    return Grants(capabilities=tuple(value["capabilities"]), accounts=accounts, expires_ms=value["expiresMs"])
