"""What a client gets for a simulation of public calls.

Authority: @aztec/stdlib src/tx/public_simulation_output.ts, src/errors/simulation_error.ts (4.1.2).
"""

from __future__ import annotations

from typing import Annotated

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddressMember, FunctionSelector, Text
from aztecd.protocol.codec import BytesCodec, FrListCodec, ListCodec, OptionalCodec, TextCodec
from aztecd.protocol.effect import TxEffect
from aztecd.protocol.gas import GasUsed
from aztecd.protocol.header import GlobalVariables
from aztecd.protocol.receipt import DebugLog
from aztecd.protocol.record import Record, record

__all__ = ["FailedCall", "PublicSimulationOutput", "ReturnValues", "SimulationFailure"]


@record
class FailedCall(Record):
    """One call on the way to the cause; the selector is there when the calldata begin with one."""

    contract_address: AztecAddressMember
    function_selector: Annotated[FunctionSelector | None, OptionalCodec(BytesCodec(4))] = None


@record
class SimulationFailure(Record):
    """Why a transaction reverted: the message and output of the innermost call, and the way there.

    `noir_error_stack` has a `0.<pc>` for each internal call, outermost first. Clients decode `revert_data`
    with the contract's artifact.
    """

    original_message: Text
    function_error_stack: Annotated[tuple[FailedCall, ...], ListCodec(FailedCall.codec, count_size=4)]
    noir_error_stack: Annotated[tuple[str, ...], ListCodec(TextCodec(), count_size=4)]
    revert_data: Annotated[tuple[Fr, ...], FrListCodec(count_size=4)]


@record
class ReturnValues(Record):
    """What an enqueued call returned, or its revert data. `nested` is always empty."""

    values: Annotated[tuple[Fr, ...], FrListCodec(count_size=4)]
    nested: Annotated[tuple[str, ...], ListCodec(TextCodec(), count_size=4)] = ()


@record
class PublicSimulationOutput(Record):
    """`public_return_values` has one entry per app-logic call that was started."""

    revert_reason: Annotated[SimulationFailure | None, OptionalCodec(SimulationFailure.codec)] = None
    global_variables: GlobalVariables
    tx_effect: TxEffect
    public_return_values: Annotated[tuple[ReturnValues, ...], ListCodec(ReturnValues.codec, count_size=4)]
    gas_used: GasUsed
    debug_logs: Annotated[tuple[DebugLog, ...], ListCodec(DebugLog.codec, count_size=4)]
