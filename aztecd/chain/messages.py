"""Messages from L1, in the order of the Inbox.

They belong to L1, not to blocks: a rewind of the chain leaves them, a reorganisation of L1 removes them.
A message's index in the message tree is global: checkpoint n takes 1024 from (n - 1) * 1024 on.
Authority: @aztec/archiver src/store/message_store.ts, @aztec/stdlib src/messaging/inbox_leaf.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aztecd.chain.errors import InvalidMessageError
from aztecd.chain.keys import message_by_leaf_key, message_key
from aztecd.constants import L1_TO_L2_MESSAGES_PER_CHECKPOINT
from aztecd.crypto.field import Fr
from aztecd.protocol.basic import CheckpointNumber, LeafIndex
from aztecd.storage.kv import prefix_end
from aztecd.storage.schema import Prefix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aztecd.chain.overlay import Overlay, Reader

__all__ = [
    "InboxMessage",
    "last_message",
    "message_index",
    "messages_of_checkpoint",
    "stage_messages",
    "stage_messages_removal",
]

_PREFIX = Prefix.CHAIN_MESSAGE.key


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxMessage:
    """A message from L1: the checkpoint that takes it, its index in the message tree, its hash."""

    checkpoint_number: CheckpointNumber
    index: LeafIndex
    leaf: Fr


def checkpoint_of_index(index: int) -> CheckpointNumber:
    """Give the checkpoint that takes the message with an index."""
    return CheckpointNumber(index // L1_TO_L2_MESSAGES_PER_CHECKPOINT + 1)


def messages_of_checkpoint(reader: Reader, number: int) -> tuple[Fr, ...]:
    """Give the leaves that a checkpoint takes, in order, not padded."""
    start = (number - 1) * L1_TO_L2_MESSAGES_PER_CHECKPOINT
    if start < 0:
        return ()
    stop = message_key(start + L1_TO_L2_MESSAGES_PER_CHECKPOINT)
    return tuple([Fr(leaf) for _, leaf in reader.iterate(start=message_key(start), stop=stop)])


def message_index(reader: Reader, leaf: bytes) -> LeafIndex | None:
    """Find a message by its hash."""
    data = reader.get(message_by_leaf_key(leaf))
    return None if data is None else LeafIndex(int.from_bytes(data, "big"))


def last_message(reader: Reader) -> InboxMessage | None:
    """Give the message with the greatest index."""
    for key, leaf in reader.iterate(start=_PREFIX, stop=prefix_end(_PREFIX), reverse=True, limit=1):
        index = int.from_bytes(key[-8:], "big")
        return InboxMessage(
            checkpoint_number=checkpoint_of_index(index), index=LeafIndex(index), leaf=Fr(leaf)
        )
    return None


def stage_messages(overlay: Overlay, messages: Iterable[InboxMessage]) -> None:
    """Stage messages in order; those that are there already are skipped.

    Raises: InvalidMessageError if an index contradicts the checkpoint, leaves a gap within it, or is taken
    by another message.
    """
    last = last_message(overlay)
    for message in messages:
        _check(overlay, message, last)
        if last is not None and message.index <= last.index:
            continue
        overlay.put(message_key(message.index), message.leaf)
        overlay.put(message_by_leaf_key(message.leaf), message.index.to_bytes(8, "big"))
        last = message


def _check(overlay: Overlay, message: InboxMessage, last: InboxMessage | None) -> None:
    name = f"the message 0x{message.leaf.hex()} with index {message.index}"
    if checkpoint_of_index(message.index) != message.checkpoint_number:
        raise InvalidMessageError(f"{name} cannot belong to checkpoint {message.checkpoint_number}")
    if last is not None and message.index <= last.index:
        if overlay.get(message_key(message.index)) != message.leaf:
            raise InvalidMessageError(f"{name} has the place of another message")
        return
    if message_index(overlay, message.leaf) is not None:
        raise InvalidMessageError(f"{name} is known with another index")
    is_first = message.index % L1_TO_L2_MESSAGES_PER_CHECKPOINT == 0
    if not is_first and (last is None or message.index != last.index + 1):
        raise InvalidMessageError(
            f"{name} does not follow {'any' if last is None else f'index {last.index}'}"
        )


def stage_messages_removal(overlay: Overlay, first_index: int) -> None:
    """Stage the removal of all messages from an index on: L1 has dropped them."""
    for key, leaf in list(overlay.iterate(start=message_key(first_index), stop=prefix_end(_PREFIX))):
        overlay.delete(key)
        overlay.delete(message_by_leaf_key(leaf))
