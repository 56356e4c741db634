"""The format of blob files, against what the reference's encoder accepts and makes."""

from __future__ import annotations

import json
import random

import cramjam
import pytest

from aztecd.l1.blobs import BlobFileError
from aztecd.l1.blobs.files import decode_blob_file, encode_blob_file
from tests.support.blobs import NAMESPACE, NAMESPACE_FOLDER, recorded_blobs


def literals(data: bytes) -> bytes:
    """Snappy without compression: the length, then pieces as they are."""
    out, rest = bytearray(), len(data)
    while rest >= 0x80:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    for start in range(0, len(data), 1 << 16):
        piece = data[start : start + (1 << 16)]
        out += bytes([61 << 2]) + (len(piece) - 1).to_bytes(2, "little") + piece
    return bytes(out)


def unpacked(data: bytes) -> bytes:
    """Undo Snappy by its format description, element by element."""
    size = shift = at = 0
    while True:
        size |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            break
    out = bytearray()
    while at < len(data):
        tag = data[at]
        kind, at = tag & 3, at + 1
        if kind == 0:
            length = tag >> 2
            if length >= 60:
                width = length - 59
                length, at = int.from_bytes(data[at : at + width], "little"), at + width
            out += data[at : at + length + 1]
            at += length + 1
            continue
        width = {1: 1, 2: 2, 3: 4}[kind]
        offset = int.from_bytes(data[at : at + width], "little")
        at += width
        if kind == 1:
            length, offset = (tag >> 2 & 7) + 4, offset | tag >> 5 << 8
        else:
            length = (tag >> 2) + 1
        for _ in range(length):
            out.append(out[-offset])
    assert len(out) == size
    return bytes(out)


def test_a_path_is_that_of_the_reference():
    one = recorded_blobs()[0]
    assert NAMESPACE.folder == NAMESPACE_FOLDER
    assert NAMESPACE.blob_path(one.hash) == f"{NAMESPACE_FOLDER}/blobs/{one.name}.data"


def test_a_file_holds_packed_json_with_the_reference_s_members():
    one = recorded_blobs()[0]
    data = encode_blob_file(one.blob, one.commitment)
    text = unpacked(data).decode()
    assert json.loads(text) == {"blob": one.hex, "kzg_commitment": f"0x{one.commitment.hex()}"}
    assert " " not in text
    assert len(data) < 40_000
    assert decode_blob_file(data) == one.blob


def test_packed_by_others_and_with_more_members():
    one = recorded_blobs()[0]
    text = json.dumps({"index": 3, "kzg_commitment": "0x", "blob": one.hex.replace("a", "A")})
    assert decode_blob_file(literals(text.encode())) == one.blob


BLOB_TEXT = "0x" + "00" * 131072


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "JSON|Snappy"),
        (b"\xff" * 20, "Snappy"),
        (encode_blob_file(bytes(131072), bytes(48))[:-1], "Snappy"),
        (cramjam.snappy.compress(b'{"blob":"0x"}'), "Snappy|JSON"),  # the framed form
        (literals(b"not json"), "JSON"),
        (literals(b"\xff\xfe"), "JSON"),
        (literals(b"[" * 100_000), "JSON"),
        (literals(b"[]"), "does not hold a blob"),
        (literals(b"{}"), "does not hold a blob"),
        (literals(b'{"blob":7}'), "does not hold a blob"),
        (literals(json.dumps({"blob": BLOB_TEXT[:-2]}).encode()), "does not hold a blob"),
        (literals(json.dumps({"blob": BLOB_TEXT[:-2] + "gg"}).encode()), "does not hold a blob"),
        (literals(json.dumps({"blob": BLOB_TEXT[:-4] + "   \t"}).encode()), "does not hold a blob"),
        (literals(json.dumps({"blob": "00" + BLOB_TEXT[2:]}).encode()), "does not hold a blob"),
        (bytes(1 << 20) + b"\0", "at most"),
        (b"\xff\xff\xff\xff\x0f" + b"\0\0", "at most"),  # says that it unpacks to 4 GiB
        (b"\x81\x80\x40" + b"\0\0", "at most"),  # ... to one byte more than allowed
    ],
)
def test_damage_is_told(data: bytes, reason: str):
    with pytest.raises(BlobFileError, match=reason):
        decode_blob_file(bytes(data))


def test_random_damage_is_told_or_gives_bytes_of_the_right_size():
    generator = random.Random(7)
    one = recorded_blobs()[0]
    whole = encode_blob_file(one.blob, one.commitment)
    refused = 0
    for _ in range(300):
        data = bytearray(
            whole[: generator.randrange(1, len(whole) + 1)] if generator.random() < 0.3 else whole
        )
        for _ in range(generator.randrange(1, 20)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        try:
            assert len(decode_blob_file(bytes(data))) == 131072
        except BlobFileError:
            refused += 1
    assert refused > 200
