"""Random types and values through the codec, and random JSON through the readers of artifacts."""

from __future__ import annotations

import base64
import contextlib
import zlib

import orjson
from hypothesis import given
from hypothesis import strategies as st

from aztecd.crypto.field import FR_MODULUS, fr_int
from aztecd.errors import InvalidInputError
from aztecd.pxe.abi import (
    AbiType,
    AbiVariable,
    ArrayType,
    BooleanType,
    FieldType,
    IntegerType,
    StringType,
    StructType,
    TupleType,
    assertion_message,
    decode_values,
    encode_value,
    error_type_from_json,
    type_from_json,
    type_size,
    type_to_json,
)
from aztecd.pxe.artifacts import SourceFile, SourceMap, contract_class_of, load_artifact

names = st.text("abc_", min_size=1, max_size=4)
leaves = st.one_of(
    st.just(FieldType()),
    st.just(BooleanType()),
    st.builds(IntegerType, is_signed=st.booleans(), width=st.sampled_from([8, 16, 32, 64, 128])),
    st.builds(StringType, length=st.integers(0, 5)),
)


def structs(inner):
    fields = st.lists(st.tuples(names, inner), min_size=2, max_size=3, unique_by=lambda item: item[0])
    return fields.map(
        lambda items: StructType(
            path="m::S", fields=tuple(AbiVariable(name=name, type=item) for name, item in items)
        )
    )


types = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(ArrayType, length=st.integers(0, 3), item=inner),
        structs(inner),
        st.lists(inner, max_size=3).map(lambda items: TupleType(fields=tuple(items))),
    ),
    max_leaves=8,
)


def values(abi_type: AbiType):
    match abi_type:
        case FieldType():
            return st.integers(0, FR_MODULUS - 1)
        case BooleanType():
            return st.booleans()
        case IntegerType(is_signed=True, width=width):
            return st.integers(-(1 << width - 1), (1 << width - 1) - 1)
        case IntegerType(width=width):
            return st.integers(0, (1 << width) - 1)
        case StringType(length=length):
            return st.text(st.characters(max_codepoint=0xD7FF), min_size=length, max_size=length)
        case ArrayType(length=length, item=item):
            return st.lists(values(item), min_size=length, max_size=length)
        case StructType(fields=fields):
            return st.fixed_dictionaries({field.name: values(field.type) for field in fields})
        case TupleType(fields=fields):
            return st.tuples(*map(values, fields)).map(list)


typed_values = types.flatmap(lambda abi_type: st.tuples(st.just(abi_type), values(abi_type)))


@given(typed_values)
def test_values_come_back(pair):
    abi_type, value = pair
    fields = encode_value(abi_type, value)
    assert len(fields) == type_size(abi_type)
    assert all(len(field) == 32 and fr_int(field) < FR_MODULUS for field in fields)
    assert decode_values([abi_type], fields) == value


@given(types)
def test_types_come_back(abi_type):
    assert type_from_json(type_to_json(abi_type)) == abi_type


keys = st.one_of(
    names,
    st.sampled_from(
        (
            "name",
            "kind",
            "type",
            "fields",
            "path",
            "length",
            "sign",
            "width",
            "value",
            "error_kind",
            "functions",
            "abi",
            "parameters",
            "visibility",
            "outputs",
            "structs",
            "globals",
            "transpiled",
            "file_map",
            "fileMap",
            "bytecode",
            "debug_symbols",
            "custom_attributes",
            "error_types",
            "slot",
            "storage",
            "storageLayout",
            "nonDispatchPublicFunctions",
            "source",
            "string",
            "item_types",
        )
    ),
)
words = st.one_of(
    names,
    st.sampled_from(["field", "array", "struct", "tuple", "integer", "boolean", "string"]),
    st.sampled_from(["fmtstring", "custom", "private", "abi_private"]),
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(1 << 60), 1 << 60), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=5)),
    max_leaves=20,
)


@given(json_values, st.lists(st.integers(0, FR_MODULUS - 1), max_size=8))
def test_anything_is_a_type_or_an_error(value, payload):
    for read in (type_from_json, error_type_from_json):
        try:
            found = read(value)
        except InvalidInputError:
            continue
        if read is error_type_from_json:
            with contextlib.suppress(InvalidInputError):
                assertion_message({"1": found}, 1, payload)


BASE = {
    "name": "A",
    "transpiled": True,
    "functions": [
        {
            "name": "f",
            "custom_attributes": ["abi_private"],
            "abi": {"parameters": [], "return_type": None, "error_types": {}},
            "bytecode": "",
            "debug_symbols": "",
        }
    ],
    "outputs": {"structs": {"functions": []}, "globals": {"storage": []}},
    "file_map": {},
}


def paths(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@given(st.sampled_from(sorted(paths(BASE), key=repr)), json_values)
def test_anything_in_an_artifact_is_read_or_refused(path, value):
    changed = replaced(BASE, path, value)
    for data in (changed, orjson.dumps(changed)):
        with contextlib.suppress(InvalidInputError):
            contract_class_of(load_artifact(data))


@given(json_values, st.sampled_from(["4", "4.7", "x", ""]))
def test_any_symbols_give_places_or_an_error(value, location):
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    for shape in (
        value,
        {"debug_infos": [value]},
        {"debug_infos": [{"acir_locations": {"4": value}}]},
        {"debug_infos": [{"acir_locations": value, "location_tree": value}]},
        {"debug_infos": [{"acir_locations": {"4": 0}, "location_tree": {"locations": [value]}}]},
    ):
        packer = deflate.copy()
        packed = base64.b64encode(packer.compress(orjson.dumps(shape)) + packer.flush()).decode()
        with contextlib.suppress(InvalidInputError):
            SourceMap(packed, {1: SourceFile(path="a", source="b")}).call_stack([location], 0)
