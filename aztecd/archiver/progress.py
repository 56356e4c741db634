"""Show how a long catch-up goes on: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import structlog

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["CatchUp"]

_log = structlog.get_logger("aztecd.archiver")
_SHORT: Final = 20
"""Fewer checkpoints than these are no catch-up that anybody watches."""
_LINE_EVERY_S: Final = 10.0


class CatchUp:
    """One catch-up from checkpoint `first` to `target`; use it as a context manager.

    `block` gives the newest block's number. On a terminal there is a bar with checkpoints, blocks, their rate
    and the time left; otherwise a log line every ten seconds, and one at the end.
    """

    def __init__(
        self,
        *,
        first: int,
        target: int,
        block: Callable[[], int],
        is_terminal: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first = self._at = first
        self._target = target
        self._block = block
        self._first_block = block()
        self._clock = clock
        self._started = self._last_line = clock()
        self._is_long = target - first > _SHORT
        self._is_terminal = sys.stderr.isatty() if is_terminal is None else is_terminal
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Begin to show, if it is worth while."""
        if self._is_long and self._is_terminal:
            self._start_bar()
        elif self._is_long:
            _log.info("catching_up", checkpoint=self._first, target=self._target)
        return self

    def show(self, checkpoint: int) -> None:
        """Say how far it is."""
        self._at = checkpoint
        if not self._is_long:
            return
        if self._bar is not None and self._task is not None:
            self._bar.update(
                self._task, completed=checkpoint, blocks=self._block(), rate=f"{self._rate():.0f}"
            )
        elif self._clock() - self._last_line >= _LINE_EVERY_S:
            self._last_line = self._clock()
            rate = self._rate()
            done = checkpoint - self._first
            left = (self._target - checkpoint) * (self._clock() - self._started) / max(done, 1)
            _log.info(
                "catching_up",
                checkpoint=checkpoint,
                target=self._target,
                block=self._block(),
                blocks_per_s=round(rate, 1),
                left_s=round(left),
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away, and say how it went."""
        if self._bar is not None:
            self._bar.stop()
        if self._is_long:
            _log.info(
                "caught_up" if kind is None else "catch_up_stopped",
                checkpoint=self._at,
                target=self._target,
                block=self._block(),
                blocks_per_s=round(self._rate(), 1),
                seconds=round(self._clock() - self._started, 1),
            )

    def _rate(self) -> float:
        return (self._block() - self._first_block) / max(self._clock() - self._started, 1e-9)

    def _start_bar(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - half of the starts show no bar
        from rich.progress import (  # noqa: PLC0415 - same
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("catching up"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("checkpoints, block {task.fields[blocks]}, {task.fields[rate]} blocks/s"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(
            "", total=self._target, completed=self._first, blocks=self._first_block, rate="0"
        )
        self._bar.start()
