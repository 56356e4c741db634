"""Changes that span the stores."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.node.ledger import Ledger
from aztecd.protocol.basic import BlockNumber
from aztecd.state import TreeId
from aztecd.storage import MemoryStore, StoreIoError, WriteBatch
from tests.support.ledgers import commit_block, empty_ledger, store_messages


@pytest.fixture
def ledger() -> Ledger:
    return empty_ledger()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([fr(11), fr(12)], [fr(11), fr(12)]),
        ([fr(11), fr(12)], [fr(13)]),
        ([fr(11)], [fr(13), fr(11)]),
        ([fr(11)], []),
        ([], [fr(11)]),
    ],
)
def test_messages_follow_l1_when_it_went_back(ledger, before, after):
    store_messages(ledger, before)
    commit_block(ledger, before)
    ledger.rewind(BlockNumber(0))
    store_messages(ledger, after)
    commit_block(ledger, after)
    assert ledger.chain.messages_of_checkpoint(1) == tuple(after)
    assert [ledger.chain.message_index(leaf) for leaf in after] == list(range(len(after)))
    assert all(ledger.chain.message_index(leaf) is None for leaf in before if leaf not in after)
    view = ledger.world_state.at(1)
    assert [view.leaf(TreeId.L1_TO_L2_MESSAGE, index) for index in range(len(after))] == after


class _LateFailure(MemoryStore):
    """Fails when asked to, after the write took effect: as a disk that can't sync."""

    fails = False

    def write(self, batch: WriteBatch, *, sync: bool = False) -> None:
        super().write(batch, sync=sync)
        if self.fails:
            raise StoreIoError("the disk does not answer")


def test_a_write_that_failed_after_it_took_effect_is_told_as_it_is() -> None:
    store = _LateFailure()
    ledger = empty_ledger(store)
    commit_block(ledger)
    store.fails = True
    with pytest.raises(StoreIoError, match="the disk does not answer"):
        ledger.rewind(BlockNumber(0))
