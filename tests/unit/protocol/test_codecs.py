"""The JSON and byte forms of single values: what is taken, what is refused, and how."""

from __future__ import annotations

import base64
from typing import Annotated

import pytest

from aztecd.crypto.field import FR_MODULUS, fr
from aztecd.protocol.basic import U8, U32, U64, FrMember
from aztecd.protocol.checkpoint import Checkpoint, CommitteeAttestation
from aztecd.protocol.codec import (
    BoolCodec,
    BytesCodec,
    DecodeError,
    FrCodec,
    FrListCodec,
    IntCodec,
    ListCodec,
    OptionalCodec,
    Reader,
    SchemaError,
    TextCodec,
    UintCodec,
    json_kind,
    read_base64,
)
from aztecd.protocol.identifier_codecs import AztecAddressCodec, EthAddressCodec, PointCodec, TxHashCodec
from aztecd.protocol.record import JsonName, Record, camel_case, codec_of, record
from aztecd.protocol.tree_types import MembershipWitness, SiblingPath, _SiblingPathCodec

HEX64 = "0x" + "0" * 62 + "2a"
CHECKSUMMED = "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # from EIP-55
MODULUS_TEXT = f"0x{FR_MODULUS:x}"

ACCEPTED = [
    (FrCodec(), "42", fr(42)),
    (FrCodec(), "0x2a", fr(42)),
    (FrCodec(), "0x02a", fr(42)),
    (FrCodec(), HEX64, fr(42)),
    (FrCodec(), f"0x{FR_MODULUS - 1:X}", fr(FR_MODULUS - 1)),
    (AztecAddressCodec(), HEX64, fr(42)),
    (AztecAddressCodec(), HEX64[2:], fr(42)),
    (AztecAddressCodec(), {"type": "Buffer", "data": [0] * 31 + [42]}, fr(42)),
    (AztecAddressCodec(), base64.b64encode(fr(42)).decode(), fr(42)),
    (TxHashCodec(), HEX64, fr(42)),
    (TxHashCodec(), HEX64[2:] + "ffff", fr(42)),
    (TxHashCodec(), HEX64 + "f", fr(42)),
    (EthAddressCodec(), "0x" + "ab" * 20, b"\xab" * 20),
    (EthAddressCodec(), "AB" * 20, b"\xab" * 20),
    (EthAddressCodec(), "0x" + CHECKSUMMED, bytes.fromhex(CHECKSUMMED)),
    (PointCodec(), "0x" + "00" * 63 + "01", bytes(63) + b"\1"),
    (BytesCodec(4), "0x01020304", b"\1\2\3\4"),
    (BytesCodec(4), "01020304", b"\1\2\3\4"),
    (BytesCodec(3, "base64"), "AQID", b"\1\2\3"),
    (BytesCodec(3, "base64"), {"type": "Buffer", "data": [1, 2, 3]}, b"\1\2\3"),
    (UintCodec(4), 7, 7),
    (UintCodec(4), "7", 7),
    (UintCodec(4), " 7 ", 7),
    (UintCodec(4), "0x10", 16),
    (UintCodec(4), 7.0, 7),
    (UintCodec(8, "decimal"), 2**64 - 1, 2**64 - 1),
    (UintCodec(8, "decimal"), str(2**64 - 1), 2**64 - 1),
    (UintCodec(32, "hex"), HEX64, 42),
    (IntCodec(32), "-100", -100),
    (IntCodec(32), 5, 5),
    (BoolCodec(), True, True),
    (TextCodec(), "größer", "größer"),
    (FrListCodec(2), ["0x1", "2"], (fr(1), fr(2))),
    (ListCodec(UintCodec(1), count_size=1), [1, "2"], (1, 2)),
]

SHAPES = [
    (FrCodec(), 42, "Expected string, received number"),
    (FrCodec(), None, "Expected string, received null"),
    (FrCodec(), "0xzz", "Not a valid hex string"),
    (FrCodec(), "0x1\n", "Not a valid hex string"),
    (FrCodec(), " 1", "Not a valid hex string"),
    (FrCodec(), "0X1", "Not a valid hex string"),
    (AztecAddressCodec(), "0x2a", "Invalid input"),
    (AztecAddressCodec(), 42, "Invalid input"),
    (AztecAddressCodec(), {"type": "Buffer", "data": [1]}, "Invalid input"),
    (TxHashCodec(), "0xgg", "Not a valid hex string"),
    (TxHashCodec(), [], "Expected string, received array"),
    (EthAddressCodec(), "0x" + "ab" * 19, "Not a valid instance"),
    (EthAddressCodec(), "0x" + CHECKSUMMED.swapcase(), "Not a valid instance"),
    (EthAddressCodec(), 5, "Expected string, received number"),
    (BytesCodec(4), "01 02 03 04", "Not a valid hex string"),
    (BytesCodec(4), {}, "Expected string, received object"),
    (BytesCodec(3, "base64"), "AQI", "Not a valid base64 string"),
    (BytesCodec(3, "base64"), None, "Required"),
    (BytesCodec(3, "base64"), {"type": "Buffer", "data": [256]}, "Invalid input"),
    (BytesCodec(3, "base64"), {"type": "Buffer"}, "Invalid input"),
    (UintCodec(4), "abc", "Expected number, received nan"),
    (UintCodec(4), "1_000", "Expected number, received nan"),
    (UintCodec(4), "٣", "Expected number, received nan"),
    (UintCodec(4), "9" * 5000, "Expected number, received nan"),
    (UintCodec(4), True, "Expected number, received boolean"),
    (UintCodec(4), None, "Expected number, received null"),
    (UintCodec(4), 1.5, "Expected integer, received float"),
    (UintCodec(4), float("inf"), "Expected number, received nan"),
    (UintCodec(4), float("nan"), "Expected number, received nan"),
    (UintCodec(4), -1, "Number must be greater than or equal to 0"),
    (UintCodec(32, "hex"), 42, "Expected string, received number"),
    (IntCodec(1), "1.5", "Expected number, received nan"),
    (BoolCodec(), 1, "Expected boolean, received number"),
    (TextCodec(), 1, "Expected string, received number"),
    (FrListCodec(2), "x", "Expected array, received string"),
    (ListCodec(UintCodec(1), 1), {}, "Expected array, received object"),
]

VALUES = [
    (FrCodec(), "0x", 'Invalid hex-encoded string: "0x"'),
    (FrCodec(), "ff", "Tried to create a Fr from an invalid string: ff"),
    (FrCodec(), "", "Tried to create a Fr from an invalid string: "),
    (FrCodec(), MODULUS_TEXT, f"Value {MODULUS_TEXT} is greater or equal to field modulus."),
    (AztecAddressCodec(), MODULUS_TEXT, f"Value {MODULUS_TEXT} is greater or equal to field modulus."),
    (
        TxHashCodec(),
        "0x2a",
        "Attempted to read beyond buffer length. Start index: 0, Num bytes to read: 32, Buffer length: 1",
    ),
    (TxHashCodec(), MODULUS_TEXT, f"Value {MODULUS_TEXT} is greater or equal to field modulus."),
    (PointCodec(), "0x" + "ff" * 64, f"Value 0x{'ff' * 32} is greater or equal to field modulus."),
    (PointCodec(), "0x" + "00" * 63, "Expected 64 bytes, got 63"),
    (BytesCodec(4), "0x010", "Expected 4 bytes, got 1.5"),
    (BytesCodec(3, "base64"), "AQ==", "Expected 3 bytes, got 1"),
    (UintCodec(1), 256, "Value 0x100 does not fit in 1 bytes"),
    (UintCodec(8, "decimal"), "-1", "Value -0x1 does not fit in 8 bytes"),
    (UintCodec(8, "decimal"), "0x" + "f" * 5000, f"Value 0x{'f' * 98}... does not fit in 8 bytes"),
    (UintCodec(4, "hex"), "0x100000000", "Value 0x100000000 does not fit in 4 bytes"),
    (IntCodec(1), "128", "Value 0x80 does not fit in 1 bytes"),
    (IntCodec(1), "-129", "Value -0x81 does not fit in 1 bytes"),
    (TextCodec(), "\ud800", "text holds half of a surrogate pair"),
    (FrListCodec(2), ["1"], "Expected 2 fields, got 1"),
    (FrListCodec(count_size=1, limit=1), ["1", "2"], "2 field elements where at most 1 are allowed"),
    (FrListCodec(count_size=1), ["1"] * 256, "256 field elements where at most 255 are allowed"),
    (ListCodec(UintCodec(1), 2), [1], "Expected 2 items, got 1"),
    (ListCodec(UintCodec(1), count_size=1, limit=1), [1, 2], "2 items where at most 1 are allowed"),
]


def _ids(case):
    return type(case).__name__ if hasattr(case, "from_json") else None


@pytest.mark.parametrize(("codec", "given", "value"), ACCEPTED, ids=_ids)
def test_accepted(codec, given, value):
    assert codec.from_json(given, "x") == value
    assert codec.from_json(codec.to_json(value), "x") == value
    out = bytearray()
    codec.write(value, out)
    reader = Reader(bytes(out))
    assert codec.read(reader) == value
    reader.finish()


@pytest.mark.parametrize(("codec", "given", "reason"), SHAPES, ids=_ids)
def test_wrong_shapes(codec, given, reason):
    with pytest.raises(SchemaError) as caught:
        codec.from_json(given, "0.x")
    assert caught.value.reason == reason
    assert str(caught.value) == f"{reason} (0.x)"
    assert caught.value.path == "0.x"


@pytest.mark.parametrize(("codec", "given", "reason"), VALUES, ids=_ids)
def test_wrong_values(codec, given, reason):
    with pytest.raises(DecodeError) as caught:
        codec.from_json(given, "0.x")
    assert str(caught.value) == caught.value.reason == reason
    assert caught.value.path == "0.x"


def test_numbers_beyond_what_python_prints():
    with pytest.raises(DecodeError, match=r"^Value 0x1000.*\.\.\. does not fit in 4 bytes$"):
        UintCodec(4).from_json(16**5000, "x")


@pytest.mark.parametrize(
    ("codec", "data", "reason"),
    [
        (FrCodec(), FR_MODULUS.to_bytes(32, "big"), f"Value {MODULUS_TEXT} is greater"),
        (UintCodec(32), FR_MODULUS.to_bytes(32, "big"), f"Value {MODULUS_TEXT} is greater"),
        (PointCodec(), b"\xff" * 64, "is greater or equal to field modulus"),
        (FrListCodec(count_size=1, limit=3), b"\4" + bytes(128), "4 field elements where at most 3"),
        (FrListCodec(count_size=4), b"\0\0\1\0", "Num bytes to read: 8192, Buffer length: 4"),
        (FrListCodec(1), b"\xff" * 32, "is greater or equal to field modulus"),
        (ListCodec(UintCodec(1), count_size=1, limit=3), b"\4" + bytes(128), "4 items where at most 3"),
        (ListCodec(UintCodec(4), count_size=1), b"\2" + bytes(5), "Start index: 5, Num bytes to read: 4"),
        (TextCodec(), b"\0\0\0\1\xff", "text is not UTF-8"),
        (TextCodec(), b"\xff\xff\xff\xff", "Num bytes to read: 4294967295"),
        (OptionalCodec(UintCodec(1)), b"\1", "beyond buffer length"),
    ],
    ids=_ids,
)
def test_wrong_bytes(codec, data, reason):
    with pytest.raises(DecodeError) as caught:
        codec.read(Reader(data))
    assert reason in str(caught.value)


def test_bytes_left_over():
    with pytest.raises(DecodeError, match="1 bytes follow the value"):
        CommitteeAttestation.decode(bytes(86))


def test_flags_are_read_like_the_reference_does():
    assert BoolCodec().read(Reader(b"\2")) is True


@pytest.mark.parametrize("codec", [TextCodec(), OptionalCodec(FrCodec()), IntCodec(8)], ids=_ids)
def test_some_values_have_no_field_form(codec):
    with pytest.raises(TypeError, match="no field form"):
        codec.fields(codec.zero(), [])


def test_kinds_of_json():
    kinds = {"boolean": True, "number": 1, "string": "", "array": [], "object": {}, "null": None}
    assert {name: json_kind(value) for name, value in kinds.items()} == {name: name for name in kinds}
    assert json_kind(1.5) == "number"
    assert json_kind(object()) == "undefined"


# Records.


@record
class Inner(Record):
    number: U8
    element: FrMember


@record
class Outer(Record):
    first_inner: Inner
    some_u64: Annotated[int, UintCodec(8, "decimal"), JsonName("renamed")]
    maybe: Annotated[int | None, OptionalCodec(UintCodec(1))] = None


def test_record_forms():
    value = Outer(first_inner=Inner(number=1, element=fr(2)), some_u64=3, maybe=4)
    assert value.encode() == b"\1" + fr(2) + (3).to_bytes(8, "big") + b"\1\4"
    assert value.to_json() == {
        "firstInner": {"number": 1, "element": "0x" + fr(2).hex()},
        "renamed": "3",
        "maybe": 4,
    }
    assert Outer.decode(value.encode()) == value
    assert Outer.from_json(value.to_json() | {"unknown": 1}) == value
    assert value.first_inner.to_fields() == [fr(1), fr(2)]
    assert Outer.empty() == Outer(first_inner=Inner(number=0, element=fr(0)), some_u64=0, maybe=None)
    assert value.replace(maybe=None).to_json() == {
        key: item for key, item in value.to_json().items() if key != "maybe"
    }


def test_paths_of_errors():
    with pytest.raises(SchemaError, match=r"^Required \(firstInner.element\)$"):
        Outer.from_json({"firstInner": {"number": 1}, "renamed": 1})
    with pytest.raises(SchemaError, match=r"^Required \(0.firstInner\)$"):
        Outer.from_json({}, "0")
    with pytest.raises(SchemaError, match=r"^Expected object, received array \(0\)$"):
        Outer.from_json([], "0")
    with pytest.raises(SchemaError, match=r"^Required \(0\)$"):
        Outer.from_json(None, "0")
    with pytest.raises(DecodeError) as caught:
        Outer.decode(b"\1" + b"\xff" * 32)
    assert caught.value.path == "firstInner.element"


def test_members_need_a_wire_form():
    with pytest.raises(TypeError, match="no wire form is declared"):
        codec_of(int)
    assert camel_case("l2_to_l1_msgs") == "l2ToL1Msgs"
    assert isinstance(codec_of(U64), UintCodec)
    assert codec_of(U32).json == "number"


def test_signatures():
    attestation = CommitteeAttestation(address=bytes(20), signature=b"\xaa" * 64 + b"\x1b")
    body = attestation.to_json()
    assert body["signature"] == "0x" + "aa" * 64 + "1b"
    assert CommitteeAttestation.from_json(body) == attestation
    zero = attestation.replace(signature=bytes(65))
    assert zero.to_json()["signature"] == "0x" + "00" * 64 + "0"
    assert CommitteeAttestation.from_json(zero.to_json()) == zero
    for wrong in ("0x", "0x" + "aa" * 64, " " + body["signature"], body["signature"] + "00", 5, None, {}, []):
        with pytest.raises(SchemaError, match="Not a valid signature"):
            CommitteeAttestation.from_json(body | {"signature": wrong})


def test_price_modifiers_have_a_sign():
    value = Checkpoint.empty().replace(fee_asset_price_modifier=-100)
    assert Checkpoint.decode(value.encode()) == value
    assert value.to_json()["feeAssetPriceModifier"] == "-100"
    assert Checkpoint.from_json(value.to_json()) == value
    assert value.encode()[-32:] == b"\xff" * 31 + b"\x9c"


# Paths and witnesses.


def test_sibling_paths():
    codec = _SiblingPathCodec()
    path = SiblingPath((fr(1), fr(2)))
    assert base64.b64decode(codec.to_json(path)) == b"\0\0\0\2" + fr(1) + fr(2)
    assert codec.from_json(codec.to_json(path), "x") == path
    assert hash(codec.from_json(codec.to_json(path), "x")) == hash(path)
    assert path != SiblingPath((fr(1),))
    assert path != (fr(1), fr(2))
    with pytest.raises(DecodeError, match="bytes follow the value"):
        codec.from_json(base64.b64encode(bytes(5)).decode(), "x")
    with pytest.raises(DecodeError, match="beyond buffer length"):
        codec.from_json(base64.b64encode(b"\0\0\0\1").decode(), "x")


def test_membership_witnesses():
    witness = MembershipWitness(7, (fr(1), fr(2)))
    assert base64.b64decode(witness.to_json()) == fr(7) + fr(1) + fr(2)
    found = MembershipWitness.from_json(witness.to_json())
    assert (found.index, found.sibling_path) == (7, (fr(1), fr(2)))
    for size in (0, 31, 33):
        with pytest.raises(DecodeError, match="32 bytes each"):
            MembershipWitness.from_json(base64.b64encode(bytes(size)).decode())


def test_base64_of_bytes():
    assert read_base64("AQID", "x") == b"\1\2\3"
    assert read_base64("", "x") == b""
    for wrong in ("é", "AQ", "A Q I D", "AQID=", "AAAA====", "====", "A===", "AA==AAAA", "AA=\n"):
        with pytest.raises(SchemaError, match="Not a valid base64 string"):
            read_base64(wrong, "x")
