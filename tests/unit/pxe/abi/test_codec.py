"""Encoding and decoding of values against recorded ones."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from aztecd.crypto.field import FR_MODULUS, fr, fr_from_hex, fr_hex
from aztecd.protocol.contracts import DEFAULT_PUBLIC_KEYS
from aztecd.pxe.abi import (
    AbiDecodingError,
    AbiEncodingError,
    AbiParameter,
    ArrayType,
    BooleanType,
    FieldType,
    IntegerType,
    StringType,
    TupleType,
    decode_values,
    encode_arguments,
    encode_value,
    signature_of,
    type_from_json,
    type_size,
    type_to_json,
)
from tests.support.vectors import load

FACTS = load("abi.json.gz")
SYNTHETIC = FACTS["synthetic_encodings"]

ADDRESS = {
    "kind": "struct",
    "path": "aztec::protocol_types::address::aztec_address::AztecAddress",
    "fields": [{"name": "inner", "type": {"kind": "field"}}],
}
SELECTOR = {
    "kind": "struct",
    "path": "a::types::abis::function_selector::FunctionSelector",
    "fields": [{"name": "inner", "type": {"kind": "integer", "sign": "unsigned", "width": 32}}],
}


def option(inner):
    fields = [{"name": "_is_some", "type": {"kind": "boolean"}}, {"name": "_value", "type": inner}]
    return type_from_json({"kind": "struct", "path": "std::option::Option", "fields": fields})


def bounded_vec(inner, length):
    storage = {"kind": "array", "length": length, "type": inner}
    fields = [
        {"name": "storage", "type": storage},
        {"name": "len", "type": {"kind": "integer", "sign": "unsigned", "width": 32}},
    ]
    path = "std::collections::bounded_vec::BoundedVec"
    return type_from_json({"kind": "struct", "path": path, "fields": fields})


def parameters(case):
    types = [type_from_json(entry) for entry in case["types"]]
    return [AbiParameter(name=f"p{index}", type=entry) for index, entry in enumerate(types)]


def comparable(value):
    """The form in which the decoded values were recorded."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return fr_hex(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return {key: comparable(item) for key, item in value.items()}


@pytest.mark.parametrize("case", SYNTHETIC, ids=lambda case: case["signature"])
def test_recorded_encodings(case):
    signature = parameters(case)
    assert signature_of("f", signature) == case["signature"]
    for entry, recorded in zip(signature, case["types"], strict=True):
        assert type_to_json(entry.type) == recorded
    if "error" in case:
        with pytest.raises(AbiEncodingError) as caught:
            encode_arguments(signature, case["args"])
        assert str(caught.value) == case["error"]
        return
    fields = encode_arguments(signature, case["args"])
    assert [fr_hex(field) for field in fields] == case["fields"]
    assert sum(type_size(entry.type) for entry in signature) == len(fields)
    decoded = decode_values([entry.type for entry in signature], fields)
    assert comparable(decoded) == case["decoded"]


@pytest.mark.parametrize(
    ("value", "name"),
    [(5, "int"), ("5", "decimal"), ("0x05", "hex"), (fr(5), "bytes"), ({"inner": 5}, "member")],
)
def test_forms_of_an_address(value, name):
    assert encode_value(type_from_json(ADDRESS), value, name) == [fr(5)]


def test_an_object_with_an_address_is_an_address():
    @dataclass
    class Complete:
        address: bytes

        def to_fields(self):
            return [self.address] * 3

    assert encode_value(type_from_json(ADDRESS), Complete(fr(9))) == [fr(9)]
    assert encode_value(type_from_json(ADDRESS), {"address": "0x09"}) == [fr(9)]


def test_an_eth_address_may_be_its_bytes():
    eth = type_from_json({**ADDRESS, "path": "x::address::EthAddress"})
    assert encode_value(eth, b"\x11" * 20) == [fr(int("11" * 20, 16))]


@pytest.mark.parametrize("value", [b"\0\0\0\x07", 7, "7", "0x07", {"inner": 7}, {"value": 7}])
def test_forms_of_a_selector(value):
    assert encode_value(type_from_json(SELECTOR), value) == [fr(7)]


def test_objects_give_their_own_fields():
    class Note:
        def __init__(self, *fields):
            self.fields = fields

        def to_fields(self):
            return self.fields

    class Wrapped:
        def to_field(self):
            return fr(3)

    pair = {"kind": "struct", "path": "P", "fields": [{"name": n, "type": {"kind": "field"}} for n in "ab"]}
    assert encode_value(type_from_json(pair), Note(fr(1), fr(2))) == [fr(1), fr(2)]
    with pytest.raises(AbiEncodingError, match="has 1 fields where the type has 2"):
        encode_value(type_from_json(pair), Note(fr(1)), "note")
    assert encode_value(FieldType(), Wrapped()) == [fr(3)]
    keys = [AbiParameter(name="k", type=TupleType(fields=(FieldType(),) * 2))]
    assert encode_arguments(keys, [[DEFAULT_PUBLIC_KEYS.hash(), 1]])[1] == fr(1)


def test_options():
    assert encode_value(option(ADDRESS), None) == [fr(0), fr(0)]
    assert encode_value(option(ADDRESS), {"_is_some": False}) == [fr(0), fr(0)]
    assert encode_value(option(ADDRESS), {"_is_some": True, "_value": 4}) == [fr(1), fr(4)]
    assert encode_value(option({"kind": "array", "length": 2, "type": {"kind": "field"}}), [1, 2])[1:] == [
        fr(1),
        fr(2),
    ]


def test_options_that_claim_a_value_need_one():
    with pytest.raises(AbiEncodingError, match=r"Undefined argument o\._value of type struct"):
        encode_value(option(ADDRESS), {"_is_some": True}, "o")
    nested = option(type_to_json(option({"kind": "field"})))
    assert encode_value(nested, {"_is_some": True, "_value": None}) == [fr(1), fr(0), fr(0)]


def test_bounded_vectors():
    vec = bounded_vec({"kind": "field"}, 3)
    assert encode_value(vec, []) == [fr(0)] * 4
    assert encode_value(vec, {"storage": [7, 8, 0], "len": 2}) == [fr(7), fr(8), fr(0), fr(2)]
    with pytest.raises(AbiEncodingError) as caught:
        encode_value(vec, [{"a": 1}, [1, 2], True, 4], "v")
    assert str(caught.value) == (
        "Error encoding param 'v': expected an array of maximum length 3 and got 4 instead: "
        "[ {a: 1}, [1, 2], true, ... ]"
    )
    with pytest.raises(AbiEncodingError, match=r"Undefined argument storage\[1\] of type field"):
        encode_value(vec, [1, None], "v")


def test_missing_values_are_named():
    struct = type_from_json(
        {
            "kind": "struct",
            "path": "S",
            "fields": [
                {
                    "name": "calls",
                    "type": {
                        "kind": "array",
                        "length": 2,
                        "type": {
                            "kind": "struct",
                            "path": "T",
                            "fields": [
                                {"name": "a", "type": {"kind": "field"}},
                                {"name": "b", "type": {"kind": "field"}},
                            ],
                        },
                    },
                }
            ],
        }
    )
    cases = [
        ({}, "Undefined argument s.calls of type array"),
        ({"calls": [{"a": 1, "b": 2}]}, "Undefined argument s.calls[1] of type struct"),
        ({"calls": [{"a": 1, "b": 2}, {"a": 1}]}, "Undefined argument s.calls[1].b of type field"),
    ]
    for value, text in cases:
        with pytest.raises(AbiEncodingError) as caught:
            encode_value(struct, value, "s")
        assert str(caught.value) == text
    with pytest.raises(AbiEncodingError, match="Undefined argument amount of type integer"):
        encode_arguments([AbiParameter(name="amount", type=IntegerType(is_signed=False, width=8))], [])


U8, I8 = IntegerType(is_signed=False, width=8), IntegerType(is_signed=True, width=8)


@pytest.mark.parametrize(
    ("abi_type", "value", "text"),
    [
        (U8, 256, "does not fit u8: 256"),
        (U8, -1, "does not fit u8: -1"),
        (I8, 128, "does not fit i8: 128"),
        (I8, "-129", "does not fit i8: -129"),
        (U8, 1 << 9999, "a number of 10000 bits"),
        (U8, "9" * 5000, "does not fit u8"),
        (U8, 1.5, "is no integer"),
        (FieldType(), FR_MODULUS, "greater or equal to field modulus"),
        (FieldType(), "0x" + "f" * 64, "greater or equal to field modulus"),
        (FieldType(), "f" * 10, "Tried to create a Fr from an invalid string: ffffffffff"),
        (FieldType(), -1, "is negative"),
        (FieldType(), b"\1", "has 32 bytes"),
        (FieldType(), 1.5, "cannot be serialized"),
        (BooleanType(), "false", "neither true nor false"),
        (BooleanType(), 2, "neither true nor false"),
        (StringType(length=2), "abc", "has 3 characters"),
        (StringType(length=2), 5, "is no text"),
        (ArrayType(length=1, item=FieldType()), [1, 2], "has 2 items"),
        (ArrayType(length=1, item=FieldType()), "1", "is no list"),
        (TupleType(fields=(FieldType(),)), [], "has 0 parts"),
    ],
)
def test_values_that_do_not_fit(abi_type, value, text):
    with pytest.raises(AbiEncodingError) as caught:
        encode_value(abi_type, value)
    assert text in str(caught.value)


def test_too_many_arguments():
    with pytest.raises(AbiEncodingError, match="expected 0 arguments, got 1"):
        encode_arguments([], [1])


def test_strings_are_units_of_utf_16():
    assert encode_value(StringType(length=3), "é😀") == [fr(0xE9), fr(0xD83D), fr(0xDE00)]
    assert decode_values([StringType(length=3)], [fr(0xE9), fr(0xD83D), fr(0xDE00)]) == "é😀"


def test_bytes_are_lists_of_integers():
    assert encode_value(ArrayType(length=2, item=U8), b"\1\2") == [fr(1), fr(2)]


def test_decoding_needs_enough_fields():
    with pytest.raises(AbiDecodingError, match="Not enough return values"):
        decode_values([FieldType(), FieldType()], [fr(1)])
    assert decode_values([], []) == []
    assert decode_values([TupleType(fields=(U8, BooleanType()))], [fr(3), fr(1)]) == [3, True]


def test_recorded_arguments_have_the_recorded_hashes():
    from aztecd.constants import DOM_SEP_PUBLIC_CALLDATA
    from aztecd.crypto.poseidon2 import hash_fields, hash_with_separator
    from aztecd.protocol.hashes import var_args_hash

    for case in FACTS["hashes"]:
        values = [fr_from_hex(text) for text in case["values"]]
        assert fr_hex(var_args_hash(values)) == case["args_hash"]
        assert fr_hex(hash_with_separator(DOM_SEP_PUBLIC_CALLDATA, values)) == case["calldata_hash"]
        if case["poseidon2"]:
            assert fr_hex(hash_fields(values)) == case["poseidon2"]
