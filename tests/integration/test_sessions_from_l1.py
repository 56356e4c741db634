"""The recorded chains, synced from their L1 data alone: no process, no network.

Every block, root and record must be the reference's, whether the chain is there at once or grows block by
block, with restarts and reorganisations in between.
"""

from __future__ import annotations

import contextlib
import itertools
import random

import pytest

from aztecd.archiver import ArchiverError
from aztecd.chain import check
from aztecd.crypto.kzg import Kzg
from aztecd.errors import AztecdError, UnavailableError
from aztecd.l1 import ContractSet, attach
from aztecd.l1.blobs import BlobsUnavailableError
from aztecd.l1.errors import L1RpcError, L1UnavailableError
from aztecd.state import TreeId
from aztecd.storage import LevelStore, MemoryStore
from tests.support.chain_sessions import SESSIONS, import_session, session
from tests.support.follower import Follower, content, difference
from tests.support.session_l1 import SessionL1

pytestmark = [pytest.mark.integration, pytest.mark.loop_may_block(20)]


@pytest.fixture(scope="module")
def kzg():
    return Kzg()


@pytest.fixture(scope="module")
def contracts(artifacts):
    return ContractSet(artifacts.l1_artifacts)


@pytest.fixture
def follow(contracts, kzg):
    """Make followers of recorded chains."""

    def make(l1, store=None, **options):
        registry = bytes.fromhex(l1.recording.contracts.address("registry")[2:])
        deployment = attach(SessionL1(l1.recording.name), contracts, registry)
        return Follower(l1, contracts, deployment, store or MemoryStore(), kzg, **options)

    return make


def assert_is_recorded(follower, name):
    """Everything that is stored is what was recorded."""
    recorded = session(name)
    chain, world = follower.ledger.chain, follower.ledger.world_state
    for line in recorded.lines:
        if line["kind"] == "block":
            number, block = line["number"], chain.block(line["number"])
            assert f"0x{chain.block_hash(number).hex()}" == line["hash"]
            assert block.to_json() == line["value"]
            view = world.at(number)
            assert view.snapshot(TreeId.ARCHIVE) == block.archive
            assert view.state_reference() == block.header.state
        elif line["kind"] == "checkpoint":
            assert chain.published_checkpoint(line["number"]).to_json() == line["value"]
    assert chain.tips().to_l2_tips().to_json() == recorded.tips
    imported = content(import_session(recorded)._store)
    ours = {key: value for key, value in content(follower.store).items() if key >= b"\x20"}
    assert ours == imported, difference(ours, imported)
    assert check(follower.store) == []


@pytest.mark.parametrize("name", SESSIONS)
async def test_a_recorded_chain_from_l1(name, follow):
    follower = follow(SessionL1(name))
    await follower.look()
    assert_is_recorded(follower, name)
    assert follower.archiver.is_in_sync
    await follower.close()


@pytest.mark.parametrize("name", SESSIONS)
async def test_block_by_block_with_restarts(name, follow, tmp_path):
    chance = random.Random(name)
    l1 = SessionL1(name, head=SessionL1(name).recording.contracts.setting("l1StartBlock"))
    store = LevelStore.open(tmp_path / "store")
    follower = follow(l1, store)
    await follower.look()
    while not l1.is_complete:
        l1.grow()
        await follower.look()
        assert follower.tips.checkpointed.checkpoint_number == l1.state.pending
        assert follower.tips.proven.checkpoint_number == l1.state.proven
        if chance.random() < 0.3:
            await follower.close()
            store.close()
            store = LevelStore.open(tmp_path / "store")
            follower = follow(l1, store)
    assert_is_recorded(follower, name)
    await follower.close()
    store.close()


@pytest.mark.parametrize("name", SESSIONS)
async def test_each_restart_finds_more(name, follow, tmp_path):
    """A node that is away misses what was final, proven and pruned meanwhile."""
    l1 = SessionL1(name, head=0)
    start = l1.recording.contracts.setting("l1StartBlock")
    for head in (*range(start, l1.recording.last, 7), l1.recording.last):
        l1.grow(head - l1.head)
        with contextlib.closing(LevelStore.open(tmp_path / "store")) as store:
            follower = follow(l1, store)
            await follower.look()
            await follower.close()
            if l1.is_complete:
                assert_is_recorded(follower, name)


@pytest.mark.parametrize("seed", range(6))
async def test_reorganisations_of_a_recorded_chain(seed, follow):
    chance = random.Random(seed)
    name = chance.choice(SESSIONS)
    l1 = SessionL1(name)
    follower = follow(l1)
    for _ in range(8):
        await follower.look()
        assert follower.tips.checkpointed.checkpoint_number == l1.state.pending
        deepest = l1.head - l1.recording.contracts.setting("l1StartBlock")
        l1.reorganise(min(chance.randrange(1, 22), deepest), empty=chance.randrange(3))
        if chance.random() < 0.7:
            await follower.look()
            assert follower.tips.checkpointed.checkpoint_number == l1.state.pending
        for _ in range(chance.randrange(12)):
            if not l1.is_complete:
                l1.grow()
        if chance.random() < 0.3:
            await follower.close()
            follower = follow(l1, follower.store)
    l1.grow_to_end()
    await follower.look()
    fresh = follow(l1)
    await fresh.look()
    assert not difference(content(follower.store), content(fresh.store))
    assert fresh.ledger.chain.block(len(session(name).blocks)) == session(name).blocks[-1]
    await follower.close()
    await fresh.close()


async def test_whether_it_is_in_sync_can_be_asked_without_l1(follow):
    """The question comes from the event loop, also before the first look and while L1 is away."""
    l1 = SessionL1("deploy-accounts", head=22)
    follower = follow(l1)
    l1.requests.clear()
    assert not follower.archiver.is_in_sync
    assert not l1.requests
    await follower.look()
    asked = dict(l1.requests)
    assert follower.archiver.is_in_sync
    assert l1.requests == asked
    await follower.close()


async def test_what_l1_has_finalized_is_final(follow):
    l1 = SessionL1("token-flow")
    follower = follow(l1)
    l1.mine(64)
    await follower.look()
    assert follower.tips.finalized.checkpoint_number == 4
    assert follower.ledger.world_state.finalized == 4
    l1.reorganise(64 + 10)
    before = content(follower.store)
    with pytest.raises(ArchiverError, match="was final"):
        await follower.look()
    assert content(follower.store) == before
    l1.grow_to_end()
    l1.mine(65)
    await follower.look()
    assert follower.tips.checkpointed.checkpoint_number == 5
    await follower.close()


async def test_blobs_that_come_late(follow):
    l1 = SessionL1("l1-messages")
    follower = follow(l1)
    missing = l1.call("eth_getTransactionByHash", _propose_tx(l1, 4))["blobVersionedHashes"]

    def late(method, params):
        if method == "anvil_getBlobByHash" and params[0] in missing:
            raise L1RpcError(method, -32000, "not yet")

    l1.trouble = late
    for _ in range(2):
        with pytest.raises(BlobsUnavailableError):
            await follower.look()
    assert follower.tips.checkpointed.checkpoint_number < 4
    assert follower.tips.proposed.number == follower.tips.checkpointed.number
    assert check(follower.store) == []
    l1.trouble = None
    await follower.look()
    assert_is_recorded(follower, "l1-messages")
    await follower.close()


def _propose_tx(l1, checkpoint):
    [log] = l1.call(
        "eth_getLogs",
        {
            "address": l1.recording.contracts.address("rollup"),
            "topics": [None, f"0x{checkpoint:064x}"],
            "fromBlock": "0x0",
            "toBlock": "latest",
        },
    )
    return log["transactionHash"]


async def test_l1_goes_away_at_every_request(follow):
    """Each look dies one request later than the one before: what is stored is whole every time."""
    l1 = SessionL1("l1-messages")
    store = MemoryStore()
    left = 0

    def away(method, params):
        nonlocal left
        left -= 1
        if left < 0:
            raise L1UnavailableError("L1 is away")

    l1.trouble = away
    deaths = 0
    while True:
        follower = follow(l1, store)
        left = deaths
        try:
            await follower.look()
        except UnavailableError:
            deaths += 1
            assert check(store) == []
            assert follower.tips.proposed.number == follower.tips.checkpointed.number
        else:
            break
        finally:
            await follower.close()
    assert deaths > 10
    assert_is_recorded(follower, "l1-messages")


async def test_answers_of_a_wrong_type_at_every_request(follow):
    """Whatever is answered in the place of the right thing is told as an error, and stores nothing half."""
    l1 = SessionL1("deploy-accounts")
    wrong = itertools.cycle([True, 17, "zz", {"a": 1}, [{"a": 1}], "0x", None, [[]], "0xzz", "0x01"])
    at = left = 0
    while left <= 0:
        for value in itertools.islice(wrong, 2):
            left = at

            def damage(method, answer, value=value):
                nonlocal left
                left -= 1
                return value if left < 0 else answer

            follower = follow(l1)
            l1.damage = damage
            with contextlib.suppress(AztecdError):
                await follower.look()
            assert check(follower.store) == []
            l1.damage = None
            l1.mine(1)
            await follower.look()
            assert follower.tips.proposed.number == 3, (at, value)
            await follower.close()
            l1.reorganise(1)
        at += 1
    assert at > 10


async def test_an_l1_that_changes_while_it_is_read(follow):
    """After any number of requests L1 is suddenly another: the look fails or not, the next ones get there."""
    chance = random.Random(7)
    for after in range(2, 44, 3):
        l1 = SessionL1("l1-messages")
        follower = follow(l1)
        left = after

        def swap(method, params, l1=l1):
            nonlocal left
            left -= 1
            if left == 0:
                l1.trouble = None
                l1.reorganise(chance.randrange(1, 20), empty=chance.randrange(3))

        l1.trouble = swap
        for _ in range(3):
            try:
                await follower.look()
            except (UnavailableError, L1RpcError):
                continue
        l1.trouble = None
        l1.grow_to_end()
        await follower.look()
        fresh = follow(l1)
        await fresh.look()
        assert not difference(content(follower.store), content(fresh.store)), after
        await follower.close()
        await fresh.close()
