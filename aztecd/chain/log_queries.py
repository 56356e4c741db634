"""Look up logs by tag, and page through public and contract class logs.

Authority: @aztec/archiver src/store/log_store.ts (4.1.2). One deviation: the log index of a
cursor counts for the cursor's transaction only. The reference applies it to every later transaction and
loses their first logs, so a client that pages sees more here, never less.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from aztecd.chain.blocks import BlockRecord, require_record
from aztecd.chain.effects import StoredEffect, read_location, require_effect
from aztecd.chain.keys import (
    Place,
    pack_number,
    private_tag_prefix,
    public_log_by_contract_prefix,
    public_tag_prefix,
    unpack_place,
)
from aztecd.chain.logs import decode_class_log, decode_public_log, iterate_places, require_public_log
from aztecd.protocol.logs import (
    ExtendedContractClassLog,
    ExtendedPublicLog,
    GetContractClassLogsResponse,
    GetPublicLogsResponse,
    LogFilter,
    LogId,
    PublicLog,
    TxScopedL2Log,
)
from aztecd.storage.kv import prefix_end
from aztecd.storage.schema import Prefix

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aztecd.chain.overlay import Reader
    from aztecd.crypto.field import Fr

__all__ = [
    "LOG_PAGE_SIZE",
    "MAX_LOGS_PER_TAG",
    "contract_class_logs",
    "private_logs_by_tags",
    "public_logs",
    "public_logs_by_tags",
]

MAX_LOGS_PER_TAG = 10
"""Logs of one tag on a page (@aztec/stdlib src/interfaces/api_limit.ts)."""
LOG_PAGE_SIZE = 1000
"""Public or contract class logs on a page (@aztec/archiver ARCHIVER_MAX_LOGS)."""

_MAX_NUMBER = 0xFFFF_FFFF


class _Origins:
    """Blocks and transactions that the logs of one answer come from, each read once. Mutable."""

    __slots__ = ("_effects", "_reader", "_records")

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._records: dict[int, BlockRecord] = {}
        self._effects: dict[tuple[int, int], StoredEffect] = {}

    def record(self, place: Place) -> BlockRecord:
        """Give a log's block. Raises ChainCorruptError."""
        if place.block not in self._records:
            self._records[place.block] = require_record(self._reader, place.block)
        return self._records[place.block]

    def effect(self, place: Place) -> StoredEffect:
        """Give a log's transaction. Raises ChainCorruptError."""
        tx = (place.block, place.tx_index)
        if tx not in self._effects:
            self._effects[tx] = require_effect(self._reader, *tx)
        return self._effects[tx]

    def log_id(self, place: Place) -> LogId:
        """Give a log's identifier. Raises ChainCorruptError."""
        return LogId(
            block_number=place.block,
            block_hash=self.record(place).hash,
            tx_hash=self.effect(place).tx_hash,
            tx_index=place.tx_index,
            log_index=place.log_index,
        )

    def scoped(self, place: Place, data: tuple[Fr, ...]) -> TxScopedL2Log:
        """Give a log that was found by its tag. Raises ChainCorruptError."""
        effect = self.effect(place)
        return TxScopedL2Log(
            tx_hash=effect.tx_hash,
            block_number=place.block,
            block_timestamp=self.record(place).timestamp,
            log_data=data,
            note_hashes=effect.note_hashes(),
            first_nullifier=effect.first_nullifier(),
        )


def private_logs_by_tags(
    reader: Reader, tags: Sequence[Fr], page: int, up_to_block: int
) -> list[tuple[TxScopedL2Log, ...]]:
    """Give one page of logs for each siloed tag, in chain order, of blocks up to and including one."""
    origins = _Origins(reader)
    return [
        tuple(
            [
                origins.scoped(place, origins.effect(place).private_log(place.log_index).emitted)
                for place in _page_of_tag(reader, private_tag_prefix(tag), page, up_to_block)
            ]
        )
        for tag in tags
    ]


def public_logs_by_tags(
    reader: Reader, contract: Fr, tags: Sequence[Fr], page: int, up_to_block: int
) -> list[tuple[TxScopedL2Log, ...]]:
    """Give one page of a contract's logs for each tag; the tag is the first field, not siloed."""
    origins = _Origins(reader)
    return [
        tuple(
            [
                origins.scoped(place, require_public_log(reader, place).fields)
                for place in _page_of_tag(reader, public_tag_prefix(contract, tag), page, up_to_block)
            ]
        )
        for tag in tags
    ]


def _page_of_tag(reader: Reader, prefix: bytes, page: int, up_to_block: int) -> Iterator[Place]:
    first = page * MAX_LOGS_PER_TAG
    if first > _MAX_NUMBER:
        return
    start, stop = prefix + pack_number(first), prefix_end(prefix)
    for _, value in reader.iterate(start=start, stop=stop, limit=MAX_LOGS_PER_TAG):
        place = unpack_place(value)
        if place.block > up_to_block:
            return
        yield place


def public_logs(reader: Reader, log_filter: LogFilter, up_to_block: int) -> GetPublicLogsResponse:
    """Give one page of public logs of blocks up to and including one."""
    bounds = _bounds(reader, log_filter, up_to_block)
    if isinstance(bounds, bool):
        return GetPublicLogsResponse(logs=(), max_logs_hit=bounds)
    origins = _Origins(reader)
    matching = (
        ExtendedPublicLog(id=origins.log_id(place), log=log)
        for place, log in _matching_public_logs(reader, log_filter, *bounds)
    )
    page = tuple(islice(matching, LOG_PAGE_SIZE))
    return GetPublicLogsResponse(logs=page, max_logs_hit=len(page) == LOG_PAGE_SIZE)


def _matching_public_logs(
    reader: Reader, log_filter: LogFilter, start: Place, stop: Place
) -> Iterator[tuple[Place, PublicLog]]:
    tag, contract = log_filter.tag, log_filter.contract_address
    if contract is not None:
        for place, first in iterate_places(reader, public_log_by_contract_prefix(contract), start, stop):
            if tag is None or first == tag:
                yield place, require_public_log(reader, place)
        return
    for place, data in iterate_places(reader, Prefix.CHAIN_PUBLIC_LOG.key, start, stop):
        if tag is None or data[32:64] == tag:
            yield place, decode_public_log(data)


def contract_class_logs(
    reader: Reader, log_filter: LogFilter, up_to_block: int
) -> GetContractClassLogsResponse:
    """Give one page of contract class logs of blocks up to and including one; the filter's tag is ignored."""
    bounds = _bounds(reader, log_filter, up_to_block)
    if isinstance(bounds, bool):
        return GetContractClassLogsResponse(logs=(), max_logs_hit=bounds)
    origins = _Origins(reader)
    contract = log_filter.contract_address
    matching = (
        ExtendedContractClassLog(id=origins.log_id(place), log=decode_class_log(data))
        for place, data in iterate_places(reader, Prefix.CHAIN_CLASS_LOG.key, *bounds)
        if contract is None or data[:32] == contract
    )
    page = tuple(islice(matching, LOG_PAGE_SIZE))
    return GetContractClassLogsResponse(logs=page, max_logs_hit=len(page) == LOG_PAGE_SIZE)


def _bounds(reader: Reader, log_filter: LogFilter, up_to_block: int) -> tuple[Place, Place] | bool:
    """Give the first place and the one behind the last, or `max_logs_hit` of an answer without logs.

    All limits hold at once. As in the reference, the page counts as full when `to_block` lies before the
    start; but in a search for one transaction's first page it does not, and 0 as `to_block` is no limit.
    """
    cursor, tx_hash, to_block = log_filter.after_log, log_filter.tx_hash, log_filter.to_block
    from_block = max(log_filter.from_block or 1, 1)
    if cursor is None and tx_hash is not None:
        to_block = to_block or None
    elif to_block is not None and to_block < (from_block if cursor is None else cursor.block_number):
        return True
    start = Place(from_block, 0, 0)
    stop = Place(min(up_to_block + 1, _MAX_NUMBER), 0, 0)
    if to_block is not None:
        stop = min(stop, Place(to_block, 0, 0))
    if cursor is not None:
        start = max(start, _behind(cursor))
    if tx_hash is not None:
        location = read_location(reader, tx_hash)
        if location is None:
            return False
        block, tx_index = location.block_number, location.tx_index
        start, stop = max(start, Place(block, tx_index, 0)), min(stop, _after(block, tx_index))
    return (start, stop) if start < stop else False


def _after(block: int, tx_index: int) -> Place:
    return Place(block, tx_index + 1, 0) if tx_index < 0xFFFF else Place(block + 1, 0, 0)


def _behind(cursor: LogId) -> Place:
    """Give the place behind a cursor, which may name any number."""
    if cursor.tx_index > 0xFFFF:
        return Place(cursor.block_number + 1, 0, 0)
    if cursor.log_index >= 0xFFFF:
        return _after(cursor.block_number, cursor.tx_index)
    return Place(cursor.block_number, cursor.tx_index, cursor.log_index + 1)
