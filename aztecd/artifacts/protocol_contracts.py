"""Condense the protocol contracts into one file with what a node needs of them, and artifacts for wallets.

Authority: @aztec/protocol-contracts dest/protocol_contract_data.js (identifiers computed by the release),
dest/make_protocol_contract.js (how class and instance are put together), artifacts/<Name>.json (the
function `public_dispatch` carries the packed bytecode, base64) (4.1.2). The six artifacts are 4 MB; the
result has the same facts in 0.2 MB, and starting a node hashes nothing. The artifacts lie beside it
(`aztecd.artifacts.contracts`).

`protocol_contracts.json`, every field element as `0x` and 64 digits:

    {"version": "4.1.2", "protocolContractsHash": ..., "contracts": [{
        "name", "address", "derivedAddress",
        "class": {"id", "version", "artifactHash", "privateFunctionsRoot", "publicBytecodeCommitment",
                  "packedBytecode" (base64), "privateFunctions": [{"selector" (0x, 8 digits), "vkHash"}]},
        "instance": {"version", "salt", "deployer", "currentContractClassId", "originalContractClassId",
                     "initializationHash"}}]}

The instances' public keys are the protocol's default keys, which are constants.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from aztecd.artifacts.archive import members
from aztecd.artifacts.contracts import write_contract
from aztecd.artifacts.errors import ArtifactsIntegrityError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["PROTOCOL_CONTRACTS_FILE", "convert_protocol_contracts"]

PROTOCOL_CONTRACTS_FILE = "protocol_contracts.json"

_DATA = "dest/protocol_contract_data.js"
_HEX = r"0x[0-9a-f]{64}"


def convert_protocol_contracts(archive: Path, target: Path, names: Sequence[str], version: str) -> None:
    """Write `protocol_contracts.json`, contracts in the order of their addresses, and `<Name>.json` of each.

    Raises ArtifactsIntegrityError if the package has another form than the pinned version has.
    """
    texts = {}
    for path, stream in members(archive, {_DATA, *(f"artifacts/{name}.json" for name in names)}):
        texts[path] = stream.read().decode()
    data = _DataFile(texts[_DATA])
    contracts = [_contract(name, data, json.loads(texts[f"artifacts/{name}.json"])) for name in names]
    for name in names:
        write_contract(target, name, texts[f"artifacts/{name}.json"].encode())
    result = {
        "version": version,
        "protocolContractsHash": data.constant("protocolContractsHash"),
        "contracts": contracts,
    }
    (target / PROTOCOL_CONTRACTS_FILE).write_text(json.dumps(result, separators=(",", ":")), "utf-8")


class _DataFile:
    """The JavaScript module of constants: one table per fact, keyed by contract name."""

    def __init__(self, source: str) -> None:
        self._source = source

    def constant(self, symbol: str) -> str:
        return self._one(rf"export const {symbol} = Fr\.fromString\('({_HEX})'\)", self._source)

    def hex(self, table: str, name: str) -> str:
        return self._one(rf"^    {name}: \w+\.fromString\('({_HEX})'\)", self._table(table))

    def number(self, table: str, name: str) -> str:
        value = self._one(rf"^    {name}: (?:new Fr|AztecAddress\.fromBigInt)\((\d+)n?\)", self._table(table))
        return f"0x{int(value):064x}"

    def preimage(self, name: str, part: str) -> str:
        block = self._one(rf"^    {name}: \{{(.*?)\n    \}}", self._table("ProtocolContractClassIdPreimage"))
        return self._one(rf"{part}: Fr\.fromString\('({_HEX})'\)", block)

    def private_functions(self, name: str) -> list[dict[str, str]]:
        block = self._one(rf"^    {name}: \[(.*?)\]", self._table("ProtocolContractPrivateFunctions"))
        pairs = re.findall(
            r"Fr\.fromString\('0x0{56}([0-9a-f]{8})'\)\),\s*"
            rf"vkHash: Fr\.fromString\('({_HEX})'\)",
            block,
        )
        if len(pairs) != block.count("selector"):
            raise ArtifactsIntegrityError(
                f"the protocol contracts' data file has unknown private functions of {name}"
            )
        return [{"selector": f"0x{selector}", "vkHash": vk_hash} for selector, vk_hash in pairs]

    def _table(self, symbol: str) -> str:
        return self._one(rf"export const {symbol} = \{{\n(.*?)\n\}};", self._source)

    @staticmethod
    def _one(pattern: str, text: str) -> str:
        found = re.search(pattern, text, re.DOTALL | re.MULTILINE)
        if found is None:
            raise ArtifactsIntegrityError(f"the protocol contracts' data file has another form: no {pattern}")
        return found[1]


def _contract(name: str, data: _DataFile, artifact: dict[str, Any]) -> dict[str, Any]:
    class_id = data.hex("ProtocolContractClassId", name)
    address = data.number("ProtocolContractAddress", name)
    bytecode = next(
        (entry["bytecode"] for entry in artifact["functions"] if entry["name"] == "public_dispatch"), ""
    )
    return {
        "name": name,
        "address": address,
        "derivedAddress": data.hex("ProtocolContractDerivedAddress", name),
        "class": {
            "id": class_id,
            "version": 1,
            "artifactHash": data.preimage(name, "artifactHash"),
            "privateFunctionsRoot": data.preimage(name, "privateFunctionsRoot"),
            "publicBytecodeCommitment": data.preimage(name, "publicBytecodeCommitment"),
            "packedBytecode": bytecode,
            "privateFunctions": data.private_functions(name),
        },
        "instance": {
            "version": 1,
            "salt": data.number("ProtocolContractSalt", name),
            "deployer": address,
            "currentContractClassId": class_id,
            "originalContractClassId": class_id,
            "initializationHash": data.hex("ProtocolContractInitializationHash", name),
        },
    }
