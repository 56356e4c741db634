"""From executed private calls to a transaction: the kernel with everything that it must hold, and a proof.

On networks that do not verify proofs random field elements do; a native prover takes the place of the
simulated one where they are verified.

Authority: @aztec/pxe src/private_kernel/private_kernel_execution_prover.ts, hints/*.ts; @aztec/stdlib
src/proofs/chonk_proof.ts (4.1.2).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final, Protocol

from aztecd.constants import CHONK_PROOF_LENGTH, PROTOCOL_CONTRACTS_HASH, VK_TREE_ROOT
from aztecd.crypto.field import FR_MODULUS, FR_SIZE, fr, fr_hex
from aztecd.errors import AztecdError
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.tx import Tx
from aztecd.protocol.tx_data import PrivateKernelTailPublicInputs, TxConstantData
from aztecd.pxe.execution.result import PrivateExecutionResult
from aztecd.pxe.kernel import (
    Accumulated,
    KernelError,
    KernelInput,
    accumulate,
    class_horizon,
    prove,
    settled_reads,
)
from aztecd.pxe.keys import point_bytes, public_key_hash
from aztecd.pxe.node import NULLIFIER_TREE
from aztecd.pxe.requests import TxExecutionRequest
from aztecd.pxe.sync import Job, class_updates
from aztecd.pxe.sync.validation import leaf_calls

__all__ = ["EMPTY_PROOF", "Proof", "Prover", "SimulatedProver", "make_data", "make_tx"]

EMPTY_PROOF: Final = bytes(CHONK_PROOF_LENGTH * FR_SIZE)
"""What simulations carry."""

_NOTE_HASH_TREE: Final = 1
_RANDOM_BYTES: Final = 31
_NO_FEE_PAYER: Final = fr(FR_MODULUS - 1)
"""Stands in for the fee payer where fees are not enforced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a prover is given: the executed calls, and the kernel's output that they lead to."""

    request: TxExecutionRequest
    execution: PrivateExecutionResult
    data: PrivateKernelTailPublicInputs


class Prover(Protocol):
    """Proves private execution. Called in the thread of a job; may take as long as it needs."""

    def prove(self, wanted: Proof) -> bytes:
        """Give the proof: 1935 field elements, packed."""
        ...


class SimulatedProver:
    """Makes what networks without verification take for a proof. Satisfies Prover."""

    def prove(self, wanted: Proof) -> bytes:  # noqa: ARG002 - any proof is as good as another
        """Give random elements in three quarters of the proof, and zeros, as the reference does."""
        count = 3 * CHONK_PROOF_LENGTH // 4
        elements = b"".join(b"\0" + secrets.token_bytes(_RANDOM_BYTES) for _ in range(count))
        return elements.ljust(len(EMPTY_PROOF), b"\0")


def make_data(
    job: Job, request: TxExecutionRequest, execution: PrivateExecutionResult, *, enforces_fees: bool
) -> PrivateKernelTailPublicInputs:
    """Run the kernel over executed calls; what was read of the trees and the keys is checked too.

    Raises KernelError.
    """
    root = execution.kernel_calls()
    total = accumulate(root)
    _check_settled_reads(job, total)
    _check_keys(job, total)
    contracts = [AztecAddress(contract) for contract in total.contracts]
    timestamp = job.anchor.header.global_variables.timestamp
    updates = class_updates(job, contracts)
    return prove(
        KernelInput(
            request=request.to_tx_request(),
            root=root,
            constants=TxConstantData(
                anchor_block_header=job.anchor.header,
                tx_context=request.tx_context,
                vk_tree_root=VK_TREE_ROOT,
                protocol_contracts_hash=PROTOCOL_CONTRACTS_HASH,
            ),
            first_nullifier=execution.first_nullifier,
            nullifier_of_note=execution.nullifier_of_note(),
            horizons={
                contract: class_horizon(update, timestamp)
                for contract, update in zip(contracts, updates, strict=True)
            },
            fee_payer=None if enforces_fees else _NO_FEE_PAYER,
        )
    )


def make_tx(data: PrivateKernelTailPublicInputs, execution: PrivateExecutionResult, proof: bytes) -> Tx:
    """Put a transaction together."""
    return Tx(
        tx_hash=data.tx_hash(),
        data=data,
        chonk_proof=proof,
        contract_class_log_fields=execution.contract_class_log_fields(),
        public_function_calldata=execution.public_function_calldata,
    )


def _check_settled_reads(job: Job, total: Accumulated) -> None:
    """Hold that what was read of the trees is there at the anchor block."""
    note_hashes, nullifiers = settled_reads(total)
    calls = [*leaf_calls(job, _NOTE_HASH_TREE, note_hashes), *leaf_calls(job, NULLIFIER_TREE, nullifiers)]
    if not calls:
        return
    places = [place for answer in job.bridge.run_all(calls) for place in answer]
    if None in places[: len(note_hashes)]:
        raise KernelError("Read request is reading an unknown note hash.")
    for nullifier, place in zip(nullifiers, places[len(note_hashes) :], strict=True):
        if place is None:
            raise KernelError(f"Cannot find the leaf for nullifier {fr_hex(nullifier)}.")


def _check_keys(job: Job, total: Accumulated) -> None:
    """Hold that app keys belong to master keys of our own."""
    for item in total.key_validations:
        key = item.item
        key_hash = public_key_hash(key.public_key_x + key.public_key_y)
        try:
            own = job.keys.key_validation_request(key_hash, AztecAddress(item.contract))
        except AztecdError as error:
            raise KernelError("Failed to derive matching master public key from the secret key.") from error
        if (
            own.app_secret != key.app_secret
            or point_bytes(own.public_key) != key.public_key_x + key.public_key_y
        ):
            raise KernelError("Failed to derive matching app secret key from the secret key.")
