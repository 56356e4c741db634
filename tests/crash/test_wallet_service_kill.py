"""`kill -9` of `aztecd wallet serve` under an unmodified application: no note is lost or spent twice.

The application is let in once; its token and what it was granted outlive the kills.
`AZTECD_CRASH_WALLET_ROUNDS` sets the number of kills, `AZTECD_CRASH_SEED` repeats a run.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import threading
from itertools import cycle, islice

import pytest

from aztecd.client import connect
from tests.crash.verdicts import settle
from tests.support.client import prepare_folder
from tests.support.client_install import LISTS
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
from tests.support.wallet_process import WalletProcess, wallet_setup

ROUNDS = int(os.environ.get("AZTECD_CRASH_WALLET_ROUNDS", "3"))
SEED = int(os.environ.get("AZTECD_CRASH_SEED", "1"))
MOMENTS = {"send": 1.5, "sent": 0.3, "sync": 1.0}
"""After which word of the application the wallet is killed, and how long after at most."""
_LIMIT_S = 60

pytestmark = [
    pytest.mark.crash,
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(240 + 60 * ROUNDS),
    pytest.mark.loop_may_block(1000),
]


class Application:
    """The script in a process of its own; `said` is what it has said."""

    def __init__(self, client, folder, variables):
        folder.mkdir()
        for script in LISTS.glob("*.mjs"):
            shutil.copy(script, folder)
        self.said = []
        self._errors = folder / "errors.log"
        with self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                [str(client.node), "--no-warnings", "wallet_sends.mjs"],
                cwd=folder,
                env=prepare_folder(client, folder) | variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def kill_wallet_after(self, word, after_s, service):
        """Kill the wallet some time after the script's word; the script ends by itself then."""
        limit = threading.Timer(_LIMIT_S, self.process.kill)
        limit.start()
        try:
            for line in self.process.stdout:
                self.said.append(json.loads(line))
                if self.said[-1]["word"] == word:
                    break
            else:
                raise AssertionError(f"it never came to {word}\n{self._errors.read_text()[-3000:]}")
            threading.Event().wait(after_s)
            service.kill()
            self.said += [json.loads(line) for line in self.process.stdout]
            assert self.process.wait() == 1, "without its wallet it fails"
        finally:
            limit.cancel()
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    def hashes(self):
        return [entry["hash"] for entry in self.said if entry["word"] == "sent"]


async def test_a_served_wallet_killed_at_random_moments_has_all_its_notes(
    client, artifacts, daemon, tmp_path
):
    print(f"{ROUNDS} rounds, seed {SEED}")
    chance = random.Random(SEED)
    setup = wallet_setup(client, artifacts, tmp_path / "compiled")
    folder = tmp_path / "service"
    folder.mkdir()
    minted = dict.fromkeys(PEOPLE, 0)
    acknowledged, token = [], None
    async with connect(daemon.url, setup) as minting:
        coin, instance = await begin(minting)

        async def mint():
            person, amount = chance.choice(PEOPLE), chance.randint(100, 1000)
            await coin.methods.mint_to_private(person, amount).send(sender=MINTER.address, wait=WAIT)
            minted[person] += amount

        for _ in range(2):
            await mint()
        async with opened(daemon.url, setup, instance, folder / "db") as books:
            await deploy_people(books.client)
        shutil.copytree(tmp_path / "compiled", folder / "compiled")
        for number, word in enumerate(islice(cycle(MOMENTS), ROUNDS)):
            service = await asyncio.to_thread(
                WalletProcess,
                node_url=daemon.url,
                data_dir=folder,
                apps=("bank",),
                approve="all" if token is None else "none",
            )
            try:
                assert ("bank" in service.tokens) == (token is None), "it is shown once"
                variables = {"ASK": "1"} if token is None else {}
                token = token or service.tokens["bank"]
                variables |= {
                    "AZTEC_NODE_URL": daemon.url,
                    "WALLET_URL": service.url,
                    "WALLET_TOKEN": token,
                    "TOKEN": f"0x{coin.address.hex()}",
                }
                application = Application(client, tmp_path / f"application-{number}", variables)
                after_s = chance.uniform(0, MOMENTS[word])
                await asyncio.gather(
                    asyncio.to_thread(application.kill_wallet_after, word, after_s, service), mint()
                )
            finally:
                service.kill()
            acknowledged += application.hashes()
            print(f"killed {after_s:.2f} s after {word}: {len(application.hashes())} sent", flush=True)

    with RpcClient(daemon.url) as rpc:
        settle(rpc)
        for tx_hash in acknowledged:
            assert rpc.call("aztec_getTxReceipt", tx_hash)["status"] in ON_L1, f"lost: {tx_hash}"
    async with opened(daemon.url, setup, instance) as fresh:
        transfers, balances = await fresh.transfers(), await fresh.balances()
    assert balances == expected(minted, transfers)
    assert acknowledged
    assert set(acknowledged) <= {transfer.tx_hash for transfer in transfers}
    async with opened(daemon.url, setup, instance, folder / "db") as survivor:
        assert await survivor.balances() == balances
        assert await survivor.transfers() == transfers
        everything = balances[ALICE.address]
        await survivor.token.methods.transfer(BOB.address, everything).send(sender=ALICE.address, wait=WAIT)
        assert await survivor.balances() == {ALICE.address: 0, BOB.address: sum(minted.values())}
