"""What goes wrong on a user's machine ends in one clear line, with nothing damaged."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aztecd.artifacts import locate
from aztecd.localnet.anvil import Anvil, AnvilOptions
from tests.support.command_line import assert_told, run
from tests.support.daemon import Daemon
from tests.support.json_rpc import RpcClient, RpcFailureError
from tests.support.load import IN_A_BLOCK, TxMaker, wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Mapping, Sequence

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

BLOCKS = 2


def local(*arguments: str, data_dir: Path | None = None, **options) -> subprocess.CompletedProcess[str]:
    where = [] if data_dir is None else ["--data-dir", str(data_dir)]
    return run("local", "--port", "0", "--l1-port", "0", *where, *arguments, **options)


def check(data_dir: Path) -> subprocess.CompletedProcess[str]:
    return run("db", "check", "--data-dir", str(data_dir))


def mine(daemon: Daemon, seed: str, count: int = BLOCKS) -> None:
    with RpcClient(daemon.url) as rpc:
        for index in range(count):
            before = rpc.call("aztec_getCheckpointedBlockNumber")
            _, body = TxMaker(rpc).make(f"{seed}:{index}")
            rpc.call("aztec_sendTx", body)
            wait_until(
                lambda before=before: rpc.call("aztec_getCheckpointedBlockNumber") > before,
                timeout_s=30,
                what="a block on L1",
            )


@pytest.fixture(scope="module")
def kept(artifacts, tmp_path_factory) -> Path:
    """A data directory with blocks, stopped well; started twice, so that its database has a table too."""
    data_dir = tmp_path_factory.mktemp("kept") / "data"
    for turn in range(2):
        daemon = Daemon(data_dir=data_dir)
        try:
            mine(daemon, f"kept:{turn}", count=1)
            daemon.stop()
        finally:
            daemon.kill()
    assert check(data_dir).returncode == 0
    return data_dir


@pytest.fixture
def data_dir(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "data"))


@pytest.fixture
def taken_port() -> Iterator[str]:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield str(listener.getsockname()[1])


def assert_starts(data_dir: Path) -> None:
    """Nothing was damaged: it starts, has its blocks, and the database is whole."""
    daemon = Daemon(data_dir=data_dir)
    try:
        with RpcClient(daemon.url) as rpc:
            assert rpc.call("aztec_getBlockNumber") == BLOCKS
        daemon.stop()
    finally:
        daemon.kill()
    assert check(data_dir).returncode == 0


# The command line and the settings.


@pytest.mark.parametrize(
    "arguments", [("--port", "abc"), ("--nope",), ("--log-level", "loud")], ids=lambda given: given[0]
)
def test_wrong_usage_is_told_with_status_2(arguments: Sequence[str]):
    done = run("local", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("aztecd")
    assert arguments[0] in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AZTECD_RPC_PROT": "1"}, ["rpc.prot", "AZTECD_RPC_PROT", "did you mean rpc.port?"]),
        ({"AZTECD_RPC_PORT": "many"}, ["rpc.port", "'many'"]),
        ({"AZTECD_L1_RPC_URL": "nonsense"}, ["l1.rpc_url", "http://127.0.0.1:8545"]),
        ({"AZTECD_L1_RPC_URL": "http://127.0.0.1:x"}, ["l1.rpc_url", "http://127.0.0.1:8545"]),
        ({"AZTECD_L1_PUBLISHER_KEY": "0x12"}, ["l1.publisher_key"]),
    ],
    ids=lambda given: next(iter(given.items()))[0] if isinstance(given, dict) else None,
)
def test_a_wrong_setting_is_told(variables: Mapping[str, str], words: Sequence[str]):
    assert_told(run("local", environment=variables), *words)


def test_a_port_that_is_none_is_told():
    assert_told(run("local", "--port", "70000"), "rpc.port", "70000")


def test_an_unknown_setting_in_a_file_is_told(tmp_path):
    file = tmp_path / "aztecd.toml"
    file.write_text("[rpc]\nprot = 1\n")
    assert_told(run("local", "--config", str(file)), "rpc.prot", "aztecd.toml", "did you mean rpc.port?")
    assert_told(run("local", "--config", str(tmp_path / "none.toml")), "none.toml")


# The data directory.


def test_a_data_directory_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    assert_told(local(data_dir=tmp_path / "file"), str(tmp_path / "file"), "file")


def test_a_data_directory_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    assert_told(local(data_dir=tmp_path / "file" / "inside"), "data directory")


@pytest.mark.parametrize(
    "content", ["garbage", "[]", '{"format": 9}', '{"format": 1, "chain_id": 1, "addresses": {}}', ""]
)
def test_a_damaged_record_of_the_network_is_told(data_dir, content):
    record = data_dir / "network.json"
    whole = record.read_text()
    record.write_text(content)
    assert_told(local(data_dir=data_dir), "network.json")
    record.write_text(whole)
    assert_starts(data_dir)


def damaged(data_dir: Path, pattern: str) -> Path:
    found = sorted((data_dir / "db").glob(pattern), key=lambda file: file.stat().st_size)
    assert found, f"no {pattern}"
    return found[-1]


@pytest.mark.parametrize("pattern", ["*.ldb", "MANIFEST-*", "CURRENT"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_truncated_database_is_told(data_dir, pattern, share):
    file = damaged(data_dir, pattern)
    os.truncate(file, int(file.stat().st_size * share))
    assert_told(local(data_dir=data_dir), "the store in", "damaged")
    assert_told(check(data_dir), "the store in", "damaged")


@pytest.mark.parametrize("pattern", ["*.ldb", "MANIFEST-*", "CURRENT"])
def test_a_missing_file_of_the_database_is_told(data_dir, pattern):
    file = damaged(data_dir, pattern)
    content = file.read_bytes()
    file.unlink()
    assert_told(local(data_dir=data_dir), "the store in", "damaged")
    file.write_bytes(content)
    assert_starts(data_dir)


def test_a_log_that_lost_blocks_is_told(data_dir):
    daemon = Daemon(data_dir=data_dir)
    try:
        mine(daemon, "more", count=1)
        daemon.stop()
    finally:
        daemon.kill()
    log = damaged(data_dir, "*.log")
    os.truncate(log, log.stat().st_size // 20)
    assert_told(local(data_dir=data_dir), f"L1 has {BLOCKS + 1} checkpoints", "old copy")


def test_a_database_without_its_record_is_told(data_dir):
    (data_dir / "network.json").unlink()
    assert_told(local(data_dir=data_dir), "network.json")


def test_a_daemon_that_was_stopped_while_it_deployed_begins_again(data_dir):
    shutil.rmtree(data_dir / "db")
    (data_dir / "network.json").unlink()
    daemon = Daemon(data_dir=data_dir)
    try:
        mine(daemon, "again", count=1)
        daemon.stop()
    finally:
        daemon.kill()


def test_a_second_daemon_on_a_data_directory_is_told_at_once(data_dir):
    daemon = Daemon(data_dir=data_dir)
    try:
        assert_told(local(data_dir=data_dir), str(data_dir), "in use")
        assert_told(check(data_dir), "in use")
        daemon.stop()
    finally:
        daemon.kill()
    assert_starts(data_dir)


# Ports and L1.


def test_an_occupied_port_is_told(data_dir, taken_port):
    done = run("local", "--port", taken_port, "--l1-port", "0", "--data-dir", str(data_dir))
    assert_told(done, taken_port, "in use")
    assert_starts(data_dir)


@pytest.mark.parametrize("other_l1", [31337], indirect=True)
@pytest.mark.parametrize("option", ["--port", "--wallet-port"])
def test_an_occupied_port_is_told_before_anything_is_sent_to_l1(other_l1, tmp_path, taken_port, option):
    data_dir = tmp_path / "data"
    done = local("--l1-rpc-url", other_l1.url, option, taken_port, data_dir=data_dir)
    assert_told(done, taken_port, "in use")
    assert other_l1._request("eth_blockNumber") == "0x0"
    assert not (data_dir / "network.json").exists()


def test_an_occupied_port_of_a_wallet_service_is_told_before_anything_is_written(tmp_path, taken_port):
    data_dir = tmp_path / "wallet"
    done = run("wallet", "serve", "--plain", "--data-dir", str(data_dir), "--port", taken_port)
    assert_told(done, taken_port, "in use")
    assert not data_dir.exists()


def test_an_occupied_l1_port_is_told(data_dir, taken_port):
    done = run("local", "--port", "0", "--l1-port", taken_port, "--data-dir", str(data_dir))
    assert_told(done, taken_port, "--l1-port", "--l1-rpc-url")
    assert_starts(data_dir)


def test_an_l1_url_that_nothing_listens_on_is_told(tmp_path):
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://user:word@127.0.0.1:{unused.getsockname()[1]}"
        done = local("--l1-rpc-url", url, data_dir=tmp_path / "data")
    assert_told(done, "does not answer", url.partition("@")[2])
    assert "word" not in done.stderr


@pytest.fixture
def other_l1(tmp_path, request) -> Iterator[Anvil]:
    anvil = Anvil.start(
        AnvilOptions(program=locate().anvil, data_dir=tmp_path / "l1", port=0, chain_id=request.param)
    )
    try:
        yield anvil
    finally:
        anvil.kill()


@pytest.mark.parametrize("other_l1", [1], indirect=True)
def test_an_l1_node_of_another_chain_is_told(other_l1, tmp_path):
    done = local("--l1-rpc-url", other_l1.url, data_dir=tmp_path / "data")
    assert_told(done, "chain id 1", "31337")


@pytest.mark.parametrize("other_l1", [31337], indirect=True)
def test_an_l1_chain_without_the_rollup_is_told(other_l1, data_dir):
    done = local("--l1-rpc-url", other_l1.url, data_dir=data_dir)
    assert_told(done, str(data_dir), "belongs to a rollup")
    assert_starts(data_dir)


def test_a_lost_l1_state_is_told(data_dir):
    (data_dir / "l1" / "state.json").unlink()
    assert_told(local(data_dir=data_dir), str(data_dir), "belongs to a rollup")


def test_a_damaged_l1_state_is_told(data_dir):
    state = data_dir / "l1" / "state.json"
    os.truncate(state, state.stat().st_size // 2)
    assert_told(local(data_dir=data_dir), "Anvil")


# Artifacts.


def test_missing_artifacts_are_told(tmp_path):
    done = local(data_dir=tmp_path / "data", environment={"AZTECD_CACHE_DIR": str(tmp_path / "empty")})
    assert_told(done, "aztecd fetch")


def test_an_anvil_that_cannot_be_executed_is_told(tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    anvil = locate().anvil
    for folder in anvil.parents[1].iterdir():
        if folder != anvil.parent:
            (cache / folder.name).symlink_to(folder)
    shutil.copytree(anvil.parent, cache / anvil.parent.name)
    (cache / anvil.parent.name / anvil.name).chmod(0o644)
    done = local(data_dir=tmp_path / "data", environment={"AZTECD_CACHE_DIR": str(cache)})
    assert_told(done, str(cache), "aztecd fetch")


# A full disk: no file may grow beyond a limit, which the operating system reports as it reports a full disk.


def limited(size: int) -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize("other_l1", [31337], indirect=True)
def test_a_full_disk_at_the_start_is_told(other_l1, tmp_path):
    done = local("--l1-rpc-url", other_l1.url, data_dir=tmp_path / "data", limits=limited(4096))
    assert_told(done, "no space is left")
    daemon = Daemon(data_dir=tmp_path / "data", arguments=["--l1-rpc-url", other_l1.url])
    try:
        mine(daemon, "space", count=1)
        daemon.stop()
    finally:
        daemon.kill()


@pytest.mark.parametrize("other_l1", [31337], indirect=True)
def test_a_disk_that_fills_up_stops_changes_and_loses_nothing(other_l1, tmp_path):
    data_dir = tmp_path / "data"
    arguments = ["--l1-rpc-url", other_l1.url]
    # The limit is set by a shell between us and the daemon; in blocks of 512 bytes or 1 KiB.
    limited_command = ("/bin/sh", "-c", 'ulimit -f 1200; exec "$0" "$@"', sys.executable, "-m", "aztecd")
    daemon = Daemon(data_dir=data_dir, arguments=arguments, command=limited_command)
    acknowledged = []
    try:
        mine(daemon, "warm", count=1)  # the first block waits for KZG setups, and so would a stop
        with RpcClient(daemon.url) as rpc:
            maker = TxMaker(rpc)
            failure = None
            while failure is None and len(acknowledged) < 50:
                tx_hash, body = maker.make(f"full:{len(acknowledged)}", payer=len(acknowledged) % 5)
                try:
                    rpc.call("aztec_sendTx", body)
                    acknowledged.append(tx_hash)
                except RpcFailureError as error:
                    failure = error
            assert failure is not None
            assert "store_full" in failure.message, failure
            assert rpc.call("aztec_getBlockHeader", 0) is not None
            wait_until(
                lambda: not rpc.call("aztec_isReady"), timeout_s=10, what="the daemon says it is not ready"
            )
            assert rpc.get("/status")[0] == 500  # as the reference
        daemon.process.terminate()
        assert daemon.process.wait(5) in {0, 3}
    finally:
        daemon.kill()
    assert "Traceback" not in daemon.text
    assert "no space is left" in daemon.text
    daemon = Daemon(data_dir=data_dir, arguments=arguments)
    try:
        with RpcClient(daemon.url) as rpc:
            wait_until(lambda: rpc.call("aztec_getPendingTxCount") == 0, timeout_s=60, what="all mined")
            for tx_hash in acknowledged:
                assert rpc.call("aztec_getTxReceipt", tx_hash)["status"] in IN_A_BLOCK
        daemon.stop()
    finally:
        daemon.kill()
    assert check(data_dir).returncode == 0
