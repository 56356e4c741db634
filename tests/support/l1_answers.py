"""Recorded proposals with their L1 transactions, and a client that answers for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from aztecd.l1.abi import AbiEvent
from aztecd.l1.errors import L1RpcError
from aztecd.l1.events import CheckpointProposed, decode_log
from aztecd.protocol.basic import EthAddress
from tests.support.l1_abi import entry
from tests.support.vectors import load, load_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.l1.rollup import RollupReader

ROLLUP = EthAddress(bytes.fromhex("322813fd9a801c5507c9de605d63cea4f2ce6c44"))
ROLLUP_TEXT = f"0x{ROLLUP.hex()}"
OTHER = "0x" + "0e" * 20
MULTICALL3 = "0xca11bde05977b3631167028862be2a173976ca11"


def _event() -> AbiEvent:
    item = entry("event", "CheckpointProposed(uint256,bytes32,bytes32[],bytes32,bytes32)", indexed=(0, 1))
    names = ("checkpointNumber", "archive", "versionedBlobHashes", "payloadDigest", "attestationsHash")
    for parameter, name in zip(item["inputs"], names, strict=True):
        parameter["name"] = name
    return AbiEvent.from_item(item)


PROPOSED = _event()


def checkpoint_event(log: dict[str, Any]) -> CheckpointProposed:
    """Read a recorded log."""
    event = decode_log(PROPOSED, log)
    assert isinstance(event, CheckpointProposed)
    return event


def transaction(event: CheckpointProposed, tx_input: bytes) -> dict[str, Any]:
    """Make the answer of `eth_getTransactionByHash`."""
    return {
        "hash": f"0x{event.log.tx_hash.hex()}",
        "blockHash": f"0x{event.log.block_hash.hex()}",
        "to": MULTICALL3,
        "input": f"0x{tx_input.hex()}",
    }


@dataclass(frozen=True)
class RecordedProposal:
    """An event, its transaction as the node gave it, and the checkpoint as the reference has it."""

    event: CheckpointProposed
    transaction: dict[str, Any]
    checkpoint: dict[str, Any]


def session_proposals(name: str) -> list[RecordedProposal]:
    """All proposals of a recorded session, in order."""
    lines = list(load_lines(f"sessions/{name}.chain.jsonl.gz"))
    transactions = {line["tx"]["hash"]: line["tx"] for line in lines if line["kind"] == "l1_tx"}
    checkpoints = {line["number"]: line["value"] for line in lines if line["kind"] == "checkpoint"}
    logs = [line["log"] for line in lines if line["kind"] == "l1_log"]
    events = [checkpoint_event(log) for log in logs if bytes.fromhex(log["topics"][0][2:]) == PROPOSED.topic]
    return [
        RecordedProposal(
            event=event,
            transaction=transactions[f"0x{event.log.tx_hash.hex()}"],
            checkpoint=checkpoints[event.checkpoint_number],
        )
        for event in events
    ]


def vector_proposals() -> list[tuple[CheckpointProposed, dict[str, Any]]]:
    """The proposals of the L1 vectors that have calldata, with all that was recorded of them."""
    found = []
    for recorded in load("l1.json.gz")["propose"]["checkpoints"]:
        if "proposeCalldata" in recorded:
            number = recorded["checkpointNumber"]
            place = {
                "blockNumber": hex(recorded["l1"]["blockNumber"]),
                "blockHash": f"0x{number:064x}",
                "transactionHash": f"0x{number + 2**32:064x}",
                "logIndex": "0x0",
            }
            found.append((checkpoint_event({**recorded["event"], **place}), recorded))
    return found


@dataclass
class AnsweringClient:
    """Has the methods of `L1Client` that a reader of calldata uses; `traces` maps methods to answers."""

    transactions: dict[str, Any] = field(default_factory=dict)
    traces: dict[str, Any] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def call(self, method: str, *params: Any) -> Any:
        self.calls.append(method)
        if method not in self.traces:
            raise L1RpcError(method, -32601, "the method does not exist")
        answer = self.traces[method]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        assert {method for method, _ in requests} == {"eth_getTransactionByHash"}
        self.batches.append(len(requests))
        return [self.transactions.get(params[0]) for _, params in requests]

    def reader(self) -> RollupReader:
        """Give what a `CalldataReader` takes."""
        return cast("RollupReader", SimpleNamespace(client=self, rollup=SimpleNamespace(address=ROLLUP)))


def flat(
    path: list[Any], calldata: bytes = b"", to: Any = ROLLUP_TEXT, kind: str = "call", **members: Any
) -> dict[str, Any]:
    """Make an entry of the answer of `trace_transaction`."""
    action = {"callType": kind, "from": OTHER, "to": to, "input": f"0x{calldata.hex()}", "value": "0x0"}
    return {"type": "call", "action": action, "traceAddress": path, "subtraces": 0, "result": {}} | members


def tree(
    calldata: bytes = b"", *calls: Any, to: Any = ROLLUP_TEXT, kind: str = "CALL", **members: Any
) -> dict[str, Any]:
    """Make a call of the answer of `debug_traceTransaction`."""
    return {
        "type": kind,
        "from": OTHER,
        "to": to,
        "input": f"0x{calldata.hex()}",
        "calls": list(calls),
    } | members
