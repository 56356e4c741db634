"""The contracts that a transaction publishes, and a source that sees them before the chain does.

Authority: @aztec/simulator src/public/public_db_sources.ts, @aztec/stdlib
src/contract/contract_deployment_data.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from aztecd.constants import CONTRACT_CLASS_REGISTRY_ADDRESS
from aztecd.protocol.contracts import InvalidContractError
from aztecd.protocol.logs import ContractClassLog
from aztecd.protocol.registry_events import (
    class_from_log,
    instance_from_log,
    is_class_published,
    is_instance_published,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aztecd.crypto.field import Fr
    from aztecd.execution.views import ContractSource
    from aztecd.protocol.basic import AztecAddress, BlockNumber
    from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
    from aztecd.protocol.logs import PrivateLog
    from aztecd.protocol.tx import Tx

__all__ = ["ContractOverlay", "PublishedContracts", "contract_class_logs", "published_by", "published_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedContracts:
    """Classes and instances in the order of their logs. Addresses of instances are not checked here."""

    classes: tuple[ContractClassPublic, ...] = ()
    instances: tuple[ContractInstanceWithAddress, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.classes or self.instances)


class ContractOverlay:
    """Contracts published in the block that is being built, over those of the chain. Mutable.

    `copy` gives an independent overlay, for a transaction that may yet be dropped.
    """

    __slots__ = ("_base", "_classes", "_instances")

    def __init__(self, base: ContractSource) -> None:
        self._base = base
        self._classes: dict[Fr, ContractClassPublic] = {}
        self._instances: dict[AztecAddress, ContractInstanceWithAddress] = {}

    def add(self, published: PublishedContracts) -> None:
        """Let the contracts be found from now on; they hide those of the chain."""
        self._classes.update((item.id, item) for item in published.classes)
        self._instances.update((item.address, item) for item in published.instances)

    def copy(self) -> ContractOverlay:
        """Give an overlay with the same content over the same chain."""
        twin = ContractOverlay(self._base)
        twin._classes = dict(self._classes)
        twin._instances = dict(self._instances)
        return twin

    def contract_instance(self, address: AztecAddress, timestamp: int) -> ContractInstanceWithAddress | None:
        """Give an instance with the class that it has at `timestamp` (seconds)."""
        return self._instances.get(address) or self._base.contract_instance(address, timestamp)

    def contract_class(self, class_id: Fr) -> ContractClassPublic | None:
        """Give a class."""
        return self._classes.get(class_id) or self._base.contract_class(class_id)


def contract_class_logs(tx: Tx) -> tuple[ContractClassLog, ...]:
    """Join the kernel's log hashes with the fields that came beside them, in order.

    Raises: InvalidContractError if the fields of a log of the class registry are missing.
    """
    hashes = tx.data.contract_class_logs_hashes()
    logs = []
    for claimed, fields in zip_longest(hashes, tx.contract_class_log_fields[: len(hashes)]):
        if fields is not None:
            logs.append(
                ContractClassLog(
                    contract_address=claimed.contract_address, fields=fields, emitted_length=claimed.length
                )
            )
        elif claimed.contract_address == CONTRACT_CLASS_REGISTRY_ADDRESS:
            raise InvalidContractError("the fields of a contract class log are missing")
    return tuple(logs)


def published_in(
    class_logs: Iterable[ContractClassLog], private_logs: Iterable[PrivateLog], block: BlockNumber
) -> PublishedContracts:
    """Read the contracts that logs publish. Raises InvalidContractError on a log that cannot be read."""
    return PublishedContracts(
        classes=tuple(class_from_log(log, block) for log in class_logs if is_class_published(log)),
        instances=tuple(instance_from_log(log) for log in private_logs if is_instance_published(log)),
    )


def published_by(tx: Tx, block: BlockNumber) -> PublishedContracts:
    """Read all contracts that a transaction publishes, of both phases. Raises InvalidContractError."""
    return published_in(contract_class_logs(tx), tx.data.private_logs(), block)
