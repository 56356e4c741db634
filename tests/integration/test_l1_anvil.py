"""Anvil as our child: it keeps L1 over restarts, whatever ends the daemon, and says plainly what is wrong."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aztecd.l1 import ContractSet, L1Client, attach
from aztecd.l1.blob_tx import BlobSidecar, BlobTransaction, SidecarForm
from aztecd.l1.transaction import Fees
from aztecd.localnet.anvil import Anvil, AnvilOptions
from aztecd.localnet.errors import AnvilBusyError, AnvilError, AnvilMissingError, AnvilPortError
from aztecd.protocol.basic import EthAddress
from tests.support.json_rpc import RpcClient, RpcFailureError
from tests.support.l1_chain import DEPLOYER, EMPTY_BLOB, INFINITY, L1Chain

if TYPE_CHECKING:
    from aztecd.artifacts import Artifacts

pytestmark = pytest.mark.integration

GENERATOR = bytes.fromhex(
    "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
)
"""A point that proves nothing of an empty blob."""


@pytest.fixture
def options(artifacts: Artifacts, tmp_path: Path) -> AnvilOptions:
    return AnvilOptions(program=artifacts.anvil, data_dir=tmp_path / "l1", port=0)


def reopened(anvil: Anvil, artifacts: Artifacts, before: L1Chain) -> L1Chain:
    contracts = ContractSet(artifacts.l1_artifacts)
    client = L1Client(anvil.url, errors=contracts.errors)
    known = before.deployment.addresses
    return L1Chain.of(client, contracts, attach(client, contracts, known.registry_address, known=known))


def test_a_restart_keeps_all_of_l1_that_a_node_needs(options: AnvilOptions, artifacts: Artifacts):
    anvil = Anvil.start(options)
    chain = L1Chain.deploy(anvil.url, artifacts)
    requests = chain.publish(3)
    chain.settle_all()
    pending, proven = (published := chain.reader.tips()).pending, published.proven
    (event, *_) = chain.reader.checkpoints_proposed(0)
    time_before = chain.time.read().latest_timestamp
    anvil.stop()

    anvil = Anvil.start(options)
    try:
        chain = reopened(anvil, artifacts, chain)
        tips = chain.reader.tips()
        assert (tips.pending, tips.proven) == (pending, proven)
        assert chain.reader.archive_at(1) == requests[0].archive
        assert chain.reader.checkpoints_proposed(0)[0] == event
        tx_hash = f"0x{event.log.tx_hash.hex()}"
        transaction = chain.client.call("eth_getTransactionByHash", tx_hash)
        assert transaction["input"].startswith("0x85b98fd8")
        assert chain.client.call("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"
        blob_hash = f"0x{event.versioned_blob_hashes[0].hex()}"
        assert chain.client.call("anvil_getBlobByHash", blob_hash) == f"0x{EMPTY_BLOB.hex()}"
        # Time goes on from where it was, although L1 was ahead of the wall clock.
        assert chain.time.read().next_timestamp > time_before
        chain.client.call("evm_mine")
        assert chain.time.read().latest_timestamp > time_before
        # Publishing and settling go on, and what is published is recognised.
        assert chain.publisher.publish(requests[0]).tx_hash == event.log.tx_hash
        chain.publish()
        chain.settle_all()
        assert chain.reader.tips().proven == pending + 1
        # State of old blocks is gone, but what is final is still known, from the logs.
        chain.client.call("anvil_mine", hex(64))
        assert chain.view.refresh().proven_at_finalized == pending + 1
    finally:
        anvil.kill()


def test_what_is_final_is_known_when_the_state_of_the_finalized_block_is_gone(
    options: AnvilOptions, artifacts: Artifacts
):
    anvil = Anvil.start(options)
    chain = L1Chain.deploy(anvil.url, artifacts)
    chain.publish(2)
    chain.settle_all()
    chain.client.call("anvil_mine", hex(64))
    assert chain.view.refresh().proven_at_finalized == 2
    anvil.stop()
    anvil = Anvil.start(options)
    try:
        assert reopened(anvil, artifacts, chain).view.refresh().proven_at_finalized == 2
    finally:
        anvil.kill()


PARENT = """
import sys, time
from pathlib import Path
from aztecd.localnet.anvil import Anvil, AnvilOptions
anvil = Anvil.start(AnvilOptions(program=Path(sys.argv[1]), data_dir=Path(sys.argv[2]), port=0))
anvil._request("anvil_mine", hex(7))
anvil._request("anvil_setBalance", "0x" + "11" * 20, "0x1234")
print(anvil.pid, anvil.url, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_l1_survives_the_sudden_death_of_the_daemon(options: AnvilOptions, signal_number):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(options.program), str(options.data_dir)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    pid, _ = parent.stdout.readline().split()
    parent.send_signal(signal_number)
    parent.wait(10)
    parent.stdout.close()
    # The restart itself waits until the orphan has written its state and ended.
    anvil = Anvil.start(options)
    try:
        assert not _is_alive(int(pid))
        assert int(anvil._request("eth_blockNumber"), 16) == 7
        assert anvil._request("eth_getBalance", "0x" + "11" * 20, "latest") == "0x1234"
    finally:
        anvil.kill()


def test_a_ctrl_c_in_the_terminal_does_not_reach_anvil(options: AnvilOptions):
    anvil = Anvil.start(options)
    try:
        assert os.getpgid(anvil.pid) != os.getpgid(0)
    finally:
        anvil.kill()


def test_a_saved_state_outlives_a_kill(options: AnvilOptions):
    anvil = Anvil.start(options)
    anvil._request("anvil_mine", hex(5))
    anvil.save()
    anvil._request("anvil_mine", hex(5))
    anvil.kill()
    anvil = Anvil.start(options)
    try:
        assert int(anvil._request("eth_blockNumber"), 16) == 5
    finally:
        anvil.kill()


@pytest.mark.timeout(240)
def test_blobs_of_a_trusted_account_need_no_kzg_setup(options: AnvilOptions):
    """Loading it takes Anvil seconds; the others' blobs wait for it, and only right ones are taken."""
    anvil = Anvil.start(options)

    def send(nonce: int, proof: bytes) -> str:
        sidecar = BlobSidecar(
            form=SidecarForm.EIP4844, blobs=(EMPTY_BLOB,), commitments=(INFINITY,), proofs=(proof,)
        )
        transaction = BlobTransaction(to=EthAddress(bytes(20)), data=b"", gas=21_000, sidecar=sidecar)
        fees = Fees(max_fee=10**11, max_priority_fee=1, max_blob_fee=10)
        signed = transaction.sign(DEPLOYER, chain_id=options.chain_id, nonce=nonce, fees=fees)
        return l1.call("eth_sendRawTransactionSync", f"0x{signed.raw.hex()}")["status"]

    l1 = RpcClient(anvil.url, timeout_s=150)
    try:
        anvil.trust_blobs_of(DEPLOYER.address)
        # That a wrong one is taken shows that nothing is looked at, so nothing is loaded either.
        assert send(0, GENERATOR) == "0x1"
        assert send(1, INFINITY) == "0x1"
        anvil.check_blobs_of(DEPLOYER.address)
        with pytest.raises(RpcFailureError, match="invalid KZG proof"):
            send(2, GENERATOR)
        assert send(2, INFINITY) == "0x1"
    finally:
        l1.close()
        anvil.kill()


def test_a_save_that_ends_after_the_stop_changes_nothing(options: AnvilOptions, monkeypatch):
    anvil = Anvil.start(options)
    anvil._request("anvil_mine", hex(3))
    ask = anvil._request

    def answer_late(method, *params):
        answer = ask(method, *params)
        ask("anvil_mine", hex(2))
        anvil.stop()
        return answer

    monkeypatch.setattr(anvil, "_request", answer_late)
    anvil.save()
    anvil = Anvil.start(options)
    try:
        assert int(anvil._request("eth_blockNumber"), 16) == 5
    finally:
        anvil.kill()


def test_old_states_take_a_bounded_part_of_the_disk_and_none_after_a_stop(options: AnvilOptions):
    anvil = Anvil.start(options)
    for _ in range(30):
        anvil._request("anvil_mine", hex(50))
    kept = list((options.data_dir / "cache").rglob("*.json"))
    assert 0 < len(kept) <= 600  # 500, and what Anvil is about to remove
    anvil.stop()
    assert not (options.data_dir / "cache").exists()


def test_a_torn_state_gives_way_to_the_one_before(options: AnvilOptions):
    anvil = Anvil.start(options)
    anvil._request("anvil_mine", hex(3))
    anvil.stop()
    state = options.data_dir / "state.json"
    whole = state.read_bytes()
    json.loads(whole)
    (options.data_dir / "state.new.json").write_bytes(whole[: len(whole) // 2])
    anvil = Anvil.start(options)
    try:
        assert int(anvil._request("eth_blockNumber"), 16) == 3
    finally:
        anvil.kill()


def test_an_unreadable_state_is_told_with_anvils_own_words(options: AnvilOptions):
    options.data_dir.mkdir()
    (options.data_dir / "state.json").write_text('{"torn":')
    with pytest.raises(AnvilError, match="ended at once"):
        Anvil.start(options)


def test_a_missing_program_is_told(options: AnvilOptions, tmp_path: Path):
    with pytest.raises(AnvilMissingError, match="aztecd fetch"):
        Anvil.start(replace(options, program=tmp_path / "anvil"))


def test_a_taken_port_is_told(options: AnvilOptions):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(AnvilPortError, match=f"port {port} .* --l1-port"):
            Anvil.start(replace(options, port=port))


def test_the_port_can_be_chosen_and_is_free_again_after_a_stop(options: AnvilOptions):
    first = Anvil.start(options)
    port = first.port
    first.stop()
    second = Anvil.start(replace(options, port=port))
    assert second.url == f"http://127.0.0.1:{port}"
    second.stop()


def test_two_at_once_in_one_folder_are_refused(options: AnvilOptions):
    first = Anvil.start(options)
    try:
        with pytest.raises(AnvilBusyError, match=str(first.pid)):
            Anvil.start(replace(options, stop_timeout_s=0.2))
        assert first.is_running
    finally:
        first.kill()


def test_a_record_of_a_process_that_is_long_gone_does_no_harm(options: AnvilOptions):
    options.data_dir.mkdir()
    record = options.data_dir / "anvil.json"
    # Our own id with another start time: the number was given to somebody else.
    for content in (json.dumps({"pid": os.getpid(), "started": 1}), "{", "[]"):
        record.write_text(content)
        Anvil.start(options).stop()


def test_the_chain_id_is_the_one_asked_for(options: AnvilOptions):
    anvil = Anvil.start(replace(options, chain_id=4242))
    try:
        assert anvil._request("eth_chainId") == hex(4242)
    finally:
        anvil.stop()


def test_a_stop_after_a_crash_is_told(options: AnvilOptions):
    anvil = Anvil.start(options)
    os.kill(anvil.pid, signal.SIGKILL)
    anvil._process.wait(5)
    with pytest.raises(AnvilError, match="had ended"):
        anvil.stop()


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
