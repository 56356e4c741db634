"""Publish checkpoints: one blob transaction to the rollup each.

Publishing is idempotent. Whether a checkpoint is on L1 is always decided by `archiveAt`, never by what we
remember of a transaction.

Authority: @aztec/sequencer-client src/publisher/sequencer-publisher.ts; @aztec/l1-artifacts
l1-contracts/src/core/libraries/rollup/ProposeLib.sol (4.1.2). We call the rollup directly instead of through
Multicall3: there is nothing to bundle, and a revert shows as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aztecd.l1.blob_tx import (
    BLOB_BYTES,
    BlobProver,
    BlobSidecar,
    BlobTransaction,
    SidecarForm,
)
from aztecd.l1.digests import payload_digest
from aztecd.l1.errors import (
    CheckpointConflictError,
    L1RpcError,
    L1UnavailableError,
    PublishError,
    TransactionRevertedError,
)
from aztecd.l1.events import CheckpointProposed, decode_log
from aztecd.l1.failures import mined_failure
from aztecd.l1.reads import block_facts, hex_number, read_all
from aztecd.l1.time_control import L1Time
from aztecd.protocol.checkpoint import L1PublishedData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.l1.client import Request
    from aztecd.l1.rollup import RollupReader
    from aztecd.l1.sender import Receipt, TransactionSender
    from aztecd.protocol.basic import CheckpointNumber
    from aztecd.protocol.checkpoint import CheckpointHeader

__all__ = [
    "CheckpointOnL1",
    "ProposeRequest",
    "Publisher",
    "blob_input",
    "propose_arguments",
]

# 255,000 to 390,000 with one blob; each further blob costs the transaction about 5,000.
_PROPOSE_GAS = 1_500_000
_MAX_BLOBS = 6
_NO_ATTESTATIONS = (b"", b"")
_NO_SIGNATURE = (0, bytes(32), bytes(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeRequest:
    """A checkpoint that is ready to be published."""

    checkpoint_number: CheckpointNumber
    archive: bytes
    """The archive root after its last block."""
    header: CheckpointHeader
    blobs: tuple[bytes, ...] = field(repr=False)
    """131072 bytes each, in order."""
    blob_commitments: tuple[bytes, ...] = ()
    """Their KZG commitments, if they are known already."""
    sidecar: BlobSidecar | None = field(default=None, repr=False)
    """The blobs' proofs, if they were made in advance (see `Publisher.prepare`)."""
    fee_asset_price_modifier: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointOnL1:
    """Where a checkpoint is on L1."""

    checkpoint_number: CheckpointNumber
    l1_block_number: int
    l1_block_hash: bytes
    l1_timestamp: int
    tx_hash: bytes
    versioned_blob_hashes: tuple[bytes, ...]
    payload_digest: bytes
    attestations_hash: bytes

    @property
    def published_data(self) -> L1PublishedData:
        """The part of it that the node's API shows."""
        return L1PublishedData(
            block_number=self.l1_block_number, timestamp=self.l1_timestamp, block_hash=self.l1_block_hash
        )


def blob_input(commitments: Sequence[bytes]) -> bytes:
    """The `blobInput` argument of propose: their number in one byte, then the commitments."""
    return bytes([len(commitments)]) + b"".join(commitments)


def propose_arguments(request: ProposeRequest, commitments: Sequence[bytes]) -> tuple[Any, ...]:
    """The arguments of `propose`, without attestations: there is no committee."""
    header = request.header
    header_fields = (
        header.last_archive_root,
        header.block_headers_hash,
        header.blobs_hash,
        header.in_hash,
        header.epoch_out_hash,
        header.slot_number,
        header.timestamp,
        header.coinbase,
        header.fee_recipient,
        (header.gas_fees.fee_per_da_gas, header.gas_fees.fee_per_l2_gas),
        header.total_mana_used,
    )
    return (
        (request.archive, (request.fee_asset_price_modifier,), header_fields),
        _NO_ATTESTATIONS,
        [],
        _NO_SIGNATURE,
        blob_input(commitments),
    )


class Publisher:
    """Publishes checkpoints from one account, one at a time.

    `sidecar_form` is tried first; when the node can't read it the other one is, and is remembered.
    """

    def __init__(
        self,
        reader: RollupReader,
        sender: TransactionSender,
        prover: BlobProver,
        *,
        sidecar_form: SidecarForm = SidecarForm.EIP4844,
    ) -> None:
        self._reader = reader
        self._sender = sender
        self._prover = prover
        self._form = sidecar_form

    @property
    def sidecar_form(self) -> SidecarForm:
        """The form that the node accepted last, or the one to try first."""
        return self._form

    def publish(self, request: ProposeRequest, *, l1_timestamp: int | None = None) -> CheckpointOnL1:
        """Bring a checkpoint to L1, unless it is there; either way say where it is.

        With `l1_timestamp` the L1 block is given that time (development nodes only).

        Raises:
            CheckpointConflictError: L1 has another checkpoint with that number (and would not prune it), or
                lacks its predecessor.
            PublishError: the rollup refuses the checkpoint; `error_name` is the contract's error.
            TransactionTimeoutError, L1UnavailableError: not known whether it will be there; call again.
        """
        _check(request)
        number = request.checkpoint_number
        before_it, at_it = self._inspect(number)
        if at_it == request.archive:
            return self._find(request)
        if any(at_it) and not self._can_replace(number, l1_timestamp):
            raise CheckpointConflictError(
                f"L1 has checkpoint {number} with archive 0x{at_it.hex()}, not 0x{request.archive.hex()}"
            )
        if number > 1 and not any(before_it):
            raise CheckpointConflictError(
                f"L1 has no checkpoint {number - 1} to build checkpoint {number} on"
            )
        before = () if l1_timestamp is None else (L1Time.request(l1_timestamp),)
        receipt = self._send(request, before)
        if receipt is None:
            return self._find(request)
        if not receipt.succeeded:
            return self._explain_failure(request, receipt)
        return self._from_receipt(request, receipt)

    def is_published(self, checkpoint_number: int, archive: bytes) -> bool:
        """Whether L1 has that checkpoint with that archive."""
        return self._reader.archive_at(checkpoint_number) == archive

    def _can_replace(self, number: int, l1_timestamp: int | None) -> bool:
        """Whether L1 prunes the checkpoint that it has under that number as soon as another is proposed."""
        if number != self._reader.tips().proven + 1:
            return False
        if l1_timestamp is None:
            l1_timestamp = L1Time(self._reader.client, self._reader.clock).read().expected_timestamp
        return self._reader.can_prune_at(l1_timestamp)

    def prepare(self, blobs: Sequence[bytes], commitments: Sequence[bytes] = ()) -> BlobSidecar:
        """Make the proofs of blobs in advance, in any thread: about 40 ms each."""
        known = commitments or [self._prover.commitment(blob) for blob in blobs]
        return BlobSidecar.make(self._form, blobs, known, self._prover)

    def _inspect(self, number: int) -> tuple[bytes, bytes]:
        rollup = self._reader.rollup
        before_it, at_it = read_all(
            self._reader.client,
            [rollup.read("archiveAt", max(number - 1, 0)), rollup.read("archiveAt", number)],
        )
        return before_it, at_it

    def _send(self, request: ProposeRequest, before: Sequence[Request]) -> Receipt | None:
        sidecar = request.sidecar or self.prepare(request.blobs, request.blob_commitments)
        data = self._reader.rollup.encode("propose", *propose_arguments(request, sidecar.commitments))
        try:
            return self._send_form(request, data, sidecar, before)
        except L1RpcError as error:
            if not _is_form_refusal(error):
                raise _refused(request, error) from error
        other = SidecarForm.EIP7594 if sidecar.form is SidecarForm.EIP4844 else SidecarForm.EIP4844
        sidecar = BlobSidecar.make(other, request.blobs, sidecar.commitments, self._prover)
        try:
            return self._send_form(request, data, sidecar, before)
        except L1RpcError as error:
            raise _refused(request, error) from error

    def _send_form(
        self, request: ProposeRequest, data: bytes, sidecar: BlobSidecar, before: Sequence[Request]
    ) -> Receipt | None:
        rollup = self._reader.rollup.address
        receipt = self._sender.send(
            BlobTransaction(to=rollup, data=data, gas=_PROPOSE_GAS, sidecar=sidecar),
            is_done=lambda: self.is_published(request.checkpoint_number, request.archive),
            before=before,
        )
        self._form = sidecar.form
        return receipt

    def _from_receipt(self, request: ProposeRequest, receipt: Receipt) -> CheckpointOnL1:
        event_abi = self._reader.rollup.abi.event("CheckpointProposed")
        rollup = f"0x{self._reader.rollup.address.hex()}"
        for entry in receipt.logs:
            if entry["address"].lower() != rollup or bytes.fromhex(entry["topics"][0][2:]) != event_abi.topic:
                continue
            event = decode_log(event_abi, entry)
            if isinstance(event, CheckpointProposed) and event.archive == request.archive:
                return self._describe(request, event, entry.get("blockTimestamp"))
        raise PublishError(f"L1 mined checkpoint {request.checkpoint_number} without its event")

    def _find(self, request: ProposeRequest) -> CheckpointOnL1:
        # No earlier L1 block can have it: blocks come at least a second apart. Where one did not, everything
        # is searched, which takes minutes on an old rollup.
        start = self._reader.deployment.l1_start_block
        newest = block_facts(self._reader.client.call("eth_getBlockByNumber", "latest", False))
        slot_began = newest.number - max(newest.timestamp - request.header.timestamp, 0)
        events = self._events(request, slot_began) or self._events(request, start)
        if not events:
            # It is there, so nothing is to be undone; a node that has just restarted may need a moment.
            raise L1UnavailableError(
                f"L1 has checkpoint {request.checkpoint_number} but the node does not give its event"
            )
        return self._describe(request, events[-1])

    def _events(self, request: ProposeRequest, first: int) -> list[CheckpointProposed]:
        return self._reader.checkpoints_proposed(
            first, checkpoint=request.checkpoint_number, archive=request.archive
        )

    def _describe(
        self, request: ProposeRequest, event: CheckpointProposed, timestamp: str | None = None
    ) -> CheckpointOnL1:
        """Say where it is. The digest covers the header, which `archiveAt` does not."""
        ours = payload_digest(
            archive=request.archive,
            fee_asset_price_modifier=request.fee_asset_price_modifier,
            header_hash=request.header.hash(),
        )
        if event.payload_digest != ours:
            raise CheckpointConflictError(
                f"L1 has checkpoint {request.checkpoint_number} with our archive, but another header"
            )
        if timestamp is None:
            name = f"0x{event.log.block_hash.hex()}"
            block = self._reader.client.call("eth_getBlockByHash", name, False)
            if not isinstance(block, Mapping):  # a reorganisation of L1 has just taken it away
                raise L1UnavailableError(f"the L1 node does not have block {name} any more")
            timestamp = block.get("timestamp")
        return CheckpointOnL1(
            checkpoint_number=event.checkpoint_number,
            l1_block_number=event.log.block_number,
            l1_block_hash=event.log.block_hash,
            l1_timestamp=hex_number(timestamp),
            tx_hash=event.log.tx_hash,
            versioned_blob_hashes=event.versioned_blob_hashes,
            payload_digest=event.payload_digest,
            attestations_hash=event.attestations_hash,
        )

    def _explain_failure(self, request: ProposeRequest, receipt: Receipt) -> CheckpointOnL1:
        """Raise what the contract said; unless another transaction brought the checkpoint to L1 first."""
        if self.is_published(request.checkpoint_number, request.archive):
            return self._find(request)
        name, reason = mined_failure(self._reader.client, f"0x{receipt.tx_hash.hex()}")
        message = f"L1 refused checkpoint {request.checkpoint_number}: {reason}"
        raise PublishError(message, error_name=name) from TransactionRevertedError(message, name=name)


def _check(request: ProposeRequest) -> None:
    if not 1 <= len(request.blobs) <= _MAX_BLOBS:
        raise PublishError(f"a checkpoint has 1 to {_MAX_BLOBS} blobs, got {len(request.blobs)}")
    if any(len(blob) != BLOB_BYTES for blob in request.blobs):
        raise PublishError(f"a blob has {BLOB_BYTES} bytes")


def _refused(request: ProposeRequest, error: L1RpcError) -> PublishError:
    return PublishError(f"the L1 node refuses checkpoint {request.checkpoint_number}: {error.rpc_message}")


def _is_form_refusal(error: L1RpcError) -> bool:
    text = error.rpc_message.lower()
    return any(part in text for part in ("decode", "rlp", "sidecar", "cell proof", "wrapper", "blob version"))
