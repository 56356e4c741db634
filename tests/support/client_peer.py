"""The unmodified wallet as a peer: a process that does what it is told, step by step (`peer.mjs`)."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.support.client import prepare_folder
from tests.support.client_install import LISTS, Client
from tests.support.patience import patience

if TYPE_CHECKING:
    from types import TracebackType

_STOP_LIMIT_S = 10.0


class ClientPeer:
    """A wallet in a process of its own; accounts and contracts by their address as hexadecimal text.

    Use as a context manager; it is ended after `timeout_s` in any case.
    """

    def __init__(self, client: Client, *, node_url: str, timeout_s: float = 240) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="aztecd-client-")
        folder = Path(self._scratch.name)
        for script in LISTS.glob("*.mjs"):
            shutil.copy(script, folder)
        self._log = (folder / "log").open("w+")
        self._process = subprocess.Popen(
            [str(client.node), "--no-warnings", "peer.mjs"],
            cwd=folder,
            env=prepare_folder(client, folder) | {"AZTEC_NODE_URL": node_url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._end = threading.Timer(timeout_s, self._process.kill)
        self._end.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            # It ends when there is nothing more to do.
            self._process.stdin.close()
            self._process.wait(patience(_STOP_LIMIT_S))
        finally:
            self._end.cancel()
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._log.close()
            self._scratch.cleanup()

    def open(self, index: int) -> str:
        """Open one of the accounts that hold fee juice, deployed if it was not; give its address."""
        return str(self._do("open", index=index))

    def deploy(self, sender: str) -> str:
        """Deploy a token and use it from now on; give its address."""
        return str(self._do("deploy", sender=sender))

    def expect(self, sender: str) -> None:
        """Look for notes of a sender."""
        self._do("expect", sender=sender)

    def send(self, sender: str, method: str, *args: int | str) -> str:
        """Send a call of the token and wait for it; give the transaction's hash."""
        return str(self._do("send", sender=sender, method=method, args=args))

    def ask(self, sender: str, method: str, *args: int | str) -> Any:
        """Simulate a call of the token."""
        return self._do("ask", sender=sender, method=method, args=args)

    def transfers(self, scope: str) -> list[tuple[str, str, int, str]]:
        """List the token's transfers that an account sees: sender, recipient, amount, transaction."""
        return [tuple(item) for item in self._do("transfers", scope=scope)]

    def _do(self, command: str, **options: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"command": command, **options}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # what it said last is below
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)["answer"]
        said = Path(self._log.name).read_text()
        raise AssertionError(f"{command} {options}: the wallet ended\n{said[-4000:]}")
