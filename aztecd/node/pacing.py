"""When a task works again: when somebody wakes it, after a while, and later after each failure."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

__all__ = ["Backoff", "Wake"]


class Wake:
    """Lets others call one task of the event loop to work. It is not lost when the task is busy."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def set(self) -> None:
        """Call the task; on the event loop."""
        self._event.set()

    def set_from_thread(self) -> None:
        """Call the task; in any thread."""
        if self._loop is None:
            self._event.set()  # nobody waits yet
        else:
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> None:
        """Wait until called, at most so long."""
        self._loop = asyncio.get_running_loop()
        # Not `wait_for`: in Python 3.11 it forgets that it was cancelled when the event comes just then.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()


class Backoff:
    """Growing pauses between attempts that fail."""

    def __init__(self, delays_s: Sequence[float]) -> None:
        """Take the pauses after the first, the second, ... failure; the last one stays."""
        self._delays_s = tuple(delays_s)
        self._failures = 0

    def succeeded(self) -> None:
        """Begin anew."""
        self._failures = 0

    def failed(self) -> float:
        """Count a failure; give the pause in seconds."""
        delay_s = self._delays_s[min(self._failures, len(self._delays_s) - 1)]
        self._failures += 1
        return delay_s
