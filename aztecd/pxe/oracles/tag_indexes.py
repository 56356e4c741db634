"""The indexes of tags that a transaction uses, by secret.

Authority: @aztec/pxe src/contract_function_simulator/execution_tagging_index_cache.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aztecd.pxe.execution.views import TaggingSecret

__all__ = ["TagIndexes", "UsedTag"]


@dataclass(frozen=True, slots=True)
class UsedTag:
    """The highest index that a transaction used of a secret; remembered until the transaction is final."""

    secret: TaggingSecret
    index: int


class TagIndexes:
    """Shared by all calls of a transaction. Mutable."""

    def __init__(self) -> None:
        self._last: dict[TaggingSecret, int] = {}

    def take(self, secret: TaggingSecret, first: Callable[[TaggingSecret], int]) -> int:
        """Give the next index; `first` finds the one to begin with and is asked once for a secret."""
        last = self._last.get(secret)
        index = first(secret) if last is None else last + 1
        self._last[secret] = index
        return index

    def used(self) -> tuple[UsedTag, ...]:
        """Give what was used, in the order of the first use."""
        return tuple(UsedTag(secret, index) for secret, index in self._last.items())
