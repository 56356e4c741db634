from __future__ import annotations

import re

import pytest

from aztecd.crypto.field import fr, fr_from_hex, fr_int
from aztecd.execution import (
    FeePaymentError,
    TxMeta,
    claim_amount,
    effective_gas_fees,
    transaction_fee,
    tx_size,
)
from aztecd.protocol.gas import Gas, GasFees
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot
from tests.support.txs import VECTORS, gas_fees, recorded_tx, rehashed
from tests.support.vectors import load

CASES = load(VECTORS)["txs"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_recorded_fee(case):
    tx = recorded_tx(case["label"])
    included = case["included"]
    settings = tx.data.constants.tx_context.gas_settings
    block_fees = GasFees.from_json(included["blockGasFees"])
    assert effective_gas_fees(block_fees, settings) == GasFees.from_json(included["effectiveGasFees"])
    billed = Gas.from_json(included["gasUsed"]["billedGas"])
    assert transaction_fee(block_fees, settings, billed) == int(included["transactionFee"])
    slot = fee_juice_balance_leaf_slot(tx.data.fee_payer)
    assert "0x" + slot.hex() == included["feePayerBalanceLeafSlot"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_recorded_facts(case):
    tx = recorded_tx(case["label"])
    meta = TxMeta.of(tx)
    assert tx_size(tx) == meta.size_bytes == case["binary"]["size"] == len(tx.encode())
    assert meta.fee_limit == int(case["derived"]["feeLimit"])
    assert meta.has_public_calls == (case["kind"] == "forPublic")
    assert meta.expiration_timestamp == int(case["decoded"]["expirationTimestamp"])


def test_priority_is_capped_by_the_maximum_fee():
    tx = recorded_tx("priority_fee_private")
    settings = tx.data.constants.tx_context.gas_settings
    assert settings.max_priority_fees_per_gas.fee_per_l2_gas == 1_234_567
    assert TxMeta.of(tx).priority_fee == 1_234_567
    capped = settings.replace(max_fees_per_gas=gas_fees(10))
    assert effective_gas_fees(gas_fees(9), capped) == gas_fees(10)


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (
            gas_fees(11),
            (
                "maxFeesPerGas.feePerL2Gas must be greater than or equal to gasFees.feePerL2Gas, "
                "but got maxFeesPerGas.feePerL2Gas=10 and gasFees.feePerL2Gas=11"
            ),
        ),
        (
            gas_fees(0, 1),
            (
                "maxFeesPerGas.feePerDaGas must be greater than or equal to gasFees.feePerDaGas, "
                "but got maxFeesPerGas.feePerDaGas=0 and gasFees.feePerDaGas=1"
            ),
        ),
    ],
)
def test_maximum_fee_below_the_block_fee(block, reason):
    settings = recorded_tx("transfer_private").data.constants.tx_context.gas_settings
    low = settings.replace(max_fees_per_gas=gas_fees(10))
    with pytest.raises(FeePaymentError, match=re.escape(reason)):
        transaction_fee(block, low, Gas.empty())


def claim(tx, **changes):
    """Change the claim call of the setup phase."""
    part = tx.data.for_public
    requests = part.non_revertible_accumulated_data.public_call_requests
    changed = part.non_revertible_accumulated_data.replace(
        public_call_requests=(requests[0].replace(**changes), *requests[1:])
    )
    return rehashed(tx, for_public=part.replace(non_revertible_accumulated_data=changed))


def test_claim_in_setup():
    tx = recorded_tx("bridge_claim")
    (call,) = tx.data.setup_calls()
    amount = fr_int(tx.calldata_by_hash()[call.calldata_hash][2])
    assert amount > 0
    assert claim_amount(tx) == TxMeta.of(tx).claim_amount == amount
    assert claim_amount(recorded_tx("public_fpc")) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"msg_sender": fr(6)},
        {"contract_address": fr(6)},
        {"is_static_call": True},
        {"calldata_hash": fr(1)},
    ],
)
def test_what_is_no_claim(changes):
    assert claim_amount(claim(recorded_tx("bridge_claim"), **changes)) == 0


def test_claim_for_somebody_else():
    tx = recorded_tx("bridge_claim")
    assert claim_amount(rehashed(tx, fee_payer=fr_from_hex("0x99"))) == 0


@pytest.mark.parametrize("index", [0, 2])
def test_claim_needs_selector_and_amount(index):
    tx = recorded_tx("bridge_claim")
    entries = tx.public_function_calldata
    (call,) = tx.data.setup_calls()
    changed = []
    for entry in entries:
        if entry.hash != call.calldata_hash:
            changed.append(entry)
        elif index == 0:
            changed.append(entry.replace(values=(fr(1 << 40), *entry.values[1:])))
        else:
            changed.append(entry.replace(values=entry.values[:2]))
    assert claim_amount(tx.replace(public_function_calldata=tuple(changed))) == 0
