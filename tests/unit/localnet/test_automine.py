from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aztecd.localnet.automine import AutoMiner


class Idle:
    """A writer, producer, mempool and outlook with nothing to do."""

    pending_count = 0

    async def run(self, _name: str, job: Any) -> Any:
        return job()

    def needs_anchor(self, _timestamp: int) -> bool:
        return False

    def next_slot_timestamp(self) -> int:
        return 0

    def produce(self) -> None:
        raise AssertionError("there is nothing to build")

    def publish_proposed(self) -> None:
        pass

    def settle(self) -> bool:
        return False


@pytest.mark.parametrize("turns", range(8))
async def test_a_miner_that_is_woken_and_stopped_at_once_stops(turns):
    idle: Any = Idle()
    miner = AutoMiner(writer=idle, producer=idle, mempool=idle, outlook=idle, may_settle=lambda: True)
    task = asyncio.ensure_future(miner.run())
    for _ in range(20):
        await asyncio.sleep(0)
    miner.wake()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=1)
    is_stopped = bool(done)
    task.cancel()
    assert is_stopped
    assert task.cancelled()


async def test_epochs_are_settled_only_when_that_is_cheap():
    settled = asyncio.Event()

    class Settling(Idle):
        def settle(self) -> bool:
            settled.set()
            return False

    idle: Any = Settling()
    is_cheap, asked = False, asyncio.Event()

    def may_settle() -> bool:
        asked.set()
        return is_cheap

    miner = AutoMiner(writer=idle, producer=idle, mempool=idle, outlook=idle, may_settle=may_settle)
    task = asyncio.ensure_future(miner.run())
    async with asyncio.timeout(10):
        await asked.wait()
        assert not settled.is_set()
        is_cheap = True
        miner.wake()
        await settled.wait()
    task.cancel()
    await asyncio.wait([task])
