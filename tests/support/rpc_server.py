"""Run the JSON-RPC server in a test's event loop and talk to it."""

from __future__ import annotations

import asyncio
import io
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson

from aztecd.errors import InvalidInputError
from aztecd.rpc import RpcLimits, RpcServer
from tests.support.fake_node import FakeNode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEADERS = {
    "x-aztec-l2CircuitsVkTreeRoot": "0x1dd2644a17d1ddd8831287a78c5a1033b7ae35cdf2a3db833608856c062fc2ba",
    "x-aztec-l2ProtocolContractsHash": "0x2672340d9a0107a7b81e6d10d25b854debe613f3272e8738e8df0ca2ff297141",
    "x-aztec-packageVersion": "4.1.2",
}
JSON = {"Content-Type": "application/json"}


def post_bytes(body: bytes) -> bytes:
    """Give the bytes of a whole POST request."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


class Client:
    """One HTTP session with the server."""

    def __init__(self, session: aiohttp.ClientSession, host: str, port: int, node: FakeNode) -> None:
        self.session = session
        self.host = host
        self.port = port
        self.node = node

    async def http(
        self,
        method: str,
        path: str = "/",
        *,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request as it is; give status, headers and the body as sent."""
        skip = ("Content-Type", "Accept-Encoding", "Accept", "User-Agent")
        async with self.session.request(
            method,
            f"http://{self.host}:{self.port}{path}",
            data=None if body is None else io.BytesIO(body),
            headers=headers or {},
            skip_auto_headers=skip,
        ) as response:
            return response.status, dict(response.headers), await response.read()

    async def post(self, value: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Post a JSON value; give status and the parsed answer."""
        status, _, body = await self.http(
            "POST", body=orjson.dumps(value), headers={**JSON, **(headers or {})}
        )
        return status, orjson.loads(body)

    async def call(self, method: str, *params: Any) -> tuple[int, Any]:
        """Call one method."""
        return await self.post({"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)})

    async def raw(self, data: bytes) -> bytes:
        """Send bytes on a new connection and read until the server closes it."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write(data)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()


VERSION = 344372055


def version_node() -> FakeNode:
    """A node of the recorded version whose storage ends at block 16, as when the exchanges were recorded."""
    too_high = "Queried block 99999 not yet synced by the node (node is synced upto 16)."

    def answer(name: str, *_: Any, **__: Any) -> Any:
        if name == "get_public_storage_at":
            raise InvalidInputError(too_high)
        assert name == "get_version", name
        return VERSION

    node = FakeNode()
    node.answer(answer)
    return node


@asynccontextmanager
async def serving(
    node: FakeNode | None = None, *, health: Any = lambda: True, blobs: Any = None, **limits: Any
) -> AsyncIterator[Client]:
    """Serve a fake node on an ephemeral port."""
    node = node or FakeNode()
    server = RpcServer(
        node=node,  # type: ignore[arg-type]
        host="127.0.0.1",
        port=0,
        headers=HEADERS,
        health=health,
        blobs=blobs,
        limits=RpcLimits(**{"stop_timeout_s": 0.2, **limits}),
    )
    async with (
        server.run() as address,
        aiohttp.ClientSession(auto_decompress=False) as session,
    ):
        yield Client(session, address.host, address.port, node)
