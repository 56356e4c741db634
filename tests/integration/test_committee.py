"""A rollup with a committee, on the real contracts: what its members sign is followed, the rest is not.

The contract looks at the proposer's signature only. Whether the others are good it says when somebody asks it
to drop the checkpoint, so each case here is asked of it too.
"""

from __future__ import annotations

import contextlib

import pytest
import structlog.testing

from aztecd.crypto.kzg import Kzg
from aztecd.l1 import L1Client
from aztecd.l1.blobs import BlobNamespace, BlobStore
from aztecd.l1.committee import read_committee
from aztecd.l1.errors import L1RpcError
from aztecd.localnet.anvil import Anvil, AnvilOptions
from aztecd.storage import MemoryStore
from tests.support.command_line import assert_told, run
from tests.support.committee_l1 import SLOTS_PER_EPOCH, CommitteeMaker, Said, deploy_with_committee
from tests.support.daemon import NodeDaemon
from tests.support.follower import Follower, content, difference
from tests.support.json_rpc import RpcClient
from tests.support.load import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.loop_may_block(100), pytest.mark.timeout(300)]

SIZE, VALIDATORS = 4, 6

BAD = {
    "by another": Said.BY_OTHER,
    "of another": Said.OF_OTHER,
    "no signature": Said.BROKEN,
    "s too high": Said.HIGH_S,
    "v of 0 or 1": Said.LOW_V,
}


@pytest.fixture(scope="module")
def kzg():
    return Kzg()


@contextlib.contextmanager
def started(artifacts, folder, **sizes):
    """A rollup on an Anvil of its own."""
    anvil = Anvil.start(AnvilOptions(program=artifacts.anvil, data_dir=folder, port=0))
    try:
        yield deploy_with_committee(anvil.url, artifacts, **sizes)
    finally:
        anvil.kill()


@pytest.fixture(scope="module")
def validators(artifacts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("committee")
    with started(artifacts, folder, size=SIZE, validators=VALIDATORS) as found:
        yield found


@pytest.fixture
def maker(validators, kzg):
    """L1 as it was after the deployment."""
    client = validators.l1.client
    before = client.call("evm_snapshot")
    yield CommitteeMaker(validators, kzg)
    assert client.call("evm_revert", before)


@pytest.fixture
def logs():
    with structlog.testing.capture_logs() as found:
        yield found


class Kept:
    """The blobs of a maker."""

    name = "kept"

    def __init__(self, maker):
        self.maker = maker

    def get(self, hashes, log):
        return {one: self.maker.blobs[one] for one in hashes}


class Forgetful(L1Client):
    """A node that has the state of the newest block only, as most have it of the newest few."""

    def batch_settled(self, requests):
        head = self.call("eth_blockNumber")
        answers = super().batch_settled(requests)
        return [
            L1RpcError(method, -32000, "missing trie node")
            if method == "eth_call" and params[1] not in {head, "latest"}
            else answer
            for (method, params), answer in zip(requests, answers, strict=True)
        ]


def follower_of(maker, kzg, store=None, kind=L1Client):
    client = kind(maker.l1.client.url, errors=maker.l1.contracts.errors)
    store = store or MemoryStore()
    return Follower(client, maker.l1.contracts, maker.l1.deployment, store, kzg, sources=[Kept(maker)])


@pytest.fixture
async def follower(maker, kzg):
    made = follower_of(maker, kzg)
    yield made
    await made.close()


async def at(follower):
    """Look at L1; give the number of checkpoints that are followed."""
    await follower.look()
    assert follower.archiver.is_in_sync
    return follower.tips.checkpointed.checkpoint_number


def skipped(logs):
    return [
        (entry["checkpoint"], entry["reason"]) for entry in logs if entry["event"] == "checkpoint_skipped"
    ]


def refused_by_contract(maker, number, place=None):
    """Whether the contract finds nothing wrong with a checkpoint. Nothing changes."""
    client = maker.l1.client
    before = client.call("evm_snapshot")
    try:
        maker.invalidate(number, place)
    except AssertionError:
        return True
    finally:
        client.call("evm_revert", before)
    return False


async def test_each_epoch_has_the_committee_that_its_seed_draws(maker, follower):
    reader, epochs = maker.l1.reader, set()
    for _ in range(2 * SLOTS_PER_EPOCH + 1):
        number = maker.make()
        epoch = maker.validators.epoch_of(reader.checkpoint(number).slot_number)
        epochs.add(epoch)
        found = read_committee(reader, epoch)
        assert found.members == maker.validators.committee(epoch) == maker.attested[number].committee
        assert not found.is_escape_hatch_open
    assert len(epochs) == 3
    assert await at(follower) == 2 * SLOTS_PER_EPOCH + 1


async def test_what_enough_members_signed_is_followed(maker, follower, logs):
    maker.make()
    maker.make(Said.SIGNED, Said.NAMED, Said.SIGNED)
    assert await at(follower) == 2
    assert skipped(logs) == []
    for number in (1, 2):
        stored = follower.ledger.chain.published_checkpoint(number).attestations
        packed = b"".join(
            one.signature[64:] + one.signature[:64] if any(one.signature) else one.address for one in stored
        )
        assert packed == maker.attested[number].packed[1]
        assert refused_by_contract(maker, number)
        assert all(refused_by_contract(maker, number, place) for place in range(SIZE))


async def test_too_few_signatures_are_skipped(maker, follower, logs):
    maker.make()
    maker.make(Said.NAMED, Said.SIGNED, Said.NAMED)
    assert await at(follower) == 1
    assert skipped(logs) == [(2, "2 of 4 committee members attested, 3 are needed")]
    maker.invalidate(2)
    assert await at(follower) == 1
    assert maker.make() == 2
    assert await at(follower) == 2


@pytest.mark.parametrize("how", BAD)
async def test_a_bad_signature_is_skipped_though_enough_are_good(maker, follower, logs, how):
    maker.make()
    maker.make(Said.SIGNED, BAD[how], Said.SIGNED)
    place = maker.place_of(2, 1)
    assert await at(follower) == 1
    assert skipped(logs) == [
        (2, f"attestation {place} is not of the committee member in that place"),
    ]
    maker.invalidate(2, place)
    assert maker.make() == 2
    assert await at(follower) == 2


async def test_it_is_said_once_and_read_once(maker, kzg, logs):
    asked = []

    class Watched(L1Client):
        def batch(self, requests):
            asked.extend(method for method, _ in requests)
            return super().batch(requests)

    maker.make(Said.NAMED, Said.NAMED, Said.NAMED)
    follower = follower_of(maker, kzg, kind=Watched)
    for _ in range(3):
        assert await at(follower) == 0
        maker.l1.client.call("evm_mine")
    assert len(skipped(logs)) == asked.count("eth_getTransactionByHash") == 1
    await follower.close()


async def test_a_restart_finds_it_again(maker, kzg, logs):
    maker.make()
    maker.make(Said.NAMED, Said.NAMED, Said.NAMED)
    store = MemoryStore()
    for _ in range(2):
        follower = follower_of(maker, kzg, store)
        assert await at(follower) == 1
        await follower.close()
    assert len(skipped(logs)) == 2


async def test_what_builds_on_a_skipped_one_is_not_followed(maker, follower, logs):
    """Those that attest to it are at fault; the reference stays before the first bad one too."""
    maker.make()
    maker.make(Said.SIGNED, Said.BY_OTHER, Said.SIGNED)
    maker.make()
    maker.make()
    assert await at(follower) == 1
    maker.make()
    assert await at(follower) == 1
    assert len(skipped(logs)) == 1
    maker.invalidate(2, maker.place_of(2, 1))
    assert await at(follower) == 1
    for expected in (2, 3):
        assert maker.make() == expected
        assert await at(follower) == expected


async def test_it_is_replaced_in_one_transaction(maker, follower, logs):
    maker.make(Said.SIGNED, Said.SIGNED, Said.BROKEN)
    assert await at(follower) == 0
    maker.replace(1, place=maker.place_of(1, 2))
    assert await at(follower) == 1
    assert maker.make() == 2
    assert await at(follower) == 2
    assert len(skipped(logs)) == 1


async def test_it_is_replaced_by_another_bad_one(maker, follower, logs):
    maker.make(Said.NAMED, Said.NAMED, Said.NAMED)
    assert await at(follower) == 0
    maker.replace(1, Said.SIGNED, Said.OF_OTHER, Said.SIGNED)
    assert await at(follower) == 0
    assert [number for number, _ in skipped(logs)] == [1, 1]
    maker.replace(1, place=maker.place_of(1, 1))
    assert await at(follower) == 1


async def test_the_same_checkpoint_again_with_enough_signatures(maker, follower, logs):
    maker.make()
    maker.make(Said.NAMED, Said.SIGNED, Said.NAMED)
    assert await at(follower) == 1
    maker.invalidate(2)
    assert maker.make(again=True) == 2
    assert await at(follower) == 2
    assert len(skipped(logs)) == 1


async def test_reorganisations_between_good_and_bad(maker, follower, logs):
    client = maker.l1.client
    maker.make()
    bad = (Said.SIGNED, Said.BY_OTHER, Said.SIGNED)
    for others in ((), bad, (), bad):
        before = client.call("evm_snapshot")
        maker.make(*others)
        assert await at(follower) == (1 if others else 2)
        assert client.call("evm_revert", before)
    assert await at(follower) == 1
    assert [number for number, _ in skipped(logs)] == [2, 2]


async def test_one_that_was_missed_leaves_no_trace(maker, kzg, follower):
    """Who comes later sees only what was kept, whatever was proposed meanwhile."""
    for others in ((), (Said.NAMED,) * 3, (Said.SIGNED, Said.LOW_V, Said.SIGNED)):
        number = maker.make(*others)
        await at(follower)
        if others:
            maker.invalidate(number, maker.place_of(number, 1) if Said.LOW_V in others else None)
    maker.make()
    assert await at(follower) == 2
    fresh = follower_of(maker, kzg)
    assert await at(fresh) == 2
    assert not difference(content(follower.store), content(fresh.store))
    await fresh.close()


async def test_the_committee_is_not_asked_while_the_hatch_is_open(maker, follower, logs):
    nobody = (Said.NAMED,) * (SIZE - 1)
    maker.make()
    maker.validators.open_hatch(is_open=True)
    assert maker.make(*nobody, by_proposer=Said.NAMED) == 2
    maker.validators.open_hatch(is_open=False)
    assert maker.make() == 3
    assert maker.make(*nobody) == 4
    assert await at(follower) == 3
    assert [number for number, _ in skipped(logs)] == [4]


async def test_a_committee_of_one(artifacts, tmp_path, kzg):
    """What L1 has compared is all there is."""
    with started(artifacts, tmp_path / "l1", size=1, validators=2) as validators:
        maker = CommitteeMaker(validators, kzg)
        for _ in range(SLOTS_PER_EPOCH):
            maker.make()
        assert all(refused_by_contract(maker, 1, place) for place in (0, None))
        follower = follower_of(maker, kzg)
        assert await at(follower) == SLOTS_PER_EPOCH
        await follower.close()


async def test_committees_of_long_ago_need_no_old_state_of_l1(maker, kzg):
    for _ in range(SLOTS_PER_EPOCH + 1):
        maker.make()
    follower = follower_of(maker, kzg, kind=Forgetful)
    assert await at(follower) == SLOTS_PER_EPOCH + 1
    await follower.close()


def place_of(maker):
    """The rollup, as a user names it."""
    registry = maker.l1.deployment.addresses.registry_address
    return {"l1_url": maker.l1.client.url, "registry": f"0x{registry.hex()}"}


def test_the_command_follows(maker, kzg, tmp_path):
    maker.make()
    maker.make(Said.NAMED, Said.NAMED, Said.NAMED)
    blobs = BlobStore.open(tmp_path / "blobs", BlobNamespace.of(maker.l1.deployment), max_bytes=2**30)
    for blob in maker.blobs.values():
        blobs.put(blob, kzg.commitment(blob))
    source = ("--blob-source", (tmp_path / "blobs").as_uri())
    daemon = NodeDaemon(**place_of(maker), data_dir=tmp_path / "data", arguments=source, timeout_s=120)
    try:
        assert f"a committee of {SIZE} decides" in daemon.text
        with RpcClient(daemon.url) as rpc:
            wait_until(lambda: rpc.call("aztec_isReady"), timeout_s=60, what="the end of catching up")
            assert rpc.call("aztec_getL2Tips")["checkpointed"]["checkpoint"]["number"] == 1
        assert [line for line in daemon.output if "checkpoint_skipped" in line]
        daemon.stop()
    finally:
        daemon.kill()


def test_the_command_does_not_propose(maker, tmp_path):
    place = place_of(maker)
    where = ("--l1-rpc-url", place["l1_url"], "--registry", place["registry"])
    done = run("node", "--port", "0", *where, "--data-dir", str(tmp_path / "data"), "--sequencer")
    assert_told(done, f"the rollup has a committee of {SIZE}", "start without --sequencer")
