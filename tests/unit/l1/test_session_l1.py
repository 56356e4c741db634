"""The L1 made of a recording, by itself: it says what was recorded, at every block, and can go back."""

from __future__ import annotations

import itertools

import eth_abi
import pytest
from eth_utils import keccak

from aztecd.l1 import ContractSet, L1View, RollupReader, attach
from aztecd.l1.errors import ContractRevertError, L1RpcError, L1UnavailableError
from aztecd.protocol.checkpoint import PublishedCheckpoint
from tests.support.recorded_blocks import SESSIONS, session
from tests.support.session_l1 import SessionL1

CHECKPOINT_PROPOSED = "0x6ff492bf2b4ca1b93a175167d14b3e46085b935cab3f39ca94013000799b93a0"


def reader_of(l1: SessionL1, artifacts) -> RollupReader:
    contracts = ContractSet(artifacts.l1_artifacts)
    registry = bytes.fromhex(l1.recording.contracts.address("registry")[2:])
    return RollupReader(l1, contracts, attach(l1, contracts, registry))


@pytest.mark.parametrize("name", SESSIONS)
def test_the_deployment_is_the_recorded_one(name, artifacts):
    deployment = reader_of(SessionL1(name), artifacts).deployment
    [meta] = session(name)["meta"]
    recorded = meta["nodeInfo"]["l1ContractAddresses"]
    found = {key: value for key, value in deployment.addresses.to_json().items() if value is not None}
    assert found == {key: recorded[key] for key in found}
    assert deployment.chain_id == meta["nodeInfo"]["l1ChainId"]
    assert deployment.rollup_version == int(meta["rollup"]["version"])
    assert deployment.genesis_time == int(meta["rollup"]["l1GenesisTime"])
    assert f"0x{deployment.genesis_archive_root.hex()}" == meta["rollup"]["genesisArchiveRoot"]
    assert f"0x{deployment.vk_tree_root.hex()}" == meta["rollup"]["vkTreeRoot"]
    assert f"0x{deployment.protocol_contracts_hash.hex()}" == meta["rollup"]["protocolContractsHash"]


@pytest.mark.parametrize("name", SESSIONS)
def test_each_checkpoint_is_there_from_its_block_on(name, artifacts):
    l1 = SessionL1(name)
    reader = reader_of(l1, artifacts)
    [meta] = session(name)["meta"]
    recorded = [PublishedCheckpoint.from_json(line["value"]) for line in session(name)["checkpoint"]]
    for made in recorded:
        number, block = made.checkpoint.number, made.l1.block_number
        assert reader.tips(block - 1).pending == number - 1
        assert reader.tips(block).pending == number
        assert reader.archive_at(number, block - 1) == bytes(32)
        record = reader.checkpoint(number, block)
        assert record.archive == made.checkpoint.archive.root == reader.archive_at(number, block)
        assert record.header_hash == made.checkpoint.header.hash()
        assert record.out_hash == made.checkpoint.header.epoch_out_hash
        assert record.slot_number == made.checkpoint.header.slot_number
        found = l1.call("eth_getBlockByNumber", hex(block), False)
        assert found["hash"] == f"0x{made.l1.block_hash.hex()}"
        assert int(found["timestamp"], 16) == made.l1.timestamp
        assert l1.call("eth_getBlockByHash", found["hash"], False) == found
        assert not reader.can_prune_at(made.l1.timestamp, block)
    status = reader.status(1)
    assert status.pending == len(recorded)
    assert status.proven == int(meta["tips"]["proven"]["checkpoint"]["number"])
    assert status.archive_at_mine == recorded[0].checkpoint.archive.root
    assert status.proven_archive == recorded[status.proven - 1].checkpoint.archive.root
    assert [event.checkpoint_number for event in reader.checkpoints_proposed(0)] == [
        made.checkpoint.number for made in recorded
    ]


@pytest.mark.parametrize("name", SESSIONS)
def test_blocks_hang_together(name):
    l1 = SessionL1(name)
    blocks = [l1.call("eth_getBlockByNumber", hex(number), False) for number in range(l1.head + 1)]
    for before, after in itertools.pairwise(blocks):
        assert after["parentHash"] == before["hash"]
        assert int(after["timestamp"], 16) > int(before["timestamp"], 16)
    recorded = {line["block"]["hash"] for line in session(name)["l1_block"]}
    assert recorded <= {block["hash"] for block in blocks}
    assert l1.call("eth_getBlockByNumber", "finalized", False) == blocks[0]
    assert l1.call("eth_getBlockByNumber", hex(l1.head + 1), False) is None


def test_messages_with_their_counters(artifacts):
    l1 = SessionL1("l1-messages")
    reader = reader_of(l1, artifacts)
    recorded = session("l1-messages")["l1_to_l2_message"]
    for count, line in enumerate(recorded, start=1):
        state = reader.inbox_state(line["l1Block"])
        assert state.total_messages == count
        assert f"0x{state.rolling_hash.hex()}" == line["rollingHash"]
        assert state.in_progress == line["checkpoint"]
        assert reader.inbox_state(line["l1Block"] - 1).total_messages == count - 1
    assert [f"0x{event.leaf.hex()}" for event in reader.messages_sent(0)] == [x["leaf"] for x in recorded]
    assert len(reader.messages_sent(0, checkpoint=4)) == 2
    assert reader.messages_sent(recorded[0]["l1Block"] + 1, recorded[1]["l1Block"] - 1) == []


def test_transactions_and_blobs():
    l1 = SessionL1("token-flow")
    [*_, line] = session("token-flow")["blob"]
    transaction = l1.call("eth_getTransactionByHash", line["l1Tx"])
    assert transaction["blobVersionedHashes"] == [line["versionedHash"]]
    assert l1.call("eth_getTransactionReceipt", line["l1Tx"])["blockNumber"] == hex(line["l1Block"])
    blob = l1.call("anvil_getBlobByHash", line["versionedHash"])
    assert len(blob) == 2 + 2 * 131072
    assert blob.startswith(line["data"])
    l1.reorganise(1)
    assert l1.call("anvil_getBlobByHash", line["versionedHash"]) is None
    assert l1.call("eth_getTransactionByHash", line["l1Tx"]) is None
    assert l1.call("eth_getTransactionReceipt", line["l1Tx"]) is None


def test_it_grows_goes_back_and_comes_again():
    whole, l1 = SessionL1("l1-messages"), SessionL1("l1-messages", head=20)
    assert l1.state.pending == 1
    l1.grow_to_end()
    assert l1.is_complete
    assert l1._chain == whole._chain
    l1.reorganise(10)
    assert (l1.head, l1.state.pending) == (31, 3)
    l1.grow_to_end()
    assert l1._chain == whole._chain
    l1.reorganise(10, empty=3)
    assert (l1.head, l1.state.pending) == (34, 3)
    l1.grow_to_end()
    assert (l1.head, l1.state) == (44, whole.state)
    assert not {block.hash for block in l1._chain[32:]} & {block.hash for block in whole._chain}
    [*_, log] = l1.call(
        "eth_getLogs",
        {
            "address": l1.recording.contracts.address("rollup"),
            "topics": [CHECKPOINT_PROPOSED],
            "fromBlock": "0x0",
            "toBlock": "latest",
        },
    )
    assert log["blockNumber"] == hex(44)
    assert log["blockHash"] == l1.call("eth_getBlockByNumber", "latest", False)["hash"]
    l1.mine(64)
    assert l1.call("eth_getBlockByNumber", "finalized", False)["number"] == hex(44)


def test_what_is_final_and_what_would_be_pruned(artifacts):
    l1 = SessionL1("deploy-accounts")
    reader = reader_of(l1, artifacts)
    assert L1View(reader).refresh().proven_at_finalized == 0
    l1.mine(64)
    assert L1View(reader).refresh().proven_at_finalized == 2
    l1 = SessionL1("deploy-accounts", head=20)
    [first] = l1.state.checkpoints
    deadline = l1.recording.contracts.setting("l1GenesisTime") + (first.slot // 2 + 2) * 2 * 72
    assert not reader_of(l1, artifacts).can_prune_at(deadline - 1)
    assert reader_of(l1, artifacts).can_prune_at(deadline)


def test_refusals(artifacts):
    l1 = SessionL1("token-flow")
    reader = reader_of(l1, artifacts)
    with pytest.raises(ContractRevertError, match="UnavailableTempCheckpointLog"):
        reader.checkpoint(6)
    with pytest.raises(L1RpcError, match="BlockOutOfRange"):
        reader.tips(l1.head + 1)
    with pytest.raises(L1RpcError) as refused:
        l1.call("debug_traceTransaction", "0x00")
    assert refused.value.is_unknown_method
    before = reader.deployment.l1_start_block - 1
    data = "0x" + (keccak(text="getTips()")[:4]).hex()
    rollup = l1.recording.contracts.address("rollup")
    assert l1.call("eth_call", {"to": rollup, "data": data}, hex(before)) == "0x"
    answer = l1.call("eth_call", {"to": rollup, "data": data}, hex(before + 1))
    assert eth_abi.decode(["uint256", "uint256"], bytes.fromhex(answer[2:])) == (0, 0)


def test_trouble_on_request(artifacts):
    l1 = SessionL1("token-flow")
    reader = reader_of(l1, artifacts)

    def down(method, params):
        if method == "eth_call":
            raise L1UnavailableError("away")

    l1.trouble = down
    with pytest.raises(L1UnavailableError):
        reader.tips()
    assert l1.call("eth_blockNumber") == hex(l1.head)
    l1.trouble = None
    assert reader.tips().pending == 5
    assert l1.requests["eth_call"] >= 2
