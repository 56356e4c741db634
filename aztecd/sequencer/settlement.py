"""Settle epochs of a rollup with the mock verifier, beside others who may do the same.

Only L1 is changed: that checkpoints are proven is learned from L1, like everything else.

Authority: @aztec/prover-node src/monitors/epoch-monitor.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from aztecd.chain import ChainStore
from aztecd.l1 import EpochSettler, PublishError, SlotClock
from aztecd.l1.errors import ProofWindowClosedError
from aztecd.protocol.basic import CheckpointNumber, EpochNumber

__all__ = ["CompleteEpoch", "EpochSettlement"]

_log = structlog.get_logger("aztecd.sequencer")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteEpoch:
    """Checkpoints of an epoch that gets no more of them."""

    epoch: EpochNumber
    first: CheckpointNumber
    last: CheckpointNumber


class EpochSettlement:
    """Finds epochs that can be proven as a whole, and proves them."""

    def __init__(self, *, chain: ChainStore, settler: EpochSettler, clock: SlotClock) -> None:
        self._chain = chain
        self._settler = settler
        self._clock = clock

    def due(self, slot: int) -> list[CompleteEpoch]:
        """Find what is complete when the next L1 block lies in `slot`, oldest first.

        An epoch with a checkpoint in its last slot is complete at once.
        """
        tips = self._chain.tips()
        found: list[CompleteEpoch] = []
        number = tips.proven.checkpoint_number + 1
        while number <= tips.checkpointed.checkpoint_number:
            data = self._chain.checkpoint_data(number)
            if data is None:  # undone since the tips were read
                break
            epoch = self._clock.epoch_of(data.header.slot_number)
            members = self._chain.checkpoints_of_epoch(epoch)
            end = self._clock.last_slot_of(epoch)
            if not members or (slot <= end and members[-1].header.slot_number < end):
                break
            found.append(CompleteEpoch(epoch=epoch, first=members[0].number, last=members[-1].number))
            number = members[-1].number + 1
        return found

    def settle(self, epoch: CompleteEpoch) -> bool:
        """Prove an epoch unless L1 has it proven; True when it is. Changes no store; any one thread may.

        Raises TransactionTimeoutError, L1UnavailableError: not known whether it is done; call again.
        """
        try:
            settlement = self._settler.settle(epoch.last, first=epoch.first)
        except ProofWindowClosedError as error:
            _log.warning("epoch_not_proven_in_time", epoch=epoch.epoch, reason=str(error))
            return False
        except PublishError as error:
            _log.warning("epoch_not_proven", epoch=epoch.epoch, reason=str(error))
            return False
        if settlement.tx_hash is not None:
            _log.info("epoch_proven", epoch=epoch.epoch, checkpoint=epoch.last)
        return True
