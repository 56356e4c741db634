"""Compare the chain's records with each other.

Each record kind is walked once, in the order of its keys. Nothing is repaired: a chain is rebuilt from L1.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from aztecd.chain.blocks import (
    BlockRecord,
    read_number_of_archive,
    read_number_of_hash,
    read_record,
    read_tx_effect,
)
from aztecd.chain.checkpoints import check_against_blocks, read_checkpoint
from aztecd.chain.effects import StoredEffect, TxLocation, read_effect, read_location
from aztecd.chain.errors import ChainError
from aztecd.chain.keys import (
    Place,
    by_slot_key,
    pack_place,
    private_tag_prefix,
    public_log_by_contract_prefix,
    public_tag_prefix,
    unpack_number,
    unpack_place,
)
from aztecd.chain.logs import decode_public_log, read_public_log
from aztecd.chain.messages import message_index
from aztecd.chain.tips import TipNumbers, read_numbers
from aztecd.errors import InvalidInputError
from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
from aztecd.storage.kv import KeyValueStore, prefix_end
from aztecd.storage.schema import Prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aztecd.chain.overlay import Reader

__all__ = ["check"]

_MOST = 100
"""Problems that are reported; one damaged block makes many."""


def check(store: KeyValueStore) -> list[str]:
    """Give what is wrong with the chain in a store, nothing when all is well; at most 100 problems."""
    _, numbers = read_numbers(store)
    checks: tuple[Callable[[Reader, TipNumbers], Iterator[str]], ...] = (
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
    return list(islice((problem for one in checks for problem in one(store, numbers)), _MOST))


def _walk(reader: Reader, prefix: Prefix) -> Iterator[tuple[bytes, bytes]]:
    for key, value in reader.iterate(start=prefix.key, stop=prefix_end(prefix.key)):
        yield key[1:], value


def _tips(reader: Reader, numbers: TipNumbers) -> Iterator[str]:
    if not numbers.finalized <= numbers.proven <= numbers.checkpointed:
        yield f"the tips are out of order: {numbers}"
    last = read_checkpoint(reader, numbers.checkpointed)
    if last is not None and last.end_block > numbers.proposed:
        yield f"checkpoint {last.checkpoint_number} ends above the last block {numbers.proposed}"


def _blocks(reader: Reader, numbers: TipNumbers) -> Iterator[str]:
    expected, previous = 1, None
    for key, value in _walk(reader, Prefix.CHAIN_BLOCK):
        number, record = unpack_number(key), BlockRecord.decode(value)
        if number != expected:
            yield f"block {expected} is missing, block {number} follows"
        yield from _block(reader, number, record, previous if number == expected else None)
        expected, previous = number + 1, record
    if expected - 1 != numbers.proposed:
        yield f"the last block is {expected - 1}, the proposed tip {numbers.proposed}"


def _block(reader: Reader, number: int, record: BlockRecord, previous: BlockRecord | None) -> Iterator[str]:
    try:
        header = record.header()
    except InvalidInputError as error:
        yield f"the header of block {number} cannot be read: {error}"
        return
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
    if read_effect(reader, number, record.tx_count) is not None:
        yield f"block {number} has more effects than its {record.tx_count} transactions"
    for index in range(record.tx_count):
        location = TxLocation(block_number=header.number, tx_index=index)
        if read_tx_effect(reader, location) is None:
            yield f"effect {index} of block {number} is missing or lacks logs"


def _block_indexes(reader: Reader, _: TipNumbers) -> Iterator[str]:
    for key, value in _walk(reader, Prefix.CHAIN_BLOCK_BY_HASH):
        record = read_record(reader, unpack_number(value))
        if record is None or record.hash != key:
            yield f"the hash 0x{key.hex()} points to block {unpack_number(value)}, which has another"
    for key, value in _walk(reader, Prefix.CHAIN_BLOCK_BY_ARCHIVE):
        record = read_record(reader, unpack_number(value))
        if record is None or record.archive.root != key:
            yield f"the archive 0x{key.hex()} points to block {unpack_number(value)}, which has another"


def _effects(reader: Reader, numbers: TipNumbers) -> Iterator[str]:
    for key, value in _walk(reader, Prefix.CHAIN_EFFECT):
        effect, block, tx_index = StoredEffect(value), unpack_number(key[:4]), int.from_bytes(key[4:], "big")
        if block > numbers.proposed:
            yield f"an effect of block {block} is left over"
        if read_location(reader, effect.tx_hash) is None:
            yield f"transaction 0x{effect.tx_hash.hex()} is not found by its hash"
        for index, log in enumerate(effect.private_logs()):
            packed = pack_place(Place(block, tx_index, index))
            yield from _tagged(reader, private_tag_prefix(log.fields[0]), packed)
    for key, value in _walk(reader, Prefix.CHAIN_TX):
        place = unpack_place(value)
        found = read_effect(reader, place.block, place.tx_index)
        if found is None or found.tx_hash != key:
            yield f"transaction 0x{key.hex()} points to {place[:2]}, where it is not"


def _tagged(reader: Reader, prefix: bytes, place: bytes) -> Iterator[str]:
    entries = reader.iterate(start=prefix, stop=prefix_end(prefix))
    if not any(value == place for _, value in entries):
        yield f"the log at {tuple(unpack_place(place))} is not found by its tag"


def _tags(reader: Reader, _: TipNumbers) -> Iterator[str]:
    for prefix, tag_start in ((Prefix.CHAIN_PRIVATE_TAG, 0), (Prefix.CHAIN_PUBLIC_TAG, 32)):
        tag, ordinal, newest = b"", 0, b""
        for key, value in _walk(reader, prefix):
            if key[:-4] != tag:
                tag, ordinal, newest = key[:-4], 0, b""
            if unpack_number(key) != ordinal or value <= newest:
                yield f"the entries of tag 0x{tag[tag_start:].hex()} are out of order"
            ordinal, newest = ordinal + 1, value
            place = unpack_place(value)
            if prefix is Prefix.CHAIN_PRIVATE_TAG:
                effect = read_effect(reader, place.block, place.tx_index)
                log = effect.private_log(place.log_index) if effect else None
                found = log.fields[0] if log else None
            else:
                public_log = read_public_log(reader, place)
                found = None
                if public_log and public_log.fields and public_log.contract_address == tag[:32]:
                    found = public_log.fields[0]
            if found != tag[tag_start:]:
                yield f"the tag 0x{tag[tag_start:].hex()} points to {tuple(place)}, where it is not"


def _log_records(reader: Reader, _: TipNumbers) -> Iterator[str]:
    for key, value in _walk(reader, Prefix.CHAIN_PUBLIC_LOG):
        log, place = decode_public_log(value), unpack_place(key)
        effect = read_effect(reader, place.block, place.tx_index)
        if effect is None or place.log_index >= effect.public_log_count:
            yield f"the public log at {tuple(place)} has no transaction"
        if reader.get(public_log_by_contract_prefix(log.contract_address) + key) is None:
            yield f"the public log at {tuple(place)} is not found by its contract"
        if log.fields:
            yield from _tagged(reader, public_tag_prefix(log.contract_address, log.fields[0]), key)
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


def _messages(reader: Reader, _: TipNumbers) -> Iterator[str]:
    for key, leaf in _walk(reader, Prefix.CHAIN_MESSAGE):
        if message_index(reader, leaf) != int.from_bytes(key, "big"):
            yield f"message {int.from_bytes(key, 'big')} is not found by its hash"
    for key, value in _walk(reader, Prefix.CHAIN_MESSAGE_BY_LEAF):
        if reader.get(Prefix.CHAIN_MESSAGE.key + value) != key:
            yield f"message 0x{key.hex()} points to index {int.from_bytes(value, 'big')}, where it is not"
