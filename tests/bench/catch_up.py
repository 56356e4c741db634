"""How fast a node with an empty directory catches up with a long chain, and how much memory it takes.

One node after the other, each with an Anvil of its own that has the same chain (`tests.bench.make_chain`).
A node is asked for its block number four times a second from its start on. One that answers only when it has
caught up, like the reference, is followed by what it logs.
"""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aztecd.artifacts import fetch
from aztecd.localnet.anvil import Anvil
from tests.bench import processes
from tests.bench.make_chain import kept_chain
from tests.bench.peers import NodeClient, scratch
from tests.support.json_rpc import GONE, RpcFailureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.bench.make_chain import KeptChain

__all__ = ["CatchUp", "Follower", "Sample", "aztecd_follower", "measure_catch_up"]

_SAMPLE_S = 0.25
_STOP_LIMIT_S = 60
_LOGGED_BLOCK = re.compile(r"World state updated with L2 block (\d+)")
_TAIL_BYTES = 16_384
_SETTLED_PART = 0.2
"""Memory growth is taken from the time after this part of the chain, when caches and code are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """How to start a node that follows L1.

    In the commands `{l1_url}`, `{registry}`, `{port}`, `{data}` (an empty folder) and `{blobs}` (a blob file
    store on disk) are filled in. The node is to serve on the port. A `start_command` that is not the node
    itself and ends once the node serves needs a `stop_command`.
    """

    name: str
    start_command: str
    stop_command: str | None = None
    log: str | None = None
    """A file with what the node logs; `{data}` is filled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at a node."""

    seconds: float
    """Since its start."""
    block: int
    mib: float
    """Resident, of the node and its children."""
    anonymous_mib: float
    """Of that, what is no file: pages of database files that are mapped count as resident too."""


@dataclass(slots=True, kw_only=True)
class CatchUp:
    """One catch-up. Mutable: filled while it runs."""

    name: str
    checkpoints: int
    txs: int
    samples: list[Sample] = field(default_factory=list)
    seconds: float = 0.0
    """From the start of the process until it answers with the last block."""
    first_block_s: float = 0.0
    """From the start of the process until a block was first seen in its world state."""
    processor_s: float = 0.0
    l1_processor_s: float = 0.0
    """Of its Anvil."""
    peak_mib: float = 0.0

    @property
    def blocks_per_s(self) -> float:
        """Over all, starting included."""
        return self.checkpoints / self.seconds

    def growth_mib(self, since: float = _SETTLED_PART) -> float:
        """Memory that is no file, MiB for each 100 blocks: the slope of a line through the later samples.

        `since` is the part of the chain that does not count.
        """
        points = [
            (sample.block / 100, sample.anonymous_mib)
            for sample in self.samples
            if sample.block >= since * self.checkpoints
        ]
        if len({block for block, _ in points}) < 2:
            return 0.0
        mean_x = sum(x for x, _ in points) / len(points)
        mean_y = sum(y for _, y in points) / len(points)
        above = sum((x - mean_x) * (y - mean_y) for x, y in points)
        return above / sum((x - mean_x) ** 2 for x, _ in points)


def aztecd_follower() -> Follower:
    """Ours, as a user starts it: blobs come from Anvil."""
    command = [sys.executable, "-m", "aztecd", "node", "--l1-rpc-url", "{l1_url}", "--registry", "{registry}"]
    return Follower(name="aztecd", start_command=shlex.join(command) + " --port {port} --data-dir {data}")


def measure_catch_up(
    followers: Sequence[Follower], checkpoints: int, say: Callable[[str], None]
) -> list[CatchUp]:
    """Let each follower catch up. Raises RuntimeError when one ends, or ends up elsewhere."""
    artifacts = fetch()
    chain = kept_chain(checkpoints, artifacts, say)
    results = []
    for follower in followers:
        anvil = Anvil.start(chain.anvil_options(artifacts))
        try:
            say(f"{follower.name} begins to catch up")
            result = _catch_up(follower, chain, anvil, say)
        finally:
            anvil.kill()
        say(f"{follower.name}: {result.seconds:.1f} s, {result.blocks_per_s:.1f} blocks a second")
        results.append(result)
    return results


def _catch_up(follower: Follower, chain: KeptChain, anvil: Anvil, say: Callable[[str], None]) -> CatchUp:
    result = CatchUp(name=follower.name, checkpoints=chain.checkpoints, txs=chain.txs)
    with scratch() as folder:
        data = folder / "data"
        data.mkdir()
        port = processes.free_port()
        values = {
            "l1_url": anvil.url,
            "registry": chain.registry,
            "port": port,
            "data": data,
            "blobs": chain.blobs,
        }
        log = None if follower.log is None else Path(follower.log.format_map(values))
        anvil_before = processes.own_processor_s(anvil.pid)
        with _running(follower, values, folder / "output") as process:
            watch = _Watch(process, port, log, is_script=follower.stop_command is not None)
            while not watch.has_caught_up(chain.checkpoints):
                watch.sample(result)
                if len(result.samples) % 80 == 0:
                    say(f"{follower.name}: block {watch.block} after {result.samples[-1].seconds:.0f} s")
                time.sleep(_SAMPLE_S)
            watch.sample(result)
            result.seconds = result.samples[-1].seconds
            result.processor_s = watch.processor_s()
            result.l1_processor_s = processes.own_processor_s(anvil.pid) - anvil_before
            result.peak_mib = max(sample.mib for sample in result.samples)
            watch.require_tip(chain.block_hash)
        # With its first sample there may be several blocks already.
        result.first_block_s = next(sample.seconds for sample in result.samples if sample.block)
    return result


@contextmanager
def _running(
    follower: Follower, values: Mapping[str, Any], output: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as stream:
        process = subprocess.Popen(
            shlex.split(follower.start_command.format_map(values)),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # A command that ends is waited for at once, so that its number is not that of a dead process.
    threading.Thread(target=process.wait, daemon=True).start()
    try:
        yield process
    except Exception as error:
        error.add_note("\n".join(output.read_text(errors="replace").splitlines()[-20:]))
        raise
    finally:
        if follower.stop_command is not None:
            subprocess.run(
                shlex.split(follower.stop_command.format_map(values)),
                check=False,
                timeout=_STOP_LIMIT_S,
                stdout=subprocess.DEVNULL,
            )
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(_STOP_LIMIT_S)


class _Watch:
    """Looks at a node that catches up. Mutable: it remembers what it saw."""

    def __init__(
        self, process: subprocess.Popen[bytes], port: int, log: Path | None, *, is_script: bool
    ) -> None:
        self._begin = time.monotonic()
        self._process = process
        self._is_script = is_script
        self._port = port
        self._log = log
        self._client = NodeClient(f"http://127.0.0.1:{port}", timeout_s=10)
        self._node: int | None = None
        """The process that serves, once it does."""
        self._is_serving = False
        self.block = 0

    def sample(self, result: CatchUp) -> None:
        """Look once more."""
        family = self._family()
        self.block = max(self.block, self._served_block(), self._logged_block())
        result.samples.append(
            Sample(
                seconds=time.monotonic() - self._begin,
                block=self.block,
                mib=sum(map(processes.resident_mib, family)),
                anonymous_mib=sum(map(processes.anonymous_mib, family)),
            )
        )

    def has_caught_up(self, checkpoints: int) -> bool:
        """Whether it answers with the last block. Raises RuntimeError when it has ended."""
        if self._process.poll() is not None and self._node is None and self._server() is None:
            raise RuntimeError(f"the node ended with {self._process.returncode} at block {self.block}")
        return self._is_serving and self.block >= checkpoints

    def require_tip(self, block_hash: str) -> None:
        """Raise RuntimeError unless the newest block is that one."""
        found = self._client.call("getL2Tips")["proposed"]["hash"]
        if found != block_hash:
            raise RuntimeError(f"the node has the tip {found} and not {block_hash}")
        self._client.close()

    def processor_s(self) -> float:
        """Give the processor time that the node has used."""
        return sum(map(processes.own_processor_s, self._family()))

    def _family(self) -> list[int]:
        """Give the processes of the node, without a script that only starts it."""
        node = self._server()
        if node is not None:
            return processes.family(node)
        members = processes.family(self._process.pid)
        return members[1:] if self._is_script else members

    def _server(self) -> int | None:
        if self._node is None:
            self._node = processes.pid_listening_on(self._port)
        return self._node

    def _served_block(self) -> int:
        try:
            block = self._client.call("getBlockNumber")
        except (*GONE, RpcFailureError):
            self._client.close()
            self._is_serving = False
            return 0
        self._is_serving = True
        return int(block)

    def _logged_block(self) -> int:
        if self._log is None or self._is_serving:
            return 0
        with suppress(OSError), self._log.open("rb") as file:
            file.seek(max(file.seek(0, 2) - _TAIL_BYTES, 0))
            found = _LOGGED_BLOCK.findall(file.read().decode(errors="replace"))
            return int(found[-1]) if found else 0
        return 0
