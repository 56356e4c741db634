"""Waking a task, and pauses that grow."""

from __future__ import annotations

import asyncio
import threading

import pytest

from aztecd.node.pacing import Backoff, Wake

LONG_S = 60.0


def test_pauses_grow_to_the_last_and_begin_anew():
    backoff = Backoff((0.1, 0.5, 2.0))
    assert [backoff.failed() for _ in range(5)] == [0.1, 0.5, 2.0, 2.0, 2.0]
    backoff.succeeded()
    assert backoff.failed() == 0.1


async def test_a_call_before_the_wait_is_not_lost_and_counts_once():
    wake = Wake()
    wake.set()
    wake.set_from_thread()
    await wake.wait(LONG_S)
    waiting = asyncio.create_task(wake.wait(LONG_S))
    await asyncio.sleep(0)
    assert not waiting.done()
    wake.set()
    await waiting


async def test_another_thread_wakes_it():
    wake = Wake()
    waiting = asyncio.create_task(wake.wait(LONG_S))
    await asyncio.sleep(0)
    thread = threading.Thread(target=wake.set_from_thread)
    thread.start()
    await waiting
    thread.join()


async def test_the_wait_ends_by_itself():
    await Wake().wait(0.001)


async def test_a_cancelled_wait_ends_even_when_it_is_called_just_then():
    wake = Wake()
    waiting = asyncio.create_task(wake.wait(LONG_S))
    await asyncio.sleep(0)
    wake.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
