"""Unmodified contract classes of aztec.js over our wallet, by JSON-RPC."""

from __future__ import annotations

import asyncio

import pytest

from aztecd.client import NOBODY, connect
from aztecd.crypto.field import fr
from aztecd.localnet.accounts import TEST_ACCOUNTS
from aztecd.pxe.keys import Secret
from aztecd.rpc.wallet_server import WalletServer
from aztecd.wallet.apps import new_token
from aztecd.wallet.artifacts import ArtifactFolders
from aztecd.wallet.guard import ApproveAll, GuardedWallet
from aztecd.wallet.opening import WalletSetup
from tests.support.client import run_client_script
from tests.support.contract_artifacts import PACKAGES

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420), pytest.mark.loop_may_block(1000)]


async def test_contracts_of_the_javascript_client_work_over_our_wallet(client, daemon, artifacts, tmp_path):
    setup = WalletSetup(
        artifacts=ArtifactFolders([client.modules / package / "artifacts" for package in PACKAGES]),
        protocol_contracts=artifacts.protocol_contracts,
        code_cache=tmp_path / "compiled",
    )
    token = new_token()
    async with connect(daemon.url, setup) as sdk:
        for number, known in enumerate(TEST_ACCOUNTS[:2]):
            account = await sdk.create_account(secret=Secret(known.secret), salt=fr(0), alias=f"test{number}")
            await account.deployment().send(sender=NOBODY)
        wallets = {token: GuardedWallet(sdk.wallet, "script", ApproveAll())}
        async with WalletServer(wallets).serve() as address:
            told = await asyncio.to_thread(
                run_client_script,
                client,
                "wallet_service.mjs",
                node_url=daemon.url,
                variables={"WALLET_URL": address.url, "WALLET_TOKEN": token},
            )
    steps = {name: value for entry in told for name, value in entry.items()}
    assert steps == {
        "chain": 31337,
        "granted": ["accounts", "contracts", "contractClasses", "simulation", "transaction", "data"],
        "accounts": ["test1", "test0"],
        "private": ["70", "30"],
        "public": "7",
        "after": "35",
        "estimated": True,
        "batch": ["7", "65", "107"],
        "events": ["30"],
        "metadata": [True, True, False],
        "sent": 66,
        "profiled": 2,
        "refused": True,
    }
