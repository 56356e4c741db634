"""Gather what all private calls of a transaction did, in the order of the calls.

Authority: the private kernel init and inner circuits, artifacts of @aztec/noir-protocol-circuits-types
(4.1.2); the order was confirmed against recorded transactions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.pxe.kernel.errors import KernelError
from aztecd.pxe.kernel.public_inputs import (
    CircuitInputs,
    ClassLogHash,
    EnqueuedRequest,
    KeyValidation,
    L1Message,
    NewNoteHash,
    NewNullifier,
    NewPrivateLog,
    PublicRequest,
    ReadRequest,
)

__all__ = ["Accumulated", "PrivateCall", "Scoped", "accumulate"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PrivateCall:
    """An executed private call and the calls that it made."""

    inputs: CircuitInputs
    nested: tuple[PrivateCall, ...] = ()

    def in_order(self) -> Iterator[PrivateCall]:
        """Give the call, then its nested calls in the order of their requests, each with its own."""
        waiting = [self]
        while waiting:
            call = waiting.pop()
            yield call
            waiting.extend(reversed(call.nested))


@dataclass(frozen=True, slots=True)
class Scoped(Generic[T]):
    """Something that a call of a contract emitted."""

    contract: Fr
    item: T


@dataclass(slots=True, kw_only=True)
class Accumulated:
    """All side effects and claims of a transaction. Mutable while it is gathered.

    `min_revertible_counter` is 0 when no call ended the setup phase.
    """

    note_hashes: list[Scoped[NewNoteHash]] = field(default_factory=list)
    nullifiers: list[Scoped[NewNullifier]] = field(default_factory=list)
    messages: list[Scoped[L1Message]] = field(default_factory=list)
    private_logs: list[Scoped[NewPrivateLog]] = field(default_factory=list)
    class_logs: list[Scoped[ClassLogHash]] = field(default_factory=list)
    public_calls: list[PublicRequest] = field(default_factory=list)
    teardown_call: EnqueuedRequest | None = None
    note_hash_reads: list[Scoped[ReadRequest]] = field(default_factory=list)
    nullifier_reads: list[Scoped[ReadRequest]] = field(default_factory=list)
    key_validations: list[Scoped[KeyValidation]] = field(default_factory=list)
    fee_payer: Fr = FR_ZERO
    min_revertible_counter: int = 0
    expiration_timestamp: int = (1 << 64) - 1
    contracts: list[Fr] = field(default_factory=list)
    """The called contracts, each once, in the order of their first call."""

    @property
    def is_private_only(self) -> bool:
        """Whether there is no public call at all."""
        return not self.public_calls and self.teardown_call is None


def accumulate(root: PrivateCall) -> Accumulated:
    """Gather the effects of a call and all that it called. Raises KernelError for what is set twice."""
    total = Accumulated()
    for call in root.in_order():
        _add(total, call.inputs)
    return total


def _add(total: Accumulated, inputs: CircuitInputs) -> None:
    contract = inputs.context.contract_address
    if contract not in total.contracts:
        total.contracts.append(contract)
    total.note_hashes += [Scoped(contract, item) for item in inputs.note_hashes]
    total.nullifiers += [Scoped(contract, item) for item in inputs.nullifiers]
    total.messages += [Scoped(contract, item) for item in inputs.messages]
    total.private_logs += [Scoped(contract, item) for item in inputs.private_logs]
    total.class_logs += [Scoped(contract, item) for item in inputs.class_logs]
    total.public_calls += inputs.public_calls
    total.note_hash_reads += [Scoped(contract, item) for item in inputs.note_hash_reads]
    total.nullifier_reads += [Scoped(contract, item) for item in inputs.nullifier_reads]
    total.key_validations += [Scoped(contract, item) for item in inputs.key_validations]
    if inputs.teardown_call is not None:
        if total.teardown_call is not None:
            raise KernelError("Public teardown call request already set")
        total.teardown_call = inputs.teardown_call
    if inputs.is_fee_payer:
        if total.fee_payer != FR_ZERO:
            raise KernelError("Cannot overwrite non-empty fee_payer")
        total.fee_payer = contract
    if inputs.min_revertible_counter:
        if total.min_revertible_counter:
            raise KernelError("cannot overwrite non-zero min_revertible_side_effect_counter")
        total.min_revertible_counter = inputs.min_revertible_counter
    total.expiration_timestamp = min(total.expiration_timestamp, inputs.expiration_timestamp)
