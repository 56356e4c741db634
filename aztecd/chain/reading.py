"""Everything that can be asked of the chain, at one consistent set of tips.

Readers may run in other threads than the writer. They hold no locks: each call hides what lies above the
tips, so that new blocks become visible with their tips and not before; and what is put together from several
records is read again when a rewind came between.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, TypeVar

from aztecd.chain import log_queries, messages
from aztecd.chain.blocks import (
    BlockRecord,
    genesis_block,
    read_block,
    read_hash,
    read_number_of_archive,
    read_number_of_hash,
    read_record,
    read_tx_effect,
    require_block,
    require_record,
)
from aztecd.chain.checkpoints import (
    checkpoints_between_slots,
    l2_to_l1_messages,
    published_checkpoint,
    read_checkpoint,
)
from aztecd.chain.contracts import class_at, read_class, read_instance
from aztecd.chain.effects import TxLocation, read_location, require_effect
from aztecd.chain.errors import ChainCorruptError
from aztecd.chain.rewind import REWINDS_KEY
from aztecd.protocol.basic import (
    AztecAddress,
    BlockHash,
    BlockNumber,
    CheckpointNumber,
    EpochNumber,
    LeafIndex,
    SlotNumber,
)
from aztecd.protocol.checkpoint import CheckpointedL2Block
from aztecd.protocol.effect import IndexedTxEffect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aztecd.chain.tips import Tips
    from aztecd.crypto.field import Fr
    from aztecd.protocol.block import L2Block
    from aztecd.protocol.checkpoint import CheckpointData, PublishedCheckpoint
    from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
    from aztecd.protocol.header import BlockHeader
    from aztecd.protocol.logs import (
        GetContractClassLogsResponse,
        GetPublicLogsResponse,
        LogFilter,
        TxScopedL2Log,
    )
    from aztecd.storage.kv import KeyValueStore

T = TypeVar("T")

__all__ = ["ChainReader", "ChainState", "TxOutcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TxOutcome:
    """What a receipt says about a transaction that is in a block; `transaction_fee` in fee juice units."""

    location: TxLocation
    block_hash: BlockHash
    slot: SlotNumber
    epoch: EpochNumber
    revert_code: int
    transaction_fee: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainState:
    """What changes with a batch and is held in memory."""

    tips: Tips
    latest_header: BlockHeader


class ChainReader:
    """Reads blocks, checkpoints, effects, logs, contracts and messages. `None` is "not found"."""

    __slots__ = (
        "_epoch_duration",
        "_genesis_hash",
        "_genesis_header",
        "_protocol_classes",
        "_protocol_instances",
        "_state",
        "_store",
    )

    def __init__(
        self,
        store: KeyValueStore,
        *,
        genesis_header: BlockHeader,
        protocol_contracts: Sequence[tuple[ContractClassPublic, ContractInstanceWithAddress]],
        epoch_duration: int,
        state: ChainState,
    ) -> None:
        self._store = store
        self._genesis_header = genesis_header
        self._genesis_hash = genesis_header.hash()
        self._protocol_classes = {known.id: known for known, _ in protocol_contracts}
        self._protocol_instances = {instance.address: instance for _, instance in protocol_contracts}
        self._epoch_duration = epoch_duration
        self._state = state

    # Tips.

    def tips(self) -> Tips:
        """Give the four tips of this moment."""
        return self._state.tips

    def latest_header(self) -> BlockHeader:
        """Give the header of the latest proposed block, the genesis header before the first; never absent."""
        return self._state.latest_header

    # Blocks.

    def block(self, number: int) -> L2Block | None:
        """Give a block by number, proposed blocks and block 0 included."""
        if number == 0:
            return genesis_block(self._genesis_header)
        if number > self._proposed():
            return None
        return self._read(lambda: read_block(self._store, number))

    def blocks(self, first: int, limit: int) -> list[L2Block]:
        """Give up to `limit` blocks from `first` on, as many as there are, proposed blocks included."""
        numbers = range(max(first, 1), min(first + limit, self._proposed() + 1))
        return self._read(lambda: _while_found(read_block(self._store, number) for number in numbers))

    def header(self, number: int) -> BlockHeader | None:
        """Give a header by block number, proposed blocks and block 0 included."""
        if number == 0:
            return self._genesis_header
        state = self._state
        if number == state.tips.proposed.number:
            return state.latest_header
        record = self._record(number)
        return None if record is None else record.header()

    def block_hash(self, number: int) -> BlockHash | None:
        """Give a block's hash, proposed blocks and block 0 included."""
        if number == 0:
            return self._genesis_hash
        return read_hash(self._store, number) if number <= self._proposed() else None

    def block_number_of_hash(self, block_hash: bytes) -> BlockNumber | None:
        """Find a block by its hash, proposed blocks and the genesis header included."""
        if block_hash == self._genesis_hash:
            return BlockNumber(0)
        return self._visible(read_number_of_hash(self._store, block_hash))

    def block_number_of_archive(self, archive_root: bytes) -> BlockNumber | None:
        """Find a block by the archive root after it, proposed blocks included, genesis not."""
        return self._visible(read_number_of_archive(self._store, archive_root))

    def header_by_hash(self, block_hash: bytes) -> BlockHeader | None:
        """Give a header by block hash, proposed blocks and block 0 included."""
        number = self.block_number_of_hash(block_hash)
        return None if number is None else self.header(number)

    def header_by_archive(self, archive_root: bytes) -> BlockHeader | None:
        """Give a header by the archive root after its block, proposed blocks included."""
        number = self.block_number_of_archive(archive_root)
        return None if number is None else self.header(number)

    def checkpointed_block_by_hash(self, block_hash: bytes) -> L2Block | None:
        """Give a block by hash if it is checkpointed, or block 0 (as `getBlock`)."""
        return self._checkpointed(self.block_number_of_hash(block_hash))

    def checkpointed_block_by_archive(self, archive_root: bytes) -> L2Block | None:
        """Give a block by the archive root after it if it is checkpointed; genesis is not found."""
        return self._checkpointed(self.block_number_of_archive(archive_root))

    # Checkpoints.

    def checkpoint_data(self, number: int) -> CheckpointData | None:
        """Give a checkpoint without its blocks."""
        return read_checkpoint(self._store, number) if number <= self._last_checkpoint() else None

    def published_checkpoint(self, number: int) -> PublishedCheckpoint | None:
        """Give a checkpoint with its blocks."""
        if number > self._last_checkpoint():
            return None
        return self._read(lambda: self._published(number))

    def published_checkpoints(self, first: int, limit: int) -> list[PublishedCheckpoint]:
        """Give up to `limit` checkpoints from `first` on, as many as there are."""
        numbers = range(max(first, 1), min(first + limit, self._last_checkpoint() + 1))
        return self._read(lambda: _while_found(self._published(number) for number in numbers))

    def checkpointed_blocks(self, first: int, limit: int) -> list[CheckpointedL2Block]:
        """Give up to `limit` checkpointed blocks from `first` on, with their places on L1."""
        numbers = range(max(first, 1), min(first + limit, self._state.tips.checkpointed.number + 1))
        return self._read(lambda: _while_found(self._checkpointed_blocks(numbers)))

    def checkpoints_of_epoch(self, epoch: int) -> list[CheckpointData]:
        """Give the checkpoints whose slots lie in an epoch, in order."""
        return self._read(lambda: self._checkpoints_of_epoch(epoch))

    def l2_to_l1_messages(self, epoch: int) -> list[list[list[tuple[Fr, ...]]]]:
        """Give the hashes of an epoch's messages to L1 by checkpoint, block and transaction.

        The reference groups the blocks by slot, which is the same: no two checkpoints share one.
        """
        return self._read(
            lambda: [l2_to_l1_messages(self._store, data) for data in self._checkpoints_of_epoch(epoch)]
        )

    # Transactions.

    def tx_location(self, tx_hash: bytes) -> TxLocation | None:
        """Find the block of a transaction."""
        location = read_location(self._store, tx_hash)
        return location if location and location.block_number <= self._proposed() else None

    def tx_effect(self, tx_hash: bytes) -> IndexedTxEffect | None:
        """Give a transaction's effect and place."""
        return self._read(lambda: self._tx_effect(tx_hash))

    def _tx_effect(self, tx_hash: bytes) -> IndexedTxEffect | None:
        location = self.tx_location(tx_hash)
        if location is None:
            return None
        record = require_record(self._store, location.block_number)
        effect = read_tx_effect(self._store, location)
        if effect is None:
            raise ChainCorruptError.missing(f"the effect of transaction 0x{tx_hash.hex()}")
        return IndexedTxEffect(
            l2_block_hash=record.hash,
            l2_block_number=location.block_number,
            tx_index_in_block=location.tx_index,
            data=effect,
        )

    def tx_outcome(self, tx_hash: bytes) -> TxOutcome | None:
        """Give what a receipt needs, without the effect's parts."""
        return self._read(lambda: self._tx_outcome(tx_hash))

    def _tx_outcome(self, tx_hash: bytes) -> TxOutcome | None:
        location = self.tx_location(tx_hash)
        if location is None:
            return None
        record = require_record(self._store, location.block_number)
        effect = require_effect(self._store, location.block_number, location.tx_index)
        slot = record.header().slot
        return TxOutcome(
            location=location,
            block_hash=record.hash,
            slot=slot,
            epoch=EpochNumber(slot // self._epoch_duration),
            revert_code=effect.revert_code,
            transaction_fee=effect.transaction_fee,
        )

    # Logs.

    def private_logs_by_tags(self, tags: Sequence[Fr], page: int = 0) -> list[tuple[TxScopedL2Log, ...]]:
        """Give a page of private logs for each siloed tag."""
        return self._read(lambda: log_queries.private_logs_by_tags(self._store, tags, page, self._proposed()))

    def public_logs_by_tags(
        self, contract: AztecAddress, tags: Sequence[Fr], page: int = 0
    ) -> list[tuple[TxScopedL2Log, ...]]:
        """Give a page of a contract's public logs for each tag."""
        return self._read(
            lambda: log_queries.public_logs_by_tags(self._store, contract, tags, page, self._proposed())
        )

    def public_logs(self, log_filter: LogFilter) -> GetPublicLogsResponse:
        """Give a page of public logs. A filter by contract is quick, one without reads all in its range."""
        return self._read(lambda: log_queries.public_logs(self._store, log_filter, self._proposed()))

    def contract_class_logs(self, log_filter: LogFilter) -> GetContractClassLogsResponse:
        """Give a page of contract class logs."""
        return self._read(lambda: log_queries.contract_class_logs(self._store, log_filter, self._proposed()))

    # Contracts.

    def contract_class(self, class_id: Fr) -> ContractClassPublic | None:
        """Give a published class, or one of a protocol contract."""
        if known := self._protocol_classes.get(class_id):
            return known
        found = read_class(self._store, class_id)
        return found if found and found.l2_block_number <= self._proposed() else None

    def contract_instance(self, address: AztecAddress, timestamp: int) -> ContractInstanceWithAddress | None:
        """Give an instance with its class at a time in seconds."""
        return self._read(lambda: self._contract_instance(address, timestamp))

    def _contract_instance(self, address: AztecAddress, timestamp: int) -> ContractInstanceWithAddress | None:
        proposed = self._proposed()
        instance = self._protocol_instances.get(address)
        if instance is None:
            found = read_instance(self._store, address)
            if found is None or found[0] > proposed:
                return None
            instance = found[1]
        current = class_at(self._store, instance, timestamp, proposed)
        if current == instance.current_contract_class_id:
            return instance
        return instance.replace(current_contract_class_id=current)

    # Messages from L1.

    def messages_of_checkpoint(self, number: int) -> tuple[Fr, ...]:
        """Give the messages from L1 that a checkpoint takes, in order, not padded."""
        return messages.messages_of_checkpoint(self._store, number)

    def message_index(self, leaf: Fr) -> LeafIndex | None:
        """Find a message from L1: its index in the message tree."""
        return messages.message_index(self._store, leaf)

    def message_checkpoint(self, leaf: Fr) -> CheckpointNumber | None:
        """Give the checkpoint that takes a message from L1."""
        index = self.message_index(leaf)
        return None if index is None else messages.checkpoint_of_index(index)

    def _proposed(self) -> int:
        return self._state.tips.proposed.number

    def _last_checkpoint(self) -> int:
        return self._state.tips.checkpointed.checkpoint_number

    def _visible(self, number: int | None) -> BlockNumber | None:
        return None if number is None or number > self._proposed() else BlockNumber(number)

    def _record(self, number: int) -> BlockRecord | None:
        return read_record(self._store, number) if number <= self._proposed() else None

    def _checkpointed(self, number: int | None) -> L2Block | None:
        if number is None or number > self._state.tips.checkpointed.number:
            return None
        return self.block(number)

    def _checkpoints_of_epoch(self, epoch: int) -> list[CheckpointData]:
        last = self._last_checkpoint()
        first = epoch * self._epoch_duration
        found = checkpoints_between_slots(self._store, first, first + self._epoch_duration)
        return [data for data in found if data.checkpoint_number <= last]

    def _published(self, number: int) -> PublishedCheckpoint | None:
        data = read_checkpoint(self._store, number)
        return None if data is None else published_checkpoint(self._store, data)

    def _checkpointed_blocks(self, numbers: range) -> Iterator[CheckpointedL2Block | None]:
        data: CheckpointData | None = None
        for number in numbers:
            if data is None or number > data.end_block:
                record = read_record(self._store, number)
                data = None if record is None else read_checkpoint(self._store, record.checkpoint_number)
            if data is None:
                return
            yield CheckpointedL2Block(
                checkpoint_number=data.checkpoint_number,
                block=require_block(self._store, number),
                l1=data.l1,
                attestations=data.attestations,
            )

    def _read(self, read: Callable[[], T]) -> T:
        """Give what belongs together: read again if a rewind was written meanwhile.

        Raises: ChainCorruptError if a record is missing and no rewind explains it.
        """
        while True:
            rewinds = self._store.get(REWINDS_KEY)
            try:
                found = read()
            except ChainCorruptError:
                if self._store.get(REWINDS_KEY) == rewinds:
                    raise
                continue
            if self._store.get(REWINDS_KEY) == rewinds:
                return found


def _while_found(found: Iterable[T | None]) -> list[T]:
    return [item for item in takewhile(lambda item: item is not None, found) if item is not None]
