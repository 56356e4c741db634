"""Every rule of a checkpoint, broken once."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.protocol.checkpoint import Checkpoint
from aztecd.protocol.checkpoint_rules import InvalidCheckpointError, validate_checkpoint
from aztecd.protocol.effect import TxEffect
from aztecd.protocol.logs import PublicLog
from tests.support.recorded_blocks import blocks_of, checkpoint_cases, checkpoint_header, snapshot

CASE = next(case for case in checkpoint_cases(synthetic=True) if len(case["blocks"]) == 3)
BLOCKS = tuple(blocks_of(CASE))
GOOD = Checkpoint(
    archive=snapshot(CASE["archive_after"]),
    header=checkpoint_header(CASE["header"]),
    blocks=BLOCKS,
    number=CASE["checkpoint_number"],
    fee_asset_price_modifier=0,
)
FIRST, SECOND, THIRD = (block.number for block in BLOCKS)
SLOT = GOOD.header.slot_number


def _with(index, **changes):
    blocks = list(BLOCKS)
    blocks[index] = blocks[index].replace(**changes)
    return GOOD.replace(blocks=tuple(blocks))


def _with_variables(index, **changes):
    header = BLOCKS[index].header
    return _with(index, header=header.replace(global_variables=header.global_variables.replace(**changes)))


def _filled(fields):
    """Make an effect of so many blob fields: marker, hash, fee, and a public log with its two."""
    log = PublicLog(contract_address=fr(1), fields=(fr(1),) * (fields - 5))
    return TxEffect.empty().replace(public_logs=(log,))


def _one_block(effects):
    first = BLOCKS[0].replace(body=BLOCKS[0].body.replace(tx_effects=effects))
    return GOOD.replace(blocks=(first,))


def test_the_recorded_checkpoint_is_valid():
    validate_checkpoint(GOOD)
    validate_checkpoint(GOOD, mana_limit=GOOD.header.total_mana_used)
    validate_checkpoint(_one_block((_filled(4096),) * 5 + (_filled(4088),)))  # 24576 fields with the ends


OTHER_VARIABLES = (
    f"Block {SECOND} global variables (slot, timestamp, coinbase, feeRecipient, gasFees) "
    "do not match checkpoint header"
)


@pytest.mark.parametrize(
    ("checkpoint", "message"),
    [
        (GOOD.replace(blocks=()), "Checkpoint has no blocks"),
        (GOOD.replace(blocks=BLOCKS[:1] * 73), "Checkpoint has 73 blocks, exceeding limit of 72"),
        (
            GOOD.replace(header=GOOD.header.replace(last_archive_root=fr(1))),
            "Checkpoint lastArchiveRoot does not match first block's lastArchive root",
        ),
        (
            _with(1, index_within_checkpoint=2),
            "Block at index 1 has indexWithinCheckpoint 2, expected 1",
        ),
        (
            _with_variables(2, slot_number=SLOT + 1),
            f"Block {THIRD} has slot {SLOT + 1}, expected {SLOT} (all blocks must share the same slot)",
        ),
        (_with_variables(1, timestamp=1), OTHER_VARIABLES),
        (_with_variables(1, coinbase=b"\1" * 20), OTHER_VARIABLES),
        (_with_variables(1, fee_recipient=fr(9)), OTHER_VARIABLES),
        (
            _with_variables(
                1, gas_fees=BLOCKS[1].header.global_variables.gas_fees.replace(fee_per_da_gas=77)
            ),
            OTHER_VARIABLES,
        ),
        (
            _with_variables(1, block_number=THIRD),
            (
                f"Block numbers are not sequential: block at index 0 has number {FIRST}, "
                f"block at index 1 has number {THIRD}"
            ),
        ),
        (
            _with(0, archive=BLOCKS[0].archive.replace(root=fr(3))),
            f"Block {SECOND} lastArchive root does not match archive root of block {FIRST}",
        ),
        (
            _one_block((_filled(4096),) * 6 + (_filled(7),)),
            "Checkpoint DA gas cost 786656 exceeds limit of 786432",
        ),
        (
            _one_block((_filled(4096),) * 6),
            "Checkpoint blob field count 24584 exceeds limit of 24576",
        ),
    ],
)
def test_broken_rules(checkpoint, message):
    with pytest.raises(InvalidCheckpointError) as caught:
        validate_checkpoint(checkpoint)
    assert str(caught.value) == message


def test_mana_limit():
    mana = sum(block.header.total_mana_used for block in BLOCKS)
    with pytest.raises(InvalidCheckpointError) as caught:
        validate_checkpoint(GOOD, mana_limit=mana - 1)
    assert str(caught.value) == f"Checkpoint mana cost {mana} exceeds rollup limit of {mana - 1}"
