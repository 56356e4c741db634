"""Blocks and checkpoints built here equal those that the reference built from the same transactions."""

from __future__ import annotations

import pytest

from aztecd.avm import ProgramCache
from aztecd.builder import BlockBuilder, BlockLimits, assemble_checkpoint, private_effect_fields
from aztecd.crypto.field import fr_from_hex
from aztecd.crypto.kzg import Kzg
from aztecd.execution import TxExecutor, Validation
from aztecd.protocol.blobs import blob_sponge, tx_fields
from aztecd.protocol.gas import Gas
from aztecd.protocol.tx import Tx
from aztecd.state import WorldState
from aztecd.storage import MemoryStore
from tests.support.chain_sessions import session
from tests.support.fake_world import FakeContracts
from tests.support.recorded_blocks import blocks_of, checkpoint_cases, checkpoint_header
from tests.support.recorded_txs import recorded_body
from tests.support.vectors import load

LIMITS = BlockLimits.of_checkpoint(mana_limit=200_000_000, max_txs=32)


@pytest.fixture(scope="module")
def kzg():
    return Kzg()


@pytest.fixture(scope="module")
def recorded():
    return session("deploy-accounts")


@pytest.fixture(scope="module")
def sent():
    bodies = [
        line["body"] for line in load("sent_txs.json.gz")["txs"] if line["session"] == "deploy-accounts"
    ]
    return [Tx.from_json(recorded_body(body)) for body in bodies]


def accept(*_):
    return Validation()


def world_of(recorded):
    genesis = next(line for line in recorded.lines if line["kind"] == "genesis")
    prefilled = [
        (fr_from_hex(leaf["slot"]), fr_from_hex(leaf["value"])) for leaf in genesis["prefilledPublicData"]
    ]
    return WorldState.open(MemoryStore(), prefilled)


def build(world, block, candidates, *, limits=LIMITS, check=accept):
    return BlockBuilder(
        executor=TxExecutor(programs=ProgramCache()), check=check, contracts=FakeContracts()
    ).build(
        fork=world.fork(),
        global_variables=block.header.global_variables,
        candidates=candidates,
        limits=limits,
        checkpoint_number=block.checkpoint_number,
        index_within_checkpoint=block.index_within_checkpoint,
        messages=(),
        sponge=blob_sponge(),
    )


def test_blocks_of_a_recorded_chain(recorded, sent, kzg):
    world = world_of(recorded)
    earlier = []
    for block, data, tx in zip(recorded.blocks, recorded.checkpoints, sent, strict=True):
        built = build(world, block, [tx])
        assert built.block == block
        assert built.block_hash == block.hash()
        assert not built.failed
        assembled = assemble_checkpoint(
            blocks=[built.block],
            messages=(),
            earlier_out_hashes=[
                known.checkpoint_out_hash for known in earlier if known.epoch(2) == data.epoch(2)
            ],
            committer=kzg,
        )
        assert assembled.checkpoint.header == data.header
        assert assembled.out_hash == data.checkpoint_out_hash
        earlier.append(data)
        world.commit(built.fork)


@pytest.mark.parametrize("case", checkpoint_cases(synthetic=True), ids=lambda case: case["name"])
def test_checkpoints_of_several_blocks(case, kzg):
    assembled = assemble_checkpoint(
        blocks=blocks_of(case),
        messages=[fr_from_hex(leaf) for leaf in case["l1_to_l2_messages"]],
        earlier_out_hashes=[fr_from_hex(value) for value in case["previous_checkpoint_out_hashes"]],
        committer=kzg,
    )
    assert assembled.checkpoint.header == checkpoint_header(case["header"])


def test_an_empty_block_is_legal_as_the_first_of_a_checkpoint(recorded):
    world = world_of(recorded)
    built = build(world, recorded.blocks[0], [])
    assert built.block.header.state.l1_to_l2_message_tree.next_available_leaf_index == 1024
    assert built.block.header.total_fees == 0
    assert not built.processed


def test_a_repeated_transaction_fails_and_leaves_no_trace(recorded, sent):
    world = world_of(recorded)
    once = build(world, recorded.blocks[0], [sent[0]])
    twice = build(world, recorded.blocks[0], [sent[0], sent[0]])
    assert twice.block == once.block
    assert [failed.tx_hash for failed in twice.failed] == [sent[0].tx_hash]


def test_refused_transactions_are_named_and_skipped_ones_are_left_alone(recorded, sent):
    world = world_of(recorded)
    refused = build(world, recorded.blocks[0], [sent[0]], check=lambda *_: Validation.invalid("no", "never"))
    assert [(failed.tx_hash, failed.reason) for failed in refused.failed] == [(sent[0].tx_hash, "no, never")]
    skipped = build(world, recorded.blocks[0], [sent[0]], check=lambda *_: Validation.skipped("later"))
    assert not skipped.failed
    assert not skipped.processed


@pytest.mark.parametrize(
    "limits",
    [
        BlockLimits(gas=Gas(da_gas=786_432, l2_gas=6_539_999), blob_fields=4000, max_txs=1),
        BlockLimits(gas=Gas(da_gas=196_607, l2_gas=200_000_000), blob_fields=4000, max_txs=1),
        BlockLimits(gas=Gas(da_gas=786_432, l2_gas=200_000_000), blob_fields=30, max_txs=1),
        BlockLimits(gas=Gas(da_gas=786_432, l2_gas=200_000_000), blob_fields=4000, max_txs=0),
    ],
    ids=["mana", "da gas", "blob fields", "count"],
)
def test_what_does_not_fit_stays_pending(recorded, sent, limits):
    built = build(world_of(recorded), recorded.blocks[0], [sent[0]], limits=limits)
    assert not built.processed
    assert not built.failed


def test_the_declared_limits_count_and_not_the_use(recorded, sent):
    """Recorded: a transaction declares 196,608 DA gas and 6,540,000 L2 gas, whatever it uses."""
    exact = BlockLimits(gas=Gas(da_gas=196_608, l2_gas=6_540_000), blob_fields=24_568, max_txs=1)
    assert len(build(world_of(recorded), recorded.blocks[0], [sent[0]], limits=exact).processed) == 1


def test_later_blocks_of_a_checkpoint_get_what_is_left():
    left = LIMITS.after(mana=5_000_000, tx_fields=100, txs=2)
    assert left.gas == Gas(da_gas=786_432 - 3200, l2_gas=195_000_000)
    assert left.max_txs == 30
    assert left.blob_fields == LIMITS.blob_fields - 107
    assert LIMITS.after(mana=10**9, tx_fields=10**6, txs=99).max_txs == 0


def test_private_effects_are_counted_as_the_reference_does():
    for case in load("tx.json.gz")["txs"]:
        tx = Tx.from_json(recorded_body(case["body"]))
        assert private_effect_fields(tx.data) == case["derived"]["privateTxEffectsSizeInFields"], case[
            "label"
        ]


def test_private_effects_and_the_fee_write_make_the_whole_effect(recorded, sent):
    for block, tx in zip(recorded.blocks, sent, strict=True):
        assert len(tx_fields(block.body.tx_effects[0])) == private_effect_fields(tx.data) + 2
