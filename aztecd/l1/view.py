"""What a node wants to know about L1 all the time: polled, in as few requests as possible.

Authority: @aztec/sequencer-client src/global_variable_builder/global_builder.ts
for the current min fee (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from aztecd.l1.errors import L1RpcError
from aztecd.l1.reads import BlockFacts, block_facts, call_request, hex_number
from aztecd.l1.rollup import RollupReader, RollupTips
from aztecd.l1.slots import L1_BLOCK_TIME_S
from aztecd.l1.time_control import pending_timestamp
from aztecd.protocol.basic import CheckpointNumber, SlotNumber

__all__ = ["L1Snapshot", "L1View"]


@dataclass(frozen=True, slots=True, kw_only=True)
class L1Snapshot:
    """L1 at one block."""

    block_number: int
    block_hash: bytes
    timestamp: int
    next_timestamp: int
    """What the next block gets if nobody moves the clock (see `L1Time`)."""
    pending_timestamp: int | None = None
    """That of the pending block, None where the node gives none that comes after the latest."""
    finalized_block_number: int
    tips: RollupTips
    proven_at_finalized: CheckpointNumber
    """The proven checkpoint at the finalized block: what is final on L2. 0 before the deployment is final."""
    pending_slot: SlotNumber
    """The slot of the pending checkpoint."""
    mana_min_fee: int
    """Fee per mana that a transaction must offer now: the one of the next slot that can be used."""


class L1View:
    """Keeps the newest snapshot. `refresh` is synchronous and is meant for one thread."""

    def __init__(self, reader: RollupReader) -> None:
        self._reader = reader
        self._snapshot: L1Snapshot | None = None
        self._final: tuple[int, int] | None = None
        """The finalized L1 block of the newest snapshot, and the checkpoint that was proven there."""

    @property
    def snapshot(self) -> L1Snapshot:
        """The newest snapshot; the first use asks L1."""
        return self._snapshot or self.refresh()

    def refresh(self) -> L1Snapshot:
        """Look at L1: one round trip while nothing changes, three on a new block.

        Raises L1UnavailableError, L1DecodeError; the old snapshot stays.
        """
        latest, pending, finalized = self._reader.client.batch_settled(
            [("eth_getBlockByNumber", [tag, False]) for tag in ("latest", "pending", "finalized")]
        )
        if isinstance(latest, L1RpcError):
            raise latest
        newest = block_facts(latest)
        promised = pending_timestamp(pending, newest)
        old = self._snapshot
        if old is not None and old.block_hash == newest.hash:
            if old.pending_timestamp != promised:
                self._snapshot = old = replace(
                    old, next_timestamp=promised or newest.timestamp + 1, pending_timestamp=promised
                )
            return old
        # Before a chain has finalized blocks some nodes give nothing, others an error.
        final = hex_number(finalized.get("number")) if isinstance(finalized, dict) else 0
        self._snapshot = self._read(newest, promised, final)
        return self._snapshot

    def _read(self, newest: BlockFacts, promised: int | None, final: int) -> L1Snapshot:
        reader, number, timestamp = self._reader, newest.number, newest.timestamp
        tips_read = reader.rollup.read("getTips")
        requests = [call_request(tips_read, number)]
        if final >= reader.deployment.l1_start_block:
            requests.append(call_request(tips_read, final))
        answers = reader.client.batch_settled(requests)
        if isinstance(answers[0], L1RpcError):
            raise answers[0]
        pending, proven = tips_read.decode(answers[0])
        proven_at_finalized = 0
        if len(answers) > 1:
            # An Anvil that was restarted has no state of old blocks, but it has their logs; other nodes
            # lose the state of the final block when finality stalls.
            proven_at_finalized = (
                self._proven_by_events(final)
                if isinstance(answers[1], L1RpcError)
                else tips_read.decode(answers[1])[1]
            )
            self._final = final, proven_at_finalized
        pending_slot = self._slot_of(pending, number)
        moment = max(reader.clock.timestamp_of(pending_slot + 1), timestamp + L1_BLOCK_TIME_S)
        return L1Snapshot(
            block_number=number,
            block_hash=newest.hash,
            timestamp=timestamp,
            next_timestamp=promised or timestamp + 1,
            pending_timestamp=promised,
            finalized_block_number=final,
            tips=RollupTips(pending=pending, proven=proven),
            proven_at_finalized=CheckpointNumber(proven_at_finalized),
            pending_slot=pending_slot,
            mana_min_fee=reader.mana_min_fee_at(moment, number),
        )

    def _proven_by_events(self, block: int) -> int:
        """Read the proofs up to a final block, from the last one that was looked at: others can't change."""
        known, proven = self._final or (block + 1, 0)
        if known > block:  # the first look, or a development node went back
            known, proven = self._reader.deployment.l1_start_block - 1, 0
        events = self._reader.epochs_proven(known + 1, block)
        return max([proven, *(event.checkpoint_number for event in events)])

    def _slot_of(self, checkpoint: CheckpointNumber, block: int) -> SlotNumber:
        if checkpoint == 0:
            return SlotNumber(0)
        return self._reader.checkpoint(checkpoint, block).slot_number
