"""What comes out of executing a transaction's private calls.

Authority: @aztec/stdlib src/tx/private_execution_result.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.logs import ContractClassLogFields
from aztecd.protocol.tx import HashedValues
from aztecd.pxe.kernel import CircuitInputs, PrivateCall
from aztecd.pxe.kernel.public_inputs import EnqueuedRequest
from aztecd.pxe.oracles import CountedClassLog, CreatedNote, UsedTag

__all__ = ["ExecutedCall", "OffchainEffect", "PrivateExecutionResult", "public_requests"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OffchainEffect:
    """Data that a contract hands to the user beside the transaction."""

    contract_address: AztecAddress
    data: tuple[Fr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedCall:
    """A private call that was executed, with those that it made.

    `nullifier_of_note` has the counters of notes of this transaction that the call consumed, and of their
    nullifiers. `own_time_s` is without the nested calls.
    """

    contract_name: str
    function_name: str
    selector: FunctionSelector
    inputs: CircuitInputs
    return_values: tuple[Fr, ...]
    new_notes: tuple[CreatedNote, ...]
    nullifier_of_note: Mapping[int, int]
    offchain_effects: tuple[tuple[Fr, ...], ...]
    class_logs: tuple[CountedClassLog, ...]
    nested: tuple[ExecutedCall, ...]
    own_time_s: float = field(default=0.0, compare=False)

    @property
    def contract_address(self) -> AztecAddress:
        """The contract that was called."""
        return AztecAddress(self.inputs.context.contract_address)

    def in_order(self) -> Iterator[ExecutedCall]:
        """Give the call, then its nested calls in the order of their execution, each with its own."""
        waiting = [self]
        while waiting:
            call = waiting.pop()
            yield call
            waiting.extend(reversed(call.nested))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateExecutionResult:
    """The tree of calls, and what the kernel and the transaction need beside it.

    `first_nullifier` is where the nonces of note hashes come from. `used_tags` are to be remembered as
    pending when the transaction is sent.
    """

    entrypoint: ExecutedCall
    first_nullifier: Fr
    public_function_calldata: tuple[HashedValues, ...]
    used_tags: tuple[UsedTag, ...]

    def kernel_calls(self) -> PrivateCall:
        """Give the tree as the kernel takes it."""
        return _kernel_call(self.entrypoint)

    def nullifier_of_note(self) -> dict[int, int]:
        """Give the counters of all notes that the transaction consumes itself, and of their nullifiers."""
        return {
            note: nullifier
            for call in self.entrypoint.in_order()
            for note, nullifier in call.nullifier_of_note.items()
        }

    def offchain_effects(self) -> tuple[OffchainEffect, ...]:
        """Give the effects of all calls, in the order of the calls."""
        return tuple(
            OffchainEffect(contract_address=call.contract_address, data=data)
            for call in self.entrypoint.in_order()
            for data in call.offchain_effects
        )

    def contract_class_log_fields(self) -> tuple[ContractClassLogFields, ...]:
        """Give the class logs of all calls, by counter."""
        logs = [item for call in self.entrypoint.in_order() for item in call.class_logs]
        return tuple(item.log.fields for item in sorted(logs, key=lambda item: item.counter))


def _kernel_call(call: ExecutedCall) -> PrivateCall:
    return PrivateCall(call.inputs, tuple(map(_kernel_call, call.nested)))


def public_requests(calls: Sequence[ExecutedCall]) -> Iterator[EnqueuedRequest]:
    """Give the public calls and the teardown in the order in which a transaction carries their calldata.

    Rule: `collectNested` of the file above: the calls of one level of one caller first, then what is below.
    """
    for call in calls:
        yield from (item.request for item in call.inputs.public_calls)
        if call.inputs.teardown_call is not None:
            yield call.inputs.teardown_call
    for call in calls:
        yield from public_requests(call.nested)
