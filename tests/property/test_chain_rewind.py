"""Whatever is imported and undone, the store holds what a fresh import of the same chain would."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aztecd.chain import check
from aztecd.chain.overlay import Overlay
from aztecd.crypto.field import FR_ZERO, fr
from aztecd.storage import MemoryStore
from tests.support.chain_blocks import (
    Chain,
    block_after,
    checkpoint_of,
    class_log,
    content,
    effect,
    private_log,
    public_log,
)
from tests.support.chain_sessions import SESSIONS, import_blocks, open_chain, session

FEW = st.integers(1, 3).map(fr)
"""Few tags and contracts, so that they meet again and again."""
PRIVATE_LOGS = st.lists(
    st.lists(FEW, min_size=1, max_size=4).map(lambda fields: private_log(*fields)), max_size=4
)
PUBLIC_LOGS = st.lists(
    st.tuples(FEW, st.lists(FEW | st.just(FR_ZERO), max_size=3)).map(lambda log: public_log(log[0], *log[1])),
    max_size=4,
)
CLASS_LOGS = st.lists(st.builds(lambda contract: class_log(contract, fr(9), FR_ZERO), FEW), max_size=1)
EFFECTS = st.lists(
    st.fixed_dictionaries(
        {
            "private_logs": PRIVATE_LOGS,
            "public_logs": PUBLIC_LOGS,
            "class_logs": CLASS_LOGS,
            "messages": st.lists(FEW, max_size=2),
        }
    ),
    max_size=3,
)


class ImportsAndRewinds(RuleBasedStateMachine):
    """Random steps on a store; `blocks` and `checkpoints` are the model."""

    @initialize()
    def start(self):
        self.chain = Chain()
        self.blocks = []
        self.checkpoints = []
        self.proven = self.finalized = 0
        self.names = 0
        self.chain.do(("proven", 0))

    def checkpointed(self):
        return sum(data.block_count for data in self.checkpoints)

    def end_of(self, checkpoint):
        return self.checkpoints[checkpoint - 1].end_block if checkpoint else 0

    @rule(effects=EFFECTS, new_checkpoint=st.booleans())
    def add_block(self, effects, new_checkpoint):
        last = self.blocks[-1] if self.blocks else None
        made = []
        for parts in effects:
            self.names += 1
            made.append(effect(self.names, **parts))
        # A block after the last checkpoint cannot belong to it.
        is_new = new_checkpoint or self.checkpointed() == len(self.blocks)
        block = block_after(last, *made, new_checkpoint=is_new)
        self.chain.do(("block", block))
        self.blocks.append(block)

    def open_blocks(self):
        """The blocks of the next checkpoint, if it is complete: a later one has begun, or none will."""
        rest = self.blocks[self.checkpointed() :]
        return [block for block in rest if block.checkpoint_number == rest[0].checkpoint_number]

    @precondition(lambda self: self.checkpointed() < len(self.blocks))
    @rule()
    def add_checkpoint(self):
        data = checkpoint_of(*self.open_blocks())
        self.chain.do(("checkpoint", data))
        self.checkpoints.append(data)

    @rule(data=st.data())
    def move_tips(self, data):
        self.proven = data.draw(st.integers(self.finalized, len(self.checkpoints)))
        self.finalized = data.draw(st.integers(self.finalized, self.proven))
        self.chain.do(("proven", self.proven), ("finalized", self.finalized))

    @rule(data=st.data())
    def rewind(self, data):
        to_block = data.draw(st.integers(self.end_of(self.finalized), len(self.blocks)))
        (removed,) = self.chain.do(("rewind", to_block))
        expected = [item.tx_hash for block in self.blocks[to_block:] for item in block.body.tx_effects]
        assert list(removed) == expected
        del self.blocks[to_block:]
        self.checkpoints = [item for item in self.checkpoints if item.end_block <= to_block]
        self.proven = min(self.proven, len(self.checkpoints))

    @invariant()
    def equals_a_fresh_import(self):
        if not hasattr(self, "chain"):
            return
        fresh = Chain()
        fresh.do(*(("block", block) for block in self.blocks))
        fresh.do(*(("checkpoint", data) for data in self.checkpoints))
        fresh.do(("proven", self.proven), ("finalized", self.finalized))
        assert self.chain.content() == fresh.content()
        assert self.chain.store.tips() == fresh.store.tips()
        assert self.chain.store.latest_header() == fresh.store.latest_header()

    def teardown(self):
        assert check(self.chain.engine) == []
        assert [self.chain.store.block(block.number) for block in self.blocks] == self.blocks


TestImportsAndRewinds = ImportsAndRewinds.TestCase
TestImportsAndRewinds.settings = settings(stateful_step_count=12)


@given(name=st.sampled_from(SESSIONS), data=st.data())
def test_recorded_chains_survive_rewinds(name, data):
    recorded = session(name)
    chain = open_chain(recorded)
    top = 0
    for _ in range(data.draw(st.integers(1, 3))):
        last = data.draw(st.integers(top, len(recorded.blocks)))
        import_blocks(chain, recorded, top + 1, last)
        top = data.draw(st.integers(0, last))
        batch = chain._store.batch()
        chain.stage_rewind(batch, top)
        chain._store.write(batch)
        chain.applied()
    fresh = open_chain(recorded)
    import_blocks(fresh, recorded, 1, top)
    assert chain.tips() == fresh.tips()
    if top:
        assert content(chain._store) == content(fresh._store)
    assert check(chain._store) == []


SHORT_KEYS = st.binary(min_size=1, max_size=2).map(lambda key: bytes(byte % 4 for byte in key))
WRITES = st.lists(st.tuples(SHORT_KEYS, st.none() | st.binary(max_size=2)), max_size=20)


@given(stored=WRITES, staged=WRITES, start=SHORT_KEYS, stop=SHORT_KEYS, limit=st.none() | st.integers(0, 5))
def test_an_overlay_reads_what_the_batch_will_write(stored, staged, start, stop, limit):
    def apply(writes, to):
        for key, value in writes:
            if value is None:
                to.delete(key)
            else:
                to.put(key, value)

    engine = MemoryStore()
    first = engine.batch()
    apply(stored, first)
    engine.write(first)
    overlay = Overlay(engine, engine.batch())
    apply(staged, overlay)
    keys = {key for key, _ in stored + staged}
    answers = [
        {key: overlay.get(key) for key in keys},
        list(overlay.iterate(start=start, stop=stop, limit=limit)),
        list(overlay.iterate(start=start, stop=stop, reverse=True, limit=limit)),
    ]
    engine.write(overlay.batch)
    assert answers == [
        {key: engine.get(key) for key in keys},
        list(engine.iterate(start=start, stop=stop, limit=limit)),
        list(engine.iterate(start=start, stop=stop, reverse=True, limit=limit)),
    ]
