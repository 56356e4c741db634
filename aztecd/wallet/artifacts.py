"""Where the code of standard contracts comes from: folders of artifacts, as contract packages have them.

Authority for the protocol contracts' instances: @aztec/protocol-contracts src/protocol_contract_data.ts
(4.1.2), condensed by `aztecd.artifacts`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.protocol.protocol_contracts import protocol_contracts
from aztecd.pxe.artifacts import ContractArtifact, load_artifact
from aztecd.wallet.errors import ArtifactMissingError

__all__ = ["ArtifactFolders", "StandardProtocolContracts"]


class ArtifactFolders:
    """Artifacts by name: `<name>.json`, or `<crate>-<name>.json` as the compiler names files. Caches."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._loaded: dict[str, ContractArtifact] = {}

    def artifact(self, name: str) -> ContractArtifact:
        """Load an artifact, once. Raises ArtifactMissingError, ArtifactError."""
        found = self._loaded.get(name)
        if found is None:
            found = load_artifact(self.path(name).read_bytes())
            self._loaded[name] = found
        return found

    def path(self, name: str) -> Path:
        """Find the file of an artifact. Raises ArtifactMissingError."""
        for folder in self._folders:
            for path in (folder / f"{name}.json", *sorted(folder.glob(f"*-{name}.json"))):
                if path.is_file():
                    return path
        where = ", ".join(str(folder) for folder in self._folders) or "no folder at all"
        raise ArtifactMissingError(f"no artifact of contract {name} in {where}")


class StandardProtocolContracts:
    """The protocol contracts: instances from the condensed document, code from the artifacts."""

    def __init__(self, document: Path, artifacts: ArtifactFolders) -> None:
        self._document = document
        self._artifacts = artifacts
        self._read: dict[str, Any] | None = None

    def instances(self) -> Sequence[ContractInstanceWithAddress]:
        """List the instances."""
        return [instance for _, instance in protocol_contracts(self._facts())]

    def artifact(self, address: AztecAddress) -> ContractArtifact:
        """Give the artifact of one of them. Raises ArtifactMissingError, ArtifactError."""
        names = [entry["name"] for entry in self._facts()["contracts"]]
        for name, instance in zip(names, self.instances(), strict=True):
            if instance.address == address:
                return self._artifacts.artifact(name)
        raise ArtifactMissingError(f"0x{address.hex()} is no protocol contract")

    def _facts(self) -> dict[str, Any]:
        if self._read is None:
            self._read = json.loads(self._document.read_bytes())
        return self._read
