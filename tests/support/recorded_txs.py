"""Transaction bodies out of tx.json, with the parts filled in that the file leaves out."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

from tests.support.vectors import load

OMITTED_PROOF = "@OMITTED"
_EMPTY_PROOF = base64.b64encode((1935).to_bytes(4, "big") + bytes(1935 * 32)).decode()
_ZERO = "0x" + 64 * "0"


def recorded_body(body: dict[str, Any]) -> dict[str, Any]:
    """Fill in an empty proof and the zeros behind contract class logs."""
    logs = []
    for log in body["contractClassLogFields"]:
        size = log.get("@fieldsZeroPaddedTo", len(log["fields"]))
        logs.append({"fields": log["fields"] + [_ZERO] * (size - len(log["fields"]))})
    proof = _EMPTY_PROOF if body["chonkProof"] == OMITTED_PROOF else body["chonkProof"]
    return body | {"chonkProof": proof, "contractClassLogFields": logs}


@lru_cache(maxsize=1)
def recorded_bodies() -> dict[str, dict[str, Any]]:
    """Give the base bodies of the validation cases by label."""
    bases = load("tx.json.gz")["validation"]["bases"]
    return {label: recorded_body(body) for label, body in bases.items()}
