"""Install and run an unmodified Hardhat node, for the tests with another L1 node than Anvil."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aztecd.artifacts.cache import cache_root, locked, staging
from aztecd.artifacts.download import Npm, install_node
from aztecd.artifacts.pins import load_pins
from aztecd.artifacts.progress import progress_for
from tests.support.client_install import installation_key, npm_install

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTS = Path(__file__).resolve().parents[1] / "e2e" / "hardhat"

_CLI = Path("node_modules/hardhat/dist/src/cli.js")


def install_hardhat() -> tuple[Path, Path]:
    """Install it into the cache of the artifacts, once; give the programs Node and Hardhat."""
    root = cache_root()
    pins = load_pins()
    progress = progress_for()
    folder = root / f"hardhat-{installation_key(LISTS, pins.node.requirement)}"
    with locked(root, lambda: progress.say("another installation is running: waiting for it")):
        node = install_node(root, pins.node, progress) / "bin" / "node"
        if not folder.exists():
            # An npm on an older Node leaves Hardhat's native package out, because that asks for a newer one.
            npm = Npm(
                command=(
                    str(node),
                    str(node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
                ),
                environment={"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
            )
            progress.say("installing Hardhat (some seconds)")
            with staging(root) as scratch:
                staged = scratch / "hardhat"
                staged.mkdir()
                npm_install(npm, LISTS, staged)
                shutil.copy(LISTS / "hardhat.config.js", staged)
                staged.rename(folder)
    return node, folder / _CLI


@contextmanager
def hardhat_node(home: Path) -> Iterator[str]:
    """Run a node on a free port; give its URL. `home` is an empty folder for what it leaves behind."""
    node, cli = install_hardhat()
    with (
        (home / "error.log").open("wb") as log,
        subprocess.Popen(
            [node, cli, "node", "--hostname", "127.0.0.1", "--port", "0"],
            cwd=cli.parents[4],
            env={**os.environ, "HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        drain = None
        try:
            found = None
            for line in process.stdout:
                found = re.search(r"JSON-RPC server at (http://[0-9.:]+)", line)
                if found is not None:
                    break
            assert found is not None, (home / "error.log").read_text()
            # It logs every request; nobody reads that, but it must not wait for a reader.
            drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)
            yield found[1]
        finally:
            process.kill()
            if drain is not None:
                drain.wait()
