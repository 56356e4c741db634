"""The daemon's metrics, in a registry of their own; `aztecd/docs/metrics.md` lists their meaning."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Metrics"]

_LATENCY_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Metrics:
    """All metrics of one daemon; names are `aztecd_<subsystem>_<thing>_<unit>`."""

    def __init__(self) -> None:
        """Register every metric in a fresh registry."""
        self.registry = CollectorRegistry()
        self.block_height = Gauge(
            "aztecd_chain_block_height",
            "Newest block, by how far it has come",
            ["tip"],
            registry=self.registry,
        )
        self.block_build_seconds = Histogram(
            "aztecd_builder_block_seconds", "Time to build and store a block", registry=self.registry
        )
        self.publish_seconds = Histogram(
            "aztecd_l1_publish_seconds",
            "Time from a built checkpoint to its L1 block",
            registry=self.registry,
        )
        self.txs_included = Counter(
            "aztecd_chain_txs_total", "Transactions included in blocks", registry=self.registry
        )
        self.pending_txs = Gauge("aztecd_mempool_pending_txs", "Transactions waiting", registry=self.registry)
        self.l1_drift_seconds = Gauge(
            "aztecd_l1_drift_seconds", "L1 time minus the wall clock", registry=self.registry
        )
        self.rpc_seconds = Histogram(
            "aztecd_rpc_request_seconds",
            "Time to answer one call",
            ["method", "outcome"],
            buckets=_LATENCY_BUCKETS_S,
            registry=self.registry,
        )

        self._rpc_children: dict[tuple[str, str], Histogram] = {}
        """Looking a child up by its labels costs more than observing."""

    def observe_call(self, *, method: str, outcome: str, seconds: float) -> None:
        """Note one JSON-RPC call."""
        key = (method, outcome)
        child = self._rpc_children.get(key)
        if child is None:
            child = self._rpc_children[key] = self.rpc_seconds.labels(method, outcome)
        child.observe(seconds)

    def exposition(self) -> bytes:
        """Give all metrics in the Prometheus text format."""
        return generate_latest(self.registry)
