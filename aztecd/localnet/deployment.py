"""Deploy the contracts that a local network has from its start; a wallet that knows them.

The three test accounts, one after the other, each paying for itself; then the banana coin and the contract
that takes it for fees, sent by the first account. Each step is left out when the chain has it, so an
interrupted start goes on.

Authority: @aztec/aztec src/local-network/{local-network,banana_fpc}.ts, @aztec/wallets src/testing.ts
(`deployFundedSchnorrAccounts`) (4.1.2).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from aztecd.artifacts import Artifacts
from aztecd.client.accounts import AccountManager
from aztecd.client.contract import Contract
from aztecd.client.deployment import Deployment, Publication
from aztecd.client.node_local import LocalNode
from aztecd.crypto.field import FR_ZERO, fr_hex
from aztecd.localnet.accounts import BANANA_COIN, BANANA_FPC, SPONSORED_FPC, TEST_ACCOUNTS
from aztecd.localnet.contracts import is_initialized, is_published
from aztecd.localnet.errors import StandardContractsError
from aztecd.node.api import NodeApi
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.keys import Secret
from aztecd.storage import MemoryStore
from aztecd.wallet import NOBODY
from aztecd.wallet.artifacts import ArtifactFolders
from aztecd.wallet.opening import WalletSetup, open_wallet
from aztecd.wallet.options import WaitOptions
from aztecd.wallet.wallet import LocalWallet

__all__ = ["deploy_standard_contracts", "open_test_wallet"]

_log = structlog.get_logger("aztecd.localnet")

_WAIT: Final = WaitOptions(timeout_s=120, interval_s=0.02)
_COIN: Final = "BC"
"""Name and symbol."""
_DECIMALS: Final = 18
_PROGRAMS: Final = "programs"
_PUBLISHED: Final = (BANANA_COIN, BANANA_FPC)


async def deploy_standard_contracts(node: NodeApi, artifacts: Artifacts) -> None:
    """Deploy what the chain lacks, and wait until L1 has it; blocks must be built meanwhile.

    The wallet that does it is gone afterwards. Raises StandardContractsError when an address is not the one
    that it must be, and what sending and waiting raises.
    """
    setup = _setup(artifacts)
    async with open_wallet(LocalNode(node), MemoryStore(), setup) as wallet:
        for index, account in enumerate(TEST_ACCOUNTS):
            manager = await _add_account(wallet, index)
            if not is_initialized(node, account.address):
                publication = Publication(publishes_class=index == 0, publishes_instance=False)
                deployment = await asyncio.to_thread(manager.deployment, publication)
                await deployment.send(sender=NOBODY, wait=_WAIT)
        for contract in await asyncio.to_thread(_contracts, wallet, setup.artifacts):
            if contract.address in _PUBLISHED and not is_published(node, contract.address):
                await contract.deployment.send(sender=TEST_ACCOUNTS[0].address, wait=_WAIT)
    _log.info("contracts_deployed", block=node.get_block_number())


@asynccontextmanager
async def open_test_wallet(node: NodeApi, artifacts: Artifacts) -> AsyncIterator[LocalWallet]:
    """Run a wallet that has the test accounts and knows the standard contracts; it keeps nothing."""
    setup = _setup(artifacts)
    async with open_wallet(LocalNode(node), MemoryStore(), setup) as wallet:
        for index in range(len(TEST_ACCOUNTS)):
            await _add_account(wallet, index)
        for contract in await asyncio.to_thread(_contracts, wallet, setup.artifacts):
            await contract.deployment.register()
        yield wallet


def _setup(artifacts: Artifacts) -> WalletSetup:
    return WalletSetup(
        artifacts=ArtifactFolders(artifacts.contracts),
        protocol_contracts=artifacts.protocol_contracts,
        code_cache=artifacts.root / _PROGRAMS,
    )


async def _add_account(wallet: LocalWallet, index: int) -> AccountManager:
    account = TEST_ACCOUNTS[index]
    manager = await AccountManager.create(
        wallet, secret=Secret(account.secret), salt=FR_ZERO, alias=f"test{index}"
    )
    _require(f"test account {index}", manager.address, account.address)
    return manager


@dataclass(frozen=True, slots=True)
class _Contract:
    address: AztecAddress
    deployment: Deployment[Contract]


def _contracts(wallet: LocalWallet, artifacts: ArtifactFolders) -> list[_Contract]:
    """Describe the contracts in the order of their deployment. Raises StandardContractsError."""
    admin = TEST_ACCOUNTS[0].address
    found = []
    for address, name, arguments in (
        (BANANA_COIN, "Token", (admin, _COIN, _COIN, _DECIMALS)),
        (BANANA_FPC, "FPC", (BANANA_COIN, admin)),
        (SPONSORED_FPC, "SponsoredFPC", ()),
    ):
        deployment = Contract.deploy(
            wallet, artifacts.artifact(name), *arguments, salt=FR_ZERO, is_universal=True
        )
        _require(f"contract {name}", deployment.instance().address, address)
        found.append(_Contract(address, deployment))
    return found


def _require(name: str, found: AztecAddress, expected: AztecAddress) -> None:
    if found != expected:
        raise StandardContractsError(
            f"{name} has the address {fr_hex(found)} and not {fr_hex(expected)}: "
            "its artifact is not that of this release"
        )
