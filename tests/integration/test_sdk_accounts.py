"""Accounts of every kind, and one that comes into being with a deposit from L1."""

from __future__ import annotations

import pytest

from aztecd.client import NOBODY, FeeJuiceWithClaim, SponsoredFee, connect
from aztecd.client.bridge import FeeJuiceBridge
from aztecd.crypto.field import fr
from aztecd.localnet.accounts import TEST_ACCOUNTS
from aztecd.pxe.accounts import AccountKind
from aztecd.pxe.keys import Secret
from aztecd.wallet.artifacts import ArtifactFolders
from aztecd.wallet.opening import WalletSetup
from tests.support.client_install import install
from tests.support.contract_artifacts import PACKAGES

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.loop_may_block(1000),
]

# The first account of Anvil, known to everybody.
L1_KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")


async def test_accounts_of_every_kind_hold_tokens(daemon, artifacts, tmp_path):
    setup = WalletSetup(
        artifacts=ArtifactFolders([install().modules / package / "artifacts" for package in PACKAGES]),
        protocol_contracts=artifacts.protocol_contracts,
        code_cache=tmp_path / "compiled",
    )
    async with connect(daemon.url, setup) as sdk:
        alice = await sdk.create_account(secret=Secret(TEST_ACCOUNTS[0].secret), salt=fr(0))
        await alice.deployment().send(sender=NOBODY)

        # A new account pays for its own deployment with what it was sent from L1.
        newcomer = await sdk.create_account(AccountKind.ECDSA_K)
        async with FeeJuiceBridge.open(
            sdk.node, l1_url=daemon.l1_url, l1_key=L1_KEY, l1_artifacts=artifacts.l1_artifacts
        ) as bridge:
            deposit = await bridge.deposit(newcomer.address, mints=True)
            token_code = setup.artifacts.artifact("Token")
            deployed = await sdk.deploy(token_code, alice.address, "Kinds", "KND", 0).send(
                sender=alice.address
            )
            token = deployed.contract
            await token.methods.mint_to_private(alice.address, 100).send(sender=alice.address)
            await bridge.wait_until_claimable(deposit, interval_s=0.2)
        fee = FeeJuiceWithClaim(account=newcomer.address, claim=deposit.claim)
        await newcomer.deployment().send(sender=NOBODY, fee=fee)

        # The sponsor pays for the others.
        sponsor_code = setup.artifacts.artifact("SponsoredFPC")
        sponsor = await sdk.deploy(sponsor_code, salt=fr(0), is_universal=True).register()
        sponsored = SponsoredFee(sponsor=sponsor.address)
        second = await sdk.create_account(AccountKind.ECDSA_R)
        await second.deployment().send(sender=NOBODY, fee=sponsored)
        single = await sdk.create_account(AccountKind.SINGLE_KEY)

        for number, account in enumerate((newcomer, second, single), start=1):
            await token.methods.transfer(account.address, 10 * number).send(sender=alice.address)
            fee_of = None if account is newcomer else sponsored
            await token.methods.transfer(alice.address, number).send(sender=account.address, fee=fee_of)
            left = await token.methods.balance_of_private(account.address).simulate(sender=account.address)
            assert left.value == 9 * number
        total = await token.methods.balance_of_private(alice.address).simulate(sender=alice.address)
        assert total.value == 100 - 9 * (1 + 2 + 3)
