"""What the blob decoder refuses, and with which words."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_MODULUS, FR_ZERO, Fr, fr, fr_from_hex, fr_int
from aztecd.protocol.blob_decoding import decode_checkpoint_blobs, decode_checkpoint_fields, rebuild_blocks
from aztecd.protocol.blobs import checkpoint_end_marker, checkpoint_fields, encode_blobs
from aztecd.protocol.checkpoint import CheckpointHeader
from aztecd.protocol.codec import DecodeError
from tests.support.recorded_blocks import blocks_of, checkpoint_cases
from tests.support.vectors import cases

BASE = checkpoint_fields(blocks_of(checkpoint_cases(synthetic=True)[0]))
FIRST_BLOCK_END = 49
SECOND_BLOCK = FIRST_BLOCK_END + 7
WRONG = "Incorrect encoding of blob fields:"


def _changed(index, value):
    return [*BASE[:index], value, *BASE[index + 1 :]]


def _plus(index, number):
    return _changed(index, fr(fr_int(BASE[index]) + number))


def _with_end(fields):
    return [*fields, checkpoint_end_marker(len(fields) + 1)]


# How each recorded case changes the fields of synthetic checkpoint 1; the words are the recording's.
MUTATIONS = {
    "no fields at all": [],
    "valid fields followed by zeros": [*BASE, FR_ZERO, FR_ZERO],
    "valid fields, then a zero, then 0x01": [*BASE, FR_ZERO, fr(1)],
    "end marker missing (last field dropped)": BASE[:-1],
    "last field replaced by zero": _changed(len(BASE) - 1, FR_ZERO),
    "end marker counts one field too many": _plus(len(BASE) - 1, 1),
    "first field replaced by 0x01": _changed(0, fr(1)),
    "truncated after 20 fields": BASE[:20],
    "truncated after 60 fields": BASE[:60],
    "block end marker of the first block claims 3 txs": _plus(FIRST_BLOCK_END, 1),
    "revert code 4 in the first tx start marker": _changed(0, fr(fr_int(BASE[0]) & ~(0xFF << 32) | 4 << 32)),
    "first tx start marker with numBlobFields one too large (not detected)": _plus(0, 1),
}

# Where we refuse what the reference's blob decoder lets through.
STRICTER = {
    "revert code 4 in the first tx start marker": "Invalid RevertCode: 4",
    "first tx start marker with numBlobFields one too large (not detected)": (
        f"{WRONG} mismatch number of tx fields. Expected 28 fields, got 27."
    ),
}


@pytest.mark.parametrize("case", cases("blocks.json.gz", "decode_error"), ids=lambda case: case["name"])
def test_recorded_decode_errors(case):
    if "index_of_first_block_end_marker" in case:
        assert case["index_of_first_block_end_marker"] == FIRST_BLOCK_END
    fields = MUTATIONS[case["name"]]
    expected = STRICTER.get(case["name"], case["error"])
    if expected is None:
        assert decode_checkpoint_fields(fields) == decode_checkpoint_fields(BASE)
        return
    with pytest.raises(DecodeError) as caught:
        decode_checkpoint_fields(fields)
    assert str(caught.value) == expected


def test_every_mutation_is_a_recorded_case():
    assert set(MUTATIONS) == {case["name"] for case in cases("blocks.json.gz", "decode_error")}


def _marker(**counts):
    """Pack a tx start marker from counts by bit position."""
    places = {
        "note_hashes": 168,
        "nullifiers": 152,
        "messages": 136,
        "writes": 120,
        "private_logs": 104,
        "private_log_fields": 88,
        "public_log_fields": 56,
        "class_log_fields": 40,
        "revert_code": 32,
        "total": 0,
    }
    value = 0x9C707518 << 184
    for name, count in counts.items():
        value |= count << places[name]
    return fr(value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([_marker(total=3), fr(1)], "not enough fields for tx effect. Expected 2 fields, only 1 remaining."),
        (
            [_marker(total=3, note_hashes=5), fr(1), fr(2), fr(3)],
            "not enough fields for note hashes. Expected 5 fields, only 1 remaining.",
        ),
        (
            [_marker(total=3, nullifiers=5), fr(1), fr(2), fr(3)],
            "not enough fields for nullifiers. Expected 5 fields, only 1 remaining.",
        ),
        (
            [_marker(total=3, messages=5), fr(1), fr(2), fr(3)],
            "not enough fields for l2-to-l1 messages. Expected 5 fields, only 1 remaining.",
        ),
        (
            [_marker(total=3, writes=5), fr(1), fr(2), fr(3)],
            "not enough fields for public data writes. Expected 10 fields, only 1 remaining.",
        ),
        (
            [_marker(total=3, private_logs=1), fr(1), fr(2), fr(9)],
            "not enough fields for private log. Expected 9 fields, only 0 remaining.",
        ),
        (
            [_marker(total=3, public_log_fields=7), fr(1), fr(2), fr(9)],
            "not enough fields for public logs. Expected 7 fields, only 1 remaining.",
        ),
        (
            [_marker(total=3, class_log_fields=7), fr(1), fr(2), fr(9)],
            "not enough fields for contract class logs. Expected 8 fields, only 1 remaining.",
        ),
        ([_marker(total=3), fr(1), fr(2)], "not enough fields for block end marker."),
        (
            [BASE[FIRST_BLOCK_END], fr(0)],
            "not enough fields for block end data. Expected 7 fields, only 2 remaining.",
        ),
        (
            [fr(0xEB8DCDBF << 112), fr(1 << 244), *[fr(0)] * 5],
            "invalid block end state field.",
        ),
        (
            [_marker(total=22, private_logs=1, private_log_fields=18), fr(1), fr(2), fr(18), *[fr(1)] * 18],
            "a private log of 18 fields.",
        ),
        (
            [_marker(total=5, private_logs=1, private_log_fields=2), fr(1), fr(2), fr(1), fr(7)],
            "mismatch number of private log fields. Expected 2, got 1.",
        ),
        (
            [_marker(total=5, public_log_fields=2), fr(1), fr(2), fr(1), fr(7)],
            "not enough fields for public log. Expected 1 fields, only 0 remaining.",
        ),
    ],
)
def test_other_errors(fields, message):
    with pytest.raises(DecodeError) as caught:
        decode_checkpoint_fields(fields)
    assert str(caught.value) == f"{WRONG} {message}"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([_marker(total=3, private_logs=1), fr(1), fr(2), fr(1 << 32)], "Field is not a u32."),
        ([_marker(total=3, public_log_fields=1), fr(1), fr(2), fr(1)], "Not enough fields to be consumed."),
        ([_marker(total=4, note_hashes=1), fr(1), fr(2), fr(0)], "Note hash is zero"),
        ([_marker(total=4, private_logs=1), fr(1), fr(2), fr(0)], "Private log is empty"),
        ([_marker(total=1)], "Not enough fields to be consumed."),
    ],
)
def test_errors_of_readers_and_effects(fields, message):
    with pytest.raises(DecodeError) as caught:
        decode_checkpoint_fields(fields)
    assert str(caught.value) == message


def test_blobs_must_be_blobs():
    with pytest.raises(DecodeError, match="131072 bytes, got 3"):
        decode_checkpoint_blobs([b"abc"])
    with pytest.raises(DecodeError, match="at most 6 blobs are allowed, got 7"):
        decode_checkpoint_blobs([bytes(131072)] * 7)
    with pytest.raises(DecodeError, match=r"Cannot decode empty blob data\."):
        decode_checkpoint_blobs([])
    with pytest.raises(DecodeError, match="greater or equal to field modulus"):
        decode_checkpoint_blobs([FR_MODULUS.to_bytes(32, "big").ljust(131072, b"\0")])
    with pytest.raises(DecodeError, match="at most 24576 fields are allowed, got 24577"):
        decode_checkpoint_fields([FR_ZERO] * 24577)


@pytest.mark.parametrize("name", MUTATIONS)
def test_blobs_say_what_their_fields_say(name):
    packed = b"".join(MUTATIONS[name]).ljust(131072, b"\0")
    fields = [Fr(packed[start : start + 32]) for start in range(0, len(packed), 32)]

    def outcome(decode):
        try:
            return decode()
        except DecodeError as error:
            return str(error)

    assert outcome(lambda: decode_checkpoint_blobs([packed])) == outcome(
        lambda: decode_checkpoint_fields(fields)
    )


def test_zeros_behind_the_end_do_not_hide_what_follows():
    packed = b"".join(BASE)
    for last in (b"\0" * 31 + b"\1", b"\1" + bytes(31)):
        with pytest.raises(DecodeError, match="unexpected non-zero field after checkpoint end marker"):
            decode_checkpoint_blobs([packed.ljust(131072 - 32, b"\0") + last])
    with pytest.raises(DecodeError, match="unexpected non-zero field after checkpoint end marker"):
        decode_checkpoint_blobs([packed.ljust(131072, b"\0"), b"\1".ljust(131072, b"\0")])


def test_a_marker_across_two_blobs():
    two = next(case for case in checkpoint_cases() if case["num_blobs"] == 2)
    blobs = encode_blobs(checkpoint_fields(blocks_of(two)))
    assert decode_checkpoint_blobs(blobs).num_fields == two["num_blob_fields"] > 4096
    with pytest.raises(DecodeError):
        decode_checkpoint_blobs(blobs[:1])
    with pytest.raises(DecodeError):
        decode_checkpoint_blobs(blobs[::-1])


def test_numbers_that_no_block_header_holds():
    parts = {"checkpoint_number": 1, "archive_root": FR_ZERO, "chain_id": 1, "version": 1}
    header = CheckpointHeader.empty()
    huge = [fr(0xEB8DCDBF << 112), fr(1 << (172 + 33)), *[fr(0)] * 5]
    with pytest.raises(DecodeError, match="tree size 8589934592 does not fit"):
        rebuild_blocks(decode_checkpoint_fields(_with_end(huge)), header, **parts)
    last = [fr(0xEB8DCDBF << 112 | 0xFFFFFFFF << 16), *[fr(0)] * 6]
    with pytest.raises(DecodeError, match="tree size 4294967296 does not fit"):
        rebuild_blocks(decode_checkpoint_fields(_with_end(last)), header, **parts)
    with pytest.raises(DecodeError, match="slot 4294967296 does not fit"):
        rebuild_blocks(decode_checkpoint_fields(BASE), header.replace(slot_number=1 << 32), **parts)


def test_fees_are_added_as_field_elements():
    fees = [index for index, field in enumerate(BASE[:-1]) if fr_int(BASE[index - 2]) >> 184 == 0x9C707518]
    fields = list(BASE)
    for index in fees[:2]:
        fields[index] = fr(FR_MODULUS - 1)
    header = CheckpointHeader.empty()
    block, *_ = rebuild_blocks(
        decode_checkpoint_fields(fields),
        header,
        checkpoint_number=1,
        archive_root=fr_from_hex("5"),
        chain_id=1,
        version=1,
    )
    assert [effect.transaction_fee for effect in block.body.tx_effects] == [FR_MODULUS - 1] * 2
    assert block.header.total_fees == FR_MODULUS - 2
