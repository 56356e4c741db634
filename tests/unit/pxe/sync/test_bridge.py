from __future__ import annotations

import asyncio
import threading

import pytest

from aztecd.pxe.sync import NodeBridge, NodeChangedError
from tests.support.pxe_chain import FakeChain


async def test_closing_just_when_a_question_begins_ends_it(monkeypatch):
    bridge = NodeBridge(FakeChain(), asyncio.get_running_loop())
    submit, closed = asyncio.run_coroutine_threadsafe, threading.Event()

    def slow(call, loop):
        future = submit(call, loop)
        assert closed.wait(30)
        return future

    async def question():
        bridge.close()
        closed.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "run_coroutine_threadsafe", slow)
    async with asyncio.timeout(30):
        with pytest.raises(NodeChangedError, match="closed"):
            await asyncio.to_thread(bridge.run, question())


async def test_a_closed_bridge_asks_nothing():
    bridge = NodeBridge(FakeChain(), asyncio.get_running_loop())
    bridge.close()
    with pytest.raises(NodeChangedError, match="closed"):
        await asyncio.to_thread(bridge.run, asyncio.sleep(0))
    assert bridge.call_count == 1
