"""Contract classes with their artifacts, and instances.

An artifact is several megabytes of JSON: it is stored compressed, and kept in memory once it was read.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.pxe.artifacts import ContractArtifact, artifact_to_json, load_artifact
from aztecd.pxe.stores.errors import PxeStoreBrokenError
from aztecd.pxe.stores.stage import Stage
from aztecd.storage import Prefix

__all__ = ["ArtifactCache", "ContractOverride", "ContractStore"]

_FAST_COMPRESSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractOverride:
    """Another instance or other code for a contract, for one simulation."""

    instance: ContractInstanceWithAddress
    artifact: ContractArtifact


class ArtifactCache:
    """Artifacts that were read, by class id. Mutable; an entry never changes, so threads may share it."""

    __slots__ = ("_artifacts",)

    def __init__(self) -> None:
        self._artifacts: dict[Fr, ContractArtifact] = {}

    def get(self, class_id: Fr) -> ContractArtifact | None:
        """Give an artifact."""
        return self._artifacts.get(class_id)

    def put(self, class_id: Fr, artifact: ContractArtifact) -> None:
        """Keep an artifact."""
        self._artifacts[class_id] = artifact


class ContractStore:
    """Classes and instances, on a stage. `overrides` go before what is stored."""

    __slots__ = ("_cache", "_overrides", "_stage")

    def __init__(
        self,
        stage: Stage,
        cache: ArtifactCache,
        overrides: Mapping[AztecAddress, ContractOverride] | None = None,
    ) -> None:
        self._stage = stage
        self._cache = cache
        self._overrides = overrides or {}

    def add_class(self, class_id: Fr, artifact: ContractArtifact) -> None:
        """Store an artifact under its class id, which the caller computed from it.

        The first one stays: the names of public functions are not part of the id, and what an application is
        granted goes by names.
        """
        key = Prefix.PXE_CLASS.key + class_id
        if self._stage.get(key) is None:
            self._cache.put(class_id, artifact)
            data = orjson.dumps(artifact_to_json(artifact))
            self._stage.put(key, zlib.compress(data, _FAST_COMPRESSION))

    def add_instance(self, instance: ContractInstanceWithAddress) -> None:
        """Store an instance, over the former one of that address."""
        self._stage.put(Prefix.PXE_INSTANCE.key + instance.address, instance.encode())

    def has_class(self, class_id: Fr) -> bool:
        """Tell whether an artifact is stored."""
        return self._stage.get(Prefix.PXE_CLASS.key + class_id) is not None

    def artifact_of_class(self, class_id: Fr) -> ContractArtifact | None:
        """Give the artifact of a class. Raises PxeStoreBrokenError."""
        # What a dropped job registered may still be in the cache, so the store is asked first.
        packed = self._stage.get(Prefix.PXE_CLASS.key + class_id)
        if packed is None:
            return None
        artifact = self._cache.get(class_id)
        if artifact is None:
            try:
                artifact = load_artifact(zlib.decompress(packed))
            except zlib.error as error:
                raise PxeStoreBrokenError(f"the artifact of class 0x{class_id.hex()} is damaged") from error
            self._cache.put(class_id, artifact)
        return artifact

    def instance(self, address: AztecAddress) -> ContractInstanceWithAddress | None:
        """Give an instance with its class of today."""
        override = self._overrides.get(address)
        if override is not None:
            return override.instance
        found = self._stage.get(Prefix.PXE_INSTANCE.key + address)
        return None if found is None else ContractInstanceWithAddress.decode(found)

    def artifact(self, address: AztecAddress) -> ContractArtifact | None:
        """Give the artifact of an instance."""
        override = self._overrides.get(address)
        if override is not None:
            return override.artifact
        found = self.instance(address)
        return None if found is None else self.artifact_of_class(found.current_contract_class_id)

    def is_overridden(self, address: AztecAddress) -> bool:
        """Tell whether an override stands in for a contract."""
        return address in self._overrides

    def addresses(self) -> list[AztecAddress]:
        """List the addresses of all instances in ascending order."""
        return [AztecAddress(Fr(key[1:])) for key, _ in self._stage.scan(Prefix.PXE_INSTANCE.key)]
