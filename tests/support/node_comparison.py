"""Ask two nodes of one chain the same questions, block by block, and compare every answer.

Both must be at rest. What depends on the moment (fees for the next block, pending transactions) is not asked.
Documented differences are left out: state of block 0 (aztecd/docs/decisions/0002), and addresses of contracts
that the Registry does not lead to.

    python -m tests.support.node_comparison OUR_URL OTHER_URL L1_URL
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aztecd.protocol.header import BlockHeader
from tests.support.json_rpc import RpcClient, RpcFailureError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NOTHING = f"0x{'11' * 32}"
_TREES = {"nullifiers": 0, "noteHashes": 1}
_MESSAGE_TREE, _ARCHIVE = 3, 4
_LEFT_OUT = frozenset(
    {
        "_cachedHash",  # a private field of a class of the reference
        # Only who deployed the rollup knows these.
        "dateGatedRelayerAddress",
        "feeAssetHandlerAddress",
        "slashFactoryAddress",
        "stakingAssetHandlerAddress",
        "zkPassportVerifierAddress",
    }
)
"""Members of objects that need not be on both sides."""
_PROTOCOL_CONTRACTS = range(1, 7)
_INBOX_TOPICS = 3
_POLL_S = 0.5


@dataclass(slots=True, kw_only=True)
class Comparison:
    """What was asked and what differed. Mutable: filled while asking."""

    blocks: int = 0
    txs: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    """Answers by method."""
    errors: int = 0
    """How many of the answers were errors, equal on both sides or not."""
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Sum up, and say what differs."""
        total = (
            f"{self.blocks} blocks, {self.txs} transactions, {sum(self.asked.values())} answers of "
            f"{len(self.asked)} methods ({self.errors} errors): {len(self.differences)} differences"
        )
        return "\n".join([total, *self.differences[:20]])


def await_equal_tips(ours: str, theirs: str, *, timeout_s: float = 180) -> dict[str, Any]:
    """Wait until two nodes name the same tips; fail with both otherwise."""
    deadline = time.monotonic() + timeout_s
    with RpcClient(ours) as one, RpcClient(theirs) as other:
        while True:
            found, wanted = one.call("node_getL2Tips"), other.call("node_getL2Tips")
            if _known_tips(found) == _known_tips(wanted):
                return dict(wanted)
            assert time.monotonic() < deadline, f"tips after {timeout_s:.0f} s: {found}, wanted {wanted}"
            time.sleep(_POLL_S)


def compare_nodes(ours: str, theirs: str, l1_url: str) -> Comparison:
    """Compare all blocks of two nodes whose tips are equal."""
    with RpcClient(ours, timeout_s=120) as one, RpcClient(theirs, timeout_s=120) as other:
        asking = _Asking(one, other)
        asking.run(_messages(other, l1_url))
        return asking.result


def _known_tips(tips: dict[str, Any]) -> dict[str, Any]:
    """Leave out the hash that names block 0, which no node looks up."""
    return {name: {"block": 0} if _number(tip) == 0 else tip for name, tip in sorted(tips.items())}


def _number(tip: dict[str, Any]) -> int:
    return int(tip.get("block", tip)["number"])


def _messages(node: RpcClient, l1_url: str) -> list[str]:
    """Give the leaves of all messages that L1 has for L2."""
    inbox = node.call("node_getL1ContractAddresses")["inboxAddress"]
    with RpcClient(l1_url) as l1:
        logs = l1.call("eth_getLogs", {"address": inbox, "fromBlock": "0x0", "toBlock": "latest"})
    return [log["topics"][2] for log in logs if len(log["topics"]) == _INBOX_TOPICS]


class _Asking:
    """Asks both nodes, a batch at a time."""

    def __init__(self, ours: RpcClient, theirs: RpcClient) -> None:
        self.result = Comparison()
        self._ours = ours
        self._theirs = theirs
        self._contracts: set[str] = set()
        self._classes: set[str] = set()
        self._hashes: list[str] = []

    def run(self, messages: Sequence[str]) -> None:
        tip = int(self._theirs.call("node_getBlockNumber"))
        self.result.blocks = tip
        self._same(
            [
                ("getL2Tips",),
                ("getBlockNumber",),
                ("getProvenBlockNumber",),
                ("getCheckpointNumber",),
                ("getCheckpointedBlockNumber",),
                ("getChainId",),
                ("getVersion",),
                ("getNodeVersion",),
                ("getL1ContractAddresses",),
                ("getProtocolContractAddresses",),
                ("getBlockHeader", 0),
            ]
        )
        for number in range(1, tip + 1):
            self._block(number, messages)
        for number in range(1, tip + 1, 25):
            self._same(
                [
                    ("getBlocks", number, 25),
                    ("getCheckpoints", number, 25),
                    ("getCheckpointedBlocks", number, 25),
                ]
            )
        self._epochs(tip)
        self._same(
            [
                (method, message)
                for message in messages
                for method in ("getL1ToL2MessageCheckpoint", "isL1ToL2MessageSynced")
            ]
        )
        addresses = {f"0x{number:064x}" for number in _PROTOCOL_CONTRACTS} | self._contracts
        self._same([("getContract", address) for address in sorted(addresses)])
        self._same([("getContractClass", known) for known in sorted(self._classes)])
        self._same([("getBlock", tip + 1), ("getTxReceipt", _NOTHING), ("getTxEffect", _NOTHING)])

    def _block(self, number: int, messages: Sequence[str]) -> None:
        block = self._same([("getBlock", number)])[0]
        header = block["header"]
        archive, block_hash = block["archive"]["root"], f"0x{BlockHeader.from_json(header).hash().hex()}"
        self._hashes.append(block_hash)
        effects = block["body"]["txEffects"]
        self.result.txs += len(effects)
        self._same(
            [
                ("getBlockHeader", number),
                ("getBlockHeader", block_hash),
                ("getBlockByHash", block_hash),
                ("getBlockByArchive", archive),
                ("getBlockHeaderByArchive", archive),
                ("getCheckpoints", block["checkpointNumber"], 1),
                ("getCheckpointedBlocks", number, 1),
                ("findLeavesIndexes", number, _ARCHIVE, [*self._hashes[-20:-1], _NOTHING]),
                ("findLeavesIndexes", number, _MESSAGE_TREE, [*messages[:90], _NOTHING]),
                ("getPublicLogs", {"fromBlock": number, "toBlock": number + 1}),
                ("getContractClassLogs", {"fromBlock": number, "toBlock": number + 1}),
                ("getPublicStorageAt", number, f"0x{5:064x}", _NOTHING),
            ]
        )
        assert int(header["globalVariables"]["blockNumber"]) == number
        if number > 1:  # decision 2: at block 1 the reference answers from its newest archive
            self._same([("getBlockHashMembershipWitness", number, known) for known in self._hashes[-3:-1]])
        for message in messages:
            self._same([("getL1ToL2MessageMembershipWitness", number, message)])
        for effect in effects:
            self._effect(number, effect)

    def _effect(self, number: int, effect: dict[str, Any]) -> None:
        tx_hash = effect["txHash"]
        self._same(
            [("getTxEffect", tx_hash), ("getTxReceipt", tx_hash), ("getPublicLogs", {"txHash": tx_hash})]
        )
        self._same([("findLeavesIndexes", number, tree, effect[name]) for name, tree in _TREES.items()])
        self._same([("getNoteHashMembershipWitness", number, value) for value in effect["noteHashes"]])
        self._same(
            [
                (method, number, value)
                for value in [*effect["nullifiers"], _NOTHING]
                for method in ("getNullifierMembershipWitness", "getLowNullifierMembershipWitness")
                if not (method.startswith("getLow") and value in effect["nullifiers"])
            ]
        )
        slots = [write["leafSlot"] for write in effect["publicDataWrites"]]
        self._same([("getPublicDataWitness", number, slot) for slot in [*slots, _NOTHING]])
        tags = [log["fields"][0] for log in effect["privateLogs"]]
        if tags:
            self._same([("getPrivateLogsByTags", [*tags, _NOTHING])])
            self._contracts |= {log["fields"][1] for log in effect["privateLogs"]}
        for log in effect["publicLogs"]:
            address = log["contractAddress"]
            self._contracts.add(address)
            self._same(
                [
                    ("getPublicLogs", {"contractAddress": address}),
                    ("getPublicLogsByTagsFromContract", address, [log["fields"][0], _NOTHING]),
                ]
            )
        for log in effect["contractClassLogs"]:
            fields = log["fields"]
            self._classes.add((fields["fields"] if isinstance(fields, dict) else fields)[1])

    def _epochs(self, tip: int) -> None:
        epochs = set()
        for number in range(1, tip + 1):
            block = self._theirs.call("node_getBlock", number)
            for effect in block["body"]["txEffects"][:1]:
                epochs.add(self._theirs.call("node_getTxReceipt", effect["txHash"]).get("epochNumber"))
        known = sorted(epoch for epoch in epochs if epoch is not None)
        self._same(
            [
                (method, epoch)
                for epoch in [*known, *(epoch + 1 for epoch in known[-1:])]
                for method in ("getL2ToL1Messages", "getCheckpointsDataForEpoch")
            ]
        )

    def _same(self, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Ask both; note differences; give the other node's answers."""
        answers = []
        for method, *params in calls:
            found, wanted = _ask(self._ours, method, params), _ask(self._theirs, method, params)
            self.result.asked[method] += 1
            self.result.errors += "error" in wanted
            places = list(differences(found, wanted, ""))
            if places:
                shown = ", ".join(_short(param) for param in params)
                self.result.differences.append(f"{method}({shown}): " + "; ".join(places[:4]))
            answers.append(wanted.get("result"))
        return answers


def _ask(node: RpcClient, method: str, params: Sequence[Any]) -> dict[str, Any]:
    try:
        return {"result": node.call(f"node_{method}", *params)}
    except RpcFailureError as error:
        return {"error": {"code": error.code, "message": error.message, "status": error.status}}


def differences(found: Any, wanted: Any, place: str) -> Iterator[str]:
    """Tell where two JSON values differ; none and null are the same."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in sorted((found.keys() | wanted.keys()) - _LEFT_OUT):
            yield from differences(found.get(key), wanted.get(key), f"{place}.{key}")
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
            yield from differences(one, other, f"{place}[{index}]")
    elif found != wanted:
        yield f"{place.removeprefix('.')} is {_short(found)}, wanted {_short(wanted)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 100 else f"{text[:80]}... ({len(text)} characters)"


def _main() -> int:
    ours, theirs, l1_url = sys.argv[1:]
    await_equal_tips(ours, theirs)
    result = compare_nodes(ours, theirs, l1_url)
    print(result)
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(_main())
