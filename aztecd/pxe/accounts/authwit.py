"""Approvals: what an account signs so that others may act for it.

    inner hash   = H([caller, selector, hash of arguments], AUTHWIT_INNER)         of a call
    message hash = H([consumer, chain id, version, inner hash], AUTHWIT_OUTER)     what is signed
    nullifier    = H([on behalf of, inner hash], AUTHWIT_NULLIFIER)                when it is used up

In public, approvals are entries of the contract AuthRegistry.

Authority: @aztec/stdlib src/auth_witness/auth_witness.ts, @aztec/aztec.js src/utils/authwit.ts,
src/authorization/call_authorization_request.ts, aztec-nr src/authwit/auth.nr (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aztecd.constants import (
    AUTH_REGISTRY_ADDRESS,
    DOM_SEP_AUTHWIT_INNER,
    DOM_SEP_AUTHWIT_NULLIFIER,
    DOM_SEP_AUTHWIT_OUTER,
)
from aztecd.crypto.field import Fr, fr, fr_int
from aztecd.crypto.poseidon2 import hash_with_separator
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.hashes import var_args_hash
from aztecd.pxe.abi import BooleanType, selector_field, selector_of_signature
from aztecd.pxe.accounts.calls import call_of
from aztecd.pxe.accounts.errors import AccountsError
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.requests import FunctionCall

__all__ = [
    "CallAuthorization",
    "auth_witness_nullifier",
    "inner_hash_of",
    "inner_hash_of_call",
    "is_consumable_call",
    "lookup_validity_call",
    "outer_hash_of",
    "set_authorized_call",
]


def inner_hash_of(elements: Sequence[Fr]) -> Fr:
    """Hash what is approved, whatever the consumer takes for it."""
    return hash_with_separator(DOM_SEP_AUTHWIT_INNER, elements)


def inner_hash_of_call(caller: AztecAddress, call: FunctionCall) -> Fr:
    """Hash the approval of a call that `caller` makes."""
    return inner_hash_of([caller, selector_field(FunctionSelector(call.selector)), var_args_hash(call.args)])


def outer_hash_of(consumer: AztecAddress, chain_id: int, version: int, inner_hash: Fr) -> Fr:
    """Bind an approval to the contract that asks for it and to the chain: the message that is signed."""
    return hash_with_separator(DOM_SEP_AUTHWIT_OUTER, [consumer, fr(chain_id), fr(version), inner_hash])


def auth_witness_nullifier(on_behalf_of: AztecAddress, inner_hash: Fr) -> Fr:
    """Give the inner nullifier that the consumer emits when it takes an approval."""
    return hash_with_separator(DOM_SEP_AUTHWIT_NULLIFIER, [on_behalf_of, inner_hash])


def set_authorized_call(message_hash: Fr, *, is_authorized: bool) -> FunctionCall:
    """Make the call by which an account approves a message in public, or takes that back."""
    return call_of(
        "set_authorized(Field,bool)",
        AztecAddress(AUTH_REGISTRY_ADDRESS),
        [message_hash, fr(int(is_authorized))],
        kind=FunctionKind.PUBLIC,
    )


def lookup_validity_call(account: AztecAddress, consumer: AztecAddress, inner_hash: Fr) -> FunctionCall:
    """Make the utility call that tells whether a witness (given beside) is valid and not used.

    Of the standard accounts only the Schnorr account has this function.
    """
    return call_of(
        "lookup_validity((Field),Field)",
        account,
        [consumer, inner_hash],
        kind=FunctionKind.UTILITY,
        return_types=[BooleanType()],
    )


def is_consumable_call(on_behalf_of: AztecAddress, message_hash: Fr) -> FunctionCall:
    """Make the utility call that tells whether a message is approved in public."""
    return call_of(
        "utility_is_consumable((Field),Field)",
        AztecAddress(AUTH_REGISTRY_ADDRESS),
        [on_behalf_of, message_hash],
        kind=FunctionKind.UTILITY,
        return_types=[BooleanType()],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAuthorization:
    """A call for which a contract asked for approval: the offchain effect that it leaves in a simulation."""

    inner_hash: Fr
    msg_sender: AztecAddress
    function_selector: FunctionSelector
    args_hash: Fr
    args: tuple[Fr, ...]

    @classmethod
    def from_fields(cls, fields: Sequence[Fr]) -> CallAuthorization:
        """Read an offchain effect. Raises AccountsError when it is another one."""
        expected = selector_of_signature("CallAuthorization((Field),(u32),Field)")
        if len(fields) < 5 or fields[0] != selector_field(expected):
            raise AccountsError(
                f"Invalid authorization selector for CallAuthwit: expected 0x{expected.hex()}, "
                f"got {'0x' + fields[0].hex() if fields else 'nothing'}"
            )
        if fr_int(fields[3]) >> 32:
            raise AccountsError("the function selector of an authorization has more than 32 bits")
        return cls(
            inner_hash=fields[1],
            msg_sender=AztecAddress(fields[2]),
            function_selector=FunctionSelector(fields[3][-4:]),
            args_hash=fields[4],
            args=tuple(fields[5:]),
        )
