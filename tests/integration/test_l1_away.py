"""L1 or the blobs are away for a while, or L1 is suddenly another chain: said once, nothing half taken."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
import structlog.testing

from aztecd.crypto.kzg import Kzg
from aztecd.l1 import L1Client
from aztecd.localnet.anvil import Anvil, AnvilOptions
from aztecd.storage import MemoryStore
from tests.support.checkpoint_maker import CheckpointMaker
from tests.support.follower import Follower, content, difference
from tests.support.l1_chain import L1Chain
from tests.support.l1_fault_proxy import FaultProxy

pytestmark = [pytest.mark.integration, pytest.mark.loop_may_block(100)]

CHECKPOINTS = 3


@pytest.fixture(scope="module")
def kzg():
    return Kzg()


@pytest.fixture
def start_anvil(artifacts, tmp_path):
    """Start Anvil processes; all are ended with the test."""
    with contextlib.ExitStack() as stack:

        def start(name):
            anvil = Anvil.start(AnvilOptions(program=artifacts.anvil, data_dir=tmp_path / name, port=0))
            stack.callback(anvil.kill)
            return anvil

        yield start


@pytest.fixture
def start_chain(start_anvil, artifacts, kzg):
    """Start a chain with some checkpoints; `first` makes its transactions others."""

    def start(name, *, first=0):
        maker = CheckpointMaker(L1Chain.deploy(start_anvil(name).url, artifacts), kzg)
        maker.made = first
        for _ in range(CHECKPOINTS):
            maker.send_message()
            maker.propose()
        maker.settle()
        return maker

    return start


@pytest.fixture
def maker(start_chain):
    return start_chain("first")


@pytest.fixture
def proxy(maker):
    with FaultProxy(maker.l1.client.url) as made:
        yield made


@pytest.fixture
def logs():
    with structlog.testing.capture_logs() as found:
        yield found


def follower_of(maker, kzg, url=None, **options):
    client = L1Client(url or maker.l1.client.url, errors=maker.l1.contracts.errors, timeout_s=5)
    return Follower(client, maker.l1.contracts, maker.l1.deployment, MemoryStore(), kzg, **options)


@contextlib.asynccontextmanager
async def following(follower):
    """Let the archiver run."""
    task = asyncio.create_task(follower.archiver.run())
    try:
        yield
        assert not task.done()
        assert follower.writer.bug is None
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await follower.close()


async def until(condition, what):
    for _ in range(1500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(what)


async def until_checkpoint(follower, number):
    await until(
        lambda: follower.tips.checkpointed.checkpoint_number == number and follower.archiver.is_in_sync,
        f"checkpoint {number}, still at {follower.tips}",
    )


def names(logs, *wanted):
    return [entry["event"] for entry in logs if entry["event"] in wanted]


async def fresh_content(maker, kzg):
    fresh = follower_of(maker, kzg)
    await fresh.look()
    await fresh.close()
    return content(fresh.store)


async def test_l1_is_down_and_comes_back(maker, proxy, kzg, logs):
    follower = follower_of(maker, kzg, proxy.url)
    async with following(follower):
        await until_checkpoint(follower, CHECKPOINTS)
        proxy.is_down = True
        proxy.disconnect()
        await until(lambda: names(logs, "l1_not_followed"), "it says that L1 is away")
        before = content(follower.store)
        maker.propose()
        asked = len(proxy.log)
        await until(lambda: len(proxy.log) >= asked + 2, "it asks again")
        assert content(follower.store) == before
        proxy.is_down = False
        await until_checkpoint(follower, CHECKPOINTS + 1)
        assert names(logs, "l1_not_followed", "following_l1_again") == [
            "l1_not_followed",
            "following_l1_again",
        ]
        assert not difference(content(follower.store), await fresh_content(maker, kzg))


class SometimesBlobs:
    """A source of blobs that has none while `is_away`."""

    name = "sometimes"

    def __init__(self, source):
        self.source = source
        self.is_away = False
        self.asked = 0

    def get(self, hashes, log):
        self.asked += 1
        return {} if self.is_away else self.source.get(hashes, log)


async def test_the_blobs_are_away_and_come_back(maker, kzg, logs):
    from aztecd.l1.blobs import AnvilBlobs

    source = SometimesBlobs(AnvilBlobs(maker.l1.client))
    follower = follower_of(maker, kzg, sources=[source])
    async with following(follower):
        await until_checkpoint(follower, CHECKPOINTS)
        source.is_away = True
        maker.send_message()
        maker.propose(txs=(1, 1))
        await until(lambda: names(logs, "l1_not_followed"), "it says that the blobs are away")
        [said] = [entry for entry in logs if entry["event"] == "l1_not_followed"]
        assert "blob" in said["reason"]
        asked = source.asked
        await until(lambda: source.asked >= asked + 2, "it asks again")
        assert follower.tips.checkpointed.checkpoint_number == CHECKPOINTS
        assert follower.tips.proposed.number == follower.tips.checkpointed.number
        # What needs no blobs goes on: the message is there.
        assert follower.ledger.chain.messages_of_checkpoint(CHECKPOINTS + 2)
        source.is_away = False
        await until_checkpoint(follower, CHECKPOINTS + 1)
        assert names(logs, "l1_not_followed", "following_l1_again") == [
            "l1_not_followed",
            "following_l1_again",
        ]
        assert not difference(content(follower.store), await fresh_content(maker, kzg))


async def test_l1_is_suddenly_a_chain_without_the_contracts(maker, proxy, kzg, logs, start_anvil):
    follower = follower_of(maker, kzg, proxy.url)
    empty = start_anvil("empty")
    async with following(follower):
        await until_checkpoint(follower, CHECKPOINTS)
        before = content(follower.store)
        first = proxy.target
        proxy.target = empty.url
        await until(lambda: names(logs, "l1_answer_refused", "l1_not_followed"), "it says so")
        asked = len(proxy.log)
        await until(lambda: len(proxy.log) >= asked + 4, "it asks again")
        assert content(follower.store) == before
        proxy.target = first
        maker.propose()
        await until_checkpoint(follower, CHECKPOINTS + 1)
        assert names(logs, "following_l1_again") == ["following_l1_again"]


async def test_l1_is_suddenly_another_chain_and_ours_was_final(maker, proxy, kzg, logs, start_chain):
    maker.l1.client.call("anvil_mine", hex(64))
    other = start_chain("other", first=1000)
    follower = follower_of(maker, kzg, proxy.url)
    async with following(follower):
        await until_checkpoint(follower, CHECKPOINTS)
        assert follower.tips.finalized.checkpoint_number == CHECKPOINTS
        chain, first = content(follower.store), proxy.target
        proxy.target = other.l1.client.url
        await until(lambda: names(logs, "l1_chain_refused"), "it says so")
        asked = len(proxy.log)
        await until(lambda: len(proxy.log) >= asked + 4, "it asks again")
        found = content(follower.store)
        assert not difference(found, chain)
        proxy.target = first
        maker.propose()
        await until_checkpoint(follower, CHECKPOINTS + 1)
        assert names(logs, "l1_chain_refused", "following_l1_again") == [
            "l1_chain_refused",
            "following_l1_again",
        ]
        assert not difference(content(follower.store), await fresh_content(maker, kzg))


async def test_l1_is_suddenly_another_chain_and_nothing_was_final(maker, proxy, kzg, start_chain):
    """That is a reorganisation: the same contracts, other checkpoints."""
    other = start_chain("other", first=1000)
    other.propose()
    follower = follower_of(maker, kzg, proxy.url)
    async with following(follower):
        await until_checkpoint(follower, CHECKPOINTS)
        before = content(follower.store)
        proxy.target = other.l1.client.url
        await until_checkpoint(follower, CHECKPOINTS + 1)
        assert difference(content(follower.store), before)
        assert not difference(content(follower.store), await fresh_content(other, kzg))
