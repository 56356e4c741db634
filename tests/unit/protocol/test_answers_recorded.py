"""What a node answers about itself and about transactions: the recorded JSON comes back unchanged."""

from __future__ import annotations

import pytest

from aztecd.constants import (
    EMPTY_EPOCH_OUT_HASH,
    GENESIS_ARCHIVE_ROOT,
    GENESIS_BLOCK_HEADER_HASH,
    PROTOCOL_CONTRACTS_HASH,
    VK_TREE_ROOT,
)
from aztecd.crypto.field import fr_hex
from aztecd.protocol.block import L2Block
from aztecd.protocol.checkpoint import CheckpointData, PublishedCheckpoint
from aztecd.protocol.effect import IndexedTxEffect
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.logs import LogFilter
from aztecd.protocol.node_types import L2Tips, NodeInfo, genesis_tip
from aztecd.protocol.receipt import EXECUTION_RESULTS, TxReceipt, TxStatus
from tests.support.recorded_blocks import SESSIONS, checkpoint_cases, session, without_caches


@pytest.fixture(params=SESSIONS, scope="module")
def lines(request):
    return session(request.param)


def test_node_info_and_tips(lines):
    [meta] = lines["meta"]
    assert NodeInfo.from_json(meta["nodeInfo"]).to_json() == meta["nodeInfo"]
    assert L2Tips.from_json(meta["tips"]).to_json() == meta["tips"]
    assert genesis_tip().to_json() == meta["tips"]["finalized"]
    assert fr_hex(VK_TREE_ROOT) == meta["rollup"]["vkTreeRoot"]
    assert fr_hex(PROTOCOL_CONTRACTS_HASH) == meta["rollup"]["protocolContractsHash"]


def test_effects_and_receipts(lines):
    for line in lines["tx_effect"]:
        effect = IndexedTxEffect.from_json(line["value"])
        assert effect.to_json() == line["value"]
        assert IndexedTxEffect.decode(effect.encode()) == effect
        receipt = TxReceipt.from_json(line["receipt"])
        assert receipt.to_json() == line["receipt"]
        assert TxReceipt.decode(receipt.encode()) == receipt
        assert receipt.execution_result == EXECUTION_RESULTS[effect.data.revert_code]
        assert receipt.status in set(TxStatus)
        assert receipt.transaction_fee == effect.data.transaction_fee
        assert receipt.block_hash == effect.l2_block_hash


def test_blocks_and_checkpoints(lines):
    for line in lines["block"]:
        block = L2Block.from_json(line["value"])
        assert block.to_json() == without_caches(line["value"])
        assert fr_hex(block.hash()) == line["hash"]
    [meta] = lines["meta"]
    for line in lines["checkpoint"]:
        published = PublishedCheckpoint.from_json(line["value"])
        assert published.to_json() == without_caches(line["value"])
        assert PublishedCheckpoint.decode(published.encode()) == published
        checkpoint = published.checkpoint
        kept = CheckpointData(
            header=checkpoint.header,
            archive=checkpoint.archive,
            checkpoint_out_hash=EMPTY_EPOCH_OUT_HASH,
            checkpoint_number=checkpoint.number,
            start_block=checkpoint.blocks[0].number,
            block_count=len(checkpoint.blocks),
            l1=published.l1,
            attestations=published.attestations,
        )
        assert kept.number == line["number"]
        assert kept.end_block == checkpoint.blocks[-1].number
        receipts = [
            entry["receipt"]
            for entry in lines["tx_effect"]
            if kept.start_block <= entry["receipt"]["blockNumber"] <= kept.end_block
        ]
        duration = meta["rollup"]["epochDuration"]
        assert {receipt["epochNumber"] for receipt in receipts} == {kept.epoch(duration)}


def test_genesis_header(lines):
    [genesis] = lines["genesis"]
    header = BlockHeader.from_json(genesis["header"])
    assert header.to_json() == without_caches(genesis["header"])
    assert fr_hex(header.hash()) == genesis["headerHash"]


def test_constants_of_the_empty_genesis():
    """The synthetic checkpoints begin with a genesis without prefilled data."""
    first = checkpoint_cases(synthetic=True)[0]
    assert first["header"]["last_archive_root"] == fr_hex(GENESIS_ARCHIVE_ROOT)
    [tips] = {
        meta["tips"]["finalized"]["block"]["hash"] for name in SESSIONS for meta in session(name)["meta"]
    }
    assert tips == fr_hex(GENESIS_BLOCK_HEADER_HASH)
    empty = {
        case["header"]["epoch_out_hash"]
        for case in checkpoint_cases(synthetic=False)
        if case["checkpoint_number"] <= 10
    }
    assert empty == {fr_hex(EMPTY_EPOCH_OUT_HASH)}


def test_log_filters():
    body = {
        "txHash": "0x" + "01" * 32,
        "fromBlock": 1,
        "toBlock": 9,
        "afterLog": {
            "blockNumber": 1,
            "blockHash": "0x" + "02" * 32,
            "txHash": "0x" + "03" * 32,
            "txIndex": 4,
            "logIndex": 5,
        },
        "contractAddress": "0x" + "05" * 32,
        "tag": "0x" + "06" * 32,
    }
    assert LogFilter.from_json(body).to_json() == body
    assert LogFilter.from_json({}) == LogFilter()
    assert LogFilter().to_json() == {}
