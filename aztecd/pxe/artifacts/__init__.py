"""Contract artifacts: what a compiler leaves, read once and checked.

Responsible for: functions and their ABIs, storage layout, class id and artifact hash, the places in the
source that failed. Not for: running the bytecode (`aztecd.pxe.acvm`), fetching artifacts from packages
(`aztecd.artifacts`).

Authority: @aztec/stdlib src/abi/{abi,contract_artifact}.ts, src/contract/{artifact_hash,contract_class}.ts,
@aztec/simulator src/common/errors.ts (4.1.2).
"""

from aztecd.pxe.artifacts.class_id import (
    ArtifactHashParts,
    ContractClass,
    artifact_hash_parts,
    contract_class_of,
    verification_key_hash,
)
from aztecd.pxe.artifacts.errors import ArtifactError, UnknownFunctionError
from aztecd.pxe.artifacts.load import artifact_to_json, load_artifact
from aztecd.pxe.artifacts.model import (
    ContractArtifact,
    FunctionAbi,
    FunctionArtifact,
    FunctionKind,
    SourceFile,
)
from aztecd.pxe.artifacts.source_map import SourceLocation, SourceMap, render_call_stack

__all__ = [
    "ArtifactError",
    "ArtifactHashParts",
    "ContractArtifact",
    "ContractClass",
    "FunctionAbi",
    "FunctionArtifact",
    "FunctionKind",
    "SourceFile",
    "SourceLocation",
    "SourceMap",
    "UnknownFunctionError",
    "artifact_hash_parts",
    "artifact_to_json",
    "contract_class_of",
    "load_artifact",
    "render_call_stack",
    "verification_key_hash",
]
