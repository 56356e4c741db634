"""The block that all work refers to, and the hashes of blocks that have been seen.

A later reorganisation is found by a hash that the node no longer has; the newest hash that it still has is
where the stores can be rolled back to.
"""

from __future__ import annotations

from dataclasses import dataclass

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import BlockHash, BlockNumber
from aztecd.protocol.header import BlockHeader
from aztecd.pxe.stores.errors import WrongNetworkError
from aztecd.pxe.stores.stage import Stage
from aztecd.storage import Prefix

__all__ = ["AnchorStore", "KnownBlock", "NetworkId"]

_ANCHOR_KEY = Prefix.PXE_ANCHOR.key
_NETWORK_KEY = Prefix.PXE_NETWORK.key
_MAX_KNOWN = 256
"""Known blocks that are not final; a deeper reorganisation rolls back to the final one."""


@dataclass(frozen=True, slots=True)
class KnownBlock:
    """A block that the node had when we asked."""

    number: BlockNumber
    hash: BlockHash


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkId:
    """Which rollup a store belongs to; `rollup_address` has 20 bytes."""

    l1_chain_id: int
    rollup_version: int
    rollup_address: bytes

    def encode(self) -> bytes:
        """Give the bytes of the record."""
        return (
            self.l1_chain_id.to_bytes(8, "big") + self.rollup_version.to_bytes(8, "big") + self.rollup_address
        )


class AnchorStore:
    """The anchor block and the known blocks, on a stage."""

    __slots__ = ("_stage",)

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def bind(self, network: NetworkId) -> None:
        """Note the network in a new store; hold that an old one belongs to it. Raises WrongNetworkError."""
        found = self._stage.get(_NETWORK_KEY)
        if found is None:
            self._stage.put(_NETWORK_KEY, network.encode())
        elif found != network.encode():
            raise WrongNetworkError(
                f"the wallet's data belong to the rollup 0x{found[16:].hex()} (L1 chain "
                f"{int.from_bytes(found[:8], 'big')}), the node serves 0x{network.rollup_address.hex()} "
                f"(L1 chain {network.l1_chain_id}): choose another data directory or another node"
            )

    def header(self) -> BlockHeader | None:
        """Give the anchor block's header; none before the first synchronisation."""
        found = self._stage.get(_ANCHOR_KEY)
        return None if found is None else BlockHeader.decode(found)

    def set_header(self, header: BlockHeader) -> None:
        """Move the anchor."""
        self._stage.put(_ANCHOR_KEY, header.encode())

    def known_blocks(self) -> list[KnownBlock]:
        """List the known blocks, newest first."""
        return [
            KnownBlock(BlockNumber(int.from_bytes(key[1:], "big")), BlockHash(Fr(value)))
            for key, value in reversed(self._stage.scan(Prefix.PXE_KNOWN_BLOCK.key))
        ]

    def remember(self, blocks: list[KnownBlock], *, finalized: BlockNumber) -> None:
        """Add known blocks and forget those that are not needed.

        What remains are the newest final block, and the newest ones that are not final.
        """
        known = {block.number: block.hash for block in self.known_blocks()}
        wanted = known | {block.number: block.hash for block in blocks}
        final = [number for number in wanted if number <= finalized]
        kept = sorted(wanted.keys() - final)[-_MAX_KNOWN:] + ([max(final)] if final else [])
        for number in wanted:
            if number not in kept:
                self._stage.delete(_known_key(number))
            elif known.get(number) != wanted[number]:
                self._stage.put(_known_key(number), wanted[number])

    def forget_after(self, number: BlockNumber) -> None:
        """Forget the known blocks above a number."""
        for block in self.known_blocks():
            if block.number > number:
                self._stage.delete(_known_key(block.number))


def _known_key(number: int) -> bytes:
    return Prefix.PXE_KNOWN_BLOCK.key + number.to_bytes(4, "big")
