"""Broken `sendTx` bodies: each is refused with an error of ours, or judged; nothing else ever happens.

Real bodies are changed as JSON, inside their base64 members, and field by field; what can still be decoded
goes through all validators, the pool and execution. AZTECD_FUZZ_CASES sets the number.
"""

from __future__ import annotations

import base64
import copy
import os
import random
import resource

import pytest

from aztecd.avm import ProgramCache
from aztecd.constants import FEE_JUICE_ADDRESS
from aztecd.crypto.field import FR_MODULUS, fr
from aztecd.errors import InvalidInputError
from aztecd.execution import (
    ENTRY_RULES,
    Sources,
    TxExecutionError,
    TxExecutor,
    TxMeta,
    ValidationContext,
    Verdict,
    rpc_rules,
    validate,
)
from aztecd.execution.validation import EntryPoint
from aztecd.mempool import AddResult, Mempool, MempoolConfig, MempoolRejection
from aztecd.protocol.basic import BlockNumber
from aztecd.protocol.effect import TxEffect
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot
from aztecd.protocol.header import GlobalVariables
from aztecd.protocol.tx import Tx
from aztecd.state import TreeId, WorldState
from aztecd.storage import MemoryStore
from tests.support.fake_world import FakeChain, FakeContracts, FakeState
from tests.support.recorded_txs import recorded_bodies, recorded_body
from tests.support.txs import gas_fees
from tests.support.vectors import load

CASES = int(os.environ.get("AZTECD_FUZZ_CASES", "150"))
SEED = 20_261_122

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(900)]

WORDS = (
    0,
    1,
    FR_MODULUS - 1,
    FR_MODULUS,
    (1 << 256) - 1,
    1 << 32,
    (1 << 53) + 1,
    int.from_bytes(FEE_JUICE_ADDRESS, "big"),
)
JUNK = (None, True, -1, 0, 2**64, 1.5, "", "0x", "0xzz", "AAA", "A" * 1000, [], {}, [[]], {"type": "Buffer"})


def bodies():
    sent = [recorded_body(line["body"]) for line in load("sent_txs.json.gz")["txs"]]
    return list(recorded_bodies().values()) + sent


def paths(value, prefix=()):
    """Give the places in a body; of a long list only the first and the last."""
    yield prefix
    if isinstance(value, dict):
        for name, item in value.items():
            yield from paths(item, (*prefix, name))
    elif isinstance(value, list) and value:
        for index in {0, len(value) - 1}:
            yield from paths(value[index], (*prefix, index))


def mutate_json(body, rng):
    """Replace, remove or repeat something anywhere."""
    places = [path for path in paths(body) if path]
    for _ in range(rng.randint(1, 3)):
        path = rng.choice(places)
        parent = body
        try:
            for step in path[:-1]:
                parent = parent[step]
            action = rng.randrange(4)
            if action == 0:
                parent[path[-1]] = copy.deepcopy(rng.choice(JUNK))
            elif action == 1:
                del parent[path[-1]]
            elif action == 2 and isinstance(parent, list):
                parent.extend(parent[: rng.randint(1, 4)])
            else:
                parent[rng.choice(("x", "data", "txHash"))] = rng.choice(JUNK)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away


def mutate_base64(body, rng):
    """Change the text of a base64 member: cut it, break its alphabet, or change the bytes behind it."""
    name = rng.choice(("data", "data", "chonkProof"))
    text = body[name]
    action = rng.randrange(5)
    position = rng.randrange(len(text))
    if action == 0:
        body[name] = text[:position]
    elif action == 1:
        body[name] = text[:position] + rng.choice("!*\n =") + text[position + 1 :]
    elif action == 2:
        body[name] = text + text[:position]
    else:
        data = bytearray(base64.b64decode(text))
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        body[name] = base64.b64encode(data).decode()


def mutate_fields(body, rng):
    """Change whole numbers inside the kernel's public inputs, and fields of logs and calldata."""
    data = bytearray(base64.b64decode(body["data"]))
    for _ in range(rng.randint(1, 6)):
        width = rng.choice((1, 4, 8, 16, 32))
        # The constants and the first entries of each array are where things happen.
        start = rng.choice((rng.randrange(1, 700), rng.randrange(697, len(data) - 32)))
        if rng.random() < 0.3:
            other = rng.randrange(1, len(data) - 32)
            data[start : start + width] = data[other : other + width]
        else:
            number = rng.choice((*WORDS, rng.getrandbits(8 * width))) % (1 << 8 * width)
            data[start : start + width] = number.to_bytes(width, "big")
    body["data"] = base64.b64encode(data).decode()
    for entry in body["publicFunctionCalldata"]:
        if entry["values"] and rng.random() < 0.3:
            entry["values"][rng.randrange(len(entry["values"]))] = f"0x{rng.choice(WORDS):x}"
    for log in body["contractClassLogFields"]:
        if rng.random() < 0.3:
            log["fields"][rng.randrange(8)] = f"0x{rng.choice(WORDS):x}"


class Anything(FakeState):
    """A state in which all anchors exist and everybody is rich."""

    def archive_contains(self, block_hash):
        return True

    def public_data_value(self, leaf_slot):
        return fr(10**60)


def judge(tx, context, world):
    """Run everything that a transaction meets; give where it ended."""
    sources = Sources(state=Anything(), contracts=FakeContracts())
    result = validate(tx, rpc_rules(), context, sources)
    assert (result.verdict is Verdict.VALID) == (result.reasons == ())
    for entry in EntryPoint:
        if entry is not EntryPoint.PENDING_POOL:
            validate(tx, ENTRY_RULES[entry], context, sources)
    chain = FakeChain()
    pool = Mempool.open(MemoryStore(), chain, now_ms=chain.now_ms, config=MempoolConfig(max_pending_count=1))
    try:
        assert isinstance(pool.add(tx), AddResult)
    except MempoolRejection:
        pass
    else:
        assert pool.get(tx.tx_hash) == tx
        assert pool.meta(tx.tx_hash).size_bytes == len(tx.encode())
    fork = world.fork()
    fork.write_public_data([(fee_juice_balance_leaf_slot(tx.data.fee_payer), fr(10**60))])
    before = fork.state_reference()
    try:
        done = TxExecutor(programs=ProgramCache()).execute(
            tx, fork, GlobalVariables.empty().replace(gas_fees=gas_fees(1)), FakeContracts()
        )
    except TxExecutionError:
        assert fork.state_reference() == before
        return "not executed"
    assert TxEffect.decode(done.effect.encode()) == done.effect
    assert fork.depth == 0
    assert fork.size(TreeId.NULLIFIER) == 128 + 64
    if not tx.has_public_calls:
        assert TxMeta.of(tx).nullifiers == done.effect.nullifiers
    return result.verdict.value


@pytest.mark.parametrize(
    "mutate", [mutate_json, mutate_base64, mutate_fields], ids=lambda item: item.__name__
)
def test_broken_bodies(mutate):
    rng = random.Random(SEED)
    originals = bodies()
    constants = Tx.from_json(originals[0]).data.constants
    context = ValidationContext(
        chain_id=constants.tx_context.chain_id,
        rollup_version=constants.tx_context.version,
        block_number=BlockNumber(2),
        timestamp=0,
        min_fees=gas_fees(1),
    )
    world = WorldState.open(MemoryStore())
    ends: dict[str, int] = {}
    peaks_kib = []
    for _ in range(CASES // 3):
        body = copy.deepcopy(rng.choice(originals))
        mutate(body, rng)
        try:
            tx = Tx.from_json(body)
        except InvalidInputError as error:
            end = error.code
        else:
            end = judge(tx, context, world)
        ends[end] = ends.get(end, 0) + 1
        peaks_kib.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    print(mutate.__name__, ends)
    # The mutations neither break everything nor nothing.
    assert len(ends) > 1
    assert peaks_kib[-1] - peaks_kib[len(peaks_kib) // 4] < 32 * 1024


def test_originals_pass():
    for body in bodies():
        assert Tx.from_json(body).to_json()["txHash"] == body["txHash"]
