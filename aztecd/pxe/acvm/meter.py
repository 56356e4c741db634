"""Looking now and then whether a program may go on, by the work that it does.

Steps alone say little: one may copy a million cells, and hash them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aztecd.pxe.acvm.errors import ExecutionInterruptedError

__all__ = ["Meter"]

_WORK_BETWEEN: Final = 1 << 20
"""About ten milliseconds; the unit of work is a cell that is copied."""


class Meter:
    """Of one execution of a program, all its unconstrained functions together. Mutable."""

    __slots__ = ("_is_interrupted", "_left")

    def __init__(self, is_interrupted: Callable[[], bool] | None = None) -> None:
        self._is_interrupted = is_interrupted
        self._left = _WORK_BETWEEN

    def spend(self, work: int) -> None:
        """Count work, and look when there was enough. Raises ExecutionInterruptedError."""
        self._left -= work
        if self._left < 0:
            self._left = _WORK_BETWEEN
            self.check()

    def check(self) -> None:
        """Look now. Raises ExecutionInterruptedError."""
        if self._is_interrupted is not None and self._is_interrupted():
            raise ExecutionInterruptedError("execution was interrupted")
