from __future__ import annotations

from aztecd.crypto.field import FR_ZERO, fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tx import Tx, calldata_hash
from aztecd.protocol.tx_data import TxContext
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.requests import ExecutionPayload, FunctionCall
from aztecd.wallet.gas import GasOptions, complete_gas
from aztecd.wallet.public_calls import batches_of_calls, public_call_tx, split_leading_public_calls

SENDER = AztecAddress(fr(5))
SELECTOR = FunctionSelector(bytes.fromhex("01020304"))


def call(
    kind: FunctionKind = FunctionKind.PUBLIC, *, is_static: bool = True, argument: int = 0
) -> FunctionCall:
    return FunctionCall(
        name="f",
        to=AztecAddress(fr(9)),
        selector=SELECTOR,
        type=kind,
        hide_msg_sender=False,
        is_static=is_static,
        args=(fr(argument),),
        return_types=(),
    )


def make(calls, sender=SENDER) -> Tx:
    fees = GasFees(fee_per_da_gas=1, fee_per_l2_gas=1)
    context = TxContext(chain_id=31337, version=1, gas_settings=complete_gas(GasOptions(), fees))
    return public_call_tx(calls, sender=sender, context=context, anchor=BlockHeader.empty())


def test_only_a_leading_run_of_public_static_calls_is_cut_off():
    static, private, changing = call(), call(FunctionKind.PRIVATE), call(is_static=False)
    payload = ExecutionPayload(calls=(static, static, private, static))
    leading, rest = split_leading_public_calls(payload)
    assert leading == (static, static)
    assert rest.calls == (private, static)
    assert split_leading_public_calls(ExecutionPayload(calls=(changing, static)))[0] == ()
    assert split_leading_public_calls(ExecutionPayload(calls=(static,)))[1].calls == ()


def test_batches_hold_32_calls():
    assert [len(batch) for batch in batches_of_calls([call()] * 70)] == [32, 32, 6]


def test_all_calls_are_revertible_and_sent_by_the_account():
    tx = make([call(argument=1), call(argument=2)])
    assert tx.data.for_public is not None
    requests = tx.data.for_public.revertible_accumulated_data.public_call_requests
    assert [item.contract_address for item in requests[:3]] == [fr(9), fr(9), FR_ZERO]
    assert {item.msg_sender for item in requests[:2]} == {SENDER}
    expected = calldata_hash((fr(0x01020304), fr(2)))
    assert requests[1].calldata_hash == expected == tx.public_function_calldata[1].hash
    fixed = tx.data.for_public.non_revertible_accumulated_data
    assert all(item.contract_address == FR_ZERO for item in fixed.public_call_requests)
    assert fixed.nullifiers[0] != FR_ZERO
    assert fixed.nullifiers[1] == FR_ZERO
    assert tx.data.fee_payer == SENDER
    assert tx.tx_hash == tx.data.tx_hash()


def test_two_of_them_are_different_transactions():
    assert make([call()]).tx_hash != make([call()]).tx_hash


def test_nobody_may_ask_too():
    assert make([call()], AztecAddress(FR_ZERO)).data.fee_payer == FR_ZERO


def test_the_transaction_travels():
    tx = make([call()])
    assert Tx.decode(tx.encode()) == tx
