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


def test_codegen_names_a_place_where_it_can_not_write(artifact, tmp_path, capsys):
    target = tmp_path / "none" / "bank.py"
    assert main(["codegen", str(artifact), "--output", str(target)]) == 1
    assert capsys.readouterr().err == f"error: can't write {target}: No such file or directory\n"


def test_a_file_is_no_place_for_a_wallet(artifact, capsys):
    assert main(["wallet", "accounts", "--plain", "--data-dir", str(artifact)]) == 1
    assert capsys.readouterr().err == f"error: can't use the data directory {artifact}: it is a file\n"


@pytest.mark.parametrize("limit", ["soon", "-1", "inf", "nan"])
def test_a_time_limit_is_a_number_of_seconds(limit, capsys):
    with pytest.raises(SystemExit) as done:
        main(["wallet", "accounts", "--data-dir", "none", f"--time-limit={limit}"])
    assert done.value.code == 2
    assert f"argument --time-limit: {limit!r} is no number of seconds" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["accounts", "create", "balance", "deploy", "send", "simulate", "serve"])
def test_every_action_explains_itself(action, capsys):
    with pytest.raises(SystemExit) as done:
        main(["wallet", action, "--help"])
    assert done.value.code == 0
    assert "--node-url" in capsys.readouterr().out
