"""The rules that a transaction must pass, with the reference's reasons.

Each rule gives `VALID` or says why not; `validate` runs all rules of a set and joins what they say.

Authority: @aztec/p2p src/msg_validators/tx_validator/*.ts, @aztec/stdlib src/tx/validator/error_texts.ts
(4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aztecd.constants import (
    MAX_PUBLIC_CALLDATA_FIELDS_PER_TX,
    MAX_TX_SIZE_BYTES,
    PRIVATE_TX_L2_GAS_OVERHEAD,
    PUBLIC_TX_L2_GAS_OVERHEAD,
    TX_DA_GAS_OVERHEAD,
)
from aztecd.crypto.field import fr_int
from aztecd.execution.meta import TxMeta
from aztecd.execution.published import ContractOverlay, published_by
from aztecd.execution.setup_rules import MalformedCallError, setup_call_refusal
from aztecd.execution.validation import (
    ENTRY_RULES,
    VALID,
    EntryPoint,
    GasCeilings,
    Rule,
    Sources,
    Validation,
    ValidationContext,
)
from aztecd.protocol.contracts import InvalidContractError, contract_address
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot
from aztecd.protocol.registry_events import instance_from_log, is_instance_published
from aztecd.protocol.tx import calldata_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aztecd.execution.views import StateReader
    from aztecd.protocol.basic import AztecAddress
    from aztecd.protocol.tx import Tx

__all__ = ["fee_juice_balance", "validate", "validate_for_pool"]

_PROTOCOL_CEILINGS: Final = GasCeilings()
_UNEXPECTED: Final = "Unexpected error during validation"


def validate(
    tx: Tx, rules: Sequence[Rule], context: ValidationContext, sources: Sources, *, meta: TxMeta | None = None
) -> Validation:
    """Run all rules of a set and join what they say; `meta` spares the work of gathering it again."""
    known = TxMeta.of(tx) if meta is None else meta
    results = []
    for rule in rules:
        of_meta = _META_CHECKS.get(rule)
        if of_meta is not None:
            results.append(of_meta(known, context, sources.state))
        else:
            results.append(_TX_CHECKS[rule](tx, known, context, sources))
    return Validation.joined(results)


def validate_for_pool(meta: TxMeta, context: ValidationContext, state: StateReader) -> Validation:
    """Run the rules for whatever becomes pending, again or for the first time, on metadata alone."""
    rules = ENTRY_RULES[EntryPoint.PENDING_POOL]
    return Validation.joined(_META_CHECKS[rule](meta, context, state) for rule in rules)


def fee_juice_balance(state: StateReader, account: AztecAddress) -> int:
    """Give an account's fee juice, in base units."""
    return fr_int(state.public_data_value(fee_juice_balance_leaf_slot(account)))


# Rules that need metadata only.


def _timestamp(meta: TxMeta, context: ValidationContext, _: StateReader) -> Validation:
    # Block 1 may hold transactions that are anchored at genesis, whose timestamp is zero.
    if context.block_number != 1 and meta.expiration_timestamp < context.timestamp:
        return Validation.invalid("Invalid expiration timestamp")
    return VALID


def _double_spend(meta: TxMeta, _: ValidationContext, state: StateReader) -> Validation:
    if len(set(meta.nullifiers)) != len(meta.nullifiers):
        return Validation.invalid("Duplicate nullifier in tx")
    if any(state.nullifier_index(nullifier) is not None for nullifier in meta.nullifiers):
        return Validation.invalid("Existing nullifier")
    return VALID


def _block_header(meta: TxMeta, _: ValidationContext, state: StateReader) -> Validation:
    if not state.archive_contains(meta.anchor_block_hash):
        return Validation.invalid("Block header not found")
    return VALID


def _gas_limits(meta: TxMeta, context: ValidationContext, _: StateReader) -> Validation:
    return _limits(meta, context.gas_ceilings)


def _gas(meta: TxMeta, context: ValidationContext, state: StateReader) -> Validation:
    return _limits_and_fees(meta, context, state, context.gas_ceilings)


def _gas_without_node_limits(meta: TxMeta, context: ValidationContext, state: StateReader) -> Validation:
    return _limits_and_fees(meta, context, state, _PROTOCOL_CEILINGS)


def _limits_and_fees(
    meta: TxMeta, context: ValidationContext, state: StateReader, ceilings: GasCeilings
) -> Validation:
    limits = _limits(meta, ceilings)
    if not limits.is_valid:
        return limits
    most, least = meta.gas_settings.max_fees_per_gas, context.min_fees
    if most.fee_per_da_gas < least.fee_per_da_gas or most.fee_per_l2_gas < least.fee_per_l2_gas:
        return Validation.skipped("Insufficient fee per gas")
    if fee_juice_balance(state, meta.fee_payer) + meta.claim_amount < meta.fee_limit:
        return Validation.invalid("Insufficient fee payer balance")
    return VALID


def _limits(meta: TxMeta, ceilings: GasCeilings) -> Validation:
    limits = meta.gas_settings.gas_limits
    fixed_l2 = PUBLIC_TX_L2_GAS_OVERHEAD if meta.has_public_calls else PRIVATE_TX_L2_GAS_OVERHEAD
    if limits.da_gas < TX_DA_GAS_OVERHEAD or limits.l2_gas < fixed_l2:
        return Validation.invalid("Gas limit is below the minimum fixed cost")
    if limits.l2_gas > ceilings.l2_gas or limits.da_gas > ceilings.da_gas:
        return Validation.invalid("Gas limit is higher than the amount of gas that the AVM can process")
    return VALID


# Rules that need the whole transaction.


def _tx_permitted(_: Tx, __: TxMeta, context: ValidationContext, ___: Sources) -> Validation:
    return VALID if context.are_txs_permitted else Validation.invalid("Transactions are not permitted")


def _size(_: Tx, meta: TxMeta, __: ValidationContext, ___: Sources) -> Validation:
    if meta.size_bytes > MAX_TX_SIZE_BYTES:
        return Validation.invalid("Transaction size above size limit")
    return VALID


def _metadata(tx: Tx, _: TxMeta, context: ValidationContext, __: Sources) -> Validation:
    constants = tx.data.constants
    reasons = []
    if constants.tx_context.chain_id != context.chain_id:
        reasons.append("Incorrect L1 chain id")
    if constants.tx_context.version != context.rollup_version:
        reasons.append("Incorrect rollup version")
    if constants.vk_tree_root != context.vk_tree_root:
        reasons.append("Incorrect verification keys tree root")
    if constants.protocol_contracts_hash != context.protocol_contracts_hash:
        reasons.append("Incorrect protocol contracts hash")
    return Validation.invalid(*reasons) if reasons else VALID


def _phases(tx: Tx, _: TxMeta, context: ValidationContext, sources: Sources) -> Validation:
    # A setup call may target a contract that the same transaction publishes.
    contracts = ContractOverlay(sources.contracts)
    try:
        contracts.add(published_by(tx, context.block_number))
        calldata_of = tx.calldata_by_hash()
        for call in tx.data.setup_calls():
            refusal = setup_call_refusal(
                call,
                calldata_of.get(call.calldata_hash, ()),
                allow_list=context.allow_list,
                contracts=contracts,
                timestamp=context.timestamp,
            )
            if refusal is not None:
                return Validation.invalid(refusal)
    except (InvalidContractError, MalformedCallError):
        return Validation.invalid(_UNEXPECTED)
    return VALID


def _data(tx: Tx, _: TxMeta, __: ValidationContext, ___: Sources) -> Validation:
    reason = _hash_mismatch(tx) or _calldata_mismatch(tx) or _class_log_mismatch(tx)
    return Validation.invalid(reason) if reason else VALID


def _hash_mismatch(tx: Tx) -> str | None:
    return None if tx.tx_hash == tx.data.tx_hash() else "Incorrect tx hash"


def _calldata_mismatch(tx: Tx) -> str | None:
    calls = tx.data.public_calls()
    if len(tx.public_function_calldata) != len(calls):
        return "Wrong number of calldata for public calls"
    if sum(len(entry.values) for entry in tx.public_function_calldata) > MAX_PUBLIC_CALLDATA_FIELDS_PER_TX:
        return "Total calldata too large for enqueued public calls"
    calldata_of = tx.calldata_by_hash()
    # Calls may share their calldata. Hashed for each call, a megabyte of them would cost seconds.
    for claimed in {call.calldata_hash for call in calls}:
        if calldata_hash(calldata_of.get(claimed, ())) != claimed:
            return "Incorrect calldata for public call"
    return None


def _class_log_mismatch(tx: Tx) -> str | None:
    claims = tx.data.contract_class_logs_hashes()
    if len(claims) != len(tx.contract_class_log_fields):
        return "Mismatched number of contract class logs"
    hashes = [fields.hash() for fields in tx.contract_class_log_fields]
    for claim, fields, found in zip(claims, tx.contract_class_log_fields, hashes, strict=True):
        if claim.value != found:
            if claim.value in hashes:
                return "Incorrectly sorted contract class logs"
            return "Mismatched contract class logs"
        if claim.length < fields.length():
            return "Incorrect contract class logs length"
    return None


def _contract_instance(tx: Tx, _: TxMeta, __: ValidationContext, ___: Sources) -> Validation:
    for log in tx.data.private_logs():
        if not is_instance_published(log):
            continue
        try:
            instance = instance_from_log(log)
            address = contract_address(instance)
        except InvalidContractError:
            return Validation.invalid("Failed to parse contract instance deployment log")
        if address != instance.address:
            return Validation.invalid("Incorrect contract instance deployment address")
    return VALID


def _proof(tx: Tx, _: TxMeta, __: ValidationContext, sources: Sources) -> Validation:
    if sources.verifier is not None and not sources.verifier.is_valid(tx):
        return Validation.invalid("Invalid proof")
    return VALID


_META_CHECKS: Final[Mapping[Rule, Callable[[TxMeta, ValidationContext, StateReader], Validation]]] = {
    Rule.TIMESTAMP: _timestamp,
    Rule.BLOCK_HEADER: _block_header,
    Rule.DOUBLE_SPEND: _double_spend,
    Rule.GAS: _gas,
    Rule.GAS_WITHOUT_NODE_LIMITS: _gas_without_node_limits,
    Rule.GAS_LIMITS: _gas_limits,
}

_TX_CHECKS: Final[Mapping[Rule, Callable[[Tx, TxMeta, ValidationContext, Sources], Validation]]] = {
    Rule.TX_PERMITTED: _tx_permitted,
    Rule.SIZE: _size,
    Rule.METADATA: _metadata,
    Rule.PHASES: _phases,
    Rule.DATA: _data,
    Rule.CONTRACT_INSTANCE: _contract_instance,
    Rule.PROOF: _proof,
}
