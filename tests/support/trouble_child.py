"""Followers in processes of their own, to be killed.

    python -m tests.support.trouble_child

loads everything once and then makes a child for each line of its input, with tabs between the directory of a
store, the URL to follow, the URL of L1 itself and the address of the Registry: the child reads the deployment
from L1 itself and follows until it is killed. The child's process id is printed, and `gone` when a line
`reap PID` asks for its end. A child that meets a bug writes it beside the store, into `bug.txt`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import traceback
from pathlib import Path
from signal import SIGKILL
from typing import TYPE_CHECKING

import structlog

from aztecd.artifacts import fetch
from aztecd.crypto.kzg import Kzg
from aztecd.errors import AztecdError
from aztecd.l1 import ContractSet, L1Client, attach
from aztecd.storage import LevelStore
from tests.support.follower import Follower

if TYPE_CHECKING:
    from aztecd.l1 import Deployment

_ROOT = Path(__file__).resolve().parents[2]
_PAUSE_S = 0.003


class Nursery:
    """The process that makes the followers. Use it as a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.trouble_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
        )

    def close(self) -> None:
        """End it; all followers are dead by then."""
        self._process.communicate(timeout=30)

    def follow(self, directory: Path, url: str, l1_url: str, registry: bytes) -> int:
        """Start a follower; give its process id."""
        return int(self._ask(f"{directory}\t{url}\t{l1_url}\t{registry.hex()}"))

    def kill(self, pid: int) -> None:
        """Kill a follower with SIGKILL, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, SIGKILL)
        assert self._ask(f"reap {pid}") == "gone"

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


async def follow(
    store: LevelStore, client: L1Client, contracts: ContractSet, to: Deployment, kzg: Kzg
) -> None:
    """Look at L1 again and again."""
    follower = Follower(client, contracts, to, store, kzg)
    while True:
        with contextlib.suppress(AztecdError):
            await follower.look()
        await asyncio.sleep(_PAUSE_S)


def main() -> None:
    """Make a child for each line."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    contracts, kzg = ContractSet(fetch().l1_artifacts), Kzg()
    kzg.load()
    for line in sys.stdin:
        if line.startswith("reap "):
            os.waitpid(int(line.split()[1]), 0)
            print("gone", flush=True)
            continue
        directory, url, l1_url, registry = line.rstrip("\n").split("\t")
        pid = os.fork()
        if pid:
            print(pid, flush=True)
            continue
        try:
            deployment = attach(L1Client(l1_url), contracts, bytes.fromhex(registry))
            store = LevelStore.open(Path(directory))
            client = L1Client(url, errors=contracts.errors, timeout_s=5)
            asyncio.run(follow(store, client, contracts, deployment, kzg))
        except BaseException:  # noqa: BLE001 -- whatever it is, the one who waits has to see it
            Path(directory, "bug.txt").write_text(traceback.format_exc())
        finally:
            os._exit(1)


if __name__ == "__main__":
    main()
