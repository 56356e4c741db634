"""What is measured at every look at L1: how far the chain has come, what waits, how far L1 time has run."""

from __future__ import annotations

import time

from aztecd.l1 import L1Snapshot
from aztecd.node.ledger import Ledger
from aztecd.observability import Metrics

__all__ = ["measure"]


def measure(metrics: Metrics, ledger: Ledger, snapshot: L1Snapshot) -> None:
    """Set the gauges."""
    tips = ledger.chain.tips()
    for name, number in (
        ("proposed", tips.proposed.number),
        ("checkpointed", tips.checkpointed.number),
        ("proven", tips.proven.number),
        ("finalized", tips.finalized.number),
    ):
        metrics.block_height.labels(name).set(number)
    metrics.pending_txs.set(ledger.mempool.pending_count)
    metrics.l1_drift_seconds.set(snapshot.timestamp - time.time())
