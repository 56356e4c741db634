from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_ZERO, fr, fr_int
from aztecd.execution import (
    FeePaymentError,
    PrivateExecutor,
    TxExecutionError,
)
from aztecd.protocol.basic import EthAddress
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot
from aztecd.protocol.header import GlobalVariables
from aztecd.protocol.tx_data import ScopedL2ToL1Message
from aztecd.state import TreeId, WorldState
from aztecd.storage import MemoryStore
from tests.support.txs import VECTORS, gas_fees, recorded_tx, rehashed, simple_tx
from tests.support.vectors import load

PRIVATE = [case for case in load(VECTORS)["txs"] if case["kind"] == "forRollup"]
BALANCE = 10**25


def globals_of(fees=None, **changes):
    return GlobalVariables.empty().replace(
        chain_id=31337, version=5, block_number=1, gas_fees=fees or gas_fees(3), **changes
    )


def fork_with(payer, balance=BALANCE):
    slot = fee_juice_balance_leaf_slot(payer)
    return WorldState.open(MemoryStore(), [(slot, fr(balance))]).fork()


def changed_end(tx, **changes):
    part = tx.data.for_rollup
    return rehashed(tx, for_rollup=part.replace(end=part.end.replace(**changes)))


def assert_refused(tx, fork, error, match):
    before = fork.state_reference()
    with pytest.raises(error, match=match):
        PrivateExecutor().execute(tx, fork, globals_of())
    assert fork.state_reference() == before
    assert fork.depth == 0


@pytest.mark.parametrize("case", PRIVATE, ids=lambda case: case["label"])
def test_recorded_payment(case):
    tx = recorded_tx(case["label"])
    included = case["included"]
    fees = gas_fees(int(included["blockGasFees"]["feePerL2Gas"]))
    (write,) = included["publicDataWrites"]
    # The balance before is what the recording shows after, and the fee.
    before = int(write["value"], 16) + int(included["transactionFee"])
    fork = fork_with(tx.data.fee_payer, before)
    done = PrivateExecutor().execute(tx, fork, globals_of(fees))
    assert [item.to_json() for item in done.effect.public_data_writes] == included["publicDataWrites"]
    assert done.effect.transaction_fee == int(included["transactionFee"])
    assert done.gas_used.to_json() == included["gasUsed"]
    assert done.effect.revert_code == included["revertCode"]
    assert fork.public_data_value(fr(int(write["leafSlot"], 16))) == fr(int(write["value"], 16))


def test_leaves_are_padded():
    tx = simple_tx(1, nullifiers=(500, 600))
    fork = fork_with(tx.data.fee_payer)
    sizes = {tree: fork.size(tree) for tree in (TreeId.NULLIFIER, TreeId.NOTE_HASH)}
    PrivateExecutor().execute(tx, fork, globals_of())
    for tree, size in sizes.items():
        assert fork.size(tree) == size + 64
    assert fork.nullifier_index(fr(500)) is not None
    assert fork.nullifier_index(fr(600)) is not None


def test_payer_with_too_little():
    tx = simple_tx(1)
    fee = 3 * tx.data.gas_used.l2_gas
    fork = fork_with(tx.data.fee_payer, fee - 1)
    text = rf"Not enough balance for fee payer to pay for transaction \(got {fee - 1} needs {fee}\)"
    assert_refused(tx, fork, FeePaymentError, text)
    exact = fork_with(tx.data.fee_payer, fee)
    PrivateExecutor().execute(tx, exact, globals_of())
    assert fr_int(exact.public_data_value(fee_juice_balance_leaf_slot(tx.data.fee_payer))) == 0


def test_maximum_fee_too_low():
    tx = simple_tx(1, max_fee=2)
    assert_refused(
        tx,
        fork_with(tx.data.fee_payer),
        FeePaymentError,
        "must be greater than or equal to gasFees.feePerL2Gas",
    )


def test_nullifier_of_an_earlier_transaction():
    fork = fork_with(fr(1))
    PrivateExecutor().execute(simple_tx(1, nullifiers=(500,)), fork, globals_of())
    other = simple_tx(2, nullifiers=(501, 500))
    assert_refused(other, fork, TxExecutionError, "failed with duplicate nullifiers")


def test_nullifier_twice_in_one_transaction():
    tx = simple_tx(1, nullifiers=(500, 500))
    assert_refused(tx, fork_with(tx.data.fee_payer), TxExecutionError, "failed with duplicate nullifiers")


def test_no_nullifier():
    tx = changed_end(simple_tx(1), nullifiers=(FR_ZERO,) * 64)
    assert_refused(tx, fork_with(tx.data.fee_payer), TxExecutionError, "has no nullifier")


def test_published_class_that_cannot_be_read():
    tx = recorded_tx("deploy_counter_class_instance_private").replace(contract_class_log_fields=())
    assert_refused(tx, fork_with(tx.data.fee_payer), TxExecutionError, "publishes a contract")


def test_published_contracts_are_reported():
    tx = recorded_tx("deploy_counter_class_instance_private")
    done = PrivateExecutor().execute(tx, fork_with(tx.data.fee_payer), globals_of())
    (contract_class,) = done.published.classes
    (instance,) = done.published.instances
    assert instance.current_contract_class_id == contract_class.id
    assert contract_class.l2_block_number == 1
    assert len(done.effect.contract_class_logs) == 1
    assert not PrivateExecutor().execute(simple_tx(1), fork_with(fr(1)), globals_of()).published


def test_message_of_no_contract_is_left_out():
    empty = ScopedL2ToL1Message.empty()
    real = ScopedL2ToL1Message(recipient=EthAddress(b"\1" * 20), content=fr(5), contract_address=fr(6))
    without_sender = real.replace(contract_address=fr(0))
    tx = changed_end(simple_tx(1), l2_to_l1_msgs=(without_sender, real, *[empty] * 6))
    done = PrivateExecutor().execute(tx, fork_with(tx.data.fee_payer), globals_of())
    assert len(done.effect.l2_to_l1_msgs) == 1
