from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.codec import SchemaError
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.requests import FunctionCall
from aztecd.wallet.capabilities import ALL_CAPABILITIES, Grants, read_manifest

TOKEN = AztecAddress(fr(77))
OTHER = AztecAddress(fr(78))
TOKEN_TEXT = "0x" + TOKEN.hex()


def call(name: str, to: AztecAddress = TOKEN) -> FunctionCall:
    return FunctionCall(
        name=name,
        to=to,
        selector=FunctionSelector(bytes(4)),
        type=FunctionKind.PRIVATE,
        hide_msg_sender=False,
        is_static=False,
        args=(),
        return_types=(),
    )


def manifest(*capabilities: object, **changes: object) -> dict[str, object]:
    return {
        "version": "1.0",
        "metadata": {"name": "app", "version": "2"},
        "capabilities": list(capabilities),
        **changes,
    }


def grants(*capabilities: object) -> Grants:
    return Grants(capabilities=read_manifest(manifest(*capabilities), "0").capabilities, accounts=None)


def test_a_manifest_is_read_and_unknown_members_dropped():
    item = {"type": "accounts", "canGet": True, "canCreateAuthWit": None, "more": 1}
    read = read_manifest(manifest(item, behavior={"mode": "strict", "expiration": 5}), "0")
    assert (read.name, read.version, read.expiration_ms) == ("app", "2", 5)
    assert read.capabilities == ({"type": "accounts", "canGet": True},)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (None, "0"),
        (manifest(version="2.0"), "0.version"),
        (manifest(metadata={"name": "x"}), "0.metadata.version"),
        (manifest({"type": "all"}), "0.capabilities.0.type"),
        (manifest({"type": ["accounts"]}), "0.capabilities.0.type"),
        (manifest({"type": "accounts", "canGet": 1}), "0.capabilities.0.canGet"),
        (manifest({"type": "transaction"}), "0.capabilities.0.scope"),
        (
            manifest({"type": "transaction", "scope": [{"contract": "*"}]}),
            "0.capabilities.0.scope.0.function",
        ),
        (manifest({"type": "contractClasses", "classes": "*"}), "0.capabilities.0.canGetMetadata"),
        (manifest({"type": "contracts", "contracts": [7]}), "0.capabilities.0.contracts.0"),
        (manifest(behavior={"expiration": True}), "0.behavior.expiration"),
    ],
)
def test_what_is_no_manifest_is_refused(value, path):
    with pytest.raises(SchemaError) as caught:
        read_manifest(value, "0")
    assert caught.value.path == path


def test_sending_is_granted_by_contract_and_function():
    scope = [{"contract": TOKEN_TEXT, "function": "transfer"}, {"contract": "*", "function": "mint"}]
    granted = grants({"type": "transaction", "scope": scope})
    assert granted.allows_sending([call("transfer"), call("mint", OTHER)])
    assert not granted.allows_sending([call("transfer", OTHER)])
    assert not granted.allows_sending([call("transfer"), call("burn")])
    assert not granted.allows_simulation([call("transfer")])


def test_a_function_that_the_wallet_does_not_know_is_covered_by_all_functions_only():
    named = grants({"type": "transaction", "scope": [{"contract": "*", "function": ""}]})
    assert not named.allows_sending([call("")])
    everything = grants({"type": "transaction", "scope": [{"contract": "*", "function": "*"}]})
    assert everything.allows_sending([call("")])


def test_simulation_tells_transactions_from_utilities():
    granted = grants({"type": "simulation", "utilities": {"scope": "*"}})
    assert granted.allows_simulation([call("balance")], is_utility=True)
    assert not granted.allows_simulation([call("balance")])


def test_contracts_and_classes_are_listed():
    granted = grants(
        {"type": "contracts", "contracts": [TOKEN_TEXT], "canGetMetadata": True},
        {"type": "contractClasses", "classes": [TOKEN_TEXT], "canGetMetadata": True},
        {"type": "data", "privateEvents": {"contracts": [TOKEN_TEXT]}},
    )
    assert granted.allows_contract("canGetMetadata", TOKEN)
    assert not granted.allows_contract("canGetMetadata", OTHER)
    assert not granted.allows_contract("canRegister", TOKEN)
    assert granted.allows_class(TOKEN)
    assert not granted.allows_class(OTHER)
    assert granted.allows_events(TOKEN)
    assert not granted.allows_events(OTHER)
    assert not granted.allows("data", "addressBook")


def test_everything_is_a_manifest_too():
    assert read_manifest(manifest(*ALL_CAPABILITIES), "0").capabilities == ALL_CAPABILITIES


def test_nothing_is_granted_by_default():
    none = Grants()
    assert not none.allows_sending([call("transfer")])
    assert not none.sees(TOKEN)
