"""Stand between a client and a node: let another node hear what is sent, or complete what the node tells."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.support.json_rpc import RpcClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SENDING = "node_sendTx"
_NODE_INFO = "node_getNodeInfo"


@contextmanager
def relay(
    node_url: str, *, second_url: str | None = None, addresses: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Pass requests on to a node; give the URL to send them to.

    Transactions go to a second node before, whose answer counts for nothing. `addresses` are added to those
    of L1 contracts in the node's info: only who deployed a rollup knows all of them.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            with RpcClient(node_url) as node:
                self._reply(*node.get(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if second_url is not None and _asks(body, _SENDING):
                with RpcClient(second_url) as second:
                    second.post(body)
            with RpcClient(node_url, timeout_s=600) as node:
                status, answer = node.post(body)
            if addresses and _asks(body, _NODE_INFO):
                answer = _with_addresses(answer, addresses)
            self._reply(status, answer)

        def _reply(self, status: int, answer: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _asks(body: bytes, method: str) -> bool:
    value = json.loads(body)
    return any(call["method"] == method for call in (value if isinstance(value, list) else [value]))


def _with_addresses(answer: bytes, addresses: Mapping[str, str]) -> bytes:
    value = json.loads(answer)
    for reply in value if isinstance(value, list) else [value]:
        if "l1ContractAddresses" in (reply.get("result") or {}):
            reply["result"]["l1ContractAddresses"] |= addresses
    return json.dumps(value).encode()
