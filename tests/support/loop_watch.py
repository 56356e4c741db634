"""Catch callbacks that hold up an asyncio event loop."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_LIMIT_S = 0.2
"""Processor time of one step: more than this is work that belongs in a thread."""
WAIT_LIMIT_S = 2.0
"""Wall time of one step: a sleep or a blocking call; generous, because test machines are shared."""


@contextmanager
def watched_loops(factor: float = 1.0) -> Iterator[list[str]]:
    """Measure every step of every asyncio loop; gives a list that fills with those that took too long."""
    blocked: list[str] = []
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        wall, busy = time.monotonic(), time.thread_time()
        try:
            run(handle)
        finally:
            wall, busy = time.monotonic() - wall, time.thread_time() - busy
            if busy > BUSY_LIMIT_S * factor or wall > WAIT_LIMIT_S * factor:
                # A step of a task hides the task behind a wrapper; its name is what helps.
                who = getattr(handle._callback, "__self__", None) or handle
                blocked.append(f"{busy:.3f} s busy, {wall:.3f} s in all: {who!r}"[:300])

    asyncio.Handle._run = measured  # type: ignore[method-assign]
    try:
        yield blocked
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]
