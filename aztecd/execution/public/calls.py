"""The enqueued calls of a transaction after they ran, and what a client is told when one reverted.

Authority: @aztec/stdlib src/avm/avm.ts (`CallStackMetadata`, `PublicTxResult`),
src/errors/simulation_error.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, unique
from typing import TYPE_CHECKING

from aztecd.avm.records import CallRecord
from aztecd.crypto.field import fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.gas import Gas
from aztecd.protocol.simulation import FailedCall, SimulationFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.avm.world import DebugMessage
    from aztecd.crypto.field import Fr
    from aztecd.protocol.tx_data import ScopedL2ToL1Message

__all__ = ["EnqueuedCall", "PublicOutcome", "TxPhase", "failure_of", "pseudo_call"]

_SELECTOR_BITS = 32
_NO_GAS = Gas(da_gas=0, l2_gas=0)


@unique
class TxPhase(IntEnum):
    """The phases of public execution, in order."""

    SETUP = 0
    APP_LOGIC = 1
    TEARDOWN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueuedCall:
    """A call that was started. `transaction_fee` is what it could read; `record` when calls are recorded."""

    phase: TxPhase
    allocated: Gas
    left: Gas
    transaction_fee: int
    instructions: int
    has_reverted: bool
    output: tuple[int, ...]
    message: str
    record: CallRecord | None

    @property
    def used(self) -> Gas:
        """The gas that it used."""
        return Gas(
            da_gas=self.allocated.da_gas - self.left.da_gas, l2_gas=self.allocated.l2_gas - self.left.l2_gas
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicOutcome:
    """What is known of a public transaction beside its effect.

    `messages` are those of the effect before hashing; `debug_logs` come from rolled-back calls too.
    `return_values` has one entry per recorded app-logic call, revert data included. `failure` says which call
    reverted and why; without records only that one did.
    """

    calls: tuple[EnqueuedCall, ...]
    messages: tuple[ScopedL2ToL1Message, ...]
    debug_logs: tuple[DebugMessage, ...]
    return_values: tuple[tuple[Fr, ...], ...]
    failure: SimulationFailure | None


def pseudo_call(message: str) -> EnqueuedCall:
    """Stand in for the app-logic phase when the revertible private effects could not be inserted."""
    return EnqueuedCall(
        phase=TxPhase.APP_LOGIC,
        allocated=_NO_GAS,
        left=_NO_GAS,
        transaction_fee=0,
        instructions=0,
        has_reverted=True,
        output=(),
        message=message,
        record=CallRecord(
            address=0,
            sender=0,
            caller_pc=0,
            is_static=False,
            calldata=[],
            calldata_size=0,
            l2_gas_limit=0,
            da_gas_limit=0,
            message=message,
            has_reverted=True,
        ),
    )


def failure_of(calls: Sequence[EnqueuedCall]) -> SimulationFailure:
    """Find the cause of a revert: in the first reverted call, down the last reverted one of each level."""
    first = next((call.record for call in calls if call.record and call.record.has_reverted), None)
    if first is None:
        return SimulationFailure(
            original_message="TX reverted", function_error_stack=(), noir_error_stack=(), revert_data=()
        )
    path = [first]
    while nested := [record for record in path[-1].nested if record.has_reverted]:
        path.append(nested[-1])
    cause = path[-1]
    return SimulationFailure(
        original_message=cause.message or "Transaction reverted",
        function_error_stack=tuple(_failed_call(record) for record in path),
        noir_error_stack=tuple(f"0.{pc}" for pc in cause.exit_stack),
        revert_data=tuple(fr(value) for value in cause.output),
    )


def _failed_call(record: CallRecord) -> FailedCall:
    selector = record.calldata[0] if record.calldata else None
    return FailedCall(
        contract_address=AztecAddress(fr(record.address)),
        function_selector=None
        if selector is None or selector >> _SELECTOR_BITS
        else FunctionSelector(selector.to_bytes(4, "big")),
    )
