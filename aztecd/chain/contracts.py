"""Contract classes and instances that transactions published, and scheduled updates.

    class       id -> ContractClassPublic
    instance    address -> block u32 | ContractInstanceWithAddress
    update      (address, timestamp u64, place) -> previous class 32 | new class 32 | timestamp of change 32

Authority: @aztec/archiver src/modules/data_store_updater.ts, src/store/contract_{class,instance}_store.ts;
@aztec/stdlib src/contract (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from aztecd.chain.keys import (
    Place,
    class_key,
    instance_key,
    pack_number,
    unpack_number,
    update_key,
    update_prefix,
)
from aztecd.crypto.field import FR_ZERO, Fr, fr_int
from aztecd.protocol.basic import BlockNumber
from aztecd.protocol.contracts import (
    ContractClassPublic,
    ContractInstanceWithAddress,
    InvalidContractError,
    contract_address,
)
from aztecd.protocol.registry_events import (
    class_from_log,
    instance_from_log,
    is_class_published,
    is_instance_published,
    is_instance_updated,
    update_from_log,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aztecd.chain.overlay import Overlay, Reader
    from aztecd.protocol.effect import TxEffect
    from aztecd.protocol.logs import ContractClassLog, PrivateLog, PublicLog

__all__ = [
    "RejectedPublication",
    "class_at",
    "read_class",
    "read_instance",
    "stage_contracts",
    "stage_contracts_removal",
]

_MAX_TIMESTAMP = (1 << 64) - 1

_Kind = Literal["class", "instance", "update"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedPublication:
    """A log that looks like a publication and is none: it stays on the chain and has no other effect.

    `identifier` is the class id, or the address, that the log claims.
    """

    kind: _Kind
    tx_hash: Fr
    identifier: Fr
    reason: str


def read_class(reader: Reader, class_id: bytes) -> ContractClassPublic | None:
    """Read a published class."""
    data = reader.get(class_key(class_id))
    return None if data is None else ContractClassPublic.decode(data)


def read_instance(reader: Reader, address: bytes) -> tuple[int, ContractInstanceWithAddress] | None:
    """Read a published instance, as published, and the number of the block that published it."""
    data = reader.get(instance_key(address))
    if data is None:
        return None
    return unpack_number(data[:4]), ContractInstanceWithAddress.decode(data[4:])


def class_at(reader: Reader, instance: ContractInstanceWithAddress, timestamp: int, up_to_block: int) -> Fr:
    """Give an instance's class id at a time in seconds.

    The newest update that was scheduled by then decides: before its time of change the previous class holds,
    which is the original one if the update names none.
    """
    prefix = update_prefix(instance.address)
    stop = prefix + (min(timestamp, _MAX_TIMESTAMP - 1) + 1).to_bytes(8, "big")
    for key, value in reader.iterate(start=prefix, stop=stop, reverse=True):
        if int.from_bytes(key[-8:-4], "big") > up_to_block:
            continue
        previous, new, change = value[:32], value[32:64], fr_int(value[64:])
        if timestamp >= change:
            return Fr(new)
        return instance.original_contract_class_id if previous == FR_ZERO else Fr(previous)
    return instance.original_contract_class_id


def stage_contracts(
    overlay: Overlay, *, place: Place, timestamp: int, effect: TxEffect
) -> list[RejectedPublication]:
    """Stage what a transaction published; give what it published wrongly.

    A class or an instance that is there already stays as it is. `place` has the block and the transaction,
    `timestamp` is that of the block.
    """
    rejected = []
    for kind, claimed, stage in _publications(_Staging(overlay, place), timestamp, effect):
        try:
            stage()
        except InvalidContractError as error:
            rejected.append(
                RejectedPublication(kind=kind, tx_hash=effect.tx_hash, identifier=claimed, reason=str(error))
            )
    return rejected


def _publications(
    staging: _Staging, timestamp: int, effect: TxEffect
) -> Iterator[tuple[_Kind, Fr, Callable[[], None]]]:
    """Give the kind, the claimed identifier and the way to stage it of everything that was published."""
    for class_log in effect.contract_class_logs:
        if is_class_published(class_log):
            yield "class", class_log.fields.fields[1], partial(staging.add_class, class_log)
    for private_log in effect.private_logs:
        if is_instance_published(private_log):
            yield "instance", private_log.fields[1], partial(staging.add_instance, private_log)
    for index, public_log in enumerate(effect.public_logs):
        if is_instance_updated(public_log):
            claimed = public_log.fields[1] if len(public_log.fields) > 1 else FR_ZERO
            yield "update", claimed, partial(staging.add_update, public_log, index, timestamp)


@dataclass(frozen=True, slots=True)
class _Staging:
    """Stages the publications of one transaction."""

    overlay: Overlay
    place: Place

    def add_class(self, log: ContractClassLog) -> None:
        """Stage a class. Raises InvalidContractError."""
        claimed = log.fields.fields[1]
        if self.overlay.get(class_key(claimed)) is not None:
            return
        published = class_from_log(log, BlockNumber(self.place.block))
        self.overlay.put(class_key(claimed), published.encode())

    def add_instance(self, log: PrivateLog) -> None:
        """Stage an instance whose address follows from its parts. Raises InvalidContractError."""
        claimed = log.fields[1]
        if self.overlay.get(instance_key(claimed)) is not None:
            return
        instance = instance_from_log(log)
        derived = contract_address(instance)
        if derived != claimed:
            raise InvalidContractError(
                f"the log publishes an instance at 0x{claimed.hex()}, its parts give 0x{derived.hex()}"
            )
        self.overlay.put(instance_key(claimed), pack_number(self.place.block) + instance.encode())

    def add_update(self, log: PublicLog, log_index: int, timestamp: int) -> None:
        """Stage an update. Raises InvalidContractError."""
        update = update_from_log(log)
        key = update_key(update.address, timestamp, self.place._replace(log_index=log_index))
        value = (
            update.previous_class_id + update.new_class_id + update.timestamp_of_change.to_bytes(32, "big")
        )
        self.overlay.put(key, value)


def stage_contracts_removal(overlay: Overlay, *, place: Place, timestamp: int, effect: TxEffect) -> None:
    """Stage the removal of what `stage_contracts` stored for a transaction of a removed block."""
    for class_log in effect.contract_class_logs:
        if is_class_published(class_log):
            published = read_class(overlay, class_log.fields.fields[1])
            if published is not None and published.l2_block_number == place.block:
                overlay.delete(class_key(published.id))
    for private_log in effect.private_logs:
        if is_instance_published(private_log):
            found = read_instance(overlay, private_log.fields[1])
            if found is not None and found[0] == place.block:
                overlay.delete(instance_key(found[1].address))
    for index, public_log in enumerate(effect.public_logs):
        if is_instance_updated(public_log) and len(public_log.fields) > 1:
            overlay.delete(update_key(public_log.fields[1], timestamp, place._replace(log_index=index)))
