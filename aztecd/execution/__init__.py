"""From a transaction to its effect: validation, fees, setup rules, and the private-only path.

Responsible for what a transaction must fulfil at each place where it comes in, and for what it does to the
state. Not for choosing transactions (`builder`), keeping them (`mempool`) or storing blocks (`chain`).
Pure: takes values and the small interfaces of `views`.

Authority: @aztec/p2p src/msg_validators/tx_validator, @aztec/simulator src/public/public_processor (4.1.2).
"""

from aztecd.execution.errors import (
    AllowListError,
    FeePaymentError,
    PublicExecutionUnavailableError,
    TxExecutionError,
)
from aztecd.execution.fees import claim_amount, effective_gas_fees, priority_fee, transaction_fee
from aztecd.execution.meta import TxMeta, tx_size
from aztecd.execution.private import PUBLIC_CALLS_UNSUPPORTED, Executor, PrivateExecutor, ProcessedTx
from aztecd.execution.published import ContractOverlay, PublishedContracts, published_by, published_in
from aztecd.execution.setup_rules import DEFAULT_ALLOW_LIST, TOKEN_ALLOW_LIST, parse_allow_list
from aztecd.execution.validation import (
    ENTRY_RULES,
    VALID,
    EntryPoint,
    GasCeilings,
    Rule,
    Sources,
    Validation,
    ValidationContext,
    Verdict,
    rpc_rules,
)
from aztecd.execution.validators import fee_juice_balance, validate, validate_for_pool
from aztecd.execution.views import ContractSource, ProofVerifier, StateFork, StateReader, TreeStateReader

__all__ = [
    "DEFAULT_ALLOW_LIST",
    "ENTRY_RULES",
    "PUBLIC_CALLS_UNSUPPORTED",
    "TOKEN_ALLOW_LIST",
    "VALID",
    "AllowListError",
    "ContractOverlay",
    "ContractSource",
    "EntryPoint",
    "Executor",
    "FeePaymentError",
    "GasCeilings",
    "PrivateExecutor",
    "ProcessedTx",
    "ProofVerifier",
    "PublicExecutionUnavailableError",
    "PublishedContracts",
    "Rule",
    "Sources",
    "StateFork",
    "StateReader",
    "TreeStateReader",
    "TxExecutionError",
    "TxMeta",
    "Validation",
    "ValidationContext",
    "Verdict",
    "claim_amount",
    "effective_gas_fees",
    "fee_juice_balance",
    "parse_allow_list",
    "priority_fee",
    "published_by",
    "published_in",
    "rpc_rules",
    "transaction_fee",
    "tx_size",
    "validate",
    "validate_for_pool",
]
