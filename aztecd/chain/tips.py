"""How far the chain has come: proposed, checkpointed, proven, finalized.

Authority: @aztec/stdlib src/block/l2_block_source.ts (L2Tips), @aztec/archiver src/store/l2_tips_cache.ts
(4.1.2).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aztecd.chain.blocks import require_record
from aztecd.chain.checkpoints import require_checkpoint
from aztecd.chain.errors import ChainCorruptError, WrongChainError
from aztecd.protocol.basic import BlockHash, BlockNumber, CheckpointNumber
from aztecd.protocol.node_types import BlockId, CheckpointId, L2Tip, L2Tips, genesis_tip
from aztecd.storage.schema import Prefix

if TYPE_CHECKING:
    from aztecd.chain.overlay import Overlay, Reader
    from aztecd.crypto.field import Fr

__all__ = ["BlockTip", "CheckpointTip", "TipNumbers", "Tips", "load_tips", "read_numbers", "write_numbers"]

_KEY = Prefix.CHAIN_TIPS.key
_RECORD = struct.Struct(">32sIIII")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockTip:
    """The last block, 0 and the hash of the genesis header before the first."""

    number: BlockNumber
    hash: BlockHash


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointTip:
    """The last checkpoint that has come so far, and its last block; all 0 before the first."""

    number: BlockNumber
    hash: BlockHash
    checkpoint_number: CheckpointNumber
    checkpoint_hash: Fr

    def to_l2_tip(self) -> L2Tip:
        """Give the form of the API, with the constant block hash at genesis."""
        if self.number == 0:
            return genesis_tip()
        return L2Tip(
            block=BlockId(number=self.number, hash=self.hash),
            checkpoint=CheckpointId(number=self.checkpoint_number, hash=self.checkpoint_hash),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tips:
    """The four tips of one moment; finalized <= proven <= checkpointed <= proposed."""

    proposed: BlockTip
    checkpointed: CheckpointTip
    proven: CheckpointTip
    finalized: CheckpointTip

    def to_l2_tips(self) -> L2Tips:
        """Give the form of the API.

        At genesis it has a constant block hash even when the genesis state is funded: clients expect it.
        """
        proposed = BlockId(number=self.proposed.number, hash=self.proposed.hash)
        return L2Tips(
            proposed=proposed if self.proposed.number else genesis_tip().block,
            proven=self.proven.to_l2_tip(),
            finalized=self.finalized.to_l2_tip(),
            checkpointed=self.checkpointed.to_l2_tip(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TipNumbers:
    """What is stored: a block number and three checkpoint numbers."""

    proposed: int = 0
    checkpointed: int = 0
    proven: int = 0
    finalized: int = 0


def read_numbers(reader: Reader) -> tuple[bytes | None, TipNumbers]:
    """Give the hash of the stored chain's genesis header, None in an empty store, and the numbers.

    Raises: ChainCorruptError.
    """
    data = reader.get(_KEY)
    if data is None:
        return None, TipNumbers()
    if len(data) != _RECORD.size:
        raise ChainCorruptError("the record of the tips is damaged: remove the data directory and sync again")
    genesis, proposed, checkpointed, proven, finalized = _RECORD.unpack(data)
    return genesis, TipNumbers(
        proposed=proposed, checkpointed=checkpointed, proven=proven, finalized=finalized
    )


def write_numbers(overlay: Overlay, genesis_hash: BlockHash, numbers: TipNumbers) -> None:
    """Stage the numbers."""
    overlay.put(
        _KEY,
        _RECORD.pack(genesis_hash, numbers.proposed, numbers.checkpointed, numbers.proven, numbers.finalized),
    )


def load_tips(reader: Reader, genesis_hash: BlockHash) -> Tips:
    """Read the tips with their hashes.

    Raises: WrongChainError if the store has another genesis; ChainCorruptError if a tip's record is missing.
    """
    stored, numbers = read_numbers(reader)
    if stored is not None and stored != genesis_hash:
        raise WrongChainError(
            f"the store holds a chain whose genesis header is 0x{stored.hex()}, this network's is "
            f"0x{genesis_hash.hex()}: choose another data directory or remove this one"
        )
    proposed = genesis_hash
    if numbers.proposed:
        proposed = require_record(reader, numbers.proposed).hash
    return Tips(
        proposed=BlockTip(number=BlockNumber(numbers.proposed), hash=proposed),
        checkpointed=_checkpoint_tip(reader, numbers.checkpointed, genesis_hash),
        proven=_checkpoint_tip(reader, numbers.proven, genesis_hash),
        finalized=_checkpoint_tip(reader, numbers.finalized, genesis_hash),
    )


def _checkpoint_tip(reader: Reader, number: int, genesis_hash: BlockHash) -> CheckpointTip:
    if number == 0:
        genesis = genesis_tip()
        return CheckpointTip(
            number=BlockNumber(0),
            hash=genesis_hash,
            checkpoint_number=CheckpointNumber(0),
            checkpoint_hash=genesis.checkpoint.hash,
        )
    data = require_checkpoint(reader, number)
    return CheckpointTip(
        number=data.end_block,
        hash=require_record(reader, data.end_block).hash,
        checkpoint_number=data.number,
        checkpoint_hash=data.header.hash(),
    )
