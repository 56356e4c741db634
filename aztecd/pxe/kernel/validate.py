"""The rules that each call has to obey beside its own circuit.

What the circuits check of code identity (class, verification key, address) is not here: the wallet takes code
from its own store, which checked it.

Authority: error texts of the private kernel init and inner circuits, artifacts of
@aztec/noir-protocol-circuits-types (4.1.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from aztecd.constants import NULL_MSG_SENDER_ADDRESS
from aztecd.crypto.field import FR_ZERO
from aztecd.pxe.kernel.accumulate import PrivateCall
from aztecd.pxe.kernel.errors import KernelError
from aztecd.pxe.kernel.public_inputs import CircuitInputs, EnqueuedRequest
from aztecd.pxe.kernel.request import TxRequest

__all__ = ["validate_calls"]


def validate_calls(request: TxRequest, root: PrivateCall, min_revertible_counter: int) -> None:
    """Check the first call against the request, each other against its caller, and all by themselves.

    Raises: KernelError with the text of the first rule that is broken.
    """
    _validate_first(request, root.inputs)
    for call in root.in_order():
        inputs = call.inputs
        if inputs.header != root.inputs.header or inputs.tx_context != root.inputs.tx_context:
            raise KernelError("the calls do not agree about the anchor block or the transaction context")
        _validate_counters(inputs)
        _validate_phase(inputs, min_revertible_counter)
        _validate_senders(inputs)
        if inputs.context.is_static:
            _validate_static(inputs)
        _validate_nested(call)


def _validate_first(request: TxRequest, inputs: CircuitInputs) -> None:
    context = inputs.context
    if context.msg_sender != NULL_MSG_SENDER_ADDRESS:
        raise KernelError("Users cannot set msg_sender in first call")
    if context.is_static:
        raise KernelError("First call in a tx cannot be static")
    if not request.is_private:
        raise KernelError("the first call of a transaction is private")
    if (
        context.contract_address != request.origin
        or context.selector != request.selector
        or inputs.args_hash != request.args_hash
        or list(inputs.tx_context) != request.tx_context.to_fields()
    ):
        raise KernelError("the first call is not the one that was requested")
    if inputs.start_counter <= 1:
        raise KernelError("start_side_effect_counter must be greater than 1")


def _validate_counters(inputs: CircuitInputs) -> None:
    """Hold that the counters of each kind grow and lie within the call."""
    lists: tuple[Iterable[int], ...] = (
        (item.counter for item in inputs.note_hashes),
        (item.counter for item in inputs.nullifiers),
        (item.counter for item in inputs.messages),
        (item.counter for item in inputs.private_logs),
        (item.counter for item in inputs.class_logs),
        (item.counter for item in inputs.public_calls),
        (item.counter for item in inputs.note_hash_reads),
        (item.counter for item in inputs.nullifier_reads),
        chain.from_iterable((item.start_counter, item.end_counter) for item in inputs.nested_calls),
    )
    for counters in lists:
        last = inputs.start_counter
        for counter in counters:
            if counter <= last:
                raise KernelError("Counter must be greater than previous counter")
            last = counter
        if last != inputs.start_counter and last >= inputs.end_counter:
            raise KernelError("Counter must be less than the end counter of the call")


def _validate_phase(inputs: CircuitInputs, min_revertible_counter: int) -> None:
    if min_revertible_counter == 0:
        return
    expected = inputs.expected_revertible_counter
    if expected and expected < min_revertible_counter:
        raise KernelError("Failed to validate expected revertible side effect counter")
    if inputs.expected_non_revertible_counter >= min_revertible_counter:
        raise KernelError("Failed to validate expected non revertible side effect counter")


def _validate_senders(inputs: CircuitInputs) -> None:
    allowed = (inputs.context.contract_address, NULL_MSG_SENDER_ADDRESS)
    requests: list[EnqueuedRequest] = [item.request for item in inputs.public_calls]
    if inputs.teardown_call is not None:
        requests.append(inputs.teardown_call)
    if any(request.msg_sender not in allowed for request in requests):
        raise KernelError("incorrect msg_sender for public call request")


def _validate_static(inputs: CircuitInputs) -> None:
    if (
        inputs.note_hashes
        or inputs.nullifiers
        or inputs.messages
        or inputs.private_logs
        or inputs.class_logs
        or inputs.min_revertible_counter
        or inputs.is_fee_payer
        or (inputs.teardown_call is not None and not inputs.teardown_call.is_static)
        or any(not nested.context.is_static for nested in inputs.nested_calls)
        or any(not item.request.is_static for item in inputs.public_calls)
    ):
        raise KernelError("a static call has side effects")


def _validate_nested(call: PrivateCall) -> None:
    """Hold that the executed calls are those that were requested, in order."""
    inputs = call.inputs
    if len(call.nested) != len(inputs.nested_calls):
        raise KernelError(
            f"a call requested {len(inputs.nested_calls)} private calls, {len(call.nested)} were executed"
        )
    for requested, executed in zip(inputs.nested_calls, call.nested, strict=True):
        made = executed.inputs
        if requested.context.msg_sender != inputs.context.contract_address:
            raise KernelError("incorrect msg_sender for private call request")
        if requested.context.contract_address == FR_ZERO:
            raise KernelError("a private call request has no contract")
        if (
            requested.context != made.context
            or requested.args_hash != made.args_hash
            or requested.returns_hash != made.returns_hash
            or requested.start_counter != made.start_counter
            or requested.end_counter != made.end_counter
        ):
            raise KernelError("Private call has incorrect counter range or was not made as requested")
