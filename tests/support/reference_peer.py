"""Run nodes of the reference, Anvil and ours beside each other, as programs of their own.

The reference is the installation that `native_simulator.find_reference` finds, with the packages of its node.
What is started here ends with its `with` block, whatever happens in between.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from aztecd.artifacts import fetch
from aztecd.crypto.field import fr_hex
from aztecd.localnet.accounts import FUNDED_ADDRESSES
from tests.bench.processes import free_port
from tests.support.json_rpc import GONE, RpcClient, RpcFailureError
from tests.support.native_simulator import ReferenceMissingError, find_reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIRST_KEY: Final = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
"""Of Anvil's first account, which deploys and proposes."""
THIRD_KEY: Final = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
"""Of another account; the client scripts send from the second one."""

_ROOT: Final = Path(__file__).resolve().parents[2]
_SEQUENCER: Final = _ROOT / "tests" / "reference" / "sequencer.mjs"
_COMMAND_LINE: Final = Path("node_modules/@aztec/aztec/dest/bin/index.js")
_START_LIMIT_S: Final = 400
_STOP_LIMIT_S: Final = 30
_TAIL: Final = 40
_OWN_SETTINGS: Final = {
    "L1_CHAIN_ID": "31337",
    "LOG_LEVEL": "info",
    "NODE_BACKEND": "js",  # bcrypto: an installation without install scripts lacks its native part
    "FOUNDRY_OFFLINE": "true",
    "P2P_ENABLED": "false",
    "PROVER_REAL_PROOFS": "false",
    "AZTEC_DISABLE_ADMIN_API_KEY": "true",
    "MAX_ALLOWED_ETH_CLIENT_DRIFT_SECONDS": "0",
} | dict.fromkeys(
    (
        "ARCHIVER_POLLING_INTERVAL_MS",
        "ARCHIVER_VIEM_POLLING_INTERVAL_MS",
        "P2P_BLOCK_CHECK_INTERVAL_MS",
        "SEQ_TX_POLLING_INTERVAL_MS",
        "WS_BLOCK_CHECK_INTERVAL_MS",
    ),
    "500",
)
"""Every half a second, as in the reference's local network."""


class Program:
    """A child process with its own group; what it says goes to a file. Use it in a `with` block."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        name: str,
        url: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.url = url
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        """Go on while it runs."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, and what it has started."""
        self.stop()

    def await_answer(self, method: str, *, timeout_s: float = _START_LIMIT_S) -> Any:
        """Wait until a call succeeds; give its result. Fails with the end of its log."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"{self.name} ended: {self.process.returncode}\n{self.tail}"
            with RpcClient(self.url, timeout_s=10) as client:
                try:
                    return client.call(method)
                except (*GONE, RpcFailureError, ValueError):
                    time.sleep(0.2)
        raise AssertionError(f"{self.name} does not answer after {timeout_s:.0f} s\n{self.tail}")

    @property
    def tail(self) -> str:
        """The end of what it said."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_TAIL:])

    def said(self, pattern: str) -> list[str]:
        """Find the lines that match."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if re.search(pattern, line)]

    def stop(self) -> None:
        """Ask it to end, then its group."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(_STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self._end_group()

    def kill(self) -> None:
        """End it as a crash would, by its own number."""
        self.process.kill()
        self._end_group()

    def _end_group(self) -> None:
        self.process.wait()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """Starts programs whose data and logs are in one folder, on free ports."""

    reference: Path
    """The installation."""
    folder: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Peers:
        """Look for the reference. Raises ReferenceMissingError."""
        reference = find_reference()
        if not (reference / _COMMAND_LINE).exists() or not (reference / "bin" / "anvil").exists():
            raise ReferenceMissingError(f"{reference} has no node, only client packages")
        return cls(reference=reference, folder=folder)

    def anvil(self) -> Program:
        """Start an L1."""
        port = free_port()
        program = Program(
            [str(fetch().anvil), "--silent", "--host", "127.0.0.1", "--port", str(port)],
            folder=self.folder,
            name="anvil",
            url=f"http://127.0.0.1:{port}",
        )
        program.await_answer("eth_chainId", timeout_s=60)
        return program

    def reference_sequencer(self, name: str, l1_url: str, **settings: str) -> Program:
        """Start a node that builds; see tests/reference/sequencer.mjs for the settings."""
        return self._reference(
            name,
            [str(_SEQUENCER)],
            {
                "ETHEREUM_HOSTS": l1_url,
                "PREFUNDED": ",".join(map(fr_hex, FUNDED_ADDRESSES)),
                "PUBLISHER_KEY": FIRST_KEY,
                **settings,
            },
        )

    def reference_follower(self, name: str, l1_url: str, registry: str, blobs_url: str) -> Program:
        """Start a node as its command line does that follows L1 alone."""
        return self._reference(
            name,
            [str(self.reference / _COMMAND_LINE), "start", "--node", "--archiver"],
            {
                "ETHEREUM_HOSTS": l1_url,
                "REGISTRY_CONTRACT_ADDRESS": registry,
                "BLOB_FILE_STORE_URLS": blobs_url,
                "PREFUND_ADDRESSES": ",".join(map(fr_hex, FUNDED_ADDRESSES)),
                "TEST_ACCOUNTS": "false",
                "SPONSORED_FPC": "false",
            },
        )

    def aztecd(
        self,
        name: str,
        *arguments: str,
        data: str | None = None,
        port: int | None = None,
        is_awaited: bool = True,
    ) -> Program:
        """Start ours, with the arguments of a user; its data directory has the name, or that of `data`."""
        port = port or free_port()
        own = ("--port", str(port), "--data-dir", str(self.folder / (data or name)))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AZTECD_")}
        if "AZTECD_CACHE_DIR" in os.environ:
            environment["AZTECD_CACHE_DIR"] = os.environ["AZTECD_CACHE_DIR"]
        program = Program(
            [sys.executable, "-m", "aztecd", *arguments, *own],
            folder=self.folder,
            name=name,
            url=f"http://127.0.0.1:{port}",
            environment=environment,
        )
        if is_awaited:
            program.await_answer("node_getNodeInfo", timeout_s=120)
        return program

    def _reference(self, name: str, script: Sequence[str], settings: Mapping[str, str]) -> Program:
        port, admin_port = free_port(), free_port()
        home = self.reference / "home"
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("NODE_", "XDG_"))
        }
        environment |= {
            "AZTEC_REFERENCE_DIR": str(self.reference),
            "PATH": f"{self.reference / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": str(home if home.exists() else self.folder),
            # It puts sockets there, whose paths are limited.
            "TMPDIR": tempfile.mkdtemp(prefix="tmp", dir=self.folder),
            "PORT": str(port),
            **_OWN_SETTINGS,
            **settings,
        }
        if script[-1].startswith("--"):
            script = [*script, "--port", str(port), "--admin-port", str(admin_port)]
        program = Program(
            [str(self.reference / "bin" / "node"), "--no-warnings", *script],
            folder=self.folder,
            name=name,
            url=f"http://127.0.0.1:{port}",
            environment=environment,
        )
        program.await_answer("node_isReady")
        return program
