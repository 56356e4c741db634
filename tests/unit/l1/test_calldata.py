from __future__ import annotations

from dataclasses import replace

import pytest

from aztecd.l1.calldata import CalldataReader
from aztecd.l1.errors import CalldataError, L1UnavailableError
from aztecd.l1.propose_input import PROPOSE_SELECTOR, PROPOSE_SIGNATURE
from tests.support.chain_sessions import SESSIONS
from tests.support.l1_answers import (
    AnsweringClient,
    session_proposals,
    transaction,
    vector_proposals,
)
from tests.support.vectors import load

RECORDED = vector_proposals()


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def read_one(event, tx_input, traces=None):
    answer = transaction(event, tx_input)
    client = AnsweringClient({answer["hash"]: answer}, traces or {})
    (found,) = CalldataReader(client.reader()).read([event])
    return found


def test_selector_and_signature_are_the_recorded_ones():
    recorded = load("l1.json.gz")["propose"]
    assert recorded["signature"] == PROPOSE_SIGNATURE
    assert raw(recorded["selector"]) == PROPOSE_SELECTOR


@pytest.mark.parametrize("form", ["proposeCalldata", "txInputMulticall3"])
@pytest.mark.parametrize("recorded", RECORDED, ids=lambda pair: pair[0].checkpoint_number)
def test_recorded_transaction_gives_what_was_proposed(recorded, form):
    event, facts = recorded
    found = read_one(event, raw(facts[form]))
    decoded = facts["decoded"]
    assert found.log == event.log
    assert found.checkpoint_number == facts["checkpointNumber"]
    assert found.archive == raw(decoded["_args"]["archive"])
    assert found.fee_asset_price_modifier == 0
    assert found.header.encode() == raw(facts["headerBytes"])
    assert found.header.hash() == raw(facts["headerHash"])
    assert found.payload_digest == raw(facts["payloadDigest"])
    assert found.attestations.signature_indices == b""
    assert found.attestations.signatures_or_addresses == b""
    assert list(found.blob_commitments) == [raw(item) for item in facts["blobCommitments"]]
    assert list(found.versioned_blob_hashes) == [raw(item) for item in facts["versionedBlobHashes"]]


@pytest.mark.parametrize("name", SESSIONS)
def test_recorded_session_is_read_in_batches(name):
    proposals = session_proposals(name)
    client = AnsweringClient({item.transaction["hash"]: item.transaction for item in proposals})
    found = CalldataReader(client.reader()).read([item.event for item in proposals])
    assert client.batches == [len(proposals)]
    assert client.calls == []
    for checkpoint, item in zip(found, proposals, strict=True):
        expected = item.checkpoint["checkpoint"]
        assert checkpoint.checkpoint_number == expected["number"]
        assert checkpoint.archive == raw(expected["archive"]["root"])
        assert checkpoint.header.to_json() == expected["header"]
        assert checkpoint.fee_asset_price_modifier == int(expected["feeAssetPriceModifier"])


def test_many_events_take_several_batches():
    event, facts = RECORDED[0]
    answer = transaction(event, raw(facts["proposeCalldata"]))
    client = AnsweringClient({answer["hash"]: answer})
    assert len(CalldataReader(client.reader()).read([event] * 40)) == 40
    assert sum(client.batches) == 40
    assert max(client.batches) <= 16


def test_lost_transaction_is_to_be_asked_for_again():
    event, _ = RECORDED[0]
    with pytest.raises(L1UnavailableError, match="does not have transaction"):
        CalldataReader(AnsweringClient().reader()).read([event])


@pytest.mark.parametrize("block_hash", [None, "0x" + "11" * 32])
def test_transaction_that_left_its_block_is_to_be_asked_for_again(block_hash):
    event, facts = RECORDED[0]
    answer = transaction(event, raw(facts["proposeCalldata"])) | {"blockHash": block_hash}
    with pytest.raises(L1UnavailableError, match="its event was in"):
        CalldataReader(AnsweringClient({answer["hash"]: answer}).reader()).read([event])


@pytest.mark.parametrize(
    ("member", "value", "reason"),
    [
        ("payload_digest", bytes(32), "another payload digest"),
        ("attestations_hash", bytes(32), "other attestations"),
        ("versioned_blob_hashes", (b"\1" * 32,), "commitments to other blobs"),
        ("archive", bytes(32), "no call of propose|trace"),
    ],
)
def test_transaction_that_does_not_fit_its_event_is_refused(member, value, reason):
    event, facts = RECORDED[0]
    with pytest.raises(CalldataError, match=reason) as caught:
        read_one(replace(event, **{member: value}), raw(facts["proposeCalldata"]))
    assert caught.value.tx_hash == event.log.tx_hash
