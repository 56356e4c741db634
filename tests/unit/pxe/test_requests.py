from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_ZERO, fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.codec import DecodeError, SchemaError
from aztecd.pxe.abi import FieldType
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.requests import (
    AuthWitness,
    Capsule,
    ExecutionPayload,
    FunctionCall,
    MixedFeePayersError,
    hashed_arguments,
    merge_payloads,
)

A, B = AztecAddress(fr(1)), AztecAddress(fr(2))


def word(value: int) -> str:
    return f"{value:064x}"


def call() -> FunctionCall:
    return FunctionCall(
        name="f",
        to=A,
        selector=FunctionSelector(b"\1\2\3\4"),
        type=FunctionKind.PRIVATE,
        hide_msg_sender=False,
        is_static=True,
        args=(fr(5),),
        return_types=(FieldType(),),
    )


def test_witnesses_and_capsules_are_hexadecimal_bytes():
    witness = AuthWitness(request_hash=fr(7), witness=(fr(8), fr(9)))
    assert witness.to_json() == "0x" + word(7) + "00000002" + word(8) + word(9)
    assert AuthWitness.from_json(witness.to_json()) == witness
    capsule = Capsule(contract_address=A, storage_slot=fr(3), data=(fr(4),))
    assert capsule.to_json() == "0x" + word(1) + word(3) + "00000001" + word(4)
    assert Capsule.from_json(capsule.to_json()) == capsule


@pytest.mark.parametrize("value", [None, 7, "0xzz", "0x123", []])
def test_what_is_no_text_of_bytes_is_refused(value):
    with pytest.raises(SchemaError):
        AuthWitness.from_json(value)


def test_a_count_beyond_the_bytes_is_refused():
    with pytest.raises(DecodeError):
        AuthWitness.from_json("0x" + word(7) + "ffffffff")


def test_a_payload_travels_and_null_is_nothing():
    payload = ExecutionPayload(calls=(call(),), extra_hashed_args=(hashed_arguments([fr(6)]),), fee_payer=B)
    sent = payload.to_json()
    assert sent["calls"][0]["type"] == "private"
    assert sent["calls"][0]["returnTypes"] == [{"kind": "field"}]
    assert ExecutionPayload.from_json(sent) == payload
    assert ExecutionPayload.from_json({**sent, "feePayer": None}).fee_payer is None
    with pytest.raises(SchemaError, match="Invalid enum value"):
        FunctionCall.from_json({**sent["calls"][0], "type": "secret"})


def test_payloads_are_joined_in_order():
    first, second = ExecutionPayload(calls=(call(),), fee_payer=A), ExecutionPayload(calls=())
    joined = merge_payloads([second, first, first])
    assert (len(joined.calls), joined.fee_payer) == (2, A)
    with pytest.raises(MixedFeePayersError, match=f"Found: 0x{A.hex()}, 0x{B.hex()}"):
        merge_payloads([first, ExecutionPayload(calls=(), fee_payer=B)])


def test_no_arguments_hash_to_zero():
    assert hashed_arguments([]).hash == FR_ZERO
