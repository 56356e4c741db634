"""Views of private execution for tests: dictionaries in the place of stores, node and synchronisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_int
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import BlockHeader, GlobalVariables
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot, PartialStateReference, StateReference
from aztecd.pxe.execution.views import ExecutionViews, FunctionCode, SettledNote, TaggingSecret
from aztecd.pxe.keys import KeyStore, KeyValidationRequest, address_point
from aztecd.pxe.oracles import (
    ContractLog,
    Environment,
    ExecutionNoteCache,
    HashedValuesCache,
    TagIndexes,
    TransactionCaches,
)
from aztecd.pxe.oracles.tagging import directional_tagging_secret

PROTOCOL_NULLIFIER = fr(0xF1)


def header_of(fields: Sequence[Fr]) -> BlockHeader:
    """Make a header of its 22 fields."""
    snapshots = [
        AppendOnlyTreeSnapshot(root=fields[2 * i], next_available_leaf_index=fr_int(fields[2 * i + 1]))
        for i in range(5)
    ]
    numbers = list(map(fr_int, fields))
    return BlockHeader(
        last_archive=snapshots[0],
        state=StateReference(
            l1_to_l2_message_tree=snapshots[1],
            partial=PartialStateReference(
                note_hash_tree=snapshots[2], nullifier_tree=snapshots[3], public_data_tree=snapshots[4]
            ),
        ),
        sponge_blob_hash=fields[10],
        global_variables=GlobalVariables(
            chain_id=numbers[11],
            version=numbers[12],
            block_number=numbers[13],
            slot_number=numbers[14],
            timestamp=numbers[15],
            coinbase=fields[16][12:],
            fee_recipient=AztecAddress(fields[17]),
            gas_fees=GasFees(fee_per_da_gas=numbers[18], fee_per_l2_gas=numbers[19]),
        ),
        total_fees=numbers[20],
        total_mana_used=numbers[21],
    )


ANCHOR = header_of([fr(n) for n in range(1, 23)])


@dataclass(kw_only=True)
class FakeViews:
    """All views in one object; every table is keyed by what the oracles ask with."""

    anchor: BlockHeader = ANCHOR
    witnesses: dict[tuple[str, Fr, Fr], Any] = field(default_factory=dict)
    headers: dict[int, BlockHeader] = field(default_factory=dict)
    messages: dict[Fr, tuple[int, Sequence[Fr]]] = field(default_factory=dict)
    nullifiers: set[tuple[Any, Fr]] = field(default_factory=set)
    storage: dict[tuple[Fr, Fr, Fr], Fr] = field(default_factory=dict)
    notes: list[SettledNote] = field(default_factory=list)
    capsules: dict[tuple[Fr, Fr], tuple[Fr, ...]] = field(default_factory=dict)
    accounts: dict[Fr, Any] = field(default_factory=dict)
    keys: dict[Fr, tuple[Fr, KeyValidationRequest]] = field(default_factory=dict)
    shared_secrets: dict[tuple[Fr, Any], Any] = field(default_factory=dict)
    instances: dict[Fr, Any] = field(default_factory=dict)
    functions: dict[tuple[Fr, bytes], FunctionCode] = field(default_factory=dict)
    names: Mapping[Fr, str] = field(default_factory=dict)
    next_indexes: dict[TaggingSecret, int] = field(default_factory=dict)
    secrets: dict[tuple[Fr, Fr, Fr], TaggingSecret] = field(default_factory=dict)
    key_store: KeyStore | None = None
    """Accounts whose keys are known: questions about them are answered by computation."""
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    """What was asked of discovery, synchronisation and tagging, in order."""
    logs: list[ContractLog] = field(default_factory=list)

    def views(self) -> ExecutionViews:
        parts: Any = dict.fromkeys(("node", "addresses", "contracts", "discovery", "tagging", "sync"), self)
        return ExecutionViews(
            anchor=self.anchor, notes=_Notes(self), capsules=_Capsules(self), keys=_Keys(self), **parts
        )

    def environment(self, random_field=lambda: fr(4)) -> Environment:
        return Environment(views=self.views(), random_field=random_field, log=self.logs.append)

    def knows(self, account):
        return self.key_store is not None and self.key_store.has_account(account)

    # Node.
    def get_note_hash_membership_witness(self, block, note_hash):
        return self.witnesses.get(("note_hash", block, note_hash))

    def get_block_hash_membership_witness(self, block, block_hash):
        return self.witnesses.get(("block_hash", block, block_hash))

    def get_nullifier_membership_witness(self, block, nullifier):
        return self.witnesses.get(("nullifier", block, nullifier))

    def get_low_nullifier_membership_witness(self, block, nullifier):
        return self.witnesses.get(("low_nullifier", block, nullifier))

    def get_public_data_witness(self, block, leaf_slot):
        return self.witnesses.get(("public_data", block, leaf_slot))

    def get_block_header(self, block):
        return self.headers.get(block)

    def get_l1_to_l2_message_membership_witness(self, block, message):
        assert block == "latest"
        return self.messages.get(message)

    def has_nullifier(self, block, siloed_nullifier):
        return (block, siloed_nullifier) in self.nullifiers

    def get_public_storage(self, block, contract, slots):
        return [self.storage.get((block, contract, slot), FR_ZERO) for slot in slots]

    # Addresses and contracts.
    def public_keys_and_partial_address(self, address):
        if self.knows(address):
            account = self.key_store.account(address)
            return account.public_keys, account.partial_address
        return self.accounts.get(address)

    def get_contract_instance(self, address):
        return self.instances.get(address)

    def get_function(self, address, selector):
        return self.functions[address, selector]

    def get_contract_name(self, address):
        return self.names.get(address)

    # Discovery, tags, synchronisation.
    def fetch_tagged_logs(self, contract, base_slot, scopes):
        self.asked.append(("fetch", contract, base_slot, scopes))

    def validate_and_store(self, contract, notes_slot, events_slot):
        self.asked.append(("validate", contract, notes_slot, events_slot))

    def retrieve_logs(self, contract, requests_slot, responses_slot):
        self.asked.append(("retrieve", contract, requests_slot, responses_slot))

    def tagging_secret(self, *, contract, sender, recipient):
        if self.knows(sender):
            shared = self.key_store.shared_secret(sender, address_point(recipient))
            return TaggingSecret(directional_tagging_secret(shared, contract, recipient), contract)
        return self.secrets[contract, sender, recipient]

    def next_index(self, secret):
        self.asked.append(("next_index", secret))
        return self.next_indexes.get(secret, 0)

    def ensure_contract_synced(self, contract, selector, scopes, run):
        self.asked.append(("sync", contract, selector, scopes))


@dataclass
class _Notes:
    fake: FakeViews

    def get_notes(self, *, contract, owner, storage_slot, status, scopes):
        self.fake.asked.append(("notes", status, scopes))
        return [
            note
            for note in self.fake.notes
            if note.contract_address == contract
            and note.storage_slot == storage_slot
            and owner in (None, note.owner)
        ]


@dataclass
class _Capsules:
    fake: FakeViews

    def load_capsule(self, contract, slot):
        return self.fake.capsules.get((contract, slot))

    def store_capsule(self, contract, slot, values):
        self.fake.capsules[contract, slot] = tuple(values)

    def delete_capsule(self, contract, slot):
        self.fake.capsules.pop((contract, slot), None)

    def copy_capsules(self, contract, source, target, count):
        self.fake.asked.append(("copy", contract, source, target, count))


@dataclass
class _Keys:
    fake: FakeViews

    def has_account(self, account):
        return account in self.fake.accounts or self.fake.knows(account)

    def account_has_key(self, account, public_key_hash):
        found = self.fake.keys.get(public_key_hash)
        return found is not None and found[0] == account

    def key_validation_request(self, public_key_hash, app):
        if public_key_hash in self.fake.keys:
            return self.fake.keys[public_key_hash][1]
        return self.fake.key_store.key_validation_request(public_key_hash, app)

    def shared_secret(self, account, point):
        if self.fake.knows(account):
            return self.fake.key_store.shared_secret(account, point)
        return self.fake.shared_secrets[account, point]


def empty_caches() -> TransactionCaches:
    return TransactionCaches(ExecutionNoteCache(PROTOCOL_NULLIFIER), HashedValuesCache(), TagIndexes())
