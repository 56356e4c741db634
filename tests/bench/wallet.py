"""Our wallet beside the unmodified JavaScript one, on one node: transfers, cold starts, a large account.

Both are processes that do the same commands; each has accounts and stores of its own. Both make simulated
proofs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from aztecd.artifacts import locate
from tests.bench.peers import scratch
from tests.support.client_install import LISTS, install
from tests.support.daemon import Daemon
from tests.support.json_rpc import RpcClient
from tests.support.wallet_process import artifact_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.support.client_install import Client

OURS, REFERENCE = "aztecd", "reference"

_ROOT = Path(__file__).resolve().parents[2]
_FOREIGN = ("NODE_OPTIONS", "NODE_PATH")
_LIMIT_S = 600.0
_RECIPIENT = 2
"""Of the accounts that hold fee juice, the one with many notes; those before it belong to one wallet each."""
_MINTS_PER_TX = 5
_TXS_PER_FINALITY = 4
"""A sender may be 20 logs beyond the final ones, and a recipient looks no further. Five mints make five logs,
a transfer two."""
_BLOCKS_TO_FINALITY = 80
_WARM_UPS = 2


@dataclass(slots=True, kw_only=True)
class WalletResults:
    """Times in seconds by wallet. Mutable: filled step by step."""

    notes: int
    simulate_s: dict[str, list[float]] = field(default_factory=dict)
    send_s: dict[str, list[float]] = field(default_factory=dict)
    transfer_s: dict[str, list[float]] = field(default_factory=dict)
    """Simulate, prove and send, warm."""
    cold_s: dict[str, list[float]] = field(default_factory=dict)
    """From the start of the process until a transfer is sent."""
    sync_s: dict[str, list[float]] = field(default_factory=dict)
    """The first balance of the account with many notes, in a wallet that knows nothing of it."""


class Child:
    """A wallet's process. Use as a context manager; it is ended after some minutes in any case."""

    def __init__(self, command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
        self._log = (folder / "log").open("a+")
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._end = threading.Timer(_LIMIT_S, self._process.kill)
        self._end.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(30)
        finally:
            self._end.cancel()
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._log.close()

    def do(self, command: str, **options: Any) -> Any:
        """Let it do something and give the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"command": command, **options}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # what it said last is in the log
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)["answer"]
        raise RuntimeError(f"{command}: the wallet ended\n{Path(self._log.name).read_text()[-4000:]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A wallet that can be started on a folder of its own, and the account that it sends from."""

    name: str
    index: int
    start: Callable[[Path], Child]


def measure_wallets(
    *, transfers: int, cold_starts: int, notes: int, syncs: int, say: Callable[[str], None]
) -> WalletResults:
    """Measure both wallets against one node, in turn; `notes` is rounded up to whole transactions."""
    count = -(-notes // _MINTS_PER_TX)
    results = WalletResults(notes=count * _MINTS_PER_TX)
    say("start a node for the wallets")
    with scratch() as folder, _node(folder / "node") as daemon:
        sides = _sides(install(), daemon.url, folder / "compiled")
        homes = {side.name: folder / side.name for side in sides}
        for home in homes.values():
            home.mkdir()
        token = _transfers(sides, homes, transfers, daemon, results, say)
        for number in range(cold_starts):
            _finalize(daemon)
            for side in sides:
                _cold(side, homes[side.name], token, results)
                say(f"cold transfer {number + 1}: {side.name} {results.cold_s[side.name][-1]:.2f} s")
        if notes and syncs:
            minter = _fill(sides[0], homes[OURS], token, count, daemon, say)
            for number in range(syncs):
                for side in sides:
                    home = folder / f"{side.name} {number}"
                    home.mkdir()
                    _sync(side, home, token, minter, results)
                    say(f"sync {number + 1}: {side.name} {results.sync_s[side.name][-1]:.2f} s")
    return results


@contextmanager
def _node(folder: Path) -> Iterator[Daemon]:
    daemon = Daemon(data_dir=folder)
    try:
        yield daemon
        daemon.stop()
    finally:
        daemon.kill()


def _sides(client: Client, url: str, code_cache: Path) -> list[Side]:
    environment = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
    folders = [str(item) for item in artifact_folders(client)]
    protocol_contracts = str(locate().protocol_contracts)

    def ours(home: Path) -> Child:
        options = [url, str(home), str(code_cache), protocol_contracts, *folders]
        paths = {"PYTHONPATH": str(_ROOT)}
        return Child([sys.executable, "-m", "tests.bench.wallet_peer", *options], home, environment | paths)

    def reference(home: Path) -> Child:
        if not (home / "node_modules").is_symlink():
            (home / "node_modules").symlink_to(client.modules)
            shutil.copy(LISTS / "wallet_bench.mjs", home)
        own = {"HOME": str(home), "TMPDIR": str(home), "NODE_BACKEND": "js", "LOG_LEVEL": "warn"}
        command = [str(client.node), "--no-warnings", "wallet_bench.mjs"]
        return Child(command, home, environment | own | {"AZTEC_NODE_URL": url})

    # Ours is the first: it deploys the token, and makes the notes.
    return [Side(name=OURS, index=0, start=ours), Side(name=REFERENCE, index=1, start=reference)]


def _transfers(
    sides: Sequence[Side],
    homes: dict[str, Path],
    count: int,
    daemon: Daemon,
    results: WalletResults,
    say: Callable[[str], None],
) -> str:
    """Measure warm transfers; give the token."""
    with ExitStack() as stack:
        wallets = {side.name: stack.enter_context(side.start(homes[side.name])) for side in sides}
        own = {side.name: wallets[side.name].do("create", index=side.index, deploys=True) for side in sides}
        token = wallets[OURS].do("deploy", sender=own[OURS])
        wallets[REFERENCE].do("use", contract=token)
        wallets[REFERENCE].do("expect", sender=own[OURS])
        # Nobody reads what it gets. Any contract's address is one that notes can be encrypted for.
        recipient = token
        for account in own.values():
            wallets[OURS].do("mint", sender=own[OURS], to=account, amount=10**6, times=1)
        for number in range(-_WARM_UPS, count):
            if number % _TXS_PER_FINALITY == 0:
                _finalize(daemon)
            for name, wallet in wallets.items():
                took = wallet.do("transfer", sender=own[name], to=recipient, amount=1, simulates=True)
                wallet.do("settle")
                if number < 0:
                    continue
                results.simulate_s.setdefault(name, []).append(took["simulate_s"])
                results.send_s.setdefault(name, []).append(took["send_s"])
                results.transfer_s.setdefault(name, []).append(took["simulate_s"] + took["send_s"])
                say(f"warm transfer {number + 1}: {name} {results.transfer_s[name][-1] * 1000:.0f} ms")
    return token


def _cold(side: Side, home: Path, token: str, results: WalletResults) -> None:
    begin = time.perf_counter()
    with side.start(home) as wallet:
        [account] = wallet.do("accounts")
        wallet.do("use", contract=token)
        wallet.do("transfer", sender=account, to=token, amount=1, simulates=False)
        results.cold_s.setdefault(side.name, []).append(time.perf_counter() - begin)
        wallet.do("settle")


def _fill(side: Side, home: Path, token: str, count: int, daemon: Daemon, say: Callable[[str], None]) -> str:
    """Give an account many notes, and tell who sent them."""
    with side.start(home) as wallet, scratch() as other:
        with side.start(other) as new:
            account = new.do("create", index=_RECIPIENT, deploys=False)
        [minter] = wallet.do("accounts")
        wallet.do("use", contract=token)
        say(f"make {count * _MINTS_PER_TX} notes")
        for number in range(count):
            wallet.do("mint", sender=minter, to=account, amount=1, times=_MINTS_PER_TX)
            if number % _TXS_PER_FINALITY == _TXS_PER_FINALITY - 1:
                _finalize(daemon)
    return str(minter)


def _finalize(daemon: Daemon) -> None:
    """Let L1 go on until the newest block is final."""
    with RpcClient(daemon.url) as node, RpcClient(daemon.l1_url) as l1:
        newest = node.call("node_getBlockNumber")
        deadline = time.monotonic() + 30
        while node.call("node_getL2Tips")["finalized"]["block"]["number"] < newest:
            if time.monotonic() > deadline:
                raise TimeoutError(f"block {newest} does not become final")
            l1.call("anvil_mine", hex(_BLOCKS_TO_FINALITY))
            time.sleep(0.05)


def _sync(side: Side, home: Path, token: str, minter: str, results: WalletResults) -> None:
    with side.start(home) as wallet:
        account = wallet.do("create", index=_RECIPIENT, deploys=False)
        wallet.do("use", contract=token)
        wallet.do("expect", sender=minter)
        found = wallet.do("balance", account=account)
        if found["amount"] != results.notes:
            raise RuntimeError(f"{side.name} found {found['amount']} of {results.notes}")
        results.sync_s.setdefault(side.name, []).append(found["took_s"])
