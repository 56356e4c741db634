"""L1 time on a development node: read it, and move it as far as the next slot needs.

Without a block interval Anvil's clock runs with the wall clock plus an offset. Clients may shift it
(evm_increaseTime, evm_setTime, evm_setNextBlockTimestamp); all of that shows in the pending block's
timestamp, which is therefore what counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aztecd.l1.errors import L1RpcError
from aztecd.l1.reads import BlockFacts, block_facts, hex_number
from aztecd.l1.slots import L1_BLOCK_TIME_S

if TYPE_CHECKING:
    from aztecd.l1.client import L1Client, Request
    from aztecd.l1.slots import SlotClock, SlotPlan

__all__ = ["L1Time", "L1TimeReading", "pending_timestamp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class L1TimeReading:
    """L1's time at one moment, in seconds."""

    latest_block: int
    latest_timestamp: int
    next_timestamp: int
    """What the next block gets if nobody moves the clock."""
    pending_timestamp: int | None = None
    """That of the pending block, None where the node gives none that comes after the latest."""

    @property
    def expected_timestamp(self) -> int:
        """What the next block gets in all likelihood: a node without pending block is one of a real chain."""
        return self.pending_timestamp or self.latest_timestamp + L1_BLOCK_TIME_S


def pending_timestamp(pending: Any, latest: BlockFacts) -> int | None:
    """Read the time of the pending block; None for an error, for no block, and for the latest one again."""
    if not isinstance(pending, dict) or not isinstance(pending.get("number"), str):
        return None
    if hex_number(pending["number"]) <= latest.number:
        return None
    # Within the second of the latest block Anvil promises that same second, and keeps a later one.
    return max(hex_number(pending.get("timestamp")), latest.timestamp + 1)


class L1Time:
    """The clock of a development L1 node."""

    def __init__(self, client: L1Client, clock: SlotClock) -> None:
        self._client = client
        self._clock = clock

    def read(self) -> L1TimeReading:
        """Read L1's time, in one round trip."""
        latest, pending = self._client.batch_settled(
            [("eth_getBlockByNumber", ["latest", False]), ("eth_getBlockByNumber", ["pending", False])]
        )
        if isinstance(latest, L1RpcError):
            raise latest
        newest = block_facts(latest)
        promised = pending_timestamp(pending, newest)
        return L1TimeReading(
            latest_block=newest.number,
            latest_timestamp=newest.timestamp,
            next_timestamp=newest.timestamp + 1 if promised is None else promised,
            pending_timestamp=promised,
        )

    def next_slot(self, last_slot: int) -> SlotPlan:
        """Choose the slot for a checkpoint that builds on one of `last_slot`; moves nothing yet."""
        return self._clock.next_slot(last_slot=last_slot, earliest_l1_timestamp=self.read().next_timestamp)

    @staticmethod
    def request(l1_timestamp: int) -> Request:
        """The request that gives the next L1 block that time."""
        return "evm_setNextBlockTimestamp", [l1_timestamp]

    def move_to(self, l1_timestamp: int) -> None:
        """Mine an empty block at that time; nothing happens if L1 is there already.

        Raises L1RpcError on a node whose time can't be moved.
        """
        if self.read().latest_timestamp >= l1_timestamp:
            return
        self._client.call("evm_setNextBlockTimestamp", l1_timestamp)
        self._client.call("evm_mine")
