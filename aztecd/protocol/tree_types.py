"""Roots and sizes of the trees, leaves of the indexed trees, and membership witnesses.

Authority: @aztec/stdlib src/trees/*.ts, src/tx/state_reference.ts, src/tx/partial_state_reference.ts (4.1.2).
"""

from __future__ import annotations

import base64
from typing import Annotated, Any

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import U32, DecimalMember, FrMember
from aztecd.protocol.codec import DecodeError, JsonValue, Reader, UintCodec, read_base64, split_elements
from aztecd.protocol.record import Record, record

__all__ = [
    "AppendOnlyTreeSnapshot",
    "MembershipWitness",
    "NullifierLeaf",
    "NullifierLeafPreimage",
    "NullifierMembershipWitness",
    "PartialStateReference",
    "PublicDataLeaf",
    "PublicDataTreeLeafPreimage",
    "PublicDataWitness",
    "SiblingPath",
    "StateReference",
]

_LeafIndexMember = Annotated[int, UintCodec(8, "decimal")]


@record
class AppendOnlyTreeSnapshot(Record):
    """A tree's root and size; the size counts zero leaves too."""

    root: FrMember
    next_available_leaf_index: U32


@record
class PartialStateReference(Record):
    """The three trees that transactions change."""

    note_hash_tree: AppendOnlyTreeSnapshot
    nullifier_tree: AppendOnlyTreeSnapshot
    public_data_tree: AppendOnlyTreeSnapshot


@record
class StateReference(Record):
    """All trees but the archive."""

    l1_to_l2_message_tree: AppendOnlyTreeSnapshot
    partial: PartialStateReference


@record
class NullifierLeaf(Record):
    """What a leaf of the nullifier tree stands for."""

    nullifier: FrMember


@record
class NullifierLeafPreimage(Record):
    """A leaf of the nullifier tree with its link to the next greater key."""

    leaf: NullifierLeaf
    next_key: FrMember
    next_index: _LeafIndexMember


@record
class PublicDataLeaf(Record):
    """What a leaf of the public data tree stands for."""

    slot: FrMember
    value: FrMember


@record
class PublicDataTreeLeafPreimage(Record):
    """A leaf of the public data tree with its link to the next greater slot."""

    leaf: PublicDataLeaf
    next_key: FrMember
    next_index: _LeafIndexMember


class SiblingPath:
    """The siblings from the leaf's level up: `height` elements.

    In JSON base64 of a u32 count and the elements.
    """

    __slots__ = ("elements",)

    def __init__(self, elements: tuple[Fr, ...]) -> None:
        self.elements = elements

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SiblingPath) and other.elements == self.elements

    def __hash__(self) -> int:
        return hash(self.elements)

    def encode(self) -> bytes:
        """Give the count as u32, then 32 bytes an element."""
        return len(self.elements).to_bytes(4, "big") + b"".join(self.elements)


class _SiblingPathCodec:
    """The JSON and byte forms of a SiblingPath."""

    def write(self, value: SiblingPath, out: bytearray) -> None:
        out += value.encode()

    def read(self, reader: Reader) -> SiblingPath:
        count = int.from_bytes(reader.take(4), "big")
        return SiblingPath(split_elements(reader.take(count * 32)))

    def fields(self, value: SiblingPath, out: list[bytes]) -> None:
        out += value.elements

    def to_json(self, value: SiblingPath) -> JsonValue:
        return base64.b64encode(value.encode()).decode()

    def from_json(self, value: JsonValue, path: str) -> SiblingPath:
        reader = Reader(read_base64(value, path))
        read = self.read(reader)
        reader.finish()
        return read

    def zero(self) -> Any:
        return SiblingPath(())


SIBLING_PATH = _SiblingPathCodec()
SiblingPathMember = Annotated[SiblingPath, SIBLING_PATH]


@record
class NullifierMembershipWitness(Record):
    """A nullifier's leaf, or its low leaf, with the path to the root."""

    index: DecimalMember
    leaf_preimage: NullifierLeafPreimage
    sibling_path: SiblingPathMember


@record
class PublicDataWitness(Record):
    """A public data leaf, or its low leaf, with the path to the root."""

    index: DecimalMember
    leaf_preimage: PublicDataTreeLeafPreimage
    sibling_path: SiblingPathMember


class MembershipWitness:
    """A leaf index and its sibling path; in JSON base64 of the index as 32 bytes and the siblings."""

    __slots__ = ("index", "sibling_path")

    def __init__(self, index: int, sibling_path: tuple[Fr, ...]) -> None:
        self.index = index
        self.sibling_path = sibling_path

    def to_json(self) -> JsonValue:
        """Give the base64 text."""
        return base64.b64encode(self.index.to_bytes(32, "big") + b"".join(self.sibling_path)).decode()

    @classmethod
    def from_json(cls, value: JsonValue, path: str = "") -> MembershipWitness:
        """Read the base64 text. Raises SchemaError, DecodeError."""
        data = read_base64(value, path)
        if len(data) < 32 or len(data) % 32:
            raise DecodeError("a membership witness is an index and siblings of 32 bytes each", path)
        return cls(int.from_bytes(data[:32], "big"), split_elements(data[32:]))
