"""Show how far a download is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["LineProgress", "ProgressReport", "TerminalProgress", "progress_for"]


class ProgressReport(Protocol):
    """Who wants to know how far things are. One download at a time."""

    def say(self, text: str) -> None:
        """Show a line that stays."""

    def begin(self, what: str, total_bytes: int) -> None:
        """Start a download of a known size."""

    def reached(self, done_bytes: int) -> None:
        """Tell how many bytes are here."""

    def end(self) -> None:
        """The download is over, well or not."""


class LineProgress:
    """One line for each quarter of a download: for logs. Holds the state of the running one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._what = ""
        self._total = 0
        self._shown = 0

    def say(self, text: str) -> None:
        """Print a line."""
        print(text, file=self._stream, flush=True)

    def begin(self, what: str, total_bytes: int) -> None:
        """Print what comes and how much it is."""
        self._what, self._total, self._shown = what, total_bytes, 0
        self.say(f"fetching {what} ({total_bytes / 1e6:.1f} MB)")

    def reached(self, done_bytes: int) -> None:
        """Print a line when another quarter is here."""
        quarter = min(3, 4 * done_bytes // max(1, self._total))
        if quarter > self._shown:
            self._shown = quarter
            self.say(f"fetching {self._what}: {25 * quarter}%")

    def end(self) -> None:
        """Print nothing: the next line says what became of it."""


class TerminalProgress:
    """A bar with bytes and speed that disappears when the download is over. Holds the running bar."""

    def __init__(self, stream: TextIO) -> None:
        # Imported here because every start of the node imports this package, and rich takes 0.1 s.
        from rich.console import Console  # noqa: PLC0415

        self._console = Console(file=stream)
        self._bar: Progress | None = None
        self._total = 0

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False, highlight=False)

    def begin(self, what: str, total_bytes: int) -> None:
        """Show a bar."""
        from rich.progress import (  # noqa: PLC0415 - see the constructor
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TransferSpeedColumn,
        )

        self._total = total_bytes
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=self._console,
            transient=True,
        )
        self._bar.add_task(what, total=total_bytes)
        self._bar.start()

    def reached(self, done_bytes: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            # npm's own notes lie beside the package, so the last bytes may be a few too many.
            self._bar.update(self._bar.task_ids[0], completed=min(done_bytes, self._total))

    def end(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def progress_for(stream: TextIO = sys.stderr) -> ProgressReport:
    """Choose by what the stream is."""
    return TerminalProgress(stream) if stream.isatty() else LineProgress(stream)
