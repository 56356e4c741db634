"""What can go wrong between a transaction and its effect.

AztecdError
└── InvalidInputError
    ├── AllowListError                     a setting names no setup function
    └── TxExecutionError                   the transaction cannot be in the block: it is dropped
        ├── FeePaymentError                the fee payer cannot pay, or the fees allow no price
        └── ThrownOutError                 public execution failed in a way that is no revert
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError

__all__ = ["AllowListError", "FeePaymentError", "ThrownOutError", "TxExecutionError"]


class AllowListError(InvalidInputError):
    """An entry of the setup allow list cannot be read."""

    code = "allow_list"


class TxExecutionError(InvalidInputError):
    """A transaction cannot be executed on this state; nothing of it is left in the fork."""

    code = "tx_execution"


class FeePaymentError(TxExecutionError):
    """The fee cannot be computed, or its payer has too little."""

    code = "fee_payment"


class ThrownOutError(TxExecutionError):
    """A transaction with public calls fails as a whole: setup, fee, or contradictory data."""

    code = "thrown_out"

    def __init__(self, cause: str) -> None:
        super().__init__(f"C++ simulation failed: AVM simulation failed: {cause}")
