from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.protocol.header import BlockHeader, GlobalVariables
from aztecd.pxe.execution.views import TaggingSecret
from aztecd.pxe.stores import (
    ArtifactCache,
    KnownBlock,
    NetworkId,
    SeenTags,
    Stage,
    Stores,
    WrongNetworkError,
)
from aztecd.storage import MemoryStore
from tests.support.pxe_contracts import artifact, function
from tests.support.pxe_records import ALICE, BOB, CONTRACT, event, note

NETWORK = NetworkId(l1_chain_id=31337, rollup_version=7, rollup_address=bytes(19) + b"\1")
SECRET = TaggingSecret(fr(1), CONTRACT)


def header(number: int) -> BlockHeader:
    return BlockHeader.empty().replace(global_variables=GlobalVariables.empty().replace(block_number=number))


@pytest.fixture
def stores() -> Stores:
    return Stores(Stage(MemoryStore()), ArtifactCache())


def test_a_store_belongs_to_one_network(stores):
    stores.anchor.bind(NETWORK)
    stores.anchor.bind(NETWORK)
    other = NetworkId(l1_chain_id=1, rollup_version=7, rollup_address=bytes(19) + b"\1")
    with pytest.raises(WrongNetworkError, match="choose another data directory"):
        stores.anchor.bind(other)


def test_known_blocks_below_the_final_one_are_forgotten(stores):
    anchor = stores.anchor
    anchor.remember([KnownBlock(number, fr(number)) for number in (0, 5, 8, 12)], finalized=0)
    assert [block.number for block in anchor.known_blocks()] == [12, 8, 5, 0]
    anchor.remember([KnownBlock(12, fr(13))], finalized=0)
    assert anchor.known_blocks()[0] == KnownBlock(12, fr(13))
    anchor.remember([KnownBlock(12, fr(12))], finalized=0)
    anchor.remember([KnownBlock(9, fr(9))], finalized=9)
    assert anchor.known_blocks() == [KnownBlock(12, fr(12)), KnownBlock(9, fr(9))]
    anchor.forget_after(9)
    assert anchor.known_blocks() == [KnownBlock(9, fr(9))]


def test_known_blocks_do_not_pile_up_while_nothing_becomes_final(stores):
    anchor = stores.anchor
    for number in range(1, 300):
        anchor.remember([KnownBlock(number, fr(number))], finalized=3)
    numbers = [block.number for block in anchor.known_blocks()]
    assert numbers == [*range(299, 43, -1), 3]


def test_the_book_of_senders(stores):
    assert stores.senders.add(BOB)
    assert not stores.senders.add(BOB)
    assert stores.senders.all() == [BOB]
    assert stores.senders.remove(BOB)
    assert not stores.senders.remove(BOB)
    assert stores.senders.all() == []


@pytest.mark.parametrize("lost_final_blocks", [False, True])
def test_rollback_reaches_all_stores(stores, lost_final_blocks):
    stores.anchor.set_header(header(9))
    stores.anchor.remember([KnownBlock(number, fr(number)) for number in (4, 9)], finalized=0)
    for block in (4, 5):
        stores.notes.add(note(block, block), ALICE)
        stores.events.add(event(block, block), ALICE)
    stores.recipient_tags.set_aged(SECRET, 2)
    stores.roll_back(header(4), lost_final_blocks=lost_final_blocks)
    assert stores.anchor.header() == header(4)
    assert [block.number for block in stores.anchor.known_blocks()] == [4]
    assert [found.block_number for found in stores.notes.select(CONTRACT)] == [4]
    assert stores.recipient_tags.get(SECRET) == (SeenTags() if lost_final_blocks else SeenTags(aged=2))


def test_the_header_survives_a_commit(stores):
    stores.anchor.set_header(header(9))
    stores.stage.commit(sync=True)
    assert stores.anchor.header() == header(9)


def test_artifacts_that_were_not_used_for_longest_are_read_again():
    cache = ArtifactCache(max_bytes=10)
    first, second, third = (artifact(function(name)) for name in ("a", "b", "c"))
    cache.put(fr(1), first, 4)
    cache.put(fr(2), second, 4)
    assert cache.get(fr(1)) is first
    cache.put(fr(3), third, 4)
    assert [cache.get(fr(number)) for number in (1, 2, 3)] == [first, None, third]
    cache.put(fr(1), first, 8)
    assert cache.get(fr(3)) is None
    cache.put(fr(2), second, 11)
    assert [cache.get(fr(number)) for number in (1, 2)] == [None, second]
    cache.put(fr(2), second, 10)
    assert cache.get(fr(2)) is second
