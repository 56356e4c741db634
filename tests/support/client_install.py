"""Install the unmodified JavaScript client (aztec.js, wallets, compiled contracts) for the end-to-end tests.

    python -m tests.support.client_install

It goes into the cache of the artifacts, once; the versions and checksums are those of the lock file in
tests/e2e/client. Node is the pinned one of the artifacts. Two native programs of the client ask for a newer
C library than, say, Debian 12 has: then one is put beside them, and they are started by its loader.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from aztecd.artifacts.cache import cache_root, locked, staging
from aztecd.artifacts.download import Npm, find_npm, install_node
from aztecd.artifacts.pins import load_pins
from aztecd.artifacts.progress import ProgressReport, progress_for
from tests.support import debian_libc

LISTS = Path(__file__).resolve().parents[1] / "e2e" / "client"

_LAYOUT = "2"
_LISTS_NAMES = ("package.json", "package-lock.json")
_NATIVE = Path("node_modules/@aztec/bb.js/build/amd64-linux")
_READY = "ready.json"
_SELF_CHECK = """
import { Fr } from '@aztec/aztec.js/fields';
import { AztecLMDBStoreV2, openTmpStore } from '@aztec/kv-store/lmdb-v2';
import { poseidon2Hash } from '@aztec/foundation/crypto/poseidon';
const store = await openTmpStore('check');
await store.close();
console.log((await poseidon2Hash([new Fr(1)])).toString());
process.exit(0);
"""
# poseidon2Hash([1]), from the recorded vectors.
_SELF_CHECK_ANSWER = "0x168758332d5b3e2d13be8048c8011b454590e06c44bce7f702f09103eef5a373"


class ClientInstallError(Exception):
    """The client cannot be installed here; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An installed client: how to start Node, and where the packages are."""

    node: Path
    modules: Path


def install(progress: ProgressReport | None = None) -> Client:
    """Install the client unless it is there. Raises ClientInstallError or an error of the artifacts."""
    progress = progress or progress_for()
    root = cache_root()
    pins = load_pins()
    folder = root / f"client-{installation_key(LISTS, pins.node.requirement)}"
    client = Client(node=folder / "bin" / "node", modules=folder / "node_modules")
    if (folder / _READY).exists():
        return client
    with locked(root, lambda: progress.say("another installation is running: waiting for it")):
        if (folder / _READY).exists():
            return client
        node = install_node(root, pins.node, progress)
        npm = find_npm(root, pins.node, progress)
        with staging(root) as scratch:
            staged = scratch / "client"
            staged.mkdir()
            progress.say("installing the npm packages for the real-client tests (a minute or so)")
            count = npm_install(npm, LISTS, staged)
            _slim(staged)
            _add_launchers(staged, node / "bin" / "node", folder, progress)
            shutil.rmtree(folder, ignore_errors=True)
            staged.rename(folder)
        _self_check(client)
        (folder / _READY).write_text(json.dumps({"packages": count}) + "\n")
    progress.say("the client packages are installed and work")
    return client


def npm_install(npm: Npm, lists: Path, folder: Path) -> int:
    """Install what a lock file names into a folder, exactly that; give the number of packages.

    Raises ClientInstallError.
    """
    for name in _LISTS_NAMES:
        shutil.copy(lists / name, folder / name)
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    # Not `npm ci`: npm 11 leaves other platforms' packages out of a lock file, and then refuses it.
    command = [
        *npm.command,
        "install",
        "--ignore-scripts",
        "--omit=dev",
        "--no-save",
        "--no-audit",
        "--no-fund",
    ]
    _run([*command, "--loglevel=error"], folder, {**os.environ, **npm.environment})
    _compare(folder, packages)
    return len(packages) - 1


def installation_key(lists: Path, node: str) -> str:
    """Name an installation after everything that it is made from."""
    digest = hashlib.sha256(f"{_LAYOUT}\0{node}\0".encode())
    for name in _LISTS_NAMES:
        digest.update((lists / name).read_bytes())
    return digest.hexdigest()[:12]


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClientInstallError(
            f"{Path(command[0]).name} failed: {(done.stderr + done.stdout).strip()[-1500:]}"
        )
    return done.stdout


def _compare(folder: Path, pinned: dict[str, dict[str, object]]) -> None:
    """Compare what npm installed with the lock file, package by package."""
    hidden = folder / "node_modules" / ".package-lock.json"
    installed = json.loads(hidden.read_text())["packages"]
    wrong = [
        path
        for path, entry in installed.items()
        if any(pinned.get(path, {}).get(part) != entry.get(part) for part in ("version", "integrity"))
    ]
    wrong += [
        path for path, entry in pinned.items() if path and path not in installed and not entry.get("optional")
    ]
    if wrong:
        raise ClientInstallError(
            f"npm installed other packages than the lock file names: {', '.join(wrong[:10])}"
        )


def _slim(folder: Path) -> None:
    """Remove what Node never loads here: Solidity, browser builds, other platforms, sources, maps, types.

    The contracts' artifacts stay whole: from their debug information the client names the line that failed.
    """
    modules = folder / "node_modules"
    aztec = modules / "@aztec"
    for path in (aztec / "l1-artifacts" / "l1-contracts", aztec / "bb.js" / "dest" / "browser"):
        shutil.rmtree(path, ignore_errors=True)
    for package in aztec.iterdir():
        shutil.rmtree(package / "src", ignore_errors=True)
    for path in (aztec / "bb.js" / "build").iterdir():
        if path.name != _NATIVE.name:
            shutil.rmtree(path)
    for prebuilds in modules.glob("**/prebuilds"):
        for path in prebuilds.iterdir():
            if path.is_dir() and path.name != "linux-x64":
                shutil.rmtree(path)
    for base, _, names in os.walk(modules):
        for name in names:
            if name.endswith((".map", ".d.ts", ".d.mts", ".d.cts")):
                os.unlink(os.path.join(base, name))  # noqa: PTH108, PTH118 - some ten thousand files


def _add_launchers(staged: Path, node: Path, folder: Path, progress: ProgressReport) -> None:
    """Make `bin/node`: Node itself, or Node started by the loader of a newer C library; `bb` likewise."""
    native = staged / _NATIVE
    program = native / "bb"
    program.chmod(0o755)
    launcher = staged / "bin" / "node"
    launcher.parent.mkdir()
    wanted = max(debian_libc.wanted_version(path) for path in (node, program, native / "nodejs_module.node"))
    if wanted <= debian_libc.system_version():
        launcher.symlink_to(node)
        return
    progress.say(
        "the client wants glibc {}.{}, this machine has {}.{}: putting a newer one beside it".format(
            *wanted, *debian_libc.system_version()
        )
    )
    debian_libc.unpack(staged / "libc")
    offered = debian_libc.wanted_version(staged / "libc" / "libc.so.6")
    if offered < wanted:
        raise ClientInstallError(f"the client wants glibc {wanted}, the newest to be had is {offered}")
    loader = f"{folder / 'libc' / debian_libc.LOADER} --library-path {folder / 'libc'}"
    real = program.rename(program.with_name("bb.program"))
    program.write_text(f'#!/bin/sh\nexec {loader} {folder / _NATIVE / real.name} "$@"\n')
    launcher.write_text(f'#!/bin/sh\nexec {loader} {node} "$@"\n')
    for path in (program, launcher):
        path.chmod(0o755)


def _self_check(client: Client) -> None:
    script = client.modules.parent / "check.mjs"
    script.write_text(_SELF_CHECK)
    environment = {**os.environ, "LOG_LEVEL": "silent"}
    if (
        _run([str(client.node), "--no-warnings", str(script)], script.parent, environment).strip()
        != _SELF_CHECK_ANSWER
    ):
        raise ClientInstallError("the installed client computes a wrong hash")


if __name__ == "__main__":
    try:
        install()
    except (ClientInstallError, debian_libc.NoLibraryError) as error:
        sys.exit(f"client: {error}")
