"""Ends Anvil when the daemon that started it is gone, however it went.

The kernel could do this by itself (a parent-death signal), but at the wrong moment: Anvil 1.5.1 notes its
blocks before its accounts when it writes its state, so a signal while it mines leaves the effects of a block
that is missing. The keeper lets Anvil finish the block first.

It is a shell, which needs a megabyte, until the pipe from the daemon closes; then it becomes this script. The
first line in the pipe is Anvil's process id. The script imports nothing of ours: it must be quick, and
it may outlive the installation.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

__all__ = ["Keeper", "finish_mining"]

_HOST = "127.0.0.1"
_SETTLE_S = 0.05
_ANSWER_TIMEOUT_S = 8.0
_SHELL = """
read -r pid || exit 0
while read -r _; do :; done
exec "$0" -I -S "$1" "$pid" "$2"
"""


class Keeper:
    """Watches over one Anvil. Mutable: it follows the life of two processes."""

    def __init__(self, port: int) -> None:
        """Start to watch; `port` is where Anvil will serve."""
        self._process = subprocess.Popen(  # noqa: S603  # a constant program, paths of ours, a number
            ["/bin/sh", "-c", _SHELL, sys.executable, str(Path(__file__).resolve()), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a signal to the daemon's whole group must not end the keeper first
        )

    def adopt_self(self) -> None:
        """Name the calling process as the one to end: for the child, between fork and exec."""
        assert self._process.stdin is not None
        os.write(self._process.stdin.fileno(), b"%d\n" % os.getpid())

    def dismiss(self) -> None:
        """Stop to watch: Anvil has ended."""
        self._process.kill()
        self._process.communicate()


def finish_mining(port: int) -> None:
    """Let Anvil finish the block that it mines, and begin no other; returns soon in any case."""
    connection = http.client.HTTPConnection(_HOST, port, timeout=_ANSWER_TIMEOUT_S)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
        # The pending block needs the lock that mining holds.
        for method, params in (("evm_setAutomine", [False]), ("eth_getBlockByNumber", ["pending", False])):
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            connection.request("POST", "/", body, {"content-type": "application/json"})
            connection.getresponse().read()
        threading.Event().wait(_SETTLE_S)


def _main(pid: int, port: int) -> None:
    if Path("/proc/self").exists() and b"anvil" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        return  # it has ended, and another process has its id
    finish_mining(port)
    os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    with contextlib.suppress(OSError):
        _main(int(sys.argv[1]), int(sys.argv[2]))
