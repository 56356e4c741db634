"""What the next block will look like: its time and its fees, from the newest look at L1.

Authority: @aztec/sequencer-client src/global_variable_builder/global_builder.ts (4.1.2).
"""

from __future__ import annotations

from aztecd.chain import ChainStore
from aztecd.l1 import L1View
from aztecd.l1.slots import SlotClock, SlotPlan
from aztecd.protocol.gas import GasFees

__all__ = ["L1Outlook"]


class L1Outlook:
    """Reads snapshots only, so that any thread may ask."""

    def __init__(self, *, view: L1View, clock: SlotClock, chain: ChainStore) -> None:
        self._view = view
        self._clock = clock
        self._chain = chain

    def min_fees(self) -> GasFees:
        """Give the fees that a transaction must offer now."""
        return GasFees(fee_per_da_gas=0, fee_per_l2_gas=self._view.snapshot.mana_min_fee)

    def next_slot(self) -> SlotPlan:
        """Give the earliest slot that the next block can have."""
        last = self._chain.checkpoint_data(self._chain.tips().checkpointed.checkpoint_number)
        return self._clock.next_slot(
            last_slot=0 if last is None else last.header.slot_number,
            earliest_l1_timestamp=self._view.snapshot.next_timestamp,
        )

    def next_slot_timestamp(self) -> int:
        """Give the start of that slot, in seconds."""
        return self.next_slot().timestamp
