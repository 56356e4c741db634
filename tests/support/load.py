"""Clients that send transactions until the daemon dies, and remember what it promised them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aztecd.localnet.accounts import FUNDED_ADDRESSES
from aztecd.protocol.header import BlockHeader
from tests.support.json_rpc import GONE, RpcClient, RpcFailureError
from tests.support.patience import patience
from tests.support.transactions import private_tx

if TYPE_CHECKING:
    from collections.abc import Callable

ON_L1 = frozenset({"checkpointed", "proven", "finalized"})
IN_A_BLOCK = ON_L1 | {"proposed"}
_CONFLICT_EVERY = 6
_MOST_PENDING = 200


@dataclass(slots=True)
class Promises:
    """What clients were told, over all restarts. Mutable; guarded by its lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    sent: dict[str, list[str]] = field(default_factory=dict)
    """All transactions by group: those of a group share their nullifiers, so one of them can be mined."""
    acknowledged: dict[str, str] = field(default_factory=dict)
    """Transaction hash to group."""
    settled: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Transaction hash to the block that a receipt called checkpointed."""
    refused: list[str] = field(default_factory=list)


class Loader:
    """Two threads that send private transactions without pause; some conflict with the one before."""

    def __init__(self, url: str, promises: Promises, seed: str) -> None:
        self._url = url
        self._promises = promises
        self._seed = seed
        self._stop = threading.Event()
        self.first_sent = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(index,)) for index in range(2)]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop sending and wait for both threads."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, worker: int) -> None:
        with RpcClient(self._url) as rpc:
            try:
                maker = TxMaker(rpc)
                for index in range(10_000):
                    if self._stop.is_set():
                        return
                    self._send(rpc, maker, worker, index)
            except GONE:
                return
            finally:
                self.first_sent.set()

    def _send(self, rpc: RpcClient, maker: TxMaker, worker: int, index: int) -> None:
        is_conflict = index % _CONFLICT_EVERY == _CONFLICT_EVERY - 1
        group = f"{self._seed}:{worker}:{index - is_conflict}"
        tx_hash, body = maker.make(group, priority_fee=10 * is_conflict, payer=index % len(FUNDED_ADDRESSES))
        with self._promises.lock:
            self._promises.sent.setdefault(group, []).append(tx_hash)
        self.first_sent.set()
        try:
            rpc.call("aztec_sendTx", body)
        except RpcFailureError as failure:
            with self._promises.lock:
                self._promises.refused.append(failure.message)
        else:
            with self._promises.lock:
                self._promises.acknowledged[tx_hash] = group
        if index % 4 == 3:
            self._note_receipt(rpc, group)
            maker.refresh()
            # A full pool displaces what it had acknowledged: that is a rule, not a loss.
            while rpc.call("aztec_getPendingTxCount") > _MOST_PENDING and not self._stop.wait(0.02):
                pass

    def _note_receipt(self, rpc: RpcClient, group: str) -> None:
        for tx_hash in self._promises.sent[group]:
            receipt = rpc.call("aztec_getTxReceipt", tx_hash)
            if receipt["status"] in ON_L1:
                with self._promises.lock:
                    self._promises.settled[tx_hash] = (receipt["blockNumber"], receipt["blockHash"])


class TxMaker:
    """Makes valid transactions for one network. `anchor` is the newest block that is on L1."""

    def __init__(self, rpc: RpcClient) -> None:
        self._rpc = rpc
        info = rpc.call("aztec_getNodeInfo")
        self.chain_id = info["l1ChainId"]
        self.version = info["rollupVersion"]
        self.refresh()

    def refresh(self) -> None:
        """Take a newer anchor and fee."""
        number = self._rpc.call("aztec_getCheckpointedBlockNumber")
        self.anchor = BlockHeader.from_json(self._rpc.call("aztec_getBlockHeader", number))
        self.max_fee = 3 * max(int(self._rpc.call("aztec_getCurrentMinFees")["feePerL2Gas"]), 1)

    def make(self, seed: Any, *, priority_fee: int = 0, payer: int = 0, **changes: Any) -> tuple[str, Any]:
        """Give a transaction's hash and its JSON form."""
        if self.anchor.global_variables.block_number == 0:
            # Genesis has time 0; what counts its lifetime from there can be in block 1 only.
            changes.setdefault("expiration_timestamp", int(time.time()) + 86_000)
        tx = private_tx(
            self.anchor,
            seed,
            chain_id=self.chain_id,
            version=self.version,
            max_fee=self.max_fee,
            priority_fee=priority_fee,
            fee_payer=FUNDED_ADDRESSES[payer],
            **changes,
        )
        return f"0x{tx.tx_hash.hex()}", tx.to_json()


def wait_until(condition: Callable[[], bool], *, timeout_s: float, what: str) -> None:
    """Ask again and again, a short pause between; fail after `timeout_s`, later on a busy machine."""
    pause = threading.Event()
    deadline = time.monotonic() + patience(timeout_s)
    while not condition():
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what}: not within {timeout_s} s")
        pause.wait(0.05)
