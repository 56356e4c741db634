"""A wallet stays open while L1 goes back under the network: its notes are those of the chain that is left."""

from __future__ import annotations

import pytest

from aztecd.client import connect
from tests.crash.verdicts import settle
from tests.support.daemon import Daemon
from tests.support.json_rpc import RpcClient
from tests.support.load import IN_A_BLOCK, TxMaker, wait_until
from tests.support.wallet_books import ALICE, BOB, MINTER, WAIT, begin, deploy_people, expected, opened
from tests.support.wallet_process import wallet_setup

# Real contracts are read and compiled on the way.
pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.timeout(360),
    pytest.mark.loop_may_block(1000),
]

MINTED = {ALICE.address: 1000, BOB.address: 100}
FIVE_HOURS_S = 5 * 3600
L1_BLOCKS = 4
"""Enough for what publishing and proving the newest checkpoint took."""


@pytest.fixture
def setup(client, artifacts, tmp_path):
    return wallet_setup(client, artifacts, tmp_path / "compiled")


async def prepare(url, setup, data_dir):
    """Deploy the token and both people's accounts, mint to both, and let a wallet on the disk know it all."""
    async with connect(url, setup) as minting:
        coin, instance = await begin(minting)
        for person, amount in MINTED.items():
            await coin.methods.mint_to_private(person, amount).send(sender=MINTER.address, wait=WAIT)
    async with opened(url, setup, instance, data_dir) as books:
        await deploy_people(books.client)
        assert await books.balances() == MINTED
    return instance


async def transfer(books, sender, recipient, amount):
    sent = await books.token.methods.transfer(recipient.address, amount).send(
        sender=sender.address, wait=WAIT
    )
    return f"0x{sent.tx_hash.hex()}"


async def check(books, url, setup, instance):
    """The open wallet says what a fresh one finds, and the events account for it; gives the transactions."""
    balances, transfers = await books.balances(), await books.transfers()
    async with opened(url, setup, instance) as fresh:
        assert await fresh.transfers() == transfers
        assert await fresh.balances() == balances
    assert balances == expected(MINTED, transfers)
    return [item.tx_hash for item in transfers]


async def test_l1_goes_back_and_the_wallet_keeps_its_notes(daemon, setup, tmp_path):
    instance = await prepare(daemon.url, setup, tmp_path / "wallet")
    with RpcClient(daemon.url) as rpc, RpcClient(daemon.l1_url) as l1:
        async with opened(daemon.url, setup, instance, tmp_path / "wallet") as books:
            settle(rpc)
            snapshot = l1.call("evm_snapshot")
            sent = [await transfer(books, ALICE, BOB, amount) for amount in (300, 20)]
            sent.append(await transfer(books, BOB, ALICE, 7))
            settle(rpc)
            before = await books.transfers()
            assert l1.call("evm_revert", snapshot) is True
            daemon.wait_for("l1_lost_checkpoints", timeout_s=30)
            sent.append(await transfer(books, BOB, ALICE, 400))
            settle(rpc)
            assert (await books.transfers())[:-1] == before
            assert await check(books, daemon.url, setup, instance) == sent
            assert await books.balances() == {ALICE.address: 1087, BOB.address: 13}

            # The same once more by a reorganisation: L1's newest blocks are others, and empty.
            l1.call("anvil_reorg", L1_BLOCKS, [])
            daemon.wait_for("l1_lost_checkpoints", timeout_s=30)
            sent.append(await transfer(books, ALICE, BOB, 80))
            settle(rpc)
            assert await check(books, daemon.url, setup, instance) == sent
            assert await books.balances() == {ALICE.address: 1007, BOB.address: 93}


@pytest.mark.long
async def test_blocks_are_undone_and_the_wallet_follows(artifacts, setup, tmp_path):
    first = Daemon(data_dir=tmp_path / "data")
    try:
        instance = await prepare(first.url, setup, tmp_path / "wallet")
        with RpcClient(first.url) as rpc:
            settle(rpc)
        first.stop()
    finally:
        first.kill()
    config = tmp_path / "aztecd.toml"
    config.write_text("[sequencer]\nsettle_epochs = false\n")
    daemon = Daemon(data_dir=tmp_path / "data", arguments=("--config", str(config)))
    try:
        with RpcClient(daemon.url) as rpc, RpcClient(daemon.l1_url) as l1:
            async with opened(daemon.url, setup, instance, tmp_path / "wallet") as books:
                kept = rpc.call("aztec_getBlockNumber")
                # The first is made on a block that stays; the others on blocks that go, and spend its notes.
                sent = [await transfer(books, ALICE, BOB, 300)]
                sent.append(await transfer(books, BOB, ALICE, 350))
                sent.append(await transfer(books, ALICE, BOB, 1))
                assert await check(books, daemon.url, setup, instance) == sent
                assert await books.balances() == {ALICE.address: 1049, BOB.address: 51}
                l1.call("evm_increaseTime", FIVE_HOURS_S)
                l1.call("evm_mine")
                maker = TxMaker(rpc)
                maker.anchor = maker.anchor.from_json(rpc.call("aztec_getBlockHeader", kept))
                tx_hash, body = maker.make("after", payer=2)
                rpc.call("aztec_sendTx", body)
                daemon.wait_for("unproven_blocks_undone", timeout_s=60)
                wait_until(
                    lambda: (
                        rpc.call("aztec_getPendingTxCount") == 0
                        and rpc.call("aztec_getTxReceipt", tx_hash)["status"] in IN_A_BLOCK
                    ),
                    timeout_s=60,
                    what="what is left is mined again",
                )
                left = await check(books, daemon.url, setup, instance)
                statuses = {item: rpc.call("aztec_getTxReceipt", item)["status"] for item in sent}
                assert left == [item for item in sent if statuses[item] in IN_A_BLOCK]
                assert statuses[sent[-1]] == "dropped", statuses
                # What the wallet has now it can spend.
                left.append(await transfer(books, ALICE, BOB, 33))
                left.append(await transfer(books, BOB, ALICE, 2))
                assert await check(books, daemon.url, setup, instance) == left
        daemon.stop()
    finally:
        daemon.kill()
