from __future__ import annotations

import resource

import orjson
import pytest

from aztecd.cli import main
from tests.support.fake_wallet import function


@pytest.fixture
def artifact(tmp_path):
    path = tmp_path / "Bank.json"
    value = {
        "name": "Bank",
        "functions": [],
        "nonDispatchPublicFunctions": [function("open", "public")],
        "outputs": {"structs": {}, "globals": {}},
        "storageLayout": {},
        "fileMap": {},
    }
    path.write_bytes(orjson.dumps(value))
    return path


def test_codegen_writes_a_module(artifact, tmp_path, capsys):
    assert main(["codegen", str(artifact)]) == 0
    assert "class BankContract(Contract):" in capsys.readouterr().out
    target = tmp_path / "bank.py"
    assert main(["codegen", str(artifact), "--output", str(target)]) == 0
    assert "def open(self) -> ContractCall:" in target.read_text()


def test_codegen_says_what_is_wrong(tmp_path, capsys):
    assert main(["codegen", str(tmp_path / "none.json")]) == 1
    assert "can't read" in capsys.readouterr().err
    (tmp_path / "broken.json").write_text("{}")
    assert main(["codegen", str(tmp_path / "broken.json")]) == 1
    assert "error: " in capsys.readouterr().err


def test_a_crash_leaves_no_keys_in_a_core_file(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_CORE)
    # Ends early: nobody answers, and the wallet is not even opened.
    arguments = ["--plain", "--data-dir", str(tmp_path / "wallet"), "--node-url", "http://127.0.0.1:1"]
    try:
        assert main(["wallet", "accounts", *arguments]) == 1
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.mark.parametrize("action", ["accounts", "create", "balance", "deploy", "send", "simulate", "serve"])
def test_every_action_explains_itself(action, capsys):
    with pytest.raises(SystemExit) as done:
        main(["wallet", action, "--help"])
    assert done.value.code == 0
    assert "--node-url" in capsys.readouterr().out
