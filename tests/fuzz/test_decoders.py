"""Damaged bytes and JSON: every decoder gives a value or its own error, and nothing else.

AZTECD_FUZZ_CASES sets how many inputs each decoder gets (default 150), AZTECD_FUZZ_SEED another sequence.
"""

from __future__ import annotations

import copy
import json
import os
import random

import pytest

from aztecd.constants import BLOB_SIZE_BYTES
from aztecd.crypto.field import FR_MODULUS, fr
from aztecd.protocol.blob_decoding import decode_checkpoint_blobs, decode_checkpoint_fields, rebuild_blocks
from aztecd.protocol.blobs import checkpoint_fields, encode_blobs
from aztecd.protocol.checkpoint import CheckpointHeader
from aztecd.protocol.codec import DecodeError, SchemaError
from aztecd.protocol.contracts import InvalidContractError
from aztecd.protocol.registry_events import class_from_log, instance_from_log, update_from_log
from aztecd.protocol.tree_types import MembershipWitness
from aztecd.protocol.tx import Tx
from tests.support.recorded_blocks import SESSIONS, blocks_of, checkpoint_cases, session
from tests.support.recorded_txs import recorded_bodies
from tests.support.strategies import all_records

pytestmark = pytest.mark.fuzz

CASES = int(os.environ.get("AZTECD_FUZZ_CASES", "150"))
SEED = os.environ.get("AZTECD_FUZZ_SEED", "0")
RECORDS = all_records()
REFUSALS = (DecodeError, SchemaError)

JUNK = [
    None, True, False, 0, -1, 1, 1.5, 1e308, float("inf"), float("nan"), 2**53, 2**64, 2**256, 10**5000,
    "", "0x", "0x0", "0xzz", "1", "-1", " 1", "1\n", "1e3", "٣", "\x00", "\ud800", "é" * 40,
    "0x" + "f" * 64, "0x" + "0" * 64, "f" * 40, "0x" + "0" * 40, "0x" + "f" * 20_000, "9" * 20_000,
    "AAAA", "AAA=", "====", "latest", f"{FR_MODULUS}", f"0x{FR_MODULUS:x}",
    [], [[]], [None], [0] * 300, ["0x1"] * 70_000, {}, {"a": 1}, {"type": "Buffer"},
    {"type": "Buffer", "data": [0] * 32}, {"type": "Buffer", "data": [256]},
    {"type": "Buffer", "data": [None]}, {"type": "Buffer", "data": "AA"},
]  # fmt: skip


def _rng(*parts):
    seed = ":".join([SEED, *map(str, parts)])
    print("seed", seed)
    return random.Random(seed)


def _damaged(rng, data):
    """Change, cut, stretch or replace bytes."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                data[at : at + 4] = rng.choice([b"\0" * 4, b"\xff" * 4, b"\0\0\0\1", b"\0\1\0\0"])
            case 2:
                data[at : at + 32] = rng.choice([b"\xff" * 32, FR_MODULUS.to_bytes(32, "big")])
            case 3:
                del data[at:]
            case 4:
                data[at:at] = rng.randbytes(rng.choice([1, 4, 32]))
            case _:
                data[at : at + 32] = rng.randbytes(32)
    return bytes(data)


def _damaged_json(rng, value):
    """Replace, drop or add members somewhere in JSON data."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice([1, 1, 2, 5])):
        parent, key = None, None
        node = value
        while isinstance(node, dict | list) and node and (parent is None or rng.random() < 0.8):
            parent = node
            key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
            node = node[key]
        junk = copy.deepcopy(rng.choice(JUNK))
        if parent is None:
            return junk
        match rng.randrange(4):
            case 0:
                del parent[key]
            case 1 if isinstance(parent, list):
                parent.insert(key, junk)
            case _:
                parent[key] = junk
    return value


def _count(size):
    """Give large objects fewer inputs."""
    return max(8, CASES * 2000 // max(size, 2000))


def _examples():
    """Take one filled object of each class from the recordings, and what it consists of."""
    found = {}

    def visit(value):
        if isinstance(value, tuple):
            for item in value:
                visit(item)
        elif hasattr(value, "codec"):
            if len(value.encode()) > len(found.get(type(value), (b"",))[0]):
                found[type(value)] = (value.encode(), value.to_json())
            for member in value.codec.members:
                visit(getattr(value, member.name))

    for case in checkpoint_cases(synthetic=True):
        visit(tuple(blocks_of(case)))
    for body in recorded_bodies().values():
        visit(Tx.from_json(body))
    return found


EXAMPLES = _examples()


def _example(cls):
    return EXAMPLES.get(cls) or (cls.empty().encode(), cls.empty().to_json())


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.__name__)
def test_bytes(cls):
    encoded, _ = _example(cls)
    rng = _rng("bytes", cls.__name__)
    for _ in range(_count(len(encoded))):
        damaged = _damaged(rng, encoded) if rng.random() < 0.9 else rng.randbytes(rng.randrange(300))
        try:
            value = cls.decode(damaged)
        except REFUSALS:
            continue
        # What was taken is a value: all its forms exist, and it comes back from them.
        assert cls.decode(value.encode()) == value
        text = json.dumps(value.to_json())
        if cls is not Tx:  # whose JSON does not carry its hash in
            assert cls.from_json(json.loads(text)) == value


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.__name__)
def test_json(cls):
    encoded, body = _example(cls)
    rng = _rng("json", cls.__name__)
    for _ in range(_count(len(encoded))):
        damaged = _damaged_json(rng, body)
        try:
            value = cls.from_json(damaged, "0")
        except REFUSALS as error:
            refused = str(error)
        else:
            refused = ""
            assert cls.decode(value.encode()) == value
            assert cls.from_json(value.to_json()) == value
        assert len(refused) < 400


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.__name__)
def test_junk(cls):
    for junk in JUNK:
        with pytest.raises(REFUSALS):
            cls.decode(b"\xff" * 7)
        try:
            cls.from_json(junk)
        except REFUSALS:
            continue
        assert isinstance(junk, dict)
        assert cls.from_json({}) == cls.empty()  # all members are optional


@pytest.mark.parametrize("index", range(5))
def test_blob_fields(index):
    case = checkpoint_cases(synthetic=True)[index]
    fields = checkpoint_fields(blocks_of(case))
    rng = _rng("fields", index)
    starts = [place for place, field in enumerate(fields) if int.from_bytes(field, "big") >> 112]
    for _ in range(_count(32 * len(fields))):
        changed = list(fields)
        for _ in range(rng.choice([1, 1, 3])):
            place = rng.choice(starts) if rng.random() < 0.7 else rng.randrange(len(changed))
            place = min(place, len(changed) - 1)
            match rng.randrange(5):
                case 0:
                    value = int.from_bytes(changed[place], "big") ^ (1 << rng.randrange(253))
                    changed[place] = fr(value % FR_MODULUS)
                case 1:
                    changed[place] = fr(rng.choice([0, 1, 2**32 - 1, 2**32, FR_MODULUS - 1]))
                case 2:
                    del changed[place]
                case 3:
                    changed[place:place] = [rng.choice(fields)]
                case _:
                    changed[place] = rng.choice(fields)
        _decode_and_rebuild(changed, decode_checkpoint_fields)


@pytest.mark.parametrize("index", range(2))
def test_blobs(index):
    blobs = encode_blobs(checkpoint_fields(blocks_of(checkpoint_cases(synthetic=True)[index])))
    rng = _rng("blobs", index)
    used = len(b"".join(blobs).rstrip(b"\0"))
    for _ in range(_count(BLOB_SIZE_BYTES)):
        packed = bytearray(b"".join(blobs))
        for _ in range(rng.choice([1, 4])):
            packed[rng.randrange(used)] = rng.randrange(256)
        given = [
            bytes(packed[start : start + BLOB_SIZE_BYTES]) for start in range(0, len(packed), BLOB_SIZE_BYTES)
        ]
        rng.shuffle(given)
        _decode_and_rebuild(given, decode_checkpoint_blobs)
    for wrong in ([], [b""], [bytes(BLOB_SIZE_BYTES)], [rng.randbytes(BLOB_SIZE_BYTES)], [bytes(32)] * 9):
        with pytest.raises(DecodeError):
            decode_checkpoint_blobs(wrong)


def test_registry_events():
    rng = _rng("registry")
    effects = [
        effect
        for case in checkpoint_cases(synthetic=False)
        for block in blocks_of(case)
        for effect in block.body.tx_effects
    ]
    readers = [
        (
            lambda log: class_from_log(log, 1),
            [log for effect in effects for log in effect.contract_class_logs][:3],
        ),
        (instance_from_log, [log for effect in effects for log in effect.private_logs][:20]),
        (update_from_log, [log for effect in effects for log in effect.public_logs][:20]),
    ]
    for read, logs in readers:
        assert logs
        for log in logs:
            for _ in range(_count(len(log.encode())) // 5):
                try:
                    changed = type(log).decode(_damaged(rng, log.encode()))
                    read(changed)
                except (*REFUSALS, InvalidContractError):
                    continue


def test_membership_witnesses():
    for junk in JUNK:
        try:
            witness = MembershipWitness.from_json(junk)
        except REFUSALS:
            continue
        assert MembershipWitness.from_json(witness.to_json()).index == witness.index


def test_bodies_of_recorded_sessions_survive_damage():
    """The JSON of recorded effects, damaged: what a client library might feed back."""
    rng = _rng("sessions")
    cls = next(cls for cls in RECORDS if cls.__name__ == "IndexedTxEffect")
    for name in SESSIONS[:2]:
        for line in session(name)["tx_effect"]:
            for _ in range(3):
                try:
                    value = cls.from_json(_damaged_json(rng, line["value"]))
                except REFUSALS:
                    continue
                assert cls.decode(value.encode()) == value


def _decode_and_rebuild(given, decode):
    try:
        decoded = decode(given)
        blocks = rebuild_blocks(
            decoded,
            CheckpointHeader.empty(),
            checkpoint_number=1,
            archive_root=fr(1),
            chain_id=1,
            version=1,
        )
    except DecodeError:
        return
    # What was accepted encodes to the same fields again, in the blocks that it claims to be.
    assert [block.encode() for block in blocks]
    fields = checkpoint_fields(blocks)
    assert len(fields) == decoded.num_fields
    assert fields[:-1] == [field for block in decoded.blocks for field in block.fields]
