"""Loading, on an artifact made by hand: rules, refusals, initializers."""

from __future__ import annotations

import base64
import copy

import orjson
import pytest

from aztecd.crypto.field import fr
from aztecd.pxe.abi import FieldType, IntegerType
from aztecd.pxe.artifacts import (
    ArtifactError,
    FunctionKind,
    UnknownFunctionError,
    artifact_hash_parts,
    artifact_to_json,
    contract_class_of,
    load_artifact,
)

FIELD = {"kind": "field"}


def text(value: str):
    return {"kind": "string", "value": value}


def slot(name: str, number: int):
    value = {"kind": "integer", "sign": False, "value": f"{number:064x}"}
    return {"name": name, "value": {"kind": "struct", "fields": [{"name": "slot", "value": value}]}}


def storage(contract: str, *slots):
    fields = {"kind": "struct", "fields": list(slots)}
    return {
        "kind": "struct",
        "fields": [{"name": "contract_name", "value": text(contract)}, {"name": "fields", "value": fields}],
    }


def function(name: str, *attributes: str, parameters=(), **others):
    return {
        "name": name,
        "is_unconstrained": False,
        "custom_attributes": list(attributes),
        "abi": {"parameters": list(parameters), "return_type": None, "error_types": {}},
        "bytecode": base64.b64encode(name.encode()).decode(),
        "debug_symbols": "",
        **others,
    }


def parameter(name: str, abi_type=FIELD, visibility="private"):
    return {"name": name, "type": abi_type, "visibility": visibility}


def struct(path: str, **members):
    fields = [{"name": name, "type": abi_type} for name, abi_type in members.items()]
    return {"kind": "struct", "path": path, "fields": fields}


def contract():
    key = base64.b64encode(b"".join(fr(number) for number in range(127))).decode()
    inputs = parameter("inputs", struct("a::PrivateContextInputs", x=FIELD))
    u8 = {"kind": "integer", "sign": "unsigned", "width": 8}
    return {
        "noir_version": "1",
        "name": "Box",
        "transpiled": True,
        "functions": [
            function("open", "abi_private", parameters=[inputs, parameter("who")], verification_key=key),
            function("close", "abi_public", "abi_view", "abi_only_self", parameters=[parameter("n", u8)]),
            function("public_dispatch", "abi_public", parameters=[parameter("selector")]),
            function(
                "look",
                "abi_utility",
                abi={
                    "parameters": [],
                    "return_type": {"abi_type": u8, "visibility": "public"},
                    "error_types": {"7": {"error_kind": "string", "string": "no"}},
                },
            ),
        ],
        "outputs": {
            "structs": {
                "functions": [
                    struct("Box::open_abi", parameters=struct("Box::open_parameters"), return_type=u8),
                    struct("Box::close_abi", parameters=struct("Box::close_parameters")),
                ],
                "events": [struct("Box::A", n=FIELD), struct("Box::B", n=FIELD)],
            },
            "globals": {"storage": [storage("Lid", slot("x", 9)), storage("Box", slot("key", 3))]},
        },
        "file_map": {"5": {"path": "box.nr", "source": "fn"}},
    }


def test_what_loading_keeps():
    artifact = load_artifact(orjson.dumps(contract()))
    assert [item.name for item in artifact.functions] == ["open", "public_dispatch", "look"]
    assert [item.name for item in artifact.public_functions] == ["close"]
    opened = artifact.function("open")
    assert (opened.kind, opened.signature) == (FunctionKind.PRIVATE, "open(Field)")
    assert opened.return_types == (IntegerType(is_signed=False, width=8),)
    close = artifact.abi("close")
    assert (close.is_static, close.is_only_self, close.return_types) == (True, True, ())
    look = artifact.function("look")
    assert look.return_types == (IntegerType(is_signed=False, width=8),)
    assert list(look.error_types) == ["7"]
    assert artifact.storage_layout == {"key": fr(3)}
    assert artifact.file_map[5].path == "box.nr"
    assert [event.path for event in artifact.events] == ["Box::B", "Box::A"]
    assert artifact.abi_by_selector(close.selector) == close
    assert artifact.abi_by_selector(b"\0\0\0\0") is None
    assert artifact.function("public_dispatch").bytecode == b"public_dispatch"
    assert artifact.function("open").parameters[0].type == FieldType()


def test_both_forms_are_one_artifact():
    artifact = load_artifact(contract())
    processed = artifact_to_json(artifact)
    assert load_artifact(orjson.dumps(processed)) == artifact
    for item in processed["functions"]:
        item["bytecode"] = {"type": "Buffer", "data": list(base64.b64decode(item["bytecode"]))}
    assert load_artifact(processed) == artifact


def test_the_class_ignores_the_order_of_exports_and_unknown_members():
    changed = contract()
    changed["outputs"]["structs"]["events"].reverse()
    changed["outputs"]["structs"]["events"][0]["more"] = 1
    changed["functions"].reverse()
    assert contract_class_of(load_artifact(changed)).id == contract_class_of(load_artifact(contract())).id
    changed["outputs"]["structs"]["events"][0]["path"] = "Box::C"
    assert contract_class_of(load_artifact(changed)).id != contract_class_of(load_artifact(contract())).id


def test_a_known_artifact_hash_is_taken():
    artifact = load_artifact(contract())
    known = artifact_hash_parts(artifact).hash()
    assert contract_class_of(artifact, known) == contract_class_of(artifact)
    assert contract_class_of(artifact, fr(1)).artifact_hash == fr(1)


def damaged(change):
    value = contract()
    change(value)
    return value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"{", "an artifact is JSON"),
        ([], "for ?: expected an object, received array"),
        (damaged(lambda c: c.pop("functions")), "for Box: 'functions' is missing"),
        (damaged(lambda c: c.update(transpiled=False)), "bytecode has not been transpiled"),
        (
            damaged(lambda c: c["functions"].append(function("f"))),
            "Invalid function type for a noir contract",
        ),
        (damaged(lambda c: c["functions"][0].update(bytecode="!")), "open has damaged base64"),
        (damaged(lambda c: c["functions"][0].update(verification_key=7)), "is no text"),
        (damaged(lambda c: c["outputs"]["structs"].update(events=[FIELD])), "is a field, not a struct"),
        (damaged(lambda c: c["outputs"]["structs"].update(events=7)), "outputs.structs.events is no list"),
        (
            damaged(lambda c: c["outputs"]["globals"].update(x=[{"kind": "y"}])),
            "unknown kind of exported value",
        ),
        (damaged(lambda c: c["file_map"].update(x={})), "file_map goes by numbers"),
        (
            damaged(
                lambda c: c["functions"][1]["abi"]["parameters"].append(parameter("p", FIELD, "databus"))
            ),
            "Unsupported visibility databus",
        ),
        (
            damaged(lambda c: c["functions"][1]["abi"]["parameters"].append(parameter("p", FIELD, "x"))),
            "unknown visibility 'x'",
        ),
        (
            damaged(
                lambda c: c["outputs"]["globals"].update(
                    storage=[storage("Box", {"name": "a", "value": text("")})]
                )
            ),
            "the storage layout is damaged",
        ),
    ],
)
def test_damaged_artifacts(value, message):
    with pytest.raises(ArtifactError) as caught:
        load_artifact(value)
    assert message in str(caught.value)


def test_classes_need_keys_and_one_public_function():
    value = contract()
    del value["functions"][0]["verification_key"]
    with pytest.raises(ArtifactError, match="Private function open must have a verification key"):
        contract_class_of(load_artifact(value))
    value["functions"][0]["verification_key"] = "AAAA"
    with pytest.raises(ArtifactError, match="has 3 bytes, expected 4064"):
        contract_class_of(load_artifact(value))
    value["functions"][0]["verification_key"] = base64.b64encode(b"\xff" * 127 * 32).decode()
    with pytest.raises(ArtifactError, match="the verification key of open is damaged"):
        contract_class_of(load_artifact(value))
    value = contract()
    value["functions"].append(copy.deepcopy(value["functions"][2]))
    with pytest.raises(ArtifactError, match=r"at most one public function artifact. Received 2"):
        contract_class_of(load_artifact(value))


def initializers(*functions):
    value = contract()
    value["functions"] += functions
    return load_artifact(value)


def made(name, *attributes, parameters=()):
    return function(name, "abi_initializer", *attributes, parameters=parameters)


def test_initializers():
    artifact = load_artifact(contract())
    assert artifact.initializer() is None
    with pytest.raises(UnknownFunctionError, match="Constructor method make not found in contract artifact"):
        artifact.initializer("make")
    with pytest.raises(UnknownFunctionError, match="Method open is not an initializer"):
        artifact.initializer("open")
    public = made("b", "abi_public", parameters=[parameter("x")])
    private = made("c", "abi_private", parameters=[parameter("x")])
    empty = made("d", "abi_public")
    named = made("initializer", "abi_public", parameters=[parameter("x")])
    best = made("constructor", "abi_public", parameters=[parameter("x")])
    expected = [(public, "b"), (private, "c"), (empty, "d"), (named, "initializer"), (best, "constructor")]
    for count in range(1, 6):
        found = initializers(*(entry for entry, _ in expected[:count])).initializer()
        assert found is not None
        assert found.name == expected[count - 1][1]
    chosen = initializers(public, private).initializer("b")
    assert chosen is not None
    assert chosen.name == "b"


def test_unknown_functions():
    artifact = load_artifact(contract())
    for find in (artifact.function, artifact.abi):
        with pytest.raises(UnknownFunctionError, match="Unknown function nothing"):
            find("nothing")
    with pytest.raises(UnknownFunctionError, match="Unknown function 0x00000001"):
        artifact.function_by_selector(b"\0\0\0\1")
