"""JSON-RPC over HTTP as a client: calls that are made in the same turn of the event loop share a request.

Authority: @aztec/foundation src/json-rpc/client (4.1.2).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
import orjson

from aztecd.config_values import display_url
from aztecd.protocol.codec import JsonValue
from aztecd.pxe.errors import NodeRefusedError, NodeUnreachableError

__all__ = ["DEFAULT_TIMEOUT_S", "JsonRpcClient"]

DEFAULT_TIMEOUT_S: Final = 120.0
_MAX_BATCH: Final = 100
_MAX_ANSWER_BYTES: Final = 256 << 20
_BUSY: Final = 503
_NO_URL: Final = (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)
"""Their texts quote the address, which may hold credentials."""


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    params: list[JsonValue]
    answer: asyncio.Future[JsonValue]


class JsonRpcClient:
    """Calls methods at one URL. Mutable, for one event loop. Made by `connect`."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.display_url = display_url(url)
        self._url = url
        self._session = session
        self._waiting: list[_Call] = []
        self._running: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = DEFAULT_TIMEOUT_S
    ) -> AsyncIterator[JsonRpcClient]:
        """Make a client; nothing is asked yet. At the end what is under way is given up."""
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
            client = cls(url, session)
            try:
                yield client
            finally:
                await client._cancel_requests()

    async def call(self, method: str, params: list[JsonValue]) -> JsonValue:
        """Call a method; None when there is no result. Raises NodeRefusedError, NodeUnreachableError."""
        loop = asyncio.get_running_loop()
        call = _Call(method, params, loop.create_future())
        if not self._waiting:
            loop.call_soon(self._send_waiting)
        self._waiting.append(call)
        return await call.answer

    def _send_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), _MAX_BATCH):
            # No task group: what the caller raises would come out of it wrapped.
            task = asyncio.create_task(self._send(waiting[start : start + _MAX_BATCH]))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _cancel_requests(self) -> None:
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _send(self, calls: Sequence[_Call]) -> None:
        try:
            answers = await self._post(calls)
            for call, answer in zip(calls, answers, strict=True):
                if not call.answer.done():
                    _settle(call, answer)
        except NodeUnreachableError as error:
            for call in calls:
                if not call.answer.done():
                    call.answer.set_exception(error)
        finally:
            for call in calls:
                # Only when this task itself was cancelled.
                call.answer.cancel()

    async def _post(self, calls: Sequence[_Call]) -> list[JsonValue]:
        """Send calls in one request and give their answers in the same order. Raises NodeUnreachableError."""
        requests = [
            {
                "jsonrpc": "2.0",
                "id": number,
                "method": call.method,
                "params": call.params,
            }
            for number, call in enumerate(calls)
        ]
        body = orjson.dumps(requests if len(requests) > 1 else requests[0])
        data = bytearray()
        try:
            async with self._session.post(
                self._url, data=body, headers={"content-type": "application/json"}
            ) as response:
                if response.status == _BUSY:
                    raise NodeUnreachableError(f"{self.display_url} is busy: try again later")
                async for chunk in response.content.iter_any():
                    data += chunk
                    if len(data) > _MAX_ANSWER_BYTES:
                        raise NodeUnreachableError(
                            f"{self.display_url} answers with more than {_MAX_ANSWER_BYTES >> 20} MiB"
                        )
        except _NO_URL:
            raise NodeUnreachableError(
                "the node's address is no URL: it must begin with http:// or https://"
            ) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            text = str(error) or type(error).__name__
            raise NodeUnreachableError(f"no node answers at {self.display_url}: {text}") from error
        return _answers(self.display_url, data, len(calls))


def _answers(url: str, data: bytearray, count: int) -> list[JsonValue]:
    try:
        answer = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise NodeUnreachableError(
            f"{url} does not answer in JSON: it is no node of this protocol"
        ) from error
    if count == 1 or not isinstance(answer, list):
        # A batch that is refused as a whole has one answer for all of it.
        return [answer] * count
    by_id = {
        item.get("id"): item for item in answer if isinstance(item, dict) and type(item.get("id")) is int
    }
    return [by_id.get(number) for number in range(count)]


def _settle(call: _Call, answer: JsonValue) -> None:
    error = answer.get("error") if isinstance(answer, dict) else {"message": "there is no answer"}
    if error is None:
        call.answer.set_result(answer.get("result"))
    elif isinstance(error, dict) and isinstance(error.get("code"), int):
        refusal = NodeRefusedError(str(error.get("message")), error["code"], error.get("data"))
        call.answer.set_exception(refusal)
    else:
        call.answer.set_exception(
            NodeUnreachableError(f"{call.method}: what came back is no JSON-RPC answer")
        )
