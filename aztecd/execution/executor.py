"""Run any transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.execution.private import PrivateExecutor
from aztecd.execution.public import ExecutionOptions, PublicExecutor

if TYPE_CHECKING:
    from collections.abc import Callable

    from aztecd.avm.program import ProgramCache
    from aztecd.execution.processed import ProcessedTx
    from aztecd.execution.views import ContractSource, StateFork
    from aztecd.protocol.header import GlobalVariables
    from aztecd.protocol.tx import Tx

__all__ = ["TxExecutor"]


class TxExecutor:
    """Satisfies `Executor` for transactions with and without public calls."""

    __slots__ = ("_private", "_public")

    def __init__(self, *, programs: ProgramCache, options: ExecutionOptions | None = None) -> None:
        """Take the programs, which outlive transactions."""
        self._private = PrivateExecutor()
        self._public = PublicExecutor(
            programs=programs, options=ExecutionOptions() if options is None else options
        )

    def execute(
        self,
        tx: Tx,
        fork: StateFork,
        global_variables: GlobalVariables,
        contracts: ContractSource,
        *,
        is_over: Callable[[], bool] | None = None,
    ) -> ProcessedTx:
        """Run a transaction and leave its effect in the fork.

        Raises: TxExecutionError, InterruptedExecutionError; the fork is then as before.
        """
        if not tx.has_public_calls:
            return self._private.execute(tx, fork, global_variables)
        return self._public.execute(tx, fork, global_variables, contracts, is_over=is_over)
