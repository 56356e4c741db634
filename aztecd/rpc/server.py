"""The server's life: listen, serve, stop.

One process and one event loop serve all clients: state has one writer in the same process. Readers that
need more run more nodes behind a balancer, with L1 as the common source.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from aztecd.rpc.blobs import BlobFiles, BlobRoutes
from aztecd.rpc.dispatch import CallMetrics, Dispatcher
from aztecd.rpc.http import HttpSurface
from aztecd.rpc.limits import RpcLimits
from aztecd.rpc.listening import Port
from aztecd.rpc.responses import ResponseHeads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from aztecd.node.api import NodeApi

__all__ = ["RpcServer", "ServerAddress"]

_log = structlog.get_logger("aztecd.rpc")

_LINGER_S = 2.0
"""How long the rest of a refused body is read and dropped, so that the client sees the answer."""
_BACKLOG = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """Where the server listens; `port` is the real one when 0 was asked for."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The URL for clients."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


class _ClosedAtOnce(asyncio.Protocol):
    """What a connection beyond the limit gets."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()


class RpcServer:
    """Serves a node's methods as JSON-RPC over HTTP.

    `port` may have been taken before, at the same `host`.
    `headers` go with every answer (the versions that clients compare). `health` decides `GET /status`,
    `exposition` answers `GET /metrics`, `blobs` has the files below `/blobs/`.
    """

    def __init__(
        self,
        *,
        node: NodeApi,
        host: str,
        port: int | Port,
        headers: Mapping[str, str],
        health: Callable[[], bool],
        limits: RpcLimits | None = None,
        metrics: CallMetrics | None = None,
        exposition: Callable[[], bytes] = lambda: b"",
        blobs: BlobFiles | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._limits = limits or RpcLimits()
        heads = ResponseHeads(headers, write_timeout_s=self._limits.write_timeout_s)
        self._dispatcher = Dispatcher(node, self._limits, metrics)
        self._surface = HttpSurface(
            self._dispatcher,
            heads=heads,
            health=health,
            limits=self._limits,
            exposition=exposition,
            blobs=None if blobs is None else BlobRoutes(blobs),
        )

    @asynccontextmanager
    async def run(self) -> AsyncIterator[ServerAddress]:
        """Serve until the context ends; requests in work may then finish within a bound.

        Raises PortInUseError, ListenError.
        """
        limits = self._limits
        loop = asyncio.get_running_loop()
        protocols = web.Server(
            self._surface.handle,
            access_log=None,
            logger=_silent_logger(),
            auto_decompress=False,
            keepalive_timeout=limits.idle_timeout_s,
            lingering_time=_LINGER_S,
        )

        def protocol() -> asyncio.Protocol:
            is_full = len(protocols.connections) >= limits.max_connections
            return _ClosedAtOnce() if is_full else protocols()

        with Port.of(self._host, self._port) as port:
            listener = port.listen(_BACKLOG)
            server = await loop.create_server(protocol, sock=listener, backlog=_BACKLOG)
            address = ServerAddress(host=self._host or listener.getsockname()[0], port=port.number)
            _log.info("rpc_listening", url=address.url)
            try:
                yield address
            finally:
                server.close()
                protocols.pre_shutdown()
                await protocols.shutdown(limits.stop_timeout_s)
                await server.wait_closed()
                _log.info("rpc_stopped")


def _silent_logger() -> logging.Logger:
    """Make a logger of its own for aiohttp, which would log a traceback for each malformed request."""
    return logging.Logger("aztecd.rpc.http", level=logging.CRITICAL + 1)  # noqa: LOG001 - in no hierarchy
