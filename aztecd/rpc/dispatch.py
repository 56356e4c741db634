"""From a parsed request to its reply: single calls and batches.

Authority: @aztec/foundation src/json-rpc/server/safe_json_rpc_server.ts (4.1.2).
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from aztecd.protocol.codec import JsonValue, json_kind
from aztecd.rpc.cache import AnswerCache
from aztecd.rpc.calls import BoundMethod, Failures, bind, is_offered
from aztecd.rpc.errors import BAD_REQUEST, EXECUTION_FAILED, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND
from aztecd.rpc.library import NOCONTEXT, NODATA, Methods, Request, Result, call, call_async, get_method
from aztecd.rpc.method import Method
from aztecd.rpc.methods import METHODS, NAMESPACES
from aztecd.rpc.replies import NO_ID, Reply, batch_failure, encode, failure_body, result_body

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aztecd.rpc.limits import RpcLimits

__all__ = ["CallMetrics", "Dispatcher"]

_SLICE_S = 0.005
"""How long the calls of one batch may hold the event loop before others get a turn."""
_OUTCOMES: Final = {INVALID_PARAMS: "invalid_params", EXECUTION_FAILED: "failed"}


class CallMetrics(Protocol):
    """What is measured of each call; `method` is a name of the table or `unknown`, so labels are bounded."""

    def observe_call(self, *, method: str, outcome: str, seconds: float) -> None:
        """Note a call; `outcome` is `ok`, `failed`, `invalid_params`, `not_found` or `invalid_request`."""


class Dispatcher:
    """Answers calls with the methods of one node."""

    def __init__(
        self,
        node: Any,
        limits: RpcLimits,
        metrics: CallMetrics | None = None,
        clock: Callable[[], float] = time.perf_counter,
        *,
        methods: Sequence[Method] = METHODS,
        namespaces: Sequence[str] = NAMESPACES,
    ) -> None:
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self.cache = AnswerCache(limits.cache_bytes)
        failures = Failures()
        offered = [method for method in methods if not method.is_local or is_offered(method, node)]
        self._methods: Methods = {method.name: bind(method, node, self.cache, failures) for method in offered}
        self._names = {
            f"{namespace}_{method.name}": method.name for namespace in namespaces for method in offered
        }

    async def answer(self, request: JsonValue) -> Reply:
        """Answer one request, or an array of them."""
        if type(request) is list:
            return await self._batch(request)
        reply = self._start(request)
        return reply if isinstance(reply, Reply) else await reply.finish()

    async def _batch(self, requests: list[JsonValue]) -> Reply:
        """Answer an array: in order; what takes long runs side by side."""
        limits = self._limits
        if not requests:
            return _rejected("Invalid Request")
        if len(requests) > limits.max_batch_items:
            return _rejected(f"Batch request exceeds maximum allowed size of {limits.max_batch_items}")
        replies: list[Reply | asyncio.Task[Reply]] = []
        turn_ends = self._clock() + _SLICE_S
        async with asyncio.TaskGroup() as group:
            for request in requests:
                started = self._start(request)
                replies.append(started if isinstance(started, Reply) else group.create_task(started.finish()))
                if self._clock() > turn_ends:
                    await asyncio.sleep(0)
                    turn_ends = self._clock() + _SLICE_S
        bodies = []
        room = limits.max_batch_reply_bytes
        for request, reply in zip(requests, replies, strict=True):
            body = reply.body if isinstance(reply, Reply) else reply.result().body
            room -= len(body)
            if room < 0:
                body = _too_large(request, limits.max_batch_reply_bytes)
            bodies.append(body)
        return Reply(b"[%b]" % b",".join(bodies), failed=False, method="batch", outcome="ok")

    def _start(self, request: JsonValue) -> Reply | _Pending:
        """Answer at once, or give what has to be awaited."""
        begin = self._clock()
        if type(request) is not dict:
            if type(request) is list:
                return self._done(begin, "unknown", "invalid_request", _invalid_request(NO_ID), failed=True)
            body = batch_failure(INVALID_REQUEST, "Invalid Request")
            return self._done(begin, "unknown", "invalid_request", body, failed=True)
        request_id = request.get("id", NO_ID)
        version = request.get("jsonrpc", "2.0")
        sent_name = request.get("method")
        try:
            if type(request_id) in {dict, list} or version != "2.0":
                encode([request_id if request_id is not NO_ID else None, version])
        except TypeError:
            # The JSON writer goes less deep than the reader.
            body = batch_failure(INVALID_REQUEST, "Invalid Request")
            return self._done(begin, "unknown", "invalid_request", body, failed=True)
        if type(sent_name) is not str or not sent_name:
            return self._done(begin, "unknown", "invalid_request", _invalid_request(request_id), failed=True)
        name = self._names.get(sent_name) or self._names.get("_".join(sent_name.split("_", 2)[:2]))
        if name is None:
            body = failure_body(version, request_id, METHOD_NOT_FOUND, f"Method not found: {sent_name}")
            return self._done(begin, "unknown", "not_found", body, failed=True)
        params = request.get("params", [])
        if type(params) is not list:
            text = f"Params to {name} is not an array: {_javascript_text(params)}"
            body = failure_body(version, request_id, EXECUTION_FAILED, text)
            return self._done(begin, name, "failed", body, failed=True)
        made = Request(name, params, request_id)
        bound: BoundMethod = get_method(self._methods, name)._value  # noqa: SLF001 - how oslash unpacks
        if bound.needs_waiting:
            return _Pending(self, begin, version, made, bound)
        return self.finished(begin, version, made, call(made, NOCONTEXT, bound))

    def finished(self, begin: float, version: Any, request: Request, result: Result) -> Reply:
        """Turn a method's result into the reply."""
        error = getattr(result, "_error", None)
        if error is None:
            body = result_body(version, request.id, result._value.result)  # noqa: SLF001 - as above
            return self._done(begin, request.method, "ok", body, failed=False)
        if error.code == INVALID_PARAMS:
            version = "2.0"  # the one error for which the reference does not echo
        data = None if error.data is NODATA else error.data
        body = failure_body(version, request.id, error.code, error.message, data)
        return self._done(begin, request.method, _OUTCOMES.get(error.code, "failed"), body, failed=True)

    def _done(self, begin: float, method: str, outcome: str, body: bytes, *, failed: bool) -> Reply:
        if self._metrics is not None:
            self._metrics.observe_call(method=method, outcome=outcome, seconds=self._clock() - begin)
        return Reply(body, failed, method, outcome)


class _Pending:
    """A call that waits for threads or for the node."""

    __slots__ = ("_begin", "_bound", "_dispatcher", "_request", "_version")

    def __init__(
        self, dispatcher: Dispatcher, begin: float, version: Any, request: Request, bound: BoundMethod
    ) -> None:
        self._dispatcher = dispatcher
        self._begin = begin
        self._version = version
        self._request = request
        self._bound = bound

    async def finish(self) -> Reply:
        """Wait for the call."""
        result = await call_async(self._request, NOCONTEXT, self._bound.answer)
        return self._dispatcher.finished(self._begin, self._version, self._request, result)


def _invalid_request(request_id: Any) -> bytes:
    return failure_body("2.0", request_id, INVALID_REQUEST, "Invalid request")


def _rejected(message: str) -> Reply:
    body = batch_failure(INVALID_REQUEST, message)
    return Reply(body, failed=True, method="batch", outcome="invalid_request")


def _too_large(request: JsonValue, limit: int) -> bytes:
    request_id = request.get("id", NO_ID) if type(request) is dict else None
    message = f"The answers to this batch exceed {limit} bytes: ask for less at once."
    return failure_body("2.0", request_id, BAD_REQUEST, message)


def _javascript_text(value: JsonValue) -> str:
    """Give the text that JavaScript makes of a value."""
    match json_kind(value):
        case "object":
            return "[object Object]"
        case "boolean":
            return "true" if value else "false"
        case "null":
            return "null"
        case _:
            return str(value)
