"""Replay a recorded chain from its effects, and compare all that can be computed with what was recorded.

    python -m tests.support.replay NAME

prints the implementation of Poseidon2 that was used and what was checked.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from aztecd.constants import BLOB_SIZE_BYTES
from aztecd.crypto.field import fr_from_hex, fr_hex
from aztecd.crypto.poseidon2 import KERNEL, hash_pair
from aztecd.crypto.sha256 import sha256_trunc
from aztecd.protocol.blob_decoding import decode_checkpoint_blobs, rebuild_blocks
from aztecd.protocol.blobs import blob_sponge, block_fields, checkpoint_fields, encode_blobs
from aztecd.protocol.block import L2Block
from aztecd.protocol.checkpoint import PublishedCheckpoint
from aztecd.protocol.checkpoint_rules import validate_checkpoint
from aztecd.protocol.header import BlockHeader
from aztecd.state import BlockChanges, TreeId, TxChanges, WorldState, apply_block, build_genesis
from aztecd.storage import MemoryStore
from aztecd.trees.message_trees import (
    block_out_hash,
    checkpoint_out_hash,
    epoch_out_hash,
    in_hash,
    tx_out_hash,
)
from aztecd.trees.unbalanced import unbalanced_root
from tests.support.recorded_blocks import session, without_caches

if TYPE_CHECKING:
    from aztecd.protocol.checkpoint import Checkpoint

CHECKPOINT_PROPOSED = "0x6ff492bf2b4ca1b93a175167d14b3e46085b935cab3f39ca94013000799b93a0"
PROPOSE_SELECTOR = "0x85b98fd8"


class Replay:
    """One chain; `checked` counts what was compared."""

    def __init__(self, name: str) -> None:
        self.lines = session(name)
        self.checked: Counter[str] = Counter()
        self.world = self._genesis()
        self.out_hashes: dict[int, list[Any]] = {}

    def run(self) -> None:
        """Replay all checkpoints. Raises AssertionError where the chain differs."""
        recorded = [line["value"] for line in self.lines["checkpoint"]]
        published = [PublishedCheckpoint.from_json(value) for value in recorded]
        for value, made in zip(recorded, published, strict=True):
            self.same("checkpoint JSON", made.to_json(), without_caches(value))
            self._checkpoint(made.checkpoint)
        blocks = [block for made in published for block in made.checkpoint.blocks]
        lines = self.lines["block"]
        self.same("blocks", [block.to_json() for block in blocks], without_caches(_values(lines)))
        self.same("block hashes", [fr_hex(block.hash()) for block in blocks], [x["hash"] for x in lines])
        effects = {fr_hex(effect.tx_hash): effect for block in blocks for effect in block.body.tx_effects}
        for line in self.lines["tx_effect"]:
            self.same("tx effects", effects.pop(line["txHash"]).to_json(), line["value"]["data"])
        assert not effects
        self._history(blocks)

    def same(self, what: str, found: Any, expected: Any) -> None:
        """Compare, and count."""
        assert found == expected, what
        self.checked[what] += 1

    def _genesis(self) -> WorldState:
        [recorded] = self.lines["genesis"]
        prefilled = [
            (fr_from_hex(leaf["slot"]), fr_from_hex(leaf["value"]))
            for leaf in recorded["prefilledPublicData"]
        ]
        header = build_genesis(prefilled).header
        self.same("genesis header", header, BlockHeader.from_json(recorded["header"]))
        self.same("genesis header hash", fr_hex(header.hash()), recorded["headerHash"])
        world = WorldState.open(MemoryStore(), prefilled)
        self.same("genesis archive root", fr_hex(world.genesis_archive_root), recorded["genesisArchiveRoot"])
        return world

    def _checkpoint(self, checkpoint: Checkpoint) -> None:
        number, header, blocks = checkpoint.number, checkpoint.header, checkpoint.blocks
        [meta] = self.lines["meta"]
        validate_checkpoint(checkpoint, mana_limit=int(meta["rollup"]["manaLimit"]))
        messages = [
            fr_from_hex(line["leaf"])
            for line in sorted(self.lines.get("l1_to_l2_message", []), key=lambda line: line["index"])
            if line["checkpoint"] == number
        ]
        self.same("in hash", in_hash(messages), header.in_hash)
        sponge = blob_sponge()
        for block in blocks:
            self._block(block, messages if block.is_first_in_checkpoint else [])
            fields = block_fields(
                block.header, block.body.tx_effects, is_first_in_checkpoint=block.is_first_in_checkpoint
            )
            sponge.absorb(b"".join(fields))
            self.same("sponge blob hash", sponge.clone().squeeze(), block.header.sponge_blob_hash)
        self.same("archive", checkpoint.archive, blocks[-1].archive)
        self.same("last archive root", header.last_archive_root, blocks[0].header.last_archive.root)
        hashes = [block.hash() for block in blocks]
        self.same("block headers hash", unbalanced_root(hashes, hash_pair), header.block_headers_hash)
        self.same("total mana", sum(block.header.total_mana_used for block in blocks), header.total_mana_used)
        epoch = self.out_hashes.setdefault(header.slot_number // meta["rollup"]["epochDuration"], [])
        epoch.append(checkpoint_out_hash([_block_out_hash(block) for block in blocks]))
        self.same("epoch out hash", epoch_out_hash(epoch), header.epoch_out_hash)
        self._l1(checkpoint)

    def _block(self, block: L2Block, messages: list[Any]) -> None:
        """Apply one block: `apply_block` compares the state; the archive is compared here."""
        world, header, effects = self.world, block.header, block.body.tx_effects
        fork = world.fork()
        self.same("last archive", fork.snapshot(TreeId.ARCHIVE), header.last_archive)
        changes = BlockChanges(
            number=block.number,
            index_within_checkpoint=block.index_within_checkpoint,
            l1_to_l2_messages=messages,
            txs=[TxChanges.of(effect) for effect in effects],
            header_hash=block.hash(),
            state=header.state,
        )
        apply_block(fork, changes)
        self.same("state", fork.state_reference(), header.state)
        self.same("archive after", fork.snapshot(TreeId.ARCHIVE), block.archive)
        self.same("fees", sum(effect.transaction_fee for effect in effects), header.total_fees)
        self.same("block bytes", L2Block.decode(block.encode()), block)
        world.commit(fork)

    def _l1(self, checkpoint: Checkpoint) -> None:
        """Compare with the event, the calldata and the blobs of the checkpoint's L1 transaction."""
        number, header = checkpoint.number, checkpoint.header
        [log] = [
            line["log"]
            for line in self.lines["l1_log"]
            if line["log"]["topics"][0] == CHECKPOINT_PROPOSED and int(line["log"]["topics"][1], 16) == number
        ]
        self.same("archive of the event", log["topics"][2], fr_hex(checkpoint.archive.root))
        [tx] = [line for line in self.lines["l1_tx"] if line["tx"]["hash"] == log["transactionHash"]]
        [call] = [call for call in tx["calls"] if call["data"].startswith(PROPOSE_SELECTOR)]
        words = bytes.fromhex(call["data"][10:])[: 14 * 32]
        self.same("calldata", words, _propose_words(checkpoint))
        recorded = [line for line in self.lines["blob"] if line["l1Tx"] == log["transactionHash"]]
        hashes = [line["versionedHash"] for line in recorded]
        self.same("versioned hashes", hashes, tx["tx"]["blobVersionedHashes"])
        blobs_hash = sha256_trunc(b"".join(bytes.fromhex(text[2:]) for text in hashes))
        self.same("blobs hash", blobs_hash, header.blobs_hash)
        blobs = [recorded_blob(line) for line in recorded]
        self.same("blobs", encode_blobs(checkpoint_fields(checkpoint.blocks)), blobs)
        variables = checkpoint.blocks[0].header.global_variables
        rebuilt = rebuild_blocks(
            decode_checkpoint_blobs(blobs),
            header,
            checkpoint_number=number,
            archive_root=fr_from_hex(log["topics"][2]),
            chain_id=variables.chain_id,
            version=variables.version,
        )
        self.same("rebuilt blocks", rebuilt, checkpoint.blocks)

    def _history(self, blocks: list[L2Block]) -> None:
        """Compare the committed state after each block once more, read back."""
        for block in blocks:
            view = self.world.at(block.number)
            self.same("state read back", view.state_reference(), block.header.state)
            self.same("archive read back", view.snapshot(TreeId.ARCHIVE), block.archive)
            self.same("archive leaf", view.leaf(TreeId.ARCHIVE, block.number), block.hash())


def recorded_blob(line: dict[str, Any]) -> bytes:
    """Give the whole blob of a recorded line, which leaves out the zeros at the end."""
    return bytes.fromhex(line["data"].removeprefix("0x")).ljust(BLOB_SIZE_BYTES, b"\0")


def _values(lines: list[dict[str, Any]]) -> list[Any]:
    return [line["value"] for line in lines]


def _block_out_hash(block: L2Block) -> Any:
    return block_out_hash([tx_out_hash(effect.l2_to_l1_msgs) for effect in block.body.tx_effects])


def _propose_words(checkpoint: Checkpoint) -> bytes:
    """Give the words of `propose` up to the end of the header."""
    header = checkpoint.header
    numbers = [
        header.slot_number,
        header.timestamp,
        int.from_bytes(header.coinbase, "big"),
        int.from_bytes(header.fee_recipient, "big"),
        header.gas_fees.fee_per_da_gas,
        header.gas_fees.fee_per_l2_gas,
        header.total_mana_used,
    ]
    return b"".join(
        [
            checkpoint.archive.root,
            checkpoint.fee_asset_price_modifier.to_bytes(32, "big", signed=True),
            header.last_archive_root,
            header.block_headers_hash,
            header.blobs_hash,
            header.in_hash,
            header.epoch_out_hash,
            *[number.to_bytes(32, "big") for number in numbers],
        ]
    )


if __name__ == "__main__":
    replay = Replay(sys.argv[1])
    replay.run()
    sys.stdout.write(f"{KERNEL} {sum(replay.checked.values())}\n")
