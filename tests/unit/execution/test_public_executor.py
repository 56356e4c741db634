"""Public execution beside what the recorded cases show: giving up, and that nothing is left behind."""

from __future__ import annotations

import hashlib

import pytest

from aztecd.avm import InterruptedExecutionError, ProgramCache
from aztecd.crypto.field import FR_ZERO, fr
from aztecd.execution import ExecutionOptions, TxExecutionError, TxExecutor
from aztecd.protocol.logs import PrivateLog
from aztecd.protocol.tx_data import ScopedL2ToL1Message
from tests.support.avm_vectors import load, opcode_case
from tests.support.txs import rehashed

CASES = {case["name"]: case for case in load("opcode/control")["cases"]}
RETURNING = next(case for case in CASES.values() if case["expected"]["halt"] == "return")


def prepared():
    return opcode_case(RETURNING, load("opcode/control")["defaults"])


def executor(**options):
    return TxExecutor(
        programs=ProgramCache(), options=ExecutionOptions(skips_fee_enforcement=True, **options)
    )


@pytest.mark.parametrize("uses_fast_form", [True, False])
def test_interrupted_execution_leaves_nothing(uses_fast_form):
    case = prepared()
    before = case.fork.state_reference()
    with pytest.raises(InterruptedExecutionError):
        executor(uses_fast_form=uses_fast_form).execute(
            case.tx, case.fork, case.global_variables, case.contracts, is_over=lambda: True
        )
    assert case.fork.depth == 0
    assert case.fork.state_reference() == before
    done = executor().execute(
        case.tx, case.fork, case.global_variables, case.contracts, is_over=lambda: False
    )
    assert done.effect.revert_code == 0
    assert case.fork.state_reference() != before


def test_a_transaction_without_nullifiers_is_refused():
    case = prepared()
    part = case.tx.data.for_public
    first = part.non_revertible_accumulated_data.replace(nullifiers=(FR_ZERO,) * 64)
    tx = rehashed(case.tx, for_public=part.replace(non_revertible_accumulated_data=first))
    with pytest.raises(TxExecutionError, match="has no nullifier"):
        executor().execute(tx, case.fork, case.global_variables, case.contracts)


def test_more_logs_than_a_transaction_may_have_over_both_phases():
    case = prepared()
    before = case.fork.state_reference()
    part = case.tx.data.for_public
    log = PrivateLog(fields=(fr(1),) * 16, emitted_length=1)
    first = part.non_revertible_accumulated_data.replace(private_logs=(log,) * 64)
    second = part.revertible_accumulated_data
    fitting = rehashed(case.tx, for_public=part.replace(non_revertible_accumulated_data=first))
    second = second.replace(private_logs=(log, *second.private_logs[1:]))
    tx = rehashed(
        case.tx,
        for_public=part.replace(non_revertible_accumulated_data=first, revertible_accumulated_data=second),
    )
    with pytest.raises(TxExecutionError, match=r"^Too many private logs: 65, max: 64$"):
        executor().execute(tx, case.fork, case.global_variables, case.contracts)
    assert case.fork.state_reference() == before
    done = executor().execute(fitting, case.fork, case.global_variables, case.contracts)
    assert len(done.effect.private_logs) == 64


def test_messages_of_no_contract_are_left_out():
    case = prepared()
    part = case.tx.data.for_public
    first = part.non_revertible_accumulated_data
    sent, nobodys = (
        ScopedL2ToL1Message(recipient=bytes(19) + b"\x01", content=fr(2), contract_address=fr(sender))
        for sender in (3, 0)
    )
    first = first.replace(l2_to_l1_msgs=(nobodys, sent, *first.l2_to_l1_msgs[2:]))
    tx = rehashed(case.tx, for_public=part.replace(non_revertible_accumulated_data=first))
    done = executor().execute(tx, case.fork, case.global_variables, case.contracts)
    preimage = [fr(3), fr(case.global_variables.version), bytes(19) + b"\x01"]
    preimage += [fr(case.global_variables.chain_id), fr(2)]
    assert done.effect.l2_to_l1_msgs == (b"\0" + hashlib.sha256(b"".join(preimage)).digest()[:31],)


def test_calls_are_recorded_only_where_wanted():
    case = prepared()
    done = executor(limits=None).execute(case.tx, case.fork, case.global_variables, case.contracts)
    assert [call.record for call in done.public.calls] == [None]
    assert [list(values) for values in done.public.return_values] == [
        [bytes.fromhex(value[2:]) for value in RETURNING["expected"]["output"]]
    ]


def test_the_same_transaction_again_is_thrown_out():
    case = prepared()
    executor().execute(case.tx, case.fork, case.global_variables, case.contracts)
    after = case.fork.state_reference()
    with pytest.raises(TxExecutionError, match="AVM simulation failed: Attempted to emit duplicate siloed"):
        executor().execute(case.tx, case.fork, case.global_variables, case.contracts)
    assert case.fork.state_reference() == after
