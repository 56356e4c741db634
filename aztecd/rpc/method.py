"""What the server knows about a method: its parameters, its result, how long an answer holds.

From tables of these (`methods.py`, `wallet_methods.py`) come decoding, dispatch, caching, the interface's
description and the documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from aztecd.rpc.kinds import Kind
from aztecd.rpc.results import ResultKind

__all__ = ["Cache", "Method", "Param", "param"]


class Cache(Enum):
    """How long an encoded answer holds.

    A node may offer two counters: `state_version`, for all that clients see of the chain, and `reorg_count`,
    for blocks taken back. Each must grow after the change can be seen: a reader that takes the counter first
    then never keeps an old answer under the new count. What depends on the mempool is never kept.
    """

    NEVER = "never"
    STATE = "state"
    """Until the chain changes (`state_version`)."""
    BLOCK = "block"
    """What was found under an immutable key holds until blocks are taken back (`reorg_count`).

    A first parameter `latest` makes it STATE.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One positional parameter; an optional one is absent, null or has the kind."""

    name: str
    kind: Kind
    optional: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method. `spreads_last`: the last parameter is an object that becomes keyword arguments.

    `reads_tx`: parameters are decoded in a thread. `is_async`: the node's method is a coroutine. `in_thread`:
    it reads so much that it would hold up other clients. `is_local`: only nodes of local networks have it,
    and the reference does not.
    """

    name: str
    doc: str
    params: tuple[Param, ...] = ()
    result: ResultKind
    cache: Cache = Cache.NEVER
    reads_tx: bool = False
    is_async: bool = False
    in_thread: bool = False
    spreads_last: bool = False
    is_local: bool = False

    @property
    def python_name(self) -> str:
        """The name of the node's method."""
        return re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), self.name)

    @property
    def optional_count(self) -> int:
        """How many parameters may be left out."""
        return sum(param.optional for param in self.params)


def param(name: str, kind: Kind, *, optional: bool = False, default: Any = None) -> Param:
    """Describe a parameter, in one line of a table."""
    return Param(name=name, kind=kind, optional=optional, default=default)
