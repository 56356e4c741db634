"""What a trace of a transaction tells: its calls as a tree, and what each of them did, in order.

Field elements are integers, as in the machine. Traces are a feature of aztecd; no rule of the protocol
describes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aztecd.avm.frame import Halt
    from aztecd.avm.world import DebugMessage, InstanceFacts
    from aztecd.execution.processed import ProcessedTx
    from aztecd.execution.public.calls import TxPhase
    from aztecd.protocol.basic import BlockNumber, TxHash
    from aztecd.protocol.gas import Gas
    from aztecd.state.tree_ids import TreeId

__all__ = [
    "CallMade",
    "CallTrace",
    "DebugLogged",
    "InstanceLookup",
    "LeafCheck",
    "LeafEmitted",
    "LogEmitted",
    "MessageSent",
    "PhaseTrace",
    "StorageRead",
    "StorageWrite",
    "TraceEvent",
    "TxTrace",
]


@dataclass(frozen=True, slots=True)
class StorageRead:
    """A slot was read; a contract can read those of others."""

    contract: int
    slot: int
    value: int


@dataclass(frozen=True, slots=True)
class StorageWrite:
    """A slot of the contract itself was written."""

    slot: int
    before: int
    value: int


@dataclass(frozen=True, slots=True)
class LeafCheck:
    """A tree was asked for a leaf: a unique note hash, a siloed nullifier, a message from L1.

    `leaf_index` is None for nullifiers, which are looked up by value.
    """

    tree: TreeId
    leaf: int
    leaf_index: int | None
    exists: bool


@dataclass(frozen=True, slots=True)
class LeafEmitted:
    """A note hash or nullifier was emitted; the value is the contract's, not siloed."""

    tree: TreeId
    value: int


@dataclass(frozen=True, slots=True)
class InstanceLookup:
    """A contract was asked for; None: it is not deployed."""

    contract: int
    instance: InstanceFacts | None


@dataclass(frozen=True, slots=True)
class LogEmitted:
    """A public log."""

    fields: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MessageSent:
    """A message to L1; the recipient is an Ethereum address."""

    recipient: int
    content: int


@dataclass(frozen=True, slots=True)
class DebugLogged:
    """A debug log; its message still has its placeholders."""

    message: DebugMessage


@dataclass(frozen=True, slots=True)
class CallMade:
    """The place of a nested call among the other events; `index` counts the nested calls of this call."""

    index: int


TraceEvent = (
    StorageRead
    | StorageWrite
    | LeafCheck
    | LeafEmitted
    | InstanceLookup
    | LogEmitted
    | MessageSent
    | DebugLogged
    | CallMade
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTrace:
    """One call with the calls nested in it.

    `selector` is there when the calldata begin with one, `function_name` when somebody knows it. `calldata`
    and `output` may be cut, the sizes are those of the whole. `own_gas` leaves out the nested calls; None
    when some of these are not here. `instructions` counts those of nested calls too. `exit_stack`: pcs of the
    internal calls, outermost first, then the pc where the call ended. `call_count` counts all nested calls,
    also those that are not here. `halt` is None when nothing was run.
    """

    contract: int
    sender: int
    selector: int | None
    function_name: str | None
    is_static: bool
    calldata: tuple[int, ...]
    calldata_size: int
    gas_limit: Gas
    gas_used: Gas
    own_gas: Gas | None
    instructions: int
    halt: Halt | None
    message: str
    output: tuple[int, ...]
    output_size: int
    exit_stack: tuple[int, ...]
    events: tuple[TraceEvent, ...]
    calls: tuple[CallTrace, ...]
    call_count: int

    @property
    def is_cut(self) -> bool:
        """Whether nested calls are missing."""
        return self.call_count > len(self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseTrace:
    """A phase with the enqueued calls that were started in it."""

    phase: TxPhase
    calls: tuple[CallTrace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TxTrace:
    """A traced transaction.

    `block_number` is None when it was simulated. `processed` is what came of it; None when it was thrown out,
    for the reason in `error`. `is_truncated`: calls, events, calldata or outputs are missing somewhere.
    """

    tx_hash: TxHash
    block_number: BlockNumber | None
    phases: tuple[PhaseTrace, ...]
    processed: ProcessedTx | None
    error: str | None
    is_truncated: bool
