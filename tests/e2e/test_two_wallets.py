"""Our wallet and the unmodified JavaScript one on one chain, with one token.

Each finds and spends the notes that the other sends, and an account that is open in both is the same in both.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from aztecd.client import NOBODY, Client, Contract, connect, event_definition
from aztecd.crypto.field import fr, fr_from_hex
from aztecd.localnet.accounts import TEST_ACCOUNTS
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.keys import Secret
from aztecd.wallet import PrivateEventQuery
from aztecd.wallet.options import WaitOptions
from tests.support.client_peer import ClientPeer
from tests.support.wallet_process import wallet_setup

# Real contracts are read and compiled on the way.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300), pytest.mark.loop_may_block(1000)]

ALICE, BOB, CAROL = range(3)
QUICKLY = WaitOptions(interval_s=0.05)


@dataclass
class Ours:
    """Our wallet, told what to do in the words of the peer."""

    client: Client
    token: Contract | None = None

    async def open(self, index: int) -> str:
        known = TEST_ACCOUNTS[index]
        account = await self.client.create_account(secret=Secret(known.secret), salt=fr(0))
        metadata = await self.client.wallet.get_contract_metadata(account.address)
        if not metadata.is_initialized:
            await account.deployment().send(sender=NOBODY, wait=QUICKLY)
        return text(account.address)

    async def use(self, address: str) -> None:
        instance = await self.client.node.get_contract(raw(address))
        artifact = await self.client.wallet.standard_artifact("Token")
        await self.client.wallet.register_contract(instance, artifact)
        self.token = self.client.contract(instance.address, artifact)

    async def send(self, sender: str, method: str, *args: int | str) -> str:
        sent = await self._call(method, args).send(sender=raw(sender), wait=QUICKLY)
        return text(sent.tx_hash)

    async def ask(self, sender: str, method: str, *args: int | str) -> object:
        return (await self._call(method, args).simulate(sender=raw(sender))).value

    async def transfers(self, scope: str) -> list[tuple[str, str, int, str]]:
        found = await self.client.wallet.get_private_events(
            event_definition(self.token.artifact, "Transfer"),
            PrivateEventQuery(contract_address=self.token.address, scopes=(raw(scope),)),
        )
        return [
            (text(item.event["from"]), text(item.event["to"]), item.event["amount"], text(item.place.tx_hash))
            for item in found
        ]

    def _call(self, method, args):
        return self.token.methods[method](*[raw(item) if isinstance(item, str) else item for item in args])


def text(value: bytes) -> str:
    return "0x" + value.hex()


def raw(address: str) -> AztecAddress:
    return AztecAddress(fr_from_hex(address.removeprefix("0x")))


@pytest.fixture
def peer(client, daemon):
    with ClientPeer(client, node_url=daemon.url) as running:
        yield running


@pytest.fixture
async def ours(client, artifacts, daemon, tmp_path):
    async with connect(daemon.url, wallet_setup(client, artifacts, tmp_path / "compiled")) as opened:
        yield Ours(opened)


async def test_two_wallets_share_a_chain(ours, peer):
    """Alice is theirs, Bob is ours, Carol is open in both."""

    async def told(command, *args):
        return await asyncio.to_thread(getattr(peer, command), *args)

    async def private(wallet, account):
        ask = ours.ask if wallet is ours else lambda *args: told("ask", *args)
        return await ask(account, "balance_of_private", account)

    alice = await told("open", ALICE)
    bob = await ours.open(BOB)
    carol = await told("open", CAROL)
    assert await ours.open(CAROL) == carol
    await told("expect", bob)
    await ours.client.wallet.register_sender(raw(alice))
    await ours.use(await told("deploy", alice))

    # Theirs: mint, from public to private (a partial note), transfers.
    await told("send", alice, "mint_to_private", alice, 1000)
    await told("send", alice, "mint_to_public", alice, 60)
    theirs = [await told("send", alice, "transfer", bob, amount) for amount in (100, 11)]
    theirs_to_carol = await told("send", alice, "transfer", carol, 200)
    await told("send", alice, "transfer_to_private", bob, 9)
    assert await private(ours, bob) == 120
    assert await private(ours, carol) == await private(peer, carol) == 200
    assert await ours.transfers(bob) == [(alice, bob, 100, theirs[0]), (alice, bob, 11, theirs[1])]

    # Ours: 115 takes all three of the notes.
    sent = await ours.send(bob, "transfer", alice, 115)
    assert (await private(ours, bob), await private(peer, alice)) == (5, 689 + 115)
    assert await told("transfers", alice) == [(bob, alice, 115, sent)]
    # Theirs: all that Alice has, the note from our wallet included.
    await told("send", alice, "transfer", bob, 804)
    assert (await private(ours, bob), await private(peer, alice)) == (809, 0)
    await ours.send(bob, "transfer_to_public", bob, alice, 9, 0)
    assert await told("ask", alice, "balance_of_public", alice) == 60

    # Carol spends here and there: each wallet goes on where the other one stopped.
    by_carol = [
        await told("send", carol, "transfer", bob, 30),
        await ours.send(carol, "transfer", bob, 20),
        await told("send", carol, "transfer", bob, 10),
        await ours.send(carol, "transfer", alice, 7),
    ]
    assert await private(ours, carol) == await private(peer, carol) == 133
    assert (await private(ours, bob), await private(peer, alice)) == (860, 7)
    assert (await ours.transfers(bob))[-3:] == [
        (carol, bob, amount, tx) for amount, tx in zip((30, 20, 10), by_carol, strict=False)
    ]
    assert (
        await ours.transfers(carol)
        == await told("transfers", carol)
        == [(alice, carol, 200, theirs_to_carol)]
    )

    # Whoever opens an account later finds all that was there before.
    assert await told("open", BOB) == bob
    assert await ours.open(ALICE) == alice
    assert await private(peer, bob) == await private(ours, bob) == 860
    assert await private(peer, alice) == await private(ours, alice) == 7
    assert await told("transfers", bob) == await ours.transfers(bob)
