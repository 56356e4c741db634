"""Messages, tags and the hashes around notes against recorded ones."""

from __future__ import annotations

import pytest

from aztecd import constants
from aztecd.constants import DOM_SEP_NOTE_HASH, DOM_SEP_NOTE_NULLIFIER
from aztecd.crypto.field import FR_MODULUS, fr, fr_from_hex, fr_hex, fr_int
from aztecd.crypto.grumpkin import Point, multiply
from aztecd.crypto.poseidon2 import hash_with_separator
from aztecd.crypto.sha256 import sha256_trunc
from aztecd.protocol import hashes
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.keys import (
    KeyKind,
    Secret,
    address_point,
    app_secret_key,
    derive_keys,
    multiply_secret,
    public_key_of,
)
from aztecd.pxe.oracles.messages import (
    MessageError,
    PrivateMessage,
    _iv_and_key,
    decrypt_message,
    encrypt_message,
    ephemeral_key,
)
from aztecd.pxe.oracles.tagging import directional_tagging_secret, siloed_tags, tag_of, tags_of
from tests.support.vectors import load

FACTS = load("notes.json.gz")
LOGS = FACTS["encrypted_logs"]
ACCOUNTS = {account["address"]: account for account in load("keys.json.gz")["accounts"]}


def element(text: str):
    return fr_from_hex(text)


def address(text: str) -> AztecAddress:
    return AztecAddress(fr_from_hex(text))


def point(value) -> Point:
    return Point(int(value["x"], 16), int(value["y"], 16))


def own_secret(account: str) -> Secret:
    return Secret.from_hex(ACCOUNTS[account]["address_secret"])


@pytest.mark.parametrize("case", LOGS)
def test_recorded_logs(case):
    ephemeral = Secret.from_hex(case["eph_sk"])
    recipient = address_point(address(case["recipient"]))
    shared = multiply_secret(ephemeral, recipient)
    assert shared == point(case["shared_secret"])
    for pair, name in enumerate(("body", "header")):
        iv, key = _iv_and_key(shared, pair)
        assert (key.hex(), iv.hex()) == (case[f"{name}_key"], case[f"{name}_iv"])
    plaintext = [element(text) for text in case["plaintext"]]
    fields = [element(text) for text in case["log_fields"]]
    assert len(fields) == case["log_length"] == 16
    assert fr_hex(fields[0]) == case["tag"]

    certain = case["full_fields_without_random_padding"]
    ours = encrypt_message(plaintext, recipient, ephemeral)
    assert len(ours) == 15
    assert ours[: 1 + certain] == fields[1 : 2 + certain]
    assert ours[-1] != fields[-1]

    own = own_secret(case["recipient"])
    for ciphertext in (fields[1:], ours):
        assert decrypt_message(ciphertext, lambda ephemeral: multiply_secret(own, ephemeral)) == plaintext
    message = PrivateMessage.from_fields(plaintext)
    assert (message.type, message.metadata) == (case["msg_type"], case["msg_metadata"])
    assert message.to_fields() == plaintext


@pytest.mark.parametrize("length", range(13))
def test_all_lengths(length):
    own = Secret.from_int(12345)
    public = public_key_of(own)
    plaintext = [fr(FR_MODULUS - 1 - index) for index in range(length)]
    ciphertext = encrypt_message(plaintext, public)
    assert len(ciphertext) == 15
    assert decrypt_message(ciphertext, lambda ephemeral: multiply_secret(own, ephemeral)) == plaintext
    assert ciphertext != encrypt_message(plaintext, public)


def test_messages_for_others_are_nonsense_or_none():
    plaintext = [fr(1), fr(2)]
    ciphertext = encrypt_message(plaintext, public_key_of(Secret.from_int(7)))
    for other in range(8, 24):
        own = Secret.from_int(other)
        assert (
            decrypt_message(ciphertext, lambda ephemeral, own=own: multiply_secret(own, ephemeral))
            != plaintext
        )
    assert decrypt_message([], multiply) is None
    assert decrypt_message([fr(1)] * 16, multiply) is None
    # 3 is not the x of a point.
    assert decrypt_message([fr(3)] * 15, multiply) is None


def test_messages_have_limits():
    with pytest.raises(MessageError, match="at most 12 elements, got 13"):
        encrypt_message([fr(0)] * 13, public_key_of(Secret.from_int(7)))
    for message in (
        PrivateMessage(type=1 << 64, metadata=0, content=()),
        PrivateMessage(type=0, metadata=1 << 64, content=()),
        PrivateMessage(type=0, metadata=0, content=(fr(0),) * 12),
    ):
        with pytest.raises(MessageError):
            message.to_fields()
    for fields in ([], [fr(1 << 128)]):
        with pytest.raises(MessageError):
            PrivateMessage.from_fields(fields)


def test_ephemeral_keys_have_the_low_y():
    assert all(public_key_of(ephemeral_key()).y <= (FR_MODULUS - 1) // 2 for _ in range(8))


@pytest.mark.parametrize("case", FACTS["tagging"])
def test_recorded_tags(case):
    sender, recipient, app = (address(case[name]) for name in ("sender", "recipient", "app"))
    sides = [
        (own, other)
        for own, other in ((case["sender"], recipient), (case["recipient"], sender))
        if own in ACCOUNTS
    ]
    assert sides
    for own, other in sides:
        shared = multiply_secret(own_secret(own), address_point(other))
        secret = directional_tagging_secret(shared, app, recipient)
        assert fr_hex(secret) == case["directional_app_secret"]
        indexes = [entry["index"] for entry in case["tags"]]
        assert [fr_hex(tag) for tag in tags_of(secret, indexes)] == [entry["tag"] for entry in case["tags"]]
        assert [fr_hex(tag) for tag in siloed_tags(secret, app, indexes)] == [
            entry["siloed_tag"] for entry in case["tags"]
        ]
        assert [tag_of(secret, index) for index in indexes] == tags_of(secret, indexes)
        assert tags_of(secret, []) == []
        assert siloed_tags(secret, app, []) == []


def test_siloing():
    case = {name: element(value) for name, value in FACTS["siloing"].items() if isinstance(value, str)}
    contract, note_hash = case["contract"], case["note_hash"]
    assert hashes.silo_note_hash(contract, note_hash) == case["siloed_note_hash"]
    assert hashes.silo_nullifier(contract, case["nullifier"]) == case["siloed_nullifier"]
    for index, (nonce, unique) in enumerate(
        zip(FACTS["siloing"]["nonces"], FACTS["siloing"]["unique"], strict=True)
    ):
        made = hashes.note_hash_nonce(case["first_nullifier"], index)
        assert fr_hex(made) == nonce
        assert fr_hex(hashes.unique_note_hash(made, case["siloed_note_hash"])) == unique
    assert hashes.silo_private_log_tag(contract, case["log_first_field"]) == case["siloed_log_first_field"]
    assert hashes.protocol_nullifier(case["protocol_nullifier_of"]) == case["protocol_nullifier"]
    assert hashes.secret_hash(case["secret"]) == case["secret_hash"]


@pytest.mark.parametrize("case", FACTS["notes"] + FACTS["note_nullifiers"])
def test_recorded_notes(case):
    names = ("owner", "storage_slot", "randomness", "value", "contract")
    owner, slot, randomness, value, contract = (element(case[name]) for name in names)
    partial = hash_with_separator(DOM_SEP_NOTE_HASH, [owner, slot, randomness])
    note_hash = hash_with_separator(DOM_SEP_NOTE_HASH, [partial, value])
    assert fr_hex(note_hash) == case["note_hash"]
    if "partial_commitment" in case:
        assert fr_hex(partial) == case["partial_commitment"]
    if "inner_nullifier" in case:
        siloed = hashes.silo_note_hash(contract, note_hash)
        assert fr_hex(siloed) == case["siloed_note_hash"]
        unique = hashes.unique_note_hash(element(case["note_nonce"]), siloed)
        assert fr_hex(unique) == case["unique_note_hash"]
        keys = derive_keys(Secret.from_hex(ACCOUNTS[case["owner"]]["secret"]))
        hiding = app_secret_key(keys.nullifier_hiding_key, AztecAddress(contract), KeyKind.NULLIFIER)
        assert fr_hex(hiding) == case["nhk_app"]
        inner = hash_with_separator(DOM_SEP_NOTE_NULLIFIER, [unique, hiding])
        assert fr_hex(inner) == case["inner_nullifier"]
        assert fr_hex(hashes.silo_nullifier(contract, inner)) == case["siloed_nullifier"]


def test_separators_are_the_recorded_ones():
    ours = {
        name.removeprefix("DOM_SEP_"): value
        for name, value in vars(constants).items()
        if name.startswith("DOM_SEP_")
    }
    recorded = FACTS["domain_separators"]
    assert ours.items() <= recorded.items()
    assert len(ours) >= 39


def test_capsule_slots_are_hashes_of_names():
    for name, slot in FACTS["capsule_slots"].items():
        assert fr_hex(sha256_trunc(f"AZTEC_NR::{name}".encode())) == slot
    assert fr_int(element(slot)) < 1 << 248
