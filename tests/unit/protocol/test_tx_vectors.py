"""Recorded transactions: bytes, fields, hash and JSON, and the layout of the public inputs."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest

from aztecd.crypto.field import FR_ZERO, fr_hex
from aztecd.protocol.codec import DecodeError, SchemaError
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tx import Tx, calldata_hash
from aztecd.protocol.tx_data import (
    PrivateKernelTailPublicInputs,
    PrivateToPublicAccumulatedData,
    PrivateToRollupAccumulatedData,
    PublicCallRequest,
    ScopedL2ToL1Message,
    ScopedLogHash,
    TxConstantData,
)
from tests.support.recorded_txs import OMITTED_PROOF, recorded_bodies, recorded_body
from tests.support.vectors import load

VECTORS = load("tx.json.gz")
RECORDED = VECTORS["txs"]


@pytest.fixture(params=RECORDED, ids=lambda case: case["label"], scope="module")
def case(request):
    return request.param


@pytest.fixture(scope="module")
def body(case):
    return recorded_body(case["body"])


@pytest.fixture(scope="module")
def tx(body):
    return Tx.from_json(body)


def test_hash(case, tx):
    assert fr_hex(tx.hash) == case["txHash"]
    part = tx.data.for_public or tx.data.for_rollup
    fields = len(tx.data.constants.to_fields()) + len(part.to_fields()) + 2 + 2
    assert fields == case["binary"]["numTxHashFields"]


def test_json_round_trip(body, tx):
    assert tx.to_json() == body


def test_bytes(case, body, tx):
    data = base64.b64decode(body["data"])
    assert len(data) == case["binary"]["dataSize"]
    assert sha256(data).hexdigest() == case["binary"]["dataSha256"]
    assert tx.data.encode() == data
    encoded = tx.encode()
    assert len(encoded) == case["binary"]["size"]
    assert Tx.decode(encoded) == tx
    if case["body"]["chonkProof"] != OMITTED_PROOF:
        assert sha256(encoded).hexdigest() == case["binary"]["sha256"]
        proof = base64.b64decode(body["chonkProof"])
        assert case["binary"]["chonkProofSha256"] in {
            sha256(proof).hexdigest(),
            sha256(tx.chonk_proof).hexdigest(),
        }


def test_decoded_members(case, tx):
    decoded = case["decoded"]
    data = tx.data
    constants = dict(decoded["constants"])
    assert fr_hex(data.constants.anchor_block_header.hash()) == constants.pop("anchorBlockHash")
    assert data.constants.to_json() == constants
    assert data.gas_used.to_json() == decoded["gasUsed"]
    assert fr_hex(data.fee_payer) == decoded["feePayer"]
    assert str(data.expiration_timestamp) == decoded["expirationTimestamp"]
    assert ("forPublic" in decoded) == (case["kind"] == "forPublic") == tx.has_public_calls
    if tx.has_public_calls:
        part = decoded["forPublic"]
        named = [part["nonRevertibleAccumulatedData"], part["revertibleAccumulatedData"]]
        teardown = data.teardown_call()
        assert (teardown and teardown.to_json()) == part["publicTeardownCallRequest"]
    else:
        named = [decoded["forRollup"]["end"]]
    for phase, expected in zip(data.phases, named, strict=True):
        assert _without_empty_items(phase) == expected


def test_what_the_inputs_say(case, tx):
    derived = case["derived"]
    calls = tx.data.public_calls()
    assert len(calls) == derived["numberOfPublicCalls"]
    assert (
        sum(len(entry.values) for entry in tx.public_function_calldata)
        == (derived["totalPublicCalldataCount"])
    )
    assert str(tx.data.constants.tx_context.gas_settings.fee_limit()) == derived["feeLimit"]
    teardown = tx.data.teardown_call()
    ordered = [*tx.data.setup_calls(), *tx.data.app_logic_calls(), *([teardown] if teardown else [])]
    assert list(calls) == ordered
    calldata = tx.calldata_by_hash()
    for call in calls:
        assert calldata_hash(calldata[call.calldata_hash]) == call.calldata_hash
    assert tx.first_nullifier() == tx.data.nullifiers()[0]
    hashes = tx.data.contract_class_logs_hashes()
    assert [entry.value for entry in hashes] == [log.hash() for log in tx.contract_class_log_fields]
    assert all(
        entry.length >= log.length() for entry, log in zip(hashes, tx.contract_class_log_fields, strict=True)
    )


def test_class_log_fields_count_up_to_the_last_that_is_not_zero():
    logs = [log for case in RECORDED for log in recorded_body(case["body"])["contractClassLogFields"]]
    assert logs
    for body in RECORDED:
        tx = Tx.from_json(recorded_body(body["body"]))
        for log in tx.contract_class_log_fields:
            last = max(index for index, field in enumerate(log.fields) if field != FR_ZERO)
            assert log.length() == last + 1


@pytest.mark.parametrize("label", sorted(VECTORS["validation"]["bases"]))
def test_bases_of_the_validation_cases(label):
    body = recorded_bodies()[label]
    tx = Tx.from_json(body)
    assert tx.to_json() == body
    assert Tx.decode(tx.encode()) == tx


def test_patched_hashes():
    """Bytes written over the public inputs give the recorded hashes."""
    checked = 0
    for case in VECTORS["validation"]["cases"]:
        if "data" not in case["patch"]:
            continue
        body = dict(recorded_bodies()[case["base"]])
        data = bytearray(base64.b64decode(body["data"]))
        for change in case["patch"]["data"]:
            new = bytes.fromhex(change["bytes"].removeprefix("0x"))
            data[change["offset"] : change["offset"] + len(new)] = new
        body["data"] = base64.b64encode(data).decode()
        assert fr_hex(Tx.from_json(body).hash) == case["txHash"]
        checked += 1
    assert checked > 10


# The layout of a transaction's data, read from single marked members.

BLOCK_HEADER_OFFSETS = {
    "last_archive": 0,
    "state.l1_to_l2_message_tree": 36,
    "state.partial.note_hash_tree": 72,
    "state.partial.nullifier_tree": 108,
    "state.partial.public_data_tree": 144,
    "sponge_blob_hash": 180,
    "global_variables.chain_id": 212,
    "global_variables.version": 244,
    "global_variables.block_number": 276,
    "global_variables.slot_number": 280,
    "global_variables.timestamp": 284,
    "global_variables.coinbase": 292,
    "global_variables.fee_recipient": 312,
    "global_variables.gas_fees.fee_per_da_gas": 344,
    "global_variables.gas_fees.fee_per_l2_gas": 360,
    "total_fees": 376,
    "total_mana_used": 408,
}
PUBLIC_INPUTS_OFFSETS = {
    **{f"constants.anchor_block_header.{name}": 1 + at for name, at in BLOCK_HEADER_OFFSETS.items()},
    "constants.tx_context.chain_id": 441,
    "constants.tx_context.version": 473,
    "constants.tx_context.gas_settings.gas_limits.da_gas": 505,
    "constants.tx_context.gas_settings.gas_limits.l2_gas": 509,
    "constants.tx_context.gas_settings.teardown_gas_limits": 513,
    "constants.tx_context.gas_settings.max_fees_per_gas": 521,
    "constants.tx_context.gas_settings.max_priority_fees_per_gas": 553,
    "constants.vk_tree_root": 585,
    "constants.protocol_contracts_hash": 617,
    "gas_used.da_gas": 649,
    "gas_used.l2_gas": 653,
    "fee_payer": 657,
    "expiration_timestamp": 689,
}
FOR_PUBLIC_OFFSETS = {
    "for_public.non_revertible_accumulated_data": 697,
    "for_public.non_revertible_accumulated_data.public_call_requests": 38557,
    "for_public.revertible_accumulated_data": 41661,
    "for_public.revertible_accumulated_data.public_call_requests": 79521,
    "for_public.public_teardown_call_request": 82625,
}


@pytest.mark.parametrize("kind", ["forRollup", "forPublic"])
def test_layout_of_the_public_inputs(kind):
    case = next(case for case in RECORDED if case["kind"] == kind)
    data = base64.b64decode(recorded_body(case["body"])["data"])
    value = PrivateKernelTailPublicInputs.decode(data)
    expected = PUBLIC_INPUTS_OFFSETS | (FOR_PUBLIC_OFFSETS if kind == "forPublic" else {})
    assert data[0] == (kind == "forPublic")
    for path, offset in expected.items():
        assert _bytes_at(value, path) == data[offset : offset + len(_bytes_at(value, path))], path
    if kind == "forRollup":
        end = value.for_rollup.end.encode()
        assert data[697:] == end


def test_sizes():
    assert len(BlockHeader.empty().encode()) == 440
    assert len(TxConstantData.empty().encode()) == 648
    assert len(TxConstantData.empty().to_fields()) == 34
    assert len(PrivateToRollupAccumulatedData.empty().encode()) == 37860
    assert len(PrivateToRollupAccumulatedData.empty().to_fields()) == 1243
    assert len(PrivateToPublicAccumulatedData.empty().encode()) == 40964
    assert len(PrivateToPublicAccumulatedData.empty().to_fields()) == 1371
    assert len(PublicCallRequest.empty().encode()) == 97
    assert len(PublicCallRequest.empty().to_fields()) == 4
    assert len(ScopedL2ToL1Message.empty().encode()) == 84
    assert len(ScopedLogHash.empty().encode()) == 68
    assert len(PrivateKernelTailPublicInputs.empty().encode()) == 38557


# What a hostile client may send.


@pytest.fixture(scope="module")
def good():
    return recorded_body(RECORDED[0]["body"])


@pytest.mark.parametrize("name", ["data", "chonkProof", "contractClassLogFields", "publicFunctionCalldata"])
def test_required_members(good, name):
    body = {key: value for key, value in good.items() if key != name}
    with pytest.raises(SchemaError, match=rf"^Required \({name}\)$"):
        Tx.from_json(body)


def test_the_hash_is_computed_not_believed(good):
    assert Tx.from_json(good | {"txHash": "0x01"}).to_json() == good
    assert Tx.from_json({key: value for key, value in good.items() if key != "txHash"}).to_json() == good


def test_data_cut_short(good):
    data = base64.b64decode(good["data"])
    with pytest.raises(DecodeError, match="Attempted to read beyond buffer length"):
        Tx.from_json(good | {"data": base64.b64encode(data[:-1]).decode()})
    longer = base64.b64encode(data + b"more").decode()
    assert Tx.from_json(good | {"data": longer}).to_json() == good


def test_proof_of_another_length(good):
    proof = base64.b64decode(good["chonkProof"])
    for count in (0, 1934, 1936, 0xFFFFFFFF):
        wrong = base64.b64encode(count.to_bytes(4, "big") + proof[4:]).decode()
        with pytest.raises(DecodeError, match=f"Invalid ChonkProof length: {count}"):
            Tx.from_json(good | {"chonkProof": wrong})


def test_a_transaction_without_nullifiers_has_a_zero_first_nullifier():
    tx = Tx.empty()
    assert tx.data.nullifiers() == ()
    assert tx.first_nullifier() == FR_ZERO


def test_one_part_and_only_one():
    empty = PrivateKernelTailPublicInputs.empty()
    with pytest.raises(ValueError, match="either a part"):
        empty.replace(for_rollup=None)
    body = empty.to_json()
    del body["forRollup"]
    with pytest.raises(DecodeError, match="either a part"):
        PrivateKernelTailPublicInputs.from_json(body)


@pytest.mark.parametrize(("value", "length"), [(1, 0), (0, 3024), (1, 3024), (1, 1 << 31)])
def test_class_logs_of_impossible_length(value, length):
    data = value.to_bytes(32, "big") + length.to_bytes(4, "big") + bytes(32)
    with pytest.raises(DecodeError, match=f"a contract class log of {length} fields"):
        ScopedLogHash.decode(data)


def _without_empty_items(phase):
    """Give the phase as JSON data with only those array items that are not empty."""
    result = {}
    for member in phase.codec.members:
        items = getattr(phase, member.name)
        item_codec = getattr(member.codec, "item", None)
        empty = item_codec.zero() if item_codec else FR_ZERO
        kept = [item for item in items if item != empty]
        result[member.json_name] = [item.to_json() if item_codec else fr_hex(item) for item in kept]
    return result


def _bytes_at(value, path):
    codec = value.codec
    for name in path.split("."):
        member = next(member for member in codec.members if member.name == name)
        value = getattr(value, name)
        codec = member.codec
        codec = getattr(codec, "item", codec) if name.startswith("for_") else codec
    out = bytearray()
    codec.write(value, out)
    return bytes(out)
