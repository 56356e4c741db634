"""Play the recorded life of a world state (`world_state_lifecycle` in trees.json) on a store of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aztecd.crypto.field import fr_from_hex
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot, PartialStateReference, StateReference
from aztecd.state import (
    BlockChanges,
    Fork,
    StateError,
    StateReads,
    TreeId,
    TxChanges,
    UnknownBlockError,
    WorldState,
    apply_block,
)
from tests.support.vectors import cases

if TYPE_CHECKING:
    from collections.abc import Callable

    from aztecd.storage import KeyValueStore

TREES = {
    "nullifier": TreeId.NULLIFIER,
    "note_hash": TreeId.NOTE_HASH,
    "public_data": TreeId.PUBLIC_DATA,
    "l1_to_l2_message": TreeId.L1_TO_L2_MESSAGE,
    "archive": TreeId.ARCHIVE,
}


def steps() -> list[dict[str, Any]]:
    """Give the recorded steps."""
    (case,) = cases("trees.json.gz", "world_state_lifecycle")
    return case["steps"]


def state_of(recorded: dict[str, Any]) -> StateReference:
    """Read a recorded state reference."""

    def snapshot(name: str) -> AppendOnlyTreeSnapshot:
        return AppendOnlyTreeSnapshot(
            root=fr_from_hex(recorded[name]["root"]), next_available_leaf_index=recorded[name]["size"]
        )

    return StateReference(
        l1_to_l2_message_tree=snapshot("l1_to_l2_message"),
        partial=PartialStateReference(
            note_hash_tree=snapshot("note_hash"),
            nullifier_tree=snapshot("nullifier"),
            public_data_tree=snapshot("public_data"),
        ),
    )


def block_of(step: dict[str, Any]) -> BlockChanges:
    """Read a recorded block."""
    return BlockChanges(
        number=step["block_number"],
        index_within_checkpoint=step["index_within_checkpoint"],
        l1_to_l2_messages=[fr_from_hex(message) for message in step["l1_to_l2_messages"]],
        txs=[
            TxChanges(
                note_hashes=[fr_from_hex(leaf) for leaf in tx["note_hashes"]],
                nullifiers=[fr_from_hex(leaf) for leaf in tx["nullifiers"]],
                public_data_writes=[
                    (fr_from_hex(slot), fr_from_hex(value)) for slot, value in tx["public_data_writes"]
                ],
            )
            for tx in step["txs"]
        ],
        header_hash=fr_from_hex(step["block_header_hash"]),
        state=state_of(step["expected_state"]),
    )


def status_of(world: WorldState) -> dict[str, Any]:
    """Give the status summary as the reference does."""
    return {
        "unfinalizedBlockNumber": world.tip,
        "finalizedBlockNumber": world.finalized,
        "oldestHistoricalBlock": world.oldest_historical_block,
        "treesAreSynched": True,
    }


def fork_for_block(world: WorldState, number: int) -> Fork:
    """Give a fork on which a block can be applied, as the reference chooses it."""
    return world.fork(number - 1 if number > world.tip + 1 else None)


def sync(world: WorldState, block: BlockChanges) -> None:
    """Apply a block and commit it."""
    fork = fork_for_block(world, block.number)
    apply_block(fork, block)
    world.commit(fork)


class Player:
    """Plays steps one after the other; `reopen`, if given, gives a fresh WorldState after every change."""

    def __init__(self, store: KeyValueStore, reopen: Callable[[], KeyValueStore] | None = None) -> None:
        self.world = WorldState.open(store)
        self.reopen = reopen
        self.last_block: BlockChanges | None = None
        self.genesis = self.world.at(0).state_reference()

    def play(self, step: dict[str, Any]) -> None:
        """Play one step and compare everything that was recorded of it."""
        operation: Callable[[dict[str, Any]], None] = getattr(self, step["op"])
        if "error" in step:
            error = None
            try:
                operation(step)
            except StateError as caught:
                error = str(caught)
            assert error == step["error"]
        else:
            operation(step)
        if self.reopen is not None and step["op"] != "query":
            self.world = WorldState.open(self.reopen())
        if "status" in step:
            assert status_of(self.world) == step["status"]
        if "archive" in step:
            snapshot = self.world.at().snapshot(TreeId.ARCHIVE)
            assert snapshot.root == fr_from_hex(step["archive"]["root"])
            assert snapshot.next_available_leaf_index == step["archive"]["size"]

    def sync_block(self, step: dict[str, Any]) -> None:
        if "txs" not in step:  # recorded for its number only
            fork_for_block(self.world, step["block_number"])
            return
        block = block_of(step)
        sync(self.world, block)
        self.last_block = block

    def resync_same_block(self, step: dict[str, Any]) -> None:
        assert self.last_block is not None
        assert self.last_block.number == step["block_number"]
        sync(self.world, self.last_block)

    def messages_in_non_first_block(self, step: dict[str, Any]) -> None:
        assert self.last_block is not None
        block = BlockChanges(
            number=self.last_block.number,
            index_within_checkpoint=1,
            l1_to_l2_messages=[fr_from_hex("0x1")],
            txs=[],
            header_hash=fr_from_hex("0x1"),
            state=self.last_block.state,
        )
        sync(self.world, block)

    def unwind_blocks(self, step: dict[str, Any]) -> None:
        self.world.rewind(step["to_block"])

    def finalize(self, step: dict[str, Any]) -> None:
        self.world.finalize(step["to_block"])

    def remove_historical_blocks(self, step: dict[str, Any]) -> None:
        self.world.prune(step["to_block"])

    def fork_at(self, step: dict[str, Any]) -> None:
        fork = self.world.fork(step["block"])
        assert fork.state_reference() == self.world.at(step["block"]).state_reference()

    def query(self, step: dict[str, Any]) -> None:
        purpose = {"low_leaf": "find low leaf", "find_leaf_index": "find leaf from index 0"}
        block = step["block"]
        if block == 0:
            # The reference answers a query at block 0 with the tip's state. Ours is genesis; the recorded
            # answer must be that of our tip.
            try:
                assert self.world.at(0).state_reference() == self.genesis
            except UnknownBlockError:
                assert self.world.oldest_historical_block > 1
            block = self.world.tip
        view = self.world.at(block, purpose=purpose.get(step["query"], "get meta data"))
        # A fork that changes nothing gives the same answers.
        for reads in (view, self.world.fork(block)):
            self.compare(reads, step)

    def compare(self, reads: StateReads, step: dict[str, Any]) -> None:
        """Compare one answer."""
        expected = step["result"]
        match step["query"], step["args"]:
            case "state_reference", []:
                assert reads.state_reference() == state_of(expected)
            case "low_leaf", [tree, key]:
                low = reads.low_leaf(TREES[tree], fr_from_hex(key))
                assert low.index == expected["index"]
                assert low.is_present == expected["already_present"]
                assert low.preimage.packed() == b"".join(
                    fr_from_hex(member) for member in expected["preimage"]
                )
            case "find_leaf_index", [tree, value]:
                assert reads.find_leaf_index(TREES[tree], fr_from_hex(value)) == expected
            case "sibling_path", [tree, index]:
                path = reads.sibling_path(TREES[tree], index)
                assert len(path) == TREES[tree].height
                assert path[: len(expected)] == [fr_from_hex(node) for node in expected]
            case "archive_leaf", [index]:
                assert reads.leaf(TreeId.ARCHIVE, index) == fr_from_hex(expected)
            case "block_numbers_for_leaf_indices", [tree, indices]:
                assert [reads.block_of_leaf(TREES[tree], index) for index in indices] == expected
            case other:
                raise AssertionError(f"unknown query {other}")
