"""Compare the chain's records with each other.

Each record kind is walked once, in the order of its keys. Nothing is repaired: a chain is rebuilt from L1.
"""

from __future__ import annotations

import struct
from itertools import islice
from typing import TYPE_CHECKING

from aztecd.chain.blocks import (
    BlockRecord,
    genesis_archive,
    read_effects,
    read_number_of_archive,
    read_number_of_hash,
    read_record,
)
from aztecd.chain.checkpoints import check_against_blocks, read_checkpoint
from aztecd.chain.contracts import stage_contracts
from aztecd.chain.effects import StoredEffect, read_effect, read_location, unpack_location
from aztecd.chain.errors import ChainError
from aztecd.chain.keys import (
    Place,
    by_slot_key,
    public_log_by_contract_prefix,
    unpack_number,
    unpack_place,
)
from aztecd.chain.logs import decode_public_log, read_public_log
from aztecd.chain.messages import message_index
from aztecd.chain.overlay import Overlay
from aztecd.chain.tips import TipNumbers, read_numbers
from aztecd.crypto.field import Fr
from aztecd.errors import AztecdError
from aztecd.protocol.basic import BlockHash
from aztecd.protocol.blobs import blob_sponge, block_fields
from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
from aztecd.protocol.registry_events import is_instance_updated
from aztecd.storage.kv import WriteBatch, prefix_end
from aztecd.storage.schema import Prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aztecd.chain.overlay import Reader
    from aztecd.crypto.poseidon2 import Sponge
    from aztecd.storage.kv import KeyValueStore

__all__ = ["check"]

_MOST = 100
"""Problems that are reported; one damaged block makes many."""


def check(store: KeyValueStore) -> list[str]:
    """Give what is wrong with the chain in a store, nothing when all is well; at most 100 problems."""
    try:
        _, numbers = read_numbers(store)
    except ChainError as error:
        return [str(error)]
    checks: tuple[Callable[[KeyValueStore, TipNumbers], Iterator[str]], ...] = (
        _tips,
        _blocks,
        _block_indexes,
        _effects,
        _tags,
        _log_records,
        _checkpoints,
        _contracts,
        _messages,
    )
    problems = (problem for one in checks for problem in _guarded(one(store, numbers)))
    return list(islice(problems, _MOST))


def _guarded(problems: Iterator[str]) -> Iterator[str]:
    """End a walk over records at one that cannot be read at all."""
    try:
        yield from problems
    except (AztecdError, ValueError, struct.error) as error:
        yield f"a record cannot be read: {error}"


def _walk(reader: Reader, prefix: Prefix) -> Iterator[tuple[bytes, bytes]]:
    for key, value in reader.iterate(start=prefix.key, stop=prefix_end(prefix.key)):
        yield key[1:], value


def _tips(reader: Reader, numbers: TipNumbers) -> Iterator[str]:
    if not numbers.finalized <= numbers.proven <= numbers.checkpointed:
        yield f"the tips are out of order: {numbers}"
    genesis, _ = read_numbers(reader)
    first = read_record(reader, 1)
    if genesis is not None and first is not None:
        expected = genesis_archive(BlockHash(Fr(genesis)))
        if first.header().last_archive != expected:
            yield "block 1 does not follow the genesis that the tips name"
    last = read_checkpoint(reader, numbers.checkpointed)
    if last is not None and last.end_block > numbers.proposed:
        yield f"checkpoint {last.checkpoint_number} ends above the last block {numbers.proposed}"


def _blocks(reader: KeyValueStore, numbers: TipNumbers) -> Iterator[str]:
    expected, previous = 1, None
    sponge = blob_sponge()
    for key, value in _walk(reader, Prefix.CHAIN_BLOCK):
        number, record = unpack_number(key), BlockRecord.decode(value)
        if number != expected:
            yield f"block {expected} is missing, block {number} follows"
        if record.index_within_checkpoint == 0:
            sponge = blob_sponge()
        yield from _block(reader, number, record, previous if number == expected else None)
        yield from _effects_of_block(reader, number, record, sponge)
        expected, previous = number + 1, record
    if expected - 1 != numbers.proposed:
        yield f"the last block is {expected - 1}, the proposed tip {numbers.proposed}"


def _block(reader: Reader, number: int, record: BlockRecord, previous: BlockRecord | None) -> Iterator[str]:
    header = record.header()
    if header.number != number or header.hash() != record.hash:
        yield f"the header of block {number} does not match its number or hash"
    if header.global_variables.timestamp != record.timestamp:
        yield f"block {number} has another timestamp than its header"
    if previous is not None and header.last_archive != previous.archive:
        yield f"block {number} does not follow the archive of block {number - 1}"
    if read_number_of_hash(reader, record.hash) != number:
        yield f"block {number} is not found by its hash"
    if read_number_of_archive(reader, record.archive.root) != number:
        yield f"block {number} is not found by its archive"


def _effects_of_block(
    store: KeyValueStore, number: int, record: BlockRecord, sponge: Sponge
) -> Iterator[str]:
    """Compare a block's effects with its header; `sponge` has absorbed its checkpoint's earlier blocks."""
    effects = read_effects(store, number, record.tx_count)
    if effects is None:
        yield f"block {number} lacks an effect, or logs of one"
        return
    header, is_first = record.header(), record.index_within_checkpoint == 0
    sponge.absorb(b"".join(block_fields(header, effects, is_first_in_checkpoint=is_first)))
    if sponge.clone().squeeze() != header.sponge_blob_hash:
        yield f"the effects of block {number} do not match its header"
    for tx_index, effect in enumerate(effects):
        # What is there already is not staged again, so whatever differs from the store is missing there.
        overlay = Overlay(store, WriteBatch())
        place = Place(number, tx_index, 0)
        stage_contracts(overlay, place=place, timestamp=record.timestamp, effect=effect)
        for key, value in overlay.batch.operations:
            if store.get(key) != value:
                yield f"what transaction {tx_index} of block {number} published, 0x{key.hex()}, is missing"


def _block_indexes(reader: Reader, _: TipNumbers) -> Iterator[str]:
    for key, value in _walk(reader, Prefix.CHAIN_BLOCK_BY_HASH):
        record = read_record(reader, unpack_number(value))
        if record is None or record.hash != key:
            yield f"the hash 0x{key.hex()} points to block {unpack_number(value)}, which has another"
    for key, value in _walk(reader, Prefix.CHAIN_BLOCK_BY_ARCHIVE):
        record = read_record(reader, unpack_number(value))
        if record is None or record.archive.root != key:
            yield f"the archive 0x{key.hex()} points to block {unpack_number(value)}, which has another"


def _effects(reader: Reader, _: TipNumbers) -> Iterator[str]:
    for key, value in _walk(reader, Prefix.CHAIN_EFFECT):
        effect, location = StoredEffect(value), unpack_location(key)
        record = read_record(reader, location.block_number)
        if record is None or location.tx_index >= record.tx_count:
            yield f"block {location.block_number} has no transaction {location.tx_index}, but its effect"
        if read_location(reader, effect.tx_hash) is None:
            yield f"transaction 0x{effect.tx_hash.hex()} is not found by its hash"
    for key, value in _walk(reader, Prefix.CHAIN_TX):
        location = unpack_location(value)
        found = read_effect(reader, location.block_number, location.tx_index)
        if found is None or found.tx_hash != key:
            yield f"transaction 0x{key.hex()} points to block {location.block_number}, where it is not"


def _tags(reader: Reader, _: TipNumbers) -> Iterator[str]:
    """Follow every entry to its log; entries that are as many as the logs then cover them all."""
    private_logs = sum(
        StoredEffect(value).private_log_count for _, value in _walk(reader, Prefix.CHAIN_EFFECT)
    )
    yield from _tag_entries(reader, Prefix.CHAIN_PRIVATE_TAG, private_logs)
    firsts = _walk(reader, Prefix.CHAIN_PUBLIC_LOG_BY_CONTRACT)
    yield from _tag_entries(reader, Prefix.CHAIN_PUBLIC_TAG, sum(bool(first) for _, first in firsts))


def _tag_entries(reader: Reader, prefix: Prefix, expected: int) -> Iterator[str]:
    tag, ordinal, newest, count = b"", 0, b"", 0
    for key, value in _walk(reader, prefix):
        if key[:-4] != tag:
            tag, ordinal, newest = key[:-4], 0, b""
        if unpack_number(key) != ordinal or value <= newest:
            yield f"the entries of tag 0x{tag.hex()} are out of order"
        ordinal, newest, count = ordinal + 1, value, count + 1
        place = unpack_place(value)
        if _tag_of_log(reader, prefix, place) != tag:
            yield f"the tag 0x{tag.hex()} points to {tuple(place)}, where it is not"
    if count != expected:
        yield f"{expected} logs have {count} entries of kind {prefix.name}"


def _tag_of_log(reader: Reader, prefix: Prefix, place: Place) -> bytes | None:
    if prefix is Prefix.CHAIN_PRIVATE_TAG:
        effect = read_effect(reader, place.block, place.tx_index)
        if effect is None or place.log_index >= effect.private_log_count:
            return None
        return effect.private_log(place.log_index).fields[0]
    public_log = read_public_log(reader, place)
    return public_log.contract_address + public_log.fields[0] if public_log and public_log.fields else None


def _log_records(reader: Reader, _: TipNumbers) -> Iterator[str]:
    for key, value in _walk(reader, Prefix.CHAIN_PUBLIC_LOG):
        log, place = decode_public_log(value), unpack_place(key)
        effect = read_effect(reader, place.block, place.tx_index)
        if effect is None or place.log_index >= effect.public_log_count:
            yield f"the public log at {tuple(place)} has no transaction"
        if reader.get(public_log_by_contract_prefix(log.contract_address) + key) is None:
            yield f"the public log at {tuple(place)} is not found by its contract"
    for key, value in _walk(reader, Prefix.CHAIN_PUBLIC_LOG_BY_CONTRACT):
        found = read_public_log(reader, unpack_place(key))
        if found is None or found.contract_address != key[:32] or b"".join(found.fields[:1]) != value:
            yield f"contract 0x{key[:32].hex()} points to {tuple(unpack_place(key))}, where its log is not"
    for key, _value in _walk(reader, Prefix.CHAIN_CLASS_LOG):
        place = unpack_place(key)
        effect = read_effect(reader, place.block, place.tx_index)
        if effect is None or place.log_index >= effect.class_log_count:
            yield f"the contract class log at {tuple(place)} has no transaction"


def _checkpoints(reader: Reader, numbers: TipNumbers) -> Iterator[str]:
    expected, next_block = 1, 1
    for key, _value in _walk(reader, Prefix.CHAIN_CHECKPOINT):
        number = unpack_number(key)
        data = read_checkpoint(reader, number)
        if (
            data is None
            or number != expected
            or data.checkpoint_number != number
            or data.start_block != next_block
        ):
            yield f"checkpoint {number} does not follow checkpoint {expected - 1}"
        if data is not None:
            try:
                check_against_blocks(reader, data)
            except ChainError as error:
                yield str(error)
            slot = reader.get(by_slot_key(data.header.slot_number))
            if slot is None or unpack_number(slot) != number:
                yield f"checkpoint {number} is not found by its slot"
            next_block = data.end_block + 1
        expected = number + 1
    if expected - 1 != numbers.checkpointed:
        yield f"the last checkpoint is {expected - 1}, the checkpointed tip {numbers.checkpointed}"
    for key, value in _walk(reader, Prefix.CHAIN_CHECKPOINT_BY_SLOT):
        data = read_checkpoint(reader, unpack_number(value))
        slot_number = int.from_bytes(key, "big")
        if data is None or data.header.slot_number != slot_number:
            yield f"slot {slot_number} points to checkpoint {unpack_number(value)}, which has another"


def _contracts(reader: Reader, numbers: TipNumbers) -> Iterator[str]:
    for key, value in _walk(reader, Prefix.CHAIN_CLASS):
        published = ContractClassPublic.decode(value)
        if published.id != key or published.l2_block_number > numbers.proposed:
            yield f"contract class 0x{key.hex()} has another id, or is of block {published.l2_block_number}"
    for key, value in _walk(reader, Prefix.CHAIN_INSTANCE):
        instance, block = ContractInstanceWithAddress.decode(value[4:]), unpack_number(value[:4])
        if instance.address != key or block > numbers.proposed:
            yield f"contract instance 0x{key.hex()} has another address, or is of block {block}"
    for key, _value in _walk(reader, Prefix.CHAIN_UPDATE):
        place = unpack_place(key)
        record = read_record(reader, place.block)
        if record is None or record.timestamp != int.from_bytes(key[32:40], "big"):
            yield f"an update of 0x{key[:32].hex()} is of block {place.block}, which has another timestamp"
        log = read_public_log(reader, place)
        if log is None or not is_instance_updated(log) or log.fields[1] != key[:32]:
            yield f"an update of 0x{key[:32].hex()} points to {tuple(place)}, where its log is not"


def _messages(reader: Reader, _: TipNumbers) -> Iterator[str]:
    for key, leaf in _walk(reader, Prefix.CHAIN_MESSAGE):
        if message_index(reader, leaf) != int.from_bytes(key, "big"):
            yield f"message {int.from_bytes(key, 'big')} is not found by its hash"
    for key, value in _walk(reader, Prefix.CHAIN_MESSAGE_BY_LEAF):
        if reader.get(Prefix.CHAIN_MESSAGE.key + value) != key:
            yield f"message 0x{key.hex()} points to index {int.from_bytes(value, 'big')}, where it is not"
