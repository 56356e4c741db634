"""Ending jobs that take too long, or that nobody waits for.

Unconstrained code may run without end, a node may always have one more answer, and one job runs at a time.
The machine asks every few thousand steps whether to go on, the way to the node before each question; the
answer depends on the job that runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from aztecd.errors import AztecdError
from aztecd.pxe.errors import CancelledJobError, PxeBusyError, TimeLimitError

__all__ = ["Interruption", "Watch"]

CLOSED: Final = "the wallet is closed"


class Watch:
    """One job, as its caller sees it: told on the event loop, asked in the job's thread. Mutable."""

    __slots__ = ("_began", "_error", "_wish")

    def __init__(self) -> None:
        self._began: float | None = None
        self._error: AztecdError | None = None
        self._wish: AztecdError | None = None

    @property
    def error(self) -> AztecdError | None:
        """Why the job's code was told to end, if it was."""
        return self._error

    def cancel(self) -> None:
        """The caller went away."""
        self._wish = CancelledJobError("nobody waits for the result any more")

    def close(self) -> None:
        """The wallet is closed."""
        self._wish = PxeBusyError(CLOSED)

    def begin(self, now: float) -> None:
        """The job's time runs from here."""
        self._began = now

    def is_due(self, now: float, limit_s: float | None) -> bool:
        """Tell whether the code is to end, and remember why."""
        if self._error is None:
            self._error = self._wish or self._lateness(now, limit_s)
        return self._error is not None

    def check(self) -> None:
        """Raise why the job's code was told to end, whatever it made of that."""
        if self._error is not None:
            raise self._error

    def _lateness(self, now: float, limit_s: float | None) -> AztecdError | None:
        if limit_s is None or self._began is None or now - self._began <= limit_s:
            return None
        return TimeLimitError(
            f"contract code was stopped after {limit_s:g} s: it does not end, or the limit is too low"
        )


class Interruption:
    """What the jobs of one PXE are asked. `time_limit_s` is of a whole job, waiting for the node included.

    Mutable: knows the job that runs.
    """

    def __init__(
        self, time_limit_s: float | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit_s = time_limit_s
        self._clock = clock
        self._current: Watch | None = None

    def is_due(self) -> bool:
        """Tell whether the code that runs is to end."""
        watch = self._current
        return watch is not None and watch.is_due(self._clock(), self._limit_s)

    def check(self, watch: Watch) -> None:
        """Raise why a job is to end, if it is."""
        if watch.is_due(self._clock(), self._limit_s):
            watch.check()

    @contextmanager
    def watching(self, watch: Watch) -> Iterator[None]:
        """Run a job under its watch. For one thread."""
        watch.begin(self._clock())
        self._current = watch
        try:
            yield
        finally:
            self._current = None

    def close(self) -> None:
        """End the code that runs now."""
        watch = self._current
        if watch is not None:
            watch.close()
