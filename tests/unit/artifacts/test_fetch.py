from __future__ import annotations

import errno
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from aztecd.artifacts import (
    ArtifactsDownloadError,
    ArtifactsIntegrityError,
    ArtifactsMissingError,
    ArtifactsPlatformError,
    ArtifactsStorageError,
    ArtifactsToolError,
    fetch,
    install,
    locate,
)
from aztecd.artifacts.contracts import write_contract
from aztecd.artifacts.pins import Content
from aztecd.artifacts.progress import LineProgress
from tests.unit.artifacts.conftest import TOKEN

ROOT = Path(__file__).resolve().parents[3]


def quiet() -> LineProgress:
    return LineProgress(io.StringIO())


def leftovers(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.name.startswith(".tmp"))


def test_nothing_is_located_before_a_fetch_and_no_download_starts(world):
    with pytest.raises(ArtifactsMissingError, match="run `aztecd fetch`"):
        locate(world.cache, world.pins)
    assert world.npm.calls == []
    assert not world.cache.exists()


def test_fetch_converts_the_packages(world):
    found = fetch(quiet(), world.cache, world.pins)

    assert json.loads((found.l1_artifacts / "Alpha.json").read_text()) == {
        "abi": [{"type": "error", "name": "Bad", "inputs": []}],
        "bytecode": "0x6001",
        "linkReferences": {"src/L.sol": {"L": [{"start": 1, "length": 20}]}},
    }
    assert json.loads((found.l1_artifacts / "Beta.json").read_text()) == {
        "abi": [],
        "bytecode": "0x00",
        "linkReferences": {},
    }
    assert os.access(found.anvil, os.X_OK)
    data = json.loads(found.protocol_contracts.read_text())
    assert data["protocolContractsHash"] == f"0x{99:064x}"
    one, two = data["contracts"]
    assert one == {
        "name": "One",
        "address": f"0x{1:064x}",
        "derivedAddress": f"0x{11:064x}",
        "class": {
            "id": f"0x{21:064x}",
            "version": 1,
            "artifactHash": f"0x{31:064x}",
            "privateFunctionsRoot": f"0x{32:064x}",
            "publicBytecodeCommitment": f"0x{33:064x}",
            "packedBytecode": "JwAABA==",
            "privateFunctions": [
                {"selector": "0x79a3d418", "vkHash": f"0x{51:064x}"},
                {"selector": "0x16ec12aa", "vkHash": f"0x{52:064x}"},
            ],
        },
        "instance": {
            "version": 1,
            "salt": f"0x{1:064x}",
            "deployer": f"0x{1:064x}",
            "currentContractClassId": f"0x{21:064x}",
            "originalContractClassId": f"0x{21:064x}",
            "initializationHash": f"0x{0:064x}",
        },
    }
    assert (two["class"]["packedBytecode"], two["class"]["privateFunctions"]) == ("", [])
    assert two["instance"]["salt"] == f"0x{7:064x}"
    assert leftovers(world.cache) == []


def test_of_contracts_only_what_a_wallet_reads_is_kept(world):
    contracts, protocol = fetch(quiet(), world.cache, world.pins).contracts

    assert sorted(path.name for path in contracts.iterdir()) == ["Account.json", "Token.json", "stamp.json"]
    token = json.loads((contracts / "Token.json").read_text())
    dispatch, mint, transfer = TOKEN["functions"]
    assert token == TOKEN | {"functions": [dispatch, mint | {"bytecode": "", "debug_symbols": ""}, transfer]}
    assert json.loads((protocol / "One.json").read_text())["name"] == "One"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"{", "has another form"),
        (b"[]", "has another form"),
        (b'{"name": "Token", "functions": [{"name": "x"}]}', "has another form"),
        (b'{"name": "Tokens", "functions": []}', "is of contract Tokens"),
    ],
)
def test_what_is_no_artifact_is_refused(tmp_path, text, problem):
    with pytest.raises(ArtifactsIntegrityError, match=f"the artifact of Token {problem}"):
        write_contract(tmp_path, "Token", text)
    assert list(tmp_path.iterdir()) == []


def test_a_second_fetch_downloads_nothing(world):
    first = fetch(quiet(), world.cache, world.pins)
    assert fetch(quiet(), world.cache, world.pins) == first == locate(world.cache, world.pins)
    assert len(world.npm.calls) == 4


@pytest.mark.parametrize("damage", ["remove", "truncate", "stamp"])
def test_a_damaged_package_is_noticed_and_fetched_again(world, damage):
    found = fetch(quiet(), world.cache, world.pins)
    victim = found.l1_artifacts / "Alpha.json"
    match damage:
        case "remove":
            victim.unlink()
        case "truncate":
            victim.write_bytes(victim.read_bytes()[:-1])
        case "stamp":
            (found.l1_artifacts / "stamp.json").write_text('{"integrity": 3, "files": []}')
    with pytest.raises(ArtifactsMissingError, match=r"@x/l1@4\.1\.2"):
        locate(world.cache, world.pins)
    fetch(quiet(), world.cache, world.pins)
    assert json.loads(victim.read_text())["bytecode"] == "0x6001"
    assert world.npm.calls[4:] == ["@x/l1@4.1.2"]
    assert leftovers(world.cache) == []


def test_another_content_than_pinned_is_refused(world):
    world.npm.offer("@x/protocol@4.1.2", {"artifacts/One.json": b"{}"})
    with pytest.raises(ArtifactsIntegrityError, match=r"@x/protocol@4\.1\.2 is not the pinned package"):
        fetch(quiet(), world.cache, world.pins)
    with pytest.raises(ArtifactsMissingError):
        locate(world.cache, world.pins)
    assert leftovers(world.cache) == []


def test_a_package_without_a_pinned_part_is_refused(world):
    first, *rest = world.pins.packages
    pins = replace(world.pins, packages=(replace(first, entries=("Alpha", "Gamma")), *rest))
    with pytest.raises(ArtifactsIntegrityError, match=r"lacks dest/GammaAbi\.js, dest/GammaBytecode\.js"):
        fetch(quiet(), world.cache, pins)


def test_a_program_that_does_not_run_here_is_refused(world):
    integrity, size = world.npm.offer(
        "@x/anvil@1.5.1", {"bin/anvil": b"#!/bin/sh\necho no such loader >&2\nexit 1\n"}
    )
    *rest, last = world.pins.packages
    pins = replace(world.pins, packages=(*rest, replace(last, integrity=integrity, size_bytes=size)))
    with pytest.raises(ArtifactsPlatformError, match="no such loader"):
        fetch(quiet(), world.cache, pins)
    with pytest.raises(ArtifactsMissingError, match="anvil"):
        locate(world.cache, pins)


@pytest.mark.parametrize(
    ("code", "error", "text"),
    [
        ("ENOTFOUND", ArtifactsDownloadError, "host name is unknown"),
        ("E404", ArtifactsDownloadError, "does not have it"),
        ("ESOMETHING", ArtifactsDownloadError, "words of npm"),
        ("ENOSPC", ArtifactsStorageError, "full"),
    ],
)
def test_npm_failures_name_the_cause(world, code, error, text):
    world.npm.behave("error", code, "words of npm")
    with pytest.raises(error, match=text):
        fetch(quiet(), world.cache, world.pins)
    assert leftovers(world.cache) == []


def test_a_full_disk_is_named(world, monkeypatch):
    def write(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(install, "convert_l1_contracts", write)
    with pytest.raises(ArtifactsStorageError, match="is full"):
        fetch(quiet(), world.cache, world.pins)


def test_a_cache_that_cannot_be_made_is_named(world, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactsStorageError, match="AZTECD_CACHE_DIR"):
        fetch(quiet(), tmp_path / "file", world.pins)


def test_without_npm_and_pip_there_is_a_clear_error(world, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(ArtifactsToolError, match="neither npm nor pip"):
        fetch(quiet(), world.cache, world.pins)


def test_without_npm_a_node_that_pip_cannot_bring_is_a_download_error(world, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\n"
        '[ "$3" = --version ] && exit 0\n'
        "echo 'ERROR: No matching distribution found' >&2\n"
        "exit 1\n"
    )
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(ArtifactsDownloadError, match=r"no-such-node 1\.0 cannot be installed: No matching"):
        fetch(quiet(), world.cache, world.pins)
    assert leftovers(world.cache) == []


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64")])
def test_another_platform_is_refused_before_any_download(world, monkeypatch, system, machine):
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(ArtifactsPlatformError, match=f"{system} on {machine}"):
        fetch(quiet(), world.cache, world.pins)
    assert world.npm.calls == []


def test_another_c_library_is_refused(world, monkeypatch):
    def missing(_name: str) -> str:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "confstr", missing)
    with pytest.raises(ArtifactsPlatformError, match="GNU C library"):
        fetch(quiet(), world.cache, world.pins)


def test_a_killed_fetch_leaves_nothing_half_done(world, tmp_path):
    world.npm.behave("hang")
    state = tmp_path / "pins"
    state.write_bytes(pickle.dumps(world.pins))
    script = (
        "import io, pickle, sys; from pathlib import Path; from aztecd.artifacts import fetch; "
        "from aztecd.artifacts.progress import LineProgress; "
        "fetch(LineProgress(sys.stdout), Path(sys.argv[1]), pickle.loads(Path(sys.argv[2]).read_bytes()))"
    )
    command = [sys.executable, "-c", script, str(world.cache), str(state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "fetching @x/l1@4.1.2" in process.stdout.readline()
        # This line shows that npm has written its part and will write no more.
        assert process.stdout.readline() == "fetching @x/l1@4.1.2: 50%\n"
        process.send_signal(signal.SIGKILL)
    assert len(leftovers(world.cache)) == 1
    with pytest.raises(ArtifactsMissingError):
        locate(world.cache, world.pins)

    world.npm.behave("serve")
    fetch(quiet(), world.cache, world.pins)
    assert leftovers(world.cache) == []


def test_fetches_at_the_same_time_share_one_download(world):
    results, failures = [], []

    def run() -> None:
        try:
            results.append(fetch(quiet(), world.cache, world.pins))
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(results)) == 1
    assert len(results) == 4
    assert sorted(world.npm.calls) == [
        "@x/anvil@1.5.1",
        "@x/contracts@4.1.2",
        "@x/l1@4.1.2",
        "@x/protocol@4.1.2",
    ]


def test_lines_show_what_is_loaded_and_every_quarter_once():
    stream = io.StringIO()
    progress = LineProgress(stream)
    progress.begin("thing", 4_000_000)
    for done in (0, 900_000, 1_000_001, 1_100_000, 3_900_000, 4_000_000, 5_000_000):
        progress.reached(done)
    progress.end()
    assert stream.getvalue().splitlines() == [
        "fetching thing (4.0 MB)",
        "fetching thing: 25%",
        "fetching thing: 75%",
    ]


def test_the_committed_list_is_exact():
    pins = install.load_pins()
    assert {package.content for package in pins.packages} == set(Content)
    for package in pins.packages:
        assert package.integrity.startswith("sha512-")
        assert len(package.integrity) == 7 + 88
        assert package.version.count(".") == 2
    assert all(len(value) == 64 for value in pins.node.sha256)
