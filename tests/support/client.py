"""Run a script of tests/e2e/client with the unmodified client packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.client_install import LISTS, Client

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOREIGN = ("NODE_OPTIONS", "NODE_PATH")


def run_client_script(
    client: Client,
    name: str,
    *,
    node_url: str,
    l1_url: str = "",
    wallet_dir: Path | None = None,
    variables: Mapping[str, str] | None = None,
    timeout_s: float = 300,
) -> list[Any]:
    """Run a script to its end and give the JSON values that it printed; fail with all it said otherwise.

    The wallet keeps its database in the working folder: `wallet_dir`, or a fresh one that is gone afterwards.
    The scripts are copied into it and the packages linked: then Node finds them in the ordinary way.
    `variables` are added to the environment.
    """
    with ExitStack() as stack:
        folder = wallet_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aztecd-client-")))
        for script in LISTS.glob("*.mjs"):
            shutil.copy(script, folder)
        output, _ = _run(
            client,
            folder,
            name,
            {"AZTEC_NODE_URL": node_url, "ETHEREUM_HOSTS": l1_url, **(variables or {})},
            timeout_s,
        )
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def run_client_text(client: Client, name: str, text: str, *, timeout_s: float = 300) -> str:
    """Run a script that is given as text, and give all that it said; fail with it if it ends badly."""
    with tempfile.TemporaryDirectory(prefix="aztecd-client-") as scratch:
        (Path(scratch) / name).write_text(text)
        return "\n".join(_run(client, Path(scratch), name, {"LOG_LEVEL": "info"}, timeout_s))


def prepare_folder(client: Client, folder: Path) -> dict[str, str]:
    """Put the packages where scripts in a folder find them; give the environment that they run in."""
    if not (folder / "node_modules").is_symlink():
        (folder / "node_modules").symlink_to(client.modules)
    environment = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
    # bcrypto's native part is not built (no install scripts), it has a JavaScript one.
    return environment | {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "NODE_BACKEND": "js",
        "LOG_LEVEL": "warn",
    }


def _run(
    client: Client, folder: Path, name: str, variables: Mapping[str, str], timeout_s: float
) -> tuple[str, str]:
    environment = prepare_folder(client, folder)
    with subprocess.Popen(
        [str(client.node), "--no-warnings", name],
        cwd=folder,
        env={**environment, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=timeout_s)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            output, errors = process.communicate()
            raise AssertionError(
                f"{name} was stopped after {timeout_s} s\n{output}\n{errors[-4000:]}"
            ) from None
    assert process.returncode == 0, (
        f"{name} ended with status {process.returncode}\n{output}\n{errors[-4000:]}"
    )
    return output, errors
