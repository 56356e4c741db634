"""What execution needs of the world: small interfaces that the state and the chain satisfy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aztecd.state.tree_ids import TreeId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.crypto.field import Fr
    from aztecd.protocol.basic import AztecAddress, BlockHash
    from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
    from aztecd.protocol.tx import Tx

__all__ = [
    "ContractSource",
    "ProofVerifier",
    "StateFork",
    "StateReader",
    "TreeReads",
    "TreeStateReader",
]


class StateReader(Protocol):
    """The state that a transaction is validated against: a view at a block, or a fork."""

    def nullifier_index(self, nullifier: Fr) -> int | None:
        """Give the leaf index of a siloed nullifier, if the tree has it."""
        ...

    def public_data_value(self, leaf_slot: Fr) -> Fr:
        """Give the value of a public data leaf; zero if there is none."""
        ...

    def archive_contains(self, block_hash: BlockHash) -> bool:
        """Tell whether a block hash is a leaf of the archive."""
        ...


class TreeReads(Protocol):
    """The reads that a StateView and a Fork have in common, as far as validation needs them."""

    def nullifier_index(self, nullifier: Fr, /) -> int | None:
        """Give the leaf index of a siloed nullifier, if the tree has it."""
        ...

    def public_data_value(self, slot: Fr, /) -> Fr:
        """Give the value of a public data leaf; zero if there is none."""
        ...

    def find_leaf_index(self, tree: TreeId, value: Fr, /) -> int | None:
        """Give the lowest index of a leaf, if the tree has it."""
        ...


@dataclass(frozen=True, slots=True)
class TreeStateReader:
    """A StateView or Fork as a StateReader."""

    trees: TreeReads

    def nullifier_index(self, nullifier: Fr) -> int | None:
        """Give the leaf index of a siloed nullifier, if the tree has it."""
        return self.trees.nullifier_index(nullifier)

    def public_data_value(self, leaf_slot: Fr) -> Fr:
        """Give the value of a public data leaf; zero if there is none."""
        return self.trees.public_data_value(leaf_slot)

    def archive_contains(self, block_hash: BlockHash) -> bool:
        """Tell whether a block hash is a leaf of the archive."""
        return self.trees.find_leaf_index(TreeId.ARCHIVE, block_hash) is not None


class ContractSource(Protocol):
    """The published contracts."""

    def contract_instance(self, address: AztecAddress, timestamp: int) -> ContractInstanceWithAddress | None:
        """Give an instance with the class that it has at `timestamp` (seconds)."""
        ...

    def contract_class(self, class_id: Fr) -> ContractClassPublic | None:
        """Give a class."""
        ...


class ProofVerifier(Protocol):
    """Checks a transaction's proof; networks without real proofs have none."""

    def is_valid(self, tx: Tx) -> bool:
        """Tell whether the proof shows what the transaction's data say."""
        ...


class StateFork(Protocol):
    """The writable state that a transaction is executed on. Lists of leaves are padded to 64."""

    def size(self, tree: TreeId, /) -> int:
        """Give the number of leaves."""
        ...

    def leaf(self, tree: TreeId, index: int, /) -> Fr:
        """Give a leaf; zero for an empty one."""
        ...

    def nullifier_index(self, nullifier: Fr, /) -> int | None:
        """Give the leaf index of a siloed nullifier, if the tree has it."""
        ...

    def public_data_value(self, slot: Fr, /) -> Fr:
        """Give the value of a public data leaf; zero if there is none."""
        ...

    def write_public_data(self, writes: Sequence[tuple[Fr, Fr]], /) -> object:
        """Set leaves one after the other."""
        ...

    def append_note_hashes(self, leaves: Sequence[Fr], /) -> object:
        """Append leaves to the note hash tree."""
        ...

    def insert_nullifiers_batch(self, leaves: Sequence[Fr], /) -> object:
        """Insert leaves, zero ones as padding. Raises DuplicateKeyError, KeyPresentError."""
        ...

    def create_checkpoint(self) -> int:
        """Begin a nested change; give its depth."""
        ...

    def commit_checkpoint(self) -> None:
        """Keep the change since the last checkpoint."""
        ...

    def revert_checkpoint(self) -> None:
        """Undo the change since the last checkpoint."""
        ...
