"""Contracts as one transaction sees them: those of the chain and of the block, then its own.

Authority: @aztec/simulator src/public/public_db_sources.ts, contracts_db_checkpoint.ts,
state_manager/state_manager.ts (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.execution.published import PublishedContracts

if TYPE_CHECKING:
    from aztecd.crypto.field import Fr
    from aztecd.execution.views import ContractSource
    from aztecd.protocol.basic import AztecAddress
    from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress

__all__ = ["TxContracts"]


class TxContracts:
    """A source for one transaction at one time; what it publishes can be taken back. Mutable.

    Instances of the source below are kept: that does not change while the transaction runs.
    """

    __slots__ = ("_base", "_classes", "_instances", "_known", "_marks", "_timestamp")

    def __init__(self, base: ContractSource, timestamp: int) -> None:
        """Take the source before the transaction, and the block's timestamp in seconds."""
        self._base = base
        self._timestamp = timestamp
        self._classes: list[ContractClassPublic] = []
        self._instances: list[ContractInstanceWithAddress] = []
        self._known: dict[AztecAddress, ContractInstanceWithAddress | None] = {}
        self._marks: list[tuple[int, int]] = []

    def checkpoint(self) -> None:
        """Begin a nested change."""
        self._marks.append((len(self._classes), len(self._instances)))

    def commit(self) -> None:
        """Keep the change since the last checkpoint."""
        self._marks.pop()

    def rollback(self) -> None:
        """Forget what was published since the last checkpoint."""
        classes, instances = self._marks.pop()
        del self._classes[classes:]
        del self._instances[instances:]

    def add(self, published: PublishedContracts) -> None:
        """Let contracts be found from now on."""
        self._classes += published.classes
        self._instances += published.instances

    def published(self) -> PublishedContracts:
        """Give what the transaction published and did not take back."""
        return PublishedContracts(classes=tuple(self._classes), instances=tuple(self._instances))

    def instance(self, address: AztecAddress) -> ContractInstanceWithAddress | None:
        """Give an instance with its class at the block's time, deployed or not."""
        for instance in reversed(self._instances):
            if instance.address == address:
                return instance
        if address not in self._known:
            self._known[address] = self._base.contract_instance(address, self._timestamp)
        return self._known[address]

    def contract_class(self, class_id: Fr) -> ContractClassPublic | None:
        """Give a class."""
        for found in reversed(self._classes):
            if found.id == class_id:
                return found
        return self._base.contract_class(class_id)
