"""The server's life: listen, serve, stop.

One process and one event loop serve all clients: state has one writer in the same process. Readers that
need more run more nodes behind a balancer, with L1 as the common source.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from aztecd.rpc.blobs import BlobFiles, BlobRoutes
from aztecd.rpc.dispatch import CallMetrics, Dispatcher
from aztecd.rpc.errors import ListenError, PortInUseError
from aztecd.rpc.http import HttpSurface
from aztecd.rpc.limits import RpcLimits
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

    `headers` go with every answer (the versions that clients compare). `health` decides `GET /status`,
    `exposition` answers `GET /metrics`, `blobs` has the files below `/blobs/`.
    """

    def __init__(
        self,
        *,
        node: NodeApi,
        host: str,
        port: int,
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

        listener = self._bind()
        server = await loop.create_server(protocol, sock=listener, backlog=_BACKLOG)
        host, port = listener.getsockname()[:2]
        address = ServerAddress(host=self._host or host, port=port)
        _log.info("rpc_listening", url=address.url)
        try:
            yield address
        finally:
            server.close()
            protocols.pre_shutdown()
            await protocols.shutdown(limits.stop_timeout_s)
            await server.wait_closed()
            _log.info("rpc_stopped")

    def _bind(self) -> socket.socket:
        """Open the one listening socket: the first address that the host's name has."""
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                self._host or None, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listener = socket.socket(family, kind, protocol)
        except OSError as error:
            raise ListenError(f"Can't listen on {self._host}: {error.strerror or error}.") from error
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
            listener.setblocking(False)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE:
                raise PortInUseError(self._host, self._port) from error
            raise ListenError(
                f"Can't listen on {self._host} port {self._port}: {error.strerror or error}."
            ) from error
        return listener


def _silent_logger() -> logging.Logger:
    """Make a logger of its own for aiohttp, which would log a traceback for each malformed request."""
    return logging.Logger("aztecd.rpc.http", level=logging.CRITICAL + 1)  # noqa: LOG001 - in no hierarchy
