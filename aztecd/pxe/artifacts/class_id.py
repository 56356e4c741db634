"""The identity of a contract class: artifact hash, private functions, public bytecode.

Hashes of the artifact are whole SHA-256 digests reduced modulo p, over bytes and over JSON with sorted keys
and no spaces.

Authority: @aztec/stdlib src/contract/{artifact_hash,contract_class,contract_class_id}.ts,
@aztec/foundation src/crypto/keys (`vkAsFieldsMegaHonk`) (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import orjson

from aztecd.crypto.field import FR_MODULUS, FR_SIZE, FR_ZERO, FieldError, Fr, fr, fr_from_bytes
from aztecd.crypto.poseidon2 import hash_fields
from aztecd.crypto.sha256 import sha256
from aztecd.protocol.basic import FunctionSelector
from aztecd.protocol.contracts import (
    contract_class_id,
    private_functions_root,
    public_bytecode_commitment,
)
from aztecd.pxe.abi import type_to_json
from aztecd.pxe.artifacts.errors import ArtifactError
from aztecd.pxe.artifacts.load import outputs_to_json
from aztecd.pxe.artifacts.model import ContractArtifact, FunctionArtifact, FunctionKind

__all__ = [
    "ArtifactHashParts",
    "ContractClass",
    "artifact_hash_parts",
    "contract_class_of",
    "verification_key_hash",
]

_VERSION: Final = b"\1"
_VERIFICATION_KEY_SIZE: Final = 127 * FR_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactHashParts:
    """What the artifact hash is made of."""

    private_functions_root: Fr
    utility_functions_root: Fr
    metadata_hash: Fr

    def hash(self) -> Fr:
        """Give the artifact hash."""
        return _digest(
            _VERSION + self.private_functions_root + self.utility_functions_root + self.metadata_hash
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractClass:
    """A class with what its identifier is made of; the private functions are sorted by selector."""

    id: Fr
    artifact_hash: Fr
    private_functions_root: Fr
    public_bytecode_commitment: Fr
    packed_bytecode: bytes = field(repr=False)
    private_functions: tuple[tuple[FunctionSelector, Fr], ...]


def contract_class_of(artifact: ContractArtifact, artifact_hash: Fr | None = None) -> ContractClass:
    """Compute the class of an artifact; an artifact hash that is known already is not computed again.

    Raises ArtifactError, AbiTypeError, InvalidContractError.
    """
    public = [item for item in artifact.functions if item.kind is FunctionKind.PUBLIC]
    if len(public) > 1:
        raise ArtifactError(
            f"Contract should contain at most one public function artifact. Received {len(public)}."
        )
    packed = public[0].bytecode if public else b""
    private = sorted(
        (item.selector, verification_key_hash(item))
        for item in artifact.functions
        if item.kind is FunctionKind.PRIVATE
    )
    root = private_functions_root([(int.from_bytes(selector, "big"), key) for selector, key in private])
    commitment = public_bytecode_commitment(packed)
    known = artifact_hash_parts(artifact).hash() if artifact_hash is None else artifact_hash
    return ContractClass(
        id=contract_class_id(known, root, commitment),
        artifact_hash=known,
        private_functions_root=root,
        public_bytecode_commitment=commitment,
        packed_bytecode=packed,
        private_functions=tuple(private),
    )


def artifact_hash_parts(artifact: ContractArtifact) -> ArtifactHashParts:
    """Compute what the artifact hash is made of. Raises AbiTypeError."""
    return ArtifactHashParts(
        private_functions_root=_functions_root(artifact, FunctionKind.PRIVATE),
        utility_functions_root=_functions_root(artifact, FunctionKind.UTILITY),
        metadata_hash=_digest(_canonical({"name": artifact.name, "outputs": outputs_to_json(artifact)})),
    )


def verification_key_hash(function: FunctionArtifact) -> Fr:
    """Hash a private function's verification key. Raises ArtifactError if there is none."""
    key = function.verification_key
    if not key:
        raise ArtifactError(f"Private function {function.name} must have a verification key")
    if len(key) != _VERIFICATION_KEY_SIZE:
        raise ArtifactError(
            f"the verification key of {function.name} has {len(key)} bytes, expected {_VERIFICATION_KEY_SIZE}"
        )
    try:
        return hash_fields(fr_from_bytes(key[at : at + FR_SIZE]) for at in range(0, len(key), FR_SIZE))
    except FieldError as error:
        raise ArtifactError(f"the verification key of {function.name} is damaged: {error}") from error


def _functions_root(artifact: ContractArtifact, kind: FunctionKind) -> Fr:
    functions = sorted(
        (item for item in artifact.functions if item.kind is kind), key=lambda item: item.selector
    )
    level: list[Fr] = [_function_leaf(item) for item in functions]
    if not level:
        return FR_ZERO
    # The height is the least that holds the leaves; a single leaf is the root.
    level += [FR_ZERO] * ((1 << (len(level) - 1).bit_length()) - len(level))
    while len(level) > 1:
        level = [_digest(left + right) for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


def _function_leaf(function: FunctionArtifact) -> Fr:
    metadata = _digest(_canonical([type_to_json(item) for item in function.return_types]))
    return _digest(_VERSION + function.selector + metadata + _digest(function.bytecode))


def _canonical(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _digest(data: bytes) -> Fr:
    return fr(int.from_bytes(sha256(data), "big") % FR_MODULUS)
