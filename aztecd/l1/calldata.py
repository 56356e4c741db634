"""From the event of a proposed checkpoint to what was proposed.

The event has hashes only; the rest is in the input of the transaction, somewhere: sent to the rollup, or
wrapped in Multicall3's `aggregate3` or in another contract's call. A wrapper that passes the call on as it
came carries it in one piece, so a search for the selector and the archive that must follow it finds it
without knowing the wrapper. Whether a find is the right one is decided by the event's hashes, which cover
every part that is used here. A wrapper that puts the call together itself is read from a trace.

Authority: @aztec/archiver src/l1/calldata_retriever.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aztecd.crypto.field import fr_from_bytes
from aztecd.crypto.sha256 import sha256_trunc
from aztecd.errors import InvalidInputError
from aztecd.l1.blob_tx import versioned_hash
from aztecd.l1.call_traces import traced_calls
from aztecd.l1.digests import payload_digest
from aztecd.l1.errors import CalldataError, L1DecodeError, L1UnavailableError
from aztecd.l1.propose_input import PROPOSE_SELECTOR, ProposeInput, decode_propose
from aztecd.l1.reads import hex_bytes
from aztecd.protocol.checkpoint import CheckpointHeader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aztecd.l1.attestations import PackedAttestations
    from aztecd.l1.events import CheckpointProposed, L1Log
    from aztecd.l1.rollup import RollupReader
    from aztecd.protocol.basic import CheckpointNumber

__all__ = ["CalldataReader", "ProposedCheckpoint"]

# Development nodes give the blobs with the transaction: up to 1.6 MB of text each.
_BATCH = 16
# Of an error's message: who proposes chooses how many finds there are.
_REASONS = 8
_REASON_CHARACTERS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedCheckpoint:
    """A checkpoint as it was proposed; all of it is what its event's hashes commit to."""

    log: L1Log
    checkpoint_number: CheckpointNumber
    archive: bytes
    """The archive root after its last block, canonical."""
    fee_asset_price_modifier: int
    header: CheckpointHeader
    attestations: PackedAttestations
    blob_commitments: tuple[bytes, ...]
    """48 bytes each."""
    versioned_blob_hashes: tuple[bytes, ...]

    @property
    def payload_digest(self) -> bytes:
        """What the committee attested to."""
        return payload_digest(
            archive=self.archive,
            fee_asset_price_modifier=self.fee_asset_price_modifier,
            header_hash=self.header.hash(),
        )


class CalldataReader:
    """Reads proposed checkpoints from the transactions that proposed them. Safe to share between threads."""

    def __init__(self, reader: RollupReader) -> None:
        self._client = reader.client
        self._rollup = reader.rollup.address

    def read(self, events: Sequence[CheckpointProposed]) -> list[ProposedCheckpoint]:
        """Give what the events announce, in their order; a round trip for some transactions at a time.

        Raises:
            CalldataError: a transaction has nothing that fits its event, or what fits is no header.
            L1UnavailableError: the node can't be reached, or has (no longer) the transaction in that block.
            L1RpcError: the node refuses to give transactions.
        """
        found: list[ProposedCheckpoint] = []
        for start in range(0, len(events), _BATCH):
            part = events[start : start + _BATCH]
            found += map(self._find, part, self._inputs(part))
        return found

    def _inputs(self, events: Sequence[CheckpointProposed]) -> list[bytes]:
        hashes = [f"0x{event.log.tx_hash.hex()}" for event in events]
        answers = self._client.batch([("eth_getTransactionByHash", [tx_hash]) for tx_hash in hashes])
        return [_input(answer, event.log) for answer, event in zip(answers, events, strict=True)]

    def _find(self, event: CheckpointProposed, tx_input: bytes) -> ProposedCheckpoint:
        reasons: list[str] = []
        for calldata in self._candidates(event, tx_input, reasons):
            try:
                proposed = decode_propose(calldata)
            except L1DecodeError as error:
                reasons.append(str(error))
                continue
            mismatch = _mismatch(proposed, event)
            if mismatch is None:
                return _checked(proposed, event)
            reasons.append(mismatch)
        known = [reason[:_REASON_CHARACTERS] for reason in dict.fromkeys(reasons)][:_REASONS]
        why = "; ".join(known) or "it has no call of propose with that archive"
        raise CalldataError(
            f"L1 transaction 0x{event.log.tx_hash.hex()} does not have checkpoint {event.checkpoint_number} "
            f"as its event announces it: {why}",
            tx_hash=event.log.tx_hash,
        )

    def _candidates(self, event: CheckpointProposed, tx_input: bytes, reasons: list[str]) -> Iterator[bytes]:
        """Calls of propose with the event's archive, first those in the input, then those of a trace."""
        start = PROPOSE_SELECTOR + event.archive
        at = tx_input.find(start)
        while at >= 0:
            yield tx_input[at:]
            at = tx_input.find(start, at + len(start))
        for calldata in traced_calls(self._client, event.log.tx_hash, self._rollup, reasons):
            if calldata.startswith(start):
                yield calldata


def _input(answer: Any, log: L1Log) -> bytes:
    """The input of a transaction, which must be in the block of its log."""
    name = f"0x{log.tx_hash.hex()}"
    if not isinstance(answer, Mapping):
        raise L1UnavailableError(f"the L1 node does not have transaction {name}, although it gave its event")
    try:
        block_hash = None if answer["blockHash"] is None else hex_bytes(answer["blockHash"])
        tx_hash, tx_input = hex_bytes(answer["hash"]), hex_bytes(answer["input"])
    except (KeyError, L1DecodeError) as error:
        raise CalldataError(f"the L1 node's answer for {name} is damaged", tx_hash=log.tx_hash) from error
    if tx_hash != log.tx_hash:
        raise CalldataError(f"the L1 node gave transaction 0x{tx_hash.hex()} for {name}", tx_hash=log.tx_hash)
    if block_hash != log.block_hash:
        place = "no block" if block_hash is None else f"block 0x{block_hash.hex()}"
        raise L1UnavailableError(
            f"L1 transaction {name} is in {place} now, its event was in 0x{log.block_hash.hex()}"
        )
    return tx_input


def _mismatch(proposed: ProposeInput, event: CheckpointProposed) -> str | None:
    """Say in what the arguments differ from the event. The cheapest comparison is first."""
    if proposed.archive != event.archive:
        return "another archive"
    if proposed.payload_digest != event.payload_digest:
        return "another payload digest"
    if proposed.attestations.hash != event.attestations_hash:
        return "other attestations"
    hashes = tuple(map(versioned_hash, proposed.blob_commitments))
    if hashes != event.versioned_blob_hashes:
        return "commitments to other blobs"
    return None


def _checked(proposed: ProposeInput, event: CheckpointProposed) -> ProposedCheckpoint:
    """Read the header. L1 takes words that are no field elements, and nobody can build on those."""
    try:
        header = CheckpointHeader.decode(proposed.header)
        archive = fr_from_bytes(proposed.archive)
    except InvalidInputError as error:
        raise CalldataError(
            f"checkpoint {event.checkpoint_number} was proposed with a header that is none: {error}",
            tx_hash=event.log.tx_hash,
        ) from error
    if sha256_trunc(b"".join(event.versioned_blob_hashes)) != header.blobs_hash:
        raise CalldataError(
            f"checkpoint {event.checkpoint_number} was announced with other blobs than its header's",
            tx_hash=event.log.tx_hash,
        )
    return ProposedCheckpoint(
        log=event.log,
        checkpoint_number=event.checkpoint_number,
        archive=archive,
        fee_asset_price_modifier=proposed.fee_asset_price_modifier,
        header=header,
        attestations=proposed.attestations,
        blob_commitments=proposed.blob_commitments,
        versioned_blob_hashes=event.versioned_blob_hashes,
    )
