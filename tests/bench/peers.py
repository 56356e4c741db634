"""The nodes that are measured: aztecd as a user starts it, and a reference peer, started or running."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from tests.bench import processes
from tests.support.daemon import Daemon
from tests.support.json_rpc import RpcClient

if TYPE_CHECKING:
    from collections.abc import Iterator

_URL = re.compile(r"(?m)^(?:ready |node_url=)(http\S+)$")
_L1_URL = re.compile(r"(?m)^l1_url=(http\S+)$")
_START_LIMIT_S = 300
_STOP_LIMIT_S = 60


class NodeClient(RpcClient):
    """Calls methods by their names without namespace, which the peers do not have in common."""

    def call(self, method: str, *params: Any) -> Any:
        """Give the result. Raises RpcFailureError."""
        return super().call("node_" + method.rpartition("_")[2], *params)


@dataclass(slots=True, kw_only=True)
class Peer:
    """A node that runs. Mutable: `facts` of the chain are added as they are made."""

    name: str
    url: str
    pid: int
    anvil_pid: int | None
    ready_s: float | None
    """From its start command to the first moment at which it serves; None if it ran already."""
    log: list[str] = field(default_factory=list)
    """What it prints; it grows."""

    def memory(self) -> processes.Memory:
        """Measure its memory."""
        return processes.memory(self.pid, self.anvil_pid)


class Starter(Protocol):
    """A way to start a node."""

    @property
    def name(self) -> str:
        """What the results call it."""

    def start(self, folder: Path) -> Any:
        """Give a context with a running Peer, whose data may be in the folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aztecd:
    """Our daemon; `settings` is a TOML text."""

    name: str = "aztecd"
    settings: str = ""

    @contextmanager
    def start(self, folder: Path) -> Iterator[Peer]:
        """Run it with its data in the folder; what is there already is taken up."""
        file = folder / "settings.toml"
        file.write_text(self.settings + '\n[log]\nformat = "json"\n')
        daemon = Daemon(data_dir=folder / "data", arguments=["--config", str(file)])
        try:
            yield Peer(
                name=self.name,
                url=daemon.url,
                pid=daemon.process.pid,
                anvil_pid=None,
                ready_s=daemon.ready_s,
                log=daemon.output,
            )
            daemon.stop()
        finally:
            daemon.kill()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A node that a command starts, and perhaps another one stops.

    The command prints `node_url=URL` or `ready URL`, and perhaps `l1_url=URL`, once the node serves; it may
    end then or go on.
    """

    start_command: str
    stop_command: str | None
    name: str = "reference"

    @contextmanager
    def start(self, folder: Path) -> Iterator[Peer]:
        """Run the commands."""
        output = folder / "output"
        begin = time.monotonic()
        with output.open("w") as stream:
            process = subprocess.Popen(
                shlex.split(self.start_command),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                start_new_session=True,
            )
        try:
            url, text = self._wait(process, output)
            ready_s = time.monotonic() - begin
            l1_url = _L1_URL.search(text)
            yield _peer(self.name, url, l1_url[1] if l1_url else None, ready_s)
        finally:
            if self.stop_command:
                subprocess.run(
                    shlex.split(self.stop_command),
                    check=False,
                    timeout=_STOP_LIMIT_S,
                    stdout=subprocess.DEVNULL,
                )
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(_STOP_LIMIT_S)

    def _wait(self, process: subprocess.Popen[bytes], output: Path) -> tuple[str, str]:
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline:
            has_ended = process.poll() is not None
            text = output.read_text()
            if found := _URL.search(text):
                if not has_ended:
                    # The other lines come with it, or the command goes on.
                    time.sleep(0.05)
                    text = output.read_text()
                return found[1], text
            if has_ended:
                raise RuntimeError(f"{self.start_command!r} ended with {process.returncode}:\n{text}")
            time.sleep(0.01)
        raise TimeoutError(f"{self.start_command!r}: no URL within {_START_LIMIT_S} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A node on this machine that runs already."""

    url: str
    l1_url: str | None
    name: str = "reference"

    @contextmanager
    def start(self, folder: Path) -> Iterator[Peer]:
        """Find its process."""
        yield _peer(self.name, self.url, self.l1_url, None)


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder for one start of a node."""
    with tempfile.TemporaryDirectory(prefix="aztecd-bench-") as folder:
        yield Path(folder)


def _peer(name: str, url: str, l1_url: str | None, ready_s: float | None) -> Peer:
    pid = processes.pid_listening_on(_port(url))
    if pid is None:
        raise RuntimeError(f"no process of this user listens at {url}: it must run on this machine")
    anvil = processes.pid_listening_on(_port(l1_url)) if l1_url else None
    return Peer(name=name, url=url, pid=pid, anvil_pid=anvil, ready_s=ready_s)


def _port(url: str) -> int:
    port = urlsplit(url).port
    if port is None:
        raise ValueError(f"{url} names no port")
    return port
