"""Which class a contract has at the anchor block, as the instance registry knows it.

Authority: @aztec/pxe src/contract_sync/helpers.ts; @aztec/stdlib src/delayed-public-mutable (4.1.2).
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Final

from aztecd.constants import CONTRACT_INSTANCE_REGISTRY_ADDRESS
from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_hex, fr_int
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.protocol.hashes import map_slot
from aztecd.pxe.kernel import ClassUpdate
from aztecd.pxe.sync.errors import OutdatedClassError
from aztecd.pxe.sync.job import Job

__all__ = [
    "check_class",
    "class_update_calls",
    "class_update_slots",
    "class_updates",
    "current_class_id",
    "keep_class_update",
]

_UPDATES_SLOT: Final = fr(1)
_REGISTRY: Final = AztecAddress(CONTRACT_INSTANCE_REGISTRY_ADDRESS)
_SLOTS: Final = 3


def class_update_slots(contract: AztecAddress) -> list[Fr]:
    """Give the registry's three storage slots of a contract."""
    first = fr_int(map_slot(_UPDATES_SLOT, contract))
    return [fr(first + index) for index in range(_SLOTS)]


def class_updates(job: Job, contracts: Sequence[AztecAddress]) -> list[ClassUpdate]:
    """Read the scheduled classes of contracts at the anchor, all at once; each is read once in a job."""
    unknown = [contract for contract in dict.fromkeys(contracts) if contract not in job.class_updates]
    calls = [call for contract in unknown for call in class_update_calls(job, contract)]
    if calls:
        values = job.bridge.run_all(calls)
        for index, contract in enumerate(unknown):
            keep_class_update(job, contract, values[_SLOTS * index : _SLOTS * (index + 1)])
    return [job.class_updates[contract] for contract in contracts]


def class_update_calls(job: Job, contract: AztecAddress) -> list[Coroutine[Any, Any, Fr]]:
    """Give the questions about a contract's scheduled class; none when the job has asked before."""
    if contract in job.class_updates:
        return []
    node, block = job.bridge.node, job.anchor.hash
    return [node.get_public_storage_at(block, _REGISTRY, slot) for slot in class_update_slots(contract)]


def keep_class_update(job: Job, contract: AztecAddress, slots: Sequence[Fr]) -> None:
    """Take the answers to `class_update_calls`."""
    if slots:
        job.class_updates[contract] = ClassUpdate.from_slots(slots)


def current_class_id(job: Job, instance: ContractInstanceWithAddress) -> Fr:
    """Give the class that a contract has at the anchor block."""
    (update,) = class_updates(job, [instance.address])
    class_id = update.class_at(job.anchor.header.global_variables.timestamp)
    return instance.original_contract_class_id if class_id == FR_ZERO else class_id


def check_class(job: Job, contract: AztecAddress) -> None:
    """Hold that the wallet has the code of today. Raises OutdatedClassError."""
    instance = job.stores.contracts.instance(contract)
    if instance is None:
        raise OutdatedClassError(f"No contract instance found for address {fr_hex(contract)}")
    current = current_class_id(job, instance)
    if instance.current_contract_class_id != current:
        raise OutdatedClassError(
            f"Contract {fr_hex(contract)} is outdated, current class id is {fr_hex(current)}, local class id "
            f"is {fr_hex(instance.current_contract_class_id)}"
        )
