"""The whole daemon on an L1 node that runs already: `--l1-rpc-url`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aztecd.localnet.anvil import Anvil, AnvilOptions
from tests.support.daemon import Daemon
from tests.support.hardhat import hardhat_node
from tests.support.json_rpc import RpcClient
from tests.support.load import TxMaker, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aztecd.artifacts import Artifacts

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

STATES = ("pending", "proposed", "checkpointed", "proven", "finalized")
SETTLE_NEVER = "[sequencer]\nsettle_epochs = false\n"


class Network:
    """A daemon with a data directory, on somebody else's L1."""

    def __init__(self, data_dir: Path, l1_url: str, config: str = "") -> None:
        file = data_dir.with_suffix(".toml")
        file.write_text(config)
        arguments = ("--l1-rpc-url", l1_url, "--config", str(file))
        self.daemon = Daemon(data_dir=data_dir, arguments=arguments, timeout_s=120)
        self._rpc = RpcClient(self.daemon.url)

    def ask(self, method: str, *params: Any) -> Any:
        return self._rpc.call(f"aztec_{method}", *params)

    def send(self, seed: str) -> str:
        tx_hash, body = TxMaker(self._rpc).make(seed)
        self.ask("sendTx", body)
        return tx_hash

    def receipt(self, tx_hash: str, state: str) -> dict[str, Any]:
        """Wait until a transaction is in a state or past it."""
        found: dict[str, Any] = {}

        def is_there() -> bool:
            found.update(self.ask("getTxReceipt", tx_hash))
            assert found["status"] != "dropped", found
            return STATES.index(found["status"]) >= STATES.index(state)

        wait_until(is_there, timeout_s=60, what=f"{tx_hash} is {state}")
        return found

    def mine(self, seed: str) -> dict[str, Any]:
        return self.receipt(self.send(seed), "proven")

    def stop(self) -> None:
        self._rpc.close()
        self.daemon.stop()

    def kill(self) -> None:
        self._rpc.close()
        self.daemon.kill()


@pytest.fixture(scope="module")
def anvil(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("anvil")
    running = Anvil.start(AnvilOptions(program=artifacts.anvil, data_dir=folder, port=0))
    yield running.url
    running.kill()


@pytest.fixture(scope="module")
def hardhat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with hardhat_node(tmp_path_factory.mktemp("hardhat")) as url:
        yield url


@pytest.fixture(params=["anvil", pytest.param("hardhat", marks=pytest.mark.slow)])
def l1_url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(request.param)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Network]]:
    """Start networks by name; the same name has the same data directory. All are ended in any case."""
    running: list[Network] = []

    def begin(name: str, l1_url: str, config: str = "") -> Network:
        running.append(Network(tmp_path / name, l1_url, config))
        return running[-1]

    yield begin
    for network in running:
        network.kill()


def test_a_network_goes_on_while_its_l1_node_keeps_running(start, l1_url):
    network = start("a", l1_url)
    contracts = network.ask("getL1ContractAddresses")
    blocks = [network.mine(f"first {index}") for index in range(3)]
    assert [entry["blockNumber"] for entry in blocks] == [1, 2, 3]
    # Anvil calls a block final when 64 have come after it.
    with RpcClient(l1_url) as l1:
        l1.call("hardhat_mine", "0x50")
    network.receipt(blocks[2]["txHash"], "finalized")
    network.stop()

    network = start("a", l1_url)
    assert network.ask("getL1ContractAddresses") == contracts
    assert network.ask("getBlockNumber") == 3
    assert network.receipt(blocks[2]["txHash"], "finalized")["blockHash"] == blocks[2]["blockHash"]
    assert network.mine("after a stop")["blockNumber"] == 4
    network.kill()

    network = start("a", l1_url)
    assert network.ask("getBlockNumber") == 4
    assert network.mine("after a crash")["blockNumber"] == 5
    network.stop()


@pytest.mark.slow
def test_networks_of_one_account_live_side_by_side(start, l1_url):
    first, second = start("a", l1_url), start("b", l1_url)
    assert first.ask("getVersion") != second.ask("getVersion")
    assert first.ask("getNodeInfo")["l1ContractAddresses"] != second.ask("getNodeInfo")["l1ContractAddresses"]
    sent = [(network, network.send(f"{index}")) for index in range(3) for network in (first, second)]
    for network, tx_hash in sent:
        network.receipt(tx_hash, "checkpointed")
    for network in (first, second):
        network.stop()


@pytest.mark.slow
def test_the_next_block_follows_when_somebody_moves_time(start, l1_url):
    network = start("a", l1_url)
    network.mine("before")
    before = network.ask("getBlockHeader", "latest")["globalVariables"]
    with RpcClient(l1_url) as l1:
        l1.call("evm_increaseTime", 20_000)
        l1.call("evm_mine")
    network.mine("after")
    after = network.ask("getBlockHeader", "latest")["globalVariables"]
    assert int(after["timestamp"]) - int(before["timestamp"]) > 19_900
    network.stop()


@pytest.mark.slow
def test_blocks_that_can_not_be_proven_any_more_are_undone_at_once(start, anvil):
    network = start("a", anvil, SETTLE_NEVER)
    sent = [network.send(f"{index}") for index in range(3)]
    for tx_hash in sent:
        network.receipt(tx_hash, "checkpointed")
    network.stop()
    with RpcClient(anvil) as l1:
        l1.call("evm_increaseTime", 20_000)
        l1.call("evm_mine")

    network = start("a", anvil)
    network.daemon.wait_for("unproven_blocks_undone", 30)
    # All were anchored to genesis or to each other: what can be built again is, the rest is told.
    for tx_hash in sent:
        wait_until(
            lambda tx_hash=tx_hash: network.ask("getTxReceipt", tx_hash)["status"] in {"dropped", "proven"},
            timeout_s=30,
            what=f"{tx_hash} is settled",
        )
    newest = network.ask("getBlockNumber")
    network.stop()

    network = start("a", anvil)
    assert network.mine("after it")["blockNumber"] == newest + 1
    network.stop()


def refusal(data_dir: Path, l1_url: str, config: str = "") -> str:
    """Start a daemon that can not start; give what it says."""
    with pytest.raises(AssertionError, match="ended with status 1") as caught:
        Network(data_dir, l1_url, config).kill()
    _, *lines = str(caught.value).splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_another_chain_is_refused(tmp_path, anvil):
    said = refusal(tmp_path / "a", anvil, "[l1]\nchain_id = 1\n")
    assert "serves chain id 31337, expected 1" in said


def test_an_absent_node_is_told(tmp_path):
    said = refusal(tmp_path / "a", "http://127.0.0.1:1")
    assert "L1 node http://127.0.0.1:1 does not answer" in said


def test_a_data_directory_stays_with_its_l1_chain(start, artifacts, anvil, tmp_path):
    network = start("a", anvil)
    network.mine("one")
    network.stop()
    folder = tmp_path / "other"
    other = Anvil.start(AnvilOptions(program=artifacts.anvil, data_dir=folder, port=0))
    try:
        said = refusal(tmp_path / "a", other.url)
    finally:
        other.kill()
    assert "does not have" in said
    assert "start with its own L1 chain, or with an empty data directory" in said
