"""What the server answers over HTTP: paths, methods, headers, compression.

    POST /                JSON-RPC
    GET, HEAD /status     health
    GET, HEAD /openrpc.json   the interface's description (not in the reference)
    GET, HEAD /metrics    what is measured, for Prometheus (not in the reference)
    GET, HEAD /blobs/...  blob files, where the node keeps them (see `blobs`; not in the reference)

Authority: @aztec/foundation src/json-rpc/server/safe_json_rpc_server.ts, with koa, @koa/cors, koa-compress
and koa-router as it sets them up (4.1.2).
"""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import structlog

from aztecd.rpc.bodies import is_json, read_body
from aztecd.rpc.errors import BAD_REQUEST, INVALID_REQUEST, RequestError
from aztecd.rpc.openrpc import description
from aztecd.rpc.replies import NO_ID, Reply, decode_body, encode, failure_before_routing, failure_body
from aztecd.rpc.responses import (
    COMPRESSIBLE_FROM,
    ReadyResponse,
    ResponseHeads,
    choose_encoding,
    compress,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from aztecd.rpc.blobs import BlobRoutes
    from aztecd.rpc.dispatch import Dispatcher
    from aztecd.rpc.limits import RpcLimits

__all__ = ["HttpSurface"]

_UNROUTED: Final = "Vary: Accept-Encoding\r\n"
_ROUTED: Final = "Vary: Accept-Encoding, Origin\r\nAccess-Control-Allow-Origin: *\r\n"
_PLAIN_OPTIONS: Final = "Vary: Accept-Encoding, Origin\r\n"
_JSON: Final = "Content-Type: application/json; charset=utf-8\r\n"
_TEXT: Final = "Content-Type: text/plain; charset=utf-8\r\n"
_PREFLIGHT: Final = _ROUTED + "Access-Control-Allow-Methods: GET,HEAD,PUT,POST,DELETE,PATCH\r\n"

_RPC_PATH: Final = "/"
_READ: Final = "HEAD, GET"
_ALLOWED: Final = {_RPC_PATH: "POST", "/status": _READ, "/openrpc.json": _READ, "/metrics": _READ}
_METRICS_TEXT: Final = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
_BYTES: Final = "Content-Type: application/octet-stream\r\n"
_THREAD_FROM: Final = 1 << 16
_MAX_PREFLIGHT_HEADERS: Final = 1000


class HttpSurface:
    """Handles HTTP requests.

    `health` tells whether the node is well; it may raise. `exposition` gives the metrics as text. Without
    `blobs` there are no blob files.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        heads: ResponseHeads,
        health: Callable[[], bool],
        limits: RpcLimits,
        exposition: Callable[[], bytes],
        blobs: BlobRoutes | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._dispatcher = dispatcher
        self._heads = heads
        self._health = health
        self._limits = limits
        self._exposition = exposition
        self._blobs = blobs
        self._clock = clock
        # Bound once: a lazy logger is made anew for each line, also for those that are filtered out.
        self._log = structlog.get_logger("aztecd.rpc").bind()
        self._working = 0
        self._description: bytes | None = None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request. Raises nothing but what ends the connection."""
        begin = self._clock()
        path = _path(request.raw_path)
        if request.method == "POST" and path == _RPC_PATH:
            response, what = await self._rpc(request)
        elif self._blobs is not None and request.method in {"GET", "HEAD"} and self._blobs.serves(path):
            response, what = await self._blob(request, self._blobs, path)
        else:
            response, what = self._other(request, path)
        self._log.debug(
            "rpc_request",
            method=what,
            status=int(response.status),
            duration_ms=round((self._clock() - begin) * 1000, 3),
            bytes=response.size,
        )
        return response

    async def _rpc(self, request: web.BaseRequest) -> tuple[ReadyResponse, str]:
        if self._working >= self._limits.max_concurrent_requests:
            body = failure_before_routing(BAD_REQUEST, "The node is busy: try again.")
            return self._heads.make(
                request, status=503, headers=_UNROUTED + _JSON, body=body, closes=True
            ), "busy"
        self._working += 1
        try:
            reply = await self._answer(request)
        except RequestError as error:
            body = failure_before_routing(error.rpc_code, str(error))
            return self._heads.make(
                request, status=error.status, headers=_UNROUTED + _JSON, body=body, closes=error.closes
            ), "rejected"
        except Exception as error:  # noqa: BLE001 - the border: methods have their own, so this is our bug
            self._log.error("rpc_request_failed", exc_info=error)
            body = failure_before_routing(INVALID_REQUEST, "Internal error, see the node's log")
            return self._heads.make(
                request, status=500, headers=_UNROUTED + _JSON, body=body, closes=True
            ), "failed"
        finally:
            self._working -= 1
        status = HTTPStatus.BAD_REQUEST if reply.failed else HTTPStatus.OK
        return await self._pack(request, status, reply.body), reply.method

    async def _answer(self, request: web.BaseRequest) -> Reply:
        body = b""
        if is_json(request.headers.get("Content-Type", "")):
            body = await read_body(request, self._limits)
        if not body:
            failure = failure_body("2.0", NO_ID, INVALID_REQUEST, "Invalid request")
            return Reply(failure, failed=True, method="unknown", outcome="invalid_request")
        if len(body) > _THREAD_FROM:
            parsed = await asyncio.to_thread(decode_body, body)
        else:
            parsed = decode_body(body)
        return await self._dispatcher.answer(parsed)

    async def _pack(self, request: web.BaseRequest, status: int, body: bytes) -> ReadyResponse:
        headers = _ROUTED + _JSON
        if len(body) > COMPRESSIBLE_FROM:
            encoding = choose_encoding(request.headers.get("Accept-Encoding", ""))
            if encoding is not None:
                headers += f"Content-Encoding: {encoding}\r\n"
                if len(body) > _THREAD_FROM:
                    body = await asyncio.to_thread(compress, body, encoding)
                else:
                    body = compress(body, encoding)
        return self._heads.make(request, status=status, headers=headers, body=body)

    async def _blob(
        self, request: web.BaseRequest, blobs: BlobRoutes, path: str
    ) -> tuple[ReadyResponse, str]:
        data = await blobs.read(path)
        if data is None:
            return self._text(request, HTTPStatus.NOT_FOUND, _ROUTED, "Not Found"), "no_blob"
        return self._heads.make(
            request, status=200, headers=_UNROUTED + _BYTES, body=data, with_body=request.method != "HEAD"
        ), "blob"

    def _other(self, request: web.BaseRequest, path: str) -> tuple[ReadyResponse, str]:
        method = request.method
        if method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return self._preflight(request), "preflight"
        # The reference's router does not mind capitals and a slash at the end.
        route = path.removesuffix("/").lower() or _RPC_PATH
        allowed = _ALLOWED.get(route)
        if allowed is None and self._blobs is not None and self._blobs.serves(path):
            allowed = _READ
        cors = _PLAIN_OPTIONS if method == "OPTIONS" else _ROUTED
        if allowed is None:
            return self._text(request, HTTPStatus.NOT_FOUND, cors, "Not Found"), "not_found"
        if method == "OPTIONS":
            return self._text(request, HTTPStatus.OK, f"{cors}Allow: {allowed}\r\n", ""), "options"
        if method not in allowed.split(", "):
            headers = f"{cors}Allow: {allowed}\r\n"
            return self._text(
                request, HTTPStatus.METHOD_NOT_ALLOWED, headers, "Method Not Allowed"
            ), "not_allowed"
        if route == "/status":
            return self._status(request), "status"
        if route == "/metrics":
            # No CORS: web pages have no business here.
            return self._heads.make(
                request,
                status=200,
                headers=_UNROUTED + _METRICS_TEXT,
                body=self._exposition(),
                with_body=method != "HEAD",
            ), "metrics"
        return self._heads.make(
            request, status=200, headers=_ROUTED + _JSON, body=self._describe(), with_body=method != "HEAD"
        ), "openrpc"

    def _status(self, request: web.BaseRequest) -> ReadyResponse:
        try:
            is_well = self._health()
        except Exception as error:  # noqa: BLE001 - a check that fails is an unhealthy node
            self._log.warning("health_check_failed", exc_info=error)
            is_well = False
        if is_well:
            return self._text(request, HTTPStatus.OK, _ROUTED, "OK")
        return self._text(request, HTTPStatus.INTERNAL_SERVER_ERROR, _ROUTED, "Internal Server Error")

    def _preflight(self, request: web.BaseRequest) -> ReadyResponse:
        wanted = request.headers.get("Access-Control-Request-Headers", "")
        echoed = wanted.isprintable() and wanted.isascii() and 0 < len(wanted) <= _MAX_PREFLIGHT_HEADERS
        headers = f"{_PREFLIGHT}Access-Control-Allow-Headers: {wanted}\r\n" if echoed else _PREFLIGHT
        return self._heads.make(request, status=204, headers=headers, keeps_head=False)

    def _text(self, request: web.BaseRequest, status: int, headers: str, text: str) -> ReadyResponse:
        return self._heads.make(
            request,
            status=status,
            headers=headers + _TEXT,
            body=text.encode(),
            with_body=request.method != "HEAD",
        )

    def _describe(self) -> bytes:
        if self._description is None:
            self._description = encode(description())
        return self._description


def _path(target: str) -> str:
    """Give the path of a request target: without query, with one slash where there are more."""
    if target == "/":
        return target
    if target.startswith(("http://", "https://")):
        target = urlsplit(target).path or "/"
    path = target.partition("?")[0]
    while "//" in path:
        path = path.replace("//", "/")
    return path
