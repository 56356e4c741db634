"""`aztecd node`: it joins a rollup that is there, or says in one line why it does not."""

from __future__ import annotations

import json
import shutil
import signal
import socket
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from aztecd.localnet.anvil import Anvil, AnvilOptions
from tests.support.command_line import assert_told, run
from tests.support.daemon import STOP_LIMIT_S, Daemon, NodeDaemon
from tests.support.json_rpc import RpcClient
from tests.support.load import TxMaker, wait_until
from tests.support.patience import patience

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from aztecd.artifacts import Artifacts

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

BLOCKS = 2
NOBODY = f"0x{'11' * 20}"
KEY = "17" * 32
START_S = 120
MINE_S = 120
"""The first block waits for Anvil's KZG setup."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """A local network that has stopped; its L1 goes on."""

    l1_url: str
    data_dir: Path
    headers: list[dict[str, Any]]
    """Of its blocks, as it gave them, the genesis block first."""

    @property
    def record(self) -> dict[str, Any]:
        return json.loads((self.data_dir / "network.json").read_text())

    @property
    def registry(self) -> str:
        return self.record["addresses"]["registryAddress"]

    def refused(self, data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command on this rollup; later arguments win."""
        mine = ("--l1-rpc-url", self.l1_url, "--registry", self.registry, "--data-dir", str(data_dir))
        return run("node", "--port", "0", *mine, *arguments)

    @contextmanager
    def joined(self, data_dir: Path, *arguments: str) -> Iterator[NodeDaemon]:
        daemon = NodeDaemon(
            l1_url=self.l1_url,
            registry=self.registry,
            data_dir=data_dir,
            arguments=arguments,
            timeout_s=START_S,
        )
        try:
            yield daemon
            daemon.stop()
        finally:
            daemon.kill()


def mine(rpc: RpcClient, seed: str) -> None:
    before = rpc.call("aztec_getCheckpointedBlockNumber")
    _, body = TxMaker(rpc).make(seed)
    rpc.call("aztec_sendTx", body)
    wait_until(
        lambda: rpc.call("aztec_getCheckpointedBlockNumber") > before,
        timeout_s=MINE_S,
        what="a block on L1",
    )


@pytest.fixture(scope="module")
def network(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    folder = tmp_path_factory.mktemp("network")
    anvil = Anvil.start(AnvilOptions(program=artifacts.anvil, data_dir=folder / "l1", port=0))
    try:
        daemon = Daemon(data_dir=folder / "data", arguments=("--l1-rpc-url", anvil.url), timeout_s=START_S)
        try:
            with RpcClient(daemon.url) as rpc:
                for index in range(BLOCKS):
                    mine(rpc, f"network:{index}")
                headers = [rpc.call("aztec_getBlockHeader", number) for number in range(BLOCKS + 1)]
            daemon.stop()
        finally:
            daemon.kill()
        yield Network(l1_url=anvil.url, data_dir=folder / "data", headers=headers)
    finally:
        anvil.kill()


def test_it_follows_what_another_built(network, tmp_path):
    with network.joined(tmp_path / "data") as daemon:
        assert "follows L1" in daemon.text
        assert f"registry         {network.registry}" in daemon.text
        with RpcClient(daemon.url) as rpc:
            wait_until(lambda: rpc.call("aztec_isReady"), timeout_s=60, what="the end of catching up")
            assert rpc.get("/status")[0] == 200
            assert rpc.call("aztec_getBlockNumber") >= BLOCKS
            for number, header in enumerate(network.headers):
                assert rpc.call("aztec_getBlockHeader", number) == header
            assert rpc.call("aztec_getNodeInfo")["rollupVersion"] == network.record["rollup_version"]
    record = json.loads((tmp_path / "data" / "network.json").read_text())
    # The Registry does not lead to all addresses that a deployment has.
    assert record.pop("addresses").items() <= network.record["addresses"].items()
    assert record.items() <= network.record.items()
    assert run("db", "check", "--data-dir", str(tmp_path / "data")).stdout.endswith(": whole\n")
    # Both keep the blobs: who published them, and who fetched them.
    kept, fetched = (
        {path.name: path.read_bytes() for path in folder.glob("blobs/*/blobs/*.data")}
        for folder in (network.data_dir, tmp_path / "data")
    )
    assert len(kept) >= BLOCKS
    assert kept.items() <= fetched.items()


def test_the_faucet_can_be_named(network, tmp_path):
    faucet = network.record["addresses"]["feeAssetHandlerAddress"]
    with (
        network.joined(tmp_path / "data", "--fee-asset-handler", faucet) as daemon,
        RpcClient(daemon.url) as rpc,
    ):
        assert rpc.call("aztec_getNodeInfo")["l1ContractAddresses"]["feeAssetHandlerAddress"] == faucet
    done = network.refused(tmp_path / "data", "--fee-asset-handler", NOBODY)
    assert_told(done, "l1.fee_asset_handler", "no contract at", NOBODY)


def test_ctrl_c_ends_it_well_and_it_goes_on(network, tmp_path):
    for _ in range(2):
        with network.joined(tmp_path / "data") as daemon:
            daemon.process.send_signal(signal.SIGINT)
            assert daemon.process.wait(patience(STOP_LIMIT_S)) == 0
            assert "Traceback" not in daemon.text


@pytest.mark.parametrize("missing", ["--l1-rpc-url", "--registry", "--data-dir"])
def test_what_must_be_named_is_told(tmp_path, missing):
    given = {
        "--l1-rpc-url": "http://127.0.0.1:1",
        "--registry": NOBODY,
        "--data-dir": str(tmp_path / "data"),
    }
    del given[missing]
    assert_told(run("node", *(part for pair in given.items() for part in pair)), f"needs {missing}:")


def test_an_l1_node_that_is_away_is_told(network, tmp_path):
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://user:word@127.0.0.1:{unused.getsockname()[1]}"
        done = network.refused(tmp_path / "data", "--l1-rpc-url", url)
    assert_told(done, "does not answer", url.partition("@")[2])
    assert "word" not in done.stderr


def test_an_occupied_port_is_told_before_l1_is_asked(tmp_path):
    with closing(socket.socket()) as listener, closing(socket.socket()) as unused:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        unused.bind(("127.0.0.1", 0))
        port, l1_port = (str(item.getsockname()[1]) for item in (listener, unused))
        where = ("--l1-rpc-url", f"http://127.0.0.1:{l1_port}", "--registry", NOBODY)
        done = run("node", *where, "--data-dir", str(tmp_path / "data"), "--port", port)
    assert_told(done, port, "in use")


def test_a_wrong_registry_is_told(network, tmp_path):
    assert_told(network.refused(tmp_path / "data", "--registry", NOBODY), NOBODY, "no Aztec Registry")
    assert not (tmp_path / "data" / "network.json").exists()


def test_a_rollup_that_is_not_there_is_told(network, tmp_path):
    assert_told(network.refused(tmp_path / "data", "--rollup-version", "7"), "version 7")


def test_another_genesis_is_told_with_both_roots(network, tmp_path):
    done = network.refused(tmp_path / "data", "--prefunded-address", f"0x{'00' * 31}07")
    # What the recorded network was deployed with: five prefunded addresses.
    theirs = "0x2dbb06108e9a86dfd66387eac78e843c558a4c742514c4d1423e306717362435"
    assert_told(done, f"genesis archive root {theirs} on L1, 0x", " here", "--prefunded-address")
    assert done.stderr.count(theirs) == 1
    assert not (tmp_path / "data" / "network.json").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chain_id": 1}, ["belongs to L1 chain 1", "has chain 31337"]),
        ({"rollup_version": 7}, ["version 7"]),
        ({"genesis_time": 5}, ["created at L1 time 5"]),
        ({"prefunded": []}, ["genesis archive root", "0 prefunded addresses"]),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else None,
)
def test_a_data_directory_of_another_rollup_is_told(
    network, tmp_path, changes: Mapping[str, Any], words: list[str]
):
    (tmp_path / "network.json").write_text(json.dumps(network.record | changes))
    assert_told(network.refused(tmp_path), *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--registry", NOBODY), ["belongs to the Registry", f"not {NOBODY}"]),
        (("--rollup-version", "7"), ["belongs to rollup version", "not 7"]),
        (("--prefunded-address", f"0x{'00' * 31}07"), ["5 prefunded addresses", "not with those given"]),
    ],
    ids=["registry", "version", "prefunded"],
)
def test_another_rollup_for_a_data_directory_is_told(network, tmp_path, arguments, words):
    (tmp_path / "network.json").write_text(json.dumps(network.record))
    assert_told(network.refused(tmp_path, *arguments), str(tmp_path), *words)


@pytest.mark.parametrize("content", [f"{KEY[:-2]}\n", f"{KEY} {KEY}", "", "0" * 64, "\xff" * 64])
def test_a_file_without_a_key_is_told_and_not_shown(network, tmp_path, content):
    file = tmp_path / "key"
    file.write_text(content, encoding="latin-1")
    done = network.refused(tmp_path / "data", "--sequencer", "--publisher-key-file", str(file))
    assert_told(done, str(file), "no private key")
    assert "1717" not in done.stdout + done.stderr


def test_a_key_file_that_is_missing_is_told(network, tmp_path):
    done = network.refused(tmp_path / "data", "--sequencer", "--publisher-key-file", str(tmp_path / "none"))
    assert_told(done, "l1.publisher_key_file", str(tmp_path / "none"), "No such file")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--settle-epochs",), ["sequencer.settle_epochs", "--sequencer"]),
        (("--move-l1-time",), ["sequencer.move_l1_time", "--sequencer"]),
        (("--blob-source", "s3://bucket"), ["s3://", "not supported"]),
        (("--prefunded-address", "0x12"), ["genesis.prefunded_addresses", "'0x12'"]),
        (("--prefunded-address", f"0x{'ff' * 32}"), ["genesis.prefunded_addresses", "field element"]),
        (("--registry", "0x12"), ["l1.registry", "40 hexadecimal digits"]),
    ],
    ids=["settle", "time", "blobs", "prefunded", "field", "registry"],
)
def test_what_does_not_go_together_is_told(network, tmp_path, arguments, words):
    assert_told(network.refused(tmp_path / "data", *arguments), *words)


def test_a_local_network_goes_on_from_its_l1_as_a_sequencer(network, tmp_path):
    data_dir = shutil.copytree(network.data_dir, tmp_path / "data")
    file = tmp_path / "key"
    # The second development account: somebody else goes on.
    file.write_text("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d\n")
    arguments = ("--sequencer", "--move-l1-time", "--publisher-key-file", str(file))
    with network.joined(data_dir, *arguments) as daemon:
        assert "proposes as 0x70997970c51812dc3a010c7d01b50e0d17dc79c8" in daemon.text
        assert "key_file_open_to_others" in daemon.text
        assert "59c6995e" not in daemon.text
        with RpcClient(daemon.url) as rpc:
            wait_until(lambda: rpc.call("aztec_isReady"), timeout_s=60, what="the end of catching up")
            assert rpc.call("aztec_getBlockHeader", BLOCKS) == network.headers[BLOCKS]
            mine(rpc, "sequencer")
            assert rpc.call("aztec_getBlockNumber") == BLOCKS + 1
            newest = rpc.call("aztec_getBlockHeader", BLOCKS + 1)
            assert newest["globalVariables"]["coinbase"] == "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
