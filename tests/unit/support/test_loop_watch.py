from __future__ import annotations

import asyncio
import time

import pytest

from tests.support import loop_watch
from tests.support.loop_watch import watched_loops

# The watch of the test run itself must not mind the faults that are made here.
pytestmark = pytest.mark.loop_may_block(1000)


async def _spin() -> None:
    end = time.thread_time() + 1.5 * loop_watch.BUSY_LIMIT_S
    while time.thread_time() < end:
        pass


async def _block() -> None:
    time.sleep(0.05)  # noqa: ASYNC251 - the fault to be found


def test_work_that_holds_up_the_loop_is_found():
    with watched_loops() as blocked:
        asyncio.run(_spin())
    assert len(blocked) == 1
    assert "_spin" in blocked[0]


def test_a_blocking_call_is_found(monkeypatch):
    monkeypatch.setattr(loop_watch, "WAIT_LIMIT_S", 0.04)
    with watched_loops() as blocked:
        asyncio.run(_block())
    assert any("_block" in entry for entry in blocked)


def test_work_in_a_thread_is_fine():
    with watched_loops() as blocked:
        asyncio.run(asyncio.to_thread(asyncio.run, asyncio.sleep(0)))
    assert blocked == []
