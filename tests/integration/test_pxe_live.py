"""The wallet's engine against a real daemon: deploy, mint, transfer, restart, a second wallet."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from aztecd.client.accounts import AccountManager
from aztecd.client.contract import Contract
from aztecd.client.events import event_definition
from aztecd.client.node_http import HttpNode
from aztecd.crypto.field import fr, fr_from_hex
from aztecd.pxe.errors import PublicExecutionError
from aztecd.pxe.execution.errors import PrivateExecutionError
from aztecd.pxe.keys import Secret
from aztecd.storage import LevelStore, MemoryStore
from aztecd.wallet import NOBODY
from aztecd.wallet.artifacts import ArtifactFolders
from aztecd.wallet.opening import WalletSetup, open_wallet
from aztecd.wallet.wallet import PrivateEventQuery
from tests.support.vectors import load

# Real contracts are read and compiled on the way.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420), pytest.mark.loop_may_block(5)]

_PACKAGES = ("accounts", "protocol-contracts", "noir-contracts.js")


@pytest.fixture(scope="module")
def setup(client, artifacts, tmp_path_factory):
    return WalletSetup(
        artifacts=ArtifactFolders([client.modules / "@aztec" / name / "artifacts" for name in _PACKAGES]),
        protocol_contracts=artifacts.protocol_contracts,
        code_cache=tmp_path_factory.mktemp("programs"),
    )


@asynccontextmanager
async def opened(url, store, setup):
    try:
        async with HttpNode.connect(url) as node, open_wallet(node, store, setup) as wallet:
            yield wallet
    finally:
        store.close()


async def initial_accounts(wallet):
    """The three accounts that have fee juice from the start."""
    return [
        await AccountManager.create(wallet, secret=Secret(fr_from_hex(case["secret"])), salt=fr(0))
        for case in load("keys.json.gz")["accounts"][:3]
    ]


async def private_balance(token, account):
    return (await token.methods.balance_of_private(account).simulate(sender=account)).value


async def test_a_token_from_deployment_to_a_second_wallet(daemon, setup, tmp_path):
    async with opened(daemon.url, LevelStore.open(tmp_path / "wallet"), setup) as wallet:
        managers = await initial_accounts(wallet)
        alice, bob = managers[0].address, managers[1].address
        await managers[0].deployment().send(sender=NOBODY)
        await managers[1].deployment().send(sender=NOBODY)
        code = setup.artifacts.artifact("Token")
        deployed = await Contract.deploy(wallet, code, alice, "Token", "TOK", 18).send(sender=alice)
        token, instance = deployed.contract, deployed.instance
        await token.methods.mint_to_private(alice, 1000).send(sender=alice)
        for amount in (100, 23):
            sent = await token.methods.transfer(bob, amount).send(sender=alice)
        assert (await private_balance(token, alice), await private_balance(token, bob)) == (877, 123)
        await token.methods.transfer(alice, 3).send(sender=bob)
        await token.methods.mint_to_public(bob, 5).send(sender=alice)
        public = await token.methods.balance_of_public(bob).simulate(sender=alice)
        assert public.value == 5

        with pytest.raises(PrivateExecutionError, match="Balance too low") as caught:
            await token.methods.transfer(bob, 10_000).simulate(sender=alice)
        assert [call.function_name for call in caught.value.calls][-2:] == [
            "transfer",
            "_recurse_subtract_balance",
        ]
        with pytest.raises(PublicExecutionError, match="Assertion failed: caller is not minter") as refused:
            await token.methods.mint_to_public(bob, 5).simulate(sender=bob)
        assert refused.value.names[-1] == ("Token", "mint_to_public")
        assert any("main.nr" in line for line in refused.value.call_stack())

    transfer = event_definition(code, "Transfer")
    query = PrivateEventQuery(contract_address=instance.address, scopes=(bob,))
    async with opened(daemon.url, LevelStore.open(tmp_path / "wallet"), setup) as wallet:
        token = Contract.at(instance.address, code, wallet)
        assert (await private_balance(token, alice), await private_balance(token, bob)) == (880, 120)
        events = await wallet.get_private_events(transfer, query)

    async with opened(daemon.url, MemoryStore(), setup) as wallet:
        await initial_accounts(wallet)
        await wallet.register_contract(instance, code)
        token = Contract.at(instance.address, code, wallet)
        assert (await private_balance(token, alice), await private_balance(token, bob)) == (880, 120)
        assert await wallet.get_private_events(transfer, query) == events
        await token.methods.transfer(alice, 20).send(sender=bob)
        assert (await private_balance(token, alice), await private_balance(token, bob)) == (900, 100)
    assert sent.tx_hash in {event.place.tx_hash for event in events}
