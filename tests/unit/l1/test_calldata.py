from __future__ import annotations

from dataclasses import replace

import eth_abi
import pytest

from aztecd.l1.calldata import CalldataReader
from aztecd.l1.errors import CalldataError, L1UnavailableError
from aztecd.l1.propose_input import PROPOSE_SELECTOR
from tests.support.chain_sessions import SESSIONS
from tests.support.l1_answers import (
    MULTICALL3,
    OTHER,
    ROLLUP_TEXT,
    AnsweringClient,
    flat,
    session_proposals,
    transaction,
    tree,
    vector_proposals,
)
from tests.support.l1_proposals import (
    ARCHIVE,
    BLOB_HASHES,
    COMMITMENTS,
    HEADER,
    INDICES,
    SIGNATURES,
    calldata_for,
    event_for,
    header_bytes,
    header_values,
)

RECORDED = vector_proposals()


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def read_one(event, tx_input, traces=None):
    answer = transaction(event, tx_input)
    client = AnsweringClient({answer["hash"]: answer}, traces or {})
    (found,) = CalldataReader(client.reader()).read([event])
    return found


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


def multicall(calls) -> bytes:
    """Encode `aggregate3` without our codec; calls are (target, calldata)."""
    rows = [(target, True, calldata) for target, calldata in calls]
    return raw("0x82ad56cb") + eth_abi.encode(["(address,bool,bytes)[]"], [rows])


def changed(calldata: bytes, at: int) -> bytes:
    return calldata[:at] + bytes([calldata[at] ^ 1]) + calldata[at + 1 :]


# Places within the calldata of propose.
HEADER_WORD = 4 + 2 * 32
VOTE = raw("0xa9059cbb") + bytes(64)


@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_multicall3_may_have_other_calls_and_other_proposals(position):
    event, facts = RECORDED[0]
    good = raw(facts["proposeCalldata"])
    calls = [
        (MULTICALL3, VOTE),
        (ROLLUP_TEXT, changed(good, HEADER_WORD)),
        (ROLLUP_TEXT, good[:100]),
        (ROLLUP_TEXT, PROPOSE_SELECTOR + event.archive),
    ]
    calls.insert(position, (ROLLUP_TEXT, good))
    assert read_one(event, multicall(calls)).header.encode() == raw(facts["headerBytes"])


def test_two_equal_proposals_in_one_bundle_are_one():
    event, facts = RECORDED[0]
    calls = [(ROLLUP_TEXT, raw(facts["proposeCalldata"]))] * 2
    assert read_one(event, multicall(calls)) == read_one(event, raw(facts["proposeCalldata"]))


def test_wrapper_within_a_wrapper_needs_no_trace():
    event, facts = RECORDED[0]
    inner = multicall([(ROLLUP_TEXT, raw(facts["proposeCalldata"]))])
    call = (ROLLUP_TEXT, MULTICALL3, inner, 0, 0)
    outer = b"\1\2\3\4" + eth_abi.encode(["(address,address,bytes,uint256,uint256)[]"], [[call]])
    assert read_one(event, outer).archive == event.archive


def assert_is_the_proposal(found) -> None:
    assert found.archive == ARCHIVE
    assert found.fee_asset_price_modifier == -5
    assert found.header.encode() == header_bytes(HEADER)
    assert found.attestations.signature_indices == INDICES
    assert found.attestations.signatures_or_addresses == SIGNATURES
    assert found.blob_commitments == COMMITMENTS
    assert found.versioned_blob_hashes == BLOB_HASHES


def test_proposal_with_attestations_two_blobs_and_a_negative_modifier():
    assert_is_the_proposal(read_one(event_for(), calldata_for()))


def test_calldata_that_is_cut_is_refused():
    event, usual = event_for(), calldata_for()
    for length in range(0, len(usual) - 31, 97):
        with pytest.raises(CalldataError):
            read_one(event, usual[:length])


@pytest.mark.parametrize("member", ["block_headers_hash", "in_hash", "fee_recipient"])
def test_header_of_words_that_are_no_field_elements_is_refused(member):
    header = header_values(**{member: b"\xff" * 32, "blobs_hash": HEADER[2]})
    with pytest.raises(CalldataError, match="a header that is none"):
        read_one(event_for(header), calldata_for(header))


def test_archive_that_is_no_field_element_is_refused():
    archive = b"\xff" * 32
    with pytest.raises(CalldataError, match="a header that is none"):
        read_one(event_for(archive=archive), calldata_for(archive=archive))


def test_blobs_that_the_header_does_not_name_are_refused():
    header = header_values()
    with pytest.raises(CalldataError, match="other blobs than its header"):
        read_one(event_for(header), calldata_for(header))


def test_many_false_finds_take_little_time_and_a_short_message():
    event = event_for()
    false = changed(calldata_for(), HEADER_WORD)
    with pytest.raises(CalldataError) as caught:
        read_one(event, b"".join(false[:-index] for index in range(1, 120)))
    assert len(str(caught.value)) < 2000
    starts = (PROPOSE_SELECTOR + ARCHIVE) * 3000
    with pytest.raises(CalldataError):
        read_one(event, starts)


@pytest.mark.parametrize(
    "answer",
    [
        {"input": "0x"},
        {"hash": None, "blockHash": "0x" + "bb" * 32, "input": "0x"},
        {"hash": "0x" + "cc" * 32, "blockHash": "0x" + "bb" * 32, "input": "0xzz"},
        {"hash": "0x" + "cc" * 32, "blockHash": 5, "input": "0x"},
        {"hash": "0x" + "cc" * 32, "blockHash": "0x" + "bb" * 32, "input": None},
        {"hash": "0x" + "dd" * 32, "blockHash": "0x" + "bb" * 32, "input": "0x"},
    ],
)
def test_damaged_answers_are_refused(answer):
    client = AnsweringClient({"0x" + "cc" * 32: answer})
    with pytest.raises(CalldataError):
        CalldataReader(client.reader()).read([event_for()])


NO_TRACES = {
    "refused": None,
    "null": {"trace_transaction": None},
    "damaged": {"trace_transaction": [{"traceAddress": "0"}]},
    "too deep": {"trace_transaction": RecursionError()},
    "of another call": {"trace_transaction": [flat([], b"else")]},
}


@pytest.mark.parametrize("flat_answer", NO_TRACES.values(), ids=NO_TRACES)
def test_second_method_is_asked_when_the_first_does_not_help(flat_answer):
    answers = {"debug_traceTransaction": tree(b"", tree(calldata_for()), to=OTHER)} | (flat_answer or {})
    assert_is_the_proposal(read_one(event_for(), b"made elsewhere", answers))


def test_first_method_is_enough():
    answers = {"trace_transaction": [flat([], to=OTHER), flat([0], calldata_for())]}
    assert_is_the_proposal(read_one(event_for(), b"made elsewhere", answers))


def test_input_that_does_not_fit_is_followed_by_a_trace():
    answers = {"trace_transaction": [flat([], to=OTHER), flat([0], calldata_for())]}
    assert_is_the_proposal(read_one(event_for(), changed(calldata_for(), HEADER_WORD), answers))


def test_without_traces_the_user_learns_what_is_needed():
    with pytest.raises(CalldataError, match="an L1 node that offers one of these two methods is needed"):
        read_one(event_for(), b"made elsewhere")


def test_traces_without_the_call_are_no_help():
    answers = {"trace_transaction": [flat([], b"else")], "debug_traceTransaction": tree(b"else")}
    with pytest.raises(CalldataError, match="has no call of propose with that archive"):
        read_one(event_for(), b"made elsewhere", answers)


def test_node_that_goes_away_during_a_trace_is_unavailable():
    answers = {"trace_transaction": L1UnavailableError("gone")}
    with pytest.raises(L1UnavailableError, match="gone"):
        read_one(event_for(), b"made elsewhere", answers)
