"""Siloing, slots, message hashes and selectors against recorded values."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_MODULUS, fr, fr_from_hex, fr_hex
from aztecd.protocol import hashes
from aztecd.protocol.tx import calldata_hash
from tests.support.vectors import cases

SILO = {
    "silo_note_hash": hashes.silo_note_hash,
    "silo_nullifier": hashes.silo_nullifier,
    "silo_private_log_first_field": hashes.silo_private_log_tag,
    "public_data_tree_leaf_slot": hashes.public_leaf_slot,
}


def _cases(kind):
    return cases("poseidon2.json", kind)


def _elements(values):
    return tuple(fr_from_hex(value) for value in values)


@pytest.mark.parametrize("case", _cases("silo"), ids=lambda case: case["name"])
def test_silo(case):
    silo = SILO[case["name"]]
    assert fr_hex(silo(fr_from_hex(case["contract"]), fr_from_hex(case["value"]))) == case["output"]


def test_all_silo_functions_are_recorded():
    assert {case["name"] for case in _cases("silo")} == set(SILO)


@pytest.mark.parametrize("case", _cases("protocol_nullifier"))
def test_protocol_nullifier(case):
    found = hashes.protocol_nullifier(fr_from_hex(case["tx_request_hash"]))
    assert fr_hex(found) == case["output"]
    assert found == hashes.silo_nullifier(fr(FR_MODULUS - 1), fr_from_hex(case["tx_request_hash"]))


@pytest.mark.parametrize("case", _cases("note_hash_nonce"))
def test_note_hash_nonce(case):
    found = hashes.note_hash_nonce(fr_from_hex(case["first_nullifier"]), case["note_hash_index"])
    assert fr_hex(found) == case["output"]


@pytest.mark.parametrize("case", _cases("unique_note_hash"))
def test_unique_note_hash(case):
    nonce, siloed = fr_from_hex(case["nonce"]), fr_from_hex(case["siloed_note_hash"])
    assert fr_hex(hashes.unique_note_hash(nonce, siloed)) == case["output"]


@pytest.mark.parametrize("case", _cases("map_slot"))
def test_map_slot(case):
    found = hashes.map_slot(fr_from_hex(case["map_slot"]), fr_from_hex(case["key"]))
    assert fr_hex(found) == case["output"]


@pytest.mark.parametrize("case", _cases("fee_juice_balance"))
def test_fee_juice_balance(case):
    account = fr_from_hex(case["account"])
    assert fr_hex(hashes.map_slot(fr(1), account)) == case["storage_slot"]
    assert fr_hex(hashes.fee_juice_balance_leaf_slot(account)) == case["leaf_slot"]


@pytest.mark.parametrize("case", _cases("secret_hash"))
def test_secret_hash(case):
    assert fr_hex(hashes.secret_hash(fr_from_hex(case["secret"]))) == case["output"]


@pytest.mark.parametrize("case", _cases("l1_to_l2_message_nullifier"))
def test_l1_to_l2_message_nullifier(case):
    found = hashes.l1_to_l2_message_nullifier(
        fr_from_hex(case["contract"]), fr_from_hex(case["message_hash"]), fr_from_hex(case["secret"])
    )
    assert fr_hex(found) == case["output"]


@pytest.mark.parametrize("case", _cases("var_args_hash"))
def test_var_args_hash(case):
    assert fr_hex(hashes.var_args_hash(_elements(case["args"]))) == case["output"]


@pytest.mark.parametrize("case", _cases("calldata_hash"))
def test_calldata_hash(case):
    assert fr_hex(calldata_hash(_elements(case["calldata"]))) == case["output"]


@pytest.mark.parametrize("case", _cases("function_selector"), ids=lambda case: case["signature"])
def test_function_selector(case):
    selector = hashes.function_selector(case["signature"])
    assert f"0x{selector:08x}" == case["selector"]
    assert fr_hex(fr(selector)) == case["field"]


@pytest.mark.parametrize("case", _cases("l1_to_l2_message_hash"))
def test_l1_to_l2_message_hash(case):
    found = hashes.l1_to_l2_message_hash(
        sender=bytes.fromhex(case["sender"][2:]),
        chain_id=case["chain_id"],
        recipient=fr_from_hex(case["recipient"]),
        version=case["version"],
        content=fr_from_hex(case["content"]),
        secret=fr_from_hex(case["secret_hash"]),
        index=case["index"],
    )
    assert fr_hex(found) == case["output"]


@pytest.mark.parametrize("case", _cases("l2_to_l1_message_hash"))
def test_l2_to_l1_message_hash(case):
    found = hashes.l2_to_l1_message_hash(
        sender=fr_from_hex(case["l2_sender"]),
        version=case["rollup_version"],
        recipient=bytes.fromhex(case["l1_recipient"][2:]),
        chain_id=case["chain_id"],
        content=fr_from_hex(case["content"]),
    )
    assert fr_hex(found) == case["output"]
