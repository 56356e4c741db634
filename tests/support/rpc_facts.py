"""What is on a chain, to ask about it."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aztecd.crypto.field import fr_hex
from aztecd.protocol.header import BlockHeader

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping

    from tests.support.json_rpc import RpcClient

UNKNOWN: Final = f"0x{'11' * 32}"
_FIELDS: Final = (
    "nullifier", "note_hash", "archive", "block_hash", "tx_hash", "slot", "leaf_slot", "message",
    "private_tag", "public_tag", "class_id", "address",
)  # fmt: skip
_OF_ANY_CHAIN: Final[Mapping[str, tuple[Any, ...]]] = {
    "slot": tuple(map(hex, range(12))),
    "tree": tuple(range(5)),
    "limit": (1, 2, 10, 50),
    "page": (0, 1),
    "flag": (True, False),
    "signature": ("f(Field)", "transfer((Field),u128)", "no signature"),
}
_PROTOCOL_CONTRACTS: Final = range(1, 7)
_INBOX_TOPICS: Final = 3
_OTHER_KIND: Final = 1 / 8
_SMALL_TX: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Values that exist, by kind."""

    known: Mapping[str, tuple[Any, ...]]
    first_hashes: tuple[str, str]
    """Of blocks 0 and 1."""
    one_pool: bool
    """Both nodes were sent the transactions."""

    @classmethod
    def read(cls, node: RpcClient, other: RpcClient, l1: RpcClient) -> Facts:
        """Ask a node for all blocks, both for transactions, and L1 for its messages."""
        known: dict[str, set[Any]] = defaultdict(set)
        known["address"] |= {fr_hex(number.to_bytes(32, "big")) for number in _PROTOCOL_CONTRACTS}
        tip = node.call("node_getBlockNumber")
        known["number"] |= set(range(tip + 3))
        for number in range(tip + 1):
            for kind, values in _of_block(node.call("node_getBlock", number)):
                known[kind] |= set(values)
        for address in known["address"]:
            contract = node.call("node_getContract", address) or {}
            known["class_id"] |= {value for name, value in contract.items() if name.endswith("ClassId")}
        receipts = [node.call("node_getTxReceipt", tx_hash) for tx_hash in known["tx_hash"]]
        known["epoch"] |= {receipt["epochNumber"] for receipt in receipts}
        inbox = node.call("node_getL1ContractAddresses")["inboxAddress"]
        known["eth_address"].add(inbox)
        events = l1.call("eth_getLogs", {"address": inbox, "fromBlock": "0x0", "toBlock": "latest"})
        known["message"] |= {log["topics"][2] for log in events if len(log["topics"]) == _INBOX_TOPICS}
        tx_hashes = sorted(known["tx_hash"])
        pools = [[tx for tx_hash in tx_hashes if (tx := _tx(pool, tx_hash))] for pool in (node, other)]
        logs = [node.call(f"node_get{kind}Logs", {})["logs"] for kind in ("Public", "ContractClass")]
        objects = {
            "tx": tuple(tx for tx in max(pools, key=len) if len(json.dumps(tx)) < _SMALL_TX),
            "log_id": tuple(log["id"] for found in logs for log in found),
        }
        headers = [BlockHeader.from_json(node.call("node_getBlockHeader", number)) for number in range(2)]
        return cls(
            known={
                **_OF_ANY_CHAIN,
                **{kind: tuple(sorted(values)) for kind, values in known.items()},
                **objects,
            },
            first_hashes=(fr_hex(headers[0].hash()), fr_hex(headers[1].hash())),
            one_pool=all(pools),
        )

    def draw(self, kind: str, dice: random.Random) -> Any:
        """Choose a value of a kind; sometimes one that is of another kind."""
        if kind == "block":
            kind = dice.choice(("number", "number", "block_hash", "block_hash", "latest"))
        if kind == "latest":
            return "latest"
        if kind == "leaf":
            kind = dice.choice(("nullifier", "note_hash", "message", "block_hash", "leaf_slot"))
        if kind in _FIELDS and dice.random() < _OTHER_KIND:
            kind = dice.choice(_FIELDS)
        return self.exactly(kind, dice)

    def exactly(self, kind: str, dice: random.Random) -> Any:
        """Choose a value of a kind; one that nobody knows if the chain has none."""
        return dice.choice(self.known.get(kind) or (UNKNOWN,))


def _tx(pool: RpcClient, tx_hash: str) -> Any:
    return pool.call("node_getTxByHash", tx_hash)


def _of_block(block: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    yield "block_hash", [fr_hex(BlockHeader.from_json(block["header"]).hash())]
    yield "archive", [block["archive"]["root"], block["header"]["lastArchive"]["root"]]
    for effect in block["body"]["txEffects"]:
        yield "tx_hash", [effect["txHash"]]
        yield "nullifier", effect["nullifiers"]
        yield "note_hash", effect["noteHashes"]
        yield "leaf_slot", [write["leafSlot"] for write in effect["publicDataWrites"]]
        yield "private_tag", [log["fields"][0] for log in effect["privateLogs"]]
        yield "public_tag", [log["fields"][0] for log in effect["publicLogs"]]
        yield "address", [log["contractAddress"] for log in effect["publicLogs"]]
        # The logs of the Registry of instances name the contract in the second field.
        yield "address", [log["fields"][1] for log in effect["privateLogs"]]
