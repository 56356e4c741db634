"""Trace a transaction: execute it once more, on the state that it met, and tell what its calls did.

A mined transaction is executed on the state of the block before, after the effects of the transactions that
the block has before it, with the block's own values. It must have the same effect again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog

from aztecd.avm import ProgramCache
from aztecd.chain import ChainStore
from aztecd.crypto.field import fr_hex
from aztecd.execution import (
    TRACE_LIMITS,
    ExecutionOptions,
    TraceRecorder,
    TxExecutionError,
    TxExecutor,
    TxTrace,
)
from aztecd.mempool import Mempool
from aztecd.node.errors import TraceUnavailableError
from aztecd.node.signatures import FunctionSignatures
from aztecd.node.simulation import PublicSimulator
from aztecd.protocol.basic import BlockNumber, TxHash
from aztecd.protocol.block import L2Block
from aztecd.protocol.effect import IndexedTxEffect
from aztecd.protocol.tx import Tx
from aztecd.state import Fork, UnknownBlockError, WorldState
from aztecd.state.sync import TxChanges, apply_tx

__all__ = ["TransactionTracer"]

_log = structlog.get_logger("aztecd.tracing")


class TransactionTracer:
    """Makes traces within the bounds of simulations."""

    def __init__(
        self,
        *,
        chain: ChainStore,
        world_state: WorldState,
        mempool: Mempool,
        simulator: PublicSimulator,
        programs: ProgramCache,
        signatures: FunctionSignatures,
    ) -> None:
        self._chain = chain
        self._world_state = world_state
        self._mempool = mempool
        self._simulator = simulator
        self._programs = programs
        self._signatures = signatures

    async def trace(self, subject: Tx | TxHash, *, skip_fee_enforcement: bool = False) -> TxTrace:
        """Trace a transaction: by its hash as it was mined, or a given one on the newest state.

        `skip_fee_enforcement` concerns a given one.
        Raises: TraceUnavailableError, SimulationRefusedError, SimulationTimeError.
        """
        if not isinstance(subject, Tx):
            return await self._simulator.run(partial(self._trace_mined, subject))
        self._simulator.require_bounded_gas(subject)
        return await self._simulator.run(partial(self._trace_given, subject, skip_fee_enforcement))

    def _trace_given(self, tx: Tx, skip_fee_enforcement: bool, is_over: Callable[[], bool]) -> TxTrace:
        global_variables = self._simulator.next_block()
        fork = self._world_state.fork(global_variables.block_number - 1)
        recorder = TraceRecorder(self._signatures.name)
        options = ExecutionOptions(
            skips_fee_enforcement=skip_fee_enforcement,
            fails_on_bad_debug_logs=True,
            limits=TRACE_LIMITS,
            observer=recorder,
        )
        executor = TxExecutor(programs=self._programs, options=options)
        try:
            done = executor.execute(tx, fork, global_variables, self._chain, is_over=is_over)
        except TxExecutionError as error:
            return recorder.trace(tx.tx_hash, error=str(error))
        return recorder.trace(tx.tx_hash, processed=done)

    def _trace_mined(self, tx_hash: TxHash, is_over: Callable[[], bool]) -> TxTrace:
        recorded = self._chain.tx_effect(tx_hash)
        if recorded is None:
            raise TraceUnavailableError(self._why_not_mined(tx_hash))
        tx = self._mempool.get(tx_hash) or self._mempool.archived(tx_hash)
        block = self._chain.block(recorded.l2_block_number)
        if tx is None or block is None:
            kept = self._mempool.config
            raise TraceUnavailableError(
                f"The node no longer has transaction {fr_hex(tx_hash)}, of block {recorded.l2_block_number}, "
                f"to execute it again: of final blocks it keeps the newest {kept.max_archived_count} "
                f"transactions that it was sent, at most {kept.max_archived_bytes >> 20} MiB"
            )
        try:
            return self._execute_again(tx, recorded, block, is_over)
        except UnknownBlockError as error:
            raise TraceUnavailableError(
                f"The state before block {block.number} is no longer kept, so transaction {fr_hex(tx_hash)} "
                "can't be executed again: the setting history.checkpoints says how many checkpoints below "
                "the final one keep their state, 0 keeps all"
            ) from error

    def _execute_again(
        self, tx: Tx, recorded: IndexedTxEffect, block: L2Block, is_over: Callable[[], bool]
    ) -> TxTrace:
        fork = self._state_before(block, recorded.tx_index_in_block)
        recorder = TraceRecorder(self._signatures.name)
        # As when the block was built; how much is recorded changes no effect.
        options = ExecutionOptions(limits=TRACE_LIMITS, observer=recorder)
        executor = TxExecutor(programs=self._programs, options=options)
        try:
            done = executor.execute(tx, fork, block.header.global_variables, self._chain, is_over=is_over)
            difference = "" if done.effect == recorded.data else "another effect"
        except TxExecutionError as error:
            difference = str(error)
        if difference:
            _log.error("trace_differs", tx_hash=fr_hex(tx.tx_hash), block=block.number, reason=difference)
            raise TraceUnavailableError(
                f"Executing transaction {fr_hex(tx.tx_hash)} again gave {difference}, not what block "
                f"{block.number} has: another version of aztecd built it, or this is a bug"
            )
        return recorder.trace(tx.tx_hash, block_number=BlockNumber(block.number), processed=done)

    def _state_before(self, block: L2Block, tx_index: int) -> Fork:
        """Give the state that a block's transaction met. Raises UnknownBlockError."""
        fork = self._world_state.fork(block.number - 1)
        if block.index_within_checkpoint == 0:
            fork.append_l1_to_l2_messages(self._chain.messages_of_checkpoint(block.checkpoint_number))
        for effect in block.body.tx_effects[:tx_index]:
            apply_tx(fork, TxChanges.of(effect))
        return fork

    def _why_not_mined(self, tx_hash: TxHash) -> str:
        if self._mempool.meta(tx_hash) is not None:
            return (
                f"Transaction {fr_hex(tx_hash)} waits for a block: wait too, or trace the transaction object "
                "itself, which is then simulated on the newest state"
            )
        reason = self._mempool.drop_reason(tx_hash)
        if reason is not None:
            return f"Transaction {fr_hex(tx_hash)} was dropped: {reason}"
        return f"Transaction {fr_hex(tx_hash)} is not known"
