"""Blocks that continue each other, made by hand: only their tree roots are arbitrary."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from aztecd.chain import ChainStore
from aztecd.chain.blocks import genesis_archive
from aztecd.crypto.field import FR_ZERO, Fr, fr
from aztecd.protocol.blobs import blob_sponge, block_fields
from aztecd.protocol.block import Body, L2Block
from aztecd.protocol.checkpoint import CheckpointData, CheckpointHeader, L1PublishedData
from aztecd.protocol.effect import TxEffect
from aztecd.protocol.header import BlockHeader, GlobalVariables
from aztecd.protocol.logs import ContractClassLog, ContractClassLogFields, PrivateLog, PublicLog
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot
from aztecd.storage import MemoryStore, Prefix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.storage import KeyValueStore

GENESIS = BlockHeader.empty()
EPOCH_DURATION = 4
SLOT_SECONDS = 12
FIRST_SLOT = 8


def element(*parts: object) -> Fr:
    """Give a field element that belongs to the parts."""
    return Fr(b"\0" + sha256(repr(parts).encode()).digest()[1:])


def private_log(*fields: Fr) -> PrivateLog:
    """Make a private log of its emitted fields; the first one is the tag."""
    return PrivateLog(fields=fields + (FR_ZERO,) * (16 - len(fields)), emitted_length=len(fields))


def public_log(contract: Fr, *fields: Fr) -> PublicLog:
    """Make a public log; the first field is the tag."""
    return PublicLog(contract_address=contract, fields=fields)


def class_log(contract: Fr, *fields: Fr) -> ContractClassLog:
    """Make a contract class log of its emitted fields."""
    return ContractClassLog(
        contract_address=contract, fields=ContractClassLogFields.padded(fields), emitted_length=len(fields)
    )


def effect(
    name: object,
    *,
    private_logs: Sequence[PrivateLog] = (),
    public_logs: Sequence[PublicLog] = (),
    class_logs: Sequence[ContractClassLog] = (),
    messages: Sequence[Fr] = (),
    revert_code: int = 0,
) -> TxEffect:
    """Make a transaction's effect; its hash, fee, note hashes and nullifiers follow from the name."""
    return TxEffect(
        revert_code=revert_code,
        tx_hash=element("tx", name),
        transaction_fee=1000 + len(repr(name)),
        note_hashes=(element("note", name, 0), element("note", name, 1)),
        nullifiers=(element("nullifier", name),),
        l2_to_l1_msgs=tuple(messages),
        public_data_writes=(),
        private_logs=tuple(private_logs),
        public_logs=tuple(public_logs),
        contract_class_logs=tuple(class_logs),
    )


def block_after(
    previous: L2Block | None, *effects: TxEffect, new_checkpoint: bool = True, slot: int | None = None
) -> L2Block:
    """Make the block after another, in the same checkpoint and slot, or by default in the next ones."""
    if previous is None:
        number, checkpoint, index, archive = 1, 1, 0, genesis_archive(GENESIS.hash())
        own_slot = FIRST_SLOT
    else:
        number, archive = previous.number + 1, previous.archive
        same = not new_checkpoint
        checkpoint = previous.checkpoint_number + (0 if same else 1)
        index = previous.index_within_checkpoint + 1 if same else 0
        own_slot = previous.header.slot + (0 if same else 1)
    own_slot = slot if slot is not None else own_slot
    header = BlockHeader.empty().replace(
        last_archive=archive,
        global_variables=GlobalVariables.empty().replace(
            block_number=number, slot_number=own_slot, timestamp=1_700_000_000 + own_slot * SLOT_SECONDS
        ),
        total_fees=sum(item.transaction_fee for item in effects),
    )
    # The sponge covers all blocks of the checkpoint so far.
    fields = _FIELDS[archive.root] if index else b""
    fields += b"".join(block_fields(header, effects, is_first_in_checkpoint=index == 0))
    sponge = blob_sponge()
    sponge.absorb(fields)
    header = header.replace(sponge_blob_hash=sponge.squeeze())
    root = element("archive", archive.root, header.hash())
    _FIELDS[root] = fields
    return L2Block(
        archive=AppendOnlyTreeSnapshot(root=root, next_available_leaf_index=number + 1),
        header=header,
        body=Body(tx_effects=tuple(effects)),
        checkpoint_number=checkpoint,
        index_within_checkpoint=index,
    )


_FIELDS: dict[Fr, bytes] = {}
"""The blob fields of a checkpoint up to the block with an archive root."""


def checkpoint_of(*blocks: L2Block, l1_block: int = 100) -> CheckpointData:
    """Make the record of a checkpoint with these blocks."""
    first, last = blocks[0], blocks[-1]
    header = CheckpointHeader.empty().replace(
        last_archive_root=first.header.last_archive.root,
        block_headers_hash=element("headers", *(block.archive.root for block in blocks)),
        slot_number=first.header.slot,
        timestamp=first.header.global_variables.timestamp,
    )
    return CheckpointData(
        header=header,
        archive=last.archive,
        checkpoint_out_hash=FR_ZERO,
        checkpoint_number=first.checkpoint_number,
        start_block=first.number,
        block_count=len(blocks),
        l1=L1PublishedData(block_number=l1_block, timestamp=l1_block * 12, block_hash=fr(l1_block)),
        attestations=(),
    )


class Chain:
    """A ChainStore with its engine, and batches that are written at once."""

    def __init__(self, engine: KeyValueStore | None = None) -> None:
        self.engine = MemoryStore() if engine is None else engine
        self.store = ChainStore(
            self.engine, genesis_header=GENESIS, protocol_contracts=(), epoch_duration=EPOCH_DURATION
        )

    def do(self, *steps: tuple[object, ...]) -> list[object]:
        """Stage steps, each a method's name and its arguments, write them in one batch and show them."""
        batch = self.engine.batch()
        try:
            results = [getattr(self.store, f"stage_{name}")(batch, *arguments) for name, *arguments in steps]
        except BaseException:
            self.store.discard()
            raise
        self.engine.write(batch)
        self.store.applied()
        return results

    def content(self) -> dict[bytes, bytes]:
        """Give the chain's key space but for the number of rewinds."""
        return content(self.engine)


def content(engine: KeyValueStore) -> dict[bytes, bytes]:
    """Give the chain's key space but for the number of rewinds, which a fresh import does not have."""
    rewinds = Prefix.CHAIN_REWINDS.key
    return {key: value for key, value in engine.iterate(start=b"\x20", stop=b"\x50") if key != rewinds}
