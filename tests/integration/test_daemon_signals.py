"""Stopping: in time, in order, and never without Anvil."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from tests.crash.verdicts import anvils_of, check_l1_agrees, l1_url, settle
from tests.support.daemon import STOP_LIMIT_S, Daemon
from tests.support.json_rpc import RpcClient
from tests.support.load import IN_A_BLOCK, Loader, Promises, TxMaker, wait_until
from tests.support.patience import patience

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_daemon_under_load_stops_in_time_and_keeps_what_it_took(artifacts, tmp_path, number):
    data_dir = tmp_path / "data"
    promises = Promises()
    daemon = Daemon(data_dir=data_dir)
    try:
        loader = Loader(daemon.url, promises, number.name)
        with RpcClient(daemon.url) as rpc:
            loader.start()
            wait_until(lambda: rpc.call("aztec_getBlockNumber") > 1, timeout_s=60, what="blocks under load")
            daemon.process.send_signal(number)
            assert daemon.process.wait(patience(STOP_LIMIT_S)) == 0, daemon.text
        loader.stop()
    finally:
        daemon.kill()
    assert "Traceback" not in daemon.text
    assert not anvils_of(data_dir)
    done = subprocess.run(
        [sys.executable, "-m", "aztecd", "db", "check", "--data-dir", str(data_dir)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_daemon_whose_first_blob_takes_long_stops_in_time_too(artifacts, tmp_path):
    data_dir = tmp_path / "data"
    daemon = Daemon(data_dir=data_dir)
    try:
        with RpcClient(daemon.url) as rpc:
            tx_hash, body = TxMaker(rpc).make("first")
            rpc.call("aztec_sendTx", body)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(patience(STOP_LIMIT_S)) == 0, daemon.text
    finally:
        daemon.kill()
    wait_until(lambda: not anvils_of(data_dir), timeout_s=30, what="Anvil has ended")
    daemon = Daemon(data_dir=data_dir)
    try:
        with RpcClient(daemon.url) as rpc, RpcClient(l1_url(daemon)) as l1:
            settle(rpc)
            assert rpc.call("aztec_getTxReceipt", tx_hash)["status"] in IN_A_BLOCK
            check_l1_agrees(rpc, l1)
    finally:
        daemon.kill()


def test_a_daemon_whose_l1_does_not_answer_stops_in_time(artifacts, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "aztecd", "local", "--bare", "--port", "0"),
                *("--l1-rpc-url", url, "--data-dir", str(tmp_path / "data")),
            ]
        )
        try:
            silent.settimeout(60)
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGTERM)
                # Half of the time that a request to L1 may take.
                assert process.wait(15) == 0
        finally:
            process.kill()
            process.wait()


def test_a_second_signal_stops_at_once(artifacts, tmp_path):
    daemon = Daemon(data_dir=tmp_path / "data")
    try:
        daemon.process.send_signal(signal.SIGTERM)
        daemon.process.send_signal(signal.SIGINT)
        assert daemon.process.wait(patience(STOP_LIMIT_S)) in {0, 130}
    finally:
        daemon.kill()
    wait_until(lambda: not anvils_of(tmp_path), timeout_s=30, what="Anvil has ended")


def test_anvil_ends_with_a_daemon_that_is_killed(artifacts, tmp_path):
    daemon = Daemon(data_dir=tmp_path / "data")
    assert anvils_of(tmp_path)
    daemon.kill()
    wait_until(lambda: not anvils_of(tmp_path), timeout_s=30, what="Anvil has ended")


def test_anvil_ends_with_a_daemon_that_could_not_start(artifacts, tmp_path):
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "aztecd", "local"]
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*command, "--port", port, "--l1-port", "0", "--data-dir", str(tmp_path / "data")],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert not anvils_of(tmp_path)
