"""The questions that private and utility functions put to the wallet, and the answers.

Responsible for: the oracle interface of version 12 (names, arguments, answers, error texts, who may ask), the
caches of the transaction that is being executed (notes, nullifiers, hashed values, tags), which notes
`getNotes` picks, and the pure rules of tags and messages.
Not for: running circuits (`aztecd.pxe.execution.executor`), finding and keeping what the answers need: the
views of `aztecd.pxe.execution`.

Authority: @aztec/pxe src/contract_function_simulator/ and its oracle/ (4.1.2).
"""

from aztecd.pxe.oracles.contract_log import ContractLog, ContractLogger
from aztecd.pxe.oracles.errors import OracleError, OracleUnavailableError
from aztecd.pxe.oracles.hashed_values import HashedValuesCache
from aztecd.pxe.oracles.note_cache import ExecutionNoteCache, PendingNote
from aztecd.pxe.oracles.private import (
    CallEffects,
    CountedClassLog,
    CreatedNote,
    NestedCaller,
    PrivateOracles,
    TransactionCaches,
)
from aztecd.pxe.oracles.registry import MISC_ORACLES, PRIVATE_ORACLES, UTILITY_ORACLES, answer
from aztecd.pxe.oracles.tag_indexes import TagIndexes, UsedTag
from aztecd.pxe.oracles.utility import ORACLE_VERSION, Environment, MiscOracles, UtilityOracles

__all__ = [
    "MISC_ORACLES",
    "ORACLE_VERSION",
    "PRIVATE_ORACLES",
    "UTILITY_ORACLES",
    "CallEffects",
    "ContractLog",
    "ContractLogger",
    "CountedClassLog",
    "CreatedNote",
    "Environment",
    "ExecutionNoteCache",
    "HashedValuesCache",
    "MiscOracles",
    "NestedCaller",
    "OracleError",
    "OracleUnavailableError",
    "PendingNote",
    "PrivateOracles",
    "TagIndexes",
    "TransactionCaches",
    "UsedTag",
    "UtilityOracles",
    "answer",
]
