"""The records of logs, and the indexes by tag and by contract.

    public log            (place) -> contract 32 | fields
    by contract           (contract, place) -> first field, empty if there is none
    contract class log    (place) -> contract 32 | emitted length u32 | fields without zeros at the end
    by tag                (tag or contract and tag, ordinal u32) -> place

Private logs stay in the record of their transaction's effect. A tag's entries are numbered from 0 in chain
order, so that any page of a tag is one seek, however many logs carry it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.chain.effects import split_fields, strip_fields
from aztecd.chain.errors import ChainCorruptError
from aztecd.chain.keys import (
    Place,
    pack_number,
    pack_place,
    private_tag_prefix,
    public_log_by_contract_prefix,
    public_tag_prefix,
    unpack_number,
    unpack_place,
)
from aztecd.constants import CONTRACT_CLASS_LOG_SIZE_IN_FIELDS
from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.logs import ContractClassLog, ContractClassLogFields, PublicLog
from aztecd.storage.kv import prefix_end
from aztecd.storage.schema import Prefix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aztecd.chain.overlay import Overlay, Reader
    from aztecd.protocol.effect import TxEffect

__all__ = [
    "class_logs_of_tx",
    "decode_class_log",
    "decode_public_log",
    "iterate_places",
    "public_logs_of_tx",
    "read_public_log",
    "require_public_log",
    "stage_logs",
    "stage_logs_removal",
    "tag_prefixes",
]

_NO_FIELDS = (FR_ZERO,) * CONTRACT_CLASS_LOG_SIZE_IN_FIELDS


def encode_public_log(log: PublicLog) -> bytes:
    """Give the record of a public log."""
    return log.contract_address + b"".join(log.fields)


def decode_public_log(data: bytes) -> PublicLog:
    """Read the record of a public log."""
    return PublicLog(contract_address=AztecAddress(Fr(data[:32])), fields=split_fields(data[32:]))


def encode_class_log(log: ContractClassLog) -> bytes:
    """Give the record of a contract class log."""
    return log.contract_address + log.emitted_length.to_bytes(4, "big") + strip_fields(log.fields.fields)


def decode_class_log(data: bytes) -> ContractClassLog:
    """Read the record of a contract class log; pads its fields to 3023."""
    fields = split_fields(data[36:])
    return ContractClassLog(
        contract_address=AztecAddress(Fr(data[:32])),
        fields=ContractClassLogFields(fields=fields + _NO_FIELDS[len(fields) :]),
        emitted_length=int.from_bytes(data[32:36], "big"),
    )


def iterate_places(
    reader: Reader, prefix: bytes, start: Place, stop: Place | None
) -> Iterator[tuple[Place, bytes]]:
    """Walk over the places in [start, stop) behind a prefix, to its end when `stop` is None."""
    end = prefix_end(prefix) if stop is None else prefix + pack_place(stop)
    for key, value in reader.iterate(start=prefix + pack_place(start), stop=end):
        yield unpack_place(key), value


def read_public_log(reader: Reader, place: Place) -> PublicLog | None:
    """Read one public log."""
    data = reader.get(Prefix.CHAIN_PUBLIC_LOG.key + pack_place(place))
    return None if data is None else decode_public_log(data)


def require_public_log(reader: Reader, place: Place) -> PublicLog:
    """Read a public log that must be there. Raises ChainCorruptError."""
    log = read_public_log(reader, place)
    if log is None:
        raise ChainCorruptError.missing(f"the public log at {tuple(place)}")
    return log


def public_logs_of_tx(reader: Reader, block: int, tx_index: int) -> tuple[PublicLog, ...]:
    """Read the public logs of a transaction in order."""
    found = _logs_of_tx(reader, Prefix.CHAIN_PUBLIC_LOG.key, block, tx_index)
    return tuple([decode_public_log(data) for data in found])


def class_logs_of_tx(reader: Reader, block: int, tx_index: int) -> tuple[ContractClassLog, ...]:
    """Read the contract class logs of a transaction in order."""
    found = _logs_of_tx(reader, Prefix.CHAIN_CLASS_LOG.key, block, tx_index)
    return tuple([decode_class_log(data) for data in found])


def _logs_of_tx(reader: Reader, prefix: bytes, block: int, tx_index: int) -> list[bytes]:
    prefix += pack_place(Place(block, tx_index, 0))[:-2]
    return [value for _, value in reader.iterate(start=prefix, stop=prefix_end(prefix))]


def tag_prefixes(effect: TxEffect) -> Iterator[tuple[bytes, int]]:
    """Give the tag index prefix and the log's index for every log that has a tag: its first field."""
    for index, log in enumerate(effect.private_logs):
        yield private_tag_prefix(log.fields[0]), index
    for index, public_log in enumerate(effect.public_logs):
        if public_log.fields:
            yield public_tag_prefix(public_log.contract_address, public_log.fields[0]), index


def stage_logs(overlay: Overlay, block: int, tx_index: int, effect: TxEffect) -> None:
    """Stage the logs of a transaction and their index entries."""
    for index, log in enumerate(effect.public_logs):
        place = pack_place(Place(block, tx_index, index))
        overlay.put(Prefix.CHAIN_PUBLIC_LOG.key + place, encode_public_log(log))
        first = log.fields[0] if log.fields else b""
        overlay.put(public_log_by_contract_prefix(log.contract_address) + place, first)
    for index, class_log in enumerate(effect.contract_class_logs):
        place = pack_place(Place(block, tx_index, index))
        overlay.put(Prefix.CHAIN_CLASS_LOG.key + place, encode_class_log(class_log))
    for prefix, index in tag_prefixes(effect):
        overlay.put(
            prefix + pack_number(_next_ordinal(overlay, prefix)), pack_place(Place(block, tx_index, index))
        )


def _next_ordinal(overlay: Overlay, prefix: bytes) -> int:
    # Most tags are used once: asking for a key that is not there costs no seek.
    if overlay.get(prefix + pack_number(0)) is None:
        return 0
    last = next(overlay.iterate(start=prefix, stop=prefix_end(prefix), reverse=True, limit=1))
    return unpack_number(last[0]) + 1


def stage_logs_removal(overlay: Overlay, block: int, tx_index: int, effect: TxEffect) -> None:
    """Stage the removal of what `stage_logs` stored. Call it for the newest transaction first."""
    for index, log in enumerate(effect.public_logs):
        place = pack_place(Place(block, tx_index, index))
        overlay.delete(Prefix.CHAIN_PUBLIC_LOG.key + place)
        overlay.delete(public_log_by_contract_prefix(log.contract_address) + place)
    for index in range(len(effect.contract_class_logs)):
        overlay.delete(Prefix.CHAIN_CLASS_LOG.key + pack_place(Place(block, tx_index, index)))
    own = pack_place(Place(block, tx_index, 0))[:-2]
    for prefix in {prefix for prefix, _ in tag_prefixes(effect)}:
        doomed = []
        for key, value in overlay.iterate(start=prefix, stop=prefix_end(prefix), reverse=True):
            if not value.startswith(own):
                break
            doomed.append(key)
        for key in doomed:
            overlay.delete(key)
