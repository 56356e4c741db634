"""What a wallet's operations give back.

Authority: @aztec/stdlib src/tx/{simulated_tx,proven_tx,profiling}.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, BlockHash, BlockNumber, FunctionSelector, TxHash
from aztecd.protocol.gas import Gas
from aztecd.protocol.simulation import PublicSimulationOutput
from aztecd.protocol.tx import Tx
from aztecd.protocol.tx_data import PrivateKernelTailPublicInputs
from aztecd.pxe.execution.result import PrivateExecutionResult

__all__ = [
    "FunctionTiming",
    "PrivateEvent",
    "ProfileResult",
    "ProvingResult",
    "SimulationResult",
    "Timings",
    "UtilityResult",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTiming:
    """One executed function, `Contract:function`, without those that it called."""

    name: str
    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Where the time of an operation went; `node_calls` were made in it."""

    total_s: float
    sync_s: float
    functions: tuple[FunctionTiming, ...] = ()
    proving_s: float | None = None
    public_simulation_s: float | None = None
    validation_s: float | None = None
    node_calls: int = 0

    @property
    def unaccounted_s(self) -> float:
        """The rest."""
        parts = (self.sync_s, self.proving_s, self.public_simulation_s, self.validation_s)
        return self.total_s - sum(part or 0 for part in parts) - sum(item.time_s for item in self.functions)


# Without slots: the transaction is kept once it was made.
@dataclass(frozen=True, kw_only=True)
class SimulationResult:
    """A simulated transaction; `public_output` is there when it has public calls that were simulated."""

    private: PrivateExecutionResult
    tx: Tx = field(repr=False)
    public_output: PublicSimulationOutput | None
    timings: Timings

    @property
    def data(self) -> PrivateKernelTailPublicInputs:
        """The kernel's output."""
        return self.tx.data

    @cached_property
    def private_return_values(self) -> tuple[Fr, ...]:
        """What the function returned that the account's entrypoint called first, or the first call itself."""
        entrypoint = self.private.entrypoint
        return entrypoint.nested[0].return_values if entrypoint.nested else entrypoint.return_values

    @property
    def total_gas(self) -> Gas:
        """The gas that the transaction takes, teardown included."""
        return self.data.gas_used if self.public_output is None else self.public_output.gas_used.total_gas

    @property
    def teardown_gas(self) -> Gas:
        """The gas of the teardown call."""
        return (
            Gas(da_gas=0, l2_gas=0)
            if self.public_output is None
            else self.public_output.gas_used.teardown_gas
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvingResult:
    """A transaction that can be sent."""

    private: PrivateExecutionResult
    tx: Tx = field(repr=False)
    timings: Timings


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilityResult:
    """What a utility function returned, encoded."""

    values: tuple[Fr, ...]
    timings: Timings


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileResult:
    """Executed functions and their times, in order; gate counts need a native prover."""

    private: PrivateExecutionResult
    timings: Timings


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateEvent:
    """An event as it was packed, and where it was emitted."""

    contract_address: AztecAddress
    selector: FunctionSelector
    packed: tuple[Fr, ...]
    block_number: BlockNumber
    block_hash: BlockHash
    tx_hash: TxHash


def timings_of(execution: PrivateExecutionResult) -> Sequence[FunctionTiming]:
    """Give the time of each private call, in the order of the calls."""
    return tuple(
        FunctionTiming(name=f"{call.contract_name}:{call.function_name}", time_s=call.own_time_s)
        for call in execution.entrypoint.in_order()
    )
