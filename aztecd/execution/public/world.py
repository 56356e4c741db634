"""The world of the machine over a fork: what one transaction reads, and the effects it has so far.

Nothing is written to the fork here. Reads see the transaction's own effects first, then the fork, which does
not change while the transaction runs; so what was read there is kept.

Authority: @aztec/simulator src/public/state_manager/state_manager.ts; native twin in @aztec/bb.js (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aztecd.avm.errors import ContractUnavailableError, SimulationFailedError
from aztecd.avm.world import DebugMessage, InstanceFacts
from aztecd.constants import CONTRACT_INSTANCE_REGISTRY_ADDRESS
from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_int
from aztecd.execution.public.effects import SideEffects
from aztecd.protocol.basic import AztecAddress, EthAddress
from aztecd.protocol.hashes import public_leaf_slot, silo_note_hash, silo_nullifier
from aztecd.protocol.logs import PublicLog
from aztecd.protocol.tx_data import ScopedL2ToL1Message
from aztecd.state.tree_ids import TreeId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.avm.program import Program, ProgramCache
    from aztecd.execution.public.contracts import TxContracts
    from aztecd.execution.public.debug import DebugCollector
    from aztecd.execution.views import StateFork
    from aztecd.protocol.contracts import ContractInstanceWithAddress

__all__ = ["TxWorld"]

_LAST_PROTOCOL_ADDRESS: Final = 11
_MAX_CLASSES: Final = 21
_MAX_KEPT_READS: Final = 1 << 16


class TxWorld:
    """Satisfies `aztecd.avm.world.World`. Mutable; one per transaction."""

    __slots__ = (
        "_classes",
        "_contracts",
        "_debug",
        "_deployments",
        "_fork",
        "_in_tree",
        "_leaf_slots",
        "_programs",
        "_values",
        "effects",
    )

    def __init__(
        self,
        *,
        fork: StateFork,
        contracts: TxContracts,
        programs: ProgramCache,
        debug: DebugCollector,
    ) -> None:
        """Take the state before the transaction, the contracts, and where debug logs go."""
        self.effects = SideEffects()
        self._fork = fork
        self._contracts = contracts
        self._programs = programs
        self._debug = debug
        self._classes: set[int] = set()
        self._leaf_slots: dict[tuple[int, int], Fr] = {}
        self._values: dict[Fr, int] = {}
        self._in_tree: dict[Fr, bool] = {}
        self._deployments: dict[int, Fr] = {}

    # Checkpoints.

    def checkpoint(self) -> None:
        """Begin a nested change."""
        self.effects.checkpoint()

    def commit(self) -> None:
        """Keep the change since the last checkpoint."""
        self.effects.commit()

    def rollback(self) -> None:
        """Undo the effects since the last checkpoint."""
        self.effects.rollback()

    # Contracts.

    def program(self, address: int) -> Program:
        """Give the code of the contract at an address.

        Raises: ContractUnavailableError; SimulationFailedError when the contracts contradict the state.
        """
        instance = self._deployed(address)
        if instance is None:
            raise ContractUnavailableError(f"Contract 0x{address:x} is not deployed")
        class_id = fr_int(instance.current_contract_class_id)
        if class_id not in self._classes:
            if len(self._classes) >= _MAX_CLASSES:
                raise ContractUnavailableError(f"Can't retrieve more than {_MAX_CLASSES} bytecodes per tx")
            self._classes.add(class_id)

        def bytecode() -> bytes:
            found = self._contracts.contract_class(fr(class_id))
            if found is None:
                raise SimulationFailedError("Contract class not found")
            return found.packed_bytecode

        return self._programs.get(class_id, bytecode)

    def contract_instance(self, address: int) -> InstanceFacts | None:
        """Give an instance that is deployed."""
        instance = self._deployed(address)
        if instance is None:
            return None
        return InstanceFacts(
            deployer=fr_int(instance.deployer),
            class_id=fr_int(instance.current_contract_class_id),
            initialization_hash=fr_int(instance.initialization_hash),
        )

    def _deployed(self, address: int) -> ContractInstanceWithAddress | None:
        key = AztecAddress(fr(address))
        if 1 <= address <= _LAST_PROTOCOL_ADDRESS:
            return self._contracts.instance(key)
        deployment = self._deployments.get(address)
        if deployment is None:
            deployment = self._deployments[address] = silo_nullifier(CONTRACT_INSTANCE_REGISTRY_ADDRESS, key)
        if not self._exists(deployment):
            return None
        instance = self._contracts.instance(key)
        if instance is None:
            raise SimulationFailedError("Contract instance should be found if nullifier exists")
        return instance

    # Public storage.

    def storage_value(self, address: int, slot: int) -> int:
        """Give a public storage slot of a contract; 0 when never written."""
        leaf_slot = self._leaf_slot(address, slot)
        written = self.effects.writes.get(leaf_slot)
        if written is not None:
            return fr_int(written)
        value = self._values.get(leaf_slot)
        if value is None:
            if len(self._values) >= _MAX_KEPT_READS:
                self._values.clear()
            value = self._values[leaf_slot] = fr_int(self._fork.public_data_value(leaf_slot))
        return value

    def is_slot_cold(self, address: int, slot: int) -> bool:
        """Whether a slot was not yet written in this transaction."""
        return self._leaf_slot(address, slot) not in self.effects.writes

    def write_storage(self, address: int, slot: int, value: int) -> None:
        """Write a slot. Raises SideEffectLimitError."""
        self.effects.write(self._leaf_slot(address, slot), fr(value))

    def _leaf_slot(self, address: int, slot: int) -> Fr:
        key = (address, slot)
        found = self._leaf_slots.get(key)
        if found is None:
            if len(self._leaf_slots) >= _MAX_KEPT_READS:
                self._leaf_slots.clear()
            found = self._leaf_slots[key] = public_leaf_slot(fr(address), fr(slot))
        return found

    # Note hashes, nullifiers, messages.

    def has_note_hash(self, unique_note_hash: int, leaf_index: int) -> bool:
        """Whether the note hash tree has the value at an index; an empty leaf is 0, none is outside."""
        if leaf_index >> TreeId.NOTE_HASH.height:
            return False
        own = leaf_index - self._fork.size(TreeId.NOTE_HASH)
        if own >= 0:
            leaf = self.effects.note_hashes[own] if own < len(self.effects.note_hashes) else FR_ZERO
        else:
            leaf = self._fork.leaf(TreeId.NOTE_HASH, leaf_index)
        return fr_int(leaf) == unique_note_hash

    def emit_note_hash(self, address: int, note_hash: int) -> None:
        """Silo a note hash, make it unique and append it. Raises SideEffectLimitError."""
        self.effects.add_siloed_note_hash(silo_note_hash(fr(address), fr(note_hash)))

    def has_nullifier(self, siloed_nullifier: int) -> bool:
        """Whether a nullifier exists, in the tree or in this transaction."""
        return self._exists(fr(siloed_nullifier))

    def emit_nullifier(self, address: int, nullifier: int) -> None:
        """Silo and insert a nullifier. Raises SideEffectLimitError, then NullifierCollisionError."""
        self.emit_siloed_nullifier(silo_nullifier(fr(address), fr(nullifier)))

    def emit_siloed_nullifier(self, nullifier: Fr) -> None:
        """Insert a nullifier. Raises SideEffectLimitError, then NullifierCollisionError."""
        self.effects.add_nullifier(nullifier, is_in_tree=self._is_in_tree(nullifier))

    def _exists(self, nullifier: Fr) -> bool:
        return self.effects.has_nullifier(nullifier) or self._is_in_tree(nullifier)

    def _is_in_tree(self, nullifier: Fr) -> bool:
        found = self._in_tree.get(nullifier)
        if found is None:
            if len(self._in_tree) >= _MAX_KEPT_READS:
                self._in_tree.clear()
            found = self._in_tree[nullifier] = self._fork.nullifier_index(nullifier) is not None
        return found

    def has_l1_to_l2_message(self, message_hash: int, leaf_index: int) -> bool:
        """Whether the L1-to-L2 message tree has the value at an index; an empty leaf is 0."""
        if leaf_index >> TreeId.L1_TO_L2_MESSAGE.height:
            return False
        return fr_int(self._fork.leaf(TreeId.L1_TO_L2_MESSAGE, leaf_index)) == message_hash

    # Logs and messages to L1.

    def fits_public_log(self, size: int) -> bool:
        """Whether a public log of so many fields is within the transaction's limit."""
        return self.effects.fits_log(size)

    def emit_public_log(self, address: int, fields: Sequence[int]) -> None:
        """Emit a public log that fits."""
        self.effects.add_log(
            PublicLog(contract_address=AztecAddress(fr(address)), fields=tuple(fr(value) for value in fields))
        )

    def send_l2_to_l1_message(self, address: int, recipient: int, content: int) -> None:
        """Send a message to L1. Raises SideEffectLimitError."""
        self.effects.add_message(
            ScopedL2ToL1Message(
                recipient=EthAddress(recipient.to_bytes(20, "big")),
                content=fr(content),
                contract_address=AztecAddress(fr(address)),
            )
        )

    # Debug logs.

    @property
    def collects_debug_logs(self) -> bool:
        """Whether `debug_log` is called at all."""
        return self._debug.asks()

    @property
    def max_debug_log_reads(self) -> int:
        """How many cells one debug log may read."""
        return self._debug.max_reads

    def refuse_debug_log(self, reason: str) -> None:
        """Leave out a debug log that can not be read. Raises SimulationFailedError where that is fatal."""
        self._debug.refuse(reason)

    def debug_log(self, message: DebugMessage) -> None:
        """Keep a debug message; it survives rollbacks."""
        self._debug.add(message)
