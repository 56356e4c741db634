"""All steps of the kernel in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.protocol.hashes import silo_nullifier
from aztecd.protocol.tx_data import PrivateKernelTailPublicInputs, TxConstantData
from aztecd.pxe.kernel.accumulate import Accumulated, PrivateCall, accumulate
from aztecd.pxe.kernel.errors import KernelError
from aztecd.pxe.kernel.request import TxRequest
from aztecd.pxe.kernel.reset import check_pending_reads, silo, squash
from aztecd.pxe.kernel.tail import tail
from aztecd.pxe.kernel.validate import validate_calls

__all__ = ["KernelInput", "prove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelInput:
    """What the kernel is given beside the calls.

    `first_nullifier`: what execution took the nonces from, the request's protocol nullifier or the first
    nullifier of a call. `nullifier_of_note`: counters of notes that the transaction consumes itself.
    `horizons`: for each called contract the last second at which its class is certain. `fee_payer` replaces
    a missing one, where fees are not enforced.
    """

    request: TxRequest
    root: PrivateCall
    constants: TxConstantData
    first_nullifier: Fr
    nullifier_of_note: Mapping[int, int] = field(default_factory=dict)
    horizons: Mapping[Fr, int] = field(default_factory=dict)
    fee_payer: Fr | None = None


def prove(given: KernelInput) -> PrivateKernelTailPublicInputs:
    """Check the calls and make the transaction's data; reads of the trees are the caller's to check.

    Raises: KernelError.
    """
    total = accumulate(given.root)
    validate_calls(given.request, given.root, total.min_revertible_counter)
    if list(given.root.inputs.header) != given.constants.anchor_block_header.to_fields():
        raise KernelError("the calls are anchored to another block")
    check_pending_reads(total)
    protocol_nullifier: Fr | None = given.request.protocol_nullifier()
    if given.first_nullifier != protocol_nullifier:
        protocol_nullifier = None
        _check_claim(total, given.first_nullifier)
    expiration = min(
        chain([total.expiration_timestamp], (given.horizons[contract] for contract in total.contracts))
        if given.horizons
        else [total.expiration_timestamp]
    )
    total = squash(replace(total, expiration_timestamp=expiration), given.nullifier_of_note)
    fee_payer = total.fee_payer
    if fee_payer == FR_ZERO and given.fee_payer is not None:
        fee_payer = given.fee_payer
    return tail(total, silo(total, protocol_nullifier), given.constants, fee_payer=fee_payer)


def _check_claim(total: Accumulated, first_nullifier: Fr) -> None:
    """Hold that the claimed first nullifier is emitted before the revertible phase."""
    split = total.min_revertible_counter
    for nullifier in total.nullifiers:
        if (not split or nullifier.item.counter < split) and (
            silo_nullifier(nullifier.contract, nullifier.item.value) == first_nullifier
        ):
            return
    raise KernelError("First nullifier claim was not satisfied")
