"""The logs with which contract classes and instances are published and updated.

Authority: @aztec/protocol-contracts src/class-registry/contract_class_published_event.ts,
src/instance-registry/contract_instance_{published,updated}_event.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from aztecd.constants import (
    CONTRACT_CLASS_PUBLISHED_TAG,
    CONTRACT_CLASS_REGISTRY_ADDRESS,
    CONTRACT_INSTANCE_PUBLISHED_TAG,
    CONTRACT_INSTANCE_REGISTRY_ADDRESS,
    CONTRACT_INSTANCE_UPDATED_TAG,
)
from aztecd.crypto.field import Fr, fr_int
from aztecd.protocol.basic import AztecAddress, BlockNumber
from aztecd.protocol.contracts import (
    ContractClassPublic,
    ContractInstanceWithAddress,
    InvalidContractError,
    PublicKeys,
    contract_class_id,
    public_bytecode_commitment,
)
from aztecd.protocol.logs import ContractClassLog, PrivateLog, PublicLog

__all__ = [
    "ContractInstanceUpdate",
    "class_from_log",
    "instance_from_log",
    "is_class_published",
    "is_instance_published",
    "is_instance_updated",
    "update_from_log",
]

_MAX_SAFE_INTEGER = (1 << 53) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractInstanceUpdate:
    """A scheduled change of an instance's class; `timestamp_of_change` in seconds."""

    address: AztecAddress
    previous_class_id: Fr
    new_class_id: Fr
    timestamp_of_change: int


def is_class_published(log: ContractClassLog) -> bool:
    """Whether the log publishes a contract class."""
    return (
        log.contract_address == CONTRACT_CLASS_REGISTRY_ADDRESS
        and log.fields.fields[0] == CONTRACT_CLASS_PUBLISHED_TAG
    )


def is_instance_published(log: PrivateLog) -> bool:
    """Whether the log publishes a contract instance; its tag is siloed with the registry."""
    return log.fields[0] == CONTRACT_INSTANCE_PUBLISHED_TAG


def is_instance_updated(log: PublicLog) -> bool:
    """Whether the log schedules a change of an instance's class."""
    return (
        log.contract_address == CONTRACT_INSTANCE_REGISTRY_ADDRESS
        and bool(log.fields)
        and log.fields[0] == CONTRACT_INSTANCE_UPDATED_TAG
    )


def class_from_log(log: ContractClassLog, block: BlockNumber) -> ContractClassPublic:
    """Read a published class and check its identifier against its parts. Raises InvalidContractError."""
    _, claimed, version, artifact_hash, functions_root, length, *chunks = log.fields.fields
    bytecode = b"".join(chunk[1:] for chunk in chunks)[: _safe_int(length)]
    found = contract_class_id(artifact_hash, functions_root, public_bytecode_commitment(bytecode))
    if found != claimed:
        raise InvalidContractError(
            f"Invalid contract class id: computed 0x{found.hex()} but event broadcasted 0x{claimed.hex()}"
        )
    if fr_int(version) != 1:
        raise InvalidContractError(f"Unexpected contract class version {fr_int(version)}")
    return ContractClassPublic(
        l2_block_number=block,
        version=1,
        artifact_hash=artifact_hash,
        packed_bytecode=bytecode,
        private_functions_root=functions_root,
        id=claimed,
    )


def instance_from_log(log: PrivateLog) -> ContractInstanceWithAddress:
    """Read a published instance; its address is not checked here. Raises InvalidContractError."""
    _, address, version, salt, class_id, initialization, *rest = log.fields
    if _safe_int(version) != 1:
        raise InvalidContractError(f"Unexpected contract instance version {fr_int(version)}")
    points = [rest[index] + rest[index + 1] for index in range(0, 8, 2)]
    return ContractInstanceWithAddress(
        version=1,
        salt=salt,
        deployer=AztecAddress(rest[8]),
        current_contract_class_id=class_id,
        original_contract_class_id=class_id,
        initialization_hash=initialization,
        public_keys=PublicKeys(
            master_nullifier_public_key=points[0],
            master_incoming_viewing_public_key=points[1],
            master_outgoing_viewing_public_key=points[2],
            master_tagging_public_key=points[3],
        ),
        address=AztecAddress(address),
    )


def update_from_log(log: PublicLog) -> ContractInstanceUpdate:
    """Read a scheduled update. Raises InvalidContractError."""
    if len(log.fields) < 5:
        raise InvalidContractError(f"an instance update has 5 fields, got {len(log.fields)}")
    _, address, previous, new, timestamp = log.fields[:5]
    return ContractInstanceUpdate(
        address=AztecAddress(address),
        previous_class_id=previous,
        new_class_id=new,
        timestamp_of_change=fr_int(timestamp),
    )


def _safe_int(element: Fr) -> int:
    number = fr_int(element)
    if number > _MAX_SAFE_INTEGER:
        raise InvalidContractError(f"Value {number:x} greater than than max safe integer")
    return number
