from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from aztecd.artifacts.pins import Content, NodePin, PackagePin, Pins
from tests.support.fake_npm import FakeNpm

if TYPE_CHECKING:
    from pathlib import Path

ZERO = "0x" + 64 * "0"


def hexed(value: int) -> str:
    return f"0x{value:064x}"


DATA_FILE = f"""
export const ProtocolContractSalt = {{
    One: new Fr(1),
    Two: new Fr(7)
}};
export const ProtocolContractAddress = {{
    One: AztecAddress.fromBigInt(1n),
    Two: AztecAddress.fromBigInt(2n)
}};
export const ProtocolContractDerivedAddress = {{
    One: AztecAddress.fromString('{hexed(11)}'),
    Two: AztecAddress.fromString('{hexed(12)}')
}};
export const ProtocolContractClassId = {{
    One: Fr.fromString('{hexed(21)}'),
    Two: Fr.fromString('{hexed(22)}')
}};
export const ProtocolContractClassIdPreimage = {{
    One: {{
        artifactHash: Fr.fromString('{hexed(31)}'),
        privateFunctionsRoot: Fr.fromString('{hexed(32)}'),
        publicBytecodeCommitment: Fr.fromString('{hexed(33)}')
    }},
    Two: {{
        artifactHash: Fr.fromString('{hexed(34)}'),
        privateFunctionsRoot: Fr.fromString('{hexed(35)}'),
        publicBytecodeCommitment: Fr.fromString('{hexed(36)}')
    }}
}};
export const ProtocolContractInitializationHash = {{
    One: Fr.fromString('{ZERO}'),
    Two: Fr.fromString('{hexed(41)}')
}};
export const ProtocolContractPrivateFunctions = {{
    One: [
        {{
            selector: FunctionSelector.fromField(Fr.fromString('{hexed(0x79A3D418)}')),
            vkHash: Fr.fromString('{hexed(51)}')
        }},
        {{
            selector: FunctionSelector.fromField(Fr.fromString('{hexed(0x16EC12AA)}')),
            vkHash: Fr.fromString('{hexed(52)}')
        }}
    ],
    Two: []
}};
export const protocolContractsHash = Fr.fromString('{hexed(99)}');
"""

L1_FILES = {
    "dest/AlphaAbi.js": b"/** A comment. */ export const AlphaAbi = ["
    b'{"type":"error","name":"Bad","inputs":[]}];\n//# map',
    "dest/AlphaBytecode.js": b'export const AlphaBytecode = "0x6001";\n'
    b'export const AlphaLinkReferences = {"src/L.sol":{"L":[{"start":1,"length":20}]}};\n',
    "dest/BetaAbi.js": b"export const BetaAbi = [];",
    "dest/BetaBytecode.js": b'export const BetaBytecode = "0x00";',
    "l1-contracts/large": bytes(100_000),
}

PROTOCOL_FILES = {
    "artifacts/One.json": json.dumps(
        {
            "name": "One",
            "functions": [
                {"name": "x", "bytecode": "AAAA", "custom_attributes": ["abi_private"]},
                {"name": "public_dispatch", "bytecode": "JwAABA==", "custom_attributes": ["abi_public"]},
            ],
        }
    ).encode(),
    "artifacts/Two.json": b'{"name": "Two", "functions": []}',
    "dest/protocol_contract_data.js": DATA_FILE.encode(),
}

TOKEN = {
    "name": "Token",
    "transpiled": True,
    "functions": [
        {
            "name": "public_dispatch",
            "custom_attributes": ["abi_public"],
            "bytecode": "AQ==",
            "debug_symbols": "a",
        },
        {
            "name": "mint",
            "custom_attributes": ["abi_public", "abi_view"],
            "bytecode": "Ag==",
            "debug_symbols": "b",
        },
        {
            "name": "transfer",
            "custom_attributes": ["abi_private"],
            "bytecode": "Aw==",
            "debug_symbols": "c",
        },
    ],
    "outputs": {"structs": {}, "globals": {}},
    "file_map": {"3": {"path": "main.nr", "source": "fn main() {}"}},
}

CONTRACT_FILES = {
    "artifacts/token_contract-Token.json": json.dumps(TOKEN, indent=2).encode(),
    "artifacts/Account.json": b'{"name": "Account", "functions": []}',
    "artifacts/other_contract-Other.json": b'{"name": "Other", "functions": []}',
}
CONTRACT_ENTRIES = ("artifacts/token_contract-Token.json", "artifacts/Account.json")

PROGRAM_FILES = {"bin/anvil": b"#!/bin/sh\necho anvil Version: 1.5.1\n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A fake registry, the pins that fit it, and an empty cache."""

    npm: FakeNpm
    pins: Pins
    cache: Path


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    npm = FakeNpm(tmp_path / "npm")
    monkeypatch.setenv("PATH", f"{npm.home}:/usr/bin:/bin")
    packages = []
    for name, version, content, entries, files in (
        ("@x/l1", "4.1.2", Content.L1_CONTRACTS, ("Alpha", "Beta"), L1_FILES),
        ("@x/protocol", "4.1.2", Content.PROTOCOL_CONTRACTS, ("One", "Two"), PROTOCOL_FILES),
        ("@x/contracts", "4.1.2", Content.CONTRACTS, CONTRACT_ENTRIES, CONTRACT_FILES),
        ("@x/anvil", "1.5.1", Content.PROGRAMS, ("bin/anvil",), PROGRAM_FILES),
    ):
        integrity, size = npm.offer(f"{name}@{version}", files)
        packages.append(
            PackagePin(
                name=name,
                version=version,
                integrity=integrity,
                size_bytes=size,
                folder=name.split("/")[1],
                content=content,
                entries=entries,
            )
        )
    node = NodePin(distribution="no-such-node", version="1.0", sha256=("00",), size_bytes=1)
    return World(npm=npm, pins=Pins(packages=tuple(packages), node=node), cache=tmp_path / "cache")
