"""The JSON-RPC client against a server that misbehaves."""

from __future__ import annotations

import gc
import json
import threading
import weakref
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from aztecd.l1 import ContractRevertError, L1Client, L1RpcError, L1UnavailableError
from aztecd.l1.abi import AbiError
from aztecd.l1.revert import ErrorTable
from tests.support.l1_abi import entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.integration

Answer = tuple[int, bytes]


class Server:
    """Answers each request with what `answer` makes of it; keeps the requests."""

    def __init__(self) -> None:
        self.answer: Callable[[Any], Answer] = lambda request: (200, b"")
        self.requests: list[Any] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.requests.append(request)
                status, body = outer.answer(request)
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self._http = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def stop(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> Iterator[L1Client]:
    errors = ErrorTable(lambda: [AbiError.from_item(entry("error", "Broken(uint256)"))])
    opened = L1Client(server.url, errors=errors, timeout_s=5)
    yield opened
    opened.close()


def reply(request: Any, **content: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request["id"], **content}).encode()


def test_a_result_is_given_and_parameters_arrive(server: Server, client: L1Client):
    server.answer = lambda request: (200, reply(request, result=request["params"]))
    assert client.call("eth_foo", 1, "0x2", {"a": None}) == [1, "0x2", {"a": None}]
    assert server.requests[0]["method"] == "eth_foo"


@pytest.mark.parametrize(
    "answer",
    [(0, b""), (500, b"oops"), (200, b"<html>"), (200, b""), (429, b"{}")],
    ids=["closed", "server error", "html", "empty", "too many"],
)
def test_what_is_no_answer_is_unavailable_and_is_not_asked_again(server: Server, client: L1Client, answer):
    server.answer = lambda request: answer
    with pytest.raises(L1UnavailableError, match="does not answer"):
        client.call("eth_sendRawTransaction", "0x")
    assert len(server.requests) == 1
    with pytest.raises(L1UnavailableError):
        client.batch([("eth_sendRawTransaction", ["0x"])])
    assert len(server.requests) == 2


@pytest.mark.parametrize("way", ["call", "batch"])
@pytest.mark.parametrize("is_there", [True, False], ids=["broken", "away"])
def test_a_failed_request_is_let_go_at_once(server: Server, client: L1Client, way, is_there):
    """Blobs are megabytes, and the daemon looks for reference cycles seldom."""
    server.answer = lambda _: (0, b"")
    refused = client if is_there else L1Client("http://127.0.0.1:1")
    request = Request("0x" + 1000 * "ab")
    is_held = weakref.ref(request)
    gc.disable()
    try:
        with pytest.raises(L1UnavailableError):
            send(refused, way, request)
        del request
        assert is_held() is None
    finally:
        gc.enable()


class Request(str):
    """A text that can be watched."""

    __slots__ = ("__weakref__",)


def send(client: L1Client, way: str, body: str) -> None:
    if way == "call":
        client.call("eth_sendRawTransaction", body)
    else:
        client.batch_settled([("eth_sendRawTransaction", [body])])


def test_errors_keep_their_code_and_text(server: Server, client: L1Client):
    server.answer = lambda request: (200, reply(request, error={"code": -32000, "message": "no such thing"}))
    with pytest.raises(L1RpcError, match="refused eth_foo: no such thing") as caught:
        client.call("eth_foo")
    assert caught.value.rpc_code == -32000
    assert not caught.value.is_unknown_method


@pytest.mark.parametrize(
    "error",
    [
        {"code": -32601, "message": "Method not found"},
        {"code": -32004, "message": "Method evm_mine is not supported"},
        {"code": -32600, "message": "Unsupported method: evm_mine on ETH_SEPOLIA"},
        {"code": -32000, "message": "the method evm_mine does not exist/is not available"},
    ],
)
def test_unknown_methods_are_recognised(server: Server, client: L1Client, error):
    server.answer = lambda request: (200, reply(request, error=error))
    with pytest.raises(L1RpcError) as caught:
        client.call("evm_mine")
    assert caught.value.is_unknown_method


@pytest.mark.parametrize("wrap", [lambda data: data, lambda data: {"message": "x", "data": data}])
def test_reverts_are_decoded_in_the_forms_of_all_nodes(server: Server, client: L1Client, wrap):
    broken = AbiError.from_item(entry("error", "Broken(uint256)"))
    data = wrap(f"0x{broken.selector.hex()}{7:064x}")
    server.answer = lambda request: (
        200,
        reply(request, error={"code": 3, "message": "execution reverted", "data": data}),
    )
    with pytest.raises(ContractRevertError) as caught:
        client.call("eth_call")
    assert caught.value.name == "Broken"
    assert str(caught.value) == "contract reverted: Broken(p0=7)"


@pytest.mark.parametrize(
    "error",
    [
        {"code": 3, "message": "execution reverted"},
        "plain text",
        {"message": None, "data": "0xzz"},
        {"code": None, "message": "no code"},
        {"code": "RATE_LIMITED", "message": "a word for a code"},
    ],
)
def test_odd_errors_are_errors_too(server: Server, client: L1Client, error):
    server.answer = lambda request: (200, reply(request, error=error))
    with pytest.raises(L1RpcError):
        client.call("eth_call")


def test_a_batch_gives_answers_in_the_order_of_the_questions(server: Server, client: L1Client):
    server.answer = lambda batch: (
        200,
        json.dumps(
            [{"jsonrpc": "2.0", "id": item["id"], "result": item["method"]} for item in reversed(batch)]
        ).encode(),
    )
    assert client.batch([("a", []), ("b", []), ("c", [])]) == ["a", "b", "c"]
    assert len(server.requests) == 1


def test_one_refusal_in_a_batch_leaves_the_others(server: Server, client: L1Client):
    def answer(batch: Any) -> Answer:
        replies = [json.loads(reply(item, result=1)) for item in batch]
        replies[1] = json.loads(reply(batch[1], error={"code": -1, "message": "no"}))
        return 200, json.dumps(replies).encode()

    server.answer = answer
    first, second, third = client.batch_settled([("a", []), ("b", []), ("c", [])])
    assert (first, third) == (1, 1)
    assert isinstance(second, L1RpcError)
    with pytest.raises(L1RpcError, match="refused b"):
        client.batch([("a", []), ("b", []), ("c", [])])


def test_a_batch_that_is_answered_in_part_is_no_answer(server: Server, client: L1Client):
    server.answer = lambda batch: (200, b"[" + reply(batch[0], result=1) + b"]")
    with pytest.raises(L1UnavailableError, match="1 of 2"):
        client.batch([("a", []), ("b", [])])


def test_a_batch_that_is_refused_as_a_whole_is_refused_in_each_part(server: Server, client: L1Client):
    server.answer = lambda batch: (
        200,
        b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "no batches"}}',
    )
    answers = client.batch_settled([("a", []), ("b", [])])
    assert [str(answer.rpc_message) for answer in answers] == ["no batches", "no batches"]


def test_large_batches_are_cut_and_nothing_is_lost(server: Server, client: L1Client):
    server.answer = lambda batch: (
        200,
        json.dumps([json.loads(reply(item, result=len(item["params"][0]))) for item in batch]).encode(),
    )
    sizes = [900_000, 900_000, 10, 2_000_000, 20]
    assert client.batch([("send", ["x" * size]) for size in sizes]) == sizes
    assert [len(batch) for batch in server.requests] == [1, 2, 1, 1]


def test_an_empty_batch_asks_nothing(server: Server, client: L1Client):
    assert client.batch([]) == []
    assert server.requests == []


def test_the_address_is_shown_without_its_secrets():
    client = L1Client("https://user:secret@node.example:8443/v2/key?token=1")
    assert client.display_url == "https://node.example:8443"
