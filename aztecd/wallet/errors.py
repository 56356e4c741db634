"""What a wallet refuses or reports.

InvalidInputError
├── WalletError                     a request that the wallet can not follow
│   ├── AccountUnknownError         an address that is none of the wallet's accounts
│   ├── ArtifactMissingError        a standard contract whose code is not at hand
│   ├── ContractNotRegisteredError  a contract whose code the wallet does not have
│   ├── NotGrantedError             something that an application may not do
│   └── GasEstimateError            a transaction that no block can hold
└── TransactionError                what became of a transaction
    ├── DuplicateTransactionError   one with the same hash is mined already
    ├── TransactionDroppedError     it left the mempool without being mined
    └── TransactionRevertedError    it was mined and its public part reverted
UnavailableError
└── WaitTimeoutError                it is still pending after the given time
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError, UnavailableError
from aztecd.protocol.receipt import TxReceipt

__all__ = [
    "AccountUnknownError",
    "ArtifactMissingError",
    "ContractNotRegisteredError",
    "DuplicateTransactionError",
    "GasEstimateError",
    "NotGrantedError",
    "TransactionDroppedError",
    "TransactionError",
    "TransactionRevertedError",
    "WaitTimeoutError",
    "WalletError",
]


class WalletError(InvalidInputError):
    """The wallet can not do what was asked."""

    code = "wallet"


class AccountUnknownError(WalletError):
    """The address is none of the wallet's accounts."""

    code = "wallet_account_unknown"


class ArtifactMissingError(WalletError):
    """The code of a standard contract is not at hand."""

    code = "artifact_missing"


class ContractNotRegisteredError(WalletError):
    """The wallet does not know the contract, or lacks its artifact."""

    code = "contract_not_registered"


class NotGrantedError(WalletError):
    """An application asked for something that it may not do."""

    code = "wallet_not_granted"


class GasEstimateError(WalletError):
    """No block can hold the transaction."""

    code = "gas_estimate"


class TransactionError(InvalidInputError):
    """What became of a transaction; `receipt` is the node's last word, if it said one."""

    code = "transaction"

    def __init__(self, message: str, receipt: TxReceipt | None = None) -> None:
        super().__init__(message)
        self.receipt = receipt


class DuplicateTransactionError(TransactionError):
    """A transaction with this hash is mined already."""

    code = "transaction_duplicate"


class TransactionDroppedError(TransactionError):
    """The transaction left the mempool without being mined."""

    code = "transaction_dropped"


class TransactionRevertedError(TransactionError):
    """The transaction was mined, and its public part reverted: the fee is paid."""

    code = "transaction_reverted"


class WaitTimeoutError(UnavailableError):
    """What was waited for did not happen in time."""

    code = "wait_timeout"
