"""Reading of types, selectors, and the text of assertions."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import fr_hex
from aztecd.crypto.poseidon2 import hash_bytes
from aztecd.pxe.abi import (
    AbiDecodingError,
    AbiParameter,
    AbiTypeError,
    FieldType,
    StructType,
    TupleType,
    assertion_message,
    decode_values,
    error_type_from_json,
    event_selector,
    selector_field,
    selector_from_hex,
    selector_of_signature,
    signature_of,
    type_from_json,
)
from aztecd.pxe.abi.types import error_type_to_json
from tests.support.vectors import load

FACTS = load("abi.json.gz")
ASSERTIONS = load("assertions.json.gz")["cases"]


@pytest.mark.parametrize("case", FACTS["selectors"], ids=lambda case: case["signature"])
def test_recorded_selectors(case):
    assert "0x" + selector_of_signature(case["signature"]).hex() == case["selector"]
    assert fr_hex(hash_bytes(case["signature"].encode())) == case["hash"]
    selector = selector_from_hex(case["selector"])
    assert int.from_bytes(selector_field(selector), "big") == int(case["selector"], 16)


@pytest.mark.parametrize("case", FACTS["event_selectors"], ids=lambda case: case["signature"])
def test_recorded_event_selectors(case):
    assert "0x" + selector_of_signature(case["signature"]).hex() == case["selector"]


def test_the_selector_of_an_event_is_that_of_its_last_name():
    address = StructType(path="address::AztecAddress", fields=(variable("inner"),))
    field = type_from_json({"kind": "integer", "sign": "unsigned", "width": 128})
    event = StructType(
        path="Token::Transfer",
        fields=(variable("from", address), variable("to", address), variable("amount", field)),
    )
    recorded = {case["signature"]: case["selector"] for case in FACTS["event_selectors"]}
    assert "0x" + event_selector(event).hex() == recorded["Transfer((Field),(Field),u128)"]


def variable(name, abi_type=None):
    from aztecd.pxe.abi import AbiVariable

    return AbiVariable(name=name, type=abi_type or FieldType())


def test_signatures_for_people_have_names():
    parameters = [AbiParameter(name="to", type=StructType(path="A", fields=(variable("inner"),)))]
    assert signature_of("f", parameters, names=True) == "f(to: (inner: Field))"


def test_tuples_have_no_signature():
    with pytest.raises(AbiTypeError, match="Unsupported type: tuple"):
        signature_of("f", [AbiParameter(name="t", type=TupleType(fields=()))])
    with pytest.raises(AbiTypeError, match="cannot contain whitespace"):
        selector_of_signature("f(Field, Field)")
    with pytest.raises(AbiTypeError, match="8 hexadecimal digits"):
        selector_from_hex("0x123")


def nested(depth):
    value = {"kind": "field"}
    for _ in range(depth):
        value = {"kind": "array", "length": 1, "type": value}
    return value


def array_of_nothing(*lengths):
    value = {"kind": "struct", "path": "S", "fields": []}
    for length in lengths:
        value = {"kind": "array", "length": length, "type": value}
    return value


def test_empty_values_have_no_field_elements():
    assert decode_values([type_from_json(array_of_nothing(2, 3))], []) == [[{}, {}]] * 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "expected an object, received null"),
        ({}, "'kind' is missing"),
        ({"kind": "slice"}, "unknown kind of type 'slice'"),
        ({"kind": "integer", "sign": "unsigned", "width": 0}, "integer type 'unsigned' of 0 bits"),
        ({"kind": "integer", "sign": "no", "width": 8}, "integer type 'no'"),
        ({"kind": "string", "length": -1}, "'length' is -1"),
        ({"kind": "string", "length": True}, "'length' is True"),
        ({"kind": "string", "length": 1 << 40}, "out of range"),
        ({"kind": "array", "length": 2, "type": 5}, "'type' is missing or of a wrong kind"),
        ({"kind": "struct", "path": "S", "fields": [{"name": "a"}]}, "(at .a)"),
        (
            {"kind": "array", "length": 1 << 15, "type": {"kind": "string", "length": 1 << 15}},
            "field elements",
        ),
        (nested(40), "nested deeper than 32"),
        (array_of_nothing(1 << 20, 1 << 20), "more than 2097152 parts"),
    ],
)
def test_malformed_types(value, text):
    with pytest.raises(AbiTypeError) as caught:
        type_from_json(value)
    assert text in str(caught.value)


def test_a_message_is_not_made_of_more_than_a_value():
    items = [array_of_nothing(1 << 20)] * 2
    with pytest.raises(AbiTypeError, match="parts"):
        error_type_from_json({"error_kind": "fmtstring", "length": 0, "item_types": items})


def test_unknown_kind_of_error():
    with pytest.raises(AbiTypeError, match="unknown kind of error 'x'"):
        error_type_from_json({"error_kind": "x"})


@pytest.mark.parametrize("case", ASSERTIONS, ids=lambda case: case["name"])
def test_recorded_assertions(case):
    error = error_type_from_json(case["type"])
    assert error_type_to_json(error) == case["type"]
    payload = [int(text, 16) for text in case["data"]]
    assert assertion_message({"77": error}, 77, payload) == case["message"]
    assert assertion_message({"77": error}, 78, payload) is None


def test_short_payloads():
    error = error_type_from_json({"error_kind": "fmtstring", "length": 3, "item_types": []})
    with pytest.raises(AbiDecodingError, match="shorter than its type"):
        assertion_message({"1": error}, 1, [65, 65])
