from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.pxe.execution.views import TaggingSecret
from aztecd.pxe.oracles import UsedTag
from aztecd.pxe.stores import (
    PendingTag,
    PxeStoreBrokenError,
    RecipientTagStore,
    SeenTags,
    SenderTagStore,
    Stage,
    TagIndexError,
)
from aztecd.pxe.stores.tagging import _name
from aztecd.storage import MemoryStore
from tests.support.pxe_records import CONTRACT, address

SECRET = TaggingSecret(fr(0x5EC0), CONTRACT)
OTHER = TaggingSecret(fr(0x5EC0), address(1))
FIRST, SECOND, THIRD = fr(1), fr(2), fr(3)


@pytest.fixture
def sender() -> SenderTagStore:
    return SenderTagStore(Stage(MemoryStore()))


def test_the_last_used_index_is_the_highest_pending_one(sender):
    assert sender.last_used(SECRET) is None
    sender.store_pending([UsedTag(SECRET, 4), UsedTag(OTHER, 1)], FIRST)
    sender.store_pending([UsedTag(SECRET, 2)], SECOND)
    assert (sender.last_used(SECRET), sender.last_used(OTHER)) == (4, 1)
    assert sender.pending_txs(SECRET, 0, 20) == [FIRST, SECOND]
    assert sender.pending_txs(SECRET, 3, 20) == [FIRST]
    assert sender.pending_txs(SECRET, 0, 4) == [SECOND]


def test_finalizing_drops_what_is_lower(sender):
    sender.store_pending([UsedTag(SECRET, 1), UsedTag(OTHER, 0)], FIRST)
    sender.store_pending([UsedTag(SECRET, 3)], SECOND)
    sender.store_pending([UsedTag(SECRET, 5)], THIRD)
    sender.finalize([SECOND])
    assert sender.last_finalized(SECRET) == 3
    assert sender.pending_txs(SECRET, 0, 20) == [THIRD]
    assert sender.last_finalized(OTHER) is None
    sender.finalize([THIRD, FIRST])
    assert (sender.last_finalized(SECRET), sender.last_used(SECRET)) == (5, 5)
    assert sender.last_finalized(OTHER) == 0


def test_dropped_transactions_free_their_indexes(sender):
    sender.store_pending([UsedTag(SECRET, 1), UsedTag(OTHER, 2)], FIRST)
    sender.store_pending([UsedTag(SECRET, 0)], SECOND)
    sender.drop([FIRST])
    assert (sender.last_used(SECRET), sender.last_used(OTHER)) == (0, None)
    sender.drop([])
    sender.finalize([])
    assert sender.last_used(SECRET) == 0


def test_rules_of_pending_indexes(sender):
    with pytest.raises(TagIndexError, match="Duplicate secrets found when storing pending indexes"):
        sender.store_pending([UsedTag(SECRET, 1), UsedTag(SECRET, 2)], FIRST)
    with pytest.raises(
        TagIndexError, match="Highest used index 21 is further than window length from the highest"
    ):
        sender.store_pending([UsedTag(SECRET, 21)], FIRST)
    sender.store_pending([UsedTag(SECRET, 20)], FIRST)
    sender.store_pending([UsedTag(SECRET, 20)], FIRST)
    with pytest.raises(
        TagIndexError, match="a different index 20 already exists for this secret-txHash pair"
    ):
        sender.store_pending([UsedTag(SECRET, 19)], FIRST)
    sender.finalize([FIRST])
    with pytest.raises(TagIndexError, match="lower than or equal to the last finalized index 20"):
        sender.store_pending([UsedTag(SECRET, 20)], SECOND)
    sender.store_pending([UsedTag(SECRET, 40)], SECOND)


def test_a_refused_store_changes_nothing(sender):
    with pytest.raises(TagIndexError):
        sender.store_pending([UsedTag(OTHER, 1), UsedTag(SECRET, 21)], FIRST)
    assert sender.last_used(OTHER) is None


def test_no_error_shows_a_secret(sender):
    sender.store_pending([UsedTag(SECRET, 1)], FIRST)
    with pytest.raises(TagIndexError) as caught:
        sender.store_pending([UsedTag(SECRET, 2)], FIRST)
    assert "5ec0" not in f"{caught.value}{caught.value!r}{SECRET!r}".lower()


def test_keys_do_not_hold_the_secret():
    memory = MemoryStore()
    stage = Stage(memory)
    SenderTagStore(stage).store_pending([UsedTag(SECRET, 1)], FIRST)
    RecipientTagStore(stage).set_aged(SECRET, 1)
    stage.commit(sync=False)
    assert all(SECRET.secret not in key + value for key, value in memory.iterate(start=b"", stop=b"\xff"))


def test_two_indexes_of_one_transaction_are_a_bug(sender):
    sender._set_pending(_name(SECRET), [PendingTag(1, FIRST), PendingTag(2, FIRST)])
    with pytest.raises(PxeStoreBrokenError, match="Multiple pending indexes"):
        sender.finalize([FIRST])


def test_recipient_indexes_only_grow():
    stage = Stage(MemoryStore())
    tags = RecipientTagStore(stage)
    assert tags.get(SECRET) == SeenTags()
    tags.set_finalized(SECRET, 0)
    assert tags.get(SECRET) == SeenTags(finalized=0)
    tags.set_finalized(SECRET, 0)
    tags.set_aged(SECRET, 3)
    tags.set_finalized(SECRET, 7)
    assert tags.get(SECRET) == SeenTags(aged=3, finalized=7)
    assert tags.get(OTHER) == SeenTags()
    with pytest.raises(TagIndexError, match=r"aged index \(3\) must be higher than the current one \(3\)"):
        tags.set_aged(SECRET, 3)
    with pytest.raises(TagIndexError, match=r"finalized index \(6\) must be higher"):
        tags.set_finalized(SECRET, 6)
    tags.forget()
    assert tags.get(SECRET) == SeenTags()
