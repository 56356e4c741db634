from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.pxe.execution.views import TaggingSecret
from aztecd.pxe.stores import ArtifactCache, SeenTags, Stage, Stores
from aztecd.pxe.sync import ChainTip, NodeBridge, NodeChangedError, sync_anchor
from aztecd.storage import MemoryStore
from tests.support.pxe_records import ALICE, CONTRACT, event, note

SECRET = TaggingSecret(fr(1), CONTRACT)


@pytest.fixture
def stores() -> Stores:
    return Stores(Stage(MemoryStore()), ArtifactCache())


@pytest.fixture
def sync(chain, loop, stores):
    def run(follow=ChainTip.PROPOSED):
        return sync_anchor(stores, NodeBridge(chain, loop), follow)

    return run


def numbers(stores) -> list[int]:
    return [found.block_number for found in stores.notes.select(CONTRACT, with_nullified=True)]


def test_the_first_anchor_of_an_empty_chain_is_its_genesis(chain, sync, stores):
    anchor = sync()
    assert (anchor.number, anchor.hash) == (0, chain.blocks[0].header.hash())
    assert stores.anchor.header() == chain.blocks[0].header
    assert stores.anchor.known_blocks() == [], "the genesis block can not go"


def test_the_anchor_follows_the_chosen_tip(chain, sync, stores):
    for _ in range(5):
        chain.mine()
    chain.finalized = 2
    assert sync(ChainTip.FINALIZED).number == 2
    assert sync(ChainTip.FINALIZED).now == chain.blocks[5].header.global_variables.timestamp
    anchor = sync()
    assert (anchor.number, anchor.finalized, anchor.now) == (5, 2, 5000)
    assert stores.anchor.header() == chain.blocks[5].header


def test_nothing_but_the_tips_is_asked_when_nothing_happened(chain, sync):
    chain.mine()
    first = sync()
    chain.calls.clear()
    assert sync() == first
    assert dict(chain.calls) == {"get_l2_tips": 1}


def test_new_blocks_roll_nothing_back(chain, sync, stores):
    chain.mine()
    sync()
    stores.notes.add(note(1, 1), ALICE)
    chain.mine()
    chain.mine()
    assert sync().number == 3
    assert numbers(stores) == [1]


@pytest.mark.parametrize("longer", [-1, 0, 3])
def test_a_reorganisation_rolls_back_to_the_newest_known_block(chain, sync, stores, longer):
    for number in range(1, 7):
        chain.mine()
        chain.finalized = min(number, 2)
        sync()
        stores.notes.add(note(number, number), ALICE)
        stores.events.add(event(number, number), ALICE)
    stores.recipient_tags.set_aged(SECRET, 1)
    chain.reorganise(4)
    for _ in range(2 + longer):
        chain.mine()
    anchor = sync()
    assert anchor.number == 6 + longer
    assert anchor.hash == chain.blocks[-1].header.hash()
    assert numbers(stores) == [1, 2, 3, 4]
    assert stores.recipient_tags.get(SECRET) == SeenTags(aged=1)
    known = {block.number: block.hash for block in stores.anchor.known_blocks()}
    assert known == {number: chain.blocks[number].header.hash() for number in {2, 3, 4, 6 + longer}}


def test_blocks_between_two_visits_are_rolled_back_with_the_later_one(chain, sync, stores):
    for _ in range(3):
        chain.mine()
    sync()
    for _ in range(5):
        chain.mine()
    sync()
    stores.notes.add(note(1, 3), ALICE)
    stores.notes.add(note(2, 5), ALICE)
    chain.reorganise(7)
    assert sync().number == 7
    # Block 5 is still there, but was never compared: its notes are found again.
    assert numbers(stores) == [3]


def test_losing_final_blocks_starts_from_the_genesis(chain, sync, stores):
    for number in range(1, 7):
        chain.mine()
        chain.finalized = number - 1
        sync()
        stores.notes.add(note(number, number), ALICE)
    stores.recipient_tags.set_aged(SECRET, 1)
    chain.reorganise(2)
    chain.mine()
    assert sync().number == 3
    assert numbers(stores) == []
    assert stores.recipient_tags.get(SECRET) == SeenTags(), (
        "logs of blocks that were final are looked for again"
    )


def test_a_chain_that_changes_between_two_answers_is_read_again(chain, sync):
    chain.mine()
    original = chain.get_block_header
    changes = iter(range(2))

    async def moving(block):
        if next(changes, None) is not None:
            chain.reorganise(0)
            chain.mine()
        return await original(block)

    chain.get_block_header = moving
    anchor = sync()
    assert anchor.hash == chain.blocks[1].header.hash()


def test_a_chain_that_never_stands_still_is_given_up(chain, sync, stores):
    chain.mine()
    original = chain.get_block_header

    async def moving(block):
        chain.reorganise(0)
        chain.mine()
        return await original(block)

    chain.get_block_header = moving
    with pytest.raises(NodeChangedError, match="try again"):
        sync()
    assert stores.anchor.header() is None
