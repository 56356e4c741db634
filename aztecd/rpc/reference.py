"""The documentation of the methods, made from the method table: `aztecd/docs/rpc.md`.

python -m aztecd.rpc.reference          prints the page
python -m aztecd.rpc.reference --write  writes it to its place
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from aztecd.rpc.limits import RpcLimits
from aztecd.rpc.method import Cache, Method, Param
from aztecd.rpc.methods import METHOD_GROUPS

__all__ = ["PAGE", "main", "page"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rpc.md"

_LIMITS = RpcLimits()
_INTRODUCTION = f"""# JSON-RPC methods

Generated from the method table by `python -m aztecd.rpc.reference --write`.

`POST /` takes one JSON-RPC object, or an array of at most {_LIMITS.max_batch_items}; bodies of at most
{_LIMITS.max_body_bytes} bytes, `gzip` and `deflate` allowed. Every method is `aztec_<name>`, and
`node_<name>` for clients of the reference node. Parameters are positional; optional ones may be left out or
`null`. A result that does not exist is an answer without `result`. `GET /status` tells whether the node is
well; `GET /openrpc.json` gives this page for programs, with the schemas of all objects.

| error | HTTP | meaning |
|---|---|---|
| -32700 | 400 | the body is no JSON object or array |
| -32600 | 400 | no request; an empty or too long batch |
| -32600 | 408 | the body did not arrive in time |
| -32600 | 500 | a body that is too large (clients know this status), or badly compressed |
| -32601 | 400 | no such method |
| -32701 | 400 | parameters have the wrong shape; all issues, each with its path |
| -32702 | 400 | an impossible value, or the method refused; `data` says more where it can |
| -32600 | 500 | a bug of the node: its log has the details |
| -32000 | 200 | in a batch whose answers get too large: the calls that no longer fit |
| -32000 | 503 | the node is busy: try again |

Answers to batches have status 200. Numbers beyond 2^53 - 1 are refused: JSON clients would round them.

Columns: `?` marks optional parameters; *kept* says how long an encoded answer is kept: until the chain
changes (state), or, once found, until blocks are taken back (block).

## Where the reference node answers otherwise

Thousands of random questions to both nodes of one chain (`tests/support/rpc_fuzz.py`) find no other
differences, but for settings of a node:

* State of block 0 is that of block 0, not the newest ([decision 2](decisions/0002-genesis-queries.md)).
* No logs are lost after `afterLog` ([decision 7](decisions/0007-chain-answers.md)).
* Numbers beyond 2^53 - 1, and fractions as a page or a limit, are refused; as `id` they come back unrounded.
* Text that is no Unicode, and numbers beyond all bounds (`1e400`), make a body malformed (-32700). A member
  `__proto__` is one like others.
* Content codings in capitals, and `0X` before an L1 address, are taken. HEAD names the content type.
* Messages about malformed or badly compressed bodies have other words; of several issues the order, and a
  second one of the same text, may differ. Names in messages are cut after 2000 characters.
"""


def page() -> str:
    """Give the page."""
    parts = [_INTRODUCTION]
    for title, methods in METHOD_GROUPS:
        parts.append(f"## {title}\n\n| method | parameters | result | kept | |\n|---|---|---|---|---|")
        parts.append("\n".join(map(_row, methods)) + "\n")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Print the page, or write it."""
    if arguments == ["--write"]:
        PAGE.write_text(page())
    else:
        sys.stdout.write(page())
    return 0


def _row(method: Method) -> str:
    params = ", ".join(map(_param, method.params)) or "-"
    kept = "" if method.cache is Cache.NEVER else method.cache.value
    return f"| `{method.name}` | {params} | {_schema(method.result.schema)} | {kept} | {method.doc} |"


def _param(param: Param) -> str:
    mark = "?" if param.optional else ""
    default = "" if param.default is None else f" = {json.dumps(param.default)}"
    return f"{param.name}{mark}: {_schema(param.kind.schema)}{default}"


def _schema(schema: dict[str, Any]) -> str:
    """Name a schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2].removesuffix("Input")
    if "enum" in schema:
        return "number 0..4"
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " or ".join(map(_schema, schema[union]))
    kind = str(schema["type"])
    if kind == "array":
        if "prefixItems" in schema:
            return "[" + ", ".join(map(_schema, schema["prefixItems"])) + "]"
        items = _schema(schema["items"])
        longest = f" (at most {schema['maxItems']})" if "maxItems" in schema else ""
        return (f"({items})" if " " in items else items) + "[]" + longest
    if kind == "integer":
        bounds = [str(schema[name]) if name in schema else "" for name in ("minimum", "maximum")]
        return "number" if bounds == ["", ""] else f"number {bounds[0]}..{bounds[1]}"
    return {"null": "none", "string": "base64" if "contentEncoding" in schema else "text"}.get(kind, kind)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
