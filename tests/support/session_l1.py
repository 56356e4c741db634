"""An L1 that consists of a recorded chain: no process, no network.

`SessionL1` has the methods of `L1Client`. It shows the recording up to its head, which tests move: it grows
block by block, and newest blocks are dropped as in a reorganisation.

Blocks without logs are not in the recordings, only their number and the hash of the last of them are known;
the rest of them is made up. Epochs became proven without a log: they are proven two blocks after the
checkpoint that ends them, as the recording network did it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from eth_utils import keccak

from aztecd.l1.errors import L1RpcError, WrongChainError
from aztecd.l1.revert import ErrorTable
from tests.support.recorded_blocks import session
from tests.support.session_contracts import CHECKPOINT_PROPOSED, Contracts, ContractState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

PROPOSE_SELECTOR = "0x85b98fd8"
L1_BLOCK_S = 12
FINALITY_BLOCKS = 64
_SETTLED_AFTER_BLOCKS = 2
_BLOB_BYTES = 131_072


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of this L1. `source` is its number in the recording, None for one that was not recorded."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int
    source: int | None
    state: ContractState


class Recording:
    """The L1 side of a recorded chain, by the number of the L1 block."""

    def __init__(self, name: str) -> None:
        lines = session(name)
        self.name = name
        [self.meta] = lines["meta"]
        self.contracts = Contracts.of(self.meta)
        self.blocks = {_number(line["block"]): line["block"] for line in lines["l1_block"]}
        self.last = max(self.blocks)
        self.logs: dict[int, list[dict[str, Any]]] = {}
        for line in lines["l1_log"]:
            self.logs.setdefault(_number(line["log"], "blockNumber"), []).append(line["log"])
        self.txs = {line["tx"]["hash"]: line for line in lines["l1_tx"]}
        self.blobs = {
            line["versionedHash"]: (
                line["l1Tx"],
                "0x" + bytes.fromhex(line["data"].removeprefix("0x")).ljust(_BLOB_BYTES, b"\0").hex(),
            )
            for line in lines["blob"]
        }
        self.proven = self._settlements()

    def proposals(self, number: int) -> list[bytes]:
        """Give the calldata of the proposals in a block, in order."""
        found = []
        for log in self.logs.get(number, []):
            if log["topics"][0] == CHECKPOINT_PROPOSED:
                calls = self.txs[log["transactionHash"]]["calls"]
                found += [call["data"] for call in calls if call["data"].startswith(PROPOSE_SELECTOR)]
        return [bytes.fromhex(data[2:]) for data in found]

    def _settlements(self) -> dict[int, int]:
        """Give the proven checkpoint from an L1 block on, for those that were proven in the recording."""
        last_proven = int(self.meta["tips"]["proven"]["checkpoint"]["number"])
        settled = {}
        for number, logs in self.logs.items():
            for log in logs:
                checkpoint = int(log["topics"][1], 16)
                if log["topics"][0] == CHECKPOINT_PROPOSED and checkpoint <= last_proven:
                    settled[number + _SETTLED_AFTER_BLOCKS] = checkpoint
        return settled


@lru_cache(maxsize=4)
def recording(name: str) -> Recording:
    """Read the L1 side of a recorded chain."""
    return Recording(name)


class SessionL1:
    """A recorded L1, to be used in the place of an `L1Client`.

    Mutable: its head moves. `trouble` is called with each request before it is answered; what it raises is
    what the caller meets. `damage` may change each answer. `requests` counts the requests by method.
    """

    def __init__(self, name: str, *, head: int | None = None) -> None:
        self.recording = recording(name)
        self.url = self.display_url = f"session://{name}"
        self.errors = ErrorTable()
        self.trouble: Callable[[str, Sequence[Any]], None] | None = None
        self.damage: Callable[[str, Any], Any] | None = None
        self.requests: dict[str, int] = {}
        self._reorganisations = 0
        self._to_come: deque[int] = deque(range(1, self.recording.last + 1))
        self._chain = [
            Block(
                number=0,
                hash=_made_hash(name),
                parent_hash=f"0x{0:064x}",
                timestamp=self._first_timestamp(),
                source=0,
                state=ContractState(),
            )
        ]
        self.grow(self.recording.last if head is None else head)

    # The chain, for tests.

    @property
    def head(self) -> int:
        """The number of the newest block."""
        return self._chain[-1].number

    @property
    def state(self) -> ContractState:
        """What the contracts hold at the head."""
        return self._chain[-1].state

    @property
    def is_complete(self) -> bool:
        """Whether all recorded blocks are on the chain."""
        return not self._to_come

    def grow(self, blocks: int = 1) -> None:
        """Add the next recorded blocks."""
        for _ in range(blocks):
            self._append(self._to_come.popleft())

    def grow_to_end(self) -> None:
        """Add all recorded blocks that are left."""
        self.grow(len(self._to_come))

    def mine(self, blocks: int) -> None:
        """Add empty blocks, a second apart, so that no epoch is overdue."""
        for _ in range(blocks):
            self._append(None)

    def reorganise(self, depth: int, *, empty: int = 0) -> None:
        """Drop the newest blocks; then add `empty` others. What was dropped comes again when it grows.

        Without others the same blocks come again, else blocks with the same content and other hashes.
        """
        dropped = [block.source for block in self._chain[len(self._chain) - depth :]]
        del self._chain[len(self._chain) - depth :]
        assert self._chain, "the first block stays"
        self._to_come.extendleft(source for source in reversed(dropped) if source is not None)
        self._reorganisations += 1
        self.mine(empty)

    # What `L1Client` has.

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def chain_id(self) -> int:
        """Give the chain's number."""
        return int(self.call("eth_chainId"), 16)

    def require_chain(self, chain_id: int) -> None:
        """Raise WrongChainError unless it is that chain."""
        if self.chain_id() != chain_id:
            raise WrongChainError(f"the recording is of chain {self.chain_id()}")

    def call(self, method: str, *params: Any) -> Any:
        """Answer one request. Raises what `L1Client.call` raises."""
        self.requests[method] = self.requests.get(method, 0) + 1
        if self.trouble is not None:
            self.trouble(method, params)
        answer = self._answer(method, params)
        return answer if self.damage is None else self.damage(method, answer)

    def batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Answer requests; the first refusal is raised."""
        answers = self.batch_settled(requests)
        for answer in answers:
            if isinstance(answer, L1RpcError):
                raise answer
        return answers

    def batch_settled(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Answer requests; a refused one has its error in the list."""
        answers: list[Any] = []
        for method, params in requests:
            try:
                answers.append(self.call(method, *params))
            except L1RpcError as error:
                answers.append(error)
        return answers

    def _answer(self, method: str, params: Sequence[Any]) -> Any:
        match method:
            case "eth_chainId":
                return hex(self.recording.meta["nodeInfo"]["l1ChainId"])
            case "eth_blockNumber":
                return hex(self.head)
            case "eth_getBlockByNumber":
                return self._block_json(self._block(params[0]), full=params[1])
            case "eth_getBlockByHash":
                found = [block for block in self._chain if block.hash == params[0]]
                return self._block_json(found[0] if found else None, full=params[1])
            case "eth_getLogs":
                return self._logs(params[0])
            case "eth_getTransactionByHash":
                return self._placed(params[0], "tx")
            case "eth_getTransactionReceipt":
                return self._placed(params[0], "receipt")
            case "anvil_getBlobByHash":
                tx_hash, data = self.recording.blobs.get(params[0], ("", None))
                return data if self._block_of(tx_hash) is not None else None
            case "eth_getStorageAt":
                block = self._require_block(method, params[2])
                return self.recording.contracts.storage(params[0], int(params[1], 16), block.state)
            case "eth_call":
                return self._call(method, params[0], params[1])
            case _:
                raise L1RpcError(method, -32601, f"Method not found: {method}")

    def _call(self, method: str, call: dict[str, str], tag: str) -> str:
        block = self._require_block(method, tag)
        if block.number < self.recording.contracts.setting("l1StartBlock"):
            return "0x"
        return self.recording.contracts.call(call["to"], call["data"], block.state)

    # Blocks.

    def _append(self, source: int | None) -> None:
        parent = self._chain[-1]
        timestamp = parent.timestamp + 1
        logs: list[dict[str, Any]] = []
        calls: list[bytes] = []
        proven = 0
        if source is not None:
            timestamp = max(timestamp, self._recorded_timestamp(source))
            logs = self.recording.logs.get(source, [])
            calls = self.recording.proposals(source)
            proven = self.recording.proven.get(source, 0)
        self._chain.append(
            Block(
                number=parent.number + 1,
                hash=self._hash(parent, source),
                parent_hash=parent.hash,
                timestamp=timestamp,
                source=source,
                state=parent.state.after(logs, calls, proven),
            )
        )

    def _hash(self, parent: Block, source: int | None) -> str:
        """Give the recorded hash as long as the chain is the recorded one."""
        if source is None:
            return _made_hash(parent.hash, self._reorganisations)
        is_recorded = parent.source == source - 1 and parent.number == source - 1
        recorded, following = self.recording.blocks.get(source), self.recording.blocks.get(source + 1)
        if is_recorded and recorded is not None and recorded["parentHash"] == parent.hash:
            return str(recorded["hash"])
        if is_recorded and following is not None and self._is_recorded(parent):
            return str(following["parentHash"])
        return _made_hash(parent.hash, source)

    def _is_recorded(self, block: Block) -> bool:
        """Whether no block before it was made up by a reorganisation."""
        return all(earlier.source == earlier.number for earlier in self._chain[: block.number + 1])

    def _first_timestamp(self) -> int:
        first = min(self.recording.blocks)
        return _number(self.recording.blocks[first], "timestamp") - L1_BLOCK_S * first

    def _recorded_timestamp(self, source: int) -> int:
        following = min(number for number in self.recording.blocks if number >= source)
        return _number(self.recording.blocks[following], "timestamp") - L1_BLOCK_S * (following - source)

    def _block(self, tag: str) -> Block | None:
        if tag == "pending":
            latest = self._chain[-1]
            return Block(
                number=latest.number + 1,
                hash=_made_hash(latest.hash, "pending"),
                parent_hash=latest.hash,
                timestamp=latest.timestamp + L1_BLOCK_S,
                source=None,
                state=latest.state,
            )
        behind = {"latest": 0, "safe": FINALITY_BLOCKS // 2, "finalized": FINALITY_BLOCKS}
        if tag in behind:
            return self._chain[max(self.head - behind[tag], 0)]
        number = 0 if tag == "earliest" else int(tag, 16)
        return self._chain[number] if number <= self.head else None

    def _require_block(self, method: str, tag: str) -> Block:
        block = self._block(tag)
        if block is None:
            raise L1RpcError(method, -32602, f"BlockOutOfRangeError: block height is {self.head}")
        return block

    def _block_json(self, block: Block | None, *, full: bool) -> dict[str, Any] | None:
        assert not full, "transactions of blocks are not recorded"
        if block is None:
            return None
        recorded = self.recording.blocks.get(block.source) if block.source is not None else None
        return {"baseFeePerGas": "0x1", "transactions": [], **(recorded or {})} | {
            "number": hex(block.number),
            "hash": block.hash,
            "parentHash": block.parent_hash,
            "timestamp": hex(block.timestamp),
        }

    # Logs and transactions.

    def _logs(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        if "blockHash" in query:
            blocks = [block for block in self._chain if block.hash == query["blockHash"]]
        else:
            first = self._block(query.get("fromBlock", "latest"))
            last = self._block(query.get("toBlock", "latest")) or self._chain[-1]
            blocks = [] if first is None else self._chain[first.number : last.number + 1]
        addresses = query["address"] if isinstance(query["address"], list) else [query["address"]]
        wanted = {address.lower() for address in addresses}
        return [
            _moved(log, block)
            for block in blocks
            if block.source is not None
            for log in self.recording.logs.get(block.source, [])
            if log["address"] in wanted and _matches(log["topics"], query.get("topics", []))
        ]

    def _block_of(self, tx_hash: str) -> Block | None:
        """Find the block of a transaction, if it is on the chain."""
        line = self.recording.txs.get(tx_hash)
        if line is None:
            return None
        source = _number(line["tx"], "blockNumber")
        return next((block for block in self._chain if block.source == source), None)

    def _placed(self, tx_hash: str, part: str) -> dict[str, Any] | None:
        block = self._block_of(tx_hash)
        if block is None:
            return None
        value = _moved(self.recording.txs[tx_hash][part], block)
        if "logs" in value:
            value["logs"] = [_moved(log, block) for log in value["logs"]]
        return value


def _moved(value: dict[str, Any], block: Block) -> dict[str, Any]:
    """Say that something recorded is in a block."""
    place = {"blockNumber": hex(block.number), "blockHash": block.hash}
    if "blockTimestamp" in value:
        place["blockTimestamp"] = hex(block.timestamp)
    return value | place


def _matches(topics: Sequence[str], wanted: Iterable[str | Sequence[str] | None]) -> bool:
    for position, choice in enumerate(wanted):
        if choice is None:
            continue
        choices = [choice] if isinstance(choice, str) else choice
        if position >= len(topics) or topics[position] not in choices:
            return False
    return True


def _made_hash(*parts: Any) -> str:
    return "0x" + keccak(text=repr(parts)).hex()


def _number(value: dict[str, Any], member: str = "number") -> int:
    return int(value[member], 16)
