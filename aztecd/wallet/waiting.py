"""Waiting until a transaction is mined.

Authority: @aztec/aztec.js src/utils/node.ts (`waitForTx`), src/contract/wait_for_proven.ts (4.1.2).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from aztecd.protocol.basic import TxHash
from aztecd.protocol.receipt import TxReceipt, TxStatus
from aztecd.wallet.errors import TransactionDroppedError, TransactionRevertedError, WaitTimeoutError
from aztecd.wallet.options import WaitOptions

__all__ = ["ReceiptSource", "wait_for_tx"]

_ORDER: Final = tuple(TxStatus)
_SUCCESS: Final = "success"
_SHORTEST_INTERVAL_S: Final = 0.02
"""Applications name the interval: one of nothing must not keep wallet and node busy with questions."""

Sleep = Callable[[float], Awaitable[None]]


class ReceiptSource(Protocol):
    """Who knows what became of a transaction."""

    async def get_tx_receipt(self, tx_hash: TxHash) -> TxReceipt:
        """Give the receipt; one of an unknown transaction says `dropped`."""
        ...


async def wait_for_tx(
    node: ReceiptSource,
    tx_hash: TxHash,
    options: WaitOptions | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Sleep = asyncio.sleep,
) -> TxReceipt:
    """Poll until the transaction has come as far as wanted, and give its receipt.

    Raises WaitTimeoutError, TransactionDroppedError, TransactionRevertedError.
    """
    wanted = options if options is not None else WaitOptions()
    begin = clock()
    while True:
        receipt = await node.get_tx_receipt(tx_hash)
        if _is_final(receipt, wanted, clock() - begin):
            break
        await sleep(max(wanted.interval_s, _SHORTEST_INTERVAL_S))
        if wanted.timeout_s and clock() - begin > wanted.timeout_s:
            raise WaitTimeoutError(
                f"Timeout awaiting isMined: transaction 0x{tx_hash.hex()} is {receipt.status} "
                f"after {wanted.timeout_s:g} s"
            )
    reason = receipt.error or "unknown"
    if receipt.status == TxStatus.DROPPED:
        raise TransactionDroppedError(
            f"Transaction 0x{tx_hash.hex()} was {receipt.status}. Reason: {reason}", receipt
        )
    if receipt.execution_result != _SUCCESS and not wanted.accepts_revert:
        raise TransactionRevertedError(
            f"Transaction 0x{tx_hash.hex()} reverted: {receipt.execution_result}. Reason: {reason}", receipt
        )
    return receipt


def _is_final(receipt: TxReceipt, wanted: WaitOptions, elapsed_s: float) -> bool:
    status = TxStatus(receipt.status)
    if status is TxStatus.PENDING:
        return False
    if status is TxStatus.DROPPED:
        return elapsed_s > wanted.ignore_dropped_for_s or not wanted.ignore_dropped_for_s
    return _ORDER.index(status) >= _ORDER.index(wanted.status)
