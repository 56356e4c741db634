"""The wallet: accounts, and what is done in their name.

Responsible for: which accounts there are and their signing keys, requests made of calls, fees and gas limits,
simulating, sending and waiting, events. Not for: private execution (`aztecd.pxe`), contracts as Python
objects (`aztecd.client`), answering over JSON-RPC (`aztecd.rpc`).

Authority: @aztec/wallet-sdk src/base-wallet/, @aztec/wallets src/embedded/, @aztec/aztec.js src/wallet/
(4.1.2).
"""

from aztecd.wallet.api import EventDefinition, PrivateEventQuery, Wallet
from aztecd.wallet.errors import (
    AccountUnknownError,
    DuplicateTransactionError,
    GasEstimateError,
    TransactionDroppedError,
    TransactionError,
    TransactionRevertedError,
    WaitTimeoutError,
    WalletError,
)
from aztecd.wallet.gas import GasLimits, GasOptions, estimated_limits
from aztecd.wallet.intents import CallIntent, InnerHashIntent, Intent
from aztecd.wallet.options import NOBODY, ProfileOptions, SendOptions, SimulateOptions, WaitOptions
from aztecd.wallet.results import (
    Aliased,
    ChainInfo,
    ClassMetadata,
    ContractMetadata,
    EventPlace,
    FoundEvent,
    OffchainMessage,
    OffchainOutput,
    PrivateReturns,
    PublicReturns,
    SendResult,
    Simulation,
)
from aztecd.wallet.waiting import wait_for_tx

__all__ = [
    "NOBODY",
    "AccountUnknownError",
    "Aliased",
    "CallIntent",
    "ChainInfo",
    "ClassMetadata",
    "ContractMetadata",
    "DuplicateTransactionError",
    "EventDefinition",
    "EventPlace",
    "FoundEvent",
    "GasEstimateError",
    "GasLimits",
    "GasOptions",
    "InnerHashIntent",
    "Intent",
    "OffchainMessage",
    "OffchainOutput",
    "PrivateEventQuery",
    "PrivateReturns",
    "ProfileOptions",
    "PublicReturns",
    "SendOptions",
    "SendResult",
    "SimulateOptions",
    "Simulation",
    "TransactionDroppedError",
    "TransactionError",
    "TransactionRevertedError",
    "WaitOptions",
    "WaitTimeoutError",
    "Wallet",
    "WalletError",
    "estimated_limits",
    "wait_for_tx",
]
