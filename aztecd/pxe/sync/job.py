"""What all parts of one job share: the anchor block, the staged stores, the way to the node, the keys.

A job writes all or nothing, with one exception: while nothing else is staged, what a contract finds of its
notes is kept step by step. It is true at the anchor, whatever becomes of the job, and a rollback undoes it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, BlockHash, BlockNumber, TxHash
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.logs import TxScopedL2Log
from aztecd.pxe.execution.views import ALL_SCOPES, Scopes, TaggingSecret
from aztecd.pxe.kernel import ClassUpdate
from aztecd.pxe.keys import InvalidAddressError, KeyStore, address_point
from aztecd.pxe.oracles.tagging import directional_tagging_secret
from aztecd.pxe.stores import Stores
from aztecd.pxe.sync.bridge import NodeBridge

__all__ = ["Anchor", "Job", "LogSearch", "SyncSteps", "TaggingSecrets"]

_MAX_SECRETS: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The block that a job works at. `finalized` and `now` are the node's newest final block and time."""

    header: BlockHeader
    hash: BlockHash
    finalized: BlockNumber
    now: int

    @property
    def number(self) -> BlockNumber:
        """The block's number."""
        return self.header.number


class TaggingSecrets:
    """Directional secrets that were derived; `clear` forgets them. Mutable, for one thread at a time."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._secrets: dict[tuple[AztecAddress, AztecAddress, AztecAddress, AztecAddress], TaggingSecret] = {}

    def as_sender(
        self, *, contract: AztecAddress, sender: AztecAddress, recipient: AztecAddress
    ) -> TaggingSecret:
        """Give the secret of own account `sender` towards `recipient`.

        Raises UnknownAccountError, VaultLockedError, InvalidAddressError.
        """
        return self._secret(sender, recipient, contract, recipient)

    def as_recipient(
        self, *, contract: AztecAddress, sender: AztecAddress, recipient: AztecAddress
    ) -> TaggingSecret:
        """Give the secret of `sender` towards own account `recipient`. Raises as `as_sender`."""
        return self._secret(recipient, sender, contract, recipient)

    def clear(self) -> None:
        """Forget all secrets."""
        self._secrets.clear()

    def _secret(
        self, own: AztecAddress, other: AztecAddress, contract: AztecAddress, recipient: AztecAddress
    ) -> TaggingSecret:
        key = (own, other, contract, recipient)
        found = self._secrets.get(key)
        if found is None:
            shared = self._keys.shared_secret(own, address_point(other))
            found = TaggingSecret(directional_tagging_secret(shared, contract, recipient), contract)
            if len(self._secrets) >= _MAX_SECRETS:
                # Contract code chooses the recipients that it asks for.
                self.clear()
            self._secrets[key] = found
        return found


@dataclass(slots=True)
class LogSearch:
    """The search for the logs of one secret: the window [start, end), and what is new. Mutable."""

    secret: TaggingSecret
    recipient: AztecAddress
    start: int
    end: int
    delivered: Mapping[int, Collection[TxHash]]
    tags: Sequence[Fr] = ()
    logs: list[TxScopedL2Log] = field(default_factory=list)


@dataclass(slots=True)
class SyncSteps:
    """How far the synchronisation of one contract is that goes in steps. Mutable."""

    is_begun: bool = False
    searches: list[LogSearch] = field(default_factory=list)
    """Where the last step has stopped; none when everything was looked at."""


@dataclass(slots=True, kw_only=True)
class Job:
    """One job. Mutable: it caches what it reads of the anchor block."""

    anchor: Anchor
    stores: Stores
    bridge: NodeBridge
    keys: KeyStore
    secrets: TaggingSecrets
    class_updates: dict[AztecAddress, ClassUpdate] = field(default_factory=dict)
    keep: Callable[[], None] | None = None
    """Writes what was staged so far, or raises why the job is to end; None: all waits for the end."""
    steps: SyncSteps | None = None
    """Of the contract that is being synchronised; None when it gets all its logs at once."""

    def accounts(self) -> list[AztecAddress]:
        """List our own accounts."""
        return [account.address for account in self.keys.accounts()]

    def recipients(self, scopes: Scopes) -> Sequence[AztecAddress]:
        """Give the scoped accounts, all of them for an empty list; those that are not ours have no keys."""
        if scopes == ALL_SCOPES or not scopes:
            return self.accounts()
        return [scope for scope in dict.fromkeys(scopes) if self.keys.has_account(scope)]

    def secrets_of_senders(self, contract: AztecAddress, recipient: AztecAddress) -> list[TaggingSecret]:
        """Give the secrets under which an own account may have been sent something.

        Senders are those of the address book and all own accounts. One whose address is no point of the curve
        can have sent nothing.
        """
        senders = dict.fromkeys([*self.stores.senders.all(), *self.accounts()])
        secrets = []
        for sender in senders:
            try:
                secrets.append(
                    self.secrets.as_recipient(contract=contract, sender=sender, recipient=recipient)
                )
            except InvalidAddressError:
                continue
        return secrets
