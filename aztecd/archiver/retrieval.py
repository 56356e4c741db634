"""Read checkpoints from L1: events, calldata, blobs, and from these the blocks.

Runs in threads beside the writer. What comes out has been compared with everything that L1 commits to;
whether it continues our chain is for `application` to say.

Authority: @aztec/archiver src/l1/data_retrieval.ts, @aztec/stdlib src/checkpoint/validate.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

from aztecd.archiver.errors import CheckpointRefusedError, L1ContradictionError, NotAttestedError
from aztecd.crypto.field import Fr
from aztecd.errors import AztecdError, InvalidInputError
from aztecd.l1 import L1DecodeError, RollupReader
from aztecd.l1.attestations import check_attestations, unpack_attestations
from aztecd.l1.blobs import BlobFetcher
from aztecd.l1.calldata import CalldataReader, ProposedCheckpoint
from aztecd.l1.committee import EpochCommittee, read_committee
from aztecd.l1.events import CheckpointProposed
from aztecd.l1.reads import hex_bytes, hex_number, read_all
from aztecd.protocol.basic import CheckpointNumber, EpochNumber
from aztecd.protocol.blob_decoding import decode_checkpoint_blobs, rebuild_blocks
from aztecd.protocol.block import L2Block
from aztecd.protocol.checkpoint import Checkpoint, CommitteeAttestation, L1PublishedData
from aztecd.protocol.checkpoint_rules import validate_checkpoint

__all__ = ["CheckpointRetriever", "Retrieval", "RetrievedCheckpoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievedCheckpoint:
    """A checkpoint as L1 has it, whole and consistent in itself."""

    checkpoint: Checkpoint
    l1: L1PublishedData
    attestations: tuple[CommitteeAttestation, ...]

    @property
    def number(self) -> CheckpointNumber:
        """The checkpoint's number."""
        return CheckpointNumber(self.checkpoint.number)

    @property
    def blocks(self) -> tuple[L2Block, ...]:
        """Its blocks in order, at least one."""
        return self.checkpoint.blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """Checkpoints in order, and what was wrong with the one that should have followed."""

    checkpoints: tuple[RetrievedCheckpoint, ...]
    error: AztecdError | None = None


class CheckpointRetriever:
    """Reads checkpoints of one rollup. Safe to share between threads."""

    def __init__(self, reader: RollupReader, calldata: CalldataReader, blobs: BlobFetcher) -> None:
        self._reader = reader
        self._calldata = calldata
        self._blobs = blobs

    def events(self, first: int, last: int, *, at: int, after: int, upto: int) -> list[CheckpointProposed]:
        """Give the events of checkpoints after `after`, up to `upto`, that are on the chain at L1 block `at`.

        Looked for in the L1 blocks `first` to `last`; in order and without gaps. Events of checkpoints that
        were cut off again are left out.

        Raises L1ContradictionError when they do not continue `after`, L1UnavailableError.
        """
        found = [
            event
            for event in self._reader.checkpoints_proposed(first, last)
            if after < event.checkpoint_number <= upto
        ]
        numbers = sorted({event.checkpoint_number for event in found})
        reads = [self._reader.rollup.read("archiveAt", number) for number in numbers]
        roots = dict(zip(numbers, read_all(self._reader.client, reads, at), strict=True))
        # The same checkpoint can have been proposed again after a reorganisation: the last one counts.
        by_number = {
            event.checkpoint_number: event
            for event in found
            if event.archive == roots[event.checkpoint_number]
        }
        kept = [by_number[number] for number in sorted(by_number)]
        for expected, event in enumerate(kept, start=after + 1):
            if event.checkpoint_number != expected:
                raise L1ContradictionError(
                    f"the L1 node gives no event for checkpoint {expected}, although it has "
                    f"{event.checkpoint_number}"
                )
        return kept

    def retrieve(self, events: Sequence[CheckpointProposed], *, at: int) -> Retrieval:
        """Read what the events announce, in their order, up to the first that can't be had or is not valid.

        The committees are those that the rollup names at the L1 block `at`: those of the past do not change,
        and few L1 nodes have the state of old blocks.

        Its error is one of these:
            CheckpointRefusedError: a checkpoint breaks a rule of the protocol.
            NotAttestedError: a checkpoint has too few attestations, or a bad one.
            BlobsUnavailableError: no source has a blob (yet).
            L1UnavailableError, CalldataError: as `CalldataReader.read`; then nothing was read.
        """
        found: list[RetrievedCheckpoint] = []
        committee_of = cache(partial(read_committee, self._reader, block=at))
        try:
            proposals = self._calldata.read(events)
            timestamps = self._timestamps([proposed.log.block_hash for proposed in proposals])
            for proposed, timestamp in zip(proposals, timestamps, strict=True):
                attestations = self._attestations(proposed, committee_of)
                found.append(self._assemble(proposed, timestamp, attestations))
        except AztecdError as error:
            return Retrieval(checkpoints=tuple(found), error=error)
        return Retrieval(checkpoints=tuple(found))

    def place(self, event: CheckpointProposed) -> L1PublishedData:
        """Say where on L1 an event is. Raises L1UnavailableError, L1ContradictionError."""
        [timestamp] = self._timestamps([event.log.block_hash])
        return L1PublishedData(
            block_number=event.log.block_number, timestamp=timestamp, block_hash=event.log.block_hash
        )

    def _timestamps(self, block_hashes: Sequence[bytes]) -> list[int]:
        requests = [("eth_getBlockByHash", [f"0x{block_hash.hex()}", False]) for block_hash in block_hashes]
        timestamps = []
        for block_hash, block in zip(block_hashes, self._reader.client.batch(requests), strict=True):
            if not isinstance(block, dict) or hex_bytes(block.get("hash")) != block_hash:
                raise L1ContradictionError(f"the L1 node does not have block 0x{block_hash.hex()} any more")
            timestamps.append(hex_number(block.get("timestamp")))
        return timestamps

    def _attestations(
        self, proposed: ProposedCheckpoint, committee_of: Callable[[EpochNumber], EpochCommittee]
    ) -> tuple[CommitteeAttestation, ...]:
        """Give the attestations if they are enough; none on a rollup without a committee."""
        size = self._reader.deployment.target_committee_size
        if size == 0:
            return ()
        committee = committee_of(self._reader.clock.epoch_of(proposed.header.slot_number)).required
        try:
            attestations = unpack_attestations(proposed.attestations, size)
        except L1DecodeError as error:
            raise CheckpointRefusedError(f"checkpoint {proposed.checkpoint_number}: {error}") from error
        fault = check_attestations(
            payload_digest=proposed.payload_digest, attestations=attestations, committee=committee
        )
        if fault is not None:
            raise NotAttestedError(proposed.checkpoint_number, proposed.log, fault.reason)
        return attestations

    def _assemble(
        self, proposed: ProposedCheckpoint, timestamp: int, attestations: tuple[CommitteeAttestation, ...]
    ) -> RetrievedCheckpoint:
        blobs = self._blobs.fetch(proposed.versioned_blob_hashes, proposed.log)
        deployment, number = self._reader.deployment, proposed.checkpoint_number
        try:
            blocks = rebuild_blocks(
                decode_checkpoint_blobs(blobs),
                proposed.header,
                checkpoint_number=number,
                archive_root=Fr(proposed.archive),
                chain_id=deployment.chain_id,
                version=deployment.rollup_version,
            )
            checkpoint = Checkpoint(
                archive=blocks[-1].archive,
                header=proposed.header,
                blocks=blocks,
                number=number,
                fee_asset_price_modifier=proposed.fee_asset_price_modifier,
            )
            validate_checkpoint(checkpoint, mana_limit=deployment.mana_limit)
        except InvalidInputError as error:
            raise CheckpointRefusedError(f"checkpoint {number} on L1 is not valid: {error}") from error
        return RetrievedCheckpoint(
            checkpoint=checkpoint,
            l1=L1PublishedData(
                block_number=proposed.log.block_number,
                timestamp=timestamp,
                block_hash=proposed.log.block_hash,
            ),
            attestations=attestations,
        )
