"""Build one block: choose transactions, execute them on a fork, assemble the header.

Authority: @aztec/simulator src/public/public_processor/public_processor.ts, @aztec/prover-client
src/light/lightweight_checkpoint_builder.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from aztecd.builder.limits import BlockLimits, private_effect_fields
from aztecd.crypto.field import Fr
from aztecd.crypto.poseidon2 import Sponge
from aztecd.execution import Executor, ProcessedTx, TxExecutionError, Validation, Verdict
from aztecd.protocol.basic import BlockHash, TxHash
from aztecd.protocol.blobs import block_fields, tx_fields
from aztecd.protocol.block import Body, L2Block
from aztecd.protocol.gas import Gas
from aztecd.protocol.header import BlockHeader, GlobalVariables
from aztecd.protocol.tx import Tx
from aztecd.state.fork import Fork
from aztecd.state.tree_ids import TreeId

__all__ = ["BlockBuilder", "BuiltBlock", "FailedTx", "TxCheck"]


class TxCheck(Protocol):
    """The validators that run before a transaction is executed in a block."""

    def __call__(self, tx: Tx, fork: Fork, global_variables: GlobalVariables) -> Validation:
        """Judge the transaction on the fork's state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTx:
    """A transaction that can not be in a block, and why."""

    tx_hash: TxHash
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltBlock:
    """A block, the fork that holds its state, and what became of the candidates."""

    block: L2Block
    block_hash: BlockHash
    fork: Fork
    processed: tuple[ProcessedTx, ...]
    failed: tuple[FailedTx, ...]
    sponge: Sponge
    """The checkpoint's sponge after this block."""
    tx_field_count: int
    """Blob fields of the transactions, without the block's end."""


@dataclass(slots=True)
class _Progress:
    """Running totals of a block under construction."""

    gas: Gas = field(default_factory=lambda: Gas(da_gas=0, l2_gas=0))
    mana: int = 0
    fees: int = 0
    fields: int = 0
    processed: list[ProcessedTx] = field(default_factory=list)
    failed: list[FailedTx] = field(default_factory=list)


class BlockBuilder:
    """Builds blocks on forks; holds no state between them."""

    def __init__(
        self, *, executor: Executor, check: TxCheck, is_over: Callable[[], bool] = lambda: False
    ) -> None:
        """Take the executor and validators; `is_over` says that the block's time is up."""
        self._executor = executor
        self._check = check
        self._is_over = is_over

    def build(
        self,
        *,
        fork: Fork,
        global_variables: GlobalVariables,
        candidates: Iterable[Tx],
        limits: BlockLimits,
        checkpoint_number: int,
        index_within_checkpoint: int,
        messages: tuple[Fr, ...],
        sponge: Sponge,
    ) -> BuiltBlock:
        """Execute candidates in order and close the block, which may have no transactions.

        `messages` are the checkpoint's messages from L1; only its first block inserts them. `sponge` is the
        checkpoint's sponge before this block and stays untouched. The fork holds the block's state
        afterwards.
        """
        is_first = index_within_checkpoint == 0
        last_archive = fork.snapshot(TreeId.ARCHIVE)
        if is_first:
            fork.append_l1_to_l2_messages(messages)
        progress = _Progress()
        for tx in candidates:
            if len(progress.processed) >= limits.max_txs or self._is_over():
                break
            self._try(tx, fork, global_variables, limits, progress)

        header = BlockHeader(
            last_archive=last_archive,
            state=fork.state_reference(),
            sponge_blob_hash=Fr(bytes(32)),
            global_variables=global_variables,
            total_fees=progress.fees,
            total_mana_used=progress.mana,
        )
        effects = tuple(done.effect for done in progress.processed)
        absorbed = sponge.clone()
        absorbed.absorb(b"".join(block_fields(header, effects, is_first_in_checkpoint=is_first)))
        header = header.replace(sponge_blob_hash=absorbed.clone().squeeze())
        block_hash = header.hash()
        fork.append_block_header_hash(block_hash)
        block = L2Block(
            archive=fork.snapshot(TreeId.ARCHIVE),
            header=header,
            body=Body(tx_effects=effects),
            checkpoint_number=checkpoint_number,
            index_within_checkpoint=index_within_checkpoint,
        )
        return BuiltBlock(
            block=block,
            block_hash=block_hash,
            fork=fork,
            processed=tuple(progress.processed),
            failed=tuple(progress.failed),
            sponge=absorbed,
            tx_field_count=progress.fields,
        )

    def _try(
        self, tx: Tx, fork: Fork, global_variables: GlobalVariables, limits: BlockLimits, progress: _Progress
    ) -> None:
        """Put one candidate in the block, or leave the fork as it was."""
        if progress.fields + private_effect_fields(tx.data) > limits.blob_fields:
            return
        if not limits.allows(progress.gas, tx.data.constants.tx_context.gas_settings.gas_limits):
            return
        verdict = self._check(tx, fork, global_variables)
        if verdict.verdict is Verdict.SKIPPED:
            return
        if not verdict.is_valid:
            progress.failed.append(FailedTx(tx_hash=tx.hash, reason=", ".join(verdict.reasons)))
            return
        fork.create_checkpoint()
        try:
            done = self._executor.execute(tx, fork, global_variables)
        except TxExecutionError as error:
            fork.revert_checkpoint()
            progress.failed.append(FailedTx(tx_hash=tx.hash, reason=str(error)))
            return
        fields = len(tx_fields(done.effect))
        if progress.fields + fields > limits.blob_fields:
            fork.revert_checkpoint()
            return
        fork.commit_checkpoint()
        progress.processed.append(done)
        progress.gas = progress.gas.plus(done.gas_used.total_gas)
        progress.mana += done.gas_used.billed_gas.l2_gas
        progress.fees += done.effect.transaction_fee
        progress.fields += fields
