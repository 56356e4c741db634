"""Proposers that share a rollup: one slot, one checkpoint, and nobody loses a transaction.

L1's clock is moved by the tests. Looks are made one by one, so that every race has one outcome.
"""

from __future__ import annotations

import asyncio
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from aztecd.crypto.kzg import KzgWorker
from aztecd.l1 import (
    ContractSet,
    L1Account,
    L1Client,
    L1UnavailableError,
    SenderOptions,
    TransactionTimeoutError,
    deploy,
    warm_up_blobs,
)
from aztecd.l1.slots import SlotClock
from aztecd.localnet.anvil import Anvil, AnvilOptions
from aztecd.storage import MemoryStore
from tests.support.l1_chain import CHAIN_ID, DEPLOYER, local_config, prunes
from tests.support.load import wait_until
from tests.support.proposer import Proposer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aztecd.artifacts import Artifacts
    from aztecd.l1 import Deployment

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120), pytest.mark.loop_may_block(4.0)]

OTHER = L1Account(bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"))
IMPATIENT = SenderOptions(attempts=1, receipt_timeout_s=0.0)


@pytest.fixture(scope="module")
def kzg() -> Iterator[KzgWorker]:
    worker = KzgWorker()
    blob = bytes(131072)
    worker.blob_proof(blob, worker.commitment(blob))  # the set-up takes seconds: not within a slot
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def anvil(artifacts: Artifacts, tmp_path_factory) -> Iterator[Anvil]:
    running = Anvil.start(
        AnvilOptions(program=artifacts.anvil, data_dir=tmp_path_factory.mktemp("anvil"), port=0)
    )
    with closing(L1Client(running.url)) as client:
        warm_up_blobs(client, CHAIN_ID)
    yield running
    running.kill()


class Rollup:
    """A rollup for one test, and the hand on L1's clock."""

    def __init__(self, anvil: Anvil, artifacts: Artifacts, kzg: KzgWorker) -> None:
        self.contracts = ContractSet(artifacts.l1_artifacts)
        self.client = L1Client(anvil.url, errors=self.contracts.errors)
        self.deployment: Deployment = deploy(
            self.client, self.contracts, DEPLOYER, local_config(), allow_used_account=True
        )
        self.make: Callable[..., Proposer] = lambda account=DEPLOYER, store=None, **options: Proposer(
            anvil.url,
            self.contracts,
            self.deployment,
            artifacts,
            MemoryStore() if store is None else store,
            kzg,
            account,
            **options,
        )
        self.clock = SlotClock(
            genesis_time=self.deployment.genesis_time,
            slot_duration_s=self.deployment.slot_duration_s,
            epoch_duration=self.deployment.epoch_duration,
            proof_submission_epochs=self.deployment.proof_submission_epochs,
        )

    def time(self, tag: str = "pending") -> int:
        return int(self.client.call("eth_getBlockByNumber", tag, False)["timestamp"], 16)

    def go_to(self, slot: int, *, seconds: int = 0) -> None:
        """Mine an empty block in a slot."""
        self.client.call("evm_setNextBlockTimestamp", self.clock.timestamp_of(slot) + seconds)
        self.client.call("evm_mine")

    def pass_to(self, slot: int) -> None:
        """Let time go on into a slot without any block."""
        self.client.call("evm_increaseTime", self.clock.timestamp_of(slot) + 1 - self.time())

    def nonce(self, proposer: Proposer) -> int:
        address = f"0x{proposer.account.address.hex()}"
        return int(self.client.call("eth_getTransactionCount", address, "latest"), 16)


@pytest.fixture
def rollup(anvil: Anvil, artifacts: Artifacts, kzg: KzgWorker) -> Iterator[Rollup]:
    made = Rollup(anvil, artifacts, kzg)
    yield made
    made.client.call("evm_setAutomine", True)
    made.client.call("anvil_removeBlockTimestampInterval")
    made.client.close()


async def together(*proposers: Proposer) -> None:
    """Bring all to the same L1 block, and compare what they have."""
    for proposer in proposers:
        await proposer.follow()
    chains = [proposer.ledger.chain for proposer in proposers]
    assert len({chain.tips().proposed.hash for chain in chains}) == 1
    assert all(chain.tips().proposed.number == chain.tips().checkpointed.number for chain in chains)


async def test_a_slot_gets_one_checkpoint_and_time_is_not_moved(rollup):
    node = rollup.make()
    rollup.go_to(3)
    first = node.give(node.tx("first"))
    assert await node.look()
    second = node.give(node.tx("second", payer=1))
    assert not await node.look()
    assert rollup.clock.slot_at(rollup.time("latest")) == 3
    rollup.go_to(4, seconds=61)
    assert not await node.look()  # too late for a transaction that waits for an L1 block
    rollup.go_to(5, seconds=20)
    assert await node.look()
    assert rollup.clock.timestamp_of(5) + 20 <= rollup.time("latest") < rollup.clock.timestamp_of(6)
    assert node.mined() == dict.fromkeys(first, 1) | dict.fromkeys(second, 2)
    assert [node.ledger.chain.header(number).slot for number in (1, 2)] == [3, 5]
    await together(node, fresh := rollup.make(OTHER))
    for one in (node, fresh):
        await one.close()


async def test_who_was_second_steps_back_and_loses_nothing(rollup):
    ours, theirs = rollup.make(), rollup.make(OTHER)
    rollup.go_to(2)
    await together(ours, theirs)
    shared = ours.tx("shared")
    ours.give(shared, ours.tx("ours", payer=1))
    [*_, kept] = theirs.give(shared, theirs.tx("theirs", payer=2))
    before = rollup.nonce(theirs)
    assert await ours.sequencer.look()
    # They have not seen it yet: what they build is refused, before anything is sent.
    assert await theirs.sequencer.look()
    assert theirs.ledger.chain.tips().proposed.number == 0
    assert theirs.ledger.mempool.pending_count == 2
    assert rollup.nonce(theirs) == before
    await together(ours, theirs)
    assert not await theirs.sequencer.look()
    assert theirs.ledger.mempool.pending_hashes() == [kept]
    rollup.go_to(3)
    assert await theirs.look()
    await together(ours, theirs)
    assert theirs.mined() == ours.mined()
    assert len(ours.mined()) == 3
    assert ours.mined()[kept] == 2
    for node in (ours, theirs):
        await node.close()


async def test_both_are_in_the_same_l1_block(rollup):
    """Neither could know: the contract refuses the second, and its transaction fails."""
    ours, theirs = rollup.make(), rollup.make(OTHER)
    rollup.go_to(2)
    await together(ours, theirs)
    sent = [*ours.give(ours.tx("ours")), *theirs.give(theirs.tx("theirs", payer=1))]
    before = rollup.nonce(theirs)
    rollup.client.call("evm_setAutomine", False)
    looks = [asyncio.create_task(node.sequencer.look()) for node in (ours, theirs)]
    await asyncio.to_thread(
        wait_until,
        lambda: rollup.client.call("txpool_status")["pending"] == "0x2",
        timeout_s=60,
        what="both transactions in L1's pool",
    )
    rollup.client.call("evm_mine")
    assert await asyncio.gather(*looks) == [True, True]
    rollup.client.call("evm_setAutomine", True)
    assert rollup.nonce(theirs) == before + 1
    assert sorted(node.checkpoints for node in (ours, theirs)) == [0, 1]
    await together(ours, theirs)
    rollup.go_to(3)
    [loser] = [node for node in (ours, theirs) if node.ledger.mempool.pending_count]
    assert await loser.look()
    await together(ours, theirs)
    assert sorted(ours.mined()) == sorted(sent)
    assert ours.mined() == theirs.mined()
    for node in (ours, theirs):
        await node.close()


async def test_a_transaction_that_is_mined_after_its_slot_does_no_harm(rollup):
    node = rollup.make(sender_options=IMPATIENT)
    rollup.go_to(2)
    await node.follow()
    [tx_hash] = node.give(node.tx("late"))
    rollup.client.call("evm_setAutomine", False)
    rollup.client.call("evm_setNextBlockTimestamp", rollup.clock.timestamp_of(2) + 30)
    node.producer._publisher._sender._can_send_and_wait = False
    with pytest.raises(TransactionTimeoutError):
        await node.sequencer.look()
    assert node.ledger.chain.tips().proposed.number == 1  # it may still be mined in time
    assert rollup.client.call("txpool_status")["pending"] == "0x1"
    rollup.client.call("evm_setNextBlockTimestamp", rollup.clock.timestamp_of(3) + 1)
    assert await node.sequencer.look()  # the slot is over: it steps back
    assert node.ledger.mempool.pending_hashes() == [tx_hash]
    before = rollup.nonce(node)
    rollup.client.call("evm_mine")
    assert rollup.nonce(node) == before + 1  # mined, and refused by the contract
    assert node.reader.tips().pending == 0
    rollup.client.call("evm_setAutomine", True)
    while not node.mined():
        # The sender is impatient, and Anvil shows the state of a block before it has the block's events.
        with suppress(TransactionTimeoutError, L1UnavailableError):
            await node.look()
    assert node.mined() == {tx_hash: 1}
    assert node.ledger.chain.header(1).slot == 3
    await together(node)
    await node.close()


@pytest.mark.parametrize("is_sent", [True, False], ids=["sent", "not sent"])
@pytest.mark.parametrize("is_over", [True, False], ids=["slot over", "in the slot"])
async def test_l1_decides_what_became_of_a_checkpoint_after_a_crash(rollup, is_sent, is_over):
    """The block is stored, the answer of L1 is not: as after a kill at that moment."""
    store = MemoryStore()
    node = rollup.make(store=store)
    rollup.go_to(2)
    await node.follow()
    [tx_hash] = node.give(node.tx("first"))
    send = node.producer.send

    def lose(*arguments, **options):
        if is_sent:
            send(*arguments, **options)
        raise L1UnavailableError("killed")

    node.producer.send = lose
    with pytest.raises(L1UnavailableError):
        await node.sequencer.look()
    await node.writer.close()
    if is_over:
        rollup.pass_to(3)
    sent = rollup.nonce(node)
    again = rollup.make(store=store)
    assert again.ledger.chain.tips().proposed.number == 1
    assert await again.sequencer.look()
    if is_sent or not is_over:
        assert again.mined() == {tx_hash: 1}
        assert again.checkpoints == 1
        assert rollup.nonce(again) == sent + (not is_sent)
    else:
        assert again.mined() == {}
        assert again.ledger.mempool.pending_hashes() == [tx_hash]
        assert rollup.nonce(again) == sent
        assert await again.look()
        assert again.mined() == {tx_hash: 1}
    await together(again, fresh := rollup.make(OTHER))
    for one in (again, fresh):
        await one.close()


async def test_the_archiver_reads_a_checkpoint_that_is_marked_meanwhile(rollup):
    node = rollup.make()
    rollup.go_to(2)
    await node.follow()
    [tx_hash] = node.give(node.tx("first"))
    mark, apply = node.producer.mark, node.archiver._applier.apply
    later = []
    node.producer.mark = lambda *arguments: later.append(arguments)
    assert await node.sequencer.look()

    def apply_late(retrieved):
        mark(*later[0])
        assert node.checkpoints == 1
        apply(retrieved)

    node.archiver._applier.apply = apply_late
    await node.follow()
    assert node.mined() == {tx_hash: 1}
    await together(node, fresh := rollup.make(OTHER))
    for one in (node, fresh):
        await one.close()


async def test_complete_epochs_are_settled_once(rollup):
    ours, theirs = rollup.make(settles=True), rollup.make(OTHER, settles=True)
    rollup.go_to(4)
    await together(ours, theirs)
    ours.give(ours.tx("in slot 4"))
    assert await ours.look()
    assert not await ours.look()
    assert ours.reader.tips().proven == 0  # the epoch may get another one in slot 5
    rollup.go_to(6)
    await together(ours, theirs)
    before = rollup.nonce(theirs)
    assert not await ours.sequencer.look()
    assert ours.reader.tips().proven == 1
    # They saw L1 before it was proven.
    assert not await theirs.sequencer.look()
    assert rollup.nonce(theirs) == before
    await together(ours, theirs)
    for node in (ours, theirs):
        assert node.ledger.chain.tips().proven.checkpoint_number == 1
    # An epoch whose last slot has its checkpoint is complete at once.
    rollup.go_to(7)
    await ours.follow()
    ours.give(ours.tx("in slot 7"))
    assert await ours.look()
    assert not await ours.look()
    assert ours.reader.tips().proven == 2
    assert len(ours.reader.epochs_proven(0)) == 2
    for node in (ours, theirs):
        await node.close()


async def test_blocks_that_were_not_proven_in_time_are_built_again(rollup):
    node = rollup.make()
    rollup.go_to(2)
    await node.follow()
    [tx_hash] = node.give(node.tx("first"))
    assert await node.look()
    rollup.go_to(6)  # the window of epoch 1 is over
    await node.follow()
    assert node.ledger.mempool.pending_hashes() == [tx_hash]
    assert await node.look()
    await together(node, fresh := rollup.make(OTHER))
    assert fresh.mined() == {tx_hash: 1}
    assert fresh.ledger.chain.header(1).slot == 6
    assert prunes(node.reader) == 1
    for one in (node, fresh):
        await one.close()


@pytest.mark.parametrize("moves_time", [True, False])
async def test_an_l1_whose_time_stands_still_is_moved_only_when_asked(rollup, moves_time):
    node = rollup.make(moves_time=moves_time, settles=True)
    rollup.go_to(2)
    rollup.client.call("anvil_setBlockTimestampInterval", 12)
    await node.follow()
    for number in range(4):
        node.give(node.tx(number, payer=number))
        await node.look()
    await together(node)
    if moves_time:
        assert node.checkpoints == 4
        assert [node.ledger.chain.header(number).slot for number in range(1, 5)] == [2, 3, 4, 5]
        assert node.reader.tips().proven >= 2
    else:
        assert node.checkpoints == 1
        assert rollup.clock.slot_at(rollup.time("latest")) == 2
    await node.close()
