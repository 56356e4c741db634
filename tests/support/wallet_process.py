"""A wallet service in a process of its own, as a user starts it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aztecd.wallet.artifacts import ArtifactFolders
from aztecd.wallet.opening import WalletSetup
from tests.support.patience import patience

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.artifacts import Artifacts
    from tests.support.client_install import Client

_PACKAGES = ("accounts", "protocol-contracts", "noir-contracts.js")
_ROOT = Path(__file__).resolve().parents[2]
_STOP_LIMIT_S = 10.0


def artifact_folders(client: Client) -> list[Path]:
    """List the folders of artifacts in the client's packages."""
    return [client.modules / "@aztec" / name / "artifacts" for name in _PACKAGES]


def wallet_setup(client: Client, artifacts: Artifacts, code_cache: Path) -> WalletSetup:
    """Make a wallet's setup from the client's contracts; nothing is encrypted."""
    return WalletSetup(
        artifacts=ArtifactFolders(artifact_folders(client)),
        protocol_contracts=artifacts.protocol_contracts,
        code_cache=code_cache,
    )


class WalletProcess:
    """A child process `aztecd wallet serve`; `tokens` are the shown ones, the owner's as `owner`."""

    def __init__(
        self,
        *,
        node_url: str,
        data_dir: Path,
        apps: Sequence[str] = (),
        approve: str = "none",
        arguments: Sequence[str] = (),
    ) -> None:
        command = [sys.executable, "-m", "aztecd", "wallet", "serve", "--plain", "--node-url", node_url]
        command += ["--data-dir", str(data_dir), "--approve", approve]
        for app in apps:
            command += ["--app", app]
        command += arguments
        # As a shell starts what runs in the background.
        command = ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
        self.tokens: dict[str, str] = {}
        self.url = ""
        self._errors = (data_dir / "wallet.log").open("w+")
        self.process = subprocess.Popen(
            command,
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.fullmatch(r"token of (?:the )?(\S+) (\S+)", line.strip()):
                self.tokens[found[1]] = found[2]
            elif found := re.fullmatch(r"ready (\S+)", line.strip()):
                self.url = found[1]
                return
        self.kill()
        raise AssertionError(f"the wallet ended with status {self.process.returncode}\n{self.log}")

    @property
    def log(self) -> str:
        """What it logged."""
        return Path(self._errors.name).read_text()

    def stop(self) -> None:
        """Interrupt it, as Ctrl-C does; it must end well and in time."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(patience(_STOP_LIMIT_S))
        assert status == 0, f"status {status} after SIGINT\n{self.log}"

    def kill(self) -> None:
        """End it at once. Does nothing if it has ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()
