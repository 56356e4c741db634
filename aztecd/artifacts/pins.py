"""The pinned list of what is fetched: names, exact versions, checksums, wanted parts.

The list itself is data, `artifacts.json`. The integrity values are those of the packages' own lock
entries (SHA-512 of the packed archive, in the notation of Subresource Integrity).
"""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass
from importlib import resources

__all__ = ["Content", "NodePin", "PackagePin", "Pins", "load_pins"]

_NODE_LAYOUT = 1


class Content(enum.StrEnum):
    """What a package holds, which decides how it is unpacked."""

    L1_CONTRACTS = "l1_contracts"
    PROTOCOL_CONTRACTS = "protocol_contracts"
    CONTRACTS = "contracts"
    PROGRAMS = "programs"


_LAYOUTS = {
    Content.L1_CONTRACTS: 1,
    Content.PROTOCOL_CONTRACTS: 2,
    Content.CONTRACTS: 1,
    Content.PROGRAMS: 1,
}
"""Raise one when the form of the unpacked files changes: another folder name follows, all is fetched anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagePin:
    """One npm package; `entries` are names of L1 and protocol contracts, else paths inside the package."""

    name: str
    version: str
    integrity: str
    size_bytes: int
    folder: str
    content: Content
    entries: tuple[str, ...]

    @property
    def spec(self) -> str:
        """The package as npm wants it named."""
        return f"{self.name}@{self.version}"

    @property
    def key(self) -> str:
        """The folder's name in the cache: it changes with everything that the files depend on."""
        parts = [
            str(_LAYOUTS[self.content]),
            self.name,
            self.version,
            self.integrity,
            self.content,
            *self.entries,
        ]
        return f"{self.folder}-{self.version}-{_digest(parts)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePin:
    """The Python distribution that brings Node and npm to a machine without npm."""

    distribution: str
    version: str
    sha256: tuple[str, ...]
    size_bytes: int

    @property
    def requirement(self) -> str:
        """One line of a requirements file, with hashes."""
        return " ".join(
            [f"{self.distribution}=={self.version}", *(f"--hash=sha256:{value}" for value in self.sha256)]
        )

    @property
    def key(self) -> str:
        """The folder's name in the cache."""
        return f"node-{self.version}-{_digest([str(_NODE_LAYOUT), self.requirement])}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Everything that is pinned."""

    packages: tuple[PackagePin, ...]
    node: NodePin

    def package(self, content: Content) -> PackagePin:
        """The one package that holds a kind of content."""
        (found,) = self.packages_of(content)
        return found

    def packages_of(self, content: Content) -> tuple[PackagePin, ...]:
        """All packages that hold a kind of content."""
        return tuple(package for package in self.packages if package.content is content)


def load_pins() -> Pins:
    """Read the list that comes with this package."""
    data = json.loads(resources.files("aztecd.artifacts").joinpath("artifacts.json").read_text("utf-8"))
    packages = tuple(
        PackagePin(**{**entry, "content": Content(entry["content"]), "entries": tuple(entry["entries"])})
        for entry in data["packages"]
    )
    node = NodePin(**{**data["node"], "sha256": tuple(data["node"]["sha256"])})
    return Pins(packages=packages, node=node)


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
