"""The one writer: a serial queue through which every change of state goes.

Jobs (build, settle, rewind, ...) run one after the other in one worker thread, so that the event loop keeps
answering reads. A job that fails because L1 is away may be tried again by its owner; any error that is not an
`AztecdError` is a bug: the writer then takes no more jobs and the node reports itself unhealthy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from aztecd.errors import AztecdError, UnavailableError

__all__ = ["SerialWriter", "WriterStoppedError"]

T = TypeVar("T")
_log = structlog.get_logger("aztecd.writer")


class WriterStoppedError(UnavailableError):
    """The writer takes no more jobs: the daemon is stopping, or a job met a bug."""

    code = "writer_stopped"


class SerialWriter:
    """Runs state-changing jobs one at a time."""

    def __init__(self) -> None:
        """Make a writer that is ready for jobs."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aztecd-writer")
        self._lock = asyncio.Lock()
        self._is_closed = False
        self._bug: BaseException | None = None

    @property
    def bug(self) -> BaseException | None:
        """The error that stopped the writer, if one did."""
        return self._bug

    async def run(self, name: str, job: Callable[[], T]) -> T:
        """Run a job after those before it and give its result.

        A job that has begun is finished even when the caller is cancelled: half a job is never left.
        Raises WriterStoppedError when the job meets a bug or can not start, or the job's own AztecdError.
        """
        async with self._lock:
            if self._is_closed or self._bug is not None:
                raise WriterStoppedError(f"the node takes no more changes, {name} was not started")
            running = asyncio.get_running_loop().run_in_executor(self._thread, job)
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                await asyncio.wait([running])
                error = None if running.cancelled() else running.exception()
                if isinstance(error, AztecdError):
                    _log.warning("job_failed_while_stopping", job=name, error=str(error))
                elif error is not None:
                    self.fail(name, error)
                raise
            except AztecdError:
                raise
            except Exception as error:
                self.fail(name, error)
                raise WriterStoppedError(
                    f"{name} met a bug; the node serves reads only until it is restarted"
                ) from error

    def fail(self, owner: str, error: BaseException) -> None:
        """Take no more jobs because of an error that nobody can go on from; the first one is kept."""
        if self._bug is None:
            self._bug = error
        known = isinstance(error, AztecdError)
        _log.error("node_only_reads_now", job=owner, reason=str(error), exc_info=None if known else error)

    async def close(self) -> None:
        """Wait for the running job and refuse further ones."""
        self._is_closed = True
        async with self._lock:
            self._thread.shutdown(wait=True)
