"""The protocol contracts: classes and instances that every chain has from genesis.

Authority: @aztec/protocol-contracts src/protocol_contract_data.ts (4.1.2); the facts come from the fetched
package, condensed in one JSON document (`aztecd.artifacts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aztecd.crypto.field import fr_from_hex
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.codec import read_base64
from aztecd.protocol.contracts import DEFAULT_PUBLIC_KEYS, ContractClassPublic, ContractInstanceWithAddress

__all__ = ["protocol_contracts"]


def protocol_contracts(
    document: Mapping[str, Any],
) -> list[tuple[ContractClassPublic, ContractInstanceWithAddress]]:
    """Read the document's classes and instances, in the order of their addresses."""
    return [(_class(entry["class"]), _instance(entry)) for entry in document["contracts"]]


def _class(value: Mapping[str, Any]) -> ContractClassPublic:
    return ContractClassPublic(
        l2_block_number=0,
        version=value["version"],
        artifact_hash=fr_from_hex(value["artifactHash"]),
        packed_bytecode=read_base64(value["packedBytecode"], "packedBytecode"),
        private_functions_root=fr_from_hex(value["privateFunctionsRoot"]),
        id=fr_from_hex(value["id"]),
    )


def _instance(entry: Mapping[str, Any]) -> ContractInstanceWithAddress:
    value = entry["instance"]
    class_id = fr_from_hex(entry["class"]["id"])
    return ContractInstanceWithAddress(
        version=1,
        salt=fr_from_hex(value["salt"]),
        deployer=AztecAddress(fr_from_hex(value["deployer"])),
        current_contract_class_id=class_id,
        original_contract_class_id=class_id,
        initialization_hash=fr_from_hex(value["initializationHash"]),
        public_keys=DEFAULT_PUBLIC_KEYS,
        address=AztecAddress(fr_from_hex(entry["address"])),
    )
