"""Deployment, publishing and settlement on a real Anvil with the unmodified contracts."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from aztecd.l1 import (
    AttachError,
    CheckpointConflictError,
    ContractRevertError,
    DeployError,
    L1Client,
    L1UnavailableError,
    ProofWindowClosedError,
    PublishError,
    SenderOptions,
    WrongChainError,
    attach,
    deploy,
    warm_up_blobs,
)
from aztecd.l1.transaction import Fees, L1Transaction
from aztecd.localnet.anvil import Anvil, AnvilOptions
from aztecd.protocol.basic import EthAddress
from tests.support.l1_chain import CHAIN_ID, DEPLOYER, EMPTY_BLOB, INFINITY, L1Chain, local_config, prunes
from tests.support.load import wait_until
from tests.support.vectors import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aztecd.artifacts import Artifacts

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def anvil(artifacts: Artifacts, tmp_path_factory) -> Iterator[Anvil]:
    running = Anvil.start(
        AnvilOptions(program=artifacts.anvil, data_dir=tmp_path_factory.mktemp("anvil"), port=0)
    )
    yield running
    running.kill()


@pytest.fixture(scope="module")
def deployed(anvil: Anvil, artifacts: Artifacts) -> L1Chain:
    return L1Chain.deploy(anvil.url, artifacts)


@pytest.fixture
def chain(deployed: L1Chain) -> L1Chain:
    """The module's chain with everything proven, so that no test runs into another one's prune."""
    deployed.client.call("evm_setAutomine", True)
    deployed.settle_all()
    return deployed


def test_the_addresses_are_those_of_the_reference(chain: L1Chain):
    recorded = load("l1.json.gz")["deployment"]["addresses"]
    ours = chain.deployment.addresses.to_json()
    for name, address in ours.items():
        assert recorded[name].lower() == address
    assert len(ours) == 17
    assert chain.deployment.rollup_version == recorded["rollupVersion"]


def test_what_was_deployed_can_be_read_back(chain: L1Chain):
    genesis = local_config().genesis
    read = chain.deployment
    assert read.genesis_archive_root == genesis.archive_root
    assert read.vk_tree_root == genesis.vk_tree_root
    assert read.protocol_contracts_hash == genesis.protocol_contracts_hash
    assert (read.slot_duration_s, read.epoch_duration, read.proof_submission_epochs) == (72, 2, 1)
    assert read.mana_target == 100_000_000
    again = attach(chain.client, chain.contracts, read.addresses.registry_address, known=read.addresses)
    assert again == read


def test_multicall3_is_there(chain: L1Chain):
    recorded = load("l1.json.gz")["deployment"]["multicall3"]
    assert len(chain.client.call("eth_getCode", recorded, "latest")) > 7000


def test_nothing_is_attached_where_nothing_is(chain: L1Chain):
    with pytest.raises(AttachError, match="no Aztec Registry"):
        attach(chain.client, chain.contracts, EthAddress(b"\x77" * 20))
    with pytest.raises(AttachError, match="version 5"):
        attach(chain.client, chain.contracts, chain.deployment.addresses.registry_address, version=5)
    with pytest.raises(AttachError):  # a contract, but another one
        attach(chain.client, chain.contracts, chain.deployment.addresses.fee_juice_address)


def test_a_used_account_is_refused_unless_allowed(chain: L1Chain):
    with pytest.raises(DeployError, match="transactions already"):
        deploy(chain.client, chain.contracts, DEPLOYER, local_config())
    other = deploy(chain.client, chain.contracts, DEPLOYER, local_config(), allow_used_account=True)
    assert other.addresses.rollup_address != chain.deployment.addresses.rollup_address
    assert other.rollup_version != chain.deployment.rollup_version
    assert other.genesis_archive_root == chain.deployment.genesis_archive_root


def test_another_chain_and_no_chain_are_told_apart(chain: L1Chain):
    with pytest.raises(WrongChainError, match="31337, expected 5"):
        chain.client.require_chain(5)
    with pytest.raises(L1UnavailableError, match=r"127\.0\.0\.1:1 does not answer"):
        L1Client("http://user:secret@127.0.0.1:1/path").chain_id()


def test_checkpoints_are_published_in_consecutive_slots(chain: L1Chain):
    requests = chain.publish(3)
    slots = [request.header.slot_number for request in requests]
    assert slots == list(range(slots[0], slots[0] + 3))
    for request in requests:
        assert chain.reader.archive_at(request.checkpoint_number) == request.archive
        record = chain.reader.checkpoint(request.checkpoint_number)
        assert record.header_hash == request.header.hash()
        assert record.slot_number == request.header.slot_number


def test_publishing_again_changes_nothing_and_says_where_it_is(chain: L1Chain):
    plan = chain.plan()
    request = chain.request(plan)
    first = chain.publisher.publish(request, l1_timestamp=plan.l1_timestamp)
    block = chain.client.call("eth_blockNumber")
    assert chain.publisher.publish(request) == first
    assert chain.client.call("eth_blockNumber") == block
    assert chain.reader.clock.slot_at(first.l1_timestamp) == plan.slot
    transaction = chain.client.call("eth_getTransactionByHash", f"0x{first.tx_hash.hex()}")
    assert transaction["blobVersionedHashes"] == [f"0x{item.hex()}" for item in first.versioned_blob_hashes]


def test_a_checkpoint_that_contradicts_l1_is_a_conflict(chain: L1Chain):
    (request,) = chain.publish()
    with pytest.raises(CheckpointConflictError, match="not 0x"):
        chain.publisher.publish(replace(request, archive=bytes(31) + b"\x09"))
    with pytest.raises(CheckpointConflictError, match="to build checkpoint"):
        chain.publisher.publish(replace(request, checkpoint_number=request.checkpoint_number + 5))
    other_header = replace(request.header, total_mana_used=1)
    with pytest.raises(CheckpointConflictError, match="another header"):
        chain.publisher.publish(replace(request, header=other_header))


@pytest.mark.parametrize(
    ("member", "value", "error"),
    [
        ("slot_number", 9999, "HeaderLib__InvalidSlotNumber"),
        ("last_archive_root", bytes(31) + b"\x05", "Rollup__InvalidArchive"),
        ("in_hash", bytes(31) + b"\x05", "Rollup__InvalidInHash"),
        ("blobs_hash", bytes(31) + b"\x05", "Rollup__UnavailableTxs"),
        ("coinbase", bytes(20), "Rollup__InvalidCoinbase"),
    ],
)
def test_what_the_rollup_refuses_is_told_with_its_reason(chain: L1Chain, member, value, error):
    plan = chain.plan()
    request = chain.request(plan, **{member: value})
    with pytest.raises(PublishError, match=error) as caught:
        chain.publisher.publish(request, l1_timestamp=plan.l1_timestamp)
    assert caught.value.error_name == error
    # The nonce is spent, the checkpoint is not: the right one goes through.
    chain.publish()


def test_the_newer_sidecar_is_given_up_for_the_older_where_the_node_can_not_read_it(chain: L1Chain):
    from aztecd.l1 import Publisher, SidecarForm
    from tests.support.l1_chain import EmptyBlobProver

    publisher = Publisher(chain.reader, chain.sender, EmptyBlobProver(), sidecar_form=SidecarForm.EIP7594)
    plan = chain.plan()
    request = chain.request(plan)
    publisher.publish(request, l1_timestamp=plan.l1_timestamp)
    assert chain.reader.archive_at(request.checkpoint_number) == request.archive
    assert publisher.sidecar_form is SidecarForm.EIP4844


def test_warming_up_leaves_no_trace(chain: L1Chain):
    empty = {"pending": "0x0", "queued": "0x0"}
    # Anvil gives the receipt of a transaction a moment before it takes it out of its pool.
    wait_until(lambda: chain.client.call("txpool_status") == empty, timeout_s=10, what="an empty pool")
    before = chain.client.call("eth_blockNumber")
    warm_up_blobs(chain.client, CHAIN_ID)
    assert chain.client.batch([("eth_blockNumber", []), ("txpool_status", [])]) == [before, empty]


def test_the_blob_can_be_read_back(chain: L1Chain):
    plan = chain.plan()
    published = chain.publisher.publish(chain.request(plan), l1_timestamp=plan.l1_timestamp)
    (blob_hash,) = published.versioned_blob_hashes
    assert chain.client.call("anvil_getBlobByHash", f"0x{blob_hash.hex()}") == f"0x{EMPTY_BLOB.hex()}"


def test_an_epoch_is_settled_part_by_part_and_once(chain: L1Chain):
    while chain.plan().slot % 2:
        chain.publish()
    chain.settle_all()
    first, second = chain.publish(2)
    part = chain.settler.settle(first.checkpoint_number)
    assert (part.first, part.last) == (first.checkpoint_number, first.checkpoint_number)
    assert chain.reader.tips().proven == first.checkpoint_number
    whole = chain.settler.settle(second.checkpoint_number)
    assert (whole.first, whole.last) == (first.checkpoint_number, second.checkpoint_number)
    assert whole.epoch == part.epoch
    again = chain.settler.settle(second.checkpoint_number)
    assert again.tx_hash is None
    proven = [event.checkpoint_number for event in chain.reader.epochs_proven(0)]
    assert proven[-2:] == [first.checkpoint_number, second.checkpoint_number]
    assert proven.count(second.checkpoint_number) == 1


def test_epochs_are_settled_in_order(chain: L1Chain):
    while chain.plan().slot % 2 == 0:
        chain.publish()
    chain.settle_all()
    _, second = chain.publish(2)
    with pytest.raises(PublishError, match="must be proven before"):
        chain.settler.settle(second.checkpoint_number)
    chain.settler.settle(second.checkpoint_number - 1)
    chain.settler.settle(second.checkpoint_number)


def test_an_unknown_checkpoint_can_not_be_settled(chain: L1Chain):
    with pytest.raises(PublishError):
        chain.settler.settle(chain.reader.tips().pending + 7)


def test_a_closed_window_is_told_and_the_next_checkpoint_builds_on_the_proven_one(chain: L1Chain):
    chain.publish()
    chain.settle_all()
    proven = chain.reader.tips().proven
    (lost,) = chain.publish()
    epoch = chain.reader.clock.epoch_of(lost.header.slot_number)
    deadline = chain.reader.clock.proof_deadline(epoch)
    assert not chain.reader.can_prune_at(deadline - 1)
    assert chain.reader.can_prune_at(deadline)
    chain.time.move_to(deadline)
    with pytest.raises(ProofWindowClosedError, match="pruned"):
        chain.settler.settle(lost.checkpoint_number)
    plan = chain.time.next_slot(lost.header.slot_number)
    request = chain.request(plan, last_archive_root=chain.reader.archive_at(proven))
    before = prunes(chain.reader)
    # Its number is that of the lost one, which L1 has until this propose prunes it.
    request = replace(request, checkpoint_number=lost.checkpoint_number, archive=bytes(31) + b"\x07")
    chain.publisher.publish(request, l1_timestamp=plan.l1_timestamp)
    assert prunes(chain.reader) == before + 1
    assert chain.reader.tips().pending == proven + 1
    assert chain.reader.archive_at(lost.checkpoint_number) == request.archive


def test_checkpoints_that_were_not_proven_in_time_can_be_pruned_at_once(chain: L1Chain):
    proven = chain.reader.tips().proven
    chain.settler.prune()  # there is nothing to prune
    (lost,) = chain.publish()
    chain.settler.prune()  # not yet
    assert chain.reader.tips().pending == lost.checkpoint_number
    before = prunes(chain.reader)
    # The next block will be too late, the newest one is not.
    deadline = chain.reader.clock.proof_deadline(chain.reader.clock.epoch_of(lost.header.slot_number))
    chain.client.call("evm_increaseTime", deadline + 10 - chain.time.read().next_timestamp)
    with pytest.raises(ProofWindowClosedError, match="pruned"):
        chain.settler.settle(lost.checkpoint_number)
    chain.settler.prune()
    assert prunes(chain.reader) == before + 1
    assert chain.reader.tips().pending == proven
    chain.settler.prune()
    assert prunes(chain.reader) == before + 1


@pytest.mark.parametrize("mines", [False, True])
@pytest.mark.parametrize("method", ["evm_increaseTime", "evm_setNextBlockTimestamp"])
def test_the_next_checkpoint_follows_when_a_client_moves_time(chain: L1Chain, method, mines):
    before = chain.time.read().next_timestamp
    chain.client.call(method, 3600 if method == "evm_increaseTime" else before + 3600)
    if mines:
        chain.client.call("evm_mine")
    plan = chain.plan()
    assert plan.slot >= chain.reader.clock.slot_at(before + 3590)
    request = chain.request(plan)
    published = chain.publisher.publish(request, l1_timestamp=plan.l1_timestamp)
    assert before + 3590 <= published.l1_timestamp < before + 3700


def test_a_transaction_that_waits_is_replaced_by_one_that_offers_more(chain: L1Chain):
    """Without automatic mining: an earlier transaction with our nonce is in the pool."""
    client = chain.client
    options = SenderOptions(receipt_timeout_s=0.3, longest_poll_s=0.02)
    slow = L1Chain.of(client, chain.contracts, chain.deployment, options)
    plan = slow.plan()
    request = slow.request(plan)
    nonce = int(client.call("eth_getTransactionCount", f"0x{DEPLOYER.address.hex()}", "latest"), 16)
    client.call("evm_setAutomine", False)
    other = L1Transaction(to=DEPLOYER.address, data=b"", gas=21_000, value=1)
    fees = Fees(max_fee=10**10, max_priority_fee=2 * 10**9)
    client.call(
        "eth_sendRawTransaction",
        f"0x{other.sign(DEPLOYER, chain_id=CHAIN_ID, nonce=nonce, fees=fees).raw.hex()}",
    )
    stop = threading.Event()

    def mine_when_the_checkpoint_waits() -> None:
        while not stop.wait(0.02):
            pool = client.call("txpool_content")["pending"]
            waiting = [tx for by_nonce in pool.values() for tx in by_nonce.values()]
            if any(tx.get("blobVersionedHashes") for tx in waiting):
                client.call("evm_setNextBlockTimestamp", plan.l1_timestamp)
                client.call("evm_mine")
                return

    miner = threading.Thread(target=mine_when_the_checkpoint_waits)
    miner.start()
    try:
        published = slow.publisher.publish(request, l1_timestamp=plan.l1_timestamp)
    finally:
        stop.set()
        miner.join()
        client.call("evm_setAutomine", True)
    mined = client.call("eth_getTransactionByHash", f"0x{published.tx_hash.hex()}")
    assert int(mined["nonce"], 16) == nonce


def test_the_view_follows_and_asks_once_while_nothing_changes(chain: L1Chain):
    view = chain.view
    view.refresh()
    (request,) = chain.publish()
    seen = view.refresh()
    assert seen.tips == chain.reader.tips()
    assert seen.tips.pending == request.checkpoint_number
    assert seen.pending_slot == request.header.slot_number
    moment = max(chain.reader.clock.timestamp_of(seen.pending_slot + 1), seen.timestamp + 12)
    assert seen.mana_min_fee == chain.reader.mana_min_fee_at(moment)
    assert view.refresh() is seen or view.refresh().block_hash == seen.block_hash


def test_what_is_final_is_the_proven_tip_of_the_finalized_block(chain: L1Chain):
    chain.publish()
    chain.settle_all()
    proven = chain.reader.tips().proven
    chain.client.call("anvil_mine", hex(64))
    assert chain.view.refresh().proven_at_finalized == proven


def test_messages_to_l2_are_seen(chain: L1Chain):
    inbox = chain.reader.inbox
    version = chain.deployment.rollup_version
    data = inbox.encode(
        "sendL2Message", (bytes(31) + b"\x01", version), bytes(31) + b"\x02", bytes(31) + b"\x03"
    )
    before = chain.reader.inbox_state()
    chain.sender.send(L1Transaction(to=inbox.address, data=data, gas=500_000), is_done=lambda: False)
    state = chain.reader.inbox_state()
    assert state.total_messages == before.total_messages + 1
    (message,) = chain.reader.messages_sent(0, checkpoint=before.in_progress)[-1:]
    assert message.checkpoint_number == state.in_progress
    assert message.index == (state.in_progress - 1) * 1024
    assert message.rolling_hash == state.rolling_hash
    # It belongs to a checkpoint after the next: consume up to it with the right root, then go on empty.
    assert chain.reader.messages_sent(0, checkpoint=before.in_progress + 1) == []


def test_calls_that_revert_tell_the_contracts_error(chain: L1Chain):
    with pytest.raises(ContractRevertError) as caught:
        chain.reader.checkpoint(chain.reader.tips().pending + 100)
    assert caught.value.name == "Rollup__UnavailableTempCheckpointLog"
    assert INFINITY.hex() not in str(caught.value)
