"""What the machine asks of its surroundings: state, contracts and side effects of one transaction.

Field elements are plain integers here, as in the machine's memory.

Authority: @aztec/simulator src/public/state_manager/state_manager.ts, side_effect_trace.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.avm.program import Program

__all__ = ["DebugMessage", "Globals", "InstanceFacts", "World"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Globals:
    """The block's values that contracts can read; `timestamp` in seconds."""

    chain_id: int
    version: int
    block_number: int
    timestamp: int
    fee_per_da_gas: int
    fee_per_l2_gas: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFacts:
    """What GETCONTRACTINSTANCE tells of an instance; the class is the one at the block's time."""

    deployer: int
    class_id: int
    initialization_hash: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugMessage:
    """One DEBUGLOG: `level` 0 (silent) to 7 (trace); the message still has its placeholders."""

    contract_address: int
    level: int
    message: str
    fields: tuple[int, ...]


class World(Protocol):
    """One transaction's surroundings. Effects since a checkpoint can be undone."""

    @property
    def collects_debug_logs(self) -> bool:
        """Whether `debug_log` is called at all; the contents of the cells are checked only then."""
        ...

    @property
    def max_debug_log_reads(self) -> int:
        """How many cells one debug log may read."""
        ...

    def checkpoint(self) -> None:
        """Begin a nested change."""
        ...

    def commit(self) -> None:
        """Keep the change since the last checkpoint."""
        ...

    def rollback(self) -> None:
        """Undo the effects since the last checkpoint."""
        ...

    def program(self, address: int) -> Program:
        """Give the code of the contract at an address. Raises ContractUnavailableError."""
        ...

    def contract_instance(self, address: int) -> InstanceFacts | None:
        """Give an instance that is deployed."""
        ...

    def storage_value(self, address: int, slot: int) -> int:
        """Give a public storage slot of a contract; 0 when never written."""
        ...

    def is_slot_cold(self, address: int, slot: int) -> bool:
        """Whether a slot was not yet written in this transaction."""
        ...

    def write_storage(self, address: int, slot: int, value: int) -> None:
        """Write a slot. Raises SideEffectLimitError."""
        ...

    def has_note_hash(self, unique_note_hash: int, leaf_index: int) -> bool:
        """Whether the note hash tree has the value at an index; an empty leaf is 0."""
        ...

    def emit_note_hash(self, address: int, note_hash: int) -> None:
        """Silo a note hash, make it unique and append it. Raises SideEffectLimitError."""
        ...

    def has_nullifier(self, siloed_nullifier: int) -> bool:
        """Whether a nullifier exists, in the tree or in this transaction."""
        ...

    def emit_nullifier(self, address: int, nullifier: int) -> None:
        """Silo and insert a nullifier. Raises SideEffectLimitError, then NullifierCollisionError."""
        ...

    def has_l1_to_l2_message(self, message_hash: int, leaf_index: int) -> bool:
        """Whether the L1-to-L2 message tree has the value at an index; an empty leaf is 0."""
        ...

    def fits_public_log(self, size: int) -> bool:
        """Whether a public log of so many fields is within the transaction's limit."""
        ...

    def emit_public_log(self, address: int, fields: Sequence[int]) -> None:
        """Emit a public log that fits."""
        ...

    def send_l2_to_l1_message(self, address: int, recipient: int, content: int) -> None:
        """Send a message to L1. Raises SideEffectLimitError."""
        ...

    def refuse_debug_log(self, reason: str) -> None:
        """Take note of a debug log that can not be read.

        Raises SimulationFailedError where that throws the transaction out.
        """
        ...

    def debug_log(self, message: DebugMessage) -> None:
        """Keep a debug message; it survives rollbacks."""
        ...
