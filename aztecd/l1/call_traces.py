"""The calls that a transaction made to a contract, from a node's traces.

Nodes offer one of two methods, some both, public ones often none: `trace_transaction` gives a flat list with
paths, `debug_traceTransaction` a tree. Calls that were undone, by their own failure or by a caller's, did not
happen.

Authority: @aztec/archiver src/l1/{trace_tx,debug_tx}.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aztecd.l1.errors import L1DecodeError, L1RpcError
from aztecd.l1.reads import hex_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aztecd.l1.client import L1Client
    from aztecd.protocol.basic import EthAddress

__all__ = ["debug_calls", "flat_calls", "traced_calls"]


def traced_calls(
    client: L1Client, tx_hash: bytes, target: EthAddress, problems: list[str]
) -> Iterator[bytes]:
    """Give the calldata of each successful call to `target`, of one method's trace and then of the other's.

    What a method could not do is added to `problems`. Raises L1UnavailableError.
    """
    name = f"0x{tx_hash.hex()}"
    methods: tuple[tuple[str, list[Any], Callable[[Any, EthAddress], list[bytes]]], ...] = (
        ("trace_transaction", [name], flat_calls),
        ("debug_traceTransaction", [name, {"tracer": "callTracer"}], debug_calls),
    )
    unread = 0
    for method, params, read in methods:
        try:
            calls = read(client.call(method, *params), target)
        except (L1RpcError, L1DecodeError) as error:
            problems.append(f"{method}: {error}")
            unread += 1
        except RecursionError:  # JSON of calls that are nested deeper than the parser goes
            problems.append(f"{method}: the calls are nested too deeply")
            unread += 1
        else:
            yield from calls
    if unread == len(methods):
        problems.append("an L1 node that offers one of these two methods is needed")


def flat_calls(trace: Any, target: EthAddress) -> list[bytes]:
    """Read the answer of `trace_transaction`. Raises L1DecodeError."""
    entries = [(_path(entry), entry) for entry in map(_mapping, _sequence(trace))]
    undone: set[tuple[int, ...]] = set()
    for path, entry in sorted(entries, key=lambda pair: len(pair[0])):  # callers before what they call
        if entry.get("error") or (path and path[:-1] in undone):
            undone.add(path)
    calls = []
    for path, entry in entries:
        if path in undone or entry.get("type") != "call":
            continue
        action = _mapping(entry.get("action"))
        if str(action.get("callType")).lower() == "call" and _is(action.get("to"), target):
            calls.append(hex_bytes(action.get("input", "0x")))
    return calls


def debug_calls(trace: Any, target: EthAddress) -> list[bytes]:
    """Read the answer of `debug_traceTransaction` with the `callTracer`. Raises L1DecodeError."""
    calls = []
    pending = [_mapping(trace)]
    while pending:
        call = pending.pop()
        if call.get("error"):
            continue
        if str(call.get("type")).upper() == "CALL" and _is(call.get("to"), target):
            calls.append(hex_bytes(call.get("input", "0x")))
        pending += reversed([_mapping(inner) for inner in _sequence(call.get("calls") or [])])
    return calls


def _is(value: Any, target: EthAddress) -> bool:
    return value is not None and hex_bytes(value) == target


def _path(entry: Mapping[str, Any]) -> tuple[int, ...]:
    path = tuple(_sequence(entry.get("traceAddress", [])))
    if not all(isinstance(index, int) for index in path):
        raise L1DecodeError("a trace names a call by something else than numbers")
    return path


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise L1DecodeError(f"the L1 node's trace has {str(value)[:80]!r} in place of a call")
    return value


def _sequence(value: Any) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise L1DecodeError(f"the L1 node's trace has {str(value)[:80]!r} in place of a list")
    return value
