"""Until when a transaction may be included, because a contract's code may change.

Authority: the delayed public mutable of aztec-nr, and the private kernel's class update check (4.1.2); the
slots are those of the ContractInstanceRegistry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aztecd.constants import MAX_TX_LIFETIME_S
from aztecd.crypto.field import Fr, fr_int

__all__ = ["ClassUpdate", "class_horizon"]

_DEFAULT_DELAY_S: Final = MAX_TX_LIFETIME_S
_TIME_MASK: Final = (1 << 32) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassUpdate:
    """The scheduled class of a contract: times in seconds, class 0 for the original one."""

    value_change: int
    delay_change: int
    delay_before: int | None
    delay_after: int | None
    class_before: Fr
    class_after: Fr

    @classmethod
    def from_slots(cls, slots: Sequence[Fr]) -> ClassUpdate:
        """Read the three storage slots: packed times and delays, class before, class after."""
        packed, before, after = slots
        bits = fr_int(packed)
        return cls(
            value_change=bits & _TIME_MASK,
            delay_change=bits >> 32 & _TIME_MASK,
            delay_after=bits >> 72 & _TIME_MASK if bits >> 64 & 1 else None,
            delay_before=bits >> 112 & _TIME_MASK if bits >> 104 & 1 else None,
            class_before=before,
            class_after=after,
        )

    def class_at(self, timestamp: int) -> Fr:
        """Give the class at a time; 0 for the original one."""
        return self.class_after if timestamp >= self.value_change else self.class_before


def class_horizon(update: ClassUpdate, anchor_timestamp: int) -> int:
    """Give the last second at which the class of the anchor block is certain to be the contract's.

    A contract that was never updated: one second short of a day after the anchor block.
    """
    after = _DEFAULT_DELAY_S if update.delay_after is None else update.delay_after
    before = _DEFAULT_DELAY_S if update.delay_before is None else update.delay_before
    if anchor_timestamp >= update.delay_change:
        delay = after
    else:
        delay = min(before, update.delay_change - anchor_timestamp + after)
    horizon = anchor_timestamp + delay - 1
    if anchor_timestamp < update.value_change:
        return min(update.value_change - 1, horizon)
    return horizon
