"""What private functions may ask beyond utility ones: their part in the transaction.

Authority: @aztec/pxe src/contract_function_simulator/oracle/private_execution_oracle.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from aztecd.constants import MAX_PUBLIC_CALLDATA_FIELDS_PER_TX
from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.hashes import silo_nullifier
from aztecd.protocol.logs import ContractClassLog
from aztecd.pxe.execution.views import Scopes, SettledNote
from aztecd.pxe.kernel.public_inputs import CallContext
from aztecd.pxe.oracles.errors import OracleError
from aztecd.pxe.oracles.hashed_values import HashedValuesCache
from aztecd.pxe.oracles.note_cache import ExecutionNoteCache, PendingNote
from aztecd.pxe.oracles.notes import NoteQuery, pack_hinted, pick_notes
from aztecd.pxe.oracles.tag_indexes import TagIndexes
from aztecd.pxe.oracles.tagging import tag_of
from aztecd.pxe.oracles.utility import Environment, UtilityOracles
from aztecd.pxe.requests import AuthWitness, Capsule

__all__ = [
    "CallEffects",
    "CountedClassLog",
    "CreatedNote",
    "NestedCaller",
    "PrivateOracles",
    "TransactionCaches",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedNote:
    """A note that a call made; whether it survived the transaction is the kernel's to say."""

    storage_slot: Fr
    randomness: Fr
    note_type_id: int
    items: tuple[Fr, ...]


@dataclass(frozen=True, slots=True)
class CountedClassLog:
    """A contract class log and its counter."""

    log: ContractClassLog
    counter: int


@dataclass(slots=True)
class CallEffects:
    """What one call did that its public inputs do not hold. Mutable while the call runs."""

    new_notes: list[CreatedNote] = field(default_factory=list)
    nullifier_of_note: dict[int, int] = field(default_factory=dict)
    offchain_effects: list[tuple[Fr, ...]] = field(default_factory=list)
    class_logs: list[CountedClassLog] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TransactionCaches:
    """What all calls of a transaction share; the caches change with the execution."""

    notes: ExecutionNoteCache
    values: HashedValuesCache
    tags: TagIndexes


class NestedCaller(Protocol):
    """Executes a private call on behalf of the function that is running."""

    def __call__(
        self,
        caller: PrivateOracles,
        *,
        contract: AztecAddress,
        selector: FunctionSelector,
        args_hash: Fr,
        counter: int,
        is_static: bool,
    ) -> tuple[int, Fr]:
        """Give the end counter and the hash of the return values."""
        ...


class PrivateOracles(UtilityOracles):
    """The questions of one private call. Mutable: it collects the effects of its call."""

    def __init__(
        self,
        environment: Environment,
        caches: TransactionCaches,
        context: CallContext,
        *,
        scopes: Scopes,
        auth_witnesses: Sequence[AuthWitness],
        capsules: Sequence[Capsule],
        call: NestedCaller,
        sender_for_tags: AztecAddress | None = None,
        calldata_count: int = 0,
    ) -> None:
        super().__init__(
            environment,
            AztecAddress(context.contract_address),
            scopes=scopes,
            auth_witnesses=auth_witnesses,
            capsules=capsules,
        )
        self.context: Final = context
        self.scopes: Final = scopes
        self.effects: Final = CallEffects()
        self.sender_for_tags = sender_for_tags
        # As in the reference, a call counts what it and its callers have enqueued, not what it has called.
        self.calldata_count = calldata_count
        self._caches: Final = caches
        self._call: Final = call

    # Values by hash.

    def store_in_execution_cache(self, values: Sequence[Fr], values_hash: Fr) -> None:
        """Keep the preimage of a hash for the rest of the transaction."""
        self._caches.values.store(values, values_hash)

    def load_from_execution_cache(self, values_hash: Fr) -> tuple[Fr, ...]:
        """Give the preimage of a hash."""
        return self._caches.values.load(values_hash)

    # Notes and nullifiers.

    def notify_created_note(
        self,
        *,
        owner: AztecAddress,
        storage_slot: Fr,
        randomness: Fr,
        note_type_id: int,
        items: tuple[Fr, ...],
        note_hash: Fr,
        counter: int,
    ) -> None:
        """Remember a new note: later calls of the transaction see it."""
        self._caches.notes.add_note(
            PendingNote(
                contract_address=self.contract,
                owner=owner,
                storage_slot=storage_slot,
                randomness=randomness,
                items=items,
                note_hash=note_hash,
                counter=counter,
                consumption_hash=note_hash,
            )
        )
        self.effects.new_notes.append(
            CreatedNote(
                storage_slot=storage_slot, randomness=randomness, note_type_id=note_type_id, items=items
            )
        )

    def notify_nullified_note(self, inner_nullifier: Fr, note_hash: Fr, counter: int) -> None:
        """Remember that a note is consumed."""
        note_counter = self._caches.notes.nullify_note(self.contract, inner_nullifier, note_hash)
        if note_counter is not None:
            self.effects.nullifier_of_note[note_counter] = counter

    def notify_created_nullifier(self, inner_nullifier: Fr) -> None:
        """Remember a nullifier that belongs to no note."""
        self._caches.notes.add_nullifier(self.contract, inner_nullifier)

    def is_nullifier_pending(self, inner_nullifier: Fr, contract: AztecAddress) -> bool:
        """Tell whether a contract has emitted a nullifier in this transaction."""
        return self._caches.notes.has_nullifier(contract, silo_nullifier(contract, inner_nullifier))

    def check_nullifier_exists(self, inner_nullifier: Fr) -> bool:
        """Tell whether the contract has emitted a nullifier, in this transaction too."""
        return self.is_nullifier_pending(inner_nullifier, self.contract) or super().check_nullifier_exists(
            inner_nullifier
        )

    def get_notes(self, query: NoteQuery) -> list[tuple[Fr, ...]]:
        """Give the packed notes that a query picks: settled ones that are not consumed, then pending ones."""
        cache = self._caches.notes
        settled = self._views.notes.get_notes(
            contract=self.contract,
            owner=query.owner,
            storage_slot=query.storage_slot,
            status=query.status,
            scopes=self._scopes,
        )
        remaining = [
            note for note in settled if not cache.has_nullifier(self.contract, note.siloed_nullifier)
        ]
        pending = cache.get_notes(self.contract, query.owner, query.storage_slot)
        candidates: list[SettledNote | PendingNote] = [*remaining, *pending]
        return [
            pack_hinted(note, is_pending=isinstance(note, PendingNote))
            for note in pick_notes(candidates, query)
        ]

    # Calls, logs and phases.

    def call_private_function(
        self,
        *,
        contract: AztecAddress,
        selector: FunctionSelector,
        args_hash: Fr,
        counter: int,
        is_static: bool,
    ) -> tuple[int, Fr]:
        """Execute another private function; the static flag is inherited."""
        return self._call(
            self,
            contract=contract,
            selector=selector,
            args_hash=args_hash,
            counter=counter,
            is_static=is_static or self.context.is_static,
        )

    def notify_public_call(self, calldata_hash: Fr) -> None:
        """Check that the calldata of an enqueued call, or of the teardown, is there and not too much."""
        calldata = self._caches.values.find(calldata_hash)
        if calldata is None:
            raise OracleError("Calldata for public call not found in cache")
        self.calldata_count += len(calldata)
        if self.calldata_count > MAX_PUBLIC_CALLDATA_FIELDS_PER_TX:
            raise OracleError(
                f"Too many total args to all enqueued public calls! (> {MAX_PUBLIC_CALLDATA_FIELDS_PER_TX})"
            )

    def notify_created_contract_class_log(self, log: ContractClassLog, counter: int) -> None:
        """Keep a class log: circuits carry only its hash."""
        self.effects.class_logs.append(CountedClassLog(log, counter))

    def notify_min_revertible_counter(self, counter: int) -> None:
        """End the setup phase."""
        self._caches.notes.enter_revertible_phase(counter)

    def is_counter_revertible(self, counter: int) -> bool:
        """Tell whether a side effect comes after the setup phase."""
        return self._caches.notes.is_revertible(counter)

    def emit_offchain_effect(self, data: tuple[Fr, ...]) -> None:
        """Hand data to the user beside the transaction."""
        self.effects.offchain_effects.append(data)

    # Tags.

    def get_next_app_tag_as_sender(self, sender: AztecAddress, recipient: AztecAddress) -> Fr:
        """Give a tag that was never used between two accounts."""
        self._require_account(sender)
        tagging = self._views.tagging
        secret = tagging.tagging_secret(contract=self.contract, sender=sender, recipient=recipient)
        return tag_of(secret.secret, self._caches.tags.take(secret, tagging.next_index))
