"""The recorded requests and answers of the reference's JSON-RPC server, with abbreviations written out."""

from __future__ import annotations

import copy
from typing import Any

from tests.support.vectors import load

FILE = "rpc_samples.json.gz"
ZERO = "0x" + "00" * 32


def samples() -> list[dict[str, Any]]:
    """Give all calls: method, params, status and result or error."""
    recorded = load(FILE)["samples"]
    bodies = {entry["label"]: entry["params"][0] for entry in recorded if "label" in entry}
    return [_expand(entry, bodies) for entry in recorded if not entry["method"].startswith("@")]


def transport() -> list[dict[str, Any]]:
    """Give the raw HTTP exchanges."""
    return load(FILE)["transport"]


def mempool_errors() -> list[dict[str, Any]]:
    """Give the errors of the mempool session; they carry `data`."""
    return [call for call in load(FILE)["mempool"]["calls"] if "data" in call.get("error", {})]


def _expand(value: Any, bodies: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_expand(item, bodies) for item in value]
    if not isinstance(value, dict):
        return value
    if "@txBody" in value:
        return copy.deepcopy(_expand(bodies[value["@txBody"]], bodies))
    # An extra member that the reference leaks into headers; clients drop it.
    kept = {
        key: _expand(item, bodies)
        for key, item in value.items()
        if key not in {"_cachedHash", "@zeroPaddedTo"}
    }
    if "@zeroPaddedTo" in value:
        kept["fields"] += [ZERO] * (value["@zeroPaddedTo"] - len(kept["fields"]))
    return kept
