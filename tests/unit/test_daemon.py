"""What every daemon does beside its tasks."""

from __future__ import annotations

import asyncio
import gc
import weakref

from aztecd.daemon import run_tasks
from aztecd.node.writer import SerialWriter


class Circle:
    """Refers to itself."""

    def __init__(self) -> None:
        self.me = self


async def test_reference_cycles_do_not_stay_until_there_are_many(monkeypatch):
    monkeypatch.setattr("aztecd.daemon._COLLECT_EVERY_S", 0.01)
    writer = SerialWriter()
    gone = asyncio.Event()

    async def wait_until_gone() -> None:
        async with asyncio.timeout(60):
            await gone.wait()

    gc.disable()
    try:
        watched = weakref.ref(Circle(), lambda _: gone.set())
        assert watched() is not None
        assert await run_tasks({}, writer, asyncio.Event(), wait_until_gone)
    finally:
        gc.enable()
    await writer.close()
