"""What validation is made of: its result, its circumstances, and the rules that each entry point applies.

Authority: @aztec/p2p src/msg_validators/tx_validator/factory.ts, aggregate_tx_validator.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, unique
from typing import TYPE_CHECKING, Final

from aztecd.constants import (
    MAX_PROCESSABLE_DA_GAS_PER_CHECKPOINT,
    MAX_PROCESSABLE_L2_GAS,
    PROTOCOL_CONTRACTS_HASH,
    VK_TREE_ROOT,
)
from aztecd.execution.setup_rules import DEFAULT_ALLOW_LIST
from aztecd.protocol.receipt import TxValidationResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aztecd.crypto.field import Fr
    from aztecd.execution.views import ContractSource, ProofVerifier, StateReader
    from aztecd.protocol.basic import BlockNumber
    from aztecd.protocol.gas import GasFees
    from aztecd.protocol.node_types import AllowedElement

__all__ = [
    "ENTRY_RULES",
    "VALID",
    "EntryPoint",
    "GasCeilings",
    "Rule",
    "Sources",
    "Validation",
    "ValidationContext",
    "Verdict",
    "rpc_rules",
]


@unique
class Verdict(StrEnum):
    """`SKIPPED`: not now, perhaps later; `INVALID`: never."""

    VALID = "valid"
    INVALID = "invalid"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Validation:
    """A verdict, and the reasons of all rules that object, in the order of the rules."""

    verdict: Verdict = Verdict.VALID
    reasons: tuple[str, ...] = ()

    @classmethod
    def invalid(cls, *reasons: str) -> Validation:
        """Say that a transaction can never be included."""
        return cls(Verdict.INVALID, reasons)

    @classmethod
    def skipped(cls, reason: str) -> Validation:
        """Say that a transaction cannot be included now."""
        return cls(Verdict.SKIPPED, (reason,))

    @classmethod
    def joined(cls, parts: Iterable[Validation]) -> Validation:
        """Join the results of several rules: one `invalid` decides, else one `skipped` does."""
        verdict = Verdict.VALID
        reasons: list[str] = []
        for part in parts:
            reasons += part.reasons
            if part.verdict is Verdict.INVALID or verdict is Verdict.VALID:
                verdict = part.verdict
        return cls(verdict, tuple(reasons))

    @property
    def is_valid(self) -> bool:
        """Whether no rule objects."""
        return self.verdict is Verdict.VALID

    def to_result(self) -> TxValidationResult:
        """Give the result as clients see it: a valid one has no list of reasons."""
        return TxValidationResult(result=self.verdict.value, reason=self.reasons or None)


VALID: Final = Validation()


@dataclass(frozen=True, slots=True, kw_only=True)
class GasCeilings:
    """The greatest gas limits that a transaction may declare; a node may set them below the protocol's."""

    l2_gas: int = MAX_PROCESSABLE_L2_GAS
    da_gas: int = MAX_PROCESSABLE_DA_GAS_PER_CHECKPOINT

    @classmethod
    def of_node(
        cls,
        *,
        rollup_mana_limit: int,
        max_block_l2_gas: int | None = None,
        max_block_da_gas: int | None = None,
    ) -> GasCeilings:
        """Take the lowest of the protocol's, the rollup's and the node's own limits."""
        l2 = [MAX_PROCESSABLE_L2_GAS, rollup_mana_limit]
        da = [MAX_PROCESSABLE_DA_GAS_PER_CHECKPOINT]
        if max_block_l2_gas is not None:
            l2.append(max_block_l2_gas)
        if max_block_da_gas is not None:
            da.append(max_block_da_gas)
        return cls(l2_gas=min(l2), da_gas=min(da))


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationContext:
    """The circumstances of validation: the network, and the block that the transaction is meant for.

    `timestamp` in seconds; `min_fees` of the block, or what the node asks at least. Rules that a set does
    not hold ignore their part.
    """

    chain_id: int
    rollup_version: int
    block_number: BlockNumber
    timestamp: int
    min_fees: GasFees
    gas_ceilings: GasCeilings = GasCeilings()
    vk_tree_root: Fr = VK_TREE_ROOT
    protocol_contracts_hash: Fr = PROTOCOL_CONTRACTS_HASH
    allow_list: tuple[AllowedElement, ...] = DEFAULT_ALLOW_LIST
    are_txs_permitted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the rules look things up in. Without a verifier every proof counts as valid."""

    state: StateReader
    contracts: ContractSource
    verifier: ProofVerifier | None = None


@unique
class Rule(Enum):
    """One validator of the reference each."""

    TX_PERMITTED = 1
    TIMESTAMP = 2
    SIZE = 3
    METADATA = 4
    PHASES = 5
    BLOCK_HEADER = 6
    DOUBLE_SPEND = 7
    DATA = 8
    CONTRACT_INSTANCE = 9
    GAS = 10
    GAS_WITHOUT_NODE_LIMITS = 11
    GAS_LIMITS = 12
    PROOF = 13


@unique
class EntryPoint(Enum):
    """Where a transaction comes in."""

    RPC = 1
    GOSSIP_FIRST_STAGE = 2
    GOSSIP_SECOND_STAGE = 3
    REQUEST_RESPONSE = 4
    PENDING_POOL = 5
    BLOCK_BUILDING = 6


ENTRY_RULES: Final[Mapping[EntryPoint, tuple[Rule, ...]]] = {
    EntryPoint.RPC: (
        Rule.TX_PERMITTED,
        Rule.TIMESTAMP,
        Rule.SIZE,
        Rule.METADATA,
        Rule.PHASES,
        Rule.BLOCK_HEADER,
        Rule.DOUBLE_SPEND,
        Rule.DATA,
        Rule.CONTRACT_INSTANCE,
        Rule.GAS,
        Rule.PROOF,
    ),
    EntryPoint.GOSSIP_FIRST_STAGE: (
        Rule.TIMESTAMP,
        Rule.TX_PERMITTED,
        Rule.SIZE,
        Rule.METADATA,
        Rule.PHASES,
        Rule.BLOCK_HEADER,
        Rule.DOUBLE_SPEND,
        Rule.GAS,
        Rule.DATA,
        Rule.CONTRACT_INSTANCE,
    ),
    EntryPoint.GOSSIP_SECOND_STAGE: (Rule.PROOF,),
    EntryPoint.REQUEST_RESPONSE: (
        Rule.METADATA,
        Rule.SIZE,
        Rule.DATA,
        Rule.CONTRACT_INSTANCE,
        Rule.PROOF,
    ),
    EntryPoint.PENDING_POOL: (Rule.GAS_LIMITS, Rule.TIMESTAMP, Rule.DOUBLE_SPEND, Rule.BLOCK_HEADER),
    EntryPoint.BLOCK_BUILDING: (
        Rule.TIMESTAMP,
        Rule.PHASES,
        Rule.BLOCK_HEADER,
        Rule.DOUBLE_SPEND,
        Rule.GAS_WITHOUT_NODE_LIMITS,
    ),
}
"""The rules of each entry point, in the order in which their reasons are listed."""


def rpc_rules(*, is_simulation: bool = False, skip_fee_enforcement: bool = False) -> tuple[Rule, ...]:
    """Give the rules of `isValidTx`: a simulation has no proof, and may have no funds."""
    left_out = ({Rule.PROOF} if is_simulation else set()) | ({Rule.GAS} if skip_fee_enforcement else set())
    return tuple(rule for rule in ENTRY_RULES[EntryPoint.RPC] if rule not in left_out)
