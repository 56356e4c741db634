"""Public static calls at the start of a simulation: the node answers them without any private execution.

Only a leading run can be taken out: what comes after another call may see what that one changed.

Authority: @aztec/wallet-sdk src/base-wallet/utils.ts (4.1.2).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from aztecd.constants import MAX_ENQUEUED_CALLS_PER_CALL, PROTOCOL_CONTRACTS_HASH, VK_TREE_ROOT
from aztecd.crypto.field import FR_MODULUS, fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tx import Tx
from aztecd.protocol.tx_data import TxConstantData, TxContext
from aztecd.pxe.kernel.accumulate import Accumulated
from aztecd.pxe.kernel.public_inputs import EnqueuedRequest, PublicRequest
from aztecd.pxe.kernel.reset import silo
from aztecd.pxe.kernel.tail import tail
from aztecd.pxe.proving import EMPTY_PROOF
from aztecd.pxe.requests import ExecutionPayload, FunctionCall

__all__ = ["batches_of_calls", "public_call_tx", "split_leading_public_calls"]

_FIRST_COUNTER: Final = 2
"""After the counter of the transaction's only nullifier, so that every call can be reverted."""
_LIFETIME_S: Final = 86_400


def split_leading_public_calls(
    payload: ExecutionPayload,
) -> tuple[tuple[FunctionCall, ...], ExecutionPayload]:
    """Cut off the public static calls that come first; give them and the rest."""
    count = 0
    while count < len(payload.calls) and payload.calls[count].is_public_static:
        count += 1
    return payload.calls[:count], payload.replace(calls=payload.calls[count:])


def batches_of_calls(calls: Sequence[FunctionCall]) -> list[Sequence[FunctionCall]]:
    """Cut calls into as many as one transaction can enqueue."""
    size = MAX_ENQUEUED_CALLS_PER_CALL
    return [calls[at : at + size] for at in range(0, len(calls), size)]


def public_call_tx(
    calls: Sequence[FunctionCall], *, sender: AztecAddress, context: TxContext, anchor: BlockHeader
) -> Tx:
    """Make a transaction of nothing but public calls, all revertible; it can be simulated, not mined.

    Raises KernelError for too many calls, or less gas than they need at least.
    """
    calldata = tuple(call.hashed() for call in calls)
    total = Accumulated(
        public_calls=[
            PublicRequest(
                EnqueuedRequest(sender, call.to, call.is_static, hashed.hash), _FIRST_COUNTER + index
            )
            for index, (call, hashed) in enumerate(zip(calls, calldata, strict=True))
        ],
        min_revertible_counter=_FIRST_COUNTER,
        expiration_timestamp=anchor.global_variables.timestamp + _LIFETIME_S,
    )
    constants = TxConstantData(
        anchor_block_header=anchor,
        tx_context=context,
        vk_tree_root=VK_TREE_ROOT,
        protocol_contracts_hash=PROTOCOL_CONTRACTS_HASH,
    )
    nullifier = fr(secrets.randbelow(FR_MODULUS - 1) + 1)
    # The kernel wants a fee payer; a simulation without fee enforcement does not.
    data = tail(total, silo(total, nullifier), constants, fee_payer=calls[0].to).replace(fee_payer=sender)
    return Tx(
        tx_hash=data.tx_hash(),
        data=data,
        chonk_proof=EMPTY_PROOF,
        contract_class_log_fields=(),
        public_function_calldata=calldata,
    )
