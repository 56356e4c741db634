"""The book of senders: others whose logs to our accounts are looked for."""

from __future__ import annotations

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.stores.stage import Stage
from aztecd.storage import Prefix

__all__ = ["SenderBook"]


class SenderBook:
    """Addresses of others who may send to us, on a stage."""

    __slots__ = ("_stage",)

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def add(self, sender: AztecAddress) -> bool:
        """Add a sender; false if it is there already."""
        key = Prefix.PXE_SENDER.key + sender
        if self._stage.get(key) is not None:
            return False
        self._stage.put(key, b"")
        return True

    def remove(self, sender: AztecAddress) -> bool:
        """Remove a sender; false if it is not there."""
        key = Prefix.PXE_SENDER.key + sender
        if self._stage.get(key) is None:
            return False
        self._stage.delete(key)
        return True

    def all(self) -> list[AztecAddress]:
        """List all senders in ascending order."""
        return [AztecAddress(Fr(key[1:])) for key, _ in self._stage.scan(Prefix.PXE_SENDER.key)]
