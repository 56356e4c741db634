"""A reader in another thread never sees parts of two chains at once."""

from __future__ import annotations

import threading

import pytest

from aztecd.chain import ChainCorruptError
from aztecd.crypto.field import fr
from aztecd.protocol.logs import LogFilter
from aztecd.storage import Prefix
from tests.support.chain_blocks import (
    FIRST_SLOT,
    Chain,
    block_after,
    checkpoint_of,
    effect,
    private_log,
    public_log,
)

TAG, CONTRACT = fr(1), fr(2)
SAME_TX = "in both forks"


def fork(name, slot):
    """Two blocks; all forks have the same transactions with different logs, at different times."""
    blocks = []
    for number in range(2):
        logs = {
            "private_logs": [private_log(TAG, fr(slot))],
            "public_logs": [public_log(CONTRACT, TAG, fr(slot))],
        }
        last = blocks[-1] if blocks else None
        made = [effect((SAME_TX, number, index), **logs) for index in range(2)]
        blocks.append(block_after(last, *made, slot=slot + number))
    return blocks


FORKS = {slot: fork("a", slot) for slot in (FIRST_SLOT, FIRST_SLOT + 100)}
TIMES = {
    slot: [block.header.global_variables.timestamp for block in blocks] for slot, blocks in FORKS.items()
}
HASHES = {slot: [block.hash() for block in blocks] for slot, blocks in FORKS.items()}


def slots_of_logs(found):
    """Check that each log's fields belong to its block's time; give the slots that appear."""
    slots = {int.from_bytes(log.log_data[1], "big") for log in found}
    for log in found:
        assert log.block_timestamp in TIMES[int.from_bytes(log.log_data[1], "big")]
    return slots


def look(store):
    """Ask for everything that is put together from several records."""
    for number in (1, 2):
        block = store.block(number)
        assert block is None or block in [blocks[number - 1] for blocks in FORKS.values()]
    blocks = store.blocks(1, 50)
    assert any(blocks == known[: len(blocks)] for known in FORKS.values())
    published = [block for found in store.published_checkpoints(1, 50) for block in found.checkpoint.blocks]
    assert any(published == known[: len(published)] for known in FORKS.values())
    listed = [found.block for found in store.checkpointed_blocks(1, 50)]
    assert any(listed == known[: len(listed)] for known in FORKS.values())
    for logs in (store.private_logs_by_tags([TAG])[0], store.public_logs_by_tags(CONTRACT, [TAG])[0]):
        assert len(slots_of_logs(logs)) <= 1
    page = store.public_logs(LogFilter(contract_address=CONTRACT))
    for found in page.logs:
        slot = int.from_bytes(found.log.fields[1], "big")
        assert found.id.block_hash == HASHES[slot][found.id.block_number - 1]
    tx_hash = FORKS[FIRST_SLOT][1].body.tx_effects[1].tx_hash
    indexed, outcome = store.tx_effect(tx_hash), store.tx_outcome(tx_hash)
    if indexed is not None:
        slot = int.from_bytes(indexed.data.private_logs[0].fields[1], "big")
        assert indexed.l2_block_hash == HASHES[slot][1]
    if outcome is not None:
        assert outcome.block_hash in [known[1] for known in HASHES.values()]
    store.l2_to_l1_messages(FIRST_SLOT // 4)


def test_readers_see_one_chain_at_a_time():
    chain = Chain()
    problems: list[BaseException] = []
    looks = [0]
    done = threading.Event()

    def read():
        try:
            while not done.is_set():
                look(chain.store)
                looks[0] += 1
        except BaseException as error:  # noqa: BLE001 - reported by the test's own thread
            problems.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    slots = list(FORKS)
    rounds = 0
    while rounds < 60 or (looks[0] < 5 and not problems):
        known = FORKS[slots[rounds % 2]]
        steps = [("rewind", 0)] if chain.store.tips().proposed.number else []
        for block in known[: 1 + rounds % 3 // 2]:
            steps += [("block", block), ("checkpoint", checkpoint_of(block))]
        chain.do(*steps)
        rounds += 1
    done.set()
    reader.join()
    assert not problems, problems[0]


class Meanwhile:
    """An engine under a reader: runs an action at the n-th read, as another thread would."""

    def __init__(self, engine, action, at):
        self.engine = engine
        self.action = action
        self.left = at

    def get(self, key):
        self._count()
        return self.engine.get(key)

    def iterate(self, **bounds):
        self._count()
        return self.engine.iterate(**bounds)

    def _count(self):
        self.left -= 1
        if self.left == 0:
            self.action()


def imported(blocks):
    """Steps that import blocks, each with its checkpoint."""
    return [step for block in blocks for step in (("block", block), ("checkpoint", checkpoint_of(block)))]


def test_a_fork_switch_between_any_two_reads_is_not_seen():
    first, second = FORKS.values()
    reads = 0
    while True:
        reads += 1
        chain = Chain()
        chain.do(*imported(first))
        engine = Meanwhile(
            chain.engine,
            # Another writer on the same engine: the reader's tips stay the old ones, as before applied().
            lambda engine=chain.engine: Chain(engine).do(("rewind", 0), *imported(second)),
            at=reads,
        )
        chain.store._store = engine
        look(chain.store)
        if engine.left > 0:
            break
    assert reads > 60


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        (Prefix.CHAIN_BLOCK, "block 1 is missing in the store"),
        (Prefix.CHAIN_EFFECT, "effect 0 of block 1 is missing in the store"),
        (Prefix.CHAIN_PUBLIC_LOG, r"the public log at \(1, 0, 0\) is missing in the store"),
    ],
)
def test_a_missing_record_without_a_rewind_is_corruption(prefix, message):
    chain = Chain()
    chain.do(*(("block", block) for block in FORKS[FIRST_SLOT]))
    batch = chain.engine.batch()
    batch.delete(next(key for key in chain.content() if key[0] == prefix))
    chain.engine.write(batch)
    with pytest.raises(ChainCorruptError, match=message):
        chain.store.public_logs_by_tags(CONTRACT, [TAG])
