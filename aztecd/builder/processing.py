"""Execute a list of transactions on a fork, within the limits of a block.

Authority: @aztec/simulator src/public/public_processor/public_processor.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from aztecd.avm.errors import InterruptedExecutionError
from aztecd.builder.limits import BlockLimits, private_effect_fields
from aztecd.execution import ContractOverlay, Executor, ProcessedTx, TxExecutionError, Validation, Verdict
from aztecd.protocol.basic import TxHash
from aztecd.protocol.blobs import tx_fields
from aztecd.protocol.gas import Gas
from aztecd.protocol.header import GlobalVariables
from aztecd.protocol.tx import Tx
from aztecd.state.errors import StateError
from aztecd.state.fork import Fork
from aztecd.storage import StorageError

__all__ = ["FailedTx", "Processing", "TxCheck", "TxProcessor"]

_OVER_LIMITS = "Transaction uses more gas than its gas limits"
_BUG = "aztecd failed to execute the transaction because of a bug; its log has the details"


class TxCheck(Protocol):
    """The validators that run before a transaction is executed in a block."""

    def __call__(self, tx: Tx, fork: Fork, global_variables: GlobalVariables) -> Validation:
        """Judge the transaction on the fork's state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTx:
    """A transaction that can not be in a block, and why. `bug` when that is nobody's fault but ours."""

    tx_hash: TxHash
    reason: str
    bug: Exception | None = None


@dataclass(slots=True)
class Processing:
    """What became of the transactions, and the totals of the accepted ones. Grows while they are processed.

    What is in neither list was skipped, or never reached: it stays pending. `was_interrupted`: the time was
    up.
    """

    processed: list[ProcessedTx] = field(default_factory=list)
    failed: list[FailedTx] = field(default_factory=list)
    gas: Gas = field(default_factory=lambda: Gas(da_gas=0, l2_gas=0))
    """By `total_gas`, which blocks are limited by."""
    mana: int = 0
    """By `billed_gas`, as the block's header has it."""
    fees: int = 0
    fields: int = 0
    was_interrupted: bool = False


class TxProcessor:
    """Processes transactions of one block. `contracts` grows with what they publish."""

    def __init__(
        self,
        *,
        executor: Executor,
        check: TxCheck,
        fork: Fork,
        global_variables: GlobalVariables,
        contracts: ContractOverlay,
        limits: BlockLimits,
        is_proposal: bool = True,
        is_over: Callable[[], bool] | None = None,
    ) -> None:
        """Take the block's circumstances.

        A proposal skips what might not fit by its declared gas; when a block is executed again, its
        transactions have to fit by what they use. `is_over` says that the time is up.
        """
        self._executor = executor
        self._check = check
        self._fork = fork
        self._global_variables = global_variables
        self._contracts = contracts
        self._limits = limits
        self._is_proposal = is_proposal
        self._is_over = is_over

    def process(self, candidates: Iterable[Tx]) -> Processing:
        """Execute transactions in order until the block is full or the time is up."""
        progress = Processing()
        for tx in candidates:
            if len(progress.processed) >= self._limits.max_txs:
                break
            if self._is_over is not None and self._is_over():
                progress.was_interrupted = True
                break
            if self._is_proposal and not self._might_fit(tx, progress):
                continue
            if not self._try(tx, progress):
                break
        return progress

    def _might_fit(self, tx: Tx, progress: Processing) -> bool:
        declared = tx.data.constants.tx_context.gas_settings.gas_limits
        return progress.fields + private_effect_fields(
            tx.data
        ) <= self._limits.blob_fields and self._limits.allows(progress.gas, declared)

    def _try(self, tx: Tx, progress: Processing) -> bool:
        """Accept, skip or fail one transaction; False when no more can follow."""
        depth = self._fork.create_checkpoint() - 1
        try:
            done = self._execute(tx)
        except TxExecutionError as error:
            self._fork.revert_all_to(depth)
            progress.failed.append(FailedTx(tx_hash=tx.hash, reason=str(error)))
            return True
        except InterruptedExecutionError:
            self._fork.revert_all_to(depth)
            progress.was_interrupted = True
            return False
        except (StorageError, StateError):
            self._fork.revert_all_to(depth)
            raise
        except Exception as error:  # noqa: BLE001 -- one transaction must not stop the chain
            self._fork.revert_all_to(depth)
            progress.failed.append(FailedTx(tx_hash=tx.hash, reason=_BUG, bug=error))
            return True
        if isinstance(done, Validation):
            self._fork.revert_all_to(depth)
            if done.verdict is not Verdict.SKIPPED:
                progress.failed.append(FailedTx(tx_hash=tx.hash, reason=", ".join(done.reasons)))
            return True
        settings = tx.data.constants.tx_context.gas_settings
        if not _fits(done.gas_used.billed_gas, settings.gas_limits):
            # The kernels exclude it. Without real proofs it would break the limits of the block.
            self._fork.revert_all_to(depth)
            progress.failed.append(FailedTx(tx_hash=tx.hash, reason=_OVER_LIMITS))
            return True
        fields = len(tx_fields(done.effect))
        if progress.fields + fields > self._limits.blob_fields:
            self._fork.revert_all_to(depth)
            return True
        if not self._is_proposal and not self._limits.allows(progress.gas, done.gas_used.total_gas):
            self._fork.revert_all_to(depth)
            return False
        self._fork.commit_all_to(depth)
        self._contracts.add(done.published)
        progress.processed.append(done)
        progress.gas = progress.gas.plus(done.gas_used.total_gas)
        progress.mana += done.gas_used.billed_gas.l2_gas
        progress.fees += done.effect.transaction_fee
        progress.fields += fields
        return True

    def _execute(self, tx: Tx) -> ProcessedTx | Validation:
        """Validate and execute; a validation is given back when it objects."""
        verdict = self._check(tx, self._fork, self._global_variables)
        if not verdict.is_valid:
            return verdict
        return self._executor.execute(
            tx, self._fork, self._global_variables, self._contracts, is_over=self._is_over
        )


def _fits(gas: Gas, limits: Gas) -> bool:
    return gas.da_gas <= limits.da_gas and gas.l2_gas <= limits.l2_gas
