"""Deployments that do not go as usual."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from aztecd.l1 import ContractSet, DeployError, L1Account, L1Client, deploy
from aztecd.l1 import deploy_plan as plan_module
from aztecd.l1.deploy_plan import CREATE2_FACTORY, MULTICALL3
from aztecd.localnet.anvil import Anvil, AnvilOptions
from tests.support.l1_chain import DEPLOYER, local_config
from tests.support.vectors import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aztecd.artifacts import Artifacts

pytestmark = pytest.mark.integration


@pytest.fixture
def client(artifacts: Artifacts, tmp_path) -> Iterator[L1Client]:
    anvil = Anvil.start(AnvilOptions(program=artifacts.anvil, data_dir=tmp_path, port=0))
    contracts = ContractSet(artifacts.l1_artifacts)
    yield L1Client(anvil.url, errors=contracts.errors)
    anvil.kill()


@pytest.fixture
def contracts(artifacts: Artifacts) -> ContractSet:
    return ContractSet(artifacts.l1_artifacts)


def recorded_rollup() -> str:
    return load("l1.json.gz")["deployment"]["addresses"]["rollupAddress"].lower()


def test_a_step_that_fails_is_named(client: L1Client, contracts: ContractSet, monkeypatch):
    monkeypatch.setitem(plan_module._GAS, "Rollup", 7_000_000)
    with pytest.raises(DeployError, match="failed at Rollup") as caught:
        deploy(client, contracts, DEPLOYER, local_config())
    assert caught.value.step == "Rollup"
    assert client.call("hardhat_getAutomine") is True


def test_a_step_that_the_node_refuses_is_named(client: L1Client, contracts: ContractSet, monkeypatch):
    monkeypatch.setitem(plan_module._GAS, "GSE", 100)
    with pytest.raises(DeployError, match="failed at GSE") as caught:
        deploy(client, contracts, DEPLOYER, local_config())
    assert caught.value.step == "GSE"
    assert client.call("hardhat_getAutomine") is True


def test_without_a_create2_factory_only_the_libraries_move(client: L1Client, contracts: ContractSet):
    client.call("anvil_setCode", f"0x{CREATE2_FACTORY.hex()}", "0x")
    deployment = deploy(client, contracts, DEPLOYER, local_config())
    assert f"0x{deployment.addresses.rollup_address.hex()}" == recorded_rollup()
    assert deployment.rollup_version == load("l1.json.gz")["deployment"]["addresses"]["rollupVersion"]


def test_what_exists_is_not_made_again(client: L1Client, contracts: ContractSet):
    deploy(client, contracts, DEPLOYER, local_config())
    second = L1Account(bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"))
    deploy(client, contracts, second, local_config())
    # 34 transactions less the five libraries and the funding of Multicall3's deployer.
    nonce = client.call("eth_getTransactionCount", f"0x{second.address.hex()}", "latest")
    assert int(nonce, 16) == 28
    assert len(client.call("eth_getCode", f"0x{MULTICALL3.hex()}", "latest")) > 7000


def test_an_account_without_funds_is_refused(client: L1Client, contracts: ContractSet):
    with pytest.raises(DeployError, match="has 0 wei"):
        deploy(client, contracts, L1Account(b"\x09" * 32), local_config())


def test_a_node_that_mines_on_its_own_is_waited_for(client: L1Client, contracts: ContractSet, monkeypatch):
    """As on a public chain: no method stops the mining, blocks come when they come."""
    original = L1Client.call

    def call(self: L1Client, method: str, *params):
        if method in {"hardhat_getAutomine", "evm_setNextBlockTimestamp"}:
            return original(self, "eth_noSuchMethod")
        return original(self, method, *params)

    client.call("evm_setAutomine", False)
    stop = threading.Event()

    def mine() -> None:
        while not stop.wait(0.05):
            original(client, "evm_mine")

    miner = threading.Thread(target=mine)
    monkeypatch.setattr(L1Client, "call", call)
    client.call("anvil_setBlockGasLimit", hex(60_000_000))
    miner.start()
    try:
        deployment = deploy(client, contracts, DEPLOYER, local_config(), timeout_s=30)
    finally:
        stop.set()
        miner.join()
    assert f"0x{deployment.addresses.rollup_address.hex()}" == recorded_rollup()


def test_after_the_deployment_slot_zero_is_over(client: L1Client, contracts: ContractSet):
    deployment = deploy(client, contracts, DEPLOYER, local_config())
    latest = int(client.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    assert latest == deployment.genesis_time + 72
    genesis = client.call("eth_getBlockByNumber", hex(deployment.l1_start_block), False)
    assert int(genesis["timestamp"], 16) == deployment.genesis_time
