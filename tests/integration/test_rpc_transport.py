"""HTTP around the calls: the recorded raw exchanges of the reference, paths, compression, sizes."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from typing import Any

import orjson
import pytest

from aztecd.protocol.header import BlockHeader
from tests.support.rpc_samples import samples, transport
from tests.support.rpc_server import HEADERS, JSON, VERSION, post_bytes, serving, version_node

pytestmark = pytest.mark.integration

CALL = {"jsonrpc": "2.0", "id": 1, "method": "node_getVersion"}

# Bodies that the recording describes in words.
BODIES: dict[str, bytes] = {
    "getTxsByHash with 51 hashes": orjson.dumps(
        {"jsonrpc": "2.0", "id": 7, "method": "node_getTxsByHash", "params": [["0x" + "00" * 31 + "05"] * 51]}
    ),
    "array of 101 requests": orjson.dumps([CALL] * 101),
    "valid request padded to 1048577 bytes": orjson.dumps(CALL).ljust(1048577),
    "gzip of a valid request": gzip.compress(orjson.dumps(CALL)),
}

# What differs from the reference, why, and what aztecd answers: status and a part of the body.
DIFFERENCES: dict[str, tuple[str, int, str]] = {
    "parse error": ("the text is that of the JSON parser", 400, '"code":-32700,"message":"Parse error: '),
    "aztec namespace (not in the reference)": ("it is ours", 200, f'"result":{VERSION}'),
    "admin: no key": ("no admin surface in this version", 400, "Method not found: nodeAdmin_getConfig"),
    "admin: wrong key": ("same", 400, "Method not found: nodeAdmin_getConfig"),
    "admin: getConfig": ("same", 400, "Method not found: nodeAdmin_getConfig"),
    "admin: getSlashPayloads": ("same", 400, "Method not found: nodeAdmin_getSlashPayloads"),
    "admin: getSlashOffenses all": ("same", 400, "Method not found: nodeAdmin_getSlashOffenses"),
    "admin: getSlashOffenses number is refused": ("same", 400, "Method not found"),
    "admin: reloadKeystore": ("same", 400, "Method not found: nodeAdmin_reloadKeystore"),
    "admin: setConfig empty": ("same", 400, "Method not found: nodeAdmin_setConfig"),
    "admin: setConfig unknown key ignored": ("same", 400, "Method not found: nodeAdmin_setConfig"),
    "admin: setConfig wrong type": ("same", 400, "Method not found: nodeAdmin_setConfig"),
    "admin: rollbackTo unknown": ("same", 400, "Method not found: nodeAdmin_rollbackTo"),
    "p2p: getPendingTxs": ("no peer-to-peer namespace in this version", 400, "Method not found"),
    "p2p: getPendingTxCount": ("same", 400, "Method not found: p2p_getPendingTxCount"),
    "p2p: getEncodedEnr": ("same", 400, "Method not found: p2p_getEncodedEnr"),
    "p2p: getPeers": ("same", 400, "Method not found: p2p_getPeers"),
    "p2p: getCheckpointAttestationsForSlot": ("same", 400, "Method not found"),
}


@pytest.mark.parametrize("exchange", transport(), ids=lambda exchange: exchange["label"])
async def test_recorded_exchange(exchange: dict[str, Any]) -> None:
    request, expected = exchange["request"], exchange["response"]
    text = request["body"]
    body = None if text is None else BODIES.get(text, text.encode())
    async with serving(version_node()) as client:
        status, headers, answer = await client.http(
            request["method"], request["path"], body=body, headers=request["headers"]
        )
    if exchange["label"] in DIFFERENCES:
        _, expected_status, part = DIFFERENCES[exchange["label"]]
        assert (status, part in answer.decode()) == (expected_status, True)
        return
    assert status == expected["status"]
    wanted = expected["body"]
    if isinstance(wanted, str):
        assert answer.decode() == wanted
    else:
        assert answer.decode() == json.dumps(wanted, separators=(",", ":"))
    for name, value in expected["headers"].items():
        assert headers.get(name) == value, name
    for name in ("Access-Control-Allow-Origin", "Allow", "Content-Type", "Content-Length"):
        assert (name in headers) == (name in expected["headers"]), name


def test_every_difference_is_of_a_recorded_exchange() -> None:
    assert set(DIFFERENCES) <= {exchange["label"] for exchange in transport()}


async def test_versions_go_with_every_answer() -> None:
    async with serving(version_node()) as client:
        for method, path, body in (
            ("POST", "/", b"{bad"),
            ("POST", "/", orjson.dumps(CALL)),
            ("GET", "/", None),
            ("GET", "/nothing", None),
            ("GET", "/status", None),
            ("GET", "/openrpc.json", None),
            ("OPTIONS", "/", None),
        ):
            _, headers, _ = await client.http(method, path, body=body, headers=JSON)
            assert {name: headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize("path", ["/", "//", "/?x=1", "//?x=//"])
async def test_path_is_tolerant(path: str) -> None:
    async with serving(version_node()) as client:
        request = post_bytes(orjson.dumps(CALL)).replace(b"POST / ", f"POST {path} ".encode())
        answer = await client.raw(request.replace(b"Host: x", b"Host: x\r\nConnection: close"))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b'{"jsonrpc":"2.0","id":1,"result":344372055}')


@pytest.mark.parametrize(
    ("path", "status"), [("/status/", 200), ("/STATUS", 200), ("/Status/?x", 200), ("/status/x", 404)]
)
async def test_path_of_the_health_check_is_tolerant(path: str, status: int) -> None:
    async with serving() as client:
        assert (await client.http("GET", path))[0] == status


async def test_absolute_target_is_understood() -> None:
    async with serving(version_node()) as client:
        answer = await client.raw(
            b"GET http://node.example/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_head_has_no_body() -> None:
    async with serving() as client:
        answer = await client.raw(b"HEAD /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Length: 2" in head
    assert body == b""


async def test_old_http_gets_its_answer_and_a_closed_connection() -> None:
    async with serving() as client:
        answer = await client.raw(b"GET /status HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert b"Connection: close" in answer
    assert answer.endswith(b"OK")


def _raise() -> bool:
    raise RuntimeError("secret")


@pytest.mark.parametrize(("health", "status"), [(lambda: True, 200), (lambda: False, 500), (_raise, 500)])
async def test_status_follows_health(health: Any, status: int) -> None:
    async with serving(health=health) as client:
        for method in ("GET", "HEAD"):
            given, _, body = await client.http(method, "/status")
            assert given == status
            assert b"secret" not in body


async def test_preflight_echoes_only_harmless_header_names() -> None:
    headers = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x" * 2000}
    async with serving() as client:
        status, answered, _ = await client.http("OPTIONS", "/", headers=headers)
    assert status == 204
    assert "Access-Control-Allow-Headers" not in answered


# Compression


def header() -> BlockHeader:
    return BlockHeader.from_json(next(s["result"] for s in samples() if s["method"] == "getBlockHeader"))


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("gzip, deflate, br", "gzip"),
        ("zstd, br, deflate", "deflate"),
        ("*", "gzip"),
        ("gzip;q=0, *", "deflate"),
        ("gzip;q=0.5", "gzip"),
        ("br, zstd", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_large_answers_are_compressed(accepted: str, chosen: str | None) -> None:
    async with serving() as client:
        client.node.returns(header())
        body = orjson.dumps({"id": 1, "method": "aztec_getBlockHeader"})
        _, headers, answer = await client.http(
            "POST", body=body, headers={**JSON, "Accept-Encoding": accepted}
        )
    assert headers.get("Content-Encoding") == chosen
    plain = {"gzip": gzip.decompress, "deflate": zlib.decompress, None: lambda data: data}[chosen](answer)
    assert orjson.loads(plain)["result"] == header().to_json()
    assert len(plain) > 1024
    assert headers["Content-Length"] == str(len(answer))


async def test_small_answers_are_not_compressed() -> None:
    async with serving(version_node()) as client:
        _, headers, answer = await client.http(
            "POST", body=orjson.dumps(CALL), headers={**JSON, "Accept-Encoding": "gzip"}
        )
    assert "Content-Encoding" not in headers
    assert orjson.loads(answer)["result"] == VERSION


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", _raw_deflate)]
)
async def test_compressed_request(encoding: str, pack: Any) -> None:
    async with serving(version_node()) as client:
        for size in (0, 200_000):
            body = pack(orjson.dumps(CALL).ljust(size))
            status, _, answer = await client.http(
                "POST", body=body, headers={**JSON, "Content-Encoding": encoding}
            )
            assert (status, orjson.loads(answer)["result"]) == (200, VERSION)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (gzip.compress(bytes(1 << 20)), "request entity too large"),
        (gzip.compress(orjson.dumps(CALL))[:-12], "The gzip body ends early"),
        (b"no gzip at all", "The body is no valid gzip"),
    ],
    ids=["bomb", "cut", "wrong"],
)
async def test_bad_compressed_request(body: bytes, message: str) -> None:
    if message.startswith("request"):
        body = gzip.compress(bytes((1 << 20) + 1))
    async with serving(version_node()) as client:
        status, _, answer = await client.http("POST", body=body, headers={**JSON, "Content-Encoding": "gzip"})
    assert status == 500
    assert orjson.loads(answer)["error"] == {"code": -32600, "message": message}


# Sizes


async def test_body_of_the_greatest_size() -> None:
    async with serving(version_node()) as client:
        status, _, answer = await client.http("POST", body=orjson.dumps(CALL).ljust(1 << 20), headers=JSON)
    assert (status, orjson.loads(answer)["result"]) == (200, VERSION)


@pytest.mark.parametrize("announces", [True, False])
async def test_endless_body_is_refused_early(announces: bool) -> None:
    """The server answers while the client still sends, and closes."""
    async with serving(version_node()) as client:
        reader, writer = await asyncio.open_connection(client.host, client.port)
        framing = b"Content-Length: 99999999999" if announces else b"Transfer-Encoding: chunked"
        writer.write(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + framing + b"\r\n\r\n"
        )
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        if not announces:
            for _ in range(20):
                writer.write(chunk)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 500 ")
        assert b"Connection: close" in head
        answer = await reader.readexactly(88)
        assert orjson.loads(answer)["error"]["message"] == "request entity too large"
        writer.close()


async def test_broken_chunks() -> None:
    async with serving(version_node()) as client:
        answer = await client.raw(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\nnope\r\n"
        )
    assert answer.startswith(b"HTTP/1.0 400 ")


async def test_no_http_at_all() -> None:
    async with serving() as client:
        answer = await client.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        assert b"Traceback" not in answer
        assert (await client.http("GET", "/status"))[0] == 200


async def test_huge_request_head() -> None:
    async with serving() as client:
        answer = await client.raw(b"GET /status HTTP/1.1\r\nX: " + b"y" * 100_000 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 400 ")


async def test_answers_of_a_batch_are_bounded() -> None:
    async with serving(max_batch_reply_bytes=5000) as client:
        client.node.returns(header())
        calls = [{"id": number, "method": "aztec_getBlockHeader"} for number in range(4)]
        status, answers = await client.post(calls)
    assert status == 200
    assert [("result" in answer) for answer in answers] == [True, True, True, False]
    assert answers[3]["id"] == 3
    assert answers[3]["error"]["code"] == -32000
