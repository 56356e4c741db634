"""Every artifact of the contract packages against what the reference made of it."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import fr, fr_from_hex, fr_hex
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import PublicKeys, address_from_keys, initialization_hash
from aztecd.pxe.abi import (
    IntegerType,
    encode_arguments,
    event_selector,
)
from aztecd.pxe.accounts import (
    AccountKind,
    EntrypointPayload,
    FeeOption,
    StubSigner,
    account_payload,
    claim_payment,
    constructor_arguments,
    instantiate,
    is_consumable_call,
    lookup_validity_call,
    multi_call_payload,
    private_fpc_payment,
    private_fpc_transfer,
    public_fpc_payment,
    public_fpc_transfer,
    publish_class_payload,
    publish_instance_call,
    set_authorized_call,
    sponsored_payment,
)
from aztecd.pxe.artifacts import (
    FunctionKind,
    artifact_hash_parts,
    artifact_to_json,
    contract_class_of,
    load_artifact,
)
from aztecd.pxe.keys import Secret
from aztecd.pxe.requests import AuthWitness, ExecutionPayload
from tests.support.client_install import install
from tests.support.contract_artifacts import contract_artifact
from tests.support.vectors import load

pytestmark = [pytest.mark.integration, pytest.mark.e2e]

CLASSES = load("addresses.json.gz")["classes"]
INSTANCES = load("addresses.json.gz")["instances"]
ABI = load("abi.json.gz")


def read(package, file):
    return load_artifact((install().modules / package / "artifacts" / file).read_bytes())


@pytest.mark.parametrize("case", CLASSES, ids=lambda case: f"{case['package']}-{case['name']}")
def test_recorded_classes_and_abis(case):
    artifact = read(case["package"], case["file"])
    made, parts = contract_class_of(artifact), artifact_hash_parts(artifact)
    assert {
        "artifact_hash": fr_hex(made.artifact_hash),
        "private_function_artifact_root": fr_hex(parts.private_functions_root),
        "utility_function_artifact_root": fr_hex(parts.utility_functions_root),
        "metadata_hash": fr_hex(parts.metadata_hash),
        "private_functions_root": fr_hex(made.private_functions_root),
        "public_bytecode_commitment": fr_hex(made.public_bytecode_commitment),
        "packed_bytecode_bytes": len(made.packed_bytecode),
        "class_id": fr_hex(made.id),
        "private_functions": [
            {"selector": "0x" + selector.hex(), "vk_hash": fr_hex(key)}
            for selector, key in made.private_functions
        ],
    } == {key: case[key] for key in case if key not in {"package", "file", "name"}}

    recorded = [
        entry
        for entry in ABI["functions"]
        if (entry["package"], entry["contract"]) == (case["package"], case["name"])
    ]
    for entry in recorded:
        assert [
            {
                "name": abi.name,
                "type": abi.kind.value,
                "static": abi.is_static,
                "only_self": abi.is_only_self,
                "initializer": abi.is_initializer,
                "signature": abi.signature,
                "selector": "0x" + abi.selector.hex(),
                "args_size": abi.arguments_size,
            }
            for abi in artifact.abis
        ] == entry["functions"]
        assert {name: fr_hex(slot) for name, slot in artifact.storage_layout.items()} == entry[
            "storage_layout"
        ]
        assert [event.path for event in artifact.events][: len(entry["events"])] == entry["events"]

    # The form that clients keep gives the same artifact, and so the same class.
    assert load_artifact(artifact_to_json(artifact)) == artifact
    for abi in artifact.functions:
        assert artifact.function_by_selector(abi.selector) == abi


def test_every_recorded_abi_has_a_class():
    packages = {(entry["package"], entry["name"]) for entry in CLASSES}
    assert {(entry["package"], entry["contract"]) for entry in ABI["functions"]} <= packages
    assert sum(len(entry["functions"]) for entry in ABI["functions"]) == 783


@pytest.mark.parametrize("case", INSTANCES, ids=lambda case: case["name"])
def test_recorded_instances(case):
    artifact = contract_artifact(case["contract"])
    made = contract_class_of(artifact)
    assert fr_hex(made.id) == case["class_id"]
    arguments = tuple(fr_from_hex(text) for text in case["constructor_args_encoded"] or ())
    wanted = fr_hex(bytes(32))
    if case["constructor"]:
        initializer = artifact.initializer(case["constructor"])
        assert initializer is not None
        assert initializer.arguments_size == len(arguments)
        wanted = fr_hex(initialization_hash(int.from_bytes(initializer.selector, "big"), arguments))
    assert wanted == case["initialization_hash"]
    keys = PublicKeys.decode(bytes.fromhex(case["public_keys"].removeprefix("0x")))
    assert fr_hex(address_from_keys(keys, fr_from_hex(case["partial_address"]))) == case["address"]


@pytest.mark.parametrize("case", ABI["encodings"], ids=lambda case: case["function"])
def test_recorded_calls(case):
    abi = contract_artifact(case["contract"]).abi(case["function"])
    assert [fr_hex(field) for field in encode_arguments(abi.parameters, case["args"])] == case["fields"]


def test_an_event_of_an_artifact():
    (transfer,) = contract_artifact("Token").events
    recorded = {case["signature"]: case["selector"] for case in ABI["event_selectors"]}
    assert "0x" + event_selector(transfer).hex() == recorded["Transfer((Field),(Field),u128)"]
    assert [field.name for field in transfer.fields] == ["from", "to", "amount"]


def test_return_types():
    token = contract_artifact("Token")
    assert token.abi("balance_of_private").return_types == (IntegerType(is_signed=False, width=128),)
    assert token.abi("total_supply").return_types == (IntegerType(is_signed=False, width=128),)
    assert token.abi("mint_to_private").return_types == ()


@pytest.mark.parametrize("case", load("call_stacks.json.gz")["cases"])
def test_recorded_call_stacks(case):
    artifact = contract_artifact(case["contract"])
    symbols = artifact.source_map(artifact.function(case["function"]))
    stack = symbols.call_stack(case["locations"], case["brillig_function"])
    assert [
        ["/".join(place.path.split("/")[-2:]), place.line, place.column, min(len(place.text), 60)]
        for place in stack
    ] == case["stack"]


@pytest.mark.parametrize(
    ("kind", "curve"), [(AccountKind.ECDSA_K, "K"), (AccountKind.ECDSA_R, "R")], ids=["k1", "r1"]
)
def test_recorded_ecdsa_accounts(kind, curve):
    (case,) = [entry for entry in INSTANCES if entry["name"].startswith(f"Ecdsa{curve}")]
    key = Secret(b"\x07" * 32)
    arguments = constructor_arguments(kind, key)
    assert arguments is not None
    assert [fr_hex(field) for field in arguments] == case["constructor_args_encoded"]
    artifact = contract_artifact(kind.contract_name)
    instance = instantiate(
        contract_class_of(artifact).id,
        initializer=artifact.initializer(),
        arguments=arguments,
        salt=fr_from_hex(case["salt"]),
        public_keys=PublicKeys.decode(bytes.fromhex(case["public_keys"][2:])),
    )
    assert fr_hex(instance.address) == case["address"]


def test_our_calls_are_functions_of_their_contracts():
    address, number = AztecAddress(fr(7)), fr(8)
    artifact = contract_artifact("Token")
    made = contract_class_of(artifact)
    instance = instantiate(made.id, salt=number)
    witness = AuthWitness(request_hash=number, witness=())
    private = private_fpc_payment(address, max_fee=1, nonce=number, approval=witness)
    approve = set_authorized_call(number, is_authorized=True)
    public = public_fpc_payment(address, max_fee=1, nonce=number, approval=approve)
    claim = claim_payment(address, amount=1, claim_secret=number, message_leaf_index=2)
    stub = ExecutionPayload(calls=())
    calls = [
        ("FPC", private.calls[0]),
        ("FPC", public.calls[1]),
        ("AuthRegistry", public.calls[0]),
        ("AuthRegistry", is_consumable_call(address, number)),
        ("FeeJuice", claim.calls[0]),
        ("SponsoredFPC", sponsored_payment(address).calls[0]),
        ("Token", private_fpc_transfer(address, address, address, max_fee=1, nonce=number)),
        ("Token", public_fpc_transfer(address, address, address, max_fee=1, nonce=number)),
        ("ContractClassRegistry", publish_class_payload(made).calls[0]),
        ("ContractInstanceRegistry", publish_instance_call(instance)),
        ("SchnorrAccount", lookup_validity_call(address, address, number)),
        ("MultiCallEntrypoint", multi_call_payload(stub).calls[0]),
    ]
    for kind in AccountKind:
        entry = account_payload(address, StubSigner(), stub, fee_option=FeeOption.EXTERNAL).calls[0]
        calls.append((kind.contract_name, entry))
    for contract, call in calls:
        abi = contract_artifact(contract).abi_by_selector(call.selector)
        assert abi is not None, (contract, call.name)
        assert (abi.name, abi.kind, abi.arguments_size) == (call.name, call.type, len(call.args))
        assert abi.return_types == call.return_types


def test_calls_made_by_hand_are_those_of_the_codec():
    instance = instantiate(fr(5), salt=fr(3))
    abi = contract_artifact("ContractInstanceRegistry").abi("publish_for_public_execution")
    arguments = [fr(3), fr(5), instance.initialization_hash, instance.public_keys, True]
    assert tuple(encode_arguments(abi.parameters, arguments)) == publish_instance_call(instance).args

    calls = (publish_instance_call(instance), sponsored_payment(AztecAddress(fr(9))).calls[0])
    encoded = EntrypointPayload.of(calls, fr(77))
    payload = {
        "function_calls": [
            {
                "args_hash": call.hashed().hash,
                "function_selector": call.selector,
                "target_address": call.to,
                "is_public": call.type is FunctionKind.PUBLIC,
                "hide_msg_sender": False,
                "is_static": False,
            }
            for call in encoded.calls
        ],
        "tx_nonce": 77,
    }
    abi = contract_artifact("SchnorrAccount").abi("entrypoint")
    assert encode_arguments(abi.parameters, [payload, 1, False])[:31] == encoded.to_fields()
