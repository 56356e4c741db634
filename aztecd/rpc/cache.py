"""Encoded answers that still hold, bounded by their size."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["AnswerCache"]

_ENTRY_OVERHEAD = 400
"""Bytes that an entry costs besides its answer: key, tuple, slots; measured on CPython 3.11."""


class AnswerCache:
    """Answers by call, each with the stamp of the state it was made from; the least used go first.

    Mutable; used by the event loop's thread only. A stamp that differs makes an entry worthless, so nothing
    has to be told when blocks come or go.
    """

    __slots__ = ("_entries", "_free", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._free = limit
        self._entries: OrderedDict[Hashable, tuple[int, bytes]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """Bytes in use."""
        return self.limit - self._free

    def get(self, key: Hashable, stamp: int) -> bytes | None:
        """Give the answer that was made under the same stamp."""
        entry = self._entries.get(key)
        if entry is None or entry[0] != stamp:
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def put(self, key: Hashable, stamp: int, answer: bytes) -> None:
        """Keep an answer; one that takes more than an eighth of the room is not kept."""
        cost = len(answer) + _ENTRY_OVERHEAD
        if cost * 8 > self.limit:
            return
        old = self._entries.pop(key, None)
        if old is not None:
            self._free += len(old[1]) + _ENTRY_OVERHEAD
        while self._free < cost:
            _, (_, dropped) = self._entries.popitem(last=False)
            self._free += len(dropped) + _ENTRY_OVERHEAD
        self._entries[key] = (stamp, answer)
        self._free -= cost
