"""From what the PXE and the node say to what the application gets.

Authority: @aztec/wallet-sdk src/base-wallet/utils.ts (`buildMergedSimulationResult`) (4.1.2). Each public
return value keeps the call that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from aztecd.crypto.field import FR_ZERO
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.simulation import PublicSimulationOutput
from aztecd.protocol.tx import Tx
from aztecd.protocol.tx_data import PrivateKernelTailPublicInputs, PublicCallRequest
from aztecd.pxe.artifacts import ContractArtifact
from aztecd.pxe.public_errors import public_error
from aztecd.pxe.results import SimulationResult
from aztecd.wallet.results import PrivateReturns, PublicReturns, Simulation, offchain_output

__all__ = ["merged", "node_simulation", "pxe_simulation"]


def pxe_simulation(simulated: SimulationResult) -> Simulation:
    """Take over a simulation by the PXE."""
    return Simulation(
        private=simulated.private,
        data=simulated.data,
        public_output=simulated.public_output,
        calldata=simulated.private.public_function_calldata,
        returns=PrivateReturns.of(simulated.private.entrypoint),
        public_returns=_public_returns(simulated.data, simulated.public_output),
        offchain=offchain_output(simulated.private.offchain_effects()),
    )


def node_simulation(
    tx: Tx,
    output: PublicSimulationOutput,
    artifact_of: Callable[[AztecAddress], ContractArtifact | None],
) -> Simulation:
    """Take over a simulation of public calls alone. Raises PublicExecutionError.

    The error says more than the reference's, which does not look up the text here.
    """
    if output.revert_reason is not None:
        raise public_error(output.revert_reason, artifact_of)
    return Simulation(
        private=None,
        data=tx.data,
        public_output=output,
        public_returns=_public_returns(tx.data, output),
        calldata=tx.public_function_calldata,
    )


def merged(answered: Sequence[Simulation], rest: Simulation | None) -> Simulation:
    """Put what the node answered before the rest; there is at least one of the two."""
    base = rest if rest is not None else answered[0]
    parts = [*answered, *([rest] if rest is not None else [])]
    returns = tuple(item for part in parts for item in part.public_returns)
    output = base.public_output
    if output is not None:
        values = tuple(
            value
            for part in parts
            if part.public_output is not None
            for value in part.public_output.public_return_values
        )
        output = output.replace(public_return_values=values)
    return replace(base, public_output=output, public_returns=returns)


def _public_returns(
    data: PrivateKernelTailPublicInputs, output: PublicSimulationOutput | None
) -> tuple[PublicReturns, ...]:
    if output is None:
        return ()
    # Values are there for calls that were started, in order: when one failed, the last ones are missing.
    return tuple(
        PublicReturns(
            contract_address=request.contract_address,
            calldata_hash=request.calldata_hash,
            values=values.values,
        )
        for request, values in zip(_app_calls(data), output.public_return_values, strict=False)
    )


def _app_calls(data: PrivateKernelTailPublicInputs) -> Iterator[PublicCallRequest]:
    if data.for_public is None:
        return
    for request in data.for_public.revertible_accumulated_data.public_call_requests:
        if request.contract_address != FR_ZERO:
            yield request
