"""Entrypoints: from a list of calls to the request that executes them.

A payload has exactly five calls of six fields and a nonce. Missing calls are filled with empty **public**
ones, whose calldata is one zero: their hash is not zero, and their preimage is among the hashed arguments.
The payload's hash is signed as it is, without the outer hash of other approvals.

Authority: @aztec/entrypoints
src/{account_entrypoint,default_multi_call_entrypoint,default_entrypoint,encoding}.ts (4.1.2).
"""

from __future__ import annotations

import enum
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aztecd.constants import DOM_SEP_SIGNATURE_PAYLOAD, MULTI_CALL_ENTRYPOINT_ADDRESS
from aztecd.crypto.field import FR_MODULUS, FR_ZERO, Fr, fr
from aztecd.crypto.poseidon2 import hash_with_separator
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.tx import HashedValues
from aztecd.protocol.tx_data import TxContext
from aztecd.pxe.abi import selector_field
from aztecd.pxe.accounts.calls import call_of
from aztecd.pxe.accounts.errors import EntrypointError
from aztecd.pxe.accounts.signers import Signer
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.requests import (
    AuthWitness,
    ExecutionPayload,
    FunctionCall,
    TxExecutionRequest,
    hashed_arguments,
)

__all__ = [
    "MAX_CALLS",
    "EntrypointPayload",
    "FeeOption",
    "account_payload",
    "account_request",
    "direct_request",
    "fee_option_for",
    "multi_call_payload",
    "multi_call_request",
    "random_nonce",
]

MAX_CALLS: Final = 5

_PAYLOAD_TYPE: Final = "([(Field,(u32),(Field),bool,bool,bool);5],Field)"
_ACCOUNT_SIGNATURE: Final = f"entrypoint({_PAYLOAD_TYPE},u8,bool)"
_MULTI_CALL_SIGNATURE: Final = f"entrypoint({_PAYLOAD_TYPE})"
_EMPTY_CALL: Final = FunctionCall(
    name="",
    to=AztecAddress(FR_ZERO),
    selector=FunctionSelector(bytes(4)),
    type=FunctionKind.PUBLIC,
    hide_msg_sender=False,
    is_static=False,
    args=(),
    return_types=(),
)


class FeeOption(enum.IntEnum):
    """How an account's contract takes part in paying the fee."""

    EXTERNAL = 0
    """Another contract pays."""
    PREEXISTING_FEE_JUICE = 1
    """The account pays with what it has, and ends the setup phase."""
    FEE_JUICE_WITH_CLAIM = 2
    """The account pays with what it claims in this transaction; the claim ends the setup phase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrypointPayload:
    """Calls as an entrypoint takes them. Two payloads with one nonce exclude each other if cancellable."""

    calls: tuple[FunctionCall, ...]
    tx_nonce: Fr

    @classmethod
    def of(cls, calls: Sequence[FunctionCall], tx_nonce: Fr | None = None) -> EntrypointPayload:
        """Fill up to five calls; the nonce is random unless given. Raises EntrypointError on more."""
        if len(calls) > MAX_CALLS:
            raise EntrypointError(f"Expected at most {MAX_CALLS} function calls, got {len(calls)}")
        filled = (*calls, *[_EMPTY_CALL] * (MAX_CALLS - len(calls)))
        return cls(calls=filled, tx_nonce=random_nonce() if tx_nonce is None else tx_nonce)

    def hashed_arguments(self) -> tuple[HashedValues, ...]:
        """Give the arguments of every call, which execution looks up by their hash."""
        return tuple(call.hashed() for call in self.calls)

    def to_fields(self) -> list[Fr]:
        """Give the 31 fields."""
        fields: list[Fr] = []
        for call, arguments in zip(self.calls, self.hashed_arguments(), strict=True):
            fields += (
                arguments.hash,
                selector_field(FunctionSelector(call.selector)),
                call.to,
                fr(int(call.type is FunctionKind.PUBLIC)),
                fr(int(call.hide_msg_sender)),
                fr(int(call.is_static)),
            )
        return [*fields, self.tx_nonce]

    def hash(self) -> Fr:
        """Give what the account signs."""
        return hash_with_separator(DOM_SEP_SIGNATURE_PAYLOAD, self.to_fields())


def random_nonce() -> Fr:
    """Draw a field element."""
    return fr(secrets.randbelow(FR_MODULUS))


def fee_option_for(account: AztecAddress, payment: ExecutionPayload | None) -> FeeOption:
    """Choose the option that fits the calls of a fee payment method.

    Calls of a payment by the account itself can only be a claim.
    """
    payer = payment.fee_payer if payment is not None else None
    if payer is not None and payer != account:
        return FeeOption.EXTERNAL
    if payment is not None and payment.calls:
        return FeeOption.FEE_JUICE_WITH_CLAIM
    return FeeOption.PREEXISTING_FEE_JUICE


def account_request(
    account: AztecAddress,
    signer: Signer,
    payload: ExecutionPayload,
    context: TxContext,
    *,
    fee_option: FeeOption,
    is_cancellable: bool = False,
    tx_nonce: Fr | None = None,
    salt: Fr | None = None,
) -> TxExecutionRequest:
    """Make the request that executes a payload through an account. Raises EntrypointError."""
    encoded, call, witness = _account_call(account, signer, payload, fee_option, is_cancellable, tx_nonce)
    return _request(
        call,
        encoded.hashed_arguments(),
        payload,
        context,
        auth_witnesses=(*payload.auth_witnesses, witness),
        salt=salt,
    )


def account_payload(
    account: AztecAddress,
    signer: Signer,
    payload: ExecutionPayload,
    *,
    fee_option: FeeOption,
    is_cancellable: bool = False,
    tx_nonce: Fr | None = None,
) -> ExecutionPayload:
    """Wrap a payload into one call of the account's entrypoint, for another entrypoint to make.

    Raises EntrypointError.
    """
    encoded, call, witness = _account_call(account, signer, payload, fee_option, is_cancellable, tx_nonce)
    return ExecutionPayload(
        calls=(call,),
        auth_witnesses=(witness, *payload.auth_witnesses),
        capsules=payload.capsules,
        extra_hashed_args=(*encoded.hashed_arguments(), *payload.extra_hashed_args),
        fee_payer=account if payload.fee_payer is None else payload.fee_payer,
    )


def multi_call_request(
    payload: ExecutionPayload, context: TxContext, *, tx_nonce: Fr | None = None, salt: Fr | None = None
) -> TxExecutionRequest:
    """Make the request that executes a payload without any account. Raises EntrypointError."""
    encoded, call = _multi_call(payload, tx_nonce)
    return _request(
        call,
        encoded.hashed_arguments(),
        payload,
        context,
        auth_witnesses=payload.auth_witnesses,
        salt=salt,
    )


def multi_call_payload(payload: ExecutionPayload, *, tx_nonce: Fr | None = None) -> ExecutionPayload:
    """Wrap a payload into one call of the multi-call entrypoint. Raises EntrypointError."""
    encoded, call = _multi_call(payload, tx_nonce)
    return payload.replace(
        calls=(call,), extra_hashed_args=(*encoded.hashed_arguments(), *payload.extra_hashed_args)
    )


def direct_request(
    payload: ExecutionPayload, context: TxContext, *, salt: Fr | None = None
) -> TxExecutionRequest:
    """Make the request that executes one private call as the whole transaction. Raises EntrypointError."""
    if len(payload.calls) != 1:
        raise EntrypointError(f"Expected a single call, got {len(payload.calls)}")
    if payload.calls[0].type is not FunctionKind.PRIVATE:
        raise EntrypointError("Public entrypoints are not allowed")
    return _request(payload.calls[0], (), payload, context, auth_witnesses=payload.auth_witnesses, salt=salt)


def _account_call(
    account: AztecAddress,
    signer: Signer,
    payload: ExecutionPayload,
    fee_option: FeeOption,
    is_cancellable: bool,
    tx_nonce: Fr | None,
) -> tuple[EntrypointPayload, FunctionCall, AuthWitness]:
    encoded = EntrypointPayload.of(payload.calls, tx_nonce)
    arguments = [*encoded.to_fields(), fr(fee_option), fr(int(is_cancellable))]
    call = call_of(_ACCOUNT_SIGNATURE, account, arguments)
    return encoded, call, signer.sign(encoded.hash())


def _multi_call(payload: ExecutionPayload, tx_nonce: Fr | None) -> tuple[EntrypointPayload, FunctionCall]:
    encoded = EntrypointPayload.of(payload.calls, tx_nonce)
    entrypoint = AztecAddress(MULTI_CALL_ENTRYPOINT_ADDRESS)
    return encoded, call_of(_MULTI_CALL_SIGNATURE, entrypoint, encoded.to_fields())


def _request(
    call: FunctionCall,
    arguments_of_calls: Sequence[HashedValues],
    payload: ExecutionPayload,
    context: TxContext,
    *,
    auth_witnesses: tuple[AuthWitness, ...],
    salt: Fr | None,
) -> TxExecutionRequest:
    entrypoint = hashed_arguments(call.args)
    return TxExecutionRequest(
        origin=call.to,
        function_selector=call.selector,
        first_call_args_hash=entrypoint.hash,
        tx_context=context,
        args_of_calls=(*arguments_of_calls, entrypoint, *payload.extra_hashed_args),
        auth_witnesses=auth_witnesses,
        capsules=payload.capsules,
        salt=random_nonce() if salt is None else salt,
    )
