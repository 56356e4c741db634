"""What the rollup contracts of one deployment say, typed.

Authority: @aztec/l1-artifacts l1-contracts/src/core/Rollup.sol, RollupCore.sol,
messagebridge/Inbox.sol (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aztecd.l1.client import L1Client, hex_quantity
from aztecd.l1.errors import L1DecodeError
from aztecd.l1.events import (
    CheckpointProposed,
    EpochProven,
    MessageSent,
    RollupEvent,
    decode_log,
)
from aztecd.l1.reads import BlockTag, BoundContract, ContractRead, block_tag, hex_number, read_all
from aztecd.l1.slots import SlotClock
from aztecd.protocol.basic import CheckpointNumber, EpochNumber, SlotNumber

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aztecd.l1.attach import Deployment
    from aztecd.l1.contracts import ContractSet

__all__ = ["CheckpointRecord", "InboxState", "RollupReader", "RollupStatus", "RollupTips"]

_LOG_RANGE_BLOCKS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupTips:
    """The newest checkpoint, and the newest proven one."""

    pending: CheckpointNumber
    proven: CheckpointNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupStatus:
    """Both tips with their archives, and the archive at a checkpoint that was asked about (zero if none)."""

    proven: CheckpointNumber
    proven_archive: bytes
    pending: CheckpointNumber
    pending_archive: bytes
    archive_at_mine: bytes
    proven_epoch: EpochNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRecord:
    """What the rollup keeps of a recent checkpoint, without its fees."""

    archive: bytes
    header_hash: bytes
    blob_commitments_hash: bytes
    out_hash: bytes
    attestations_hash: bytes
    payload_digest: bytes
    slot_number: SlotNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxState:
    """How many messages there are, their rolling hash (16 bytes), and the tree that takes new ones."""

    rolling_hash: bytes
    total_messages: int
    in_progress: CheckpointNumber


def _word(value: int | None) -> str | None:
    """A number as a topic; None matches everything."""
    return None if value is None else f"0x{value:064x}"


class RollupReader:
    """Reads the Rollup and the Inbox of one deployment, one round trip per method or range of logs."""

    def __init__(self, client: L1Client, contracts: ContractSet, deployment: Deployment) -> None:
        self.client = client
        self.deployment = deployment
        self.rollup = BoundContract(contracts.abi("Rollup"), deployment.addresses.rollup_address)
        self.inbox = BoundContract(contracts.abi("Inbox"), deployment.addresses.inbox_address)
        self.clock = SlotClock(
            genesis_time=deployment.genesis_time,
            slot_duration_s=deployment.slot_duration_s,
            epoch_duration=deployment.epoch_duration,
            proof_submission_epochs=deployment.proof_submission_epochs,
        )

    def tips(self, block: BlockTag = "latest") -> RollupTips:
        """Both tips."""
        pending, proven = self._one(self.rollup.read("getTips"), block)
        return RollupTips(pending=pending, proven=proven)

    def status(self, mine: int = 0, block: BlockTag = "latest") -> RollupStatus:
        """Both tips with archives, and the archive at checkpoint `mine`."""
        proven, proven_archive, pending, pending_archive, archive, epoch = self._one(
            self.rollup.read("status", mine), block
        )
        return RollupStatus(
            proven=proven,
            proven_archive=proven_archive,
            pending=pending,
            pending_archive=pending_archive,
            archive_at_mine=archive,
            proven_epoch=epoch,
        )

    def archive_at(self, checkpoint: int, block: BlockTag = "latest") -> bytes:
        """The archive root after a checkpoint; 32 zero bytes above the pending tip."""
        return bytes(self._one(self.rollup.read("archiveAt", checkpoint), block))

    def checkpoint(self, checkpoint: int, block: BlockTag = "latest") -> CheckpointRecord:
        """A checkpoint's record. The rollup keeps only those of the last few epochs.

        Raises ContractRevertError (`Rollup__UnavailableTempCheckpointLog`) for older ones.
        """
        values = self._one(self.rollup.read("getCheckpoint", checkpoint), block)
        return CheckpointRecord(
            archive=values[0],
            header_hash=values[1],
            blob_commitments_hash=values[2],
            out_hash=values[3],
            attestations_hash=values[4],
            payload_digest=values[5],
            slot_number=values[6],
        )

    def mana_min_fee_at(self, timestamp: int, block: BlockTag = "latest") -> int:
        """The fee per mana (in the fee asset) that a checkpoint published at that moment must state."""
        return int(self._one(self.rollup.read("getManaMinFeeAt", timestamp, True), block))

    def can_prune_at(self, timestamp: int, block: BlockTag = "latest") -> bool:
        """Whether unproven checkpoints are cut off by the first propose at that moment."""
        return bool(self._one(self.rollup.read("canPruneAtTime", timestamp), block))

    def inbox_state(self, block: BlockTag = "latest") -> InboxState:
        """The Inbox's counters."""
        rolling_hash, total, in_progress = self._one(self.inbox.read("getState"), block)
        return InboxState(rolling_hash=rolling_hash, total_messages=total, in_progress=in_progress)

    def checkpoints_proposed(
        self,
        from_block: int,
        to_block: int | None = None,
        *,
        checkpoint: int | None = None,
        archive: bytes | None = None,
    ) -> list[CheckpointProposed]:
        """Published checkpoints in a range of L1 blocks, oldest first; orphaned ones are among them."""
        topics = [_word(checkpoint), None if archive is None else f"0x{archive.hex()}"]
        found = self._events(self.rollup, "CheckpointProposed", from_block, to_block, topics)
        return [event for event in found if isinstance(event, CheckpointProposed)]

    def epochs_proven(self, from_block: int, to_block: int | None = None) -> list[EpochProven]:
        """Moves of the proven tip by a proof."""
        found = self._events(self.rollup, "L2ProofVerified", from_block, to_block)
        return [event for event in found if isinstance(event, EpochProven)]

    def messages_sent(
        self, from_block: int, to_block: int | None = None, *, checkpoint: int | None = None
    ) -> list[MessageSent]:
        """Messages that entered the Inbox, in order; `checkpoint` asks for those of one tree only."""
        topics = [_word(checkpoint)]
        found = self._events(self.inbox, "MessageSent", from_block, to_block, topics)
        return [event for event in found if isinstance(event, MessageSent)]

    def _one(self, read: ContractRead, block: BlockTag) -> Any:
        return read_all(self.client, [read], block)[0]

    def _events(
        self,
        contract: BoundContract,
        name: str,
        from_block: int,
        to_block: int | None,
        indexed: list[str | None] | None = None,
    ) -> Iterator[RollupEvent]:
        """Read logs in ranges that public nodes accept; one round trip per range."""
        if to_block is None:
            to_block = hex_number(self.client.call("eth_blockNumber"))
        event = contract.abi.event(name)
        start = max(from_block, self.deployment.l1_start_block)
        while start <= to_block:
            end = min(start + _LOG_RANGE_BLOCKS - 1, to_block)
            entries = self.client.call(
                "eth_getLogs",
                {
                    "address": f"0x{contract.address.hex()}",
                    "topics": [f"0x{event.topic.hex()}", *(indexed or [])],
                    "fromBlock": hex_quantity(start),
                    "toBlock": block_tag(end),
                },
            )
            if not isinstance(entries, list):
                raise L1DecodeError(f"the L1 node's answer for logs of {name} is no list")
            for entry in entries:
                yield decode_log(event, entry)
            start = end + 1
