from __future__ import annotations

import ast

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
