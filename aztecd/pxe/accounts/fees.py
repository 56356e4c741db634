"""The calls of fee payment methods.

A method is a payload that goes in front of the user's calls and names who pays. Accounts that pay with what
they have need none.

Authority: @aztec/aztec.js src/fee/*.ts (4.1.2).
"""

from __future__ import annotations

from aztecd.constants import FEE_JUICE_ADDRESS
from aztecd.crypto.field import Fr, fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.accounts.calls import call_of
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.requests import AuthWitness, ExecutionPayload, FunctionCall

__all__ = [
    "claim_payment",
    "private_fpc_payment",
    "private_fpc_transfer",
    "public_fpc_payment",
    "public_fpc_transfer",
    "sponsored_payment",
]


def sponsored_payment(sponsor: AztecAddress) -> ExecutionPayload:
    """Let a sponsor pay, who asks for nothing."""
    call = call_of("sponsor_unconditionally()", sponsor, [])
    return ExecutionPayload(calls=(call,), fee_payer=sponsor)


def claim_payment(
    account: AztecAddress, *, amount: int, claim_secret: Fr, message_leaf_index: int
) -> ExecutionPayload:
    """Pay with fee juice that was sent from L1 and is claimed in this very transaction."""
    call = call_of(
        "claim_and_end_setup((Field),u128,Field,Field)",
        AztecAddress(FEE_JUICE_ADDRESS),
        [account, fr(amount), claim_secret, fr(message_leaf_index)],
    )
    return ExecutionPayload(calls=(call,), fee_payer=account)


def private_fpc_transfer(
    account: AztecAddress, fpc: AztecAddress, asset: AztecAddress, *, max_fee: int, nonce: Fr
) -> FunctionCall:
    """Give the transfer that the paying contract makes of the account's private tokens: to be approved."""
    return call_of(
        "transfer_to_public((Field),(Field),u128,Field)", asset, [account, fpc, fr(max_fee), nonce]
    )


def private_fpc_payment(
    fpc: AztecAddress, *, max_fee: int, nonce: Fr, approval: AuthWitness
) -> ExecutionPayload:
    """Pay a contract with private tokens; `approval` is that of `private_fpc_transfer`."""
    call = call_of("fee_entrypoint_private(u128,Field)", fpc, [fr(max_fee), nonce])
    return ExecutionPayload(calls=(call,), auth_witnesses=(approval,), fee_payer=fpc)


def public_fpc_transfer(
    account: AztecAddress, fpc: AztecAddress, asset: AztecAddress, *, max_fee: int, nonce: Fr
) -> FunctionCall:
    """Give the transfer that the paying contract makes of the account's public tokens: to be approved."""
    return call_of(
        "transfer_in_public((Field),(Field),u128,Field)",
        asset,
        [account, fpc, fr(max_fee), nonce],
        kind=FunctionKind.PUBLIC,
    )


def public_fpc_payment(
    fpc: AztecAddress, *, max_fee: int, nonce: Fr, approval: FunctionCall
) -> ExecutionPayload:
    """Pay a contract with public tokens; `approval` is the call that approves `public_fpc_transfer`."""
    call = call_of("fee_entrypoint_public(u128,Field)", fpc, [fr(max_fee), nonce])
    return ExecutionPayload(calls=(approval, call), fee_payer=fpc)
