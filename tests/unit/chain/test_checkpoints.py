"""Checkpoints, the tips that follow from them, and what an epoch holds."""

from __future__ import annotations

import pytest

from aztecd.chain import InvalidCheckpointError, RewindError, check
from aztecd.constants import GENESIS_BLOCK_HEADER_HASH
from aztecd.crypto.field import FR_ZERO, fr
from aztecd.protocol.checkpoint import CheckpointHeader, CommitteeAttestation
from tests.support.chain_blocks import FIRST_SLOT, Chain, block_after, checkpoint_of, effect, element


def three_and_two():
    """Two checkpoints of three and two blocks, and one proposed block more."""
    first = block_after(None, effect(1, messages=[fr(11), fr(12)]), effect(2))
    second = block_after(first, effect(3), new_checkpoint=False)
    third = block_after(second, effect(4, messages=[fr(13)]), new_checkpoint=False)
    fourth = block_after(third, slot=FIRST_SLOT + 5)
    fifth = block_after(fourth, effect(5, messages=[fr(14)]), new_checkpoint=False)
    sixth = block_after(fifth, effect(6))
    return first, second, third, fourth, fifth, sixth


@pytest.fixture
def blocks():
    return three_and_two()


@pytest.fixture
def chain(blocks):
    made = Chain()
    made.do(*(("block", block) for block in blocks))
    made.do(("checkpoint", checkpoint_of(*blocks[:3])))
    made.do(("checkpoint", checkpoint_of(*blocks[3:5], l1_block=200)))
    return made


def test_checkpoints_of_several_blocks(chain, blocks):
    store = chain.store
    tips = store.tips()
    assert (tips.proposed.number, tips.checkpointed.number) == (6, 5)
    assert tips.checkpointed.checkpoint_number == 2
    assert tips.checkpointed.hash == blocks[4].hash()
    assert tips.checkpointed.checkpoint_hash == checkpoint_of(*blocks[3:5]).header.hash()
    published = store.published_checkpoint(1)
    assert published.checkpoint.blocks == blocks[:3]
    assert published.checkpoint.archive == blocks[2].archive
    assert published.checkpoint.fee_asset_price_modifier == 0
    assert [found.checkpoint.number for found in store.published_checkpoints(1, 50)] == [1, 2]
    assert [found.checkpoint.number for found in store.published_checkpoints(2, 50)] == [2]
    listed = store.checkpointed_blocks(2, 3)
    assert [(found.block, found.checkpoint_number, found.l1.block_number) for found in listed] == [
        (blocks[1], 1, 100),
        (blocks[2], 1, 100),
        (blocks[3], 2, 200),
    ]
    assert check(chain.engine) == []


def test_epochs_hold_the_checkpoints_of_their_slots(chain, blocks):
    store = chain.store
    assert [data.number for data in store.checkpoints_of_epoch(2)] == [1]
    assert [data.number for data in store.checkpoints_of_epoch(3)] == [2]
    assert store.checkpoints_of_epoch(1) == []
    assert store.checkpoints_of_epoch(1 << 63) == []
    assert store.l2_to_l1_messages(2) == [[[(fr(11), fr(12)), ()], [()], [(fr(13),)]]]
    # A block without transactions has an empty list of its own.
    assert store.l2_to_l1_messages(3) == [[[], [(fr(14),)]]]
    assert store.l2_to_l1_messages(4) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"checkpoint_number": 3}, "checkpoint 3 does not follow checkpoint 1"),
        ({"start_block": 5}, "starts with block 5, not 4"),
        ({"block_count": 0}, "has 0 blocks, not 1 to 72"),
        ({"block_count": 73}, "has 73 blocks, not 1 to 72"),
        ({"block_count": 3}, "block 6 is number 0 of checkpoint 3, not number 2 of checkpoint 2"),
        ({"block_count": 4}, "block 6 is number 0 of checkpoint 3"),
        ({"block_count": 1}, "ends with archive"),
    ],
)
def test_a_checkpoint_that_contradicts_its_blocks_is_refused(blocks, change, message):
    chain = Chain()
    chain.do(*(("block", block) for block in blocks), ("checkpoint", checkpoint_of(*blocks[:3])))
    before = chain.content()
    with pytest.raises(InvalidCheckpointError, match=message):
        chain.do(("checkpoint", checkpoint_of(*blocks[3:5]).replace(**change)))
    assert chain.content() == before
    chain.do(("checkpoint", checkpoint_of(*blocks[3:5])))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"slot_number": FIRST_SLOT}, "is of slot 8, the one before of 8"),
        ({"slot_number": FIRST_SLOT + 6}, "is of slot 14, block 4 of 13"),
        ({"last_archive_root": FR_ZERO}, "follows archive 0x0000"),
    ],
)
def test_a_checkpoint_header_that_contradicts_its_blocks_is_refused(blocks, change, message):
    chain = Chain()
    chain.do(*(("block", block) for block in blocks), ("checkpoint", checkpoint_of(*blocks[:3])))
    data = checkpoint_of(*blocks[3:5])
    with pytest.raises(InvalidCheckpointError, match=message):
        chain.do(("checkpoint", data.replace(header=data.header.replace(**change))))


def test_a_checkpoint_of_unknown_blocks_is_refused(blocks):
    chain = Chain()
    chain.do(("block", blocks[0]))
    with pytest.raises(InvalidCheckpointError, match="has block 2, which is not on the chain"):
        chain.do(("checkpoint", checkpoint_of(*blocks[:3])))


def test_a_known_checkpoint_may_move_to_another_l1_block(chain, blocks):
    moved = checkpoint_of(*blocks[:3], l1_block=101).replace(
        attestations=(CommitteeAttestation(address=bytes(20), signature=bytes(65)),)
    )
    tips = chain.store.tips()
    chain.do(("checkpoint", moved))
    assert chain.store.checkpoint_data(1) == moved
    assert chain.store.tips() == tips
    other = moved.replace(header=moved.header.replace(coinbase=b"\1" * 20))
    with pytest.raises(InvalidCheckpointError, match="checkpoint 1 is on the chain with other content"):
        chain.do(("checkpoint", other))


def test_proven_and_finalized_follow_checkpoints(chain, blocks):
    chain.do(("proven", 2), ("finalized", 1))
    tips = chain.store.tips()
    assert (tips.proven.number, tips.proven.checkpoint_number) == (5, 2)
    assert (tips.finalized.number, tips.finalized.checkpoint_number) == (3, 1)
    assert tips.to_l2_tips().finalized.block.hash == blocks[2].hash()
    chain.do(("finalized", 0))
    assert chain.store.tips() == tips
    chain.do(("proven", 1))
    assert chain.store.tips().proven.number == 3
    for step in (("proven", 0), ("proven", 3), ("finalized", 2)):
        with pytest.raises(InvalidCheckpointError):
            chain.do(step)


def test_tips_below_the_first_checkpoint_are_the_genesis_constants(chain):
    tips = chain.store.tips().to_l2_tips()
    assert tips.proven.block.hash == GENESIS_BLOCK_HEADER_HASH
    assert tips.proven.checkpoint.hash == CheckpointHeader.empty().hash()
    assert tips.checkpointed.block.number == 5


def test_a_rewind_takes_the_tips_along(chain, blocks):
    chain.do(("proven", 2), ("finalized", 1))
    (removed,) = chain.do(("rewind", 4))
    assert removed == (element("tx", 5), element("tx", 6))
    tips = chain.store.tips()
    # Checkpoint 2 lost block 5; block 4 stays, as a proposed one.
    assert (tips.proposed.number, tips.checkpointed.number, tips.proven.number) == (4, 3, 3)
    assert chain.store.checkpoint_data(2) is None
    assert chain.store.block(4) == blocks[3]
    assert chain.store.latest_header() == blocks[3].header
    assert check(chain.engine) == []
    chain.do(("block", blocks[4]), ("checkpoint", checkpoint_of(*blocks[3:5])))
    assert chain.store.tips().checkpointed.number == 5


def test_a_rewind_stops_at_the_finalized_block(chain):
    chain.do(("proven", 2), ("finalized", 1))
    with pytest.raises(RewindError, match="block 3 is finalized, block 6 is the last"):
        chain.do(("rewind", 2))
    with pytest.raises(RewindError, match="cannot go back to block 7"):
        chain.do(("rewind", 7))
    assert chain.do(("rewind", 6)) == [()]
    assert chain.do(("rewind", 3))[0] == (element("tx", 5), element("tx", 6))


def test_a_reorganisation_fits_into_one_batch(chain, blocks):
    other = block_after(blocks[2], effect("other", messages=[fr(1)]), slot=FIRST_SLOT + 1)
    chain.do(("rewind", 3), ("block", other), ("checkpoint", checkpoint_of(other)), ("proven", 2))
    assert chain.store.block(4) == other
    assert chain.store.tips().proven.number == 4
    assert chain.store.block_number_of_hash(blocks[3].hash()) is None
    assert chain.store.l2_to_l1_messages(2)[1] == [[(fr(1),)]]
    fresh = Chain()
    fresh.do(*(("block", block) for block in (*blocks[:3], other)))
    fresh.do(("checkpoint", checkpoint_of(*blocks[:3])), ("checkpoint", checkpoint_of(other)), ("proven", 2))
    assert chain.content() == fresh.content()
