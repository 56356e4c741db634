from __future__ import annotations

import http.server
import json
import sys
import threading
from types import ModuleType

import pytest

from aztecd import __version__
from aztecd.cli import main
from aztecd.crypto.kzg import KzgWorker
from aztecd.storage import LevelStore


@pytest.fixture
def no_settings(monkeypatch):
    for name in list(__import__("os").environ):
        if name.startswith("AZTECD_"):
            monkeypatch.delenv(name)


def test_version(capsys):
    assert main(["version"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"aztecd {__version__}", "Aztec protocol 4.1.2"]


def test_config_show_names_values_and_sources(capsys, monkeypatch, no_settings):
    monkeypatch.setenv("AZTECD_L1_PORT", "7")
    assert main(["config", "show", "--port", "9"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "rpc.port = 9  # flag" in lines
    assert "l1.port = 7  # AZTECD_L1_PORT" in lines
    assert 'rpc.host = "127.0.0.1"  # default' in lines


def test_options_of_a_node_are_settings(capsys, no_settings):
    address = f"0x{'00' * 31}07"
    arguments = [
        *("--l1-rpc-url", "http://127.0.0.1:1", "--registry", f"0x{'11' * 20}", "--rollup-version", "7"),
        *("--sequencer", "--settle-epochs", "--move-l1-time", "--publisher-key-file", "key.txt"),
        *("--blob-source", "anvil", "--blob-source", "file:///blobs", "--verify", "execution"),
        *("--prefunded-address", address, "--data-dir", "here"),
    ]
    assert main(["config", "show", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.removesuffix("  # flag") for line in lines if line.endswith("# flag")} == {
        'data_dir = "here"',
        'l1.rpc_url = "http://127.0.0.1:1"',
        f'l1.registry = "0x{"11" * 20}"',
        "l1.rollup_version = 7",
        'l1.publisher_key_file = "key.txt"',
        f'genesis.prefunded_addresses = ["{address}"]',
        'archiver.verify = "execution"',
        'blobs.sources = ["anvil", "file:///blobs"]',
        "sequencer.enabled = true",
        "sequencer.settle_epochs = true",
        "sequencer.move_l1_time = true",
    }


def test_a_node_says_all_that_it_needs(capsys, no_settings):
    assert main(["node"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: aztecd node needs --l1-rpc-url and --registry and --data-dir: ")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(("command", "module"), [("local", "app"), ("node", "app_node")])
def test_what_the_first_block_waits_for_starts_before_the_imports(monkeypatch, no_settings, command, module):
    done = []

    class App(ModuleType):
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            done.append(f"import {name}")
            return lambda settings, kzg: done.append(name) or 0

    monkeypatch.setitem(sys.modules, f"aztecd.{module}", App(module))
    monkeypatch.setattr(KzgWorker, "start", lambda self: done.append("start"))
    monkeypatch.setattr(KzgWorker, "close", lambda self: done.append("close"))
    assert main([command]) == 0
    assert done == ["start", f"import run_{command}", f"run_{command}", "close"]


def test_a_wrong_setting_ends_in_one_line(capsys, tmp_path, no_settings):
    file = tmp_path / "a.toml"
    file.write_text("[rpc]\nprot = 1\n")
    assert main(["config", "show", "--config", str(file)]) == 1
    captured = capsys.readouterr()
    assert captured.err.splitlines() == [f"error: unknown setting rpc.prot ({file}); did you mean rpc.port?"]
    assert not captured.out


@pytest.mark.parametrize("arguments", [["nonsense"], ["local", "--nonsense"], ["config"], ["--port", "x"]])
def test_wrong_usage_has_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_db_check_of_nothing(capsys, tmp_path):
    assert main(["db", "check", "--data-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"error: {tmp_path} holds no aztecd database\n"


RESULTS = {
    "aztec_traceTx": {
        "txHash": "0x01",
        "blockNumber": 5,
        "executionResult": "success",
        "gasUsed": {"totalGas": {"daGas": 2, "l2Gas": 3}},
        "transactionFee": "4",
        "phases": [],
        "truncated": False,
    }
}


class Node(http.server.BaseHTTPRequestHandler):
    """Echoes the call as the result, or gives a fixed one; fails for a method that says so."""

    def do_POST(self) -> None:
        call = json.loads(self.rfile.read(int(self.headers["content-length"])))
        fails = call["method"] == "aztec_fail"
        answer = (
            {"error": {"code": -32702, "message": "no"}}
            if fails
            else {"result": RESULTS.get(call["method"], call)}
        )
        body = json.dumps({"jsonrpc": "2.0", "id": call["id"], **answer}).encode()
        self.send_response(400 if fails else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def url():
    server = http.server.HTTPServer(("127.0.0.1", 0), Node)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_rpc_reads_parameters_as_json_or_text(capsys, url):
    assert main(["rpc", "getBlocks", "1", "latest", '{"a": 2}', "--url", url]) == 0
    sent = json.loads(capsys.readouterr().out)
    assert (sent["method"], sent["params"]) == ("aztec_getBlocks", [1, "latest", {"a": 2}])
    assert main(["rpc", "node_getVersion", "--url", url]) == 0
    assert json.loads(capsys.readouterr().out)["method"] == "node_getVersion"


def test_trace_shows_a_tree(capsys, url):
    assert main(["trace", f"0x{1:064x}", "--url", url]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "0x01  block 5  success  gas 3 + 2 DA, fee 4",
        "└── no public calls",
    ]


@pytest.mark.parametrize("tx_hash", ["0x12", "5", "", "0x" + "g" * 64])
def test_trace_names_what_is_no_hash(capsys, url, tx_hash):
    assert main(["trace", tx_hash, "--url", url]) == 1
    assert capsys.readouterr().err == (
        f"error: {tx_hash!r} is no transaction hash: it must be 0x and 64 hexadecimal digits\n"
    )


def test_parameters_may_stand_on_both_sides_of_an_option(capsys, url):
    assert main(["rpc", "getBlocks", "--url", url, "1", "-2"]) == 0
    assert json.loads(capsys.readouterr().out)["params"] == [1, -2]
    assert main(["rpc", "getBlocks", "1", "--url", url, "2"]) == 0
    assert json.loads(capsys.readouterr().out)["params"] == [1, 2]
    with pytest.raises(SystemExit):
        main(["rpc", "getBlocks", "--url", url, "1", "--nonsense"])
    assert "unrecognized arguments: 1 --nonsense" in capsys.readouterr().err


def test_an_empty_directory_is_not_the_current_one(capsys, no_settings):
    assert main(["config", "show", "--data-dir", ""]) == 1
    assert capsys.readouterr().err == "error: data_dir (flag): '' is not a path\n"


def test_rpc_errors_end_in_one_line(capsys, url):
    assert main(["rpc", "fail", "--url", url]) == 1
    assert capsys.readouterr().err == "error: aztec_fail: no (-32702)\n"
    assert main(["rpc", "getVersion", "--url", "http://127.0.0.1:1"]) == 1
    assert capsys.readouterr().err == "error: no node answers at http://127.0.0.1:1: Connection refused\n"
    for wrong in ("http://[::1", "http://127.0.0.1:x", "http://a b"):
        assert main(["rpc", "getVersion", "--url", wrong]) == 1
        assert f"error: no node answers at {wrong}: " in capsys.readouterr().err
    assert main(["rpc", "getVersion", "--url", "ftp://x"]) == 1
    assert "is no URL of a node" in capsys.readouterr().err


def test_db_check_writes_nothing_into_an_empty_database(capsys, tmp_path):
    LevelStore.open(tmp_path / "db").close()
    for _ in range(2):
        assert main(["db", "check", "--data-dir", str(tmp_path)]) == 1
        assert "the database is empty" in capsys.readouterr().out
