"""One call to a running node, for the command line."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any

from aztecd.errors import InvalidInputError, UnavailableError

__all__ = ["CallFailedError", "NodeAwayError", "call_node", "result_of"]

_TIMEOUT_S = 60


class CallFailedError(InvalidInputError):
    """The node answered with an error."""

    code = "call_failed"


class NodeAwayError(UnavailableError):
    """No node answers at the URL."""

    code = "node_away"


def call_node(url: str, method: str, params: Sequence[str]) -> str:
    """Call a method and give its result as indented JSON; `null` when there is none.

    Raises: as `result_of`.
    """
    return json.dumps(result_of(url, method, params), indent=2)


def result_of(url: str, method: str, params: Sequence[str]) -> Any:
    """Call a method and give its result; None when there is none.

    A method without a namespace is one of `aztec`. Each parameter is read as JSON, else taken as text.
    Raises CallFailedError, NodeAwayError.
    """
    name = method if "_" in method else f"aztec_{method}"
    call = {"jsonrpc": "2.0", "id": 1, "method": name, "params": [_value(text) for text in params]}
    if not url.startswith(("http://", "https://")):
        raise CallFailedError(f"{url} is no URL of a node: it must begin with http:// or https://")
    try:
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            url, json.dumps(call).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310 - same
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        answer = _error_body(error)
    except (OSError, ValueError, HTTPException, RecursionError) as error:
        reason = getattr(error, "reason", error)
        raise NodeAwayError(
            f"no node answers at {url}: {getattr(reason, 'strerror', None) or reason}"
        ) from error
    if not isinstance(answer, dict):
        raise NodeAwayError(f"no node answers at {url}: what came is no JSON-RPC")
    failure = answer.get("error")
    if isinstance(failure, dict):
        raise CallFailedError(f"{name}: {failure.get('message')} ({failure.get('code')})")
    if failure is not None:
        raise CallFailedError(f"{name}: {failure}")
    return answer.get("result")


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _error_body(error: urllib.error.HTTPError) -> Any:
    try:
        answer = json.load(error)
    except (OSError, ValueError, HTTPException, RecursionError):
        answer = None
    if isinstance(answer, dict) and "error" in answer:
        return answer
    return {"error": {"code": error.code, "message": error.reason}}
