"""What a contract finds of its notes is kept step by step, so that an impatient caller gets somewhere."""

from __future__ import annotations

import asyncio

import pytest

from aztecd.crypto.field import fr, fr_int
from aztecd.pxe.jobs import JobRunner
from aztecd.pxe.keys import address_point
from aztecd.pxe.oracles.tagging import directional_tagging_secret, siloed_tags
from aztecd.pxe.sync import ContractSync
from aztecd.pxe.sync.tagged_logs import fetch_tagged_logs
from aztecd.storage import MemoryStore
from tests.support.pxe_chain import account, effect, open_keys
from tests.support.pxe_contracts import artifact, function, instance
from tests.support.pxe_records import note

CODE = artifact(function("read"))
INSTANCE = instance(CODE)
CONTRACT = INSTANCE.address
READ = CODE.function("read").selector
BASE = fr(100)
LOGS = 250


class Wallet:
    """A runner of jobs whose contract makes a note of each log. `runs` has the logs of each turn."""

    def __init__(self, chain) -> None:
        keys = open_keys(MemoryStore())
        alice, self.bob = account(keys, 1), account(keys, 2)
        shared = keys.shared_secret(alice, address_point(self.bob))
        secret = directional_tagging_secret(shared, CONTRACT, self.bob)
        for index, tag in enumerate(siloed_tags(secret, CONTRACT, list(range(LOGS))), 1):
            chain.mine(effect(index), logs=[(tag, fr(index))])
        chain.finalized = LOGS
        self.jobs = JobRunner(node=chain, store=MemoryStore(), keys=keys)
        self.runs: list[list[int]] = []
        self.in_turn = lambda running, turn: None

    async def register(self) -> None:
        def register(stores, _node):
            stores.contracts.add_class(INSTANCE.current_contract_class_id, CODE)
            stores.contracts.add_instance(INSTANCE)

        await self.jobs.write(register)

    def sync(self, running) -> None:
        def sync_state(contract, _selector, _arguments, scopes):
            job = running.job
            fetch_tagged_logs(job, contract, BASE, scopes)
            found = [fr_int(item[17]) for item in job.stores.capsules.read_array(contract, BASE)]
            job.stores.capsules.set_array(contract, BASE, [])
            for number in found:
                job.stores.notes.add(note(number, number, contract_address=contract), self.bob)
            self.runs.append(found)
            self.in_turn(running, len(self.runs))
            return ()

        ContractSync(running.job, running.synced).ensure_contract_synced(
            CONTRACT, READ, (self.bob,), sync_state
        )

    def stored(self) -> list[int]:
        return sorted(found.block_number for found in self.jobs.committed().notes.select(CONTRACT))


@pytest.fixture
async def wallet(chain):
    made = Wallet(chain)
    await made.register()
    yield made
    await made.jobs.close()


async def test_all_is_found_in_a_few_turns(wallet):
    await wallet.jobs.run(wallet.sync)
    assert [number for found in wallet.runs for number in found] == list(range(1, LOGS + 1))
    assert [len(found) < 150 for found in wallet.runs] == [True] * len(wallet.runs)
    assert 1 < len(wallet.runs) < 5
    assert wallet.stored() == list(range(1, LOGS + 1))
    turns = len(wallet.runs)
    await wallet.jobs.run(wallet.sync)
    assert len(wallet.runs) == turns


async def test_the_next_try_goes_on_where_the_caller_went_away(wallet):
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang(running, turn):
        if turn == 2:
            loop.call_soon_threadsafe(began.set)
            while True:
                running.job.bridge.run(asyncio.sleep(0))

    wallet.in_turn = hang
    task = asyncio.ensure_future(wallet.jobs.run(wallet.sync))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    wallet.in_turn = lambda running, turn: None
    await wallet.jobs.run(lambda _: None)  # comes after the one that was cancelled
    first, *_ = wallet.runs
    assert wallet.stored() == first
    assert len(first) >= 100

    wallet.runs.clear()
    await wallet.jobs.run(wallet.sync)
    assert [number for found in wallet.runs for number in found] == list(range(len(first) + 1, LOGS + 1))
    assert wallet.stored() == list(range(1, LOGS + 1))


async def test_what_else_a_job_has_staged_waits_for_its_end(wallet):
    def work(running):
        running.job.stores.capsules.store_capsule(CONTRACT, fr(5), [fr(6)])
        wallet.sync(running)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await wallet.jobs.run(work)
    assert [len(found) for found in wallet.runs] == [LOGS]
    assert wallet.stored() == []
    assert wallet.jobs.committed().capsules.load_capsule(CONTRACT, fr(5)) is None


async def test_what_was_found_outlives_a_job_that_fails_later(wallet):
    def work(running):
        wallet.sync(running)
        running.job.stores.capsules.store_capsule(CONTRACT, fr(5), [fr(6)])
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await wallet.jobs.run(work)
    assert wallet.stored() == list(range(1, LOGS + 1))
    assert wallet.jobs.committed().capsules.load_capsule(CONTRACT, fr(5)) is None


async def test_a_reorganisation_undoes_what_was_kept(wallet, chain):
    def fail(_running, turn):
        if turn == 2:
            raise ValueError("no")

    wallet.in_turn = fail
    with pytest.raises(ValueError, match="no"):
        await wallet.jobs.run(wallet.sync)
    kept = wallet.stored()
    chain.finalized = 50
    chain.reorganise(60)
    chain.mine()
    wallet.in_turn = lambda running, turn: None
    wallet.runs.clear()
    await wallet.jobs.run(wallet.sync)
    assert len(kept) > 60
    assert wallet.stored() == list(range(1, 61))


async def test_a_contract_that_asks_for_no_logs_any_more_gets_none(wallet):
    turns = []

    def sync_state(contract, _selector, _arguments, scopes):
        turns.append(contract)
        if len(turns) == 1:
            fetch_tagged_logs(turns_job[0], contract, BASE, scopes)
        return ()

    turns_job = []

    def work(running):
        turns_job.append(running.job)
        sync = ContractSync(running.job, running.synced)
        sync.ensure_contract_synced(CONTRACT, READ, (wallet.bob,), sync_state)

    async with asyncio.timeout(60):
        await wallet.jobs.run(work)
    assert len(turns) == 2
