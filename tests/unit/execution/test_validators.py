"""Rules that no recorded answer shows, and what joins and selects the rules."""

from __future__ import annotations

import pytest

from aztecd.constants import CONTRACT_INSTANCE_PUBLISHED_TAG, MAX_TX_SIZE_BYTES
from aztecd.crypto.field import FR_ZERO, fr
from aztecd.execution import (
    ENTRY_RULES,
    VALID,
    ContractOverlay,
    EntryPoint,
    GasCeilings,
    PublishedContracts,
    Rule,
    Sources,
    TxMeta,
    Validation,
    ValidationContext,
    Verdict,
    rpc_rules,
    validate,
    validate_for_pool,
    validators,
)
from aztecd.protocol.basic import BlockNumber, FunctionSelector
from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
from aztecd.protocol.gas import Gas
from aztecd.protocol.logs import PrivateLog
from aztecd.protocol.node_types import AllowedElement
from aztecd.protocol.tx import calldata_hash
from aztecd.protocol.tx_data import ScopedLogHash
from tests.support.fake_world import FakeContracts, FakeState
from tests.support.txs import base_tx, gas_fees, recorded_tx, rehashed, simple_meta, simple_tx, with_settings


def context(**changes):
    values = {
        "chain_id": 1,
        "rollup_version": 1,
        "block_number": BlockNumber(9),
        "timestamp": 1000,
        "min_fees": gas_fees(0),
    }
    return ValidationContext(**{**values, **changes})


def run(tx, rule, *, state=None, verifier=None, meta=None, **changes):
    sources = Sources(state=state or FakeState(), contracts=FakeContracts(), verifier=verifier)
    return validate(tx, (rule,), context(**changes), sources, meta=meta)


def end_of(tx, **changes):
    part = tx.data.for_rollup
    return rehashed(tx, for_rollup=part.replace(end=part.end.replace(**changes)))


def test_joining():
    invalid, skipped = Validation.invalid("a", "b"), Validation.skipped("c")
    assert Validation.joined([VALID, VALID]) == VALID
    assert Validation.joined([skipped, VALID]) == skipped
    assert Validation.joined([skipped, invalid]) == Validation(Verdict.INVALID, ("c", "a", "b"))
    assert Validation.joined([invalid, skipped]) == Validation(Verdict.INVALID, ("a", "b", "c"))
    assert VALID.to_result().to_json() == {"result": "valid"}
    assert skipped.to_result().to_json() == {"result": "skipped", "reason": ["c"]}


def test_sets_of_rules():
    full = set(ENTRY_RULES[EntryPoint.RPC])
    gossip = ENTRY_RULES[EntryPoint.GOSSIP_FIRST_STAGE] + ENTRY_RULES[EntryPoint.GOSSIP_SECOND_STAGE]
    assert set(gossip) == full
    assert rpc_rules() == ENTRY_RULES[EntryPoint.RPC]
    assert full - set(rpc_rules(is_simulation=True)) == {Rule.PROOF}
    assert full - set(rpc_rules(skip_fee_enforcement=True)) == {Rule.GAS}
    used = {rule for rules in ENTRY_RULES.values() for rule in rules}
    assert used == set(Rule)


def test_every_rule_is_implemented():
    tx = recorded_tx("transfer_private")
    for rule in Rule:
        assert isinstance(run(tx, rule), Validation)


def test_size():
    tx = simple_tx(1)
    meta = simple_meta(1, size=MAX_TX_SIZE_BYTES)
    assert run(tx, Rule.SIZE, meta=meta) == VALID
    meta = simple_meta(1, size=MAX_TX_SIZE_BYTES + 1)
    assert run(tx, Rule.SIZE, meta=meta).reasons == ("Transaction size above size limit",)


@pytest.mark.parametrize(
    ("expiration", "block", "is_valid"),
    [(1000, 9, True), (999, 9, False), (0, 1, True), (0, 2, False)],
)
def test_expiration(expiration, block, is_valid):
    tx = simple_tx(1, expiration=expiration)
    result = run(tx, Rule.TIMESTAMP, block_number=BlockNumber(block))
    assert result == (VALID if is_valid else Validation.invalid("Invalid expiration timestamp"))


def test_wrong_hash():
    tx = simple_tx(1).replace(tx_hash=fr(5))
    assert run(tx, Rule.DATA).reasons == ("Incorrect tx hash",)


def test_too_much_calldata():
    tx = base_tx("pub1")
    (entry,) = tx.public_function_calldata
    large = entry.replace(values=(FR_ZERO,) * 16_001)
    reasons = run(tx.replace(public_function_calldata=(large,)), Rule.DATA).reasons
    assert reasons == ("Total calldata too large for enqueued public calls",)
    allowed = entry.replace(values=(FR_ZERO,) * 16_000)
    reasons = run(tx.replace(public_function_calldata=(allowed,)), Rule.DATA).reasons
    assert reasons == ("Incorrect calldata for public call",)


def test_calldata_that_calls_share_are_hashed_once(monkeypatch):
    tx = base_tx("pub1")
    (entry,) = tx.public_function_calldata
    (call,) = tx.data.public_calls()
    part = tx.data.for_public
    twice = {
        name: getattr(part, name).replace(public_call_requests=(call,) * 32)
        for name in ("non_revertible_accumulated_data", "revertible_accumulated_data")
    }
    tx = rehashed(tx, for_public=part.replace(**twice)).replace(public_function_calldata=(entry,) * 64)
    assert tx.data.public_calls() == (call,) * 64
    hashed = []
    monkeypatch.setattr(
        validators, "calldata_hash", lambda values: hashed.append(values) or calldata_hash(values)
    )
    assert run(tx, Rule.DATA) == VALID
    assert hashed == [entry.values]
    other = entry.replace(values=(*entry.values, fr(0)))
    reasons = run(tx.replace(public_function_calldata=(*(entry,) * 63, other)), Rule.DATA).reasons
    assert reasons == ("Incorrect calldata for public call",)


def test_class_logs_in_the_wrong_order():
    # One log in each phase: the data of a transaction with public calls has room for two.
    tx = base_tx("pub1")
    logs = recorded_tx("deploy_counter_class_instance_private").contract_class_log_fields
    other = logs[0].replace(fields=(fr(1), *logs[0].fields[1:]))
    claims = [
        ScopedLogHash(value=log.hash(), length=3023, contract_address=fr(9)) for log in (logs[0], other)
    ]
    part = tx.data.for_public
    tx = rehashed(
        tx,
        for_public=part.replace(
            non_revertible_accumulated_data=part.non_revertible_accumulated_data.replace(
                contract_class_logs_hashes=(claims[0],)
            ),
            revertible_accumulated_data=part.revertible_accumulated_data.replace(
                contract_class_logs_hashes=(claims[1],)
            ),
        ),
    )
    assert run(tx.replace(contract_class_log_fields=(logs[0], other)), Rule.DATA) == VALID
    swapped = tx.replace(contract_class_log_fields=(other, logs[0]))
    assert run(swapped, Rule.DATA).reasons == ("Incorrectly sorted contract class logs",)
    wrong = tx.replace(contract_class_log_fields=(other, other))
    assert run(wrong, Rule.DATA).reasons == ("Mismatched contract class logs",)


@pytest.mark.parametrize(
    "changed",
    [
        {2: fr(2)},  # version
        {2: fr(1 << 60)},
        {8: fr(1), 9: fr(1)},  # the incoming viewing key is no point
    ],
)
def test_instance_that_cannot_be_read(changed):
    tx = recorded_tx("deploy_counter_class_instance_private")
    logs = list(tx.data.for_rollup.end.private_logs)
    index = next(i for i, log in enumerate(logs) if log.fields[0] == CONTRACT_INSTANCE_PUBLISHED_TAG)
    fields = list(logs[index].fields)
    for position, value in changed.items():
        fields[position] = value
    logs[index] = PrivateLog(fields=tuple(fields), emitted_length=15)
    tx = end_of(tx, private_logs=tuple(logs))
    reasons = run(tx, Rule.CONTRACT_INSTANCE).reasons
    assert reasons == ("Failed to parse contract instance deployment log",)
    if 2 in changed:
        assert run(tx, Rule.PHASES).reasons == ("Unexpected error during validation",)


class Verifier:
    def __init__(self, answer):
        self.answer = answer

    def is_valid(self, tx):
        return self.answer


def test_proof():
    tx = simple_tx(1)
    assert run(tx, Rule.PROOF) == run(tx, Rule.PROOF, verifier=Verifier(answer=True)) == VALID
    assert run(tx, Rule.PROOF, verifier=Verifier(answer=False)).reasons == ("Invalid proof",)


TOO_HIGH = ("Gas limit is higher than the amount of gas that the AVM can process",)


def test_gas_ceilings_of_the_node():
    ceilings = GasCeilings.of_node(rollup_mana_limit=2_000_000, max_block_da_gas=1000)
    assert ceilings == GasCeilings(l2_gas=2_000_000, da_gas=1000)
    assert GasCeilings.of_node(rollup_mana_limit=10**9) == GasCeilings(l2_gas=6_540_000, da_gas=786_432)
    lower = GasCeilings.of_node(rollup_mana_limit=10**9, max_block_l2_gas=1_000_000)
    assert lower.l2_gas == 1_000_000
    state = FakeState()
    state.set_balance(fr(1), 10**60)

    def limited(da, l2):
        return with_settings(simple_tx(1), gas_limits=Gas(da_gas=da, l2_gas=l2))

    for rule in (Rule.GAS, Rule.GAS_LIMITS):
        fine = run(limited(1000, 2_000_000), rule, state=state, gas_ceilings=ceilings)
        assert fine == VALID
        for limits in ((1001, 2_000_000), (1000, 2_000_001)):
            assert run(limited(*limits), rule, state=state, gas_ceilings=ceilings).reasons == TOO_HIGH
    # When building, only the protocol's limits count here; the block's own are the builder's business.
    assert (
        run(limited(1001, 2_000_001), Rule.GAS_WITHOUT_NODE_LIMITS, state=state, gas_ceilings=ceilings)
        == VALID
    )
    high = run(limited(1001, 6_540_001), Rule.GAS_WITHOUT_NODE_LIMITS, state=state)
    assert high.reasons == TOO_HIGH


def test_teardown_limits_are_not_looked_at():
    tx = with_settings(
        simple_tx(1),
        teardown_gas_limits=Gas(da_gas=2**32 - 1, l2_gas=2**32 - 1),
        gas_limits=Gas(da_gas=96, l2_gas=440_000),
    )
    assert run(tx, Rule.GAS_LIMITS) == VALID


def test_claim_counts_for_the_balance():
    tx = recorded_tx("bridge_claim")
    meta = TxMeta.of(tx)
    assert 0 < meta.fee_limit <= meta.claim_amount
    assert run(tx, Rule.GAS) == VALID
    poor = with_settings(tx, max_fees_per_gas=gas_fees(meta.claim_amount))
    assert run(poor, Rule.GAS).reasons == ("Insufficient fee payer balance",)


def test_pool_entry():
    meta = simple_meta(1, nullifiers=(5, 6))
    state = FakeState(archive={meta.anchor_block_hash})
    assert validate_for_pool(meta, context(), state) == VALID
    state.nullifiers.add(fr(6))
    state.archive.clear()
    result = validate_for_pool(meta, context(timestamp=2**50, gas_ceilings=GasCeilings(da_gas=1)), state)
    assert result.reasons == (
        *TOO_HIGH,
        "Invalid expiration timestamp",
        "Existing nullifier",
        "Block header not found",
    )


def test_contracts_of_the_block_hide_those_of_the_chain():
    old = ContractInstanceWithAddress.empty().replace(address=fr(5))
    new = old.replace(salt=fr(1))
    published_class = ContractClassPublic.empty().replace(version=1, id=fr(9))
    overlay = ContractOverlay(FakeContracts(instances={fr(5): old}))
    assert overlay.contract_instance(fr(5), 0) == old
    draft = overlay.copy()
    draft.add(PublishedContracts(classes=(published_class,), instances=(new,)))
    assert draft.contract_instance(fr(5), 0) == new
    assert draft.contract_class(fr(9)) == published_class
    assert overlay.contract_instance(fr(5), 0) == old
    assert overlay.contract_class(fr(9)) is None


def test_setup_call_of_a_contract_that_the_transaction_publishes():
    tx = recorded_tx("setup_deploy_token_public_ctor")
    (call,) = tx.data.app_logic_calls()
    selector = FunctionSelector(tx.calldata_by_hash()[call.calldata_hash][0][-4:])
    part = tx.data.for_public
    first, second = part.non_revertible_accumulated_data, part.revertible_accumulated_data
    tx = rehashed(
        tx,
        for_public=part.replace(
            non_revertible_accumulated_data=first.replace(public_call_requests=second.public_call_requests),
            revertible_accumulated_data=second.replace(public_call_requests=first.public_call_requests),
        ),
    )
    assert tx.data.setup_calls() == (call,)
    log = next(log for log in tx.data.private_logs() if log.fields[0] == CONTRACT_INSTANCE_PUBLISHED_TAG)
    allowed = (AllowedElement(class_id=log.fields[4], selector=selector),)
    assert run(tx, Rule.PHASES, allow_list=allowed) == VALID
    other_class = (AllowedElement(class_id=fr(4), selector=selector),)
    assert run(tx, Rule.PHASES, allow_list=other_class).reasons == ("Setup function not on allow list",)
    unpublished = rehashed(
        tx,
        for_public=tx.data.for_public.replace(
            **{
                name: getattr(tx.data.for_public, name).replace(private_logs=(PrivateLog.empty(),) * 64)
                for name in ("non_revertible_accumulated_data", "revertible_accumulated_data")
            }
        ),
    )
    reasons = run(unpublished, Rule.PHASES, allow_list=allowed).reasons
    assert reasons == ("Setup function targets unknown contract",)
