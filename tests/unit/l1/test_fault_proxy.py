"""The proxy that makes trouble: each fault is what it says, the same under the same seed, and can be off."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aztecd.l1 import L1Client
from aztecd.l1.errors import L1Error, L1RpcError, L1UnavailableError
from tests.support.json_rpc import GONE, RpcClient
from tests.support.l1_fault_proxy import Fault, FaultProxy, Schedule

pytestmark = pytest.mark.integration


class Node(BaseHTTPRequestHandler):
    """Counts: each answer has the method, the first parameter, and how many requests there were before."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        requests = body if isinstance(body, list) else [body]
        items = [
            {"jsonrpc": "2.0", "id": item["id"], "result": [item["method"], next(self.server.count)]}
            for item in requests
        ]
        data = json.dumps(items if isinstance(body, list) else items[0]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def node():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Node)
    server.count = itertools.count()
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(node):
    with FaultProxy(f"http://127.0.0.1:{node.server_address[1]}") as made:
        yield made


def only(fault, seed=1):
    return Schedule(seed, share=1, faults=(fault,))


def ask(proxy, method="a"):
    with RpcClient(proxy.url) as rpc:
        return rpc.call(method)


def ask_batch(proxy, count=4):
    body = [{"jsonrpc": "2.0", "id": index, "method": f"m{index}", "params": []} for index in range(count)]
    with RpcClient(proxy.url) as rpc:
        status, answer = rpc.post(json.dumps(body).encode())
    assert status == 200
    return json.loads(answer)


def asked(node):
    return next(node.count)


def test_it_forwards(proxy):
    with RpcClient(proxy.url) as rpc:
        assert [rpc.call("a"), rpc.call("b")] == [["a", 0], ["b", 1]]
    assert [item["result"] for item in ask_batch(proxy, 2)] == [["m0", 2], ["m1", 3]]
    assert proxy.log == ["0 a -", "1 b -", "2 m0,m1 -"]


def test_connections_that_break(proxy, node):
    proxy.begin(only(Fault.REFUSE))
    with pytest.raises(GONE):
        ask(proxy)
    assert asked(node) == 0
    proxy.begin(only(Fault.DROP))
    with pytest.raises(GONE):
        ask(proxy)
    assert asked(node) == 2
    proxy.begin(only(Fault.CUT))
    with pytest.raises(http.client.IncompleteRead):
        ask(proxy)
    proxy.begin(only(Fault.TRUNCATE))
    with pytest.raises(json.JSONDecodeError):
        ask(proxy)


def test_errors(proxy):
    proxy.begin(only(Fault.HTTP_ERROR))
    with RpcClient(proxy.url) as rpc:
        assert rpc.post(b'{"id":1,"method":"a"}')[0] in {429, 500, 502, 503, 504}
    proxy.begin(only(Fault.RPC_ERROR))
    client = L1Client(proxy.url)
    with pytest.raises(L1RpcError):
        client.call("a")
    found = [ask_batch(proxy) for _ in range(8)]
    assert {type(answer) for answer in found} == {dict, list}
    for answer in found:
        assert sum("error" in item for item in (answer if isinstance(answer, list) else [answer])) == 1
    client.close()


def test_batches(proxy):
    proxy.begin(only(Fault.PARTIAL))
    assert all(len(ask_batch(proxy)) < 4 for _ in range(5))
    proxy.begin(only(Fault.DUPLICATE))
    found = [[item["id"] for item in ask_batch(proxy)] for _ in range(12)]
    assert {len(ids) for ids in found} == {4, 5}
    assert any(len(set(ids)) < len(ids) == 4 for ids in found)
    proxy.begin(only(Fault.REORDER))
    found = [[item["id"] for item in ask_batch(proxy)] for _ in range(5)]
    assert all(sorted(ids) == [0, 1, 2, 3] for ids in found)
    assert any(ids != [0, 1, 2, 3] for ids in found)


def test_an_answer_of_the_past(proxy):
    said = [ask(proxy), ask(proxy)]
    proxy.begin(only(Fault.STALE))
    assert ask(proxy) == ["a", 2]  # nothing is known yet
    proxy.is_on = False
    said = [ask(proxy), ask(proxy)]
    proxy.schedule, proxy.is_on = only(Fault.STALE), True
    assert ask(proxy) in said
    assert ask(proxy, "b")[0] == "b"


def test_an_answer_twice_does_not_become_the_next_one(proxy):
    proxy.begin(only(Fault.REPEAT))
    client = L1Client(proxy.url)
    assert [client.call(name)[0] for name in "abcdef"] == list("abcdef")
    client.close()


def test_what_is_no_answer(proxy):
    proxy.begin(only(Fault.GARBAGE))
    with RpcClient(proxy.url) as rpc:
        for _ in range(5):
            _, answer = rpc.post(b'{"id":1,"method":"a"}')
            assert b'"result"' not in answer
    proxy.begin(only(Fault.WRONG_TYPE))
    assert not isinstance(ask(proxy), list)


def test_the_same_seed_gives_the_same_faults(proxy):
    logs = []
    for seed in (5, 5, 6):
        proxy.begin(Schedule(seed, share=0.5))
        for _ in range(40):
            with contextlib.suppress(Exception):
                ask(proxy)
        logs.append(list(proxy.log))
    assert logs[0] == logs[1] != logs[2]
    assert 10 < sum(not line.endswith("-") for line in logs[0]) < 30


def test_off_down_and_another_node(proxy, node):
    proxy.begin(only(Fault.REFUSE))
    proxy.is_on = False
    assert ask(proxy) == ["a", 0]
    proxy.is_down = True
    client = L1Client(proxy.url)
    with pytest.raises(L1UnavailableError):
        client.call("a")
    proxy.is_down = False
    assert client.call("a") == ["a", 1]
    proxy.disconnect()
    proxy.target = "http://127.0.0.1:1"
    with pytest.raises(L1UnavailableError):
        client.call("a")
    proxy.target = f"http://127.0.0.1:{node.server_address[1]}"
    assert client.call("a") == ["a", 2]
    client.close()


@pytest.mark.parametrize("seed", range(8))
def test_our_client_says_what_is_wrong_or_gives_the_right_answer(proxy, seed):
    """Each answer belongs to its question; everything else is one of our errors."""
    believed = set(Fault) - {Fault.WRONG_TYPE}  # what a result has to be only its reader knows
    proxy.begin(Schedule(seed, share=0.7, faults=tuple(sorted(believed, key=lambda fault: fault.name))))
    client = L1Client(proxy.url, timeout_s=5)
    right = wrong = 0
    for turn in range(60):
        names = [f"m{turn}_{index}" for index in range(turn % 5)]
        try:
            found = client.batch(names_of(names)) if names else [client.call("single")]
        except L1Error:
            wrong += 1
        else:
            assert [item[0] for item in found] == (names or ["single"])
            right += 1
    client.close()
    assert right > 10
    assert wrong > 10


def names_of(names):
    return [(name, []) for name in names]
