from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress

import pytest

from aztecd.crypto.field import fr
from aztecd.pxe.acvm import Acvm, ExecutionInterruptedError
from aztecd.pxe.errors import PxeBusyError, TimeLimitError
from aztecd.pxe.interruption import Interruption
from aztecd.pxe.jobs import JobRunner
from aztecd.pxe.sync import NodeChangedError
from aztecd.storage import MemoryStore, StoreIoError
from tests.support.acvm_assembler import const, jump, unconstrained
from tests.support.pxe_chain import FakeChain, open_keys
from tests.support.pxe_records import ALICE, CONTRACT, note


class CrashingStore(MemoryStore):
    """Lets a given number of batches through; the ones after that never happen."""

    def __init__(self, left: int = 1000) -> None:
        super().__init__()
        self.left = left
        self.synced: list[bool] = []

    def write(self, batch, *, sync=False):
        if self.left == 0:
            raise StoreIoError("the process ends here")
        self.left -= 1
        self.synced.append(sync)
        super().write(batch, sync=sync)


@pytest.fixture
def chain() -> FakeChain:
    made = FakeChain()
    made.mine()
    return made


def runner(chain, store) -> JobRunner:
    return JobRunner(node=chain, store=store, keys=open_keys(MemoryStore()))


@pytest.fixture
async def jobs(chain):
    made = runner(chain, CrashingStore())
    yield made
    await made.close()


def add_note(number):
    return lambda running: running.job.stores.notes.add(note(number, 1), ALICE)


def stored(jobs) -> list[int]:
    return [found.block_number for found in jobs.committed().notes.select(CONTRACT)]


async def test_a_job_is_committed_when_it_is_through(jobs):
    await jobs.run(add_note(1))
    assert stored(jobs) == [1]


async def test_a_failed_job_leaves_nothing_but_the_anchor(jobs, chain):
    def fail(running):
        add_note(1)(running)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await jobs.run(fail)
    assert stored(jobs) == []
    assert jobs.committed().anchor.header() == chain.blocks[1].header


async def test_jobs_run_one_at_a_time_in_order(jobs):
    order = []
    running_now = threading.Semaphore(1)

    def work(number):
        def run(running):
            assert running_now.acquire(blocking=False)
            running.job.bridge.run(asyncio.sleep(0))
            order.append(number)
            running_now.release()

        return run

    await asyncio.gather(*(jobs.run(work(number)) for number in range(10)))
    assert order == list(range(10))


async def test_the_loop_answers_while_a_job_computes(jobs):
    began, finish = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def compute(_running):
        loop.call_soon_threadsafe(began.set)
        assert finish.wait(30)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(jobs.run(compute))
        await began.wait()
        finish.set()


async def test_a_crash_between_two_batches_loses_the_job_and_nothing_else(chain):
    store = CrashingStore()
    jobs = runner(chain, store)
    await jobs.run(add_note(1))
    chain.mine()
    # The anchor is written, what the job found is not.
    store.left = 1
    with pytest.raises(StoreIoError):
        await jobs.run(add_note(2))
    await jobs.close()
    store.left = 1000
    again = runner(chain, store)
    assert stored(again) == [1]
    assert again.committed().anchor.header() == chain.blocks[2].header
    await again.run(lambda running: running.job.stores.notes.add(note(2, 2), ALICE))
    assert stored(again) == [1, 2]
    await again.close()


async def test_a_crash_in_a_rollback_leaves_the_state_before_it(chain):
    store = CrashingStore()
    jobs = runner(chain, store)
    await jobs.run(add_note(1))
    before = dict(store.iterate(start=b"", stop=b"\xff"))
    chain.reorganise(0)
    store.left = 0
    with pytest.raises(StoreIoError):
        await jobs.run(lambda _: None)
    await jobs.close()
    assert dict(store.iterate(start=b"", stop=b"\xff")) == before
    store.left = 1000
    again = runner(chain, store)
    await again.run(lambda _: None)
    assert stored(again) == []
    await again.close()


async def test_only_durable_jobs_wait_for_the_disk(jobs, chain):
    store = jobs._store
    await jobs.run(add_note(1))
    assert not any(store.synced)
    await jobs.run(add_note(2), is_durable=True)
    await jobs.write(lambda stores, _node: stores.senders.add(ALICE))
    assert store.synced[-2:] == [True, True]


async def test_contracts_are_synchronised_again_after_a_failure_or_a_block(jobs, chain):
    def look(running):
        missing = running.synced.missing(CONTRACT, (ALICE,))
        running.synced.add(CONTRACT, (ALICE,))
        return missing

    def fail(running):
        raise ValueError("no")

    assert await jobs.run(look) == (ALICE,)
    assert await jobs.run(look) is None
    with pytest.raises(ValueError, match="no"):
        await jobs.run(fail)
    assert await jobs.run(look) == (ALICE,)
    chain.mine()
    assert await jobs.run(look) == (ALICE,)


async def test_closing_ends_a_job_that_waits_for_the_node(chain):
    jobs = runner(chain, MemoryStore())
    waiting = asyncio.Event()

    async def never():
        waiting.set()
        await asyncio.Event().wait()

    failures = []

    async def work():
        try:
            await jobs.run(lambda running: running.job.bridge.run(never()))
        except NodeChangedError as error:
            failures.append(error)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(work())
        await waiting.wait()
        await jobs.close()
    assert len(failures) == 1
    with pytest.raises(PxeBusyError, match="closed"):
        await jobs.run(lambda _: None)


async def test_a_question_to_the_node_ends_with_its_caller(jobs):
    waiting = asyncio.Event()

    async def never():
        waiting.set()
        await asyncio.Event().wait()

    def work(running):
        add_note(1)(running)
        running.job.bridge.run(never())

    task = asyncio.ensure_future(jobs.run(work))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(30):
        assert await jobs.run(lambda running: running.job.bridge.run(asyncio.sleep(0, "next"))) == "next"
    assert stored(jobs) == []


def ask_for_ever(running):
    add_note(1)(running)
    while True:
        running.job.bridge.run(asyncio.sleep(0))


async def test_a_node_that_always_has_an_answer_holds_nobody(chain):
    now = iter(range(1_000_000))
    jobs = JobRunner(
        node=chain,
        store=MemoryStore(),
        keys=open_keys(MemoryStore()),
        interruption=Interruption(20, clock=lambda: next(now)),
    )
    with pytest.raises(TimeLimitError, match="stopped after 20 s"):
        await jobs.run(ask_for_ever)
    assert stored(jobs) == []
    await jobs.close()


async def test_too_many_waiting_jobs_are_refused(chain):
    jobs = runner(chain, MemoryStore())
    finish = threading.Event()
    results = [asyncio.ensure_future(jobs.run(lambda _: finish.wait(30))) for _ in range(64)]
    await asyncio.sleep(0)
    with pytest.raises(PxeBusyError, match="64 operations wait"):
        await jobs.run(lambda _: None)
    finish.set()
    await asyncio.gather(*results)
    await jobs.close()


async def test_a_job_without_contract_code_outlives_its_caller(jobs):
    began, finish = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work(running):
        loop.call_soon_threadsafe(began.set)
        assert finish.wait(30)
        add_note(1)(running)

    task = asyncio.ensure_future(jobs.run(work))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    finish.set()
    await jobs.run(lambda _: None)
    assert stored(jobs) == [1]


async def test_errors_of_the_node_come_through(jobs, chain):
    async def away():
        raise StoreIoError("the node is away")

    chain.get_l2_tips = away
    with pytest.raises(StoreIoError, match="away"):
        await jobs.run(lambda _: None)


def test_known_secrets_are_forgotten_on_lock(chain):
    from tests.support.pxe_chain import account

    keys = open_keys(MemoryStore())
    alice, bob = account(keys, 1), account(keys, 2)
    jobs = JobRunner(node=chain, store=MemoryStore(), keys=keys)
    secret = jobs.secrets.as_sender(contract=CONTRACT, sender=alice, recipient=bob)
    assert secret == jobs.secrets.as_recipient(contract=CONTRACT, sender=alice, recipient=bob)
    assert secret != jobs.secrets.as_sender(contract=CONTRACT, sender=bob, recipient=alice)
    jobs.secrets.clear()
    assert jobs.secrets._secrets == {}
    assert fr(1).hex() not in repr(secret)


ENDLESS = unconstrained([const(3, 1), jump(1)])


class Computing:
    """A runner whose jobs execute code without end on a real machine."""

    def __init__(self, chain, time_limit_s=None, clock=time.monotonic):
        self.began = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.interruption = Interruption(time_limit_s, clock=clock)
        self.machine = Acvm(is_interrupted=self.interruption.is_due)
        self.jobs = JobRunner(
            node=chain,
            store=MemoryStore(),
            keys=open_keys(MemoryStore()),
            interruption=self.interruption,
        )

    def work(self, running):
        add_note(1)(running)
        self.loop.call_soon_threadsafe(self.began.set)
        self.machine.execute(ENDLESS, [], lambda name, arguments: [])


@pytest.fixture
async def computing(chain):
    made = Computing(chain)
    yield made
    await made.jobs.close()


async def test_code_ends_when_its_caller_goes_away(computing):
    task = asyncio.ensure_future(computing.jobs.run(computing.work))
    await computing.began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # The next one's turn comes, and it is not ended with it.
    assert await computing.jobs.run(lambda _: computing.interruption.is_due()) is False
    assert stored(computing.jobs) == []


async def test_closing_ends_code(computing):
    task = asyncio.ensure_future(computing.jobs.run(computing.work))
    await computing.began.wait()
    await computing.jobs.close()
    with pytest.raises(PxeBusyError, match="the wallet is closed"):
        await task


async def test_a_cancelled_close_waits_for_the_thread(chain):
    jobs = runner(chain, MemoryStore())
    began, finish = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    is_over = False

    def work(running):
        nonlocal is_over
        loop.call_soon_threadsafe(began.set)
        assert finish.wait(30)
        is_over = True

    task = asyncio.ensure_future(jobs.run(work))
    await began.wait()
    closing = asyncio.ensure_future(jobs.close())
    await asyncio.sleep(0)
    closing.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    assert not closing.done()
    finish.set()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert is_over
    await task


async def test_code_ends_when_its_time_is_over(chain):
    now = iter(range(0, 1000, 7))
    computing = Computing(chain, time_limit_s=20, clock=lambda: next(now))
    with pytest.raises(TimeLimitError, match="stopped after 20 s") as caught:
        await computing.jobs.run(computing.work)
    assert isinstance(caught.value.__cause__, ExecutionInterruptedError)
    assert stored(computing.jobs) == []
    await computing.jobs.close()


async def test_what_swallows_the_interruption_is_not_kept(chain):
    computing = Computing(chain, time_limit_s=0, clock=iter(range(100)).__next__)

    def careless(running):
        with suppress(ExecutionInterruptedError):
            computing.work(running)

    with pytest.raises(TimeLimitError):
        await computing.jobs.run(careless)
    assert stored(computing.jobs) == []
    await computing.jobs.close()
