"""Find out why a mined transaction failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aztecd.l1.errors import ContractRevertError, L1DecodeError, L1RpcError
from aztecd.l1.reads import hex_bytes

if TYPE_CHECKING:
    from aztecd.l1.client import L1Client
    from aztecd.l1.revert import RevertReason

__all__ = ["mined_failure"]


def mined_failure(client: L1Client, tx_hash: str) -> RevertReason:
    """Ask the node why a mined transaction reverted.

    First by a trace, which shows what really happened; where the node has none, by repeating the call on
    the state before its block. The name is None when neither tells.
    """
    try:
        trace = client.call("debug_traceTransaction", tx_hash, {"tracer": "callTracer"})
        if isinstance(trace, dict) and trace.get("output"):
            name, text = client.errors.describe(hex_bytes(trace["output"]))
            if text:
                return name, text
        if isinstance(trace, dict) and trace.get("error"):
            return None, str(trace["error"])[:200]
    except (L1RpcError, L1DecodeError):
        pass  # nodes without the tracer: repeat the call instead
    return _by_repeating(client, tx_hash)


def _by_repeating(client: L1Client, tx_hash: str) -> RevertReason:
    unknown: RevertReason = (None, "the node does not say why")
    try:
        transaction: Any = client.call("eth_getTransactionByHash", tx_hash)
        if not transaction:
            return unknown
        call = {name: transaction[name] for name in ("from", "to", "value", "gas")} | {
            "data": transaction["input"]
        }
        client.call("eth_call", call, hex(max(int(transaction["blockNumber"], 16) - 1, 0)))
    except ContractRevertError as error:
        return error.name, error.reason
    except (L1RpcError, KeyError, TypeError):
        pass  # a node that can't answer leaves us with what the receipt said
    return unknown
