"""Artifacts of real contracts, from the contract packages of the installed JavaScript client.

They are others' work and not in this project.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from aztecd.pxe.artifacts import ContractArtifact, load_artifact
from tests.support.client_install import install

PACKAGES = (
    "@aztec/noir-contracts.js",
    "@aztec/noir-test-contracts.js",
    "@aztec/accounts",
    "@aztec/protocol-contracts",
)


class UnknownArtifactError(LookupError):
    """No package has a contract of this name."""


def artifact_path(name: str, packages: tuple[str, ...] = PACKAGES) -> Path:
    """Find the file of a contract, the first in the order of the packages. Raises UnknownArtifactError."""
    modules = install().modules
    for package in packages:
        folder = modules / package / "artifacts"
        for path in (folder / f"{name}.json", *sorted(folder.glob(f"*-{name}.json"))):
            if path.exists():
                return path
    raise UnknownArtifactError(f"no artifact of {', '.join(packages)} is called {name}")


@lru_cache(maxsize=8)
def contract_artifact(name: str) -> ContractArtifact:
    """Load a contract's artifact. Raises UnknownArtifactError, ClientInstallError."""
    return load_artifact(artifact_path(name).read_bytes())
