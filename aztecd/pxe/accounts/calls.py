"""Calls of contracts whose signatures the protocol and its standard contracts fix."""

from __future__ import annotations

from collections.abc import Sequence

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.abi import AbiType, selector_of_signature
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.requests import FunctionCall

__all__ = ["call_of"]


def call_of(
    signature: str,
    to: AztecAddress,
    arguments: Sequence[Fr],
    *,
    kind: FunctionKind = FunctionKind.PRIVATE,
    return_types: Sequence[AbiType] = (),
) -> FunctionCall:
    """Make a call of the function with this signature, arguments encoded."""
    return FunctionCall(
        name=signature.partition("(")[0],
        to=to,
        selector=selector_of_signature(signature),
        type=kind,
        hide_msg_sender=False,
        is_static=False,
        args=tuple(arguments),
        return_types=tuple(return_types),
    )
