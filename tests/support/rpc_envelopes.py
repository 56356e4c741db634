"""Random requests whose wrapping is unusual: JSON-RPC members, batches, bodies, HTTP."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any, Final

from tests.support.rpc_questions import JSON_TYPE, Question

if TYPE_CHECKING:
    import random

LARGE_ID: Final = 2**53 + 1
"""What JavaScript rounds."""
_IDS: Final[tuple[Any, ...]] = (
    0, -1, 1.5, LARGE_ID, 10**25, 1e21, 1e-7, -0.0, "", "a", "\u00e9\u2028", None, True, [], {}, [1, None],
    {"a": {"b": 1}},
)  # fmt: skip
_VERSIONS: Final[tuple[Any, ...]] = ("2.0", "1.0", "", None, 2, 2.0, [], {}, True)
_METHODS: Final[tuple[Any, ...]] = (
    "getVersion", "node_", "_getVersion", "node__getVersion", "node_getVersion_x", "NODE_getVersion",
    " node_getVersion", "node_getversion", "node_getVersion ", "constructor", "node_constructor",
    "node_toString", "node___proto__", "node_hasOwnProperty", "node_getConfig", "node_stop",
    "node_getBlockSource", "nodeAdmin_getConfig", "rpc.discover", "eth_chainId",
    "\u00fc_\u00fc", "x" * 1000, "", None, 5, [], {}, True,
)  # fmt: skip
_PARAMS: Final[tuple[Any, ...]] = (None, True, 0, 7, 1.5, 1e21, "", "x", {}, {"0": 1}, [], [None], [[[]]])
_ITEMS: Final[tuple[Any, ...]] = (
    None, True, 0, 5, "", "x", [], [1], {}, {"id": 1}, {"method": ""}, {"id": None, "method": 5},
)  # fmt: skip
_CALL: Final = b'{"id": 1, "method": "x"}'
_BODIES: Final[tuple[bytes, ...]] = (
    b"", b" ", b"null", b"5", b'"x"', b"true", b"[]", b"[ ]", b"{}", b"[1]", b"[[]]", b"[null]", b"[{}]",
    b"{", b"[", b"]", b'{"id": 1,}', b'{"id": 1', b"{'id': 1}", b'{"id": NaN, "method": "x"}',
    b'{"id": 1e400, "method": "x"}', b'{"id": 01, "method": "x"}', b'{"id": 1, "id": 2, "method": "x"}',
    b'{"id": "\\ud800", "method": "x"}', b'{"id": "\xff", "method": "x"}', b"\xef\xbb\xbf" + _CALL,
    b"\xc2\xa0" + _CALL, b"\x0b" + _CALL, b"\n\t " + _CALL + b"\r\n ", _CALL + b" x", b"// x\n{}",
    b'{"id": 1, "method": "\\u0000"}', b'{"id": "a\nb", "method": "x"}', b'{"id": "\\x41", "method": "x"}',
    b'{"__proto__": {"method": "node_getVersion"}, "id": 1}', b"[" * 300 + b"]" * 300,
    b'{"id": ' + b"[" * 200 + b"]" * 200 + b', "method": "x"}',
)  # fmt: skip
_TYPES: Final = (
    "application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/json;",
    "application/json;charset=latin1", "application/json-patch+json", "application/vnd.api+json",
    "application/csp-report", "application/ld+json", "application/jsonrequest", "text/json", "text/plain",
    "application/x-www-form-urlencoded", "multipart/form-data", "json", "", "application/json, text/plain",
    " application/json ", "application /json",
)  # fmt: skip
_VERBS: Final = ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "POST")
_PATHS: Final = (
    "/", "/status", "//", "/?a=1", "/nothing", "/status/", "/STATUS", "/index.html", "/%2F", "/status?x",
    "/.",
)  # fmt: skip
_ENCODINGS: Final = ("gzip", "deflate", "identity", "br", "x", "", "GZIP", "gzip, gzip", "zstd", "x-gzip")
_MIB: Final = 1 << 20


def envelope(dice: random.Random, calls: list[Question]) -> Question:
    """Wrap calls that clients could send into something unusual."""
    kinds = (
        _members,
        _members,
        _members,
        _batch,
        _batch,
        _body,
        _content_type,
        _http,
        _http,
        _encoding,
        _size,
    )
    return dice.choice(kinds)(dice, calls)


def _members(dice: random.Random, calls: list[Question]) -> Question:
    return Question(method="members", body=json.dumps(_odd_request(dice, calls)).encode())


def _odd_request(dice: random.Random, calls: list[Question]) -> dict[str, Any]:
    request: dict[str, Any] = json.loads(dice.choice(calls).body)
    for name, values in (("id", _IDS), ("jsonrpc", _VERSIONS), ("method", _METHODS), ("params", _PARAMS)):
        how = dice.random()
        if how < 0.1:
            del request[name]
        elif how < 0.4:
            request[name] = dice.choice(values)
    return request


def _batch(dice: random.Random, calls: list[Question]) -> Question:
    count = dice.choice((0, 1, 2, 3, 7, 100, 101))
    items: list[Any] = []
    for _ in range(count):
        how = dice.random()
        item = dice.choice(_ITEMS) if how < 0.1 else json.loads(dice.choice(calls).body)
        items.append(_odd_request(dice, calls) if how > 0.85 else item)
    return Question(method="batch", body=json.dumps(items).encode())


def _body(dice: random.Random, _calls: list[Question]) -> Question:
    return Question(method="body", body=dice.choice(_BODIES))


def _content_type(dice: random.Random, calls: list[Question]) -> Question:
    headers = {"content-type": dice.choice(_TYPES)} if dice.random() < 0.9 else {}
    return Question(method="content type", body=dice.choice(calls).body, headers=headers)


def _http(dice: random.Random, calls: list[Question]) -> Question:
    verb = dice.choice(_VERBS)
    headers = dict(JSON_TYPE)
    if dice.random() < 0.4:
        headers |= {"origin": "http://a.example"}
    if dice.random() < 0.3:
        headers |= {
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type, x-y",
        }
    body = dice.choice(calls).body if verb in {"POST", "PUT", "PATCH"} else b""
    return Question(method="http", body=body, verb=verb, path=dice.choice(_PATHS), headers=headers)


def _encoding(dice: random.Random, calls: list[Question]) -> Question:
    encoding = dice.choice(_ENCODINGS)
    body = dice.choice(calls).body
    match dice.choice(("right", "right", "plain", "cut")):
        case "plain":
            pass
        case how:
            body = zlib.compress(body) if encoding == "deflate" else gzip.compress(body)
            body = body[:-9] if how == "cut" else body
    return Question(method="encoding", body=body, headers=JSON_TYPE | {"content-encoding": encoding})


def _size(dice: random.Random, calls: list[Question]) -> Question:
    body = dice.choice(calls).body
    size = dice.choice((_MIB - 1, _MIB, _MIB + 1, 2 * _MIB))
    return Question(method="size", body=body + b" " * (size - len(body)))
