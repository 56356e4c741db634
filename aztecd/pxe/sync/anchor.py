"""Moving the anchor to the node's chain, and rolling back what a reorganisation undid.

Instead of reading every block, the hash of the anchor's number is compared with the node's. When it differs,
the newest known block that the node still has is what the stores are rolled back to; tips are remembered as
known blocks, so that what was final is never rolled back without need.

Authority: @aztec/pxe src/block_synchronizer/block_synchronizer.ts (4.1.2) for what an anchor is and what a
rollback does.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from aztecd.protocol.basic import BlockHash, BlockNumber
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.node_types import BlockId, L2Tips
from aztecd.pxe.stores import KnownBlock, Stores
from aztecd.pxe.sync.bridge import NodeBridge
from aztecd.pxe.sync.errors import NodeChangedError
from aztecd.pxe.sync.job import Anchor

__all__ = ["ChainTip", "sync_anchor"]

_ATTEMPTS: Final = 5
"""How often a chain that changes between two answers is read again."""

_CHUNK: Final = 32
"""Known blocks that are compared with one request."""


class ChainTip(enum.StrEnum):
    """Which of the node's blocks the anchor follows."""

    PROPOSED = "proposed"
    CHECKPOINTED = "checkpointed"
    PROVEN = "proven"
    FINALIZED = "finalized"

    def of(self, tips: L2Tips) -> BlockId:
        """Give the block."""
        match self:
            case ChainTip.PROPOSED:
                return tips.proposed
            case ChainTip.CHECKPOINTED:
                return tips.checkpointed.block
            case ChainTip.PROVEN:
                return tips.proven.block
            case ChainTip.FINALIZED:
                return tips.finalized.block


def sync_anchor(stores: Stores, bridge: NodeBridge, follow: ChainTip = ChainTip.PROPOSED) -> Anchor:
    """Bring the anchor up to the node and give it; the stage has what changed.

    Raises NodeChangedError when the node's chain does not stand still, and what the node's methods raise.
    """
    former = stores.anchor.header()
    former_hash = None if former is None else former.hash()
    for _ in range(_ATTEMPTS):
        tips = bridge.run(bridge.node.get_l2_tips())
        tip = follow.of(tips)
        found = _read(bridge, follow, tip, former, former_hash)
        if found is None:
            continue
        if found.is_reorganised:
            _roll_back(stores, bridge, tip)
        if found.header is not former:
            stores.anchor.set_header(found.header)
        finalized = BlockNumber(tips.finalized.block.number)
        stores.anchor.remember(_known(tips, found.header.number), finalized=finalized)
        return Anchor(header=found.header, hash=found.header.hash(), finalized=finalized, now=found.now)
    raise NodeChangedError("the node's chain changed each time its newest block was read: try again")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    header: BlockHeader
    now: int
    is_reorganised: bool


def _read(
    bridge: NodeBridge,
    follow: ChainTip,
    tip: BlockId,
    former: BlockHeader | None,
    former_hash: BlockHash | None,
) -> _Found | None:
    """Read the tip's header and look whether the former anchor is still there.

    None when the node's chain is no longer what its tips said.
    """
    is_same = former is not None and tip.number > 0 and (tip.number, tip.hash) == (former.number, former_hash)
    if former is not None and is_same and follow is ChainTip.PROPOSED:
        # Most of the time: nothing happened, and the tips were all that had to be asked.
        return _Found(header=former, now=former.global_variables.timestamp, is_reorganised=False)
    header, at_former, latest = _headers(bridge, follow, tip, None if is_same else former)
    if header is None or latest is None or (tip.number > 0 and header.hash() != tip.hash):
        return None
    is_reorganised = (
        not is_same
        and former is not None
        and (at_former is None or tip.number < former.number or at_former.hash() != former_hash)
    )
    return _Found(header=header, now=latest.global_variables.timestamp, is_reorganised=is_reorganised)


def _roll_back(stores: Stores, bridge: NodeBridge, tip: BlockId) -> None:
    target = _fork_point(stores, bridge, tip)
    if target is not None:
        stores.roll_back(target, lost_final_blocks=False)
        return
    genesis = bridge.get_block_header(BlockNumber(0))
    if genesis is None:
        raise NodeChangedError("the node does not have the genesis block: try again")
    stores.roll_back(genesis, lost_final_blocks=True)


def _headers(
    bridge: NodeBridge, follow: ChainTip, tip: BlockId, former: BlockHeader | None
) -> tuple[BlockHeader | None, BlockHeader | None, BlockHeader | None]:
    """Read the tip's header, the one at the former anchor's number, and the newest one, at once."""
    # By number: a block is found by its hash only once it is in a checkpoint.
    wanted: list[BlockNumber] = [BlockNumber(tip.number)]
    if former is not None and former.number <= tip.number:
        wanted.append(former.number)
    calls = [bridge.node.get_block_header(number) for number in wanted]
    if follow is not ChainTip.PROPOSED:
        calls.append(bridge.node.get_block_header("latest"))
    found = bridge.run_all(calls)
    at_former = found[1] if len(wanted) > 1 else None
    return found[0], at_former, found[0] if follow is ChainTip.PROPOSED else found[-1]


def _fork_point(stores: Stores, bridge: NodeBridge, tip: BlockId) -> BlockHeader | None:
    """Find the newest known block that the node has; None when it has none of them."""
    known = [block for block in stores.anchor.known_blocks() if block.number <= tip.number]
    for start in range(0, len(known), _CHUNK):
        chunk = known[start : start + _CHUNK]
        headers = bridge.run_all([bridge.node.get_block_header(block.number) for block in chunk])
        for block, header in zip(chunk, headers, strict=True):
            if header is not None and header.hash() == block.hash:
                return header
    return None


def _known(tips: L2Tips, anchor: BlockNumber) -> list[KnownBlock]:
    """List the tips up to the anchor; the genesis block's hash is not what tips say, and it never goes."""
    blocks = (tips.proposed, tips.checkpointed.block, tips.proven.block, tips.finalized.block)
    return [
        KnownBlock(BlockNumber(block.number), block.hash) for block in blocks if 0 < block.number <= anchor
    ]
