"""What a sequencer does at one look, with a producer, a clock and an archiver that say what a test tells."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from aztecd.archiver import FinalChainLostError, L1ContradictionError
from aztecd.chain import InvalidMessageError
from aztecd.l1 import CheckpointConflictError, L1UnavailableError, PublishError
from aztecd.l1.slots import SlotClock
from aztecd.sequencer import SlotSequencer, SlotTiming

CLOCK = SlotClock(genesis_time=1000, slot_duration_s=72, epoch_duration=2, proof_submission_epochs=1)


@dataclass
class World:
    """A writer, producer, mempool, view and L1 clock in one; `done` is what was asked of them."""

    slot: int = 5
    second: int = 0
    pending_count: int = 1
    version: int = 0
    last_slot: int = 4
    is_in_sync: bool = True
    includes: bool = True
    is_old: bool = False
    on_l1: bool = False
    proposed: Any = None
    trouble: Exception | None = None
    done: list[Any] = field(default_factory=list)

    @property
    def now(self) -> int:
        return CLOCK.timestamp_of(self.slot) + self.second

    @property
    def snapshot(self) -> Any:
        return SimpleNamespace(timestamp=self.now - 12, pending_timestamp=self.now, block_hash=b"L1")

    def read(self) -> Any:
        return SimpleNamespace(latest_timestamp=self.now - 12, pending_timestamp=self.now)

    async def run(self, _name: str, job: Any) -> Any:
        return job()

    def needs_anchor(self, _timestamp: int) -> bool:
        return self.is_old

    @property
    def has_proposal(self) -> bool:
        return self.proposed is not None

    def build(self, plan: Any, *, max_seconds: float) -> Any:
        self.done.append(("build", plan.slot, max_seconds))
        if not self.includes:
            return None
        self.proposed = SimpleNamespace(slot=plan.slot, request=SimpleNamespace(checkpoint_number=1))
        return self.proposed

    def proposal(self) -> Any:
        return self.proposed

    def send(self, proposal: Any, *, l1_timestamp: int | None) -> Any:
        self.done.append(("send", proposal.slot, l1_timestamp))
        if self.trouble is not None:
            raise self.trouble
        return proposal

    def is_on_l1(self, _proposal: Any) -> bool:
        return self.on_l1

    def mark(self, proposal: Any, _published: Any) -> None:
        self.done.append("mark")
        self.last_slot, self.proposed = proposal.slot, None
        self.pending_count = 0

    def step_back(self) -> int:
        self.done.append("step back")
        self.proposed = None
        return 1


def sequencer(world: Any, **options: Any) -> SlotSequencer:
    return SlotSequencer(
        writer=world,
        producer=world,
        mempool=world,
        view=world,
        l1_time=world,
        timing=SlotTiming(CLOCK),
        is_in_sync=lambda: world.is_in_sync,
        **options,
    )


async def test_a_block_is_built_and_published_and_the_clock_is_left_alone():
    world = World(second=10)
    assert await sequencer(world).look()
    assert world.done == [("build", 5, 50.0), ("send", 5, None), "mark"]


@pytest.mark.parametrize(
    "change", [{"pending_count": 0}, {"last_slot": 5}, {"second": 60}, {"is_in_sync": False}]
)
async def test_nothing_is_built(change):
    world = World(**change)
    assert not await sequencer(world).look()
    assert world.done == []


async def test_an_old_chain_gets_a_block_for_wallets_to_build_on():
    world = World(pending_count=0, is_old=True)
    assert await sequencer(world).look()
    assert world.done[-1] == "mark"


async def test_an_archiver_that_falls_behind_while_the_job_waits_stops_it():
    world = World()
    run = world.run

    async def run_later(name: str, job: Any) -> Any:
        world.is_in_sync = False
        return await run(name, job)

    world.run = run_later
    assert not await sequencer(world).look()
    assert world.done == []


async def test_the_reason_for_waiting_is_logged_once():
    world = World(last_slot=5)
    waiting = sequencer(world)
    with structlog.testing.capture_logs() as logs:
        for world.second in (10, 20, 30):
            assert not await waiting.look()
        world.slot, world.is_in_sync = 6, False
        for world.second in (0, 10):
            assert not await waiting.look()
    assert [(entry["event"], entry["reason"], entry["slot"]) for entry in logs] == [
        ("sequencer_waits", "the slot has its checkpoint", 5),
        ("sequencer_waits", "the node is behind L1", 6),
    ]


@pytest.mark.parametrize(
    "refusal",
    [
        CheckpointConflictError("another was first"),
        PublishError("L1 refused", error_name="Rollup__SlotAlreadyInChain"),
        PublishError("L1 refused", error_name="Rollup__InvalidArchive"),
        PublishError("L1 refused", error_name="HeaderLib__InvalidSlotNumber"),
        PublishError("L1 refused", error_name="Rollup__InvalidManaMinFee"),
    ],
    ids=lambda error: error.error_name or "conflict",
)
async def test_a_refused_checkpoint_is_undone_and_the_slot_left_alone(refusal):
    world = World(trouble=refusal)
    one = sequencer(world)
    with structlog.testing.capture_logs() as logs:
        assert await one.look()
        assert not await one.look()
    assert world.done == [("build", 5, 60.0), ("send", 5, None), "step back"]
    assert logs[0]["event"] == "stepped_back"
    assert logs[0]["error"] == refusal.error_name
    world.slot, world.trouble = 6, None
    assert await one.look()
    assert world.done[-3:] == [("build", 6, 60.0), ("send", 6, None), "mark"]


async def test_nothing_is_decided_about_a_checkpoint_while_l1_is_away():
    world = World(trouble=L1UnavailableError("away"))
    one = sequencer(world)
    for _ in range(2):
        with pytest.raises(L1UnavailableError):
            await one.look()
    assert world.has_proposal
    world.trouble = None
    assert await one.look()
    assert world.done == [("build", 5, 60.0)] + [("send", 5, None)] * 3 + ["mark"]


@pytest.mark.parametrize("slot", [4, 6])
@pytest.mark.parametrize("on_l1", [True, False])
async def test_outside_of_its_slot_l1_decides_about_a_checkpoint(slot, on_l1):
    world = World(slot=slot, last_slot=3, on_l1=on_l1)
    world.proposed = SimpleNamespace(slot=5, request=SimpleNamespace(checkpoint_number=1))
    assert await sequencer(world).look()
    assert world.done == ([("send", 5, None), "mark"] if on_l1 else ["step back"])


async def test_what_can_not_be_included_is_tried_again_when_something_changes():
    world = World(includes=False)
    one = sequencer(world)
    for _ in range(3):
        assert not await one.look()
    assert len(world.done) == 1
    world.version += 1
    assert not await one.look()
    assert len(world.done) == 2
    world.slot = 6
    assert not await one.look()
    assert [slot for _, slot, _ in world.done] == [5, 5, 6]


async def test_proofs_are_asked_for_once_for_each_l1_block_and_slot():
    world, asked = World(pending_count=0), []
    settlement: Any = SimpleNamespace(
        due=lambda slot: [slot], settle=lambda epoch: asked.append(epoch) or True
    )
    changes: list[int] = []
    one = sequencer(world, settlement=settlement, on_l1_changed=lambda: changes.append(world.slot))
    for world.slot in (5, 5, 6, 6):
        assert not await one.look()
    assert asked == changes == [5, 6]
    world.slot, world.is_in_sync = 7, False
    assert not await one.look()
    assert asked == [5, 6]


@pytest.mark.parametrize("turns", range(8))
async def test_a_sequencer_that_is_woken_and_stopped_at_once_stops(turns):
    world = World(pending_count=0)
    one = sequencer(world)
    task = asyncio.ensure_future(one.run())
    for _ in range(20):
        await asyncio.sleep(0)
    one.wake()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=1)
    is_stopped = bool(done)
    task.cancel()
    assert is_stopped
    assert task.cancelled()


async def test_it_goes_on_after_l1_was_away():
    world = World(trouble=L1UnavailableError("away"))
    published = asyncio.Event()
    one = sequencer(world, on_l1_changed=published.set, look_every_s=60.0)
    send = world.send

    def come_back(proposal: Any, *, l1_timestamp: int | None) -> Any:
        try:
            return send(proposal, l1_timestamp=l1_timestamp)
        finally:
            world.trouble = None

    world.send = come_back
    task = asyncio.ensure_future(one.run())
    async with asyncio.timeout(10):
        await published.wait()
    task.cancel()
    await asyncio.wait([task])
    assert world.done[-1] == "mark"


@pytest.mark.parametrize(
    "trouble",
    [
        FinalChainLostError("L1 has other messages"),
        InvalidMessageError("a message in the place of another"),
        L1ContradictionError("the events do not lead to the rolling hash"),
    ],
    ids=lambda error: error.code,
)
async def test_it_goes_on_after_l1_told_of_messages_that_nobody_can_follow(trouble):
    world = World()
    published = asyncio.Event()
    build, troubles = world.build, [trouble]

    def build_after_reading_messages(plan: Any, *, max_seconds: float) -> Any:
        if troubles:
            raise troubles.pop()
        return build(plan, max_seconds=max_seconds)

    world.build = build_after_reading_messages
    task = asyncio.ensure_future(sequencer(world, on_l1_changed=published.set, look_every_s=60.0).run())
    waiting = asyncio.ensure_future(published.wait())
    done, _ = await asyncio.wait([task, waiting], timeout=10, return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    waiting.cancel()
    assert done == {waiting}
    assert world.done[-1] == "mark"
