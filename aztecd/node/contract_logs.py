"""Debug logs of contracts: in the daemon's log, and in the receipts of their transactions.

Authority: @aztec/stdlib src/logs/debug_log_store.ts, @aztec/pxe src/contract_logging.ts (4.1.2).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import Final

import structlog

from aztecd.avm import CallRecord
from aztecd.crypto.field import fr, fr_hex
from aztecd.execution import ProcessedTx, filled_in
from aztecd.node.signatures import FunctionSignatures
from aztecd.protocol.basic import AztecAddress, TxHash
from aztecd.protocol.receipt import DebugLog

__all__ = ["LEVELS", "ContractLogs", "debug_logs_of"]

_log = structlog.get_logger("aztecd.contracts")
LEVELS: Final = ("silent", "fatal", "error", "warn", "info", "verbose", "debug", "trace")
"""The names of a debug log's levels, 0 to 7."""
_MAX_LINES: Final = 100
"""Lines of one transaction in the daemon's log."""
_MAX_KEPT_CELLS: Final = 1_000_000
"""Characters and fields that are kept for receipts; the oldest transactions go first."""


class ContractLogs:
    """Shows what contracts print, and keeps it in memory for receipts. For many threads."""

    def __init__(self, signatures: FunctionSignatures) -> None:
        """Take the names of functions, as far as clients have told them."""
        self._signatures = signatures
        self._kept: OrderedDict[TxHash, tuple[DebugLog, ...]] = OrderedDict()
        self._cells = 0
        self._lock = Lock()

    def show(self, done: ProcessedTx, *, is_simulation: bool = False) -> None:
        """Write a transaction's debug logs to the daemon's log."""
        if done.public is None or not done.public.debug_logs:
            return
        logs = done.public.debug_logs
        names = self._functions(done)
        tx_hash = fr_hex(done.tx_hash)
        extra = {"simulation": True} if is_simulation else {}
        for log in logs[:_MAX_LINES]:
            known = names.get(log.contract_address)
            _log.info(
                "contract_log",
                message=filled_in(log.message, log.fields),
                contract=fr_hex(fr(log.contract_address)),
                **({} if known is None else {"function": known}),
                severity=LEVELS[log.level],
                tx_hash=tx_hash,
                **extra,
            )
        if len(logs) > _MAX_LINES:
            _log.info("contract_logs_left_out", count=len(logs) - _MAX_LINES, tx_hash=tx_hash, **extra)

    def keep(self, done: ProcessedTx) -> None:
        """Remember a transaction's debug logs for its receipt, until newer ones need the room."""
        logs = debug_logs_of(done)
        if not logs:
            return
        with self._lock:
            self._cells += _cells(logs) - _cells(self._kept.pop(done.tx_hash, ()))
            self._kept[done.tx_hash] = logs
            while self._cells > _MAX_KEPT_CELLS:
                self._cells -= _cells(self._kept.popitem(last=False)[1])

    def of(self, tx_hash: TxHash) -> tuple[DebugLog, ...] | None:
        """Give what a transaction printed, if it is still known."""
        return self._kept.get(tx_hash)

    def _functions(self, done: ProcessedTx) -> dict[int, str]:
        """Name the function that printed: by contract, where only one function was called and is known."""
        selectors: dict[int, set[int | None]] = {}
        for record in _records(done):
            selector = record.calldata[0] if record.calldata else None
            selectors.setdefault(record.address, set()).add(selector)
        names = {}
        for address, called in selectors.items():
            selector = next(iter(called))
            name = None if selector is None or len(called) > 1 else self._signatures.name(selector)
            if name is not None:
                names[address] = name
        return names


def debug_logs_of(done: ProcessedTx) -> tuple[DebugLog, ...]:
    """Give a transaction's debug logs as clients get them: placeholders are not filled in."""
    if done.public is None:
        return ()
    return tuple(
        DebugLog(
            contract_address=AztecAddress(fr(log.contract_address)),
            level=LEVELS[log.level],
            message=log.message,
            fields=tuple(fr(value) for value in log.fields),
        )
        for log in done.public.debug_logs
    )


def _cells(logs: tuple[DebugLog, ...]) -> int:
    return sum(8 + len(log.message) + len(log.fields) for log in logs)


def _records(done: ProcessedTx) -> Iterator[CallRecord]:
    if done.public is None:
        return
    waiting = [call.record for call in done.public.calls if call.record is not None]
    while waiting:
        record = waiting.pop()
        yield record
        waiting += record.nested
