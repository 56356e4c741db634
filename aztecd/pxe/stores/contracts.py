"""Contract classes with their artifacts, and instances.

An artifact is several megabytes of JSON: it is stored compressed, and kept in memory once it was read.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

import orjson

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.pxe.artifacts import ContractArtifact, artifact_to_json, load_artifact
from aztecd.pxe.stores.errors import PxeStoreBrokenError
from aztecd.pxe.stores.stage import Stage
from aztecd.storage import Prefix

__all__ = ["ArtifactCache", "ContractOverride", "ContractStore"]

_FAST_COMPRESSION: Final = 1
_MAX_CACHED_BYTES: Final = 256 << 20
"""A hundred contracts of the usual size; in memory they take about as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractOverride:
    """Another instance or other code for a contract, for one simulation."""

    instance: ContractInstanceWithAddress
    artifact: ContractArtifact


class ArtifactCache:
    """Artifacts that were read, by class id; those not used for longest go first. Mutable, for any thread."""

    __slots__ = ("_artifacts", "_left", "_lock")

    def __init__(self, max_bytes: int = _MAX_CACHED_BYTES) -> None:
        """Make a cache for artifacts of `max_bytes` of JSON together."""
        self._artifacts: OrderedDict[Fr, tuple[ContractArtifact, int]] = OrderedDict()
        self._left = max_bytes
        self._lock = Lock()

    def get(self, class_id: Fr) -> ContractArtifact | None:
        """Give an artifact."""
        with self._lock:
            found = self._artifacts.get(class_id)
            if found is None:
                return None
            self._artifacts.move_to_end(class_id)
            return found[0]

    def put(self, class_id: Fr, artifact: ContractArtifact, size_bytes: int) -> None:
        """Keep an artifact of so many bytes of JSON, and the newest one whatever its size."""
        with self._lock:
            _, former = self._artifacts.pop(class_id, (None, 0))
            self._artifacts[class_id] = artifact, size_bytes
            self._left += former - size_bytes
            while self._left < 0 and len(self._artifacts) > 1:
                _, (_, freed) = self._artifacts.popitem(last=False)
                self._left += freed


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
            data = orjson.dumps(artifact_to_json(artifact))
            self._cache.put(class_id, artifact, len(data))
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
                data = zlib.decompress(packed)
            except zlib.error as error:
                raise PxeStoreBrokenError(f"the artifact of class 0x{class_id.hex()} is damaged") from error
            artifact = load_artifact(data)
            self._cache.put(class_id, artifact, len(data))
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
