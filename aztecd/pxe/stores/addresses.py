"""Complete addresses of own accounts, and the book of senders whose logs are looked for."""

from __future__ import annotations

from dataclasses import dataclass

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import PublicKeys
from aztecd.pxe.stores.stage import Stage
from aztecd.storage import Prefix

__all__ = ["AddressStore", "SenderBook", "StoredAddress"]

_PARTIAL_SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAddress:
    """An address with what it is derived from."""

    address: AztecAddress
    public_keys: PublicKeys
    partial_address: Fr


class AddressStore:
    """Complete addresses, on a stage. Satisfies AddressView."""

    __slots__ = ("_stage",)

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def add(self, complete: StoredAddress) -> None:
        """Store an address."""
        self._stage.put(
            Prefix.PXE_ADDRESS.key + complete.address,
            complete.public_keys.encode() + complete.partial_address,
        )

    def get(self, address: AztecAddress) -> StoredAddress | None:
        """Give what an address was made of."""
        found = self._stage.get(Prefix.PXE_ADDRESS.key + address)
        return None if found is None else _address(address, found)

    def all(self) -> list[StoredAddress]:
        """List all addresses in ascending order."""
        return [
            _address(AztecAddress(Fr(key[1:])), value)
            for key, value in self._stage.scan(Prefix.PXE_ADDRESS.key)
        ]

    def public_keys_and_partial_address(self, address: AztecAddress) -> tuple[PublicKeys, Fr] | None:
        """Give what an address was made of, as the oracle answers it."""
        found = self.get(address)
        return None if found is None else (found.public_keys, found.partial_address)


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


def _address(address: AztecAddress, value: bytes) -> StoredAddress:
    return StoredAddress(
        address=address,
        public_keys=PublicKeys.decode(value[:-_PARTIAL_SIZE]),
        partial_address=Fr(value[-_PARTIAL_SIZE:]),
    )
