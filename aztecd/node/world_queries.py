"""Questions about the trees at a block: witnesses, indices, public storage.

The texts of errors are the reference's: clients and their logs know them. Where the reference answers a query
at block 0 with the newest state, we answer with the genesis state (decision 0002).

Authority: @aztec/aztec-node src/aztec-node/server.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aztecd.chain import ChainStore
from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.node.api import BlockParameter
from aztecd.node.errors import BlockReferenceError, NodeError
from aztecd.protocol.basic import AztecAddress, BlockHash, BlockNumber
from aztecd.protocol.hashes import public_leaf_slot
from aztecd.protocol.node_types import WorldStateSyncStatus
from aztecd.protocol.receipt import DataInBlock
from aztecd.protocol.tree_types import (
    MembershipWitness,
    NullifierLeaf,
    NullifierLeafPreimage,
    NullifierMembershipWitness,
    PublicDataLeaf,
    PublicDataTreeLeafPreimage,
    PublicDataWitness,
    SiblingPath,
)
from aztecd.state import StateView, TreeId, WorldState
from aztecd.trees.leaves import NullifierLeaf as IndexedNullifier

__all__ = ["WorldQueries"]

_PUBLIC_DATA_LOOKUP_ERROR: Final = (
    "Attempted to read beyond buffer length. Start index: 32, Num bytes to read: 32, Buffer length: 32"
)


class WorldQueries:
    """Reads of the world state, for clients."""

    def __init__(self, *, chain: ChainStore, world_state: WorldState) -> None:
        self._chain = chain
        self._world_state = world_state

    def number_of(self, block: BlockParameter) -> BlockNumber:
        """Resolve a block reference. Raises BlockReferenceError."""
        tip = self._chain.tips().proposed.number
        if block == "latest":
            return BlockNumber(tip)
        if isinstance(block, int):
            if block > tip:
                raise BlockReferenceError(
                    f"Queried block {block} not yet synced by the node (node is synced upto {tip})."
                )
            return block
        number = self._chain.block_number_of_hash(BlockHash(Fr(block)))
        if number is None:
            raise BlockReferenceError(
                f"Block hash 0x{block.hex()} not found when querying world state. If the node API has been "
                "queried with anchor block hash possibly a reorg has occurred."
            )
        return number

    def at(self, block: BlockParameter) -> StateView:
        """Give the state after a block. Raises BlockReferenceError, or StateError when it was pruned."""
        return self._world_state.at(self.number_of(block))

    def find_leaves_indexes(
        self, block: BlockParameter, tree_id: int, leaves: Sequence[Fr]
    ) -> list[DataInBlock | None]:
        """Find leaves (in the nullifier tree: keys) with the blocks that inserted them."""
        view = self.at(block)
        tree = TreeId(tree_id)
        if tree is TreeId.PUBLIC_DATA and leaves:
            # A leaf of this tree is two fields and the interface takes one: the reference fails like this.
            raise NodeError(_PUBLIC_DATA_LOOKUP_ERROR)
        return [self._locate(view, tree, leaf) for leaf in leaves]

    def _locate(self, view: StateView, tree: TreeId, leaf: Fr) -> DataInBlock | None:
        index = view.find_leaf_index(tree, leaf)
        if index is None:
            return None
        inserted_in = view.block_of_leaf(tree, index)
        block_hash = self._chain.block_hash(BlockNumber(inserted_in)) if inserted_in is not None else None
        if inserted_in is None or block_hash is None:
            return None
        return DataInBlock(l2_block_number=inserted_in, l2_block_hash=block_hash, data=index)

    def nullifier_witness(self, block: BlockParameter, nullifier: Fr) -> NullifierMembershipWitness | None:
        """Prove that a nullifier is in the tree."""
        view = self.at(block)
        low = view.low_leaf(TreeId.NULLIFIER, nullifier)
        if not low.is_present:
            return None
        return self._nullifier_witness(view, low.index, low.preimage)

    def low_nullifier_witness(self, block: BlockParameter, nullifier: Fr) -> NullifierMembershipWitness:
        """Give the leaf with the greatest nullifier that is not above the given one."""
        view = self.at(block)
        low = view.low_leaf(TreeId.NULLIFIER, nullifier)
        return self._nullifier_witness(view, low.index, low.preimage)

    def _nullifier_witness(
        self, view: StateView, index: int, leaf: IndexedNullifier
    ) -> NullifierMembershipWitness:
        return NullifierMembershipWitness(
            index=index,
            leaf_preimage=NullifierLeafPreimage(
                leaf=NullifierLeaf(nullifier=leaf.key),
                next_key=leaf.next_key,
                next_index=leaf.next_index,
            ),
            sibling_path=SiblingPath(tuple(view.sibling_path(TreeId.NULLIFIER, index))),
        )

    def public_data_witness(self, block: BlockParameter, leaf_slot: Fr) -> PublicDataWitness:
        """Give the leaf with the greatest slot that is not above the given one."""
        view = self.at(block)
        low = view.low_leaf(TreeId.PUBLIC_DATA, leaf_slot)
        leaf = low.preimage
        return PublicDataWitness(
            index=low.index,
            leaf_preimage=PublicDataTreeLeafPreimage(
                leaf=PublicDataLeaf(slot=leaf.key, value=leaf.value),
                next_key=leaf.next_key,
                next_index=leaf.next_index,
            ),
            sibling_path=SiblingPath(tuple(view.sibling_path(TreeId.PUBLIC_DATA, low.index))),
        )

    def block_hash_witness(self, block: BlockParameter, block_hash: BlockHash) -> MembershipWitness | None:
        """Prove that a block is in the archive before the reference block: what its header commits to.

        By its number, that may be the next block.
        """
        if isinstance(block, bytes) and self._chain.block_number_of_hash(block) is None:
            raise BlockReferenceError(f"Block hash 0x{block.hex()} not found.")
        number = block if isinstance(block, int) else self.number_of(block)
        if number == 0:
            raise BlockReferenceError("BlockNumber must be non-negative, got -1")
        return self._append_only_witness(self.at(BlockNumber(number - 1)), TreeId.ARCHIVE, block_hash)

    def note_hash_witness(self, block: BlockParameter, note_hash: Fr) -> MembershipWitness | None:
        """Prove that a note hash is in the tree."""
        return self._append_only_witness(self.at(block), TreeId.NOTE_HASH, note_hash)

    def message_witness(self, block: BlockParameter, message: Fr) -> tuple[int, SiblingPath] | None:
        """Prove that a message from L1 is in the tree."""
        witness = self._append_only_witness(self.at(block), TreeId.L1_TO_L2_MESSAGE, message)
        return None if witness is None else (witness.index, SiblingPath(witness.sibling_path))

    def _append_only_witness(self, view: StateView, tree: TreeId, value: Fr) -> MembershipWitness | None:
        index = view.find_leaf_index(tree, value)
        if index is None:
            return None
        return MembershipWitness(index, tuple(view.sibling_path(tree, index)))

    def public_storage_at(self, block: BlockParameter, contract: AztecAddress, slot: Fr) -> Fr:
        """Read a contract's public storage; zero when nothing was written."""
        return self.at(block).public_data_value(public_leaf_slot(contract, slot))

    def sync_status(self) -> WorldStateSyncStatus:
        """Say what the world state holds."""
        tip = self._chain.tips().proposed
        return WorldStateSyncStatus(
            latest_block_number=tip.number,
            latest_block_hash=self._chain.block_hash(BlockNumber(tip.number)) or BlockHash(FR_ZERO),
            finalized_block_number=self._world_state.finalized,
            oldest_historic_block_number=self._world_state.oldest_historical_block,
            trees_are_synched=True,
        )
