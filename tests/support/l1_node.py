"""A tiny Ethereum node in memory, and a client that speaks to it: enough for sending one transaction.

It follows the rules that matter for a sender: one transaction per nonce, a replacement needs doubled fees,
answers can be lost after their effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import rlp

from aztecd.crypto.keccak import keccak256
from aztecd.l1.errors import L1RpcError, L1UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass
class FakeNode:
    """`script` has what happens to the next sendings: `ok`, `lose` (effect without answer), `drop` (neither),
    `hold` (kept in the pool, not mined), `tire` (the same, and the node says that it waited long enough),
    `late` (the pool is mined just before), or an error's text.
    """

    script: list[str] = field(default_factory=list)
    supports_sync: bool = True
    base_fee: int = 1000
    nonce: int = 0
    pool: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    mined: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    seen: list[tuple[int, int, bytes]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def mine(self) -> None:
        while self.nonce in self.pool:
            tx_hash, _ = self.pool.pop(self.nonce)
            status = self.statuses.pop(0) if self.statuses else 1
            self.mined[tx_hash] = {
                "transactionHash": f"0x{tx_hash.hex()}",
                "status": hex(status),
                "blockNumber": hex(len(self.mined) + 1),
                "blockHash": f"0x{'ab' * 32}",
                "gasUsed": "0x5208",
                "logs": [],
            }
            self.nonce += 1

    def handle(self, method: str, params: Sequence[Any]) -> Any:
        self.requests.append(method)
        match method:
            case "eth_getTransactionCount":
                return hex(self.nonce)
            case "eth_getBlockByNumber":
                return {
                    "baseFeePerGas": hex(self.base_fee),
                    "number": hex(len(self.mined)),
                    "timestamp": "0x1",
                }
            case "eth_blobBaseFee":
                return "0x1"
            case "eth_getTransactionReceipt":
                return self.mined.get(bytes.fromhex(params[0][2:]))
            case "eth_sendRawTransactionSync" if not self.supports_sync:
                raise L1RpcError(method, -32601, "Method not found")
            case "eth_sendRawTransactionSync" | "eth_sendRawTransaction":
                return self._take(method, bytes.fromhex(params[0][2:]))
            case _:
                return None

    def _take(self, method: str, raw: bytes) -> Any:
        body = rlp.decode(raw[1:])
        nonce, max_fee = int.from_bytes(body[1], "big"), int.from_bytes(body[3], "big")
        tx_hash = keccak256(raw)
        self.seen.append((nonce, max_fee, tx_hash))
        event = self.script.pop(0) if self.script else "ok"
        if event == "drop":
            raise L1UnavailableError("the connection broke")
        if event == "late":  # the earlier transaction is mined while the next one is on its way
            self.mine()
            event = "nonce too low"
        if event not in {"ok", "lose", "hold", "tire"}:
            raise L1RpcError(method, -32000, event)
        if nonce < self.nonce:
            raise L1RpcError(method, -32003, "nonce too low")
        known = self.pool.get(nonce)
        if known is not None and known[0] == tx_hash:
            raise L1RpcError(method, -32003, "transaction already imported")
        if known is not None and max_fee < 2 * known[1]:
            raise L1RpcError(method, -32003, "replacement transaction underpriced")
        self.pool[nonce] = (tx_hash, max_fee)
        if event == "hold":
            return None if method.endswith("Sync") else f"0x{tx_hash.hex()}"
        if event == "tire":
            raise L1RpcError(method, -32000, "Transaction confirmation timeout")
        self.mine()
        if event == "lose":
            raise L1UnavailableError("the connection broke")
        return self.mined[tx_hash] if method.endswith("Sync") else f"0x{tx_hash.hex()}"


class FakeClient:
    """Has the methods of `L1Client` that a sender uses."""

    def __init__(self, node: FakeNode) -> None:
        self.node = node

    def call(self, method: str, *params: Any) -> Any:
        return self.node.handle(method, params)

    def batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [self.node.handle(method, params) for method, params in requests]

    def batch_settled(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        answers: list[Any] = []
        for method, params in requests:
            try:
                answers.append(self.node.handle(method, params))
            except L1RpcError as error:
                answers.append(error)
        return answers


class FakeTime:
    """Time that passes by sleeping only; `on_sleep` runs after each pause."""

    def __init__(self, on_sleep: Callable[[float], None] | None = None) -> None:
        self.now = 0.0
        self.on_sleep = on_sleep

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.on_sleep is not None:
            self.on_sleep(self.now)
