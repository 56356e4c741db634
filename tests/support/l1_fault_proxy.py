"""A proxy before an L1 node that does to requests what networks and nodes do: seeded, on loopback only.

The n-th request meets the n-th fault of the seed's schedule, so a client that asks one thing after the other
meets the same faults again under the same seed. Nothing is made up that a healthy node might have said at
that moment: answers are lost, late, cut, repeated, older than they should be, or no answers at all.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

_OLDER_ANSWERS = 8
_LONGEST_DELAY_S = 0.03
_HTTP_ERRORS = (429, 500, 502, 503, 504)
_RPC_ERRORS = (
    (-32603, "Internal error"),
    (-32005, "limit exceeded"),
    (-32000, "header not found"),
    (-32000, "missing trie node 5bb1 (path ) state 0x5bb1 is not available"),
    (-32002, "resource temporarily unavailable"),
)
_NO_RESULTS = (17, True, "zz", {"a": 1}, None, "0x")
_NO_ANSWERS = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"17",
    b'"text"',
    b"\xff\xfe\x00",
    b"<html>Bad Gateway</html>",
    b"[[]]",
)


class Fault(Enum):
    """What becomes of a request or of its answer."""

    REFUSE = "the connection is closed before the node is asked"
    DROP = "the node is asked, the connection is closed without its answer"
    DELAY = "the answer comes late"
    REPEAT = "the answer comes twice on the wire"
    DUPLICATE = "an item of a batch comes twice, maybe in the place of another"
    REORDER = "the items of a batch come in another order, which is allowed"
    PARTIAL = "items of a batch are missing"
    CUT = "the connection is closed in the middle of the answer"
    TRUNCATE = "the answer is shorter, and says so"
    HTTP_ERROR = "an HTTP error, with or without a body"
    RPC_ERROR = "a JSON-RPC error for one item or for all"
    STALE = "what the node said to the same question some time ago"
    GARBAGE = "no JSON, or JSON that is no answer"
    WRONG_TYPE = "an answer of a type that the method does not have"


@dataclass
class Schedule:
    """Which fault the next request meets: the same for the same seed. `share` of all requests meet one."""

    seed: Any
    share: float = 0.2
    faults: Sequence[Fault] = tuple(Fault)
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"faults:{self.seed}")

    def next(self) -> tuple[Fault | None, random.Random]:
        """Give the fault, and the chance that its details are drawn from."""
        details = random.Random(self.chance.getrandbits(64))
        is_faulty = self.chance.random() < self.share
        chosen = self.chance.choice(self.faults)
        return (chosen if is_faulty else None), details


class FaultProxy:
    """Forwards JSON-RPC to an L1 node. `url` is where it listens. Mutable, and safe to change while it runs.

    `is_on` switches the faults of the schedule, `is_down` lets nothing through, `target` may be another node.
    `log` has what happened to which request, newest last.
    """

    def __init__(self, target: str, schedule: Schedule | None = None) -> None:
        self.target = target
        self.schedule = schedule or Schedule(0)
        self.is_on = schedule is not None
        self.is_down = False
        self.log: list[str] = []
        self._older: dict[str, list[Any]] = {}
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close all connections and end all threads."""
        self._stopping.set()
        self._server.shutdown()
        self._thread.join()
        self.disconnect()
        self._server.server_close()

    def disconnect(self) -> None:
        """Close the connections that clients hold open."""
        with self._lock:
            for connection in self._sockets:
                _close(connection)

    def begin(self, schedule: Schedule) -> None:
        """Start a new schedule, with faults on, and forget what was seen and said."""
        with self._lock:
            self.schedule = schedule
            self.log.clear()
            self._older.clear()
            self.is_on, self.is_down = True, False

    def draw(self, body: bytes) -> tuple[Fault | None, random.Random]:
        """Choose the fault of a request."""
        with self._lock:
            fault, details = self.schedule.next() if self.is_on else (None, random.Random(0))
            if self.is_down:
                fault = Fault.REFUSE
            self.log.append(f"{len(self.log)} {_methods(body)} {fault.name if fault else '-'}")
            return fault, details

    def older(self, key: str, result: Any, details: random.Random) -> Any:
        """Give something that the node said earlier to that question, the same if it never said else."""
        with self._lock:
            known = self._older.setdefault(key, [])
            others = [value for value in known if value != result]
            return details.choice(others) if others else result

    def remember(self, key: str, result: Any) -> None:
        """Keep an answer for later."""
        with self._lock:
            known = self._older.setdefault(key, [])
            if result not in known:
                known.append(result)
                del known[:-_OLDER_ANSWERS]

    def pause(self, seconds: float) -> None:
        """Wait, unless the proxy stops."""
        self._stopping.wait(seconds)

    def hold(self, connection: socket.socket) -> None:
        """Know a client's connection."""
        with self._lock:
            self._sockets.add(connection)

    def release(self, connection: socket.socket) -> None:
        """Forget it."""
        with self._lock:
            self._sockets.discard(connection)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64
    proxy: FaultProxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: connections end in the middle on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.proxy = self.server.proxy
        self.proxy.hold(self.connection)
        self._upstream: http.client.HTTPConnection | None = None
        self._upstream_url = ""

    def finish(self) -> None:
        self.proxy.release(self.connection)
        if self._upstream is not None:
            self._upstream.close()
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class calls it so
        """Say nothing."""

    def do_POST(self) -> None:
        """Forward one request."""
        body = self.rfile.read(int(self.headers["content-length"]))
        fault, details = self.proxy.draw(body)
        if fault is Fault.REFUSE:
            self._hang_up()
            return
        if fault is Fault.HTTP_ERROR:
            status = details.choice(_HTTP_ERRORS)
            self._reply(details.choice((b"", b"<html>no</html>", b'{"error":"no"}')), status=status)
            return
        try:
            answer = self._ask(body)
        except (OSError, http.client.HTTPException):
            self._hang_up()
            return
        self._deliver(fault, details, body, answer)

    def _deliver(self, fault: Fault | None, details: random.Random, body: bytes, answer: bytes) -> None:
        match fault:
            case Fault.DROP:
                self._hang_up()
            case Fault.CUT:
                self._reply(answer, cut=details.randrange(len(answer)))
            case Fault.TRUNCATE:
                self._reply(answer[: details.randrange(len(answer))])
            case Fault.GARBAGE:
                self._reply(details.choice(_NO_ANSWERS))
            case Fault.REPEAT:
                self._reply(answer, times=2)
            case None | Fault.DELAY:
                if fault is Fault.DELAY:
                    self.proxy.pause(details.uniform(0, _LONGEST_DELAY_S))
                self._remember(body, answer)
                self._reply(answer)
            case _:
                self._reply(json.dumps(self._changed(fault, details, body, json.loads(answer))).encode())

    def _changed(self, fault: Fault, details: random.Random, body: bytes, answer: Any) -> Any:
        """Change the answer to a batch or to a single request; answers keep the ids that they have."""
        requests = json.loads(body)
        if not isinstance(answer, list):
            items = self._changed_items(fault, details, [requests], [answer])
            return items[0] if items else {}
        if fault is Fault.RPC_ERROR and details.random() < 0.5:
            return _error(None, details)
        by_id = {request["id"]: request for request in requests}
        return self._changed_items(fault, details, [by_id[item["id"]] for item in answer], answer)

    def _changed_items(
        self, fault: Fault, details: random.Random, requests: list[Any], items: list[Any]
    ) -> Any:
        chosen = details.randrange(len(items))
        match fault:
            case Fault.STALE:
                return [
                    item | {"result": self.proxy.older(_key(request), item["result"], details)}
                    if "result" in item
                    else item
                    for request, item in zip(requests, items, strict=True)
                ]
            case Fault.RPC_ERROR:
                items[chosen] = _error(items[chosen]["id"], details)
            case Fault.WRONG_TYPE:
                items[chosen] = {
                    "jsonrpc": "2.0",
                    "id": items[chosen]["id"],
                    "result": details.choice(_NO_RESULTS),
                }
            case Fault.DUPLICATE:
                repeated = items[details.randrange(len(items))]
                if details.random() < 0.5:
                    items[chosen] = repeated
                else:
                    items.insert(chosen, repeated)
            case Fault.PARTIAL:
                del items[chosen : chosen + details.randrange(1, 4)]
            case Fault.REORDER:
                details.shuffle(items)
        return items

    def _remember(self, body: bytes, answer: bytes) -> None:
        requests, items = json.loads(body), json.loads(answer)
        if not isinstance(requests, list):
            requests, items = [requests], [items]
        if not isinstance(items, list):
            return
        by_id = {request["id"]: request for request in requests}
        for item in items:
            if "result" in item:
                self.proxy.remember(_key(by_id[item["id"]]), item["result"])

    def _ask(self, body: bytes) -> bytes:
        """Ask the node, over a connection that is kept."""
        if self._upstream is None or self._upstream_url != self.proxy.target:
            if self._upstream is not None:
                self._upstream.close()
            self._upstream_url = self.proxy.target
            parts = urlsplit(self._upstream_url)
            self._upstream = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
            self._upstream.connect()
            self._upstream.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._upstream.request("POST", "/", body, {"content-type": "application/json"})
            return self._upstream.getresponse().read()
        except (OSError, http.client.HTTPException):
            self._upstream.close()
            self._upstream = None
            raise

    def _reply(self, body: bytes, *, status: int = 200, cut: int | None = None, times: int = 1) -> None:
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self.connection.sendall((head.encode() + body[:cut]) * times)
        if cut is not None:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        _close(self.connection)


def _close(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _error(request_id: Any, details: random.Random) -> dict[str, Any]:
    code, message = details.choice(_RPC_ERRORS)
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}


def _key(request: dict[str, Any]) -> str:
    return json.dumps([request["method"], request.get("params", [])], sort_keys=True)


def _methods(body: bytes) -> str:
    try:
        requests = json.loads(body)
    except ValueError:
        return "?"
    listed = requests if isinstance(requests, list) else [requests]
    return ",".join(request["method"].removeprefix("eth_") for request in listed[:6])
