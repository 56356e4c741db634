"""`kill -9` of a wallet at random moments while it synchronises and sends: no note is lost or spent twice.

`AZTECD_CRASH_WALLET_ROUNDS` sets the number of kills, `AZTECD_CRASH_SEED` repeats a run.
"""

from __future__ import annotations

import asyncio
import os
import random
from itertools import islice

import pytest

from aztecd.client import connect
from tests.crash.verdicts import settle
from tests.support.json_rpc import RpcClient
from tests.support.load import ON_L1
from tests.support.wallet_books import (
    ALICE,
    BOB,
    MINTER,
    PEOPLE,
    WAIT,
    begin,
    deploy_people,
    expected,
    opened,
)
from tests.support.wallet_child import WalletChild
from tests.support.wallet_process import artifact_folders, wallet_setup

ROUNDS = int(os.environ.get("AZTECD_CRASH_WALLET_ROUNDS", "5"))
SEED = int(os.environ.get("AZTECD_CRASH_SEED", "1"))
MOMENTS = {"": 1.5, "open": 0.3, "sync": 1.0, "send": 1.5, "sent": 0.3}
"""After which word of the wallet it is killed, and how long after at most; without a word, from its start."""

pytestmark = [pytest.mark.crash, pytest.mark.e2e, pytest.mark.timeout(240 + 30 * ROUNDS)]


def moments(chance):
    """Give words without end; each comes once before one comes again."""
    while True:
        yield from chance.sample(sorted(MOMENTS), len(MOMENTS))


@pytest.mark.loop_may_block(1000)
async def test_a_wallet_killed_at_random_moments_has_all_its_notes(client, artifacts, daemon, tmp_path):
    print(f"{ROUNDS} rounds, seed {SEED}")
    chance = random.Random(SEED)
    setup = wallet_setup(client, artifacts, tmp_path / "compiled")
    data_dir = tmp_path / "wallet"
    minted = dict.fromkeys(PEOPLE, 0)
    acknowledged: list[str] = []
    async with connect(daemon.url, setup) as minting:
        coin, instance = await begin(minting)

        async def mint() -> None:
            person, amount = chance.choice(PEOPLE), chance.randint(1, 1000)
            await coin.methods.mint_to_private(person, amount).send(sender=MINTER.address, wait=WAIT)
            minted[person] += amount

        for _ in range(3):
            await mint()
        async with opened(daemon.url, setup, instance, data_dir) as books:
            await deploy_people(books.client)
        for word in islice(moments(chance), ROUNDS):
            child = WalletChild(
                setup,
                artifact_folders(client),
                node_url=daemon.url,
                data_dir=data_dir,
                token=coin.address,
                seed=f"{SEED}:{len(acknowledged)}",
            )
            after_s = chance.uniform(0, MOMENTS[word])
            # Notes come in meanwhile, so that there is something to find in each round.
            await asyncio.gather(asyncio.to_thread(child.kill_after, word, after_s), mint())
            acknowledged += child.hashes("sent")
            print(f"killed {after_s:.2f} s after {word or 'its start'}: {child.lines[-3:]}", flush=True)

    with RpcClient(daemon.url) as rpc:
        settle(rpc)
        for tx_hash in acknowledged:
            assert rpc.call("aztec_getTxReceipt", tx_hash)["status"] in ON_L1, f"lost: {tx_hash}"
    async with opened(daemon.url, setup, instance) as fresh:
        transfers, balances = await fresh.transfers(), await fresh.balances()
    assert balances == expected(minted, transfers)
    assert acknowledged
    assert set(acknowledged) <= {transfer.tx_hash for transfer in transfers}

    async with opened(daemon.url, setup, instance, data_dir) as survivor:
        assert await survivor.balances() == balances
        assert await survivor.transfers() == transfers
        # Each note can really be spent.
        everything = balances[ALICE.address]
        await survivor.token.methods.transfer(BOB.address, everything).send(sender=ALICE.address, wait=WAIT)
        assert await survivor.balances() == {ALICE.address: 0, BOB.address: sum(minted.values())}
