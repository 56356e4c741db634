"""Request bodies: reading within limits of size and time, decompressing without bombs.

Authority for what is refused how: koa-bodyparser as configured by @aztec/foundation
src/json-rpc/server/safe_json_rpc_server.ts (4.1.2).
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Final

from aiohttp import web

from aztecd.rpc.errors import INVALID_REQUEST, RequestError

if TYPE_CHECKING:
    from aztecd.rpc.limits import RpcLimits

__all__ = ["is_json", "read_body"]

_JSON_TYPES: Final = frozenset(
    {
        "application/json",
        "application/json-patch+json",
        "application/vnd.api+json",
        "application/csp-report",
    }
)
_PLAIN: Final = frozenset({"", "identity"})
_ENCODINGS: Final = _PLAIN | {"gzip", "deflate"}
_THREAD_FROM = 1 << 16
_ANY_ZLIB = 47
_RAW_DEFLATE = -15


def is_json(content_type: str) -> bool:
    """Tell whether a body of this type is read at all; others count as empty."""
    return content_type in _JSON_TYPES or content_type.partition(";")[0].strip().lower() in _JSON_TYPES


async def read_body(request: web.BaseRequest, limits: RpcLimits) -> bytes:
    """Read and decompress the body. Raises RequestError."""
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise RequestError(
            f"Unsupported Content-Encoding: {encoding[:100]}", status=500, rpc_code=INVALID_REQUEST
        )
    content = request.content
    # Most bodies arrive together with the head.
    body = content.read_nowait(-1) if content.is_eof() else await _receive(request, limits)
    if len(body) > limits.max_body_bytes:
        raise _too_large()
    if not body or encoding in _PLAIN:
        return body
    if len(body) > _THREAD_FROM:
        return await asyncio.to_thread(inflate, body, encoding, limits.max_body_bytes)
    return inflate(body, encoding, limits.max_body_bytes)


async def _receive(request: web.BaseRequest, limits: RpcLimits) -> bytes:
    """Take chunks as they come; never more than the limit and one chunk are in memory."""
    announced = request.content_length
    if announced is not None and announced > limits.max_body_bytes:
        raise _too_large()
    parts = []
    size = 0
    try:
        async with asyncio.timeout(limits.body_timeout_s):
            while chunk := await request.content.readany():
                size += len(chunk)
                if size > limits.max_body_bytes:
                    raise _too_large()
                parts.append(chunk)
    except TimeoutError:
        raise RequestError(
            f"The body did not arrive within {limits.body_timeout_s:g} s",
            status=408,
            rpc_code=INVALID_REQUEST,
            closes=True,
        ) from None
    except web.RequestPayloadError:
        raise RequestError("The body is broken", status=400, rpc_code=INVALID_REQUEST, closes=True) from None
    return b"".join(parts)


def inflate(data: bytes, encoding: str, limit: int) -> bytes:
    """Decompress at most `limit` bytes. Raises RequestError.

    `deflate` should be the zlib format, but some clients send it without its header; both are read.
    """
    has_no_header = encoding == "deflate" and data[0] & 0x0F != zlib.DEFLATED
    unpacker = zlib.decompressobj(_RAW_DEFLATE if has_no_header else _ANY_ZLIB)
    try:
        body = unpacker.decompress(data, limit + 1)
    except zlib.error:
        raise RequestError(f"The body is no valid {encoding}", status=500, rpc_code=INVALID_REQUEST) from None
    if len(body) > limit:
        raise _too_large()
    if not unpacker.eof:
        raise RequestError(f"The {encoding} body ends early", status=500, rpc_code=INVALID_REQUEST)
    return body


def _too_large() -> RequestError:
    # Clients know this text with status 500.
    return RequestError("request entity too large", status=500, rpc_code=INVALID_REQUEST, closes=True)
