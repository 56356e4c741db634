"""The chain's store: what stages changes, and when they become visible.

Every `stage_*` fills a batch and changes nothing else. The caller writes the batch, which may also hold the
trees' changes, and then calls `applied()`. Or, always after an error, it drops the batch and calls
`discard()`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aztecd.chain.blocks import BlockRecord, genesis_archive, read_record, stage_record
from aztecd.chain.checkpoints import check_against_blocks, read_checkpoint, stage_checkpoint_record
from aztecd.chain.contracts import RejectedPublication, stage_contracts
from aztecd.chain.effects import stage_effect
from aztecd.chain.errors import ChainError, InvalidBlockError, InvalidCheckpointError, RewindError
from aztecd.chain.keys import MAX_TXS_PER_BLOCK, Place
from aztecd.chain.logs import stage_logs
from aztecd.chain.messages import InboxMessage, stage_messages, stage_messages_removal
from aztecd.chain.overlay import Overlay, Reader
from aztecd.chain.reading import ChainReader, ChainState
from aztecd.chain.rewind import count_rewind, stage_block_removal, stage_checkpoints_removal
from aztecd.chain.tips import TipNumbers, load_tips, read_numbers, write_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aztecd.protocol.basic import BlockHash, BlockNumber, CheckpointNumber, LeafIndex, TxHash
    from aztecd.protocol.block import L2Block
    from aztecd.protocol.checkpoint import CheckpointData
    from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
    from aztecd.protocol.header import BlockHeader
    from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot
    from aztecd.storage.kv import KeyValueStore, WriteBatch

__all__ = ["ChainStore"]


class ChainStore(ChainReader):
    """Blocks, checkpoints, effects, logs, contracts and messages of one chain. Mutable.

    Reads come from any thread, `stage_*`, `applied` and `discard` from one at a time. Several steps may go
    into one batch; each sees those before it.
    """

    __slots__ = ("_genesis_archive", "_staged")

    def __init__(
        self,
        store: KeyValueStore,
        *,
        genesis_header: BlockHeader,
        protocol_contracts: Sequence[tuple[ContractClassPublic, ContractInstanceWithAddress]],
        epoch_duration: int,
    ) -> None:
        """Open the chain in a store; an empty one holds the genesis only.

        Raises: WrongChainError if the store has another genesis; ChainCorruptError if a tip is missing.
        """
        super().__init__(
            store,
            genesis_header=genesis_header,
            protocol_contracts=protocol_contracts,
            epoch_duration=epoch_duration,
            state=_load_state(store, genesis_header, genesis_header.hash()),
        )
        self._genesis_archive = genesis_archive(self._genesis_hash)
        self._staged: Overlay | None = None

    def stage_block(self, batch: WriteBatch, block: L2Block) -> tuple[RejectedPublication, ...]:
        """Stage the next proposed block; give the publications in it that are none.

        Raises: InvalidBlockError if the block does not continue the chain. Its roots are not checked here.
        """
        overlay = self._overlay(batch)
        numbers = self._numbers(overlay)
        self._check_continues(overlay, numbers.proposed, block)
        number = block.number
        record = BlockRecord.of(block)
        stage_record(overlay, number, record)
        rejected: list[RejectedPublication] = []
        for tx_index, effect in enumerate(block.body.tx_effects):
            stage_effect(overlay, number, tx_index, effect)
            stage_logs(overlay, number, tx_index, effect)
            rejected += stage_contracts(
                overlay,
                place=Place(number, tx_index, 0),
                timestamp=record.timestamp,
                effect=effect,
            )
        self._write_numbers(overlay, replace(numbers, proposed=number))
        return tuple(rejected)

    def stage_checkpoint(self, batch: WriteBatch, data: CheckpointData) -> None:
        """Stage the next checkpoint: its blocks become checkpointed.

        A checkpoint that is there already gets its new place on L1 and its new attestations.
        Raises: InvalidCheckpointError if it is not the next one, or contradicts its blocks.
        """
        overlay = self._overlay(batch)
        numbers = self._numbers(overlay)
        name = f"checkpoint {data.checkpoint_number}"
        known = read_checkpoint(overlay, data.checkpoint_number)
        if known is not None:
            if known.replace(l1=data.l1, attestations=data.attestations) != data:
                raise InvalidCheckpointError(f"{name} is on the chain with other content")
            stage_checkpoint_record(overlay, data)
            return
        if data.checkpoint_number != numbers.checkpointed + 1:
            raise InvalidCheckpointError(f"{name} does not follow checkpoint {numbers.checkpointed}")
        previous = read_checkpoint(overlay, numbers.checkpointed)
        expected = previous.end_block + 1 if previous else 1
        if data.start_block != expected:
            raise InvalidCheckpointError(f"{name} starts with block {data.start_block}, not {expected}")
        if previous is not None and data.header.slot_number <= previous.header.slot_number:
            raise InvalidCheckpointError(
                f"{name} is of slot {data.header.slot_number}, "
                f"the one before of {previous.header.slot_number}"
            )
        check_against_blocks(overlay, data)
        stage_checkpoint_record(overlay, data)
        self._write_numbers(overlay, replace(numbers, checkpointed=data.checkpoint_number))

    def stage_proven(self, batch: WriteBatch, checkpoint: CheckpointNumber) -> None:
        """Stage the proven tip; it may also move back, to the finalized checkpoint at most.

        Raises: InvalidCheckpointError if it is below the finalized or above the last checkpoint.
        """
        overlay = self._overlay(batch)
        numbers = self._numbers(overlay)
        if not numbers.finalized <= checkpoint <= numbers.checkpointed:
            raise InvalidCheckpointError(
                f"checkpoint {checkpoint} cannot be the proven one: {numbers.finalized} is finalized, "
                f"{numbers.checkpointed} is the last"
            )
        self._write_numbers(overlay, replace(numbers, proven=checkpoint))

    def stage_finalized(self, batch: WriteBatch, checkpoint: CheckpointNumber) -> None:
        """Stage the finalized tip; one below the present tip changes nothing.

        Raises: InvalidCheckpointError if it is above the proven checkpoint.
        """
        overlay = self._overlay(batch)
        numbers = self._numbers(overlay)
        if checkpoint > numbers.proven:
            raise InvalidCheckpointError(
                f"checkpoint {checkpoint} cannot be finalized: {numbers.proven} is the last proven one"
            )
        if checkpoint > numbers.finalized:
            self._write_numbers(overlay, replace(numbers, finalized=checkpoint))

    def stage_rewind(self, batch: WriteBatch, to_block: BlockNumber) -> tuple[TxHash, ...]:
        """Stage the removal of all blocks above one; give their transactions in chain order.

        A checkpoint with a removed block goes too; its other blocks stay as proposed ones.
        Raises: RewindError if the block is above the tip or below the finalized block.
        """
        overlay = self._overlay(batch)
        numbers = self._numbers(overlay)
        finalized = read_checkpoint(overlay, numbers.finalized)
        lowest = finalized.end_block if finalized else 0
        if not lowest <= to_block <= numbers.proposed:
            raise RewindError(
                f"cannot go back to block {to_block}: block {lowest} is finalized, block {numbers.proposed} "
                "is the last"
            )
        if to_block < numbers.proposed:
            count_rewind(overlay)
        checkpointed = stage_checkpoints_removal(overlay, numbers.checkpointed, to_block)
        removed: list[tuple[TxHash, ...]] = [
            stage_block_removal(overlay, number) for number in range(numbers.proposed, to_block, -1)
        ]
        self._write_numbers(
            overlay,
            TipNumbers(
                proposed=to_block,
                checkpointed=checkpointed,
                proven=min(numbers.proven, checkpointed),
                finalized=numbers.finalized,
            ),
        )
        return tuple(tx_hash for of_block in reversed(removed) for tx_hash in of_block)

    def stage_messages(self, batch: WriteBatch, messages: Iterable[InboxMessage]) -> None:
        """Stage messages from L1 in the Inbox's order; known ones are skipped. Raises InvalidMessageError."""
        stage_messages(self._overlay(batch), messages)

    def stage_messages_removal(self, batch: WriteBatch, first_index: LeafIndex) -> None:
        """Stage the removal of all messages from an index on, which L1 has dropped."""
        stage_messages_removal(self._overlay(batch), first_index)

    def applied(self) -> None:
        """Show the batch, which has been written, to readers."""
        if self._staged is not None:
            self._state = _load_state(self._store, self._genesis_header, self._genesis_hash)
            self._staged = None

    def discard(self) -> None:
        """Forget a batch that will not be written."""
        self._staged = None

    def _overlay(self, batch: WriteBatch) -> Overlay:
        if self._staged is None:
            self._staged = Overlay(self._store, batch)
        elif self._staged.batch is not batch:
            raise ChainError("another batch is staged: call applied() or discard() first")
        return self._staged

    def _numbers(self, overlay: Overlay) -> TipNumbers:
        return read_numbers(overlay)[1]

    def _write_numbers(self, overlay: Overlay, numbers: TipNumbers) -> None:
        write_numbers(overlay, self._genesis_hash, numbers)

    def _check_continues(self, overlay: Overlay, tip: int, block: L2Block) -> None:
        number = block.number
        if number != tip + 1:
            raise InvalidBlockError(f"block {number} does not follow block {tip}")
        previous = read_record(overlay, tip)
        archive = previous.archive if previous else self._genesis_archive
        if block.header.last_archive != archive:
            raise InvalidBlockError(
                f"block {number} follows archive {_text(block.header.last_archive)}, the chain has "
                f"{_text(archive)}"
            )
        if block.archive.next_available_leaf_index != number + 1:
            raise InvalidBlockError(f"block {number} leaves archive {_text(block.archive)}")
        if len(block.body.tx_effects) > MAX_TXS_PER_BLOCK:
            raise InvalidBlockError(f"block {number} has more than {MAX_TXS_PER_BLOCK} transactions")
        place = (block.checkpoint_number, block.index_within_checkpoint)
        if previous is None:
            allowed = [(1, 0)]
        else:
            allowed = [
                (previous.checkpoint_number, previous.index_within_checkpoint + 1),
                (previous.checkpoint_number + 1, 0),
            ]
        if place not in allowed:
            raise InvalidBlockError(
                f"block {number} is number {place[1]} of checkpoint {place[0]}, expected "
                + " or ".join(f"number {index} of {checkpoint}" for checkpoint, index in allowed)
            )


def _load_state(reader: Reader, genesis_header: BlockHeader, genesis_hash: BlockHash) -> ChainState:
    tips = load_tips(reader, genesis_hash)
    record = read_record(reader, tips.proposed.number)
    return ChainState(tips=tips, latest_header=record.header() if record else genesis_header)


def _text(archive: AppendOnlyTreeSnapshot) -> str:
    return f"0x{archive.root.hex()} of size {archive.next_available_leaf_index}"
