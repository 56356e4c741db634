"""A bounded cache of the newest version of nodes and leaves."""

from __future__ import annotations

from typing import Any

__all__ = ["VersionCache"]


class VersionCache:
    """Newest version by place: (block that wrote it, value). Mutable.

    Two generations: when the young one is full, it becomes the old one, and the old one is dropped. Anybody
    may call `get` at any time; `put` and `clear` need the owner's lock. A reader at block N may use an entry
    if its block is not above N; the owner keeps entries newest.
    """

    __slots__ = ("_limit", "_old", "_young")

    def __init__(self, entries: int) -> None:
        self._limit = max(1, entries // 2)
        self._young: dict[int, tuple[int, Any]] = {}
        self._old: dict[int, tuple[int, Any]] = {}

    def get(self, place: int) -> tuple[int, Any] | None:
        """Give the newest version, if it is here."""
        return self._young.get(place) or self._old.get(place)

    def put(self, place: int, version: tuple[int, Any]) -> None:
        """Store the newest version."""
        young = self._young
        if len(young) >= self._limit and place not in young:
            # The old generation is replaced first: a reader between the two lines misses, it never
            # finds an outdated entry.
            self._old = young
            self._young = young = {}
        young[place] = version

    def clear(self) -> None:
        """Forget everything."""
        self._young = {}
        self._old = {}
