"""One call: from JSON parameters to the encoded result, with the cache in between."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import structlog

from aztecd.errors import AztecdError, InvalidInputError, UnavailableError
from aztecd.rpc.errors import EXECUTION_FAILED, INVALID_PARAMS
from aztecd.rpc.kinds import MISSING, Issues
from aztecd.rpc.library import NODATA, Error, Result, Success
from aztecd.rpc.method import Cache, Method
from aztecd.rpc.replies import encode

if TYPE_CHECKING:
    from aztecd.protocol.codec import JsonValue
    from aztecd.rpc.cache import AnswerCache

__all__ = ["BoundMethod", "Failures", "InvalidParamsError", "bind", "is_offered", "read_params"]

_log = structlog.get_logger("aztecd.rpc")

_Call = Callable[..., Any]

_HEAVY = 2_000
"""Field elements from which a result is encoded in a thread: about a quarter of a millisecond."""
_NEVER: Final = (None, 0)


class InvalidParamsError(AztecdError):
    """Parameters have the wrong shape; the message lists all issues."""

    code = "invalid_params"


class Failures:
    """Maps exceptions to error results. Mutable: it numbers the bugs that it logs."""

    __slots__ = ("_numbers", "_prefix")

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    def result(self, error: Exception, method: str) -> Result:
        """Give the error result.

        What is no error of ours is a bug: it is logged and not shown. Of a failing database the client sees
        the code only, the text is for the node's user.
        """
        if isinstance(error, InvalidParamsError):
            return Error(INVALID_PARAMS, str(error))
        if isinstance(error, (InvalidInputError, UnavailableError)):
            data = getattr(error, "data", None)
            return Error(EXECUTION_FAILED, str(error), NODATA if data is None else data)
        request_id = f"{self._prefix}-{next(self._numbers)}"
        if isinstance(error, AztecdError):
            _log.error("rpc_call_failed", method=method, request_id=request_id, reason=str(error))
            return Error(
                EXECUTION_FAILED,
                f"The node is in trouble: {error.code} (request {request_id}, see the node's log)",
            )
        _log.error("rpc_call_failed", method=method, request_id=request_id, exc_info=error)
        return Error(EXECUTION_FAILED, f"Internal error (request {request_id}, see the node's log)")


def read_params(method: Method, given: list[JsonValue]) -> list[Any]:
    """Read positional parameters; what is surplus is ignored.

    Raises InvalidParamsError, DecodeError. Rule: @aztec/foundation src/schemas/parse.ts: optional parameters
    are filled in only if they are all that is missing.
    """
    params = method.params
    if not params:
        return []
    missing = len(params) - len(given)
    if missing > method.optional_count:
        raise InvalidParamsError(f"Array must contain at least {len(params)} element(s) ()")
    issues = Issues()
    values = []
    for index, param in enumerate(params):
        value = given[index] if index < len(given) else MISSING
        if param.optional and (value is None or value is MISSING):
            values.append(param.default)
        else:
            values.append(param.kind.read(value, str(index), issues))
    if issues.early or issues.late:
        raise InvalidParamsError(issues.text())
    return values


class BoundMethod:
    """A method of the table bound to a node, as jsonrpcserver calls it: parameters in, Result out.

    Mutable through the cache it shares. Raises nothing: errors are results.
    """

    __slots__ = ("_cache", "_call", "_failures", "_node", "method")

    def __init__(
        self, method: Method, node: Any, call: _Call, cache: AnswerCache, failures: Failures
    ) -> None:
        self.method = method
        self._node = node
        self._call = call
        self._cache = cache
        self._failures = failures

    def __call__(self, *params: JsonValue) -> Result:
        """Answer on the event loop: for methods that only read, which take far less than a millisecond."""
        try:
            args = read_params(self.method, list(params))
            key, stamp = self._stamp(args)
            if key is not None and (kept := self._cache.get(key, stamp)) is not None:
                return Success(kept)
            value = self._call(*args)
            return Success(self._finish(key, stamp, value))
        except Exception as error:  # noqa: BLE001 - the border: what is no error of ours is logged and hidden
            return self._failures.result(error, self.method.name)

    async def answer(self, *params: JsonValue) -> Result:
        """Answer with the heavy parts in threads."""
        try:
            if self.method.reads_tx:
                args = await asyncio.to_thread(read_params, self.method, list(params))
            else:
                args = read_params(self.method, list(params))
            key, stamp = self._stamp(args)
            if key is not None and (kept := self._cache.get(key, stamp)) is not None:
                return Success(kept)
            options = (args.pop() or {}) if self.method.spreads_last else {}
            if self.method.in_thread:
                value = await asyncio.to_thread(self._call, *args, **options)
            else:
                value = self._call(*args, **options)
                if self.method.is_async:
                    value = await value
            weigh = self.method.result.weigh
            if value is not None and weigh is not None and weigh(value) > _HEAVY:
                encoded = await asyncio.to_thread(self._encode, value)
                return Success(self._keep(key, stamp, encoded))
            return Success(self._finish(key, stamp, value))
        except Exception as error:  # noqa: BLE001 - as above
            return self._failures.result(error, self.method.name)

    @property
    def needs_waiting(self) -> bool:
        """Whether `answer` must be used."""
        return self.method.is_async or self.method.in_thread or self.method.result.weigh is not None

    def _stamp(self, args: list[Any]) -> tuple[Any, int]:
        """Give the cache's key and the state's stamp, read before the node is asked; no key: do not cache."""
        rule = self.method.cache
        if rule is Cache.NEVER:
            return _NEVER
        by_state = rule is Cache.STATE or args[0] == "latest"
        stamp = getattr(self._node, "state_version" if by_state else "reorg_count", None)
        return _NEVER if stamp is None else ((self.method.name, *args), stamp)

    def _finish(self, key: Any, stamp: int, value: Any) -> bytes | None:
        # What was not found may be found later, whatever the key is.
        return None if value is None else self._keep(key, stamp, self._encode(value))

    def _encode(self, value: Any) -> bytes:
        return encode(self.method.result.to_json(value))

    def _keep(self, key: Any, stamp: int, encoded: bytes) -> bytes:
        if key is not None:
            self._cache.put(key, stamp, encoded)
        return encoded


def is_offered(method: Method, node: Any) -> bool:
    """Tell whether a node has an operation for a method."""
    return getattr(node, method.python_name, None) is not None


def bind(method: Method, node: Any, cache: AnswerCache, failures: Failures) -> BoundMethod:
    """Find the node's method, or the answer of a node that does not have it."""
    call = getattr(node, method.python_name, None)
    if call is None:
        call = _WITHOUT[method.name]
    return BoundMethod(method, node, call, cache, failures)


_WITHOUT: Final[dict[str, _Call]] = {
    "getValidatorsStats": lambda: {"stats": {}, "slotWindow": 0},
    "getValidatorStats": lambda *_: None,
}
"""Answers of a node that watches no validators."""
