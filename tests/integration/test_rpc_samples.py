"""Every recorded call of the reference goes through the real server and gets the recorded answer."""

from __future__ import annotations

import base64
import json
from typing import Any

import orjson
import pytest

from aztecd.errors import InvalidInputError
from aztecd.protocol.logs import LogFilter, LogId
from aztecd.protocol.tree_types import MembershipWitness, SiblingPath
from aztecd.rpc.methods import METHODS
from tests.support.fake_node import ASYNC_OPERATIONS, OPERATIONS
from tests.support.rpc_samples import mempool_errors, samples
from tests.support.rpc_server import JSON, serving

pytestmark = pytest.mark.integration

SAMPLES = samples()
TABLE = {method.name: method for method in METHODS if not method.is_local}
WITHOUT_OPERATION = {"getValidatorsStats", "getValidatorStats"}


def element(text: str) -> bytes:
    return int(text, 0).to_bytes(32, "big")


def hexadecimal(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def elements(texts: list[str]) -> tuple[bytes, ...]:
    return tuple(element(text) for text in texts)


def block(value: Any) -> Any:
    return element(value) if isinstance(value, str) and value != "latest" else value


def same(value: Any) -> Any:
    return value


def maybe(read: Any, default: Any = None) -> Any:
    return lambda value=None: default if value is None else read(value)


def log_filter(value: dict[str, Any]) -> LogFilter:
    after = value.get("afterLog")
    return LogFilter(
        tx_hash=element(value["txHash"]) if "txHash" in value else None,
        from_block=value.get("fromBlock"),
        to_block=value.get("toBlock"),
        after_log=after
        and LogId(
            block_number=after["blockNumber"],
            block_hash=element(after["blockHash"]),
            tx_hash=element(after["txHash"]),
            tx_index=after["txIndex"],
            log_index=after["logIndex"],
        ),
        contract_address=element(value["contractAddress"]) if "contractAddress" in value else None,
        tag=element(value["tag"]) if "tag" in value else None,
    )


# How the node must get each parameter, written down by hand: the server's own decoding is under test.
ARGUMENTS = {
    "findLeavesIndexes": (block, same, elements),
    "getNullifierMembershipWitness": (block, element),
    "getLowNullifierMembershipWitness": (block, element),
    "getPublicDataWitness": (block, element),
    "getNoteHashMembershipWitness": (block, element),
    "getBlockHashMembershipWitness": (block, element),
    "getL1ToL2MessageMembershipWitness": (block, element),
    "getL1ToL2MessageCheckpoint": (element,),
    "isL1ToL2MessageSynced": (element,),
    "getL2ToL1Messages": (same,),
    "getBlock": (block,),
    "getBlockHeader": (maybe(block, "latest"),),
    "getBlockByHash": (element,),
    "getBlockByArchive": (element,),
    "getBlockHeaderByArchive": (element,),
    "getBlocks": (same, same),
    "getCheckpoints": (same, same),
    "getCheckpointedBlocks": (same, same),
    "getCheckpointsDataForEpoch": (same,),
    "registerContractFunctionSignatures": (tuple,),
    "getPublicLogs": (log_filter,),
    "getContractClassLogs": (log_filter,),
    "getPrivateLogsByTags": (elements, maybe(same, 0), maybe(element)),
    "getPublicLogsByTagsFromContract": (element, elements, maybe(same, 0), maybe(element)),
    "getTxReceipt": (element,),
    "getTxEffect": (element,),
    "getTxByHash": (element,),
    "getTxsByHash": (elements,),
    "getPendingTxs": (maybe(same), maybe(element)),
    "getPublicStorageAt": (block, element, element),
    "getContractClass": (element,),
    "getContract": (element,),
}


def domain_result(method: str, result: Any) -> Any:
    """Make what the node returns of what the reference answered."""
    match method:
        case "getPublicStorageAt":
            return element(result)
        case "getL2ToL1Messages":
            return nested(result)
        case "getNoteHashMembershipWitness" | "getBlockHashMembershipWitness":
            data = base64.b64decode(result)
            path = tuple(data[start : start + 32] for start in range(32, len(data), 32))
            return MembershipWitness(int.from_bytes(data[:32], "big"), path)
        case "getL1ToL2MessageMembershipWitness":
            data = base64.b64decode(result[1])
            return int(result[0]), SiblingPath(tuple(data[at : at + 32] for at in range(4, len(data), 32)))
    records = TABLE[method].result.records
    return result if not records else decoded(records[0], result)


def decoded(record: Any, value: Any) -> Any:
    if isinstance(value, list):
        return [decoded(record, item) for item in value]
    return None if value is None else record.from_json(value)


def nested(value: Any) -> Any:
    return element(value) if isinstance(value, str) else [nested(item) for item in value]


def reaches_node(sample: dict[str, Any]) -> bool:
    """Whether the reference's own code ran, not only its validation."""
    error = sample.get("error")
    return error is None or (error["code"] == -32702 and "Start index: 0," not in error["message"])


def name_of(sample: dict[str, Any]) -> str:
    return f"{sample['method']}-{sample['chain']}"


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s["method"] not in WITHOUT_OPERATION], ids=name_of)
async def test_recorded_call(sample: dict[str, Any]) -> None:
    method = sample["method"]
    result = sample.get("result")
    async with serving() as client:
        answers = []
        for namespace in ("node", "aztec"):
            if not reaches_node(sample):
                client.node.answer(lambda *_, **__: pytest.fail("the request should have been refused"))
            elif "error" in sample:
                client.node.raises(InvalidInputError(sample["error"]["message"]))
            else:
                client.node.returns(None if "resultAbsent" in sample else domain_result(method, result))
            body = {"jsonrpc": "2.0", "id": 7, "method": f"{namespace}_{method}", "params": sample["params"]}
            status, headers, answer = await client.http("POST", body=orjson.dumps(body), headers=JSON)
            assert status == sample["status"]
            assert headers["Content-Type"] == "application/json; charset=utf-8"
            answers.append(answer)
            if reaches_node(sample):
                check_arguments(sample, client.node.calls)
        assert answers[0] == answers[1]

    expected: dict[str, Any] = {"jsonrpc": "2.0", "id": 7}
    if "error" in sample:
        expected["error"] = sample["error"]
    elif "resultAbsent" not in sample:
        expected["result"] = result
    # Text, not values: the order of members is part of the recorded form.
    assert answers[0].decode() == json.dumps(expected, separators=(",", ":"), ensure_ascii=False)


def check_arguments(sample: dict[str, Any], calls: list[Any]) -> None:
    method, params = sample["method"], sample["params"]
    ((operation, args, options),) = calls
    assert operation == TABLE[method].python_name
    if method in {"sendTx", "isValidTx"}:
        (tx,) = args
        # The recorded hash is not read but computed; the rest goes out as it came in.
        assert tx.to_json() == params[0]
        wanted = params[1] if len(params) > 1 else {}
        assert options == {
            key: wanted[name]
            for name, key in (
                ("isSimulation", "is_simulation"),
                ("skipFeeEnforcement", "skip_fee_enforcement"),
            )
            if name in wanted
        }
        return
    if method == "simulatePublicCalls":
        tx, skips_fee = args
        assert tx.to_json() == params[0]
        assert skips_fee == (len(params) > 1 and params[1])
        assert options == {}
        return
    assert options == {}
    readers = ARGUMENTS.get(method, ())
    given = [*params, *[None] * (len(readers) - len(params))]
    assert args == tuple(read(value) for read, value in zip(readers, given, strict=True))


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s["method"] in WITHOUT_OPERATION], ids=name_of)
async def test_method_that_the_node_does_not_have(sample: dict[str, Any]) -> None:
    async with serving() as client:
        status, answer = await client.call(f"node_{sample['method']}", *sample["params"])
    assert status == sample["status"]
    assert answer.get("result") == sample.get("result")
    assert answer.get("error") == sample.get("error")
    assert ("result" in answer) == ("result" in sample)


@pytest.mark.parametrize("recorded", mempool_errors(), ids=lambda call: call["label"])
async def test_rejection_carries_its_data(recorded: dict[str, Any]) -> None:
    class RejectedError(InvalidInputError):
        def __init__(self, message: str, data: dict[str, Any]) -> None:
            super().__init__(message)
            self.data = data

    error = recorded["error"]
    tx = next(s["params"] for s in SAMPLES if s["method"] == "sendTx")
    async with serving() as client:
        client.node.raises(RejectedError(error["message"], error["data"]))
        status, answer = await client.call("aztec_sendTx", *tx)
    assert status == recorded["status"]
    assert answer["error"] == error


def test_every_operation_has_a_sample_and_a_method() -> None:
    covered = {TABLE[sample["method"]].python_name for sample in SAMPLES}
    assert set(OPERATIONS) <= covered
    assert {method.python_name for method in TABLE.values()} == covered
    assert {method.python_name for method in TABLE.values() if method.is_async} == ASYNC_OPERATIONS
