"""Execute a transaction's public calls for a client, on the newest state, without keeping anything.

Authority: @aztec/aztec-node src/aztec-node/server.ts (`simulatePublicCalls`), src/config (4.1.2). The time
limit is ours: a client may ask for more gas than an hour of execution takes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from aztecd.avm import InterruptedExecutionError, ProgramCache
from aztecd.chain import ChainStore
from aztecd.constants import MAX_PROCESSABLE_L2_GAS
from aztecd.crypto.field import FR_ZERO
from aztecd.execution import ExecutionOptions, ProcessedTx, TxExecutor
from aztecd.node.contract_logs import ContractLogs, debug_logs_of
from aztecd.node.errors import SimulationRefusedError, SimulationTimeError
from aztecd.node.outlook import L1Outlook
from aztecd.protocol.basic import AztecAddress, EthAddress
from aztecd.protocol.header import GlobalVariables
from aztecd.protocol.simulation import PublicSimulationOutput, ReturnValues
from aztecd.protocol.tx import Tx
from aztecd.state import WorldState

__all__ = ["PublicSimulator", "SimulationLimits"]

T = TypeVar("T")

_AT_ONCE: Final = 2
"""Simulations that run at the same time: Python executes one instruction after the other anyhow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationLimits:
    """What a simulation may take: L2 gas by the transaction's own limits, seconds of execution."""

    max_l2_gas: int = 4 * MAX_PROCESSABLE_L2_GAS
    max_seconds: float = 30.0


class PublicSimulator:
    """Simulates transactions as the next block would execute them, each in a thread."""

    def __init__(
        self,
        *,
        chain_id: int,
        rollup_version: int,
        chain: ChainStore,
        world_state: WorldState,
        outlook: L1Outlook,
        programs: ProgramCache,
        contract_logs: ContractLogs,
        limits: SimulationLimits | None = None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take the sources; simulations are given up when the daemon `is_stopping`."""
        self._chain_id = chain_id
        self._rollup_version = rollup_version
        self._chain = chain
        self._world_state = world_state
        self._outlook = outlook
        self._contract_logs = contract_logs
        self._limits = SimulationLimits() if limits is None else limits
        self._is_stopping = is_stopping
        self._running = asyncio.Semaphore(_AT_ONCE)
        enforcing, lenient = (
            TxExecutor(
                programs=programs,
                options=ExecutionOptions(skips_fee_enforcement=skips, fails_on_bad_debug_logs=True),
            )
            for skips in (False, True)
        )
        self._executors = {False: enforcing, True: lenient}

    async def simulate(self, tx: Tx, *, skip_fee_enforcement: bool) -> PublicSimulationOutput:
        """Execute a transaction; a reverted one is a result.

        Raises: SimulationRefusedError, SimulationTimeError, TxExecutionError when it could not be in a block.
        """
        self.require_bounded_gas(tx)
        return await self.run(partial(self._simulate, tx, skip_fee_enforcement))

    def require_bounded_gas(self, tx: Tx) -> None:
        """Refuse what may use too much gas. Raises SimulationRefusedError."""
        settings = tx.data.constants.tx_context.gas_settings
        gas, teardown_gas = settings.gas_limits.l2_gas, settings.teardown_gas_limits.l2_gas
        if gas + teardown_gas > self._limits.max_l2_gas:
            raise SimulationRefusedError(
                f"Transaction total gas limit {gas + teardown_gas} ({gas} + {teardown_gas}) exceeds "
                f"maximum gas limit {self._limits.max_l2_gas} for simulation"
            )

    async def run(self, job: Callable[[Callable[[], bool]], T]) -> T:
        """Run a job in a thread, few at once; it is told when to give up.

        Raises: SimulationTimeError when it did, and what the job raises.
        """
        async with self._running:
            return await asyncio.to_thread(self._within_time, job)

    def _within_time(self, job: Callable[[Callable[[], bool]], T]) -> T:
        deadline = time.monotonic() + self._limits.max_seconds

        def is_over() -> bool:
            return time.monotonic() > deadline or self._is_stopping()

        try:
            return job(is_over)
        except InterruptedExecutionError as error:
            raise SimulationTimeError(
                f"The simulation took longer than {self._limits.max_seconds:g} s and was given up: lower the "
                "gas limits, or raise rpc.simulation_seconds of the node"
            ) from error

    def _simulate(
        self, tx: Tx, skip_fee_enforcement: bool, is_over: Callable[[], bool]
    ) -> PublicSimulationOutput:
        global_variables = self.next_block()
        done = self._executors[skip_fee_enforcement].execute(
            tx,
            self._world_state.fork(global_variables.block_number - 1),
            global_variables,
            self._chain,
            is_over=is_over,
        )
        self._contract_logs.show(done, is_simulation=True)
        return _output(done, global_variables)

    def next_block(self) -> GlobalVariables:
        """Describe the next block; who builds it is not known."""
        plan = self._outlook.next_slot()
        return GlobalVariables(
            chain_id=self._chain_id,
            version=self._rollup_version,
            block_number=self._chain.tips().proposed.number + 1,
            slot_number=plan.slot,
            timestamp=plan.timestamp,
            coinbase=EthAddress(bytes(20)),
            fee_recipient=AztecAddress(FR_ZERO),
            gas_fees=self._outlook.min_fees(),
        )


def _output(done: ProcessedTx, global_variables: GlobalVariables) -> PublicSimulationOutput:
    public = done.public
    return PublicSimulationOutput(
        revert_reason=None if public is None else public.failure,
        global_variables=global_variables,
        tx_effect=done.effect,
        public_return_values=()
        if public is None
        else tuple(ReturnValues(values=values) for values in public.return_values),
        gas_used=done.gas_used,
        debug_logs=debug_logs_of(done),
    )
