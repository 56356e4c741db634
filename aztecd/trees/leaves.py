"""Leaves of indexed trees: a sorted chain in which every leaf names its successor.

The packed form is the input of the leaf hash, 32 bytes per member: key, (value,) next key, next index. No
separator. The end of the chain has next key and next index 0. An empty leaf has no object and the hash 0.

Authority: @aztec/stdlib src/trees/nullifier_leaf.ts, src/trees/public_data_leaf.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from aztecd.crypto.field import FR_ZERO, Fr

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "NULLIFIER_LEAVES",
    "PUBLIC_DATA_LEAVES",
    "IndexedLeaf",
    "LeafKind",
    "NullifierLeaf",
    "PublicDataLeaf",
]


class IndexedLeaf(Protocol):
    """What an indexed tree needs to know of its leaves."""

    @property
    def key(self) -> Fr:
        """The sort key."""
        ...

    @property
    def next_key(self) -> Fr:
        """The key of the successor, or 0."""
        ...

    @property
    def next_index(self) -> int:
        """The index of the successor, or 0."""
        ...

    def packed(self) -> bytes:
        """Give the input of the leaf hash."""
        ...

    def linked(self, next_key: Fr, next_index: int) -> Self:
        """Give the same leaf with another successor."""
        ...

    def updated(self, value: Fr) -> Self:
        """Give the same leaf with another value."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NullifierLeaf:
    """A leaf of the nullifier tree."""

    key: Fr
    next_key: Fr
    next_index: int

    def packed(self) -> bytes:
        """Give nullifier, next key, next index."""
        return self.key + self.next_key + self.next_index.to_bytes(32, "big")

    def linked(self, next_key: Fr, next_index: int) -> NullifierLeaf:
        """Give the same leaf with another successor."""
        return NullifierLeaf(key=self.key, next_key=next_key, next_index=next_index)

    def updated(self, value: Fr) -> NullifierLeaf:  # noqa: ARG002 - the leaf has no value
        """Give the leaf itself: it has no value."""
        return self

    @staticmethod
    def make(key: Fr, value: Fr, next_key: Fr, next_index: int) -> NullifierLeaf:  # noqa: ARG004 - no value
        """Make a leaf; `value` is not used."""
        return NullifierLeaf(key=key, next_key=next_key, next_index=next_index)

    @staticmethod
    def unpack(packed: bytes) -> NullifierLeaf:
        """Read the packed form, 96 bytes."""
        return NullifierLeaf(
            key=Fr(packed[:32]), next_key=Fr(packed[32:64]), next_index=int.from_bytes(packed[64:96], "big")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDataLeaf:
    """A leaf of the public data tree."""

    slot: Fr
    value: Fr
    next_key: Fr
    next_index: int

    @property
    def key(self) -> Fr:
        """The sort key: the leaf slot."""
        return self.slot

    def packed(self) -> bytes:
        """Give slot, value, next key, next index."""
        return self.slot + self.value + self.next_key + self.next_index.to_bytes(32, "big")

    def linked(self, next_key: Fr, next_index: int) -> PublicDataLeaf:
        """Give the same leaf with another successor."""
        return PublicDataLeaf(slot=self.slot, value=self.value, next_key=next_key, next_index=next_index)

    def updated(self, value: Fr) -> PublicDataLeaf:
        """Give the same leaf with another value."""
        return PublicDataLeaf(slot=self.slot, value=value, next_key=self.next_key, next_index=self.next_index)

    @staticmethod
    def make(key: Fr, value: Fr, next_key: Fr, next_index: int) -> PublicDataLeaf:
        """Make a leaf."""
        return PublicDataLeaf(slot=key, value=value, next_key=next_key, next_index=next_index)

    @staticmethod
    def unpack(packed: bytes) -> PublicDataLeaf:
        """Read the packed form, 128 bytes."""
        return PublicDataLeaf(
            slot=Fr(packed[:32]),
            value=Fr(packed[32:64]),
            next_key=Fr(packed[64:96]),
            next_index=int.from_bytes(packed[96:128], "big"),
        )


LeafT = TypeVar("LeafT", bound=IndexedLeaf)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafKind(Generic[LeafT]):
    """How one indexed tree treats its leaves."""

    leaf_type: str
    """Name of the value type in the reference's error texts."""

    width: int
    """Members of the packed form."""

    is_updatable: bool
    """Whether writing a present key changes its value; otherwise it is an error."""

    make: Callable[[Fr, Fr, Fr, int], LeafT]
    unpack: Callable[[bytes], LeafT]

    def chain(self, entries: list[tuple[Fr, Fr]]) -> list[LeafT]:
        """Link (key, value) pairs, sorted by key, to leaves at the indices 0, 1, ..."""
        last = len(entries) - 1
        return [
            self.make(
                key,
                value,
                FR_ZERO if index == last else entries[index + 1][0],
                0 if index == last else index + 1,
            )
            for index, (key, value) in enumerate(entries)
        ]


NULLIFIER_LEAVES = LeafKind(
    leaf_type="NullifierLeafValue",
    width=3,
    is_updatable=False,
    make=NullifierLeaf.make,
    unpack=NullifierLeaf.unpack,
)
PUBLIC_DATA_LEAVES = LeafKind(
    leaf_type="PublicDataLeafValue",
    width=4,
    is_updatable=True,
    make=PublicDataLeaf.make,
    unpack=PublicDataLeaf.unpack,
)
