"""Opening a wallet: its store, its vault, its PXE."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from aztecd.artifacts import locate
from aztecd.pxe.acvm import Acvm, CodeCache
from aztecd.pxe.interruption import Interruption
from aztecd.pxe.keys import KeyStore, Plain, Protection, Vault
from aztecd.pxe.node import PxeNode
from aztecd.pxe.oracles import ContractLog
from aztecd.pxe.pxe import Pxe
from aztecd.storage import KeyValueStore, Prefix
from aztecd.wallet.accounts import AccountBook, Contacts
from aztecd.wallet.apps import AppBook
from aztecd.wallet.artifacts import ArtifactFolders, StandardProtocolContracts
from aztecd.wallet.wallet import LocalWallet, WalletSettings

__all__ = ["WalletSetup", "open_wallet"]

_log = structlog.get_logger("aztecd.contracts")


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletSetup:
    """What a wallet is made of.

    `artifacts` must have the protocol contracts, the account contracts and the stub of an account;
    `protocol_contracts` is a condensed document of the former. The defaults are what `aztecd fetch` leaves;
    without that ArtifactsMissingError is raised. `code_cache` is a folder for compiled programs.
    `time_limit_s` ends contract code of an operation that takes longer.
    """

    artifacts: ArtifactFolders = field(default_factory=lambda: ArtifactFolders(locate().contracts))
    protocol_contracts: Path = field(default_factory=lambda: locate().protocol_contracts)
    protection: Protection = field(default_factory=Plain)
    code_cache: Path | None = None
    settings: WalletSettings = field(default_factory=WalletSettings)
    time_limit_s: float | None = None


@asynccontextmanager
async def open_wallet(node: PxeNode, store: KeyValueStore, setup: WalletSetup) -> AsyncIterator[LocalWallet]:
    """Unlock or make the store's vault and run the wallet; its secrets are wiped at the end.

    Raises WrongVaultKeyError, VaultError, WrongNetworkError, and errors of the node and of the store.
    """
    vault = Vault(store, Prefix.PXE_VAULT.key)
    if vault.exists:
        vault.unlock(setup.protection)
    else:
        vault.create(setup.protection)
    keys = KeyStore(store, vault, Prefix.PXE_KEY.key)
    cache = None if setup.code_cache is None else CodeCache(setup.code_cache)
    interruption = Interruption(setup.time_limit_s)
    pxe = Pxe(
        node=node,
        store=store,
        keys=keys,
        circuits=Acvm(cache, is_interrupted=interruption.is_due),
        protocol_contracts=StandardProtocolContracts(setup.protocol_contracts, setup.artifacts),
        log=_log_line,
        interruption=interruption,
    )
    try:
        async with pxe.run():
            yield LocalWallet(
                pxe=pxe,
                node=node,
                accounts=AccountBook(store, vault),
                contacts=Contacts(store),
                apps=AppBook(store, vault),
                artifacts=setup.artifacts,
                settings=setup.settings,
            )
    finally:
        pxe.lock()


def _log_line(line: ContractLog) -> None:
    """Log what a contract wrote: to be read by who debugs it, unless the contract says that it is bad."""
    write = {"fatal": _log.error, "error": _log.error, "warn": _log.warning}.get(line.level, _log.debug)
    write("contract_log", contract=line.logger_name, contract_level=line.level, text=line.message)
