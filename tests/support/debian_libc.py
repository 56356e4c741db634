"""A newer C library for programs that ask for one, unpacked into a folder without touching the system.

The libraries come from a newer Debian release through this machine's own apt, which checks their signatures.
The system's libraries stay as they are; a program uses the new ones when it is started by their loader.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

RELEASE = "trixie"
PACKAGES = ("libc6", "libstdc++6", "libgcc-s1")
LOADER = "ld-linux-x86-64.so.2"

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class NoLibraryError(Exception):
    """No newer C library can be had on this machine; the message says why."""


def system_version() -> tuple[int, int]:
    """The version of the C library that this machine runs."""
    match = re.fullmatch(r"glibc (\d+)\.(\d+).*", os.confstr("CS_GNU_LIBC_VERSION") or "")
    if match is None:
        raise NoLibraryError("the client's programs need the GNU C library")
    return int(match[1]), int(match[2])


def wanted_version(program: Path) -> tuple[int, int]:
    """The newest version of the C library that a program or library names in its symbol table."""
    found = re.findall(rb"GLIBC_(\d+)\.(\d+)\0", program.read_bytes())
    return max(((int(major), int(minor)) for major, minor in found), default=(0, 0))


def unpack(target: Path) -> None:
    """Put the newer libraries into a new folder. Raises NoLibraryError."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            have = "{}.{}".format(*system_version())
            raise NoLibraryError(
                f"this machine's C library ({have}) is older than the client's programs need, and without "
                f"{tool} no newer one can be fetched: use a system with glibc 2.39 or newer, or Debian 12"
            )
    with tempfile.TemporaryDirectory(prefix="aztecd-apt-") as name:
        scratch = Path(name)
        for folder in ("lists/partial", "cache/archives/partial", "packages", "root"):
            (scratch / folder).mkdir(parents=True)
        signed = f" signed-by={_KEYRING}" if _KEYRING.exists() else ""
        sources = scratch / "sources.list"
        sources.write_text(f"deb [arch=amd64{signed}] {_mirror()} {RELEASE} main\n")
        apt = ["apt-get", "--quiet", f"-oDir::Etc::SourceList={sources}", "-oDir::Etc::SourceParts=-"]
        apt += [
            f"-oDir::State::Lists={scratch}/lists",
            f"-oDir::Cache={scratch}/cache",
            "-oAcquire::Languages=none",
        ]
        if os.geteuid() == 0:
            # apt would give the download to another user, who cannot write here.
            apt.append("-oAPT::Sandbox::User=root")
        _run([*apt, "update"], scratch)
        _run([*apt, "download", *PACKAGES], scratch / "packages")
        for package in sorted((scratch / "packages").glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(package), str(scratch / "root")], scratch)
        libraries = scratch / "root" / "usr" / "lib" / "x86_64-linux-gnu"
        if not (libraries / LOADER).exists():
            raise NoLibraryError(f"the packages of {RELEASE} hold no {LOADER}")
        ignored = shutil.ignore_patterns("gconv", "audit", "libmemusage.so", "libpcprofile.so")
        shutil.copytree(libraries, target, symlinks=True, ignore=ignored)


def _mirror() -> str:
    """The package source that this machine's apt uses for its own release, if it is Debian's."""
    release = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    facts = dict(re.findall(r'(?m)^(\w+)="?([^"\n]*)"?$', release))
    if facts.get("ID") != "debian":
        raise NoLibraryError(
            "this machine's C library is older than the client's programs need, and only on Debian a newer "
            f"one can be fetched; this is {facts.get('PRETTY_NAME', 'something else')}: use a system with "
            "glibc 2.39 or newer"
        )
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    targets = _run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"], Path("/")
    ).splitlines()
    for line in targets:
        uri, suite, component = line.split(" ")
        if suite == facts.get("VERSION_CODENAME") and component == "main":
            return uri
    raise NoLibraryError("apt of this machine has no source for its own release")


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoLibraryError(
            f"{' '.join(command[:1] + command[-1:])} failed: {(done.stderr or done.stdout).strip()[-500:]}"
        )
    return done.stdout
