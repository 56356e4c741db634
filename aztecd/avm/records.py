"""What is kept of a call after it ended: the tree of calls that error messages and traces are made of.

Authority: @aztec/stdlib src/avm/avm.ts (`CallStackMetadata`, `CollectionLimitsConfig`) (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.avm.frame import Halt

__all__ = ["CallRecord", "CallRequest", "CallResult", "CollectionLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """An enqueued call and the gas that it gets."""

    address: int
    sender: int
    calldata: Sequence[int]
    is_static: bool
    l2_gas: int
    da_gas: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionLimits:
    """How much is kept: fields of each calldata and output, nesting levels, calls of a transaction.

    `internal_calls`: how many of a call's exit stack, the innermost ones. This limit is ours: a transaction
    can pile up 700,000, and their places in its error would take 46 MB until the block is complete.
    """

    calldata_fields: int = 300
    output_fields: int = 300
    depth: int = 5
    calls: int = 100
    internal_calls: int = 4096


@dataclass(slots=True, kw_only=True)
class CallRecord:
    """One call. Mutable while it runs; `nested` may be cut by the limits, `nested_count` counts all.

    `halt` is there once it has ended. `exit_stack`: pcs of the innermost internal calls, the outer ones
    first, then the pc where the call ended. `instructions` counts completed ones, those of nested calls too.
    """

    address: int
    sender: int
    caller_pc: int
    is_static: bool
    calldata: list[int]
    calldata_size: int
    l2_gas_limit: int
    da_gas_limit: int
    l2_gas_left: int = 0
    da_gas_left: int = 0
    instructions: int = 0
    output: list[int] = field(default_factory=list)
    output_size: int = 0
    exit_stack: list[int] = field(default_factory=list)
    message: str = ""
    has_reverted: bool = False
    halt: Halt | None = None
    nested: list[CallRecord] = field(default_factory=list)
    nested_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """How an enqueued call ended. `record` only when calls are collected; `output` is cut as records are."""

    halt: Halt
    output: tuple[int, ...]
    message: str
    l2_gas_left: int
    da_gas_left: int
    instructions: int
    exit_stack: tuple[int, ...]
    record: CallRecord | None
