"""Keys and addresses against recorded accounts."""

from __future__ import annotations

import copy
import pickle

import pytest

from aztecd.crypto.field import FQ_MODULUS, fr, fr_from_hex, fr_hex
from aztecd.crypto.grumpkin import INFINITY, Point
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.codec import DecodeError
from aztecd.protocol.contracts import (
    DEFAULT_PUBLIC_KEYS,
    ContractInstanceWithAddress,
    PublicKeys,
    initialization_hash,
    partial_address,
    salted_initialization_hash,
)
from aztecd.pxe.abi import selector_of_signature
from aztecd.pxe.keys import (
    CompleteAddress,
    InvalidAddressError,
    KeyKind,
    KeysError,
    Secret,
    VaultLockedError,
    address_point,
    address_secret,
    app_secret_key,
    derive_keys,
    derive_signing_key,
    master_secret_key,
    multiply_secret,
    public_key_hash,
    public_key_of,
)
from tests.support.vectors import load

FACTS = load("keys.json.gz")
ACCOUNTS = FACTS["accounts"]
NAMES = {
    KeyKind.NULLIFIER: ("nhk_m", "npk_m", "nhk_app"),
    KeyKind.INCOMING_VIEWING: ("ivsk_m", "ivpk_m", "ivsk_app"),
    KeyKind.OUTGOING_VIEWING: ("ovsk_m", "ovpk_m", "ovsk_app"),
    KeyKind.TAGGING: ("tsk_m", "tpk_m", "tsk_app"),
}


def point(value) -> Point:
    return Point(int(value["x"], 16), int(value["y"], 16))


@pytest.mark.parametrize("case", ACCOUNTS, ids=lambda case: case["name"])
def test_recorded_accounts(case):
    secret = Secret.from_hex(case["secret"])
    keys = derive_keys(secret)
    for kind, (secret_name, public_name, _) in NAMES.items():
        assert fr_hex(keys.secret(kind).reveal()) == case[secret_name]
        assert keys.secret(kind) == master_secret_key(secret, kind)
        assert public_key_of(keys.secret(kind)) == point(case[public_name])
    publics = (
        keys.public_keys.master_nullifier_public_key,
        keys.public_keys.master_incoming_viewing_public_key,
        keys.public_keys.master_outgoing_viewing_public_key,
        keys.public_keys.master_tagging_public_key,
    )
    assert [fr_hex(public_key_hash(public)) for public in publics] == [
        case[f"{name}_hash"] for _, name, _ in NAMES.values()
    ]
    assert fr_hex(derive_signing_key(secret).reveal()) == case["signing_key_default"]
    assert fr_hex(keys.public_keys.hash()) == case["public_keys_hash"]
    assert "0x" + keys.public_keys.encode().hex() == case["public_keys_string"]
    assert case["app_keys"]
    for entry in case["app_keys"]:
        app = AztecAddress(fr_from_hex(entry["app"]))
        for kind, (_, _, name) in NAMES.items():
            assert fr_hex(app_secret_key(keys.secret(kind), app, kind)) == entry[name]

    complete = CompleteAddress.of_keys(keys.public_keys, fr_from_hex(case["partial_address"]))
    assert fr_hex(complete.address) == case["address"]
    assert fr_hex(complete.preaddress) == case["preaddress"]
    assert complete.to_text() == case["complete_address"]
    assert CompleteAddress.from_text(case["complete_address"]) == complete
    assert address_point(complete.address) == point(case["address_point"])
    own = address_secret(complete, keys)
    assert fr_hex(own.reveal()) == case["address_secret"]
    assert public_key_of(own) == point(case["address_point"])


@pytest.mark.parametrize(
    "case", [case for case in ACCOUNTS if "schnorr_account" in case], ids=lambda case: case["name"]
)
def test_recorded_schnorr_accounts(case):
    recorded = case["schnorr_account"]
    selector = selector_of_signature("constructor(Field,Field)")
    arguments = tuple(fr_from_hex(text) for text in recorded["constructor_args"])
    signing = public_key_of(derive_signing_key(Secret.from_hex(case["secret"])))
    assert signing == point(recorded["signing_public_key"])
    assert [fr(signing.x), fr(signing.y)] == list(arguments)
    class_id = fr_from_hex(recorded["contract_class_id"])
    instance = ContractInstanceWithAddress.empty().replace(
        salt=fr_from_hex(recorded["salt"]),
        original_contract_class_id=class_id,
        initialization_hash=initialization_hash(int.from_bytes(selector, "big"), arguments),
    )
    assert fr_hex(instance.initialization_hash) == recorded["initialization_hash"]
    assert fr_hex(salted_initialization_hash(instance)) == recorded["salted_initialization_hash"]
    keys = derive_keys(Secret.from_hex(case["secret"]))
    made = CompleteAddress.of_keys(keys.public_keys, partial_address(instance))
    assert fr_hex(made.address) == recorded["address"]


@pytest.mark.parametrize("case", load("addresses.json.gz")["instances"], ids=lambda case: case["name"])
def test_recorded_instances(case):
    instance = ContractInstanceWithAddress.empty().replace(
        salt=fr_from_hex(case["salt"]),
        deployer=fr_from_hex(case["deployer"]),
        original_contract_class_id=fr_from_hex(case["class_id"]),
        initialization_hash=fr_from_hex(case["initialization_hash"]),
    )
    assert fr_hex(salted_initialization_hash(instance)) == case["salted_initialization_hash"]
    assert fr_hex(partial_address(instance)) == case["partial_address"]
    keys = PublicKeys.decode(bytes.fromhex(case["public_keys"][2:]))
    assert fr_hex(CompleteAddress.of_keys(keys, partial_address(instance)).address) == case["address"]


def test_default_keys():
    recorded = FACTS["default_public_keys"]
    assert fr_hex(DEFAULT_PUBLIC_KEYS.hash()) == recorded["hash"]
    assert "0x" + DEFAULT_PUBLIC_KEYS.encode().hex() == recorded["string"]


def test_ecdh():
    facts = load("notes.json.gz")["ecdh"]
    ephemeral = Secret.from_hex(facts["eph_sk"])
    assert public_key_of(ephemeral) == point(facts["eph_pk"])
    recipient = next(case for case in ACCOUNTS if case["address"] == facts["recipient"])
    shared = multiply_secret(ephemeral, address_point(AztecAddress(fr_from_hex(facts["recipient"]))))
    assert shared == point(facts["shared_from_sender"])
    own = Secret.from_hex(recipient["address_secret"])
    assert multiply_secret(own, point(facts["eph_pk"])) == point(facts["shared_from_recipient"]) == shared
    for zero in (INFINITY, Point(0, 0)):
        with pytest.raises(InvalidAddressError, match="zero public key"):
            multiply_secret(own, zero)


def test_addresses_that_are_none():
    case = ACCOUNTS[0]
    complete = CompleteAddress.from_text(case["complete_address"])
    other = fr_from_hex(ACCOUNTS[1]["address"])
    with pytest.raises(InvalidAddressError) as caught:
        complete.replace(address=other).check()
    assert str(caught.value) == (
        "Address cannot be derived from public keys and partial address "
        f"(received {fr_hex(other)}, derived {case['address']})"
    )
    with pytest.raises(InvalidAddressError, match="no valid address"):
        # 3^3 - 17 = 10 has no root modulo p, by Euler's criterion.
        address_point(AztecAddress(fr(3)))
    with pytest.raises(DecodeError):
        CompleteAddress.from_text("0xzz")
    with pytest.raises(DecodeError):
        CompleteAddress.from_text("0x00")


def test_secrets_are_never_shown():
    secret = Secret.from_hex(ACCOUNTS[0]["secret"])
    digits = ACCOUNTS[0]["secret"][2:]
    number = str(int(digits, 16))
    keys = derive_keys(secret)
    for text in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>20}",
        f"{secret!r}",
        repr([secret]),
        repr(keys),
    ):
        assert digits not in text
        assert number not in text
        assert "Secret(hidden)" in text
    for attempt in (pickle.dumps, copy.deepcopy, hash):
        with pytest.raises(TypeError):
            attempt(secret)
    with pytest.raises(TypeError):
        vars(secret)
    assert secret == Secret.from_hex(digits)
    assert secret != Secret.from_int(1)
    assert secret != digits
    with pytest.raises(KeysError) as caught:
        Secret.from_hex("q" + digits)
    assert digits not in str(caught.value)


def test_wiped_secrets_are_gone():
    secret = Secret.from_int(5)
    data = secret._data
    secret.wipe()
    assert not data
    with pytest.raises(VaultLockedError):
        secret.reveal()


def test_random_secrets_are_in_range():
    assert Secret.random_fr().reveal_int() > 0
    assert 0 < Secret.random_scalar().reveal_int() < FQ_MODULUS
    assert Secret.random_fr() != Secret.random_fr()
