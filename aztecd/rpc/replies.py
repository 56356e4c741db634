"""The JSON-RPC envelope: reading request bodies, writing replies byte by byte.

Authority: @aztec/foundation src/json-rpc/server/safe_json_rpc_server.ts (4.1.2): which members an answer has,
their order, and that a request without `id` is answered all the same.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from aztecd.rpc.errors import PARSE_ERROR, RequestError

if TYPE_CHECKING:
    from aztecd.protocol.codec import JsonValue

__all__ = [
    "NO_ID",
    "Reply",
    "batch_failure",
    "decode_body",
    "encode",
    "failure_before_routing",
    "failure_body",
    "result_body",
]

NO_ID: Final = object()
"""The request has no `id` member."""

_STRUCTURE = re.compile(rb"[\x20\x09\x0a\x0d]*[\[{]")
_VERSION_2: Final = "2.0"
_MAX_TEXT = 2000


class Reply(NamedTuple):
    """The finished answer to one call. `method` is a name of the table, or what else it was, for metrics."""

    body: bytes
    failed: bool
    method: str
    outcome: str


def encode(value: JsonValue) -> bytes:
    """Write JSON. Raises TypeError when the value is nested too deeply."""
    return orjson.dumps(value)


def decode_body(body: bytes) -> JsonValue:
    """Read a request body: an object or an array. Raises RequestError."""
    body = body.removeprefix(codecs.BOM_UTF8)
    if not _STRUCTURE.match(body):
        raise _parse_error("invalid JSON, only supports object and array")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _parse_error(str(error)) from None


def result_body(version: Any, request_id: Any, result: bytes | None) -> bytes:
    """Write a success. `result` is JSON, or None for no `result` member."""
    head = _head(version, request_id)
    return head + b"}" if result is None else b'%b,"result":%b}' % (head, result)


def failure_body(version: Any, request_id: Any, code: int, message: str, data: Any = None) -> bytes:
    """Write an error of one call."""
    return b'%b,"error":%b}' % (_head(version, request_id), _error(code, message, data))


def batch_failure(code: int, message: str) -> bytes:
    """Write an error of a batch, or of an item that is no request."""
    return b'{"jsonrpc":"2.0","error":%b,"id":null}' % _error(code, message)


def failure_before_routing(code: int, message: str) -> bytes:
    """Write an error of a request that was not understood at all."""
    return failure_body(_VERSION_2, None, code, message)


def _head(version: Any, request_id: Any) -> bytes:
    first = b'{"jsonrpc":"2.0"' if version == _VERSION_2 else b'{"jsonrpc":%b' % orjson.dumps(version)
    if request_id is NO_ID:
        return first
    if type(request_id) is int:
        return b'%b,"id":%d' % (first, request_id)
    return b'%b,"id":%b' % (first, orjson.dumps(request_id))


def _error(code: int, message: str, data: Any = None) -> bytes:
    if len(message) > _MAX_TEXT:
        message = message[:_MAX_TEXT] + "..."
    # Text from requests is well-formed, text of our own too: but an error must never fail on its message.
    clean = message.encode("utf-8", "replace").decode()
    value: dict[str, Any] = {"code": code}
    if data is not None:
        value["data"] = data
    value["message"] = clean
    return orjson.dumps(value)


def _parse_error(reason: str) -> RequestError:
    return RequestError(f"Parse error: {reason}", status=400, rpc_code=PARSE_ERROR)
