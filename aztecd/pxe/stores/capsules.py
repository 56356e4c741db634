"""Capsules: what contracts keep for themselves in a wallet, lists of field elements under slots.

An array of capsules has its length in the base slot and its items in the slots behind it.

Authority: @aztec/pxe src/storage/capsule_store/capsule_store.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aztecd.crypto.field import FR_MODULUS, Fr, fr, fr_hex, fr_int
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.codec import split_elements
from aztecd.pxe.stores.errors import EmptyCapsuleError, PxeStoreError
from aztecd.pxe.stores.stage import Stage
from aztecd.storage import Prefix

__all__ = ["CapsuleStore"]

_MAX_LENGTH: Final = 1 << 20
"""Lengths come from contracts: without a bound one of them could keep the wallet busy for ever."""


class CapsuleStore:
    """The capsules of all contracts, on a stage. Satisfies CapsuleView."""

    __slots__ = ("_stage",)

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def load_capsule(self, contract: AztecAddress, slot: Fr) -> tuple[Fr, ...] | None:
        """Read a slot; none if it is empty."""
        found = self._stage.get(_key(contract, slot))
        return None if found is None else split_elements(found)

    def store_capsule(self, contract: AztecAddress, slot: Fr, values: Sequence[Fr]) -> None:
        """Write a slot, over what is there."""
        self._stage.put(_key(contract, slot), b"".join(values))

    def delete_capsule(self, contract: AztecAddress, slot: Fr) -> None:
        """Empty a slot; one that is empty stays so."""
        self._stage.delete(_key(contract, slot))

    def copy_capsules(self, contract: AztecAddress, source: Fr, target: Fr, count: int) -> None:
        """Copy neighbouring slots, which may overlap. Raises EmptyCapsuleError."""
        indexes = range(count)
        # From the end when the target lies behind: an item is read before it is written over.
        for index in reversed(indexes) if source < target else indexes:
            found = self._stage.get(_key(contract, _behind(source, index)))
            if found is None:
                slot = f"{fr_hex(contract)}:{fr_hex(_behind(source, index))}"
                raise EmptyCapsuleError(
                    f"Attempted to copy empty slot {slot} for contract {fr_hex(contract)}"
                )
            self._stage.put(_key(contract, _behind(target, index)), found)

    def append_to_array(self, contract: AztecAddress, base: Fr, items: Sequence[Sequence[Fr]]) -> None:
        """Add items at the end of an array. Raises PxeStoreError when it claims to be endless."""
        length = self._length(contract, base)
        for index, item in enumerate(items, length):
            self.store_capsule(contract, _behind(base, 1 + index), item)
        self.store_capsule(contract, base, [fr(length + len(items))])

    def read_array(self, contract: AztecAddress, base: Fr) -> list[tuple[Fr, ...]]:
        """Read all items of an array. Raises EmptyCapsuleError when one is missing, PxeStoreError."""
        items = []
        for index in range(self._length(contract, base)):
            item = self.load_capsule(contract, _behind(base, 1 + index))
            if item is None:
                raise EmptyCapsuleError(
                    f"Expected non-empty value at capsule array in base slot {fr_hex(base)} at index {index} "
                    f"for contract {fr_hex(contract)}"
                )
            items.append(item)
        return items

    def set_array(self, contract: AztecAddress, base: Fr, items: Sequence[Sequence[Fr]]) -> None:
        """Make the array hold exactly these items. Raises PxeStoreError when it claims to be endless."""
        former = self._length(contract, base)
        self.store_capsule(contract, base, [fr(len(items))])
        for index, item in enumerate(items):
            self.store_capsule(contract, _behind(base, 1 + index), item)
        for index in range(len(items), former):
            self.delete_capsule(contract, _behind(base, 1 + index))

    def _length(self, contract: AztecAddress, base: Fr) -> int:
        found = self.load_capsule(contract, base)
        length = fr_int(found[0]) if found else 0
        if length > _MAX_LENGTH:
            raise PxeStoreError(
                f"the capsule array of contract {fr_hex(contract)} in base slot {fr_hex(base)} claims more "
                f"than {_MAX_LENGTH} items"
            )
        return length


def _key(contract: Fr, slot: Fr) -> bytes:
    return Prefix.PXE_CAPSULE.key + contract + slot


def _behind(slot: Fr, distance: int) -> Fr:
    return fr((fr_int(slot) + distance) % FR_MODULUS)
