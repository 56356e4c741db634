"""Start a real daemon, wait until it serves, stop it as a user would."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.patience import patience

if TYPE_CHECKING:
    from collections.abc import Sequence

STOP_LIMIT_S = 5.0
"""What the daemon promises where a core is free: after SIGTERM it is gone within this time, with status 0."""

_ROOT = Path(__file__).resolve().parents[2]


class DaemonProcess:
    """A child process; `url` is known from the line `ready <url>`.

    Everything that it prints is kept in `output`. Mutable: it follows the life of the process.
    """

    def __init__(self, full: Sequence[str], timeout_s: float) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AZTECD_")}
        environment |= {
            key: os.environ[key] for key in ("AZTECD_CACHE_DIR", "AZTECD_PURE_PYTHON") if key in os.environ
        }
        self.output: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        begin = time.monotonic()
        self.process = subprocess.Popen(
            full,
            cwd=_ROOT,
            env=environment | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.url = self.wait_for(r"^ready (http\S+)$", timeout_s)[1]
        except BaseException:
            self.kill()
            raise
        self.ready_s = time.monotonic() - begin

    def wait_for(self, pattern: str, timeout_s: float) -> re.Match[str]:
        """Read on until a line matches. Fails with the whole output if the daemon ends or takes too long."""
        deadline = time.monotonic() + patience(timeout_s)
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line {pattern!r} within {timeout_s} s\n{self.text}") from None
            if line is None:
                self._lines.put(None)
                raise AssertionError(f"the daemon ended with status {self.process.wait()}\n{self.text}")
            match = re.search(pattern, line)
            if match is not None:
                return match

    @property
    def text(self) -> str:
        """What was printed so far."""
        return "\n".join(self.output)

    @property
    def l1_url(self) -> str:
        """The L1 node, as the start card names it."""
        found = re.search(r"L1 URL\s+(http\S+)", self.text)
        assert found is not None, self.text
        return found[1]

    def stop(self) -> None:
        """Send SIGTERM; it must end in time and well."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(patience(STOP_LIMIT_S))
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {STOP_LIMIT_S} s after SIGTERM\n{self.text}") from None
        self._reader.join()
        assert status == 0, f"status {status} after SIGTERM\n{self.text}"

    def kill(self) -> None:
        """End it at once, as a crash would. Does nothing if it has ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self.output.append(line.rstrip("\n"))
                self._lines.put(line.rstrip("\n"))
        self._lines.put(None)


class Daemon(DaemonProcess):
    """A child process `aztecd local`. Its chain is empty at first, unless `is_bare` is false."""

    def __init__(
        self,
        *,
        data_dir: Path | None = None,
        arguments: Sequence[str] = (),
        command: Sequence[str] = (sys.executable, "-m", "aztecd"),
        timeout_s: float = 60,
        is_bare: bool = True,
    ) -> None:
        full = [*command, "local", "--port", "0", "--l1-port", "0", *arguments]
        if is_bare:
            full += ["--bare"]
        if data_dir is not None:
            full += ["--data-dir", str(data_dir)]
        super().__init__(full, timeout_s)


class NodeDaemon(DaemonProcess):
    """A child process `aztecd node`, on a rollup that is there."""

    def __init__(
        self,
        *,
        l1_url: str,
        registry: str,
        data_dir: Path,
        arguments: Sequence[str] = (),
        timeout_s: float = 60,
    ) -> None:
        where = ["--l1-rpc-url", l1_url, "--registry", registry, "--data-dir", str(data_dir)]
        super().__init__(
            [sys.executable, "-m", "aztecd", "node", "--port", "0", *where, *arguments], timeout_s
        )
