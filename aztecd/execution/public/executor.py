"""From a transaction with public calls to its effect.

Authority: @aztec/simulator src/public/public_processor/public_processor.ts (`processTxWithPublicCalls`),
@aztec/stdlib src/tx/processed_tx.ts (`makeProcessedTxFromTxWithPublicCalls`) (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aztecd.avm.errors import InterruptedExecutionError, SimulationFailedError
from aztecd.avm.records import CollectionLimits
from aztecd.crypto.field import fr
from aztecd.execution.errors import ThrownOutError, TxExecutionError
from aztecd.execution.processed import ProcessedTx, emitted_only, message_hashes, padded
from aztecd.execution.public.calls import PublicOutcome, TxPhase, failure_of
from aztecd.execution.public.contracts import TxContracts
from aztecd.execution.public.debug import DebugCollector
from aztecd.execution.public.phases import PhaseRunner
from aztecd.execution.public.world import TxWorld
from aztecd.execution.published import contract_class_logs
from aztecd.protocol.effect import RevertCode, TxEffect
from aztecd.protocol.tx_data import ScopedLogHash

if TYPE_CHECKING:
    from collections.abc import Callable

    from aztecd.avm.program import ProgramCache
    from aztecd.execution.public.tracing import ExecutionObserver
    from aztecd.execution.views import ContractSource, StateFork
    from aztecd.protocol.header import GlobalVariables
    from aztecd.protocol.logs import ContractClassLog, PrivateLog
    from aztecd.protocol.tx import Tx

__all__ = ["ExecutionOptions", "PublicExecutor"]

_DEFAULT_LIMITS: Final = CollectionLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionOptions:
    """How public calls are run.

    `fails_on_bad_debug_logs`: a debug log with a wrong tag, level or size throws the transaction out, as the
    reference does where it collects them. A block must not depend on who collects: without this option such
    a log is left out. `limits`: how much of the calls is recorded; None
    for nothing. `observer` sees the calls of the one transaction that is executed with it.
    """

    skips_fee_enforcement: bool = False
    collects_debug_logs: bool = True
    fails_on_bad_debug_logs: bool = False
    limits: CollectionLimits | None = _DEFAULT_LIMITS
    uses_fast_form: bool = True
    observer: ExecutionObserver | None = None


class PublicExecutor:
    """Runs transactions with public calls. Keeps nothing but the programs."""

    __slots__ = ("_options", "_programs")

    def __init__(self, *, programs: ProgramCache, options: ExecutionOptions) -> None:
        self._programs = programs
        self._options = options

    def execute(
        self,
        tx: Tx,
        fork: StateFork,
        global_variables: GlobalVariables,
        contracts: ContractSource,
        *,
        is_over: Callable[[], bool] | None = None,
    ) -> ProcessedTx:
        """Run the phases, then leave the surviving effects in the fork.

        Raises: TxExecutionError, InterruptedExecutionError; the fork is then as before.
        """
        # The kernels promise one. Without real proofs a client can leave it out, and send the same again.
        if not any(map(any, tx.data.phases[0].nullifiers)):
            raise TxExecutionError(f"Transaction 0x{tx.tx_hash.hex()} has no nullifier")
        debug = DebugCollector(
            is_open=self._options.collects_debug_logs, is_strict=self._options.fails_on_bad_debug_logs
        )
        try:
            done = self._run(tx, fork, global_variables, contracts, debug, is_over)
        except InterruptedExecutionError:
            raise
        except SimulationFailedError as error:
            raise ThrownOutError(str(error)) from error
        _write(done.effect, fork)
        return done

    def _run(
        self,
        tx: Tx,
        fork: StateFork,
        global_variables: GlobalVariables,
        source: ContractSource,
        debug: DebugCollector,
        is_over: Callable[[], bool] | None,
    ) -> ProcessedTx:
        contracts = TxContracts(source, global_variables.timestamp)
        world = TxWorld(fork=fork, contracts=contracts, programs=self._programs, debug=debug)
        runner = PhaseRunner(
            tx=tx,
            fork=fork,
            world=world,
            contracts=contracts,
            global_variables=global_variables,
            limits=self._options.limits,
            uses_fast_form=self._options.uses_fast_form,
            skips_fee_enforcement=self._options.skips_fee_enforcement,
            is_over=is_over,
            observer=self._options.observer,
        )
        runner.run()
        effects = world.effects
        has_succeeded = runner.revert_code == RevertCode.OK
        try:
            effect = TxEffect(
                revert_code=runner.revert_code,
                tx_hash=tx.tx_hash,
                transaction_fee=runner.transaction_fee,
                note_hashes=tuple(effects.note_hashes),
                nullifiers=tuple(effects.nullifiers),
                l2_to_l1_msgs=message_hashes(effects.messages, global_variables),
                public_data_writes=effects.public_data_writes(),
                private_logs=_private_logs(tx, with_revertible=has_succeeded),
                public_logs=tuple(effects.public_logs),
                contract_class_logs=_class_logs(tx, with_revertible=has_succeeded),
            )
        except ValueError as error:
            # The kernels count the logs of both phases. Without real proofs a client can send too many.
            raise TxExecutionError(str(error)) from error
        calls = tuple(runner.calls)
        return ProcessedTx(
            tx_hash=tx.tx_hash,
            effect=effect,
            gas_used=runner.gas_used(),
            published=contracts.published(),
            public=PublicOutcome(
                calls=calls,
                messages=tuple(effects.messages),
                debug_logs=tuple(debug.logs),
                return_values=tuple(
                    tuple(fr(value) for value in call.output)
                    for call in calls
                    if call.phase is TxPhase.APP_LOGIC and (call.record or self._options.limits is None)
                ),
                failure=None if has_succeeded else failure_of(calls),
            ),
        )


def _write(effect: TxEffect, fork: StateFork) -> None:
    """Put the effect in the trees, as if everything had been inserted when it was emitted."""
    fork.create_checkpoint()
    try:
        fork.append_note_hashes(padded(effect.note_hashes))
        fork.insert_nullifiers_batch(padded(effect.nullifiers))
        fork.write_public_data([(write.leaf_slot, write.value) for write in effect.public_data_writes])
    except BaseException:
        fork.revert_checkpoint()
        raise
    fork.commit_checkpoint()


def _private_logs(tx: Tx, *, with_revertible: bool) -> tuple[PrivateLog, ...]:
    phases = tx.data.phases if with_revertible else tx.data.phases[:1]
    return tuple(emitted_only(log) for phase in phases for log in phase.private_logs if log.emitted_length)


def _class_logs(tx: Tx, *, with_revertible: bool) -> tuple[ContractClassLog, ...]:
    logs = contract_class_logs(tx)
    if with_revertible:
        return logs
    nothing = ScopedLogHash.empty()
    kept = sum(1 for log in tx.data.phases[0].contract_class_logs_hashes if log != nothing)
    return logs[:kept]
