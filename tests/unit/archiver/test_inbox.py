"""Stored messages follow the Inbox, also when L1 takes some of them back."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from Crypto.Hash import keccak
from hypothesis import given
from hypothesis import strategies as st

from aztecd.archiver import InboxSync
from aztecd.archiver.errors import L1ContradictionError
from aztecd.crypto.field import fr
from aztecd.l1.events import L1Log, MessageSent
from aztecd.l1.rollup import InboxState
from aztecd.storage import Prefix
from tests.support.ledgers import empty_ledger

START = 10


@dataclass
class FakeInbox:
    """An Inbox whose L1 blocks are lists of leaves; every tree takes three messages."""

    blocks: list[list[int]] = field(default_factory=list)
    ranges: list[tuple[int, int]] = field(default_factory=list)
    hides: int = 0
    """So many of the newest events are not given."""

    deployment = SimpleNamespace(l1_start_block=START)

    @property
    def head(self) -> int:
        return START + len(self.blocks) - 1

    def events(self, last: int | None = None) -> list[MessageSent]:
        found, rolling = [], bytes(16)
        for offset, leaves in enumerate(self.blocks):
            if last is not None and START + offset > last:
                break
            for leaf in leaves:
                tree, place = divmod(len(found), 3)
                rolling = keccak.new(digest_bits=256, data=rolling + fr(leaf)).digest()[:16]
                log = L1Log(
                    block_number=START + offset, block_hash=bytes(32), tx_hash=bytes(32), log_index=place
                )
                found.append(
                    MessageSent(
                        log=log,
                        checkpoint_number=tree + 2,
                        index=(tree + 1) * 1024 + place,
                        leaf=fr(leaf),
                        rolling_hash=rolling,
                    )
                )
        return found

    def inbox_state(self, block: int) -> InboxState:
        events = self.events(block)
        rolling = events[-1].rolling_hash if events else bytes(16)
        return InboxState(rolling_hash=rolling, total_messages=len(events), in_progress=2)

    def messages_sent(self, first: int, last: int) -> list[MessageSent]:
        self.ranges.append((first, last))
        events = self.events()
        events = events[: len(events) - self.hides]
        return [event for event in events if first <= event.log.block_number <= last]


def stored(ledger):
    """All messages by index, read from the records themselves."""
    start, stop = Prefix.CHAIN_MESSAGE.key, bytes([Prefix.CHAIN_MESSAGE + 1])
    return {
        int.from_bytes(key[1:], "big"): leaf for key, leaf in ledger.store.iterate(start=start, stop=stop)
    }


def on_l1(inbox):
    return {event.index: event.leaf for event in inbox.events()}


def test_messages_come_block_by_block_and_nothing_is_read_twice():
    inbox, ledger = FakeInbox([[1, 2], []]), empty_ledger()
    sync = InboxSync(ledger, inbox)
    assert sync.sync(inbox.head) is True
    assert stored(ledger) == on_l1(inbox)
    assert sync.sync(inbox.head) is False
    inbox.blocks += [[3, 4]]
    assert InboxSync(ledger, inbox).sync(inbox.head) is True  # as after a restart
    assert stored(ledger) == on_l1(inbox)
    assert inbox.ranges == [(START, START + 1), (START + 2, START + 2)]


def test_messages_that_l1_dropped_go_and_those_before_stay():
    inbox, ledger = FakeInbox([[1], [2], [3], [4], [5]]), empty_ledger()
    sync = InboxSync(ledger, inbox)
    sync.sync(inbox.head)
    inbox.blocks[3:] = [[], [6], [7]]
    inbox.ranges.clear()
    sync.sync(inbox.head)
    assert stored(ledger) == on_l1(inbox)
    assert ledger.chain.message_index(fr(5)) is None
    assert min(first for first, _ in inbox.ranges) > START, "what both have is not read again"


def test_an_inbox_without_messages_again():
    inbox, ledger = FakeInbox([[1], [2]]), empty_ledger()
    sync = InboxSync(ledger, inbox)
    sync.sync(inbox.head)
    inbox.blocks[:] = [[], []]
    sync.sync(inbox.head)
    assert stored(ledger) == {}


def test_events_that_do_not_lead_to_the_inbox_change_nothing():
    inbox, ledger = FakeInbox([[1], [2]]), empty_ledger()
    sync = InboxSync(ledger, inbox)
    sync.sync(inbox.head)
    before = stored(ledger)
    inbox.blocks += [[3], [4]]
    inbox.hides = 1
    with pytest.raises(L1ContradictionError, match="4 messages"):
        sync.sync(inbox.head)
    assert stored(ledger) == before
    inbox.hides = 0
    sync.sync(inbox.head)
    assert stored(ledger) == on_l1(inbox)


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.lists(st.lists(st.integers(1, 9), max_size=3), max_size=5)),
        max_size=6,
    )
)
def test_after_any_reorganisations_the_messages_are_those_of_l1(steps):
    inbox, ledger = FakeInbox([[100]]), empty_ledger()
    for lost, added in steps:
        del inbox.blocks[max(len(inbox.blocks) - lost, 1) :]
        for leaves in added:
            # A leaf contains its index, so no two are the same; some come again after a reorganisation.
            first = len(inbox.events())
            inbox.blocks.append([leaf * 10_000 + first + place for place, leaf in enumerate(leaves)])
        InboxSync(ledger, inbox).sync(inbox.head)
        assert stored(ledger) == on_l1(inbox)
