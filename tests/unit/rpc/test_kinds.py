"""Parameters: the rules of the reference's validation, case by case.

Texts and outcomes are those of @aztec/stdlib src/interfaces/aztec-node.ts and @aztec/foundation src/schemas.
"""

from __future__ import annotations

from typing import Any

import pytest

from aztecd.protocol.codec import DecodeError
from aztecd.protocol.logs import LogFilter, LogId
from aztecd.rpc import kinds
from aztecd.rpc.calls import InvalidParamsError, read_params
from aztecd.rpc.kinds import MISSING, ArrayKind, CoercedNumber, Issues, NumberKind, TextKind, number_of_text
from aztecd.rpc.methods import METHODS
from aztecd.rpc.objects import LOG_FILTER, TX, TX_OPTIONS

MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617
HASH = "0x" + "0a" * 32
TABLE = {method.name: method for method in METHODS}


def read(kind: kinds.Kind, value: Any) -> tuple[Any, str]:
    issues = Issues()
    result = kind.read(value, "0", issues)
    return (None if issues.text() else result), issues.text()


def good(kind: kinds.Kind, value: Any) -> Any:
    result, text = read(kind, value)
    assert text == ""
    return result


def bad(kind: kinds.Kind, value: Any) -> str:
    _, text = read(kind, value)
    assert text != ""
    return text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0x" + "00" * 31 + "05", 5),
        ("0x5", 5),
        ("0x005", 5),
        ("5", 5),
        ("10", 10),
        ("0xaB", 0xAB),
        (hex(MODULUS - 1), MODULUS - 1),
        (str(MODULUS - 1), MODULUS - 1),
        ("0x" + "0" * 80 + "7", 7),
    ],
)
def test_field(text: str, number: int) -> None:
    assert good(kinds.FIELD, text) == number.to_bytes(32, "big")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "Expected string, received number (0)"),
        (None, "Expected string, received null (0)"),
        (["0x5"], "Expected string, received array (0)"),
        ({}, "Expected string, received object (0)"),
        (True, "Expected string, received boolean (0)"),
        (MISSING, "Required (0)"),
        ("0xg", "Not a valid hex string (0)"),
        ("0x" + " 5" * 32, "Not a valid hex string (0)"),
        ("5\n", "Not a valid hex string (0)"),
        ("-5", "Not a valid hex string (0)"),
        ("0X5", "Not a valid hex string (0)"),
    ],
)
def test_field_of_the_wrong_shape(value: Any, text: str) -> None:
    assert bad(kinds.FIELD, value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (hex(MODULUS), f"Value {hex(MODULUS)} is greater or equal to field modulus."),
        ("0x" + "ff" * 32, f"Value 0x{'ff' * 32} is greater or equal to field modulus."),
        ("ab", "Tried to create a Fr from an invalid string: ab"),
        ("0x", 'Invalid hex-encoded string: "0x"'),
    ],
)
def test_impossible_field(value: str, text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read(kinds.FIELD, value)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("value", "block"),
    [
        ("latest", "latest"),
        (0, 0),
        (7, 7),
        (7.0, 7),
        (" 7", 7),
        (" ", 0),
        ("5", (5).to_bytes(32, "big")),  # digits are a hash, not a number
        (HASH, bytes([10]) * 32),
        ("0o17", 15),
    ],
)
def test_block(value: Any, block: Any) -> None:
    assert good(kinds.BLOCK, value) == block


@pytest.mark.parametrize(
    "value",
    [
        "LATEST",
        "pending",
        -1,
        1.5,
        None,
        True,
        [],
        {},
        2**53,
        1e300,
        float("inf"),
        " -1",
        " 1.5",
        " x",
        MISSING,
    ],
)
def test_no_block(value: Any) -> None:
    assert bad(kinds.BLOCK, value) == "Invalid input (0)"


def test_block_hash_out_of_range() -> None:
    with pytest.raises(DecodeError, match="greater or equal to field modulus"):
        read(kinds.BLOCK, "0x" + "ff" * 32)


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1), (1.0, 1), ("1", 1), (" 12 ", 12), ("0x10", 16), ("1e2", 100), ("+3", 3), ("2.0", 2)],
)
def test_coerced_number(value: Any, number: int) -> None:
    assert good(CoercedNumber(least=1), value) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "Number must be greater than or equal to 1 (0)"),
        ("", "Number must be greater than or equal to 1 (0)"),
        ("x", "Expected number, received nan (0)"),
        ("1_0", "Expected number, received nan (0)"),
        ("\u0661", "Expected number, received nan (0)"),
        (1.5, "Expected integer, received float (0)"),
        (-1.5, "Expected integer, received float (0). Number must be greater than or equal to 1 (0)"),
        (True, "Invalid input (0)"),
        (None, "Invalid input (0)"),
        ([], "Invalid input (0)"),
        (MISSING, "Invalid input (0)"),
        (2**53, "Number must be a safe integer, of at most 53 bits (0)"),
        (2**63, "Number must be a safe integer, of at most 53 bits (0)"),
        (1e40, "Number must be a safe integer, of at most 53 bits (0)"),
        ("9" * 300, "Number must be a safe integer, of at most 53 bits (0)"),
        ("9" * 5000, "Expected number, received nan (0)"),
    ],
)
def test_bad_coerced_number(value: Any, text: str) -> None:
    assert bad(CoercedNumber(least=1), value) == text


LIMIT = NumberKind(name="BlockNumber", above=0, most=50)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "Number must be greater than 0 (0)"),
        (51, "Number must be less than or equal to 50 (0)"),
        (-1e300, "Number must be greater than 0 (0)"),
        (1e300, "Number must be less than or equal to 50 (0)"),
        (50.5, "Number must be less than or equal to 50 (0)"),
        (-0.5, "Number must be greater than 0 (0)"),
        ("5", "Expected number, received string (0)"),
        (None, "Expected number, received null (0)"),
        (True, "Expected number, received boolean (0)"),
    ],
)
def test_bad_limit(value: Any, text: str) -> None:
    assert bad(LIMIT, value) == text


def test_issues_of_other_parameters_come_before_a_fraction() -> None:
    issues = Issues()
    issues.add_late("Invalid input", "0")
    assert LIMIT.read(1.5, "1", issues) is None
    assert issues.text() == "Invalid input (0)"


def test_fraction_of_a_limit() -> None:
    with pytest.raises(DecodeError, match=r"^BlockNumber must be an integer, got 1\.5$"):
        read(LIMIT, 1.5)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "Invalid enum value. Expected 0 | 1 | 2 | 3 | 4, received '5' (0)"),
        (1.5, "Invalid enum value. Expected 0 | 1 | 2 | 3 | 4, received '1.5' (0)"),
        ("1", "Invalid enum value. Expected 0 | 1 | 2 | 3 | 4, received '1' (0)"),
        (None, "Expected 0 | 1 | 2 | 3 | 4, received null (0)"),
        (True, "Expected 0 | 1 | 2 | 3 | 4, received boolean (0)"),
    ],
)
def test_bad_tree(value: Any, text: str) -> None:
    assert bad(kinds.TREE, value) == text


def test_tree() -> None:
    assert [good(kinds.TREE, number) for number in range(5)] == [0, 1, 2, 3, 4]


def test_eth_address() -> None:
    # Mixed case as in EIP-55's own examples.
    checked = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    for text in (checked, checked.lower(), checked[2:].upper()):
        assert good(kinds.ETH_ADDRESS, text) == bytes.fromhex(checked[2:])
    assert bad(kinds.ETH_ADDRESS, checked.replace("aA", "AA")) == "Not a valid instance (0)"
    assert bad(kinds.ETH_ADDRESS, "0x00") == "Not a valid instance (0)"
    assert bad(kinds.ETH_ADDRESS, 5) == "Expected string, received number (0)"


def test_aztec_address() -> None:
    assert good(kinds.AZTEC_ADDRESS, HASH) == good(kinds.AZTEC_ADDRESS, HASH[2:]) == bytes([10]) * 32
    for value in ("0x05", "5", 5, None, {}, HASH + "0"):
        assert bad(kinds.AZTEC_ADDRESS, value) == "Invalid input (0)"


def test_tx_hash() -> None:
    assert good(kinds.TX_HASH, HASH + "ffff") == bytes([10]) * 32
    assert bad(kinds.TX_HASH, "zz") == "Not a valid hex string (0)"
    with pytest.raises(DecodeError, match=r"Buffer length: 1$"):
        read(kinds.TX_HASH, "0x05")


def test_text_counts_utf_16_units() -> None:
    kind = TextKind(4)
    assert good(kind, "abcd") == "abcd"
    assert good(kind, "\U0001f600" * 2) == "\U0001f600" * 2
    for value in ("abcde", "\U0001f600" * 2 + "a"):
        assert bad(kind, value) == "String must contain at most 4 character(s) (0)"
    assert bad(kind, 5) == "Expected string, received number (0)"


def test_array_reports_every_item() -> None:
    kind = ArrayKind(kinds.FIELD, 3)
    assert good(kind, ["1", "2"]) == ((1).to_bytes(32, "big"), (2).to_bytes(32, "big"))
    assert bad(kind, ["1", 2, "z"]) == "Expected string, received number (0.1). Not a valid hex string (0.2)"
    assert bad(kind, ["1"] * 4) == "Array must contain at most 3 element(s) (0)"
    assert bad(kind, {}) == "Expected array, received object (0)"


# Objects


def test_log_filter() -> None:
    place = {"blockNumber": "3", "blockHash": HASH, "txHash": HASH, "txIndex": 0, "logIndex": "1"}
    value = {"txHash": HASH, "fromBlock": -2, "toBlock": "9", "afterLog": place, "tag": "5", "other": object}
    hash_bytes = bytes([10]) * 32
    assert good(LOG_FILTER, value) == LogFilter(
        tx_hash=hash_bytes,
        from_block=-2,
        to_block=9,
        after_log=LogId(block_number=3, block_hash=hash_bytes, tx_hash=hash_bytes, tx_index=0, log_index=1),
        tag=(5).to_bytes(32, "big"),
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "Expected object, received null (0)"),
        ([], "Expected object, received array (0)"),
        ({"txHash": None}, "Expected string, received null (0.txHash)"),
        ({"fromBlock": None}, "Invalid input (0.fromBlock)"),
        (
            {"fromBlock": "x", "tag": 5},
            "Expected string, received number (0.tag). Expected number, received nan (0.fromBlock)",
        ),
        ({"contractAddress": "0x05"}, "Invalid input (0.contractAddress)"),
        ({"afterLog": None}, "Expected object, received null (0.afterLog)"),
        (
            {"contractAddress": 5, "tag": 5},
            "Expected string, received number (0.tag). Invalid input (0.contractAddress)",
        ),
    ],
)
def test_bad_log_filter(value: Any, text: str) -> None:
    assert bad(LOG_FILTER, value) == text


@pytest.mark.parametrize(("member", "value"), [("blockNumber", 0), ("txIndex", -1), ("logIndex", -1)])
def test_impossible_place_of_a_log(member: str, value: int) -> None:
    place = {"blockNumber": 3, "blockHash": HASH, "txHash": HASH, "txIndex": 0, "logIndex": 1, member: value}
    with pytest.raises(DecodeError, match=r"^Invalid .*: -?[01]$"):
        read(LOG_FILTER, {"afterLog": place})


def test_tx_options() -> None:
    assert good(TX_OPTIONS, {}) == {}
    assert good(TX_OPTIONS, {"isSimulation": None, "skipFeeEnforcement": True}) == {
        "skip_fee_enforcement": True
    }
    assert bad(TX_OPTIONS, {"isSimulation": 1}) == "Expected boolean, received number (0.isSimulation)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "Expected object, received number (0)"),
        (
            {"data": "", "chonkProof": 5, "contractClassLogFields": {}},
            (
                "Expected array, received object (0.contractClassLogFields). "
                "Required (0.publicFunctionCalldata). Invalid input (0.chonkProof)"
            ),
        ),
        (
            {"data": "*", "chonkProof": "", "contractClassLogFields": [], "publicFunctionCalldata": []},
            "Invalid input (0.data)",
        ),
    ],
)
def test_tx_of_the_wrong_shape(value: Any, text: str) -> None:
    assert bad(TX, value) == text


def test_tx_with_two_short_buffers_reports_one() -> None:
    """The reference's process ends at such a request."""
    value = {"data": "AAAA", "chonkProof": "AAAA", "contractClassLogFields": [], "publicFunctionCalldata": []}
    with pytest.raises(DecodeError, match="Attempted to read beyond buffer length"):
        read(TX, value)


# Parameter lists


def test_surplus_is_ignored_and_optionals_are_filled() -> None:
    tags = TABLE["getPrivateLogsByTags"]
    assert read_params(TABLE["getVersion"], [1, 2]) == []
    assert read_params(tags, [[]]) == [(), 0, None]
    assert read_params(tags, [[], None, None, "surplus"]) == [(), 0, None]
    assert read_params(TABLE["getBlockHeader"], []) == ["latest"]


def test_missing_parameters_are_counted_as_the_reference_does() -> None:
    """All parameters of the method are named when more than the optional ones are missing."""
    for method, given, count in (("getPrivateLogsByTags", [], 3), ("getPublicStorageAt", [1, HASH], 3)):
        with pytest.raises(InvalidParamsError) as caught:
            read_params(TABLE[method], given)
        assert str(caught.value) == f"Array must contain at least {count} element(s) ()"


def test_missing_first_parameter_is_required_when_optionals_make_up_for_it() -> None:
    with pytest.raises(InvalidParamsError) as caught:
        read_params(TABLE["getPublicLogsByTagsFromContract"], [HASH, None])
    assert str(caught.value) == "Expected array, received null (1)"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("\t7\n", 7),
        ("-7", -7),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("0b11", 3),
        ("-0x1", None),
        ("1 2", None),
    ],
)
def test_number_of_text(text: str, number: float | None) -> None:
    assert number_of_text(text) == number
