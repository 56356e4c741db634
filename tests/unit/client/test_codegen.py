from __future__ import annotations

import ast

import pytest

from aztecd.client import Contract
from aztecd.client.codegen import generate_bindings
from aztecd.crypto.field import fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.artifacts import load_artifact
from tests.support.fake_wallet import BOB, FakeWallet, function

U64 = {"kind": "integer", "sign": "unsigned", "width": 64}
ADDRESS = {
    "kind": "struct",
    "path": "aztec::protocol_types::address::aztec_address::AztecAddress",
    "fields": [{"name": "inner", "type": {"kind": "field"}}],
}


def artifact(*functions, name="Bank"):
    return load_artifact(
        {
            "name": name,
            "functions": [],
            "nonDispatchPublicFunctions": list(functions),
            "outputs": {"structs": {}, "globals": {}},
            "storageLayout": {},
            "fileMap": {},
        }
    )


def parameter(name, kind):
    return {"name": name, "type": kind, "visibility": "private"}


def load(made):
    scope: dict[str, object] = {}
    exec(compile(generate_bindings(made), "bindings", "exec"), scope)
    return scope


def test_bindings_call_the_contract():
    made = artifact(
        function("from", "public", [parameter("from", ADDRESS), parameter("self", U64)]),
        function("constructor", "public", [parameter("wallet", U64)], isInitializer=True),
    )
    bank_class = load(made)["BankContract"]
    assert isinstance(bank_class, type)
    assert issubclass(bank_class, Contract)
    wallet = FakeWallet()
    bank = bank_class.at(AztecAddress(fr(3)), made, wallet)
    call = bank.from_(BOB, 7).call
    assert (call.name, call.args) == ("from", (BOB, fr(7)))
    assert bank_class.deploy_new(wallet, made, 5, is_universal=True).instance().address


def test_types_are_named():
    text = generate_bindings(
        artifact(function("pay", "public", [parameter("to", ADDRESS), parameter("n", U64)]))
    )
    assert "def pay(self, to: AddressLike, n: int) -> ContractCall:" in text


def test_names_of_a_hostile_artifact_stay_names():
    evil = 'x"""\nimport os  # '
    made = artifact(function(evil, "public", [parameter(evil, U64)]), name=evil)
    tree = ast.parse(generate_bindings(made))
    imports = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert "os" not in imports
    assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))


def bindings(*functions, name="Bank"):
    """The class of a contract, an object of it, and the names of its own attributes."""
    made = artifact(*functions, name=name)
    scope = load(made)
    (exported,) = scope["__all__"]
    bank_class = scope[exported]
    own = {*vars(bank_class)} - {*vars(type("Empty", (Contract,), {}))}
    return bank_class, bank_class.at(AztecAddress(fr(3)), made, FakeWallet()), own


@pytest.mark.parametrize(
    "names",
    [
        ["a-b", "a+b", "a_b"],
        ["from", "from_"],
        ["methods", "methods_"],
        ["a::b"],
        ["\"x'\\"],
        ["\U0001f600", "\u200b"],
        ["_x", "__x", "___x"],
        ["", "_"],
        ["3", "_3"],
        ["EVENTS"],
        ["wallet", "at", "deploy", "with_wallet", "address", "artifact"],
        ["int", "Sequence", "classmethod"],
    ],
    ids=ascii,
)
def test_every_function_has_a_method_of_its_own(names):
    _, bank, own = bindings(*(function(name, "public", []) for name in names))
    methods = own - {"EVENTS"}
    assert len(methods) == len(names)
    assert sorted(getattr(bank, method)().call.name for method in methods) == sorted(names)
    assert methods.isdisjoint({*names} & {"wallet", "at", "deploy", "with_wallet", "int", "Sequence"})
    assert bank.EVENTS == ()


def test_names_with_a_meaning_in_python():
    special = ["__init__", "__new__", "__getattribute__", "__eq__", "__class__", "__debug__"]
    bank_class, bank, own = bindings(
        *(function(name, "public", [parameter("__debug__", U64), parameter("x", U64)]) for name in special),
        name="__debug__",
    )
    assert isinstance(bank, Contract)
    assert bank_class.__name__ == "_debug__Contract"
    assert {f"_{name.lstrip('_')}" for name in special} | {"EVENTS"} == own
    assert bank._debug__(1, 2).call.name == "__debug__"


def test_a_constructor_is_not_hidden_by_a_function():
    bank_class, bank, own = bindings(
        function("constructor", "public", [], isInitializer=True),
        function("by-name", "public", [], isInitializer=True),
        function("deploy_new", "public", []),
        function("deploy_by_by_name", "public", []),
    )
    made, wallet = bank.artifact, FakeWallet()
    assert bank_class.deploy_new(wallet, made, is_universal=True).instance().address
    assert bank_class.deploy_by_by_name(wallet, made, is_universal=True).instance().address
    assert bank.deploy_new_().call.name == "deploy_new"
    assert bank.deploy_by_by_name_().call.name == "deploy_by_by_name"
    assert {"constructor", "by_name"} <= own


def test_bindings_are_ascii():
    assert generate_bindings(artifact(function("\u00fc", "public", []), name="\u00fc")).isascii()
