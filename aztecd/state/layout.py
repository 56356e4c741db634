"""Keys and values of the world state in the store; `docs/storage.md` has the table.

A node or leaf that changed in block N is stored under its place and `0xffffffff - N`, so the newest version
that block N sees is the first key at or behind `0xffffffff - N`. Genesis has number 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING

from aztecd.crypto.field import Fr
from aztecd.state.errors import StateOrderError
from aztecd.state.tree_ids import TreeId
from aztecd.storage import Prefix

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "STATUS_KEY",
    "VERSION_END",
    "BlockRecord",
    "Status",
    "Undo",
    "block_key",
    "key_key",
    "leaf_key",
    "node_place",
    "pack_index",
    "preimage_place",
    "size_key",
    "undo_key",
    "unpack_index",
    "version_block",
    "versioned",
]

_NEWEST = 0xFFFFFFFF
_NODE = Struct(">BBBQ")
_PREIMAGE = Struct(">BBQ")
_U32 = Struct(">I")
_U64 = Struct(">Q")
_SNAPSHOT = Struct(">32sQ")
_NODE_REF = Struct(">BQ")

STATUS_KEY = Prefix.STATE_STATUS.key
VERSION_END = b"\xff" * 5
"""Appended to a place: behind all its versions."""


def node_place(tree: int, level: int, index: int) -> bytes:
    """Give the key of a node without its version."""
    return _NODE.pack(Prefix.STATE_NODE, tree, level, index)


def preimage_place(tree: int, index: int) -> bytes:
    """Give the key of an indexed leaf without its version."""
    return _PREIMAGE.pack(Prefix.STATE_PREIMAGE, tree, index)


def versioned(place: bytes, block: int) -> bytes:
    """Give the key of the version that `block` wrote."""
    return place + _U32.pack(_NEWEST - block)


def version_block(key: bytes) -> int:
    """Give the block that wrote a version."""
    return _NEWEST - int.from_bytes(key[-4:], "big")


def key_key(tree: int, key: Fr) -> bytes:
    """Give the key of the entry key -> leaf index of an indexed tree."""
    return bytes((Prefix.STATE_KEY, tree)) + key


def leaf_key(tree: int, value: Fr) -> bytes:
    """Give the key of the entry leaf -> lowest leaf index of an append-only tree."""
    return bytes((Prefix.STATE_LEAF, tree)) + value


def size_key(tree: int, size: int) -> bytes:
    """Give the key of the entry size -> first block with that size."""
    return bytes((Prefix.STATE_SIZE, tree)) + _U64.pack(size)


def block_key(block: int) -> bytes:
    """Give the key of a block's roots and sizes."""
    return Prefix.STATE_BLOCK.key + _U32.pack(block)


def undo_key(block: int) -> bytes:
    """Give the key of the list of places that a block wrote."""
    return Prefix.STATE_UNDO.key + _U32.pack(block)


def pack_index(index: int) -> bytes:
    """Write a leaf index, or a block number, as a value."""
    return _U64.pack(index)


def unpack_index(value: bytes) -> int:
    """Read a value written by `pack_index`."""
    return int.from_bytes(value, "big")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Which blocks there are."""

    tip: int
    finalized: int
    oldest: int
    """The oldest block whose state can be read; 0 while genesis can."""

    genesis_archive_root: Fr

    def encode(self) -> bytes:
        """Give three u32 and the root."""
        return (
            _U32.pack(self.tip)
            + _U32.pack(self.finalized)
            + _U32.pack(self.oldest)
            + self.genesis_archive_root
        )

    @classmethod
    def decode(cls, data: bytes) -> Status:
        """Read what `encode` gave."""
        return cls(
            tip=int.from_bytes(data[:4], "big"),
            finalized=int.from_bytes(data[4:8], "big"),
            oldest=int.from_bytes(data[8:12], "big"),
            genesis_archive_root=Fr(data[12:44]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRecord:
    """Roots and sizes of the trees after a block, by tree number."""

    roots: tuple[Fr, ...]
    sizes: tuple[int, ...]

    def encode(self) -> bytes:
        """Give root and u64 size of each tree."""
        return b"".join(
            [_SNAPSHOT.pack(root, size) for root, size in zip(self.roots, self.sizes, strict=True)]
        )

    @classmethod
    def decode(cls, data: bytes) -> BlockRecord:
        """Read what `encode` gave."""
        pairs = list(_SNAPSHOT.iter_unpack(data))
        return cls(roots=tuple(Fr(root) for root, _ in pairs), sizes=tuple(size for _, size in pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """What a block wrote in one tree: nodes as (level, index), and indices of indexed leaves."""

    nodes: list[tuple[int, int]]
    leaves: list[int]

    @staticmethod
    def encode(trees: Iterable[Undo]) -> bytes:
        """Give for each tree u32 counts, then u8 level and u64 index of each node, u64 index of each leaf."""
        parts = []
        for tree in trees:
            parts += [_U32.pack(len(tree.nodes)), _U32.pack(len(tree.leaves))]
            parts += [_NODE_REF.pack(level, index) for level, index in tree.nodes]
            parts += [_U64.pack(index) for index in tree.leaves]
        return b"".join(parts)

    @staticmethod
    def decode(data: bytes | None) -> list[Undo]:
        """Read what `encode` gave. Raises: StateOrderError if there is nothing."""
        if data is None:
            raise StateOrderError("the undo record of a block is missing")
        trees = []
        offset = 0
        for _ in TreeId:
            nodes = int.from_bytes(data[offset : offset + 4], "big")
            leaves = int.from_bytes(data[offset + 4 : offset + 8], "big")
            offset += 8
            end = offset + nodes * _NODE_REF.size
            refs = [(level, index) for level, index in _NODE_REF.iter_unpack(data[offset:end])]
            offset = end + leaves * _U64.size
            trees.append(Undo(nodes=refs, leaves=[index for (index,) in _U64.iter_unpack(data[end:offset])]))
        return trees
