"""Messages from L1: bring the stored ones to what the Inbox says.

The Inbox chains all messages into one rolling hash, so that two sides which agree on the hash agree on every
message. When they do not, the newest message that both have is searched for, and only what follows is read
again.

Authority: @aztec/archiver src/modules/l1_synchronizer.ts, src/store/message_store.ts (4.1.2).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from aztecd.archiver.errors import FinalChainLostError, L1ContradictionError
from aztecd.chain import InboxMessage
from aztecd.constants import L1_TO_L2_MESSAGES_PER_CHECKPOINT
from aztecd.crypto.field import Fr
from aztecd.crypto.keccak import keccak256
from aztecd.l1 import RollupReader
from aztecd.l1.events import MessageSent
from aztecd.l1.reads import hex_number
from aztecd.node.ledger import Ledger
from aztecd.protocol.basic import CheckpointNumber, LeafIndex
from aztecd.storage import Prefix, WriteBatch, prefix_end

__all__ = ["InboxSync"]

_log = structlog.get_logger("aztecd.archiver")
_RECORD = struct.Struct(">Q16sQ")
_NO_MESSAGES_HASH = bytes(16)
_BATCH_MESSAGES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """How far the Inbox is known: number of messages, their rolling hash, the L1 block read last.

    Of one message: the number of messages up to it, the rolling hash after it, its L1 block.
    """

    count: int
    rolling_hash: bytes
    l1_block: int

    def encode(self) -> bytes:
        return _RECORD.pack(self.count, self.rolling_hash, self.l1_block)

    @classmethod
    def decode(cls, data: bytes) -> _Place:
        count, rolling_hash, l1_block = _RECORD.unpack(data)
        return cls(count=count, rolling_hash=rolling_hash, l1_block=l1_block)


class InboxSync:
    """Follows the Inbox of one rollup. All methods run in the writer's thread."""

    def __init__(self, ledger: Ledger, reader: RollupReader) -> None:
        self._ledger = ledger
        self._reader = reader
        self._store = ledger.store

    def sync(self, block: int | None = None) -> bool:
        """Bring the stored messages to an L1 block, by default the newest; True when something changed.

        Raises:
            L1ContradictionError: the events do not lead to the rolling hash that the Inbox has.
            FinalChainLostError: L1 has others in the place of messages that a final checkpoint took.
            L1UnavailableError: L1 is away; what was read before is stored.
        """
        if block is None:
            block = hex_number(self._reader.client.call("eth_blockNumber"))
        state = self._reader.inbox_state(block)
        goal = (state.total_messages, state.rolling_hash)
        known = self._known()
        if (known.count, known.rolling_hash) == goal:
            return False
        events = self._following(known, known.l1_block + 1, block)
        # What an earlier build stored without its places is replaced.
        removed_from = None if known.count else LeafIndex(0)
        if _leads_to(known, events) != goal:
            known = self._common(block)
            events = self._following(known, known.l1_block, block)
            if _leads_to(known, events) != goal:
                raise L1ContradictionError(
                    f"the Inbox has {state.total_messages} messages at L1 block {block}, its events lead "
                    f"to {known.count + len(events)} or to others"
                )
            removed_from = LeafIndex(self._last_index_of(known) + 1)
            self._require_final_kept(removed_from, events)
            _log.warning("l1_messages_changed", kept=known.count, now=state.total_messages)
        self._keep(known, events, block, removed_from)
        return True

    def _require_final_kept(self, removed_from: LeafIndex, events: Sequence[MessageSent]) -> None:
        """Let no message be replaced that is final: L1 is another chain then, and nothing of it is taken."""
        leaves = {event.index: event.leaf for event in events}
        chain = self._ledger.chain
        final = chain.tips().finalized.checkpoint_number
        for number in range(removed_from // L1_TO_L2_MESSAGES_PER_CHECKPOINT + 1, final + 1):
            first = (number - 1) * L1_TO_L2_MESSAGES_PER_CHECKPOINT
            stored = chain.messages_of_checkpoint(CheckpointNumber(number))
            for index, leaf in enumerate(stored, start=first):
                if index >= removed_from and leaves.get(LeafIndex(index)) != leaf:
                    raise FinalChainLostError(
                        f"L1 has other messages for checkpoint {number}, which was final: follow the L1 "
                        "chain that belongs to the data directory, or begin with an empty one"
                    )

    def _known(self) -> _Place:
        data = self._store.get(Prefix.L1_INBOX.key)
        if data is None:
            start = self._reader.deployment.l1_start_block
            return _Place(count=0, rolling_hash=_NO_MESSAGES_HASH, l1_block=start - 1)
        return _Place.decode(data)

    def _following(self, known: _Place, first: int, last: int) -> list[MessageSent]:
        """Read the events of a range of L1 blocks that come after a place."""
        events = self._reader.messages_sent(first, last)
        for position, event in enumerate(events):
            if event.rolling_hash == known.rolling_hash:
                return events[position + 1 :]
        return events

    def _keep(
        self, known: _Place, events: Sequence[MessageSent], last: int, removed_from: LeafIndex | None
    ) -> None:
        """Store what follows a place, some thousands of messages at a time."""
        count = known.count
        for start in range(0, max(len(events), 1), _BATCH_MESSAGES):
            part = events[start : start + _BATCH_MESSAGES]
            gone = [] if removed_from is None else self._place_keys(removed_from)
            places = []
            for event in part:
                count += 1
                place = _Place(count=count, rolling_hash=event.rolling_hash, l1_block=event.log.block_number)
                places.append((_place_key(event.index), place))
            is_last = start + _BATCH_MESSAGES >= len(events)
            reached = _Place(
                count=count,
                rolling_hash=part[-1].rolling_hash if part else known.rolling_hash,
                # Within its block more may follow: what is read again is recognised by its hash.
                l1_block=last if is_last else part[-1].log.block_number - 1,
            )
            self._ledger.store_messages(
                [_message(event) for event in part],
                remove_from=removed_from,
                also=partial(_write_places, gone=gone, places=places, reached=reached),
            )
            removed_from = None
        _log.debug("l1_messages_synced", messages=count, l1_block=last)

    def _common(self, block: int) -> _Place:
        """Find the newest stored message that L1 still has, going back in growing steps."""
        step = 1
        last_block: int | None = None
        for distance, place in enumerate(self._places(), start=1):
            if distance < step:
                continue
            step *= 2
            if place.l1_block == last_block or place.l1_block > block:
                continue
            last_block = place.l1_block
            hashes = {
                event.rolling_hash for event in self._reader.messages_sent(place.l1_block, place.l1_block)
            }
            if place.rolling_hash in hashes:
                return place
        start = self._reader.deployment.l1_start_block
        return _Place(count=0, rolling_hash=_NO_MESSAGES_HASH, l1_block=start)

    def _places(self) -> list[_Place]:
        """Give the places of the stored messages, newest first."""
        prefix = Prefix.L1_MESSAGE.key
        found = self._store.iterate(start=prefix, stop=prefix_end(prefix), reverse=True)
        return [_Place.decode(value) for _, value in found]

    def _place_keys(self, first: LeafIndex) -> list[bytes]:
        stop = prefix_end(Prefix.L1_MESSAGE.key)
        return [key for key, _ in self._store.iterate(start=_place_key(first), stop=stop)]

    def _last_index_of(self, known: _Place) -> int:
        """Give the index of the message that a place belongs to, -1 for none."""
        prefix = Prefix.L1_MESSAGE.key
        found = self._store.iterate(start=prefix, stop=prefix_end(prefix))
        return max(
            (
                int.from_bytes(key[-8:], "big")
                for key, value in found
                if _Place.decode(value).count <= known.count
            ),
            default=-1,
        )


def _leads_to(known: _Place, events: Sequence[MessageSent]) -> tuple[int, bytes] | None:
    """Chain events to a place; give number and rolling hash then, None when an event does not fit."""
    rolling_hash = known.rolling_hash
    for event in events:
        rolling_hash = keccak256(rolling_hash + event.leaf)[:16]
        if rolling_hash != event.rolling_hash:
            return None
    return known.count + len(events), rolling_hash


def _write_places(
    batch: WriteBatch, *, gone: Sequence[bytes], places: Sequence[tuple[bytes, _Place]], reached: _Place
) -> None:
    for key in gone:
        batch.delete(key)
    for key, place in places:
        batch.put(key, place.encode())
    batch.put(Prefix.L1_INBOX.key, reached.encode())


def _place_key(index: int) -> bytes:
    return Prefix.L1_MESSAGE.key + index.to_bytes(8, "big")


def _message(event: MessageSent) -> InboxMessage:
    return InboxMessage(checkpoint_number=event.checkpoint_number, index=event.index, leaf=Fr(event.leaf))
