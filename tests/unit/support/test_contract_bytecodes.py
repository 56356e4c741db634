from __future__ import annotations

import base64
import json

import pytest

from aztecd.protocol.contracts import public_bytecode_commitment
from tests.support.contract_bytecodes import PACKAGES, UnknownBytecodeError, bytecode

PACKED = bytes(range(100))
COMMITMENT = public_bytecode_commitment(PACKED)


@pytest.fixture
def modules(tmp_path, monkeypatch):
    monkeypatch.setenv("AZTECD_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "node_modules"
    artifacts = folder / PACKAGES[0] / "artifacts"
    artifacts.mkdir(parents=True)
    functions = [
        {"name": "transfer", "bytecode": "AAAA"},
        {"name": "public_dispatch", "bytecode": base64.b64encode(PACKED).decode()},
    ]
    (artifacts / "token.json").write_text(json.dumps({"functions": functions}))
    (artifacts / "account.json").write_text(json.dumps({"functions": functions[:1]}))
    return folder


def test_finds_public_bytecode_by_its_commitment(modules):
    assert bytecode(COMMITMENT, lambda: modules) == PACKED


def test_asks_for_the_packages_only_once(modules):
    asked = []

    def ask():
        asked.append(1)
        return modules

    bytecode(COMMITMENT, ask)
    bytecode(COMMITMENT, ask)
    assert len(asked) == 1


def test_collects_again_what_is_damaged(modules, tmp_path):
    bytecode(COMMITMENT, lambda: modules)
    (path,) = (tmp_path / "cache" / "contract-bytecodes").iterdir()
    path.write_bytes(PACKED[:-1])
    from tests.support import contract_bytecodes

    contract_bytecodes._cached.cache_clear()
    assert bytecode(COMMITMENT, lambda: modules) == PACKED


def test_names_the_commitment_that_nobody_has(modules):
    unknown = public_bytecode_commitment(b"other")
    with pytest.raises(UnknownBytecodeError, match=unknown.hex()):
        bytecode(unknown, lambda: modules)
