from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.artifacts import contract_class_of
from aztecd.pxe.stores import ArtifactCache, ContractOverride, Stage, Stores
from aztecd.pxe.sync import ContractSync, OutdatedClassError, SyncedContracts, SyncError
from aztecd.storage import MemoryStore
from tests.support.pxe_chain import effect, job_at
from tests.support.pxe_contracts import artifact, function, instance, schedule_class
from tests.support.pxe_records import ALICE, BOB, note

CODE = artifact(function("read"))
INSTANCE = instance(CODE)
CONTRACT = INSTANCE.address
READ = CODE.function("read").selector
SYNC_STATE = CODE.function("sync_state").selector


@pytest.fixture
def job(chain, loop, keys):
    chain.mine(effect(1))
    made = job_at(chain, loop, keys)
    made.stores.contracts.add_class(INSTANCE.current_contract_class_id, CODE)
    made.stores.contracts.add_instance(INSTANCE)
    return made


@pytest.fixture
def runs():
    return []


@pytest.fixture
def ensure(job, runs):
    synced = SyncedContracts()
    sync = ContractSync(job, synced)

    def ensure_synced(scopes, selector=READ, contract=CONTRACT):
        sync.ensure_contract_synced(contract, selector, scopes, lambda *call: runs.append(call) or ())

    ensure_synced.synced = synced
    return ensure_synced


def test_once_for_each_account_and_anchor(ensure, runs):
    ensure((ALICE,))
    ensure((ALICE,))
    assert runs == [(CONTRACT, SYNC_STATE, (), (ALICE,))]
    ensure((ALICE, BOB))
    assert runs[1:] == [(CONTRACT, SYNC_STATE, (), (BOB,))]
    ensure("ALL_SCOPES")
    ensure((AztecAddress(fr(9)),))
    assert runs[2:] == [(CONTRACT, SYNC_STATE, (), "ALL_SCOPES")]
    ensure.synced.clear()
    ensure((ALICE,))
    assert len(runs) == 4


def test_no_scopes_no_synchronisation(ensure, runs, chain):
    ensure(())
    assert runs == []
    assert chain.calls["get_public_storage_at"] == 0


def test_a_failed_synchronisation_is_tried_again(job, runs):
    synced = SyncedContracts()
    sync = ContractSync(job, synced)

    def fail(*_):
        raise SyncError("no")

    with pytest.raises(SyncError):
        sync.ensure_contract_synced(CONTRACT, READ, (ALICE,), fail)
    sync.ensure_contract_synced(CONTRACT, READ, (ALICE,), lambda *call: runs.append(call) or ())
    assert len(runs) == 1


def test_sync_state_is_not_for_users(ensure, runs):
    with pytest.raises(SyncError, match="Forbidden `sync_state` invocation"):
        ensure((ALICE,), SYNC_STATE)
    assert runs == []


def test_consumed_notes_are_noticed(ensure, job, chain):
    job.stores.notes.add(note(5, contract_address=CONTRACT), ALICE)
    job.stores.notes.add(note(6, contract_address=CONTRACT), ALICE)
    chain.blocks[1].effects.append(effect(2, nullifiers=[fr(6)]))
    ensure((ALICE,))
    assert [found.siloed_nullifier for found in job.stores.notes.select(CONTRACT)] == [fr(5)]
    assert job.stores.notes.find(fr(6)).nullified_at == 1


def test_outdated_code_is_refused(ensure, runs, chain):
    schedule_class(chain, CONTRACT, fr(123))
    local = INSTANCE.current_contract_class_id.hex()
    with pytest.raises(
        OutdatedClassError,
        match=f"is outdated, current class id is 0x{fr(123).hex()}, local class id is 0x{local}",
    ):
        ensure((ALICE,))
    assert runs == []


def test_updated_code_is_current(ensure, runs, chain, job):
    updated = artifact(function("read"), function("more"))
    class_id = contract_class_of(updated).id
    schedule_class(chain, CONTRACT, class_id)
    job.stores.contracts.add_class(class_id, updated)
    job.stores.contracts.add_instance(INSTANCE.replace(current_contract_class_id=class_id))
    ensure((ALICE,))
    assert len(runs) == 1


def test_protocol_contracts_have_no_state_but_a_class(ensure, runs, job, chain):
    registry = INSTANCE.replace(address=AztecAddress(fr(3)))
    job.stores.contracts.add_instance(registry)
    ensure((ALICE,), contract=registry.address)
    assert runs == []
    assert chain.calls["get_public_storage_at"] == 3


def test_unknown_contracts_are_refused(ensure):
    with pytest.raises(SyncError, match="No contract instance found for address"):
        ensure((ALICE,), contract=AztecAddress(fr(0xDEAD)))


def test_overridden_contracts_are_left_alone(chain, loop, keys, runs):
    job = job_at(chain, loop, keys)
    override = ContractOverride(instance=INSTANCE, artifact=CODE)
    job.stores = Stores(Stage(MemoryStore()), ArtifactCache(), {CONTRACT: override})
    sync = ContractSync(job, SyncedContracts())
    sync.ensure_contract_synced(CONTRACT, READ, (ALICE,), lambda *call: runs.append(call) or ())
    assert runs == []
    assert job.stores.contracts.instance(CONTRACT) == INSTANCE
    assert job.stores.contracts.artifact(CONTRACT) is CODE


def test_what_is_remembered_of_synchronised_contracts_is_bounded(monkeypatch):
    monkeypatch.setattr("aztecd.pxe.sync.contracts._MAX_SYNCED", 3)
    synced = SyncedContracts()
    contracts = [AztecAddress(fr(number)) for number in range(1, 6)]
    for contract in contracts:
        synced.add(contract, (ALICE,))
    assert [synced.missing(contract, (ALICE,)) is None for contract in contracts] == [
        False,
        False,
        False,
        True,
        True,
    ]
