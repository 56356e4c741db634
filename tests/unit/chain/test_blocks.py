"""Importing blocks and finding them: what is proposed, what is checkpointed, what is refused."""

from __future__ import annotations

from hashlib import sha256

import pytest

from aztecd.chain import ChainCorruptError, ChainError, ChainStore, InvalidBlockError, WrongChainError, check
from aztecd.constants import GENESIS_ARCHIVE_ROOT, GENESIS_BLOCK_HEADER_HASH
from aztecd.crypto.field import fr, fr_from_hex
from aztecd.protocol.checkpoint import CheckpointData, L1PublishedData
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot, PartialStateReference, StateReference
from aztecd.storage import MemoryStore, Prefix
from tests.support.chain_blocks import (
    FIRST_SLOT,
    GENESIS,
    Chain,
    block_after,
    checkpoint_of,
    effect,
    element,
)
from tests.support.recorded_blocks import blocks_of, checkpoint_cases, checkpoint_header, snapshot


def plain_genesis():
    """The header of block 0 when nothing is funded, as recorded (roots of empty and padded trees)."""
    empty = AppendOnlyTreeSnapshot.empty()
    first = checkpoint_cases(synthetic=True)[0]["blocks"][0]["header"]
    assert first["last_archive"]["size"] == 1

    def tree(root, size):
        return AppendOnlyTreeSnapshot(root=fr_from_hex(root), next_available_leaf_index=size)

    return BlockHeader.empty().replace(
        last_archive=empty,
        state=StateReference(
            l1_to_l2_message_tree=tree(
                "0x0d582c10ff8115413aa5b70564fdd2f3cefe1f33a1e43a47bc495081e91e73e5", 0
            ),
            partial=PartialStateReference(
                note_hash_tree=tree("0x2ac5dda169f6bb3b9ca09bbac34e14c94d1654597db740153a1288d859a8a30a", 0),
                nullifier_tree=tree(
                    "0x1ec3788cd1c32e54d889d67fe29e481114f9d4afe9b44b229aa29d8ad528dd31", 128
                ),
                public_data_tree=tree(
                    "0x23c08a6b1297210c5e24c76b9a936250a1ce2721576c26ea797c7ec35f9e46a9", 128
                ),
            ),
        ),
    )


def test_recorded_checkpoints_of_several_blocks_come_back_unchanged():
    header = plain_genesis()
    assert header.hash() == GENESIS_BLOCK_HEADER_HASH
    engine = MemoryStore()
    chain = ChainStore(engine, genesis_header=header, protocol_contracts=(), epoch_duration=32)
    assert chain._genesis_archive.root == GENESIS_ARCHIVE_ROOT
    start = 1
    recorded = checkpoint_cases(synthetic=True)
    assert [len(case["blocks"]) for case in recorded] == [3, 1, 2, 2, 5]
    for case in recorded:
        blocks = blocks_of(case)
        data = CheckpointData(
            header=checkpoint_header(case["header"]),
            archive=snapshot(case["archive_after"]),
            checkpoint_out_hash=fr_from_hex(case["checkpoint_out_hash"]),
            checkpoint_number=case["checkpoint_number"],
            start_block=start,
            block_count=len(blocks),
            l1=L1PublishedData.empty(),
            attestations=(),
        )
        start += len(blocks)
        batch = engine.batch()
        for block in blocks:
            chain.stage_block(batch, block)
        chain.stage_checkpoint(batch, data)
        engine.write(batch)
        chain.applied()
    for case in recorded:
        published = chain.published_checkpoint(case["checkpoint_number"])
        assert published.checkpoint.header.hash() == fr_from_hex(case["header_hash"])
        for read, block in zip(published.checkpoint.blocks, case["blocks"], strict=True):
            assert sha256(read.to_buffer()).hexdigest() == block["block_buffer_sha256"].removeprefix("0x")
    (messages,) = [chain.l2_to_l1_messages(0)]
    assert [[[len(tx) for tx in block] for block in checkpoint] for checkpoint in messages] == [
        [[len(tx["l2_to_l1_msgs"]) for tx in block["txs"]] for block in case["blocks"]] for case in recorded
    ]
    assert check(engine) == []


def test_an_empty_chain_has_its_genesis_only():
    chain = Chain().store
    tips = chain.tips()
    assert (tips.proposed.number, tips.proposed.hash) == (0, GENESIS.hash())
    assert tips.to_l2_tips().proposed.hash == GENESIS_BLOCK_HEADER_HASH
    assert chain.latest_header() == GENESIS
    assert chain.header(0) == GENESIS
    assert chain.block(0).archive == AppendOnlyTreeSnapshot.empty()
    assert chain.block(0).body.tx_effects == ()
    assert chain.block_number_of_hash(GENESIS.hash()) == 0
    assert chain.block_hash(0) == GENESIS.hash()
    assert chain.published_checkpoint(1) is None
    assert chain.checkpointed_block_by_hash(GENESIS.hash()) == chain.block(0)
    assert chain.checkpointed_block_by_archive(chain._genesis_archive.root) is None
    assert chain.header_by_archive(chain._genesis_archive.root) is None
    for number in (-1, 1, 1 << 40):
        assert chain.block(number) is None
        assert chain.header(number) is None
        assert chain.block_hash(number) is None
        assert chain.checkpoint_data(number) is None
    assert chain.blocks(1, 50) == []
    assert chain.checkpointed_blocks(1, 50) == []
    assert chain.published_checkpoints(1, 50) == []
    assert check(chain._store) == []


def test_a_proposed_block_is_found_by_number_and_its_header_by_anything():
    chain = Chain()
    first = block_after(None, effect("a"))
    second = block_after(first, effect("b"))
    chain.do(("block", first), ("checkpoint", checkpoint_of(first)), ("block", second))
    store = chain.store
    assert (store.tips().proposed.number, store.tips().checkpointed.number) == (2, 1)
    assert store.block(2) == second
    assert store.latest_header() == second.header
    assert store.blocks(1, 50) == [first, second]
    assert store.blocks(2, 1) == [second]
    assert store.header_by_hash(second.hash()) == second.header
    assert store.header_by_archive(second.archive.root) == second.header
    assert store.block_number_of_hash(second.hash()) == 2
    assert store.checkpointed_block_by_hash(second.hash()) is None
    assert store.checkpointed_block_by_archive(second.archive.root) is None
    assert store.checkpointed_block_by_hash(first.hash()) == first
    assert store.checkpointed_block_by_archive(first.archive.root) == first
    assert [found.block for found in store.checkpointed_blocks(1, 50)] == [first]
    assert store.tx_effect(element("tx", "b")).l2_block_number == 2


def test_nothing_shows_before_it_is_applied():
    chain = Chain()
    block = block_after(None, effect("a"))
    batch = chain.engine.batch()
    chain.store.stage_block(batch, block)
    assert chain.content() == {}
    assert chain.store.tips().proposed.number == 0
    chain.engine.write(batch)
    # Written, but the tips are still the old ones: readers must not see half of it.
    assert chain.store.block(1) is None
    assert chain.store.block_number_of_hash(block.hash()) is None
    assert chain.store.tx_effect(element("tx", "a")) is None
    assert chain.store.tx_outcome(element("tx", "a")) is None
    chain.store.applied()
    assert chain.store.block(1) == block


def test_a_discarded_batch_leaves_no_trace():
    chain = Chain()
    block = block_after(None, effect("a"))
    chain.store.stage_block(chain.engine.batch(), block)
    chain.store.discard()
    chain.store.applied()
    assert chain.store.tips().proposed.number == 0
    chain.do(("block", block))
    assert chain.store.block(1) == block


def test_one_batch_at_a_time():
    chain = Chain()
    chain.store.stage_block(chain.engine.batch(), block_after(None))
    with pytest.raises(ChainError, match="another batch is staged"):
        chain.store.stage_block(chain.engine.batch(), block_after(None))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (block_after, "block 3 does not follow block 1"),
        (
            lambda block: block.replace(header=block.header.replace(last_archive=block.archive)),
            "block 2 follows archive",
        ),
        (
            lambda block: block.replace(archive=block.archive.replace(next_available_leaf_index=4)),
            "block 2 leaves archive",
        ),
        (lambda block: block.replace(checkpoint_number=3), "is number 0 of checkpoint 3, expected"),
        (lambda block: block.replace(index_within_checkpoint=1), "expected number 1 of 1 or number 0 of 2"),
    ],
)
def test_a_block_that_does_not_continue_the_chain_is_refused(change, message):
    chain = Chain()
    first = block_after(None)
    chain.do(("block", first))
    before = chain.content()
    with pytest.raises(InvalidBlockError, match=message):
        chain.do(("block", change(block_after(first))))
    assert chain.content() == before
    chain.do(("block", block_after(first)))


def test_a_block_has_as_many_transactions_as_its_end_marker_can_count():
    block = block_after(None)
    crowded = block.replace(body=block.body.replace(tx_effects=(effect("a"),) * 0x1_0000))
    with pytest.raises(InvalidBlockError, match="more than 65535 transactions"):
        Chain().do(("block", crowded))


def test_the_first_block_must_follow_the_genesis():
    chain = Chain()
    first = block_after(None)
    stranger = first.replace(header=first.header.replace(last_archive=first.archive))
    with pytest.raises(InvalidBlockError, match="block 1 follows archive"):
        chain.do(("block", stranger))
    with pytest.raises(InvalidBlockError, match="expected number 0 of 1"):
        chain.do(("block", first.replace(checkpoint_number=2)))


def test_a_reopened_store_continues():
    chain = Chain()
    first = block_after(None, effect("a"))
    chain.do(("block", first), ("checkpoint", checkpoint_of(first)), ("proven", 1))
    again = Chain(chain.engine)
    assert again.store.tips() == chain.store.tips()
    assert again.store.latest_header() == first.header
    again.do(("block", block_after(first)))
    assert again.store.tips().proposed.number == 2


def test_a_store_of_another_chain_is_refused():
    chain = Chain()
    chain.do(("block", block_after(None)))
    other = GENESIS.replace(total_fees=1)
    with pytest.raises(WrongChainError, match="choose another data directory"):
        ChainStore(chain.engine, genesis_header=other, protocol_contracts=(), epoch_duration=4)


def test_a_missing_effect_is_reported_as_corruption():
    chain = Chain()
    chain.do(("block", block_after(None, effect("a"), effect("b"))))
    batch = chain.engine.batch()
    batch.delete(next(key for key in chain.content() if key[0] == 0x24))
    chain.engine.write(batch)
    with pytest.raises(ChainCorruptError, match="an effect of block 1 is missing"):
        chain.store.block(1)
    with pytest.raises(ChainCorruptError, match="remove the data directory and sync again"):
        chain.store.tx_effect(element("tx", "a"))


def test_receipt_data_come_with_slot_and_epoch():
    chain = Chain()
    block = block_after(None, effect("a"), effect("b", revert_code=2), slot=FIRST_SLOT + 3)
    chain.do(("block", block))
    outcome = chain.store.tx_outcome(element("tx", "b"))
    assert (outcome.location.block_number, outcome.location.tx_index) == (1, 1)
    assert (outcome.slot, outcome.epoch, outcome.revert_code) == (FIRST_SLOT + 3, 2, 2)
    assert outcome.transaction_fee == 1003
    assert outcome.block_hash == block.hash()
    assert chain.store.tx_outcome(fr(1)) is None


def test_a_transaction_hash_that_comes_twice_keeps_its_first_place():
    chain = Chain()
    first = block_after(None, effect("a"))
    chain.do(("block", first), ("block", block_after(first, effect("a"))))
    assert chain.store.tx_location(element("tx", "a")).block_number == 1
    chain.do(("rewind", 1))
    assert chain.store.tx_location(element("tx", "a")).block_number == 1


@pytest.mark.parametrize(
    ("prefix", "message"),
    [(Prefix.CHAIN_BLOCK, "block 1 is missing"), (Prefix.CHAIN_CHECKPOINT, "checkpoint 1 is missing")],
)
def test_a_store_without_the_records_of_its_tips_is_refused(prefix, message):
    chain = Chain()
    block = block_after(None)
    chain.do(("block", block), ("checkpoint", checkpoint_of(block)))
    batch = chain.engine.batch()
    batch.delete(prefix.key + bytes([0, 0, 0, 1]))
    chain.engine.write(batch)
    with pytest.raises(ChainCorruptError, match=message):
        Chain(chain.engine)


def test_a_damaged_record_of_the_tips_is_refused():
    chain = Chain()
    chain.do(("block", block_after(None)))
    batch = chain.engine.batch()
    batch.put(Prefix.CHAIN_TIPS.key, b"short")
    chain.engine.write(batch)
    with pytest.raises(ChainCorruptError, match="the record of the tips is damaged"):
        Chain(chain.engine)
