"""Settle epochs on a rollup with the mock verifier: real public inputs, empty proof.

This is an ordinary transaction. No storage is written by cheat code, so events, rewards and the Outbox are
as after a real proof.

Authority: @aztec/l1-artifacts l1-contracts/src/core/libraries/rollup/EpochProofLib.sol; which checkpoints
belong to a proof: @aztec/prover-node src/monitors/epoch-monitor.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aztecd.l1.blob_tx import TRIVIAL_BLOB_OPENING
from aztecd.l1.errors import (
    ContractRevertError,
    L1RpcError,
    ProofWindowClosedError,
    PublishError,
    TransactionRevertedError,
)
from aztecd.l1.failures import mined_failure
from aztecd.l1.reads import hex_number
from aztecd.l1.time_control import L1Time
from aztecd.l1.transaction import L1Transaction
from aztecd.protocol.basic import CheckpointNumber, EpochNumber, EthAddress

if TYPE_CHECKING:
    from aztecd.l1.rollup import CheckpointRecord, RollupReader
    from aztecd.l1.sender import TransactionSender

__all__ = ["EpochSettler", "Settlement"]

_PROOF_GAS = 3_000_000
_PRUNE_GAS = 500_000
_MAX_CHECKPOINTS_PER_EPOCH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A range of checkpoints that became proven."""

    epoch: EpochNumber
    first: CheckpointNumber
    last: CheckpointNumber
    l1_block_number: int
    """The L1 block from which on it is known to be so."""
    tx_hash: bytes | None
    """None when it was proven already."""


class EpochSettler:
    """Proves epochs from one account, one at a time."""

    def __init__(
        self, reader: RollupReader, sender: TransactionSender, *, prover_id: EthAddress | None = None
    ) -> None:
        self._reader = reader
        self._sender = sender
        self._prover_id = prover_id or sender.account.address

    def settle(
        self,
        last: CheckpointNumber,
        *,
        first: CheckpointNumber | None = None,
        l1_timestamp: int | None = None,
    ) -> Settlement:
        """Prove the epoch of checkpoint `last` up to it; a part of the epoch, from its start, is fine.

        `first` is the first checkpoint of that epoch; it is looked up when it is not given. With
        `l1_timestamp` the L1 block is given that time (development nodes only). If L1 has it proven
        already, nothing is sent.

        Raises:
            ProofWindowClosedError: too late; the checkpoints will be pruned.
            PublishError: the rollup refuses for another reason.
            TransactionTimeoutError, L1UnavailableError: not known whether it is done; call again.
        """
        record, epoch = self._record(last)
        start = self._first_of_epoch(last, epoch) if first is None else first
        tips = self._reader.tips()
        if tips.proven >= last:
            return self._settlement(epoch, start, last, None)
        if tips.proven < start - 1:
            raise PublishError(
                f"checkpoints {tips.proven + 1} to {start - 1} must be proven before {start} to {last}"
            )
        self._require_open_window(epoch, last, l1_timestamp)
        previous = self._reader.archive_at(start - 1)
        transaction = L1Transaction(
            to=self._reader.rollup.address,
            data=self._calldata(start, last, previous, record),
            gas=_PROOF_GAS,
        )
        before = () if l1_timestamp is None else (L1Time.request(l1_timestamp),)
        try:
            receipt = self._sender.send(transaction, is_done=lambda: self._is_proven(last), before=before)
        except L1RpcError as error:
            raise PublishError(
                f"the L1 node refuses the proof of epoch {epoch}: {error.rpc_message}"
            ) from error
        if receipt is None:
            return self._settlement(epoch, start, last, None)
        if not receipt.succeeded:
            if self._is_proven(last):
                return self._settlement(epoch, start, last, None)
            name, reason = mined_failure(self._reader.client, f"0x{receipt.tx_hash.hex()}")
            message = f"L1 refused the proof of epoch {epoch} (checkpoints {start} to {last}): {reason}"
            raise PublishError(message, error_name=name) from TransactionRevertedError(message, name=name)
        return Settlement(
            epoch=epoch,
            first=start,
            last=last,
            l1_block_number=receipt.block_number,
            tx_hash=receipt.tx_hash,
        )

    def prune(self) -> None:
        """Have the rollup drop the checkpoints that were not proven in time; does nothing if there are none.

        The next propose would do it too; but until then L1 and a node that dropped them disagree.
        Raises PublishError, TransactionTimeoutError, L1UnavailableError.
        """
        if not self._is_prunable():
            return
        transaction = L1Transaction(
            to=self._reader.rollup.address, data=self._reader.rollup.encode("prune"), gas=_PRUNE_GAS
        )
        try:
            receipt = self._sender.send(transaction, is_done=lambda: not self._is_prunable())
        except L1RpcError as error:
            raise PublishError(f"the L1 node refuses to prune: {error.rpc_message}") from error
        if receipt is not None and not receipt.succeeded and self._is_prunable():
            name, reason = mined_failure(self._reader.client, f"0x{receipt.tx_hash.hex()}")
            raise PublishError(f"L1 refused to prune: {reason}", error_name=name)

    def _is_prunable(self) -> bool:
        return self._reader.can_prune_at(self._next_timestamp())

    def _next_timestamp(self) -> int:
        """The time at which a transaction is mined that is sent now: a client may have moved the clock."""
        return L1Time(self._reader.client, self._reader.clock).read().next_timestamp

    def _record(self, checkpoint: CheckpointNumber) -> tuple[CheckpointRecord, EpochNumber]:
        try:
            record = self._reader.checkpoint(checkpoint)
        except ContractRevertError as error:
            raise PublishError(
                f"L1 does not know checkpoint {checkpoint} any more, or not yet: {error.reason}",
                error_name=error.name,
            ) from error
        return record, self._reader.clock.epoch_of(record.slot_number)

    def _first_of_epoch(self, last: CheckpointNumber, epoch: EpochNumber) -> CheckpointNumber:
        """Walk back to the start of the epoch; at most a few steps, one per checkpoint of the epoch."""
        first = last
        for _ in range(_MAX_CHECKPOINTS_PER_EPOCH):
            if first <= 1:
                break
            _, before = self._record(CheckpointNumber(first - 1))
            if before != epoch:
                break
            first = CheckpointNumber(first - 1)
        return first

    def _require_open_window(
        self, epoch: EpochNumber, last: CheckpointNumber, l1_timestamp: int | None
    ) -> None:
        deadline = self._reader.clock.proof_deadline(epoch)
        moment = max(l1_timestamp or 0, self._next_timestamp())
        if moment >= deadline:
            raise ProofWindowClosedError(
                f"epoch {epoch} could be proven until L1 time {deadline}, now it is {moment}: "
                f"checkpoints up to {last} will be pruned and have to be built again"
            )

    def _calldata(
        self, first: CheckpointNumber, last: CheckpointNumber, previous: bytes, record: CheckpointRecord
    ) -> bytes:
        public_inputs = (previous, record.archive, record.out_hash, self._prover_id)
        # Coinbase and fee per checkpoint: claiming no fee leaves the portal's balance alone.
        fees = [bytes(32)] * (2 * _MAX_CHECKPOINTS_PER_EPOCH)
        # The mock verifier does not compare the blobs; the precompile must be content, though.
        arguments = (first, last, public_inputs, fees, (b"", b""), TRIVIAL_BLOB_OPENING, b"")
        return self._reader.rollup.encode("submitEpochRootProof", arguments)

    def _is_proven(self, checkpoint: CheckpointNumber) -> bool:
        return self._reader.tips().proven >= checkpoint

    def _settlement(
        self, epoch: EpochNumber, first: CheckpointNumber, last: CheckpointNumber, tx_hash: bytes | None
    ) -> Settlement:
        number = hex_number(self._reader.client.call("eth_blockNumber"))
        return Settlement(epoch=epoch, first=first, last=last, l1_block_number=number, tx_hash=tx_hash)
