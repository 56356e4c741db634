"""Read artifacts: what the compiler writes, and the shorter form in which clients send and keep them.

The compiler's form names functions' kinds by attributes, has public bytecode for each public function
(dropped but for `public_dispatch`), a first parameter with the context (dropped) and the return types of
contract functions among the exported structs. The reference's clients send the form that results
(`functionType`, `nonDispatchPublicFunctions`); `artifact_to_json` writes it.

Unknown members are dropped and events and functions among the exported structs are sorted by path,
descending: both change the artifact hash.

Authority: @aztec/stdlib src/abi/contract_artifact.ts (`loadContractArtifact`), src/abi/abi.ts
(`ContractArtifactSchema`) (4.1.2).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import orjson

from aztecd.crypto.field import FieldError, Fr, fr_from_hex, fr_hex
from aztecd.protocol.codec import JsonValue
from aztecd.pxe.abi import (
    AbiParameter,
    AbiType,
    AbiTypeError,
    ErrorType,
    StructType,
    error_type_from_json,
    type_from_json,
    type_to_json,
)
from aztecd.pxe.abi.types import Visibility, error_type_to_json, member
from aztecd.pxe.artifacts.errors import ArtifactError
from aztecd.pxe.artifacts.model import ContractArtifact, FunctionAbi, FunctionArtifact, FunctionKind
from aztecd.pxe.artifacts.source_map import SourceFile

__all__ = ["artifact_to_json", "load_artifact"]

T = TypeVar("T")

_DISPATCH: Final = "public_dispatch"
_SORTED_GROUPS: Final = frozenset({"events", "functions"})
_MAX_VALUE_DEPTH: Final = 32
_KINDS: Final = {
    "abi_private": FunctionKind.PRIVATE,
    "abi_public": FunctionKind.PUBLIC,
    "abi_utility": FunctionKind.UTILITY,
}


def load_artifact(data: bytes | JsonValue) -> ContractArtifact:
    """Read an artifact in either form, from JSON text or data. Raises ArtifactError."""
    try:
        value = orjson.loads(data) if isinstance(data, bytes) else data
    except orjson.JSONDecodeError as error:
        raise ArtifactError(f"an artifact is JSON: {error}") from error
    name = str(value.get("name")) if isinstance(value, dict) else "?"
    try:
        return _load(value)
    except (ArtifactError, AbiTypeError, FieldError) as error:
        raise ArtifactError(f"Could not generate contract artifact for {name[:80]}: {error}") from error


def artifact_to_json(artifact: ContractArtifact) -> dict[str, JsonValue]:
    """Give an artifact in the form that clients send and keep."""
    return {
        "name": artifact.name,
        "functions": [_function_to_json(item) for item in artifact.functions],
        "nonDispatchPublicFunctions": [_abi_to_json(item) for item in artifact.public_functions],
        "outputs": outputs_to_json(artifact),
        "storageLayout": {name: {"slot": fr_hex(slot)} for name, slot in artifact.storage_layout.items()},
        "fileMap": {
            str(number): {"path": file.path, "source": file.source}
            for number, file in artifact.file_map.items()
        },
    }


def outputs_to_json(artifact: ContractArtifact) -> dict[str, JsonValue]:
    """Give the exported types and values in the form of the artifact hash."""
    return {
        "structs": {
            group: [type_to_json(item) for item in items] for group, items in artifact.structs.items()
        },
        "globals": dict(artifact.globals),
    }


def _load(value: JsonValue) -> ContractArtifact:
    name = member(value, "name", str, "")
    functions = member(value, "functions", list, "")
    is_processed = "nonDispatchPublicFunctions" in value
    if not is_processed and value.get("transpiled") is not True:
        raise ArtifactError("Contract's public bytecode has not been transpiled")
    outputs = member(value, "outputs", dict, "outputs")
    structs = _structs(outputs)
    exported = {
        group: tuple(_global(item, 0) for item in items)
        for group, items in _lists(outputs, "globals").items()
    }
    if is_processed:
        runnable = [_processed_function(item) for item in functions]
        public = [_processed_abi(item) for item in member(value, "nonDispatchPublicFunctions", list, "")]
        layout = _processed_layout(value)
    else:
        read = [_function(item, name, structs) for item in functions]
        runnable = [item for item in read if _is_runnable(item)]
        public = [_abi_of(item) for item in read if not _is_runnable(item)]
        layout = _layout(exported, name)
    return ContractArtifact(
        name=name,
        functions=tuple(runnable),
        public_functions=tuple(public),
        structs=structs,
        globals={group: list(items) for group, items in exported.items()},
        storage_layout=layout,
        file_map=_files(value, "fileMap" if is_processed else "file_map"),
    )


def _structs(outputs: JsonValue) -> dict[str, tuple[AbiType, ...]]:
    structs: dict[str, tuple[AbiType, ...]] = {}
    for group, items in _lists(outputs, "structs").items():
        read = [type_from_json(item, f"{group}[{index}]") for index, item in enumerate(items)]
        if group in _SORTED_GROUPS:
            read.sort(key=_path_of, reverse=True)
        structs[group] = tuple(read)
    return structs


def _path_of(abi_type: AbiType) -> str:
    if not isinstance(abi_type, StructType):
        raise ArtifactError(f"an exported event or function is a {abi_type.kind}, not a struct")
    return abi_type.path


def _lists(outputs: JsonValue, name: str) -> dict[str, list[JsonValue]]:
    groups = member(outputs, name, dict, "outputs")
    for group, items in groups.items():
        if not isinstance(items, list):
            raise ArtifactError(f"outputs.{name}.{group[:40]} is no list")
    return groups


def _global(value: JsonValue, depth: int) -> JsonValue:
    """Check an exported value and drop what the schema does not know."""
    if depth > _MAX_VALUE_DEPTH:
        raise ArtifactError(f"an exported value nested deeper than {_MAX_VALUE_DEPTH} levels")
    kind = member(value, "kind", str, "globals")
    match kind:
        case "boolean":
            return {"kind": kind, "value": member(value, "value", bool, "globals")}
        case "string":
            return {"kind": kind, "value": member(value, "value", str, "globals")}
        case "integer":
            sign = member(value, "sign", bool, "globals")
            return {"kind": kind, "value": member(value, "value", str, "globals"), "sign": sign}
        case "array":
            return {
                "kind": kind,
                "value": [_global(item, depth + 1) for item in member(value, "value", list, "globals")],
            }
        case "tuple":
            return {
                "kind": kind,
                "fields": [_global(item, depth + 1) for item in member(value, "fields", list, "globals")],
            }
        case "struct":
            fields: list[JsonValue] = [
                {
                    "name": member(item, "name", str, "globals"),
                    "value": _global(member(item, "value", dict, "globals"), depth + 1),
                }
                for item in member(value, "fields", list, "globals")
            ]
            return {"kind": kind, "fields": fields}
        case _:
            raise ArtifactError(f"unknown kind of exported value {kind[:40]!r}")


def _layout(exported: Mapping[str, tuple[JsonValue, ...]], name: str) -> dict[str, Fr]:
    """Find the storage of this contract: those of imported ones are exported with it."""
    for item in exported.get("storage", ()):
        fields = {field["name"]: field["value"] for field in item.get("fields", ())}
        if fields.get("contract_name", {}).get("value") == name:
            try:
                return {
                    field["name"]: fr_from_hex(field["value"]["fields"][0]["value"]["value"])
                    for field in fields["fields"]["fields"]
                }
            except (KeyError, IndexError, TypeError) as error:
                raise ArtifactError(f"the storage layout is damaged: {error}") from error
    return {}


def _processed_layout(value: JsonValue) -> dict[str, Fr]:
    layout = member(value, "storageLayout", dict, "")
    return {name: fr_from_hex(member(item, "slot", str, "storageLayout")) for name, item in layout.items()}


def _files(value: JsonValue, name: str) -> dict[int, SourceFile]:
    files = member(value, name, dict, "")
    if not all(number.isascii() and number.isdigit() and len(number) < 16 for number in files):
        raise ArtifactError(f"{name} goes by numbers")
    return {
        int(number): SourceFile(
            path=member(item, "path", str, name), source=member(item, "source", str, name)
        )
        for number, item in files.items()
    }


def _function(
    value: JsonValue, contract: str, structs: Mapping[str, tuple[AbiType, ...]]
) -> FunctionArtifact:
    name = member(value, "name", str, "functions")
    attributes = member(value, "custom_attributes", list, name)
    abi = member(value, "abi", dict, name)
    kind = next((kind for attribute, kind in _KINDS.items() if attribute in attributes), None)
    if kind is None:
        raise ArtifactError(f"Invalid function type for a noir contract function {name}")
    parameters = _parameters(abi, name)
    if parameters and _is_context(parameters[0].type):
        parameters = parameters[1:]
    if any(parameter.visibility == "databus" for parameter in parameters):
        raise ArtifactError(f"Unsupported visibility databus for a parameter of {name}")
    return FunctionArtifact(
        name=name,
        kind=kind,
        is_only_self="abi_only_self" in attributes,
        is_static="abi_view" in attributes,
        is_initializer="abi_initializer" in attributes,
        parameters=parameters,
        return_types=_return_types(abi, kind, f"{contract}::{name}_abi", structs),
        error_types=_error_types(abi, "error_types", name),
        bytecode=_base64(member(value, "bytecode", str, name), name),
        verification_key=_verification_key(value.get("verification_key"), name),
        debug_symbols=member(value, "debug_symbols", str, name),
    )


def _is_context(abi_type: AbiType) -> bool:
    return isinstance(abi_type, StructType) and "ContextInputs" in abi_type.path


def _is_runnable(function: FunctionArtifact) -> bool:
    return function.kind is not FunctionKind.PUBLIC or function.name == _DISPATCH


def _return_types(
    abi: JsonValue, kind: FunctionKind, path: str, structs: Mapping[str, tuple[AbiType, ...]]
) -> tuple[AbiType, ...]:
    if kind is FunctionKind.UTILITY:
        declared = abi.get("return_type")
        return (type_from_json(member(declared, "abi_type", dict, path), path),) if declared else ()
    for struct in structs.get("functions", ()):
        if isinstance(struct, StructType) and struct.path == path:
            return tuple(field.type for field in struct.fields if field.name == "return_type")
    return ()


def _parameters(value: JsonValue, path: str) -> tuple[AbiParameter, ...]:
    read = []
    for item in member(value, "parameters", list, path):
        name = member(item, "name", str, path)
        abi_type = type_from_json(member(item, "type", dict, f"{path}.{name}"), f"{path}.{name}")
        read.append(AbiParameter(name=name, type=abi_type, visibility=_visibility(item, path)))
    return tuple(read)


def _visibility(value: JsonValue, path: str) -> Visibility:
    found = member(value, "visibility", str, path)
    if found == "public":
        return "public"
    if found == "databus":
        return "databus"
    if found != "private":
        raise ArtifactError(f"unknown visibility {found[:40]!r} in {path}")
    return "private"


def _error_types(value: JsonValue, name: str, path: str) -> dict[str, ErrorType]:
    return {
        selector: error_type_from_json(item, f"{path}.{name}")
        for selector, item in member(value, name, dict, path).items()
        if item is not None
    }


def _verification_key(value: JsonValue, name: str) -> bytes | None:
    if not value:
        return None
    if not isinstance(value, str):
        raise ArtifactError(f"the verification key of {name} is no text")
    return _base64(value, name)


def _base64(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ArtifactError(f"{name} has damaged base64: {error}") from error


def _abi_of(function: FunctionArtifact) -> FunctionAbi:
    return FunctionAbi(
        name=function.name,
        kind=function.kind,
        is_only_self=function.is_only_self,
        is_static=function.is_static,
        is_initializer=function.is_initializer,
        parameters=function.parameters,
        return_types=function.return_types,
        error_types=function.error_types,
    )


def _processed_function(value: JsonValue) -> FunctionArtifact:
    abi = _processed_abi(value)
    return FunctionArtifact(
        name=abi.name,
        kind=abi.kind,
        is_only_self=abi.is_only_self,
        is_static=abi.is_static,
        is_initializer=abi.is_initializer,
        parameters=abi.parameters,
        return_types=abi.return_types,
        error_types=abi.error_types,
        bytecode=_buffer(value.get("bytecode"), abi.name),
        verification_key=_verification_key(value.get("verificationKey"), abi.name),
        debug_symbols=member(value, "debugSymbols", str, abi.name),
    )


def _buffer(value: JsonValue, name: str) -> bytes:
    # Node's buffers have a JSON form of their own, which the reference's schema takes too.
    if isinstance(value, dict) and value.get("type") == "Buffer" and isinstance(value.get("data"), list):
        try:
            return bytes(value["data"])
        except (TypeError, ValueError) as error:
            raise ArtifactError(f"{name} has a damaged buffer: {error}") from error
    if not isinstance(value, str):
        raise ArtifactError(f"{name} has no bytecode")
    return _base64(value, name)


def _processed_abi(value: JsonValue) -> FunctionAbi:
    name = member(value, "name", str, "functions")
    kind = member(value, "functionType", str, name)
    if kind not in {item.value for item in FunctionKind}:
        raise ArtifactError(f"unknown type {kind[:40]!r} of function {name}")
    types = member(value, "returnTypes", list, name)
    return FunctionAbi(
        name=name,
        kind=FunctionKind(kind),
        is_only_self=member(value, "isOnlySelf", bool, name),
        is_static=member(value, "isStatic", bool, name),
        is_initializer=member(value, "isInitializer", bool, name),
        parameters=_parameters(value, name),
        return_types=tuple(type_from_json(item, name) for item in types),
        error_types=_error_types(value, "errorTypes", name),
    )


def _abi_to_json(abi: FunctionAbi) -> dict[str, Any]:
    return {
        "name": abi.name,
        "functionType": abi.kind.value,
        "isOnlySelf": abi.is_only_self,
        "isStatic": abi.is_static,
        "isInitializer": abi.is_initializer,
        "parameters": [
            {"name": item.name, "type": type_to_json(item.type), "visibility": item.visibility}
            for item in abi.parameters
        ],
        "returnTypes": [type_to_json(item) for item in abi.return_types],
        "errorTypes": {selector: error_type_to_json(error) for selector, error in abi.error_types.items()},
    }


def _function_to_json(function: FunctionArtifact) -> dict[str, Any]:
    value = _abi_to_json(function) | {
        "bytecode": base64.b64encode(function.bytecode).decode(),
        "debugSymbols": function.debug_symbols,
    }
    if function.verification_key is not None:
        value["verificationKey"] = base64.b64encode(function.verification_key).decode()
    return value
