"""Whatever stands in a transaction: what is read is what the event's hashes commit to, or nothing."""

from __future__ import annotations

from dataclasses import replace

import eth_abi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aztecd.l1.attestations import PackedAttestations, check_attestations, unpack_attestations
from aztecd.l1.call_traces import debug_calls, flat_calls
from aztecd.l1.calldata import CalldataReader, ProposedCheckpoint
from aztecd.l1.errors import CalldataError, L1DecodeError
from aztecd.l1.propose_input import PROPOSE_SELECTOR, decode_propose
from aztecd.protocol.basic import EthAddress
from tests.support.l1_answers import OTHER, ROLLUP, ROLLUP_TEXT, AnsweringClient, flat, transaction, tree
from tests.support.l1_proposals import ARCHIVE, calldata_for, event_for

EVENT = event_for()
GOOD = calldata_for()
START = PROPOSE_SELECTOR + ARCHIVE


def read_one(tx_input: bytes) -> ProposedCheckpoint:
    answer = transaction(EVENT, tx_input)
    (found,) = CalldataReader(AnsweringClient({answer["hash"]: answer}).reader()).read([EVENT])
    return found


EXPECTED = read_one(GOOD)

bytes_at = st.integers(0, len(GOOD) - 1)
words_at = st.integers(0, len(GOOD) // 32 - 1).map(lambda index: 4 + index * 32)
words = st.one_of(
    st.integers(0, 2**256 - 1),
    st.integers(0, 2000),
    st.sampled_from([2**255, 2**256 - 1, 2**64, 32 * 20]),
).map(lambda value: value.to_bytes(32, "big"))


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """The calldata with some bytes and words changed, cut, or with something in between."""
    data = bytearray(GOOD)
    for _ in range(draw(st.integers(1, 4))):
        match draw(st.sampled_from(["byte", "word", "cut", "insert"])):
            case "byte":
                at = draw(bytes_at)
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "word":
                at = draw(words_at)
                data[at : at + 32] = draw(words)
            case "cut":
                del data[draw(bytes_at) :]
            case "insert":
                at = draw(bytes_at)
                data[at:at] = draw(st.binary(max_size=64))
    return bytes(data)


@given(mutations())
def test_changed_calldata_is_the_same_proposal_or_none(data: bytes):
    try:
        found = read_one(data)
    except CalldataError:
        return
    assert found == EXPECTED


@given(st.lists(mutations(), max_size=3), st.lists(mutations(), max_size=3), st.binary(max_size=40))
def test_the_right_one_is_found_among_changed_ones(before, after, junk):
    inner = [(ROLLUP_TEXT, True, item) for item in [*before, GOOD, *after]]
    wrapped = junk + eth_abi.encode(["(address,bool,bytes)[]"], [inner])
    assert read_one(wrapped) == EXPECTED


@given(st.binary(max_size=2000))
def test_any_bytes_are_decoded_or_refused(rest: bytes):
    for data in (rest, PROPOSE_SELECTOR + rest, START + rest, GOOD[:644] + rest):
        try:
            found = decode_propose(data)
        except L1DecodeError:
            continue
        sizes = [len(found.attestations.signature_indices), len(found.attestations.signatures_or_addresses)]
        assert len(found.header) == 316
        assert max(sizes) < len(data)
        assert all(len(item) == 48 for item in found.blob_commitments)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([ROLLUP_TEXT, "call"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
members = st.sampled_from(["type", "action", "traceAddress", "error", "to", "input", "calls", "from"])


@given(st.lists(st.tuples(st.integers(0, 2), members, json_values), max_size=4))
def test_changed_traces_are_read_or_refused(changes):
    entries = [flat([], to=OTHER), flat([0], GOOD), flat([1], GOOD)]
    first, second = tree(GOOD), tree(GOOD)
    nested = tree(b"", first, second, to=OTHER)
    for place, name, value in changes:
        entries[place][name] = value
        (nested, first, second)[place][name] = value
    for read, trace in ((flat_calls, entries), (debug_calls, nested)):
        try:
            calls = read(trace, ROLLUP)
        except L1DecodeError:
            continue
        assert all(isinstance(call, bytes) for call in calls)


@given(json_values)
def test_any_trace_is_read_or_refused(value):
    for read in (flat_calls, debug_calls):
        try:
            assert read(value, ROLLUP) == []
        except L1DecodeError:
            continue


places = st.lists(st.binary(min_size=65, max_size=65) | st.binary(min_size=20, max_size=20), max_size=50)


@given(places, st.data())
def test_what_was_packed_is_unpacked(parts, data):
    bits = "".join("1" if len(part) == 65 else "0" for part in parts)
    size = (len(bits) + 7) // 8
    indices = int(bits.ljust(size * 8, "0") or "0", 2).to_bytes(size, "big")
    packed = PackedAttestations(signature_indices=indices, signatures_or_addresses=b"".join(parts))
    found = unpack_attestations(packed, len(parts))
    assert [item.encode() for item in found] == [
        bytes(20) + part[1:] + part[:1] if len(part) == 65 else part + bytes(65) for part in parts
    ]
    if parts:
        cut = data.draw(st.integers(1, len(packed.signatures_or_addresses)))
        with pytest.raises(L1DecodeError):
            unpack_attestations(
                replace(packed, signatures_or_addresses=packed.signatures_or_addresses[:-cut]), len(parts)
            )


@given(st.binary(min_size=65, max_size=65))
def test_random_signatures_are_judged_without_an_error(signature):
    packed = PackedAttestations(signature_indices=b"\x80", signatures_or_addresses=signature)
    found = check_attestations(
        payload_digest=EVENT.payload_digest,
        attestations=unpack_attestations(packed, 1),
        committee=[EthAddress(b"\x01" * 20)],
    )
    assert found is not None
    assert found.invalid_index == 0
