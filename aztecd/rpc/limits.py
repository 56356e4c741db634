"""What one client may cost the server."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RpcLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcLimits:
    """Bounds of the server; sizes in bytes, times in seconds.

    The first two are the reference's (@aztec/stdlib src/config/node-rpc-config.ts); clients split their
    batches by them.
    """

    max_body_bytes: int = 1 << 20
    """Size of a request's body, after decompression."""
    max_batch_items: int = 100
    max_batch_reply_bytes: int = 64 << 20
    """Size of the answers to one batch; the calls that no longer fit get an error each."""
    max_concurrent_requests: int = 256
    """HTTP requests in work; the next one gets status 503 at once."""
    max_connections: int = 1024
    """Open connections; the next one is closed at once."""
    idle_timeout_s: float = 75.0
    """How long a connection may stay without a complete request head."""
    body_timeout_s: float = 20.0
    """How long the body of a request may take to arrive."""
    write_timeout_s: float = 30.0
    """How long a client may take to accept an answer that fills the socket's buffers."""
    stop_timeout_s: float = 2.0
    """How long requests in work may take to finish when the server stops."""
    cache_bytes: int = 16 << 20
    """Memory for encoded answers."""
