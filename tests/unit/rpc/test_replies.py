"""The JSON-RPC envelope on odd requests."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from aztecd.rpc.dispatch import Dispatcher
from aztecd.rpc.errors import RequestError
from aztecd.rpc.limits import RpcLimits
from aztecd.rpc.replies import decode_body, failure_body
from tests.support.fake_node import FakeNode


class Seen:
    """Collects what is measured."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def observe_call(self, *, method: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.calls.append((method, outcome))


async def answer(request: Any, metrics: Seen | None = None) -> Any:
    node = FakeNode()
    node.returns(5)
    reply = await Dispatcher(node, RpcLimits(), metrics).answer(request)
    parsed = orjson.loads(reply.body)
    assert reply.failed == (isinstance(parsed, dict) and "error" in parsed)
    return parsed


@pytest.mark.parametrize("request_id", [7, -1, 0, 2**63, 'a"b\n', None, True, 1.5, [1, {"a": None}], {}])
async def test_id_comes_back(request_id: Any) -> None:
    assert await answer({"id": request_id, "method": "aztec_getVersion"}) == {
        "jsonrpc": "2.0",
        "id": request_id,
        "result": 5,
    }


async def test_id_nested_deeper_than_the_writer_goes() -> None:
    deep = b"[" * 300 + b"]" * 300
    request = orjson.loads(b'{"method":"aztec_getVersion","id":' + deep + b"}")
    assert await answer(request) == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": -32600, "message": "Invalid Request"},
    }


@pytest.mark.parametrize("version", ["1.0", 5, None, {"a": []}])
async def test_version_is_echoed_but_for_invalid_parameters(version: Any) -> None:
    def request(method: str) -> dict[str, Any]:
        return {"jsonrpc": version, "id": 1, "method": method}

    assert (await answer(request("aztec_getVersion")))["jsonrpc"] == version
    assert (await answer(request("aztec_nope")))["jsonrpc"] == version
    assert (await answer({**request("aztec_getVersion"), "params": 5}))["jsonrpc"] == version
    assert (await answer(request("aztec_getBlock")))["jsonrpc"] == "2.0"


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        ("aztec_getVersion", True),
        ("node_getVersion", True),
        ("node_getVersion_a_b", True),
        ("node_getVersion_", True),
        ("getVersion", False),
        ("node", False),
        ("_", False),
        ("node_", False),
        ("_getVersion", False),
        ("Node_getVersion", False),
        ("node_get_version", False),
        ("node_constructor", False),
        ("node___class__", False),
        ("nodeAdmin_getConfig", False),
    ],
)
async def test_names(name: str, is_known: bool) -> None:
    reply = await answer({"id": 1, "method": name})
    assert ("result" in reply) == is_known
    if not is_known:
        assert reply["error"] == {"code": -32601, "message": f"Method not found: {name}"}


@pytest.mark.parametrize(
    ("params", "text"),
    [(5, "5"), (True, "true"), (False, "false"), (None, "null"), ({}, "[object Object]"), ("x", "x")],
)
async def test_parameters_that_are_no_array(params: Any, text: str) -> None:
    reply = await answer({"id": 1, "method": "node_getVersion", "params": params})
    assert reply["error"] == {"code": -32702, "message": f"Params to getVersion is not an array: {text}"}


async def test_outcomes_are_measured_under_bounded_names() -> None:
    seen = Seen()
    await answer(
        [
            {"method": "node_getVersion"},
            {"method": "aztec_getBlock", "params": [None]},
            {"method": "aztec_getContractClass", "params": ["0x"]},
            {"method": "aztec_" + "x" * 50},
            {},
            5,
        ],
        seen,
    )
    # Calls that wait for threads end later: the order is not part of it.
    assert sorted(seen.calls) == [
        ("getBlock", "invalid_params"),
        ("getContractClass", "failed"),
        ("getVersion", "ok"),
        ("unknown", "invalid_request"),
        ("unknown", "invalid_request"),
        ("unknown", "not_found"),
    ]


async def test_long_names_are_cut_in_the_answer() -> None:
    reply = await answer({"id": 1, "method": "x" * 100_000})
    assert len(reply["error"]["message"]) < 2100


@pytest.mark.parametrize("body", [b"5", b'"x"', b"null", b" ", b"\xef\xbb\xbf5", b"true"])
def test_only_objects_and_arrays_are_read(body: bytes) -> None:
    with pytest.raises(RequestError, match="only supports object and array"):
        decode_body(body)


def test_a_byte_order_mark_is_skipped() -> None:
    assert decode_body(b'\xef\xbb\xbf{"id":1}') == {"id": 1}


@pytest.mark.parametrize(
    "body", [b"{", b'{"a":NaN}', b'{"a":\xff}', b"[1,]", b"{'a':1}", b"[" * 100_000, b'["\\ud800"]', b"{}x"]
)
def test_malformed_json(body: bytes) -> None:
    with pytest.raises(RequestError, match=r"^Parse error: ") as caught:
        decode_body(body)
    assert (caught.value.status, caught.value.rpc_code) == (400, -32700)


def test_error_text_is_always_written() -> None:
    body = failure_body("2.0", 1, -32702, "lone \ud800 surrogate")
    assert orjson.loads(body)["error"]["message"] == "lone ? surrogate"
