from __future__ import annotations

import pytest

from aztecd.l1.abi import AbiError, AbiEvent, AbiFunction, ContractAbi, abi_decode
from aztecd.l1.errors import L1ArtifactError, L1DecodeError
from aztecd.l1.revert import ErrorTable
from tests.support.l1_abi import entry
from tests.support.vectors import load

VECTORS = load("l1.json.gz")
ADDRESS = bytes(range(20))


def test_event_topics_are_the_recorded_ones():
    for signature, topic in VECTORS["topics"].items():
        event = AbiEvent.from_item(entry("event", signature))
        assert event.signature == signature
        assert f"0x{event.topic.hex()}" == topic


def test_error_selectors_are_the_recorded_ones():
    assert len(VECTORS["errorSelectors"]) > 200
    for selector, signature in VECTORS["errorSelectors"].items():
        error = AbiError.from_item(entry("error", signature))
        assert f"0x{error.selector.hex()}" == selector


def test_function_selectors_are_the_recorded_ones():
    propose = VECTORS["propose"]
    function = AbiFunction.from_item(entry("function", propose["signature"]))
    assert f"0x{function.selector.hex()}" == propose["selector"]


def test_addresses_are_bytes_on_our_side():
    function = AbiFunction.from_item(entry("function", "set(address,uint256)", outputs="address,address[]"))
    calldata = function.encode(ADDRESS, 7)
    assert calldata[4:] == bytes(12) + ADDRESS + (7).to_bytes(32, "big")
    returned = bytes(12) + ADDRESS + (64).to_bytes(32, "big") + (1).to_bytes(32, "big") + bytes(12) + ADDRESS
    assert function.decode(returned) == (ADDRESS, (ADDRESS,))


@pytest.mark.parametrize("data", [b"", bytes(31), b"\x01" * 32])
def test_damaged_data_is_refused_with_our_error(data):
    with pytest.raises(L1DecodeError):
        abi_decode(["address"], data)


def test_recorded_events_decode():
    event = AbiEvent.from_item(
        entry("event", "CheckpointProposed(uint256,bytes32,bytes32[],bytes32,bytes32)", indexed=(0, 1))
    )
    for checkpoint in VECTORS["propose"]["checkpoints"]:
        recorded = checkpoint["event"]
        topics = [bytes.fromhex(topic[2:]) for topic in recorded["topics"]]
        values = list(event.decode(topics, bytes.fromhex(recorded["data"][2:])).values())
        assert values[0] == checkpoint["checkpointNumber"]
        assert [f"0x{item.hex()}" for item in values[2]] == checkpoint["versionedBlobHashes"]
        assert f"0x{values[3].hex()}" == checkpoint["payloadDigest"]
        assert f"0x{values[4].hex()}" == checkpoint["attestationsHash"]


def test_a_log_of_another_event_is_refused():
    event = AbiEvent.from_item(entry("event", "A(uint256)", indexed=(0,)))
    with pytest.raises(L1DecodeError, match="no A"):
        event.decode([bytes(32), bytes(32)], b"")


def test_names_that_are_used_twice_need_the_whole_signature():
    abi = ContractAbi("C", [entry("function", "get(uint256)"), entry("function", "get(address)")])
    with pytest.raises(L1ArtifactError, match="2 functions get"):
        abi.function("get")
    assert abi.function("get(address)").inputs == ("address",)
    with pytest.raises(L1ArtifactError, match="0 functions other"):
        abi.function("other")


def table() -> ErrorTable:
    signatures = ["Rollup__InvalidArchive(bytes32,bytes32)", "Rollup__NoBlobsInCheckpoint()"]
    return ErrorTable(lambda: [AbiError.from_item(entry("error", signature)) for signature in signatures])


def test_custom_errors_are_told_by_name_with_their_values():
    by_signature = {signature: selector for selector, signature in VECTORS["errorSelectors"].items()}
    selector = bytes.fromhex(by_signature["Rollup__InvalidArchive(bytes32,bytes32)"][2:])
    name, text = table().describe(selector + bytes(31) + b"\x01" + bytes(31) + b"\x02")
    assert name == "Rollup__InvalidArchive"
    assert text == f"Rollup__InvalidArchive(p0=0x{1:064x}, p1=0x{2:064x})"


def test_reasons_that_solidity_itself_makes():
    message = (
        bytes.fromhex("08c379a0")
        + (32).to_bytes(32, "big")
        + (4).to_bytes(32, "big")
        + b"oops".ljust(32, b"\0")
    )
    assert table().describe(message) == ("Error", "oops")
    assert table().describe(bytes.fromhex("4e487b71") + (17).to_bytes(32, "big")) == ("Panic", "Panic(0x11)")


@pytest.mark.parametrize("data", [b"\x01\x02\x03\x04", bytes.fromhex("08c379a0ff"), b"\x01"])
def test_unknown_reasons_show_their_bytes(data):
    name, text = table().describe(data)
    assert name is None
    assert data.hex() in text


def test_no_reason_at_all():
    assert table().describe(b"") == (None, "")
    assert table().describe(None) == (None, "")
