"""Why the pool refuses a transaction that is valid by itself.

AztecdError
└── InvalidInputError
    └── MempoolRejection    the pool has something better; `data` tells a client what it would take

Authority: @aztec/p2p src/errors/tx-pool.error.ts, src/mem_pools/tx_pool_v2/eviction/interfaces.ts (4.1.2).
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import TYPE_CHECKING

from aztecd.crypto.field import fr_hex
from aztecd.errors import InvalidInputError

if TYPE_CHECKING:
    from aztecd.protocol.basic import AztecAddress, TxHash

__all__ = ["MempoolRejection", "RejectionCode"]


@unique
class RejectionCode(StrEnum):
    """The `code` that clients see."""

    NULLIFIER_CONFLICT = "NULLIFIER_CONFLICT"
    INSUFFICIENT_FEE_PAYER_BALANCE = "INSUFFICIENT_FEE_PAYER_BALANCE"
    LOW_PRIORITY_FEE = "LOW_PRIORITY_FEE"


class MempoolRejection(InvalidInputError):  # noqa: N818 - the protocol's word
    """A transaction that is not added; message and `data` (amounts in decimal) go to the client."""

    code = "mempool_rejection"

    def __init__(self, rejection: RejectionCode, message: str, **details: str) -> None:
        super().__init__(message)
        self.rejection = rejection
        self.data: dict[str, str] = {"code": rejection.value, "message": message, **details}

    @classmethod
    def nullifier_conflict(cls, other: TxHash, *, minimum_fee: int | None, fee: int) -> MempoolRejection:
        """Another pending transaction has a nullifier of this one; gossip hears of no minimum."""
        message = f"Nullifier conflict with existing tx {fr_hex(other)}"
        if minimum_fee is None:
            return cls(RejectionCode.NULLIFIER_CONFLICT, message, conflictingTxHash=fr_hex(other))
        return cls(
            RejectionCode.NULLIFIER_CONFLICT,
            f"{message}. Minimum required fee: {minimum_fee}, got: {fee}",
            conflictingTxHash=fr_hex(other),
            minimumPriceBumpFee=str(minimum_fee),
            txPriorityFee=str(fee),
        )

    @classmethod
    def insufficient_balance(
        cls, payer: AztecAddress, *, balance: int, available: int, fee_limit: int
    ) -> MempoolRejection:
        """The fee payer's balance is used up by transactions of higher priority."""
        return cls(
            RejectionCode.INSUFFICIENT_FEE_PAYER_BALANCE,
            f"Fee payer {fr_hex(payer)} has insufficient balance. "
            f"Balance at transaction: {available}, required: {fee_limit}",
            currentBalance=str(balance),
            availableBalance=str(available),
            feeLimit=str(fee_limit),
        )

    @classmethod
    def low_priority(cls, *, minimum_fee: int, fee: int) -> MempoolRejection:
        """The pool is full of transactions of higher priority."""
        return cls(
            RejectionCode.LOW_PRIORITY_FEE,
            f"Tx does not meet minimum priority fee. Required: {minimum_fee}, got: {fee}",
            minimumPriorityFee=str(minimum_fee),
            txPriorityFee=str(fee),
        )
