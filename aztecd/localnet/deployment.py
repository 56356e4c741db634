"""Deploy the contracts that a local network has from its start, by our own wallet.

The three test accounts, one after the other, each paying for itself; then the banana coin and the contract
that takes it for fees, sent by the first account. Each step is left out when the chain has it, so an
interrupted start goes on.

Authority: @aztec/aztec src/local-network/{local-network,banana_fpc}.ts, @aztec/wallets src/testing.ts
(`deployFundedSchnorrAccounts`) (4.1.2).
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from aztecd.artifacts import Artifacts
from aztecd.client.accounts import NOBODY, AccountManager
from aztecd.client.contract import Contract
from aztecd.client.deployment import Deployment, Publication
from aztecd.client.node_local import LocalNode
from aztecd.crypto.field import FR_ZERO, fr_hex
from aztecd.localnet.accounts import BANANA_COIN, BANANA_FPC, TEST_ACCOUNTS
from aztecd.localnet.contracts import is_initialized, is_published
from aztecd.localnet.errors import StandardContractsError
from aztecd.node.api import NodeApi
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.keys import Secret
from aztecd.storage import MemoryStore
from aztecd.wallet.artifacts import ArtifactFolders
from aztecd.wallet.opening import WalletSetup, open_wallet
from aztecd.wallet.options import WaitOptions
from aztecd.wallet.wallet import LocalWallet

__all__ = ["deploy_standard_contracts"]

_log = structlog.get_logger("aztecd.localnet")

_WAIT: Final = WaitOptions(timeout_s=120, interval_s=0.02)
_COIN: Final = "BC"
"""Name and symbol."""
_DECIMALS: Final = 18
_PROGRAMS: Final = "programs"


async def deploy_standard_contracts(node: NodeApi, artifacts: Artifacts) -> None:
    """Deploy what the chain lacks, and wait until L1 has it; blocks must be built meanwhile.

    The wallet that does it is gone afterwards. Raises StandardContractsError when an address is not the one
    that it must be, and what sending and waiting raises.
    """
    setup = WalletSetup(
        artifacts=ArtifactFolders(artifacts.contracts),
        protocol_contracts=artifacts.protocol_contracts,
        code_cache=artifacts.root / _PROGRAMS,
    )
    async with open_wallet(LocalNode(node), MemoryStore(), setup) as wallet:
        for index in range(len(TEST_ACCOUNTS)):
            await _deploy_account(node, wallet, index)
        coin, fpc = await asyncio.to_thread(_banana_deployments, wallet, setup.artifacts)
        await _deploy(node, coin, BANANA_COIN)
        await _deploy(node, fpc, BANANA_FPC)
    _log.info("contracts_deployed", block=node.get_block_number())


async def _deploy_account(node: NodeApi, wallet: LocalWallet, index: int) -> None:
    account = TEST_ACCOUNTS[index]
    manager = await AccountManager.create(wallet, secret=Secret(account.secret), salt=FR_ZERO)
    _require(f"test account {index}", manager.address, account.address)
    if is_initialized(node, account.address):
        return
    publication = Publication(publishes_class=index == 0, publishes_instance=False)
    deployment = await asyncio.to_thread(manager.deployment, publication)
    await deployment.send(sender=NOBODY, wait=_WAIT)


def _banana_deployments(
    wallet: LocalWallet, artifacts: ArtifactFolders
) -> tuple[Deployment[Contract], Deployment[Contract]]:
    admin = TEST_ACCOUNTS[0].address
    token, fpc = artifacts.artifact("Token"), artifacts.artifact("FPC")
    return (
        Contract.deploy(wallet, token, admin, _COIN, _COIN, _DECIMALS, salt=FR_ZERO, is_universal=True),
        Contract.deploy(wallet, fpc, BANANA_COIN, admin, salt=FR_ZERO, is_universal=True),
    )


async def _deploy(node: NodeApi, deployment: Deployment[Contract], expected: AztecAddress) -> None:
    instance = await asyncio.to_thread(deployment.instance)
    _require(f"contract {deployment.artifact.name}", instance.address, expected)
    if not is_published(node, expected):
        await deployment.send(sender=TEST_ACCOUNTS[0].address, wait=_WAIT)


def _require(name: str, found: AztecAddress, expected: AztecAddress) -> None:
    if found != expected:
        raise StandardContractsError(
            f"{name} has the address {fr_hex(found)} and not {fr_hex(expected)}: "
            "its artifact is not that of this release"
        )
