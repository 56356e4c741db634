"""What private execution asks of the node, the stores and the synchronisation, each as a small Protocol.

Everything is synchronous: execution runs in a worker thread of its own, and what has to wait for the node
blocks that thread. All of one execution sees one anchor block and one set of staged stores; whoever makes the
views binds both. `None` is "not found"; the oracles turn it into the error text of the protocol.

Errors that a view raises are `AztecdError`s; they end the execution and reach the caller as its cause.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeAlias

from aztecd.crypto.field import Fr
from aztecd.crypto.grumpkin import Point
from aztecd.protocol.basic import AztecAddress, BlockHash, BlockNumber, FunctionSelector
from aztecd.protocol.contracts import ContractInstanceWithAddress, PublicKeys
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tree_types import MembershipWitness, NullifierMembershipWitness, PublicDataWitness
from aztecd.pxe.artifacts import FunctionArtifact, SourceMap
from aztecd.pxe.keys import KeyValidationRequest

__all__ = [
    "ALL_SCOPES",
    "AddressView",
    "BlockParameter",
    "CapsuleView",
    "ContractView",
    "DiscoveryView",
    "ExecutionViews",
    "FunctionCode",
    "KeyView",
    "NodeView",
    "NoteStatus",
    "NoteView",
    "Scopes",
    "SettledNote",
    "SyncView",
    "TaggingSecret",
    "TaggingView",
    "UtilityRunner",
]

BlockParameter: TypeAlias = BlockNumber | BlockHash | Literal["latest"]
"""A block's number, its hash, or the latest proposed block."""

Scopes: TypeAlias = tuple[AztecAddress, ...] | Literal["ALL_SCOPES"]
"""The accounts whose notes and keys an execution may use.

`()` shows no notes; keys, and messages to be found, are then those of all accounts, as in the reference:
nobody is named, so nobody is left out. Shared secrets go by the account that the contract names, whatever the
scopes.
"""

ALL_SCOPES: Final = "ALL_SCOPES"

NoteStatus: TypeAlias = Literal[1, 2]
"""1: notes that are not consumed; 2: consumed ones too."""

UtilityRunner: TypeAlias = Callable[[AztecAddress, FunctionSelector, Sequence[Fr], Scopes], Sequence[Fr]]
"""Runs a utility function (contract, selector, arguments, scopes) on the same views; gives its results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCode:
    """A function that can be run; `source_map` comes from `ContractArtifact.source_map`."""

    contract_name: str
    artifact: FunctionArtifact
    source_map: SourceMap


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledNote:
    """A note of the store; `nonce` is not zero, `note_hash` is the inner one."""

    contract_address: AztecAddress
    owner: AztecAddress
    storage_slot: Fr
    randomness: Fr
    nonce: Fr
    items: tuple[Fr, ...]
    note_hash: Fr
    siloed_nullifier: Fr


@dataclass(frozen=True, slots=True)
class TaggingSecret:
    """What tags are made of: the directional secret (recipient mixed in) and the contract it is for."""

    secret: Fr = field(repr=False)
    contract: AztecAddress


class NodeView(Protocol):
    """Reads of the node; names and results are those of the node's own interface."""

    def get_note_hash_membership_witness(
        self, block: BlockParameter, note_hash: Fr
    ) -> MembershipWitness | None:
        """Give the path of a note hash (the unique one)."""
        ...

    def get_block_hash_membership_witness(
        self, block: BlockParameter, block_hash: BlockHash
    ) -> MembershipWitness | None:
        """Give the path of a block hash in the archive."""
        ...

    def get_nullifier_membership_witness(
        self, block: BlockParameter, nullifier: Fr
    ) -> NullifierMembershipWitness | None:
        """Give the leaf and path of a siloed nullifier."""
        ...

    def get_low_nullifier_membership_witness(
        self, block: BlockParameter, nullifier: Fr
    ) -> NullifierMembershipWitness | None:
        """Give the leaf and path that prove that a siloed nullifier is absent."""
        ...

    def get_public_data_witness(self, block: BlockParameter, leaf_slot: Fr) -> PublicDataWitness | None:
        """Give the leaf of a slot, or the one before it, and its path."""
        ...

    def get_block_header(self, block: BlockParameter) -> BlockHeader | None:
        """Give the header of a block."""
        ...

    def get_l1_to_l2_message_membership_witness(
        self, block: BlockParameter, message: Fr
    ) -> tuple[int, Sequence[Fr]] | None:
        """Give the leaf index of a message and its 36 siblings."""
        ...

    def has_nullifier(self, block: BlockParameter, siloed_nullifier: Fr) -> bool:
        """Tell whether the nullifier tree has a leaf (`findLeavesIndexes` of the nullifier tree)."""
        ...

    def get_public_storage(
        self, block: BlockParameter, contract: AztecAddress, slots: Sequence[Fr]
    ) -> Sequence[Fr]:
        """Read several slots of a contract; an implementation asks for all of them at once."""
        ...


class NoteView(Protocol):
    """The note store."""

    def get_notes(
        self,
        *,
        contract: AztecAddress,
        owner: AztecAddress | None,
        storage_slot: Fr,
        status: NoteStatus,
        scopes: Scopes,
    ) -> Sequence[SettledNote]:
        """Give the matching notes that one of the scopes can see, by block, transaction and note index."""
        ...


class CapsuleView(Protocol):
    """The capsule store: lists of fields under a contract's slots."""

    def load_capsule(self, contract: AztecAddress, slot: Fr) -> tuple[Fr, ...] | None:
        """Read a slot."""
        ...

    def store_capsule(self, contract: AztecAddress, slot: Fr, values: Sequence[Fr]) -> None:
        """Write a slot."""
        ...

    def delete_capsule(self, contract: AztecAddress, slot: Fr) -> None:
        """Empty a slot; one that is empty stays so."""
        ...

    def copy_capsules(self, contract: AztecAddress, source: Fr, target: Fr, count: int) -> None:
        """Copy `count` neighbouring slots, which may overlap.

        Raises for an empty one: `Attempted to copy empty slot <slot> for contract <contract>`.
        """
        ...


class AddressView(Protocol):
    """The address store: complete addresses of own accounts."""

    def public_keys_and_partial_address(self, address: AztecAddress) -> tuple[PublicKeys, Fr] | None:
        """Give what an address was made of."""
        ...


class KeyView(Protocol):
    """The key store. Master secrets stay inside of it."""

    def has_account(self, account: AztecAddress) -> bool:
        """Tell whether the account is our own."""
        ...

    def account_has_key(self, account: AztecAddress, public_key_hash: Fr) -> bool:
        """Tell whether one of its four master public keys has this hash."""
        ...

    def key_validation_request(self, public_key_hash: Fr, app: AztecAddress) -> KeyValidationRequest:
        """Give the key with this hash, for one contract. Raises when no account has it."""
        ...

    def shared_secret(self, account: AztecAddress, point: Point) -> Point:
        """Multiply a point by the address secret of an own account. Raises when it is none."""
        ...


class ContractView(Protocol):
    """The contract store, with the overrides of this execution."""

    def get_contract_instance(self, address: AztecAddress) -> ContractInstanceWithAddress | None:
        """Give a registered contract, with its class of today."""
        ...

    def get_function(self, address: AztecAddress, selector: FunctionSelector) -> FunctionCode:
        """Give a function of a contract. Raises when the contract or the function is not known."""
        ...

    def get_contract_name(self, address: AztecAddress) -> str | None:
        """Give the name in a contract's artifact."""
        ...


class DiscoveryView(Protocol):
    """Finding notes and events: what `sync_state` of a contract asks for.

    Authority: @aztec/pxe src/logs/log_service.ts, src/notes/note_service.ts, src/events/event_service.ts.
    """

    def fetch_tagged_logs(self, contract: AztecAddress, base_slot: Fr, scopes: Scopes) -> None:
        """Append the logs that the scoped accounts may decrypt to the capsule array at `base_slot`."""
        ...

    def validate_and_store(self, contract: AztecAddress, notes_slot: Fr, events_slot: Fr) -> None:
        """Check and store the notes and events of two capsule arrays, and empty both."""
        ...

    def retrieve_logs(self, contract: AztecAddress, requests_slot: Fr, responses_slot: Fr) -> None:
        """Look up the logs that a capsule array asks for, empty it and write the answers to another one."""
        ...


class TaggingView(Protocol):
    """Tags from the sender's side."""

    def tagging_secret(
        self, *, contract: AztecAddress, sender: AztecAddress, recipient: AztecAddress
    ) -> TaggingSecret:
        """Give the secret of own account `sender` towards `recipient`. Raises when it is no account."""
        ...

    def next_index(self, secret: TaggingSecret) -> int:
        """Synchronise the secret's indexes with the chain and give the first one that was never used."""
        ...


class SyncView(Protocol):
    """Bringing a contract up to the anchor block."""

    def ensure_contract_synced(
        self, contract: AztecAddress, selector: FunctionSelector, scopes: Scopes, run: UtilityRunner
    ) -> None:
        """Do what is due before `selector` of a contract runs; `run` is for its `sync_state`.

        Raises for a direct call of `sync_state`, and for a contract whose class is outdated.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionViews:
    """All views of one job, bound to `anchor`."""

    anchor: BlockHeader
    node: NodeView
    notes: NoteView
    capsules: CapsuleView
    addresses: AddressView
    keys: KeyView
    contracts: ContractView
    discovery: DiscoveryView
    tagging: TaggingView
    sync: SyncView
