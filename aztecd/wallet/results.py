"""What a wallet answers.

Authority: @aztec/aztec.js src/wallet/wallet.ts, src/contract/interaction_options.ts; @aztec/stdlib
src/tx/simulated_tx.ts, src/tx/offchain_effect.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from aztecd.crypto.field import Fr, fr
from aztecd.protocol.basic import AztecAddress, BlockHash, BlockNumber, FunctionSelector, TxHash
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.protocol.gas import Gas, GasUsed
from aztecd.protocol.receipt import TxReceipt
from aztecd.protocol.simulation import PublicSimulationOutput
from aztecd.protocol.tx import HashedValues
from aztecd.protocol.tx_data import PrivateKernelTailPublicInputs
from aztecd.pxe.abi import Decoded
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.execution.result import ExecutedCall, OffchainEffect, PrivateExecutionResult
from aztecd.pxe.requests import FunctionCall

__all__ = [
    "Aliased",
    "ChainInfo",
    "ClassMetadata",
    "ContractMetadata",
    "EventPlace",
    "FoundEvent",
    "OffchainEffect",
    "OffchainMessage",
    "OffchainOutput",
    "PrivateReturns",
    "PublicReturns",
    "SendResult",
    "Simulation",
    "offchain_output",
]

T = TypeVar("T")

_MESSAGE_IDENTIFIER: Final = fr(6023466688192654631553769360478808766602235351827869819420284624004071427516)
"""Poseidon2 of `aztecnr_offchain_message`: effects that begin with it are messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainInfo:
    """Which chain transactions are for."""

    chain_id: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Aliased(Generic[T]):
    """Something with a name for people; empty without one."""

    alias: str
    item: T


@dataclass(frozen=True, slots=True, kw_only=True)
class OffchainMessage:
    """An encrypted message that the sender delivers."""

    recipient: AztecAddress
    payload: tuple[Fr, ...]
    contract_address: AztecAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class OffchainOutput:
    """What private execution gave to the outside, by kind."""

    effects: tuple[OffchainEffect, ...] = ()
    messages: tuple[OffchainMessage, ...] = ()


def offchain_output(effects: Sequence[OffchainEffect]) -> OffchainOutput:
    """Tell messages from other effects."""
    others: list[OffchainEffect] = []
    messages: list[OffchainMessage] = []
    for effect in effects:
        if len(effect.data) >= 2 and effect.data[0] == _MESSAGE_IDENTIFIER:
            messages.append(
                OffchainMessage(
                    recipient=AztecAddress(effect.data[1]),
                    payload=effect.data[2:],
                    contract_address=effect.contract_address,
                )
            )
        else:
            others.append(effect)
    return OffchainOutput(effects=tuple(others), messages=tuple(messages))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateReturns:
    """What a private call returned, and the calls that it made."""

    contract_address: AztecAddress
    selector: FunctionSelector
    args_hash: Fr
    values: tuple[Fr, ...] = ()
    nested: tuple[PrivateReturns, ...] = ()

    @classmethod
    def of(cls, call: ExecutedCall) -> PrivateReturns:
        """Take the values from an executed call and those below it."""
        return cls(
            contract_address=call.contract_address,
            selector=call.selector,
            args_hash=call.inputs.args_hash,
            values=call.return_values,
            nested=tuple(map(cls.of, call.nested)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicReturns:
    """What an enqueued public call returned."""

    contract_address: AztecAddress
    calldata_hash: Fr
    values: tuple[Fr, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What a transaction would do.

    `private` and `returns` are None when the node answered everything. `public_returns` has one entry per
    call that was started, in order, those that the node answered by itself first. `calldata` are those of all
    public calls.
    """

    private: PrivateExecutionResult | None
    data: PrivateKernelTailPublicInputs
    public_output: PublicSimulationOutput | None = None
    returns: PrivateReturns | None = None
    public_returns: tuple[PublicReturns, ...] = ()
    offchain: OffchainOutput = field(default_factory=OffchainOutput)
    calldata: tuple[HashedValues, ...] = ()

    @property
    def gas_used(self) -> GasUsed:
        """The gas: of the public part when there is one, else what the kernel counted."""
        if self.public_output is not None:
            return self.public_output.gas_used
        total = self.data.gas_used
        empty = Gas.empty()
        return GasUsed(total_gas=total, billed_gas=total, teardown_gas=empty, public_gas=empty)

    def returns_of(self, call: FunctionCall, occurrence: int = 0) -> tuple[Fr, ...] | None:
        """Find what a call returned, the first or a later one of equal calls; None when it did not run.

        The call is found by what it is, so calls that pay the fee or were enqueued by others do not matter.
        """
        wanted = call.hashed().hash
        if call.type is FunctionKind.PUBLIC:
            public = [
                item.values
                for item in self.public_returns
                if item.contract_address == call.to and item.calldata_hash == wanted
            ]
            return public[occurrence] if occurrence < len(public) else None
        if self.returns is None:
            return None
        private = [
            item.values
            for item in (*self.returns.nested, self.returns)
            if (item.contract_address, item.selector, item.args_hash) == (call.to, call.selector, wanted)
        ]
        return private[occurrence] if occurrence < len(private) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """A transaction that was sent; `receipt` is None when nobody waited."""

    tx_hash: TxHash
    receipt: TxReceipt | None = None
    offchain: OffchainOutput = field(default_factory=OffchainOutput)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractMetadata:
    """What wallet and chain know about a contract."""

    instance: ContractInstanceWithAddress | None
    is_initialized: bool
    is_published: bool
    is_updated: bool
    updated_class_id: Fr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMetadata:
    """What wallet and chain know about a contract class."""

    is_artifact_registered: bool
    is_published: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPlace:
    """Where an event happened; the contract is told for public ones."""

    block_number: BlockNumber
    block_hash: BlockHash
    tx_hash: TxHash
    contract_address: AztecAddress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEvent:
    """A decoded event."""

    event: Decoded
    place: EventPlace
