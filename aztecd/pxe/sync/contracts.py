"""Bringing contracts up to the anchor block before they are used.

Authority: @aztec/pxe src/contract_sync/ (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from aztecd.crypto.field import fr_int
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.pxe.execution.views import ALL_SCOPES, Scopes, UtilityRunner
from aztecd.pxe.node import NULLIFIER_TREE
from aztecd.pxe.stores import Stores
from aztecd.pxe.sync.class_check import check_class, class_update_calls, keep_class_update
from aztecd.pxe.sync.errors import SyncError
from aztecd.pxe.sync.job import Job, SyncSteps
from aztecd.pxe.sync.validation import active_nullifiers, found_nullifiers, leaf_calls

__all__ = ["ContractSync", "SyncedContracts"]

_SYNC_STATE: Final = "sync_state"
_MAX_PROTOCOL_ADDRESS: Final = 6
_MAX_SYNCED: Final = 1 << 16


class SyncedContracts:
    """Which contracts are up to the anchor, for which accounts. Lives longer than a job; mutable."""

    def __init__(self) -> None:
        self._done: set[tuple[AztecAddress, str | AztecAddress]] = set()

    def missing(self, contract: AztecAddress, scopes: Scopes) -> Scopes | None:
        """Give the scopes that are still to be synchronised; None when there is nothing to do."""
        if (contract, ALL_SCOPES) in self._done:
            return None
        if scopes == ALL_SCOPES:
            return ALL_SCOPES
        left = tuple(scope for scope in dict.fromkeys(scopes) if (contract, scope) not in self._done)
        return left or None

    def add(self, contract: AztecAddress, scopes: Scopes) -> None:
        """Note that a contract is synchronised; of very many all are forgotten, and looked at again."""
        if len(self._done) >= _MAX_SYNCED:
            self.clear()
        if scopes == ALL_SCOPES:
            self._done.add((contract, ALL_SCOPES))
        else:
            self._done.update((contract, scope) for scope in scopes)

    def clear(self) -> None:
        """Forget everything: the anchor has moved, or a job's writes were dropped."""
        self._done.clear()


class ContractSync:
    """Synchronisation in one job. Satisfies SyncView."""

    def __init__(self, job: Job, synced: SyncedContracts) -> None:
        self._job = job
        self._synced = synced

    def ensure_contract_synced(
        self, contract: AztecAddress, selector: FunctionSelector | None, scopes: Scopes, run: UtilityRunner
    ) -> None:
        """Do what is due before `selector` of a contract runs; None stands for no function at all.

        Raises SyncError, OutdatedClassError, and what `sync_state` raises.
        """
        stores = self._job.stores
        if stores.contracts.is_overridden(contract):
            return
        sync_state = _sync_state(stores, contract)
        if sync_state is not None and selector == sync_state:
            raise SyncError(
                "Forbidden `sync_state` invocation. `sync_state` can only be invoked by PXE, manual "
                "execution can lead to inconsistencies."
            )
        left = self._synced.missing(contract, scopes)
        if left is None:
            return
        # What else the job has staged must wait for its end.
        keep = self._job.keep if not len(stores.stage) else None
        self._check_state(contract, left)
        if sync_state is not None:
            self._find_notes(lambda: run(contract, sync_state, (), left), keep)
        if keep is not None:
            keep()
        self._synced.add(contract, left)

    def _find_notes(self, sync_state: Callable[[], object], keep: Callable[[], None] | None) -> None:
        """Let a contract look at what it was sent, a part of it at a time if that can be kept."""
        outer = self._job.steps
        steps = self._job.steps = None if keep is None else SyncSteps()
        try:
            sync_state()
            while steps is not None and keep is not None and steps.searches:
                keep()
                before = steps.searches
                sync_state()
                if steps.searches is before:
                    break  # it asks for no logs any more
        finally:
            self._job.steps = outer

    def _check_state(self, contract: AztecAddress, scopes: Scopes) -> None:
        """Check the class, and which of the known notes were consumed; one request for both."""
        job = self._job
        class_calls = class_update_calls(job, contract)
        active = active_nullifiers(job, contract, scopes)
        calls: list[Coroutine[Any, Any, Any]] = [*class_calls, *leaf_calls(job, NULLIFIER_TREE, active)]
        answers = job.bridge.run_all(calls) if calls else []
        keep_class_update(job, contract, answers[: len(class_calls)])
        check_class(job, contract)
        job.stores.notes.apply_nullifiers(found_nullifiers(active, answers[len(class_calls) :]))


def _sync_state(stores: Stores, contract: AztecAddress) -> FunctionSelector | None:
    """Find the function that finds notes; protocol contracts have none. Raises UnknownFunctionError."""
    if 0 < fr_int(contract) <= _MAX_PROTOCOL_ADDRESS:
        return None
    artifact = stores.contracts.artifact(contract)
    if artifact is None:
        raise SyncError(f"No contract instance found for address 0x{contract.hex()}")
    return artifact.function(_SYNC_STATE).selector
