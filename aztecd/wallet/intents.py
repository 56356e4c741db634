"""What an account is asked to approve.

Authority: @aztec/aztec.js src/utils/authwit.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.requests import FunctionCall

__all__ = ["CallIntent", "InnerHashIntent", "Intent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallIntent:
    """`caller` makes this call on behalf of the account."""

    caller: AztecAddress
    call: FunctionCall


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerHashIntent:
    """The contract `consumer` accepts this hash as approved."""

    consumer: AztecAddress
    inner_hash: Fr


Intent: TypeAlias = CallIntent | InnerHashIntent
