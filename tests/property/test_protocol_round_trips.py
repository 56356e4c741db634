"""Every protocol object comes back from its bytes and from its JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from aztecd.constants import FIELDS_PER_BLOB
from aztecd.crypto.field import FR_MODULUS, fr
from aztecd.protocol.blob_decoding import decode_checkpoint_blobs, rebuild_blocks
from aztecd.protocol.blobs import blob_sponge, block_fields, checkpoint_fields, encode_blobs, tx_fields
from aztecd.protocol.block import Body, L2Block
from aztecd.protocol.checkpoint import CheckpointHeader
from aztecd.protocol.codec import DecodeError
from aztecd.protocol.effect import TxEffect
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tx import Tx
from tests.support.strategies import all_records, elements, instances

RECORDS = all_records()
_EXAMPLES = settings().max_examples
slow_to_draw = settings(
    max_examples=min(_EXAMPLES, max(50, _EXAMPLES // 10)),  # a big object takes 50 ms
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # explaining takes minutes
)


def test_all_records_are_found():
    assert len(RECORDS) > 50
    assert {TxEffect, BlockHeader, L2Block, Tx} < set(RECORDS)


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.__name__)
@given(data=st.data())
@slow_to_draw
def test_round_trips(cls, data):
    value = data.draw(instances(cls))
    encoded = value.encode()
    assert cls.decode(encoded) == value
    assert cls.from_json(json.loads(json.dumps(value.to_json()))) == value
    cut = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(DecodeError):
        cls.decode(encoded[:cut])
    with pytest.raises(DecodeError):
        cls.decode(encoded + b"\0")


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.__name__)
def test_empty_objects(cls):
    value = cls.empty()
    if cls is Tx:
        value = value.replace(tx_hash=value.data.tx_hash())
    else:
        assert not any(value.encode())
    assert cls.decode(value.encode()) == value
    assert cls.from_json(json.loads(json.dumps(value.to_json()))) == value


@given(header=instances(BlockHeader))
def test_header_fields_are_its_bytes(header):
    """The two forms of a header hold the same numbers in the same order."""
    fields = header.to_fields()
    assert len(fields) == 22
    assert all(len(field) == 32 for field in fields)
    widths = [32, 4] * 5 + [32, 32, 32, 4, 4, 8, 20, 32, 16, 16, 32, 32]
    shortened = b"".join(field[32 - width :] for field, width in zip(fields, widths, strict=True))
    assert shortened == header.encode()


@given(effect=instances(TxEffect))
@slow_to_draw
def test_tx_fields_count_themselves(effect):
    fields = tx_fields(effect)
    marker = int.from_bytes(fields[0], "big")
    assert marker & 0xFFFFFFFF == len(fields)
    assert marker >> 184 == 0x9C707518
    assert fields[1] == effect.tx_hash


_u32 = st.integers(0, 2**32 - 2)
_trees = st.tuples(elements, st.integers(0, 2**32 - 1))


@st.composite
def _checkpoints(draw):
    """Make the blocks of a checkpoint that fit together, and its header."""
    header = draw(instances(CheckpointHeader)).replace(slot_number=draw(_u32))
    number = draw(st.integers(0, 2**31))
    messages = draw(elements)
    blocks = []
    archive = header.last_archive_root
    sponge = blob_sponge()
    for index in range(draw(st.integers(1, 3))):
        effects = draw(st.lists(instances(TxEffect), max_size=2).map(tuple))
        base = draw(instances(BlockHeader))
        state = base.state.replace(
            l1_to_l2_message_tree=base.state.l1_to_l2_message_tree.replace(root=messages)
        )
        block_header = base.replace(
            state=state,
            last_archive=base.last_archive.replace(root=archive, next_available_leaf_index=number + index),
            global_variables=base.global_variables.replace(
                chain_id=1,
                version=2,
                block_number=number + index,
                slot_number=header.slot_number,
                coinbase=header.coinbase,
                fee_recipient=header.fee_recipient,
                gas_fees=header.gas_fees,
            ),
            total_fees=sum(effect.transaction_fee for effect in effects) % FR_MODULUS,
            total_mana_used=draw(st.integers(0, 2**48 - 1)),
        )
        fields = block_fields(block_header, effects, is_first_in_checkpoint=index == 0)
        sponge.absorb(b"".join(fields))
        block_header = block_header.replace(sponge_blob_hash=sponge.clone().squeeze())
        archive = draw(elements)
        blocks.append(
            L2Block(
                archive=base.last_archive.replace(root=archive, next_available_leaf_index=number + index + 1),
                header=block_header,
                body=Body(tx_effects=effects),
                checkpoint_number=7,
                index_within_checkpoint=index,
            )
        )
    return header, blocks


@given(made=_checkpoints())
@slow_to_draw
def test_checkpoints_come_back_from_blobs(made):
    header, blocks = made
    fields = checkpoint_fields(blocks)
    blobs = encode_blobs(fields)
    assert len(blobs) == -(-len(fields) // FIELDS_PER_BLOB)
    decoded = decode_checkpoint_blobs(blobs)
    assert decoded.num_fields == len(fields)
    rebuilt = rebuild_blocks(
        decoded,
        header,
        checkpoint_number=7,
        archive_root=blocks[-1].archive.root,
        chain_id=1,
        version=2,
    )
    assert list(rebuilt) == blocks


@given(effect=instances(TxEffect), where=st.integers(0, 20), value=st.integers(0, 2**64))
@slow_to_draw
def test_changed_fields_are_refused_or_decode_to_something_else(effect, where, value):
    header = BlockHeader.empty()
    fields = block_fields(header, [effect], is_first_in_checkpoint=True)
    fields = [*fields, fr(0x8C637443 << 32 | len(fields) + 1)]
    changed = list(fields)
    changed[where % len(fields)] = fr(value)
    packed = b"".join(changed).ljust(-(-len(fields) // 4096) * 131072, b"\0")
    blobs = [packed[start : start + 131072] for start in range(0, len(packed), 131072)]
    try:
        found = decode_checkpoint_blobs(blobs)
    except DecodeError:
        return
    assert [field for block in found.blocks for field in block.fields] == changed[:-1]
