"""Random requests: every one is answered, none with an internal error, and memory stays flat."""

from __future__ import annotations

import base64
import os
import random
import tracemalloc
from typing import Any

import orjson
import pytest
import structlog

from aztecd.rpc.methods import METHODS
from tests.support.fake_node import FakeNode
from tests.support.rpc_samples import samples
from tests.support.rpc_server import JSON, post_bytes, serving

pytestmark = [pytest.mark.fuzz, pytest.mark.integration]

CASES = int(os.environ.get("AZTECD_FUZZ_CASES", "600"))
SEED = int(os.environ.get("AZTECD_FUZZ_SEED", "20260101"))
HTTP_ERRORS_OF_BODIES = {"request entity too large"}
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 2**53, 2**63, 1e308, "", "0x", "0x1", "latest", "5", " ", "zz", "\u0000",
    "\U0001f600",
    "0x" + "f" * 64, "A" * 5000, [], [[]], {}, {"a": 1}, {"type": "Buffer", "data": [1, 256, -1, "x"]},
]  # fmt: skip


def mutated(value: Any, dice: random.Random, depth: int = 0) -> Any:
    """Change a JSON value somewhere."""
    if depth > 6 or dice.random() < 0.15:
        return dice.choice(ODD)
    match value:
        case dict() if value:
            key = dice.choice(list(value))
            changed = dict(value)
            if dice.random() < 0.2:
                del changed[key]
            else:
                changed[key] = mutated(value[key], dice, depth + 1)
            return changed
        case list() if value:
            index = dice.randrange(len(value))
            if dice.random() < 0.2:
                return value[:index] + value[index + 1 :] * dice.choice((1, 2, 60))
            return [*value[:index], mutated(value[index], dice, depth + 1), *value[index + 1 :]]
        case str() if value:
            return mutated_text(value, dice)
        case _:
            return dice.choice(ODD)


def mutated_text(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text))
    how = dice.random()
    if how < 0.4:
        return text[:at] + dice.choice("0123456789abcdefxzA+/=\n ") + text[at + 1 :]
    if how < 0.6:
        return text[:at]
    if len(text) > 1000 and how < 0.9:
        # A changed byte inside a buffer keeps the base64 valid and reaches the decoders behind it.
        try:
            data = bytearray(base64.b64decode(text, validate=True))
        except ValueError:
            return text[at:]
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        return base64.b64encode(data).decode()
    return text + text[:at]


def bases() -> list[dict[str, Any]]:
    """Give one recorded request of each method, the transactions with few fields."""
    found = {}
    for sample in samples():
        request = {
            "jsonrpc": "2.0",
            "id": 7,
            "method": f"aztec_{sample['method']}",
            "params": sample["params"],
        }
        if "error" not in sample and len(orjson.dumps(request)) < 300_000:
            found.setdefault(sample["method"], request)
    assert set(found) == {method.name for method in METHODS if not method.is_local}
    return list(found.values())


def none_found() -> FakeNode:
    node = FakeNode()
    node.returns(None)
    return node


async def test_mutated_requests() -> None:
    dice = random.Random(SEED)
    requests = bases()
    with structlog.testing.capture_logs() as logs:
        async with serving(none_found()) as client:
            for number in range(CASES):
                request: Any = mutated(dice.choice(requests), dice)
                if dice.random() < 0.1:
                    request = [mutated(request, dice), request, dice.choice(ODD)]
                status, _, body = await client.http("POST", body=orjson.dumps(request), headers=JSON)
                answer = orjson.loads(body)
                message = answer["error"]["message"] if isinstance(answer, dict) and "error" in answer else ""
                seen = f"seed {SEED}, case {number}: {status} {message}"
                assert status in {200, 400} or message in HTTP_ERRORS_OF_BODIES, seen
                assert "Internal error" not in body.decode(), seen
    assert [entry for entry in logs if entry["log_level"] in {"error", "critical"}] == []


async def test_random_bytes() -> None:
    dice = random.Random(SEED)
    text = orjson.dumps(bases()[0])
    async with serving(none_found()) as client:
        for number in range(CASES):
            body = bytearray(text)
            for _ in range(dice.randrange(1, 6)):
                body[dice.randrange(len(body))] = dice.randrange(256)
            if dice.random() < 0.2:
                body = bytearray(dice.randbytes(dice.randrange(200)))
            status, _, answer = await client.http("POST", body=bytes(body), headers=JSON)
            assert status in {200, 400}, f"seed {SEED}, case {number}"
            orjson.loads(answer)


async def test_random_http() -> None:
    """Nothing on the wire stops the server."""
    dice = random.Random(SEED)
    template = post_bytes(b"{}").replace(b"Host: x", b"Host: x\r\nConnection: close")
    async with serving(none_found(), idle_timeout_s=0.1, body_timeout_s=0.1) as client:
        for _ in range(max(20, CASES // 20)):
            data = bytearray(template)
            for _ in range(dice.randrange(1, 4)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            answer = await client.raw(bytes(data))
            assert b"Traceback" not in answer
        assert (await client.http("GET", "/status"))[0] == 200


async def test_memory_stays_flat() -> None:
    dice = random.Random(SEED)
    requests = [orjson.dumps(mutated(dice.choice(bases()), dice)) for _ in range(60)]
    async with serving(none_found(), cache_bytes=0) as client:

        async def round_of_all() -> int:
            for body in requests:
                await client.http("POST", body=body, headers=JSON)
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        try:
            await round_of_all()
            first = await round_of_all()
            for _ in range(4):
                last = await round_of_all()
        finally:
            tracemalloc.stop()
    assert last - first < 300_000
