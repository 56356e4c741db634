"""Watch a transaction while it runs, and make its trace.

The watcher stands between the machine and the world, so an execution that nobody watches pays nothing, and
one that is watched still runs in the machine's fast form. The machine records the calls, the watcher what
they ask of the world. Both see the same calls in the same order, and so they are joined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from aztecd.avm.records import CollectionLimits
from aztecd.execution.public.calls import EnqueuedCall, TxPhase
from aztecd.execution.public.trace import (
    CallMade,
    CallTrace,
    DebugLogged,
    InstanceLookup,
    LeafCheck,
    LeafEmitted,
    LogEmitted,
    MessageSent,
    PhaseTrace,
    StorageRead,
    StorageWrite,
    TxTrace,
)
from aztecd.protocol.gas import Gas
from aztecd.state.tree_ids import TreeId

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aztecd.avm.program import Program
    from aztecd.avm.records import CallRecord
    from aztecd.avm.world import DebugMessage, InstanceFacts, World
    from aztecd.execution.processed import ProcessedTx
    from aztecd.execution.public.trace import TraceEvent
    from aztecd.protocol.basic import BlockNumber, TxHash

__all__ = ["TRACE_LIMITS", "ExecutionObserver", "TraceRecorder", "WatchedWorld"]

TRACE_LIMITS: Final = CollectionLimits(calldata_fields=128, output_fields=128, depth=48, calls=500)
"""Of a trace. JSON writers nest no deeper than 254, and each call takes two levels."""
_MAX_WEIGHT: Final = 20_000
"""Of the events of a trace: one for each event and each field of a log. About 6 MB of JSON."""
_SELECTOR_BITS: Final = 32


class ExecutionObserver(Protocol):
    """Sees a transaction's public calls; changes nothing."""

    def watched(self, world: World) -> World:
        """Give the world that the machine gets. Called at the beginning, and again for a second attempt."""
        ...

    def call_ended(self, call: EnqueuedCall) -> None:
        """Take note of an enqueued call, also of one that throws the transaction out."""
        ...


class _Events:
    """The events of one call, and the calls nested in it. Mutable."""

    __slots__ = ("calls", "events")

    def __init__(self) -> None:
        self.events: list[TraceEvent] = []
        self.calls: list[_Events] = []


class WatchedWorld:
    """Satisfies `aztecd.avm.world.World` by another world, and notes what is asked. Mutable.

    Notes end when there are too many of them; execution goes on.
    """

    __slots__ = ("_open", "_room", "_world", "calls_left", "finished")

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: list[_Events | None] = []
        """The running calls; None for those that are not noted."""
        self._room = _MAX_WEIGHT
        self.calls_left = TRACE_LIMITS.calls
        self.finished: _Events | None = None
        """The last enqueued call that ended."""

    @property
    def is_truncated(self) -> bool:
        """Whether there were more events than were noted."""
        return self._room <= 0

    def _note(self, event: TraceEvent, weight: int = 1) -> None:
        call = self._open[-1]
        if call is None or self._room <= 0:
            return
        self._room -= weight
        if self._room > 0:
            call.events.append(event)

    # Checkpoints: the machine takes one for each call.

    def checkpoint(self) -> None:
        """Begin a call."""
        caller = self._open[-1] if self._open else None
        call = None
        if self.calls_left > 0 and (caller is not None or not self._open):
            self.calls_left -= 1
            call = _Events()
            if caller is not None:
                self._note(CallMade(len(caller.calls)))
                caller.calls.append(call)
        self._open.append(call)
        self._world.checkpoint()

    def commit(self) -> None:
        """End a call that returned."""
        self._world.commit()
        self._leave()

    def rollback(self) -> None:
        """End a call that failed; what it did stays noted."""
        self._world.rollback()
        self._leave()

    def _leave(self) -> None:
        call = self._open.pop()
        if not self._open:
            self.finished = call

    # What is noted.

    def contract_instance(self, address: int) -> InstanceFacts | None:
        """Give an instance that is deployed."""
        instance = self._world.contract_instance(address)
        self._note(InstanceLookup(address, instance))
        return instance

    def storage_value(self, address: int, slot: int) -> int:
        """Give a public storage slot of a contract."""
        value = self._world.storage_value(address, slot)
        self._note(StorageRead(address, slot, value))
        return value

    def write_storage(self, address: int, slot: int, value: int) -> None:
        """Write a slot. Raises SideEffectLimitError."""
        before = self._world.storage_value(address, slot)
        self._world.write_storage(address, slot, value)
        self._note(StorageWrite(slot, before, value))

    def has_note_hash(self, unique_note_hash: int, leaf_index: int) -> bool:
        """Whether the note hash tree has the value at an index."""
        found = self._world.has_note_hash(unique_note_hash, leaf_index)
        self._note(LeafCheck(TreeId.NOTE_HASH, unique_note_hash, leaf_index, found))
        return found

    def emit_note_hash(self, address: int, note_hash: int) -> None:
        """Emit a note hash. Raises SideEffectLimitError."""
        self._world.emit_note_hash(address, note_hash)
        self._note(LeafEmitted(TreeId.NOTE_HASH, note_hash))

    def has_nullifier(self, siloed_nullifier: int) -> bool:
        """Whether a nullifier exists."""
        found = self._world.has_nullifier(siloed_nullifier)
        self._note(LeafCheck(TreeId.NULLIFIER, siloed_nullifier, None, found))
        return found

    def emit_nullifier(self, address: int, nullifier: int) -> None:
        """Emit a nullifier. Raises SideEffectLimitError, then NullifierCollisionError."""
        self._world.emit_nullifier(address, nullifier)
        self._note(LeafEmitted(TreeId.NULLIFIER, nullifier))

    def has_l1_to_l2_message(self, message_hash: int, leaf_index: int) -> bool:
        """Whether the L1-to-L2 message tree has the value at an index."""
        found = self._world.has_l1_to_l2_message(message_hash, leaf_index)
        self._note(LeafCheck(TreeId.L1_TO_L2_MESSAGE, message_hash, leaf_index, found))
        return found

    def emit_public_log(self, address: int, fields: Sequence[int]) -> None:
        """Emit a public log that fits."""
        self._world.emit_public_log(address, fields)
        self._note(LogEmitted(tuple(fields)), 1 + len(fields))

    def send_l2_to_l1_message(self, address: int, recipient: int, content: int) -> None:
        """Send a message to L1. Raises SideEffectLimitError."""
        self._world.send_l2_to_l1_message(address, recipient, content)
        self._note(MessageSent(recipient, content))

    def refuse_debug_log(self, reason: str) -> None:
        """Leave out a debug log that can not be read. Raises SimulationFailedError where that is fatal."""
        self._world.refuse_debug_log(reason)

    def debug_log(self, message: DebugMessage) -> None:
        """Keep a debug message."""
        self._world.debug_log(message)
        self._note(DebugLogged(message), 1 + len(message.fields) + len(message.message) // 64)

    # What is not.

    def program(self, address: int) -> Program:
        """Give the code of the contract at an address. Raises ContractUnavailableError."""
        return self._world.program(address)

    def is_slot_cold(self, address: int, slot: int) -> bool:
        """Whether a slot was not yet written in this transaction."""
        return self._world.is_slot_cold(address, slot)

    def fits_public_log(self, size: int) -> bool:
        """Whether a public log of so many fields is within the transaction's limit."""
        return self._world.fits_public_log(size)

    @property
    def collects_debug_logs(self) -> bool:
        """Whether `debug_log` is called at all."""
        return self._world.collects_debug_logs

    @property
    def max_debug_log_reads(self) -> int:
        """How many cells one debug log may read."""
        return self._world.max_debug_log_reads


class TraceRecorder:
    """An observer that makes the trace of one transaction. Mutable.

    The execution that it watches must record calls within `TRACE_LIMITS`.
    """

    __slots__ = ("_calls", "_is_cut", "_name_of", "_world")

    def __init__(self, name_of: Callable[[int], str | None] = lambda _: None) -> None:
        """Take who knows the names of functions by their selectors."""
        self._name_of = name_of
        self._world: WatchedWorld | None = None
        self._calls: list[tuple[TxPhase, CallTrace]] = []
        self._is_cut = False

    def watched(self, world: World) -> World:
        """Begin; what an earlier attempt left is forgotten."""
        self._world = WatchedWorld(world)
        self._calls.clear()
        self._is_cut = False
        return self._world

    def call_ended(self, call: EnqueuedCall) -> None:
        """Join what the machine recorded of an enqueued call with what it asked of the world."""
        world = self._world
        if call.record is None or world is None:
            self._is_cut = True
            return
        # The entry that stands for a failed insertion of effects did not run: it has no events.
        events, world.finished = world.finished, None
        self._calls.append((call.phase, self._trace(call.record, events, call.allocated)))

    def trace(
        self,
        tx_hash: TxHash,
        *,
        block_number: BlockNumber | None = None,
        processed: ProcessedTx | None = None,
        error: str | None = None,
    ) -> TxTrace:
        """Give the trace, with what came of the transaction or why it was thrown out."""
        return TxTrace(
            tx_hash=tx_hash,
            block_number=block_number,
            phases=tuple(
                PhaseTrace(phase=phase, calls=calls)
                for phase in TxPhase
                if (calls := tuple(call for found, call in self._calls if found is phase))
            ),
            processed=processed,
            error=error,
            is_truncated=self._is_cut or (self._world is not None and self._world.is_truncated),
        )

    def _trace(self, record: CallRecord, events: _Events | None, limit: Gas) -> CallTrace:
        noted = [] if events is None else events.calls
        calls = tuple(
            self._trace(nested, of_nested, _gas(nested.da_gas_limit, nested.l2_gas_limit))
            for nested, of_nested in zip(record.nested, noted, strict=False)
        )
        used = _minus(limit, _gas(record.da_gas_left, record.l2_gas_left))
        is_cut = record.nested_count > len(calls)
        own = used
        for call in calls:
            own = _minus(own, call.gas_used)
        self._is_cut |= (
            is_cut
            or (events is None and record.halt is not None)
            or len(record.calldata) < record.calldata_size
            or len(record.output) < record.output_size
        )
        selector = record.calldata[0] if record.calldata else None
        if selector is not None and selector >> _SELECTOR_BITS:
            selector = None
        return CallTrace(
            contract=record.address,
            sender=record.sender,
            selector=selector,
            function_name=None if selector is None else self._name_of(selector),
            is_static=record.is_static,
            calldata=tuple(record.calldata),
            calldata_size=record.calldata_size,
            gas_limit=limit,
            gas_used=used,
            own_gas=None if is_cut else own,
            instructions=record.instructions,
            halt=record.halt,
            message=record.message,
            output=tuple(record.output),
            output_size=record.output_size,
            exit_stack=tuple(record.exit_stack),
            events=() if events is None else tuple(events.events),
            calls=calls,
            call_count=record.nested_count,
        )


def _gas(da_gas: int, l2_gas: int) -> Gas:
    return Gas(da_gas=da_gas, l2_gas=l2_gas)


def _minus(whole: Gas, part: Gas) -> Gas:
    return _gas(whole.da_gas - part.da_gas, whole.l2_gas - part.l2_gas)
