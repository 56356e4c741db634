"""A small JSON-RPC client that shares nothing with the code under test but the wire."""

from __future__ import annotations

import http.client
import json
from typing import Any, Self
from urllib.parse import urlsplit

import orjson


class RpcFailureError(Exception):
    """The server answered with an error; `code` and `status` are what it said."""

    def __init__(self, code: int, message: str, data: Any = None, *, status: int = 200) -> None:
        super().__init__(f"{message} (code {code}, HTTP {status})")
        self.code = code
        self.message = message
        self.data = data
        self.status = status


class RpcClient:
    """One connection, kept open. Mutable; for one thread.

    Transport errors are those of `http.client` and `OSError`: see `GONE`.
    """

    def __init__(self, url: str, *, timeout_s: float = 30) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def call(self, method: str, *params: Any) -> Any:
        """Give the result. Raises RpcFailureError."""
        # The standard library's writer takes numbers of any size: what is sent may be wrong on purpose.
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        status, answer = self.post(body.encode())
        value = orjson.loads(answer)
        if "error" in value:
            error = value["error"]
            raise RpcFailureError(error["code"], error["message"], error.get("data"), status=status)
        return value.get("result")

    def post(self, body: bytes, path: str = "/") -> tuple[int, bytes]:
        """Send any body; give the HTTP status and the answer."""
        self._connection.request("POST", path, body, {"content-type": "application/json"})
        response = self._connection.getresponse()
        return response.status, response.read()

    def get(self, path: str) -> tuple[int, bytes]:
        """Fetch a path."""
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        return response.status, response.read()


GONE = (OSError, http.client.HTTPException)
"""What a call raises when the server dies meanwhile."""
