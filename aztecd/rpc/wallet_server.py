"""The wallet over HTTP: JSON-RPC for programs on the same machine.

It listens on the loopback interface only and answers to a token: without one, any web page that the user
looks at could call it. Each application has a token and so a wallet of its own, with its own grants. No
answer has CORS headers, and a request whose `Host` is another name than the machine's own is refused, so
that pages can't reach it through a name server of theirs.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from aztecd.rpc.bodies import is_json, read_body
from aztecd.rpc.dispatch import Dispatcher
from aztecd.rpc.errors import BAD_REQUEST, INVALID_REQUEST, ListenError, RequestError
from aztecd.rpc.limits import RpcLimits
from aztecd.rpc.listening import LOOPBACK, Port
from aztecd.rpc.replies import decode_body, failure_before_routing
from aztecd.rpc.server import ServerAddress
from aztecd.rpc.wallet_methods import WALLET_METHODS, WALLET_NAMESPACES, WalletService
from aztecd.wallet.apps import token_digest
from aztecd.wallet.guard import GuardedWallet

__all__ = ["WALLET_LIMITS", "WalletServer"]

_log = structlog.get_logger("aztecd.wallet.rpc")

WALLET_LIMITS: Final = RpcLimits(max_body_bytes=64 << 20, max_concurrent_requests=64, max_connections=128)
"""Artifacts of contracts, which clients send when they register them, are megabytes long."""
_LOCAL_NAMES: Final = frozenset({"localhost", "ip6-localhost"})


@dataclass(frozen=True, slots=True)
class _App:
    digest: bytes
    dispatcher: Dispatcher


class WalletServer:
    """Serves wallets by token, or by the digest of one.

    An empty token serves whoever asks without one, which only a local network whose accounts are worth
    nothing should do.
    """

    def __init__(
        self,
        wallets: Mapping[str, GuardedWallet],
        *,
        by_digest: Mapping[bytes, GuardedWallet] | None = None,
        host: str = LOOPBACK,
        port: int | Port = 0,
        limits: RpcLimits = WALLET_LIMITS,
    ) -> None:
        """Take the wallets; `port` may have been taken before, at the same `host`.

        Raises ListenError for an address that others can reach.
        """
        if not _is_loopback(host):
            raise ListenError(f"A wallet listens on the loopback interface only, not on {host}.")
        self._host = host
        self._port = port
        self._limits = limits
        digests = {token_digest(token): wallet for token, wallet in wallets.items()}
        self._apps = [
            _App(
                digest,
                Dispatcher(
                    WalletService(wallet), limits, methods=WALLET_METHODS, namespaces=WALLET_NAMESPACES
                ),
            )
            for digest, wallet in {**(by_digest or {}), **digests}.items()
        ]
        self._working = 0

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[ServerAddress]:
        """Listen until the block ends. Raises PortInUseError, ListenError."""
        runner = web.ServerRunner(
            web.Server(self._handle, access_log=None), shutdown_timeout=self._limits.stop_timeout_s
        )
        with Port.of(self._host, self._port) as port:
            await runner.setup()
            try:
                listener = port.listen(self._limits.max_connections)
                await web.SockSite(runner, listener, backlog=self._limits.max_connections).start()
                address = ServerAddress(host=listener.getsockname()[0], port=port.number)
                _log.info("wallet_listening", url=address.url)
                yield address
            finally:
                await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            if not _is_own_name(request.headers.get("Host", "")):
                return _failure(403, "This wallet answers to the machine's own names only.")
            app = self._app_of(request.headers.get("Authorization", ""))
            if app is None:
                return _failure(401, "A token is needed: Authorization: Bearer <token>")
            if request.method != "POST" or request.path != "/":
                return _failure(405 if request.path == "/" else 404, "Calls are sent by POST to /")
            return await self._answer(request, app)
        except RequestError as error:
            body = failure_before_routing(error.rpc_code, str(error))
            return web.Response(status=error.status, body=body, content_type="application/json")

    async def _answer(self, request: web.BaseRequest, app: _App) -> web.StreamResponse:
        if self._working >= self._limits.max_concurrent_requests:
            return _failure(503, "The wallet is busy: try again.")
        if not is_json(request.headers.get("Content-Type", "")):
            raise RequestError("Invalid request", status=400, rpc_code=INVALID_REQUEST)
        self._working += 1
        try:
            body = await read_body(request, self._limits)
            parsed = await asyncio.to_thread(decode_body, body)
            reply = await app.dispatcher.answer(parsed)
        finally:
            self._working -= 1
        status = 400 if reply.failed else 200
        return web.Response(status=status, body=reply.body, content_type="application/json")

    def _app_of(self, header: str) -> _App | None:
        kind, _, given = header.partition(" ")
        token = given.strip() if kind.lower() == "bearer" else ""
        found, digest = None, token_digest(token)
        for app in self._apps:
            # All of them are compared, in constant time each.
            if hmac.compare_digest(app.digest, digest):
                found = app
        return found


def _failure(status: int, message: str) -> web.Response:
    body = failure_before_routing(BAD_REQUEST, message)
    return web.Response(status=status, body=body, content_type="application/json")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in _LOCAL_NAMES


def _is_own_name(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name is not None and _is_loopback(name)
