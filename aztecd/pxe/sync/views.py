"""The views of one job, for execution."""

from __future__ import annotations

from aztecd.crypto.field import Fr, fr_hex
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.contracts import ContractInstanceWithAddress, PublicKeys
from aztecd.pxe.execution.views import ExecutionViews, FunctionCode, Scopes, TaggingSecret
from aztecd.pxe.keys import KeyStore
from aztecd.pxe.stores import ContractStore
from aztecd.pxe.sync.contracts import ContractSync, SyncedContracts
from aztecd.pxe.sync.errors import SyncError
from aztecd.pxe.sync.job import Job
from aztecd.pxe.sync.log_retrieval import retrieve_logs
from aztecd.pxe.sync.sender_tags import next_index
from aztecd.pxe.sync.tagged_logs import fetch_tagged_logs
from aztecd.pxe.sync.validation import validate_and_store

__all__ = ["views_of"]


class _Addresses:
    """Complete addresses, of own accounts only. Satisfies AddressView."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def public_keys_and_partial_address(self, address: AztecAddress) -> tuple[PublicKeys, Fr] | None:
        if not self._keys.has_account(address):
            return None
        found = self._keys.account(address)
        return found.public_keys, found.partial_address


class _Contracts:
    """Contracts as execution sees them. Satisfies ContractView."""

    def __init__(self, store: ContractStore) -> None:
        self._store = store

    def get_contract_instance(self, address: AztecAddress) -> ContractInstanceWithAddress | None:
        return self._store.instance(address)

    def get_function(self, address: AztecAddress, selector: FunctionSelector) -> FunctionCode:
        artifact = self._store.artifact(address)
        if artifact is None:
            raise SyncError(
                f"No contract instance found for address {fr_hex(address)}: register the contract first"
            )
        function = artifact.function_by_selector(selector)
        return FunctionCode(
            contract_name=artifact.name, artifact=function, source_map=artifact.source_map(function)
        )

    def get_contract_name(self, address: AztecAddress) -> str | None:
        artifact = self._store.artifact(address)
        return None if artifact is None else artifact.name


class _Discovery:
    """Notes, events and logs. Satisfies DiscoveryView."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def fetch_tagged_logs(self, contract: AztecAddress, base_slot: Fr, scopes: Scopes) -> None:
        fetch_tagged_logs(self._job, contract, base_slot, scopes)

    def validate_and_store(self, contract: AztecAddress, notes_slot: Fr, events_slot: Fr) -> None:
        validate_and_store(self._job, contract, notes_slot, events_slot)

    def retrieve_logs(self, contract: AztecAddress, requests_slot: Fr, responses_slot: Fr) -> None:
        retrieve_logs(self._job, contract, requests_slot, responses_slot)


class _Tagging:
    """Tags from the sender's side. Satisfies TaggingView."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def tagging_secret(
        self, *, contract: AztecAddress, sender: AztecAddress, recipient: AztecAddress
    ) -> TaggingSecret:
        return self._job.secrets.as_sender(contract=contract, sender=sender, recipient=recipient)

    def next_index(self, secret: TaggingSecret) -> int:
        return next_index(self._job, secret)


def views_of(job: Job, synced: SyncedContracts) -> ExecutionViews:
    """Give all views of a job."""
    return ExecutionViews(
        anchor=job.anchor.header,
        node=job.bridge,
        notes=job.stores.notes,
        capsules=job.stores.capsules,
        addresses=_Addresses(job.keys),
        keys=job.keys,
        contracts=_Contracts(job.stores.contracts),
        discovery=_Discovery(job),
        tagging=_Tagging(job),
        sync=ContractSync(job, synced),
    )
