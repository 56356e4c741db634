"""From a transaction to its effect: validation, fees, setup rules, execution.

Responsible for what a transaction must fulfil at each place where it comes in, and for what it does to the
state. Not for choosing transactions (`builder`), keeping them (`mempool`) or storing blocks (`chain`).
Pure: takes values and the small interfaces of `views`.

Authority: @aztec/p2p src/msg_validators/tx_validator, @aztec/simulator src/public/public_processor (4.1.2).
"""

from aztecd.execution.errors import (
    AllowListError,
    FeePaymentError,
    ThrownOutError,
    TxExecutionError,
)
from aztecd.execution.executor import TxExecutor
from aztecd.execution.fees import claim_amount, effective_gas_fees, priority_fee, transaction_fee
from aztecd.execution.meta import TxMeta, tx_size
from aztecd.execution.private import PrivateExecutor
from aztecd.execution.processed import Executor, ProcessedTx
from aztecd.execution.public import (
    TRACE_LIMITS,
    EnqueuedCall,
    ExecutionOptions,
    PublicExecutor,
    PublicOutcome,
    TraceRecorder,
    TxPhase,
    TxTrace,
    filled_in,
)
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
    "TOKEN_ALLOW_LIST",
    "TRACE_LIMITS",
    "VALID",
    "AllowListError",
    "ContractOverlay",
    "ContractSource",
    "EnqueuedCall",
    "EntryPoint",
    "ExecutionOptions",
    "Executor",
    "FeePaymentError",
    "GasCeilings",
    "PrivateExecutor",
    "ProcessedTx",
    "ProofVerifier",
    "PublicExecutor",
    "PublicOutcome",
    "PublishedContracts",
    "Rule",
    "Sources",
    "StateFork",
    "StateReader",
    "ThrownOutError",
    "TraceRecorder",
    "TreeStateReader",
    "TxExecutionError",
    "TxExecutor",
    "TxMeta",
    "TxPhase",
    "TxTrace",
    "Validation",
    "ValidationContext",
    "Verdict",
    "claim_amount",
    "effective_gas_fees",
    "fee_juice_balance",
    "filled_in",
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
