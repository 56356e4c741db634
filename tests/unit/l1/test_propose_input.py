from __future__ import annotations

import pytest

from aztecd.l1.errors import L1DecodeError
from aztecd.l1.propose_input import PROPOSE_SELECTOR, PROPOSE_SIGNATURE, decode_propose
from tests.support.l1_proposals import (
    BLOB_INPUT,
    COMMITMENTS,
    HEADER,
    INDICES,
    SIGNATURES,
    calldata_for,
    event_for,
    header_bytes,
)
from tests.support.vectors import load


def test_selector_and_signature_are_the_recorded_ones():
    recorded = load("l1.json.gz")["propose"]
    assert recorded["signature"] == PROPOSE_SIGNATURE
    assert bytes.fromhex(recorded["selector"][2:]) == PROPOSE_SELECTOR


def test_all_arguments_are_read():
    found = decode_propose(calldata_for())
    assert found.header == header_bytes(HEADER)
    assert found.fee_asset_price_modifier == -5
    assert found.attestations.signature_indices == INDICES
    assert found.attestations.signatures_or_addresses == SIGNATURES
    assert found.blob_commitments == COMMITMENTS


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def strange_encodings() -> dict[str, bytes]:
    """Calldata that Solidity reads as the same arguments, although no encoder makes it."""
    usual = calldata_for()
    head = usual[: 4 + 20 * 32]
    static, signature = head[: 4 + 14 * 32], head[4 + 16 * 32 : 4 + 19 * 32]

    def put(attestations: int, signers: int, blob_input: int, rest: bytes) -> bytes:
        return static + word(attestations) + word(signers) + signature + word(blob_input) + rest

    def padded(value: bytes, padding: bytes = b"\0") -> bytes:
        return word(len(value)) + value + padding * (-len(value) % 32)

    blob, indices, signatures = padded(BLOB_INPUT), padded(INDICES), padded(SIGNATURES)
    packed = word(64) + word(64 + len(indices)) + indices + signatures
    reordered = word(64 + len(signatures)) + word(64) + signatures + indices
    start = 20 * 32
    no_signers = word(0)
    dirty = word(64) + word(64 + len(indices)) + padded(INDICES, b"\xff") + padded(SIGNATURES, b"\xff")
    return {
        "as usual": put(start, start + len(packed), start + len(packed) + 32, packed + no_signers + blob),
        "with bytes behind": usual + b"junk",
        "other order": put(start + 32 + len(blob), start, start + 32, no_signers + blob + reordered),
        "with a gap": put(
            start + 7,
            start + 7 + len(packed),
            start + 39 + len(packed),
            bytes(7) + packed + no_signers + blob,
        ),
        "without the last padding": put(
            start, start + len(packed), start + len(packed) + 32, packed + no_signers + word(97) + BLOB_INPUT
        ),
        "dirty padding": put(start, start + len(dirty), start + len(dirty) + 32, dirty + no_signers + blob),
        "more commitments than counted": calldata_for(blob_input=BLOB_INPUT + b"\xc3" * 60),
    }


@pytest.mark.parametrize("name", strange_encodings())
def test_encodings_that_the_contract_reads_are_read(name):
    found = decode_propose(strange_encodings()[name])
    event = event_for()
    assert found == decode_propose(calldata_for())
    assert found.payload_digest == event.payload_digest
    assert found.attestations.hash == event.attestations_hash
    assert found.blob_commitments == COMMITMENTS


def test_signers_are_not_looked_at():
    usual = calldata_for()
    changed = usual[: 4 + 15 * 32] + word(2**255) + usual[4 + 16 * 32 :]
    assert decode_propose(changed) == decode_propose(usual)


@pytest.mark.parametrize("at", [14, 19])
@pytest.mark.parametrize("value", [20 * 32 * 50, 2**64, 2**255, 2**256 - 1, 2**256 - 32])
def test_pointers_out_of_the_calldata_are_refused(at, value):
    usual = calldata_for()
    hostile = usual[: 4 + at * 32] + word(value) + usual[4 + (at + 1) * 32 :]
    with pytest.raises(L1DecodeError, match="pointer"):
        decode_propose(hostile)


@pytest.mark.parametrize("length", [10**6, 2**64, 2**256 - 1])
def test_lengths_beyond_the_calldata_are_refused(length):
    usual = calldata_for()
    at = usual.index(word(len(SIGNATURES)) + SIGNATURES)
    with pytest.raises(L1DecodeError, match="more than it has"):
        decode_propose(usual[:at] + word(length) + usual[at + 32 :])


@pytest.mark.parametrize(
    "blob_input", [b"", b"\0", b"\0" + COMMITMENTS[0], b"\2" + COMMITMENTS[0], b"\xff" * 97]
)
def test_blob_input_without_the_counted_commitments_is_refused(blob_input):
    with pytest.raises(L1DecodeError, match="commitments"):
        decode_propose(calldata_for(blob_input=blob_input))


@pytest.mark.parametrize(("place", "size"), [(6, 8), (7, 20), (9, 16), (10, 16)])
def test_header_words_that_do_not_fit_are_refused(place, size):
    usual = calldata_for()
    at = 4 + (2 + place) * 32 + 31 - size
    with pytest.raises(L1DecodeError, match=f"fit into {size} bytes"):
        decode_propose(usual[:at] + b"\1" + usual[at + 1 :])


def test_calldata_that_is_cut_anywhere_is_refused():
    usual = calldata_for()
    for length in range(len(usual) - 31):  # the padding of the last argument is not needed
        with pytest.raises(L1DecodeError):
            decode_propose(usual[:length])


def test_calldata_of_another_function_is_refused():
    with pytest.raises(L1DecodeError, match="is not propose"):
        decode_propose(b"\xa9\x05\x9c\xbb" + bytes(640))
