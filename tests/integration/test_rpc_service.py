"""The server under way: batches, time-outs, overload, errors, cached answers, start and stop."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import aiohttp
import orjson
import pytest
import structlog

from aztecd.errors import InvalidInputError
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.node_types import L2Tips
from aztecd.protocol.tx import Tx
from aztecd.rpc import ListenError, PortInUseError, RpcLimits, RpcServer
from aztecd.storage import StoreFullError
from tests.support.fake_node import FakeNode
from tests.support.rpc_samples import samples
from tests.support.rpc_server import HEADERS, VERSION, post_bytes, serving, version_node

pytestmark = pytest.mark.integration

CALL = {"jsonrpc": "2.0", "id": 1, "method": "node_getVersion"}


def header() -> BlockHeader:
    return BlockHeader.from_json(next(s["result"] for s in samples() if s["method"] == "getBlockHeader"))


def some_tx() -> Any:
    return next(s["params"][0] for s in samples() if s["method"] == "sendTx")


# Batches


async def test_batch_keeps_the_order_while_slow_calls_run_side_by_side() -> None:
    tx = some_tx()
    both = asyncio.Event()
    started = 0

    def answer(name: str, *_: Any, **__: Any) -> Any:
        return wait() if name == "send_tx" else VERSION

    async def wait() -> None:
        nonlocal started
        started += 1
        if started == 2:
            both.set()
        await both.wait()  # ends only if the other call runs too

    async with serving() as client:
        client.node.answer(answer)
        send = {"jsonrpc": "2.0", "method": "aztec_sendTx", "params": [tx]}
        calls = [
            {**send, "id": 1},
            {"jsonrpc": "2.0", "id": 2, "method": "node_getVersion"},
            5,
            {**send, "id": 3},
            [],
        ]
        status, answers = await client.post(calls)
    invalid = {"code": -32600, "message": "Invalid Request"}
    assert status == 200
    assert answers == [
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "id": 2, "result": VERSION},
        {"jsonrpc": "2.0", "error": invalid, "id": None},
        {"jsonrpc": "2.0", "id": 3},
        {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid request"}},
    ]


async def test_large_batch_of_plain_calls() -> None:
    async with serving(version_node()) as client:
        status, answers = await client.post([{**CALL, "id": number} for number in range(100)])
    assert status == 200
    assert [answer["id"] for answer in answers] == list(range(100))


# Time


async def test_body_that_does_not_arrive() -> None:
    async with serving(body_timeout_s=0.05) as client:
        answer = await client.raw(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
        )
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"did not arrive" in answer


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nHost: x\r\n"], ids=["nothing", "half a head"])
async def test_head_that_does_not_arrive(sent: bytes) -> None:
    async with serving(idle_timeout_s=0.05) as client:
        assert await client.raw(sent) == b""


async def test_client_that_does_not_read() -> None:
    """Its connection is cut after the time-out; the memory of its answers is freed."""
    async with serving(write_timeout_s=0.05) as client:
        client.node.returns(header())
        call = orjson.dumps([{"id": 1, "method": "aztec_getBlockHeader"}] * 100)
        connection = socket.create_connection((client.host, client.port))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        flood = post_bytes(call) * 10_000
        with pytest.raises(ConnectionError):
            await loop.sock_sendall(connection, flood)
        connection.close()
        assert (await client.http("GET", "/status"))[0] == 200


async def test_too_many_requests_at_once() -> None:
    tx = some_tx()
    entered, release = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        entered.set()
        await release.wait()

    async with serving(max_concurrent_requests=1) as client:
        client.node.answer(lambda *_: wait())
        async with asyncio.TaskGroup() as group:
            first = group.create_task(client.call("aztec_sendTx", tx))
            await entered.wait()
            status, answer = await client.post(CALL)
            assert status == 503
            assert answer["error"] == {"code": -32000, "message": "The node is busy: try again."}
            assert (await client.http("GET", "/status"))[0] == 200
            release.set()
        assert first.result()[0] == 200


async def test_too_many_connections() -> None:
    async with serving(max_connections=1) as client:
        _, writer = await asyncio.open_connection(client.host, client.port)
        assert await client.raw(b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n") == b""
        writer.close()


# Errors of ours


async def test_bug_in_the_node_shows_nothing_and_is_logged() -> None:
    async with serving() as client:
        client.node.raises(KeyError("secret path"))
        with structlog.testing.capture_logs() as logs:
            status, answer = await client.call("aztec_getL2Tips")
    (logged,) = [entry for entry in logs if entry["event"] == "rpc_call_failed"]
    assert status == 400
    assert answer["error"]["code"] == -32702
    assert "secret" not in str(answer)
    assert logged["request_id"] in answer["error"]["message"]
    assert isinstance(logged["exc_info"], KeyError)
    assert logged["method"] == "getL2Tips"


async def test_failing_database_shows_no_path_and_is_logged() -> None:
    async with serving() as client:
        client.node.raises(StoreFullError("no space is left for the store in /home/me/data"))
        with structlog.testing.capture_logs() as logs:
            status, answer = await client.call("aztec_getL2Tips")
    (logged,) = [entry for entry in logs if entry["event"] == "rpc_call_failed"]
    assert status == 400
    assert answer["error"]["code"] == -32702
    assert "/home" not in str(answer)
    assert StoreFullError.code in answer["error"]["message"]
    assert logged["request_id"] in answer["error"]["message"]
    assert "/home/me/data" in logged["reason"]


async def test_bug_of_the_server_shows_nothing_and_is_logged() -> None:
    class OddError(InvalidInputError):
        data = object()  # no JSON

    async with serving() as client:
        client.node.raises(OddError("x"))
        with structlog.testing.capture_logs() as logs:
            status, answer = await client.call("aztec_getL2Tips")
        assert (await client.http("GET", "/status"))[0] == 200
    assert status == 500
    assert answer["error"] == {"code": -32600, "message": "Internal error, see the node's log"}
    assert "rpc_request_failed" in {entry["event"] for entry in logs}


async def test_request_is_logged_in_one_line() -> None:
    async with serving(version_node()) as client:
        with structlog.testing.capture_logs() as logs:
            await client.post(CALL)
    (line,) = [entry for entry in logs if entry["event"] == "rpc_request"]
    assert line["log_level"] == "debug"
    assert (line["method"], line["status"]) == ("getVersion", 200)
    assert {"duration_ms", "bytes"} < set(line)


# Cache


async def test_cached_answer_follows_the_state() -> None:
    recorded = [s["result"] for s in samples() if s["method"] == "getL2Tips"]
    first, second = (L2Tips.from_json(value) for value in recorded)
    async with serving() as client:
        client.node.returns(first)
        assert (await client.call("node_getL2Tips"))[1]["result"] == recorded[0]
        assert (await client.call("aztec_getL2Tips"))[1]["result"] == recorded[0]
        assert len(client.node.calls) == 1
        client.node.returns(second)
        assert (await client.call("node_getL2Tips"))[1]["result"] == recorded[1]


async def test_answer_for_a_block_outlives_new_blocks_but_no_reorg() -> None:
    async with serving() as client:
        client.node.returns(header())
        for expected_calls, change in ((1, "state_version"), (1, "reorg_count"), (2, "state_version")):
            assert (await client.call("aztec_getBlockHeader", 5))[0] == 200
            assert len(client.node.calls) == expected_calls
            setattr(client.node, change, getattr(client.node, change) + 1)


async def test_latest_is_no_fixed_block() -> None:
    async with serving() as client:
        client.node.returns(header())
        for number in range(1, 4):
            await client.call("aztec_getBlockHeader", "latest")
            assert len(client.node.calls) == number
            client.node.state_version += 1


async def test_what_was_not_found_is_looked_up_again() -> None:
    async with serving() as client:
        client.node.returns(None)
        for number in range(1, 3):
            assert (await client.call("aztec_getBlockHeader", 5))[1] == {"jsonrpc": "2.0", "id": 7}
            assert len(client.node.calls) == number


async def test_heavy_work_leaves_the_event_loop() -> None:
    """Transactions are decoded in another thread."""
    tx = some_tx()
    seen: list[str] = []
    read = Tx.from_json

    def watched(value: Any, path: str = "") -> Any:
        seen.append(threading.current_thread().name)
        return read(value, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tx, "from_json", watched)
        async with serving() as client:
            client.node.returns(None)
            assert (await client.call("aztec_sendTx", tx))[0] == 200
    assert seen != []
    assert "MainThread" not in seen


@pytest.mark.parametrize(
    ("method", "params"),
    [("getPendingTxs", []), ("getTxsByHash", [[]]), ("getPublicLogs", [{}]), ("getContractClassLogs", [{}])],
)
async def test_heavy_reads_leave_the_event_loop(method: str, params: list[Any]) -> None:
    seen: list[str] = []
    async with serving() as client:
        client.node.answer(lambda *_, **__: seen.append(threading.current_thread().name))
        assert (await client.call(f"aztec_{method}", *params))[0] == 200
    assert len(seen) == 1
    assert "MainThread" not in seen


# Life


def make_server(port: int, host: str = "127.0.0.1") -> RpcServer:
    return RpcServer(
        node=FakeNode(),  # type: ignore[arg-type]
        host=host,
        port=port,
        headers=HEADERS,
        health=lambda: True,
        limits=RpcLimits(stop_timeout_s=0.2),
    )


async def test_port_that_is_taken() -> None:
    async with serving() as client:
        with pytest.raises(
            PortInUseError, match=f"Port {client.port} on 127.0.0.1 is in use by another program"
        ):
            async with make_server(client.port).run():
                pass


async def test_host_that_is_not_ours() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1"):
        await make_server(0, "192.0.2.1").run().__aenter__()


async def test_port_is_free_again_after_the_end() -> None:
    async with make_server(0).run() as address:
        assert address.url == f"http://127.0.0.1:{address.port}"
    async with make_server(address.port).run() as again:
        assert again.port == address.port


async def test_stopping_lets_requests_finish_and_does_not_wait_for_ever() -> None:
    tx = some_tx()
    node = FakeNode()
    entered, release = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        entered.set()
        await release.wait()

    node.answer(lambda *_: wait())
    server = RpcServer(
        node=node,  # type: ignore[arg-type]
        host="127.0.0.1",
        port=0,
        headers=HEADERS,
        health=lambda: True,
        limits=RpcLimits(stop_timeout_s=5.0),
    )
    body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "aztec_sendTx", "params": [tx]})
    async with server.run() as address:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(post_bytes(body))
        await entered.wait()
        asyncio.get_running_loop().call_later(0.05, release.set)
    answer = await reader.read()
    assert answer.endswith(b'{"jsonrpc":"2.0","id":1}')
    writer.close()


async def test_stopping_ends_requests_that_never_finish() -> None:
    tx = some_tx()
    entered = asyncio.Event()

    async def hang() -> None:
        entered.set()
        await asyncio.Event().wait()

    async with serving(stop_timeout_s=0.05) as client:
        client.node.answer(lambda *_: hang())
        body = orjson.dumps({"id": 1, "method": "aztec_sendTx", "params": [tx]})
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(post_bytes(body))
        await entered.wait()
    assert await reader.read() == b""
    writer.close()


async def test_metrics_are_served_as_text_and_not_to_other_origins() -> None:
    server = RpcServer(
        node=version_node(),
        host="127.0.0.1",
        port=0,
        headers=HEADERS,
        health=lambda: True,
        exposition=lambda: b"aztecd_test 1\n",
    )
    async with server.run() as address, aiohttp.ClientSession() as session:
        async with session.get(f"{address.url}/metrics") as answer:
            assert answer.status == 200
            assert await answer.read() == b"aztecd_test 1\n"
            assert answer.headers["content-type"].startswith("text/plain")
            assert "access-control-allow-origin" not in answer.headers
        async with session.post(f"{address.url}/metrics") as answer:
            assert answer.status == 405
