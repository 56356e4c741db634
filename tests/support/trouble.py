"""One seeded run of trouble: a chain on an L1 that goes back and forth, and a node that follows it.

The node reads L1 through a proxy that damages answers, and dies now and then. In the end L1 is left alone,
and the node must have what a fresh one finds.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aztecd.chain import check
from aztecd.errors import AztecdError
from aztecd.l1 import L1Client
from aztecd.l1.blobs import AnvilBlobs, BlobSourceError
from aztecd.storage import LevelStore, MemoryStore
from tests.support.follower import Follower, content, difference
from tests.support.l1_fault_proxy import FaultProxy, Schedule
from tests.support.trouble_child import Nursery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aztecd.crypto.kzg import Kzg
    from aztecd.l1.events import L1Log
    from aztecd.storage import KeyValueStore, WriteBatch
    from tests.support.checkpoint_maker import CheckpointMaker

_SHARES = (0.0, 0.01, 0.03, 0.1, 0.3)
_DEEPEST = 12
_FINALITY_BLOCKS = 64
_LAST_LOOKS = 12
_ACTIONS = {
    "propose": 6,
    "propose more": 2,
    "message": 3,
    "settle": 1,
    "mine": 1,
    "rollback": 2,
    "reorg": 2,
    "revert": 2,
    "again": 3,
    "warp": 0.5,
    "finalize": 0.5,
    "down": 0.5,
}


class DiedError(BaseException):
    """The node died at a write. No `Exception`: nothing in the node may handle it."""


class MortalStore(MemoryStore):
    """A store in memory that dies at its n-th write, before or after it took effect."""

    __slots__ = ("is_after", "lives")

    def __init__(self) -> None:
        super().__init__()
        self.lives: int | None = None
        self.is_after = False

    def write(self, batch: WriteBatch, *, sync: bool = False) -> None:
        """Write, or die."""
        if self.lives is not None:
            self.lives -= 1
            if self.lives <= 0:
                if self.is_after:
                    super().write(batch, sync=sync)
                raise DiedError
        super().write(batch, sync=sync)


class KeptBlobs:
    """A source that has the blobs of a maker, most of the time."""

    name = "kept"

    def __init__(self, maker: CheckpointMaker, chance: random.Random, share: float) -> None:
        self.maker = maker
        self.chance = chance
        self.share = share

    def get(self, hashes: Sequence[bytes], log: L1Log) -> Mapping[bytes, bytes]:
        """Give the blobs that there are, some of the wrong content."""
        found = {one: self.maker.blobs[one] for one in hashes if one in self.maker.blobs}
        if self.chance.random() >= self.share:
            return found
        if self.chance.random() < 0.3:
            raise BlobSourceError("the blobs are away")
        return {one: bytes(len(blob)) for one, blob in found.items() if self.chance.random() < 0.5}


@dataclass
class Bench:
    """What all runs share: Anvil with a first part of the chain, and the proxy. `base` is its snapshot."""

    maker: CheckpointMaker
    proxy: FaultProxy
    kzg: Kzg
    nursery: Nursery
    base: str = ""
    base_block: int = 0
    runs: int = 0
    forget: Any = None
    kept_blobs: KeptBlobs | None = None

    def __post_init__(self) -> None:
        self._begin()
        self.forget = self.maker.keep()

    @property
    def head(self) -> int:
        """L1's newest block."""
        return int(self.maker.l1.client.call("eth_blockNumber"), 16)

    def reset(self) -> None:
        """Go back to the first part of the chain."""
        assert self.maker.l1.client.call("evm_revert", self.base) is True
        self._begin()
        self.forget()
        self.kept_blobs = None

    def _begin(self) -> None:
        client = self.maker.l1.client
        self.base = client.call("evm_snapshot")
        # Anvil keeps the states of some hundred blocks: no two runs share their blocks.
        self.runs += 1
        client.call("anvil_setCoinbase", f"0x{self.runs:040x}")
        client.call("evm_mine")
        self.base_block = self.head

    def follower(self, store: KeyValueStore, *, is_direct: bool = False) -> Follower:
        """Make a node behind the proxy, or beside it."""
        l1 = self.maker.l1
        client = l1.client if is_direct else L1Client(self.proxy.url, errors=l1.contracts.errors, timeout_s=5)
        sources = [AnvilBlobs(client), self.kept_blobs] if self.kept_blobs else None
        return Follower(client, l1.contracts, l1.deployment, store, self.kzg, sources=sources)


@dataclass
class Run:
    """One run. `events` counts what happened; `story` says it in order, for failures."""

    bench: Bench
    seed: Any
    directory: Path
    chance: random.Random = field(init=False)
    events: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)
    snapshots: list[tuple[str, int]] = field(default_factory=list)
    blobs: KeptBlobs | None = None
    highest: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(f"trouble:{self.seed}")

    async def run(self) -> None:
        """Do it all. Raises AssertionError with the seed and the story."""
        self.bench.reset()
        share = self.chance.choice(_SHARES)
        self.bench.proxy.begin(Schedule(self.seed, share=share))
        is_killed = self.chance.random() < 0.3
        self.story.append(f"share {share}, {'processes' if is_killed else 'in memory'}")
        if not is_killed and self.chance.random() < 0.8:
            self.blobs = KeptBlobs(self.bench.maker, random.Random(self.seed), share)
            self.bench.maker.check_blobs(are_checked=False)
            self.bench.kept_blobs = self.blobs
            self.story.append("blobs are not on L1")
        node = _Child(self) if is_killed else _InMemory(self)
        try:
            for _ in range(self.chance.randrange(4, 10)):
                await node.act()
            self.bench.proxy.is_on = self.bench.proxy.is_down = False
            if self.blobs is not None:
                self.blobs.share = 0
            # L1 goes on: a node that was told something untrue about its newest block looks again, and what
            # was final once is final for a fresh node too.
            more = max(self.highest - self.bench.head, 0) + 1
            self.bench.maker.l1.client.call("anvil_mine", hex(more))
            store = await node.last_store()
            try:
                await self._compare(store)
            finally:
                if isinstance(store, LevelStore):
                    store.close()
        except BaseException as error:
            lines = [f"seed {self.seed}", *self.story, *self.bench.proxy.log[-30:]]
            error.add_note("\n".join(lines))
            raise
        finally:
            await node.close()

    async def _compare(self, store: KeyValueStore) -> None:
        follower, fresh = self.bench.follower(store), self.bench.follower(MemoryStore(), is_direct=True)
        try:
            for attempt in range(_LAST_LOOKS):
                try:
                    await follower.look()
                except AztecdError as error:
                    self.story.append(f"look {attempt} after the trouble: {error!r}")
                    self.events["look failed after the trouble"] += 1
                else:
                    break
            await fresh.look()
            tips = self.bench.maker.l1.reader.status()
            assert fresh.tips.checkpointed.checkpoint_number in {tips.pending, tips.proven}
            assert follower.tips == fresh.tips, f"{follower.tips} instead of {fresh.tips}"
            found, expected = content(store), content(fresh.store)
            assert not difference(found, expected), difference(found, expected)
            assert check(store) == []
            self.events["checkpoints"] += fresh.tips.checkpointed.checkpoint_number
        finally:
            await follower.close()
            await fresh.close()

    # What happens to L1.

    def disturb(self) -> None:
        """Do one thing to L1."""
        [action] = self.chance.choices(list(_ACTIONS), weights=list(_ACTIONS.values()))
        done = getattr(self, f"_{action.replace(' ', '_')}")()
        self.highest = max(self.highest, self.bench.head)
        self.story.append(f"{action} {'' if done is None else done} -> L1 block {self.bench.head}")
        self.events[action if done is not False else f"no {action}"] += 1
        # A bench that is used too often goes back to a state that Anvil has no more.
        code = self.bench.maker.l1.client.call(
            "eth_getCode", f"0x{self.bench.maker.l1.reader.rollup.address.hex()}", "latest"
        )
        assert code != "0x", "Anvil has lost its state"

    def _propose(self) -> Any:
        if self.chance.random() < 0.4:
            self.snapshots.append((self.bench.maker.l1.client.call("evm_snapshot"), self.bench.head))
        txs = self.chance.choice(((1,), (0,), (2,), (1, 1), (1, 0, 2)))
        return self.bench.maker.propose(txs=txs, settle=self.chance.random() < 0.8)

    def _propose_more(self) -> Any:
        return [self._propose() for _ in range(self.chance.randrange(2, 4))]

    def _message(self) -> None:
        for _ in range(self.chance.randrange(1, 4)):
            self.bench.maker.send_message()

    def _settle(self) -> bool:
        return self.bench.maker.settle()

    def _mine(self) -> None:
        self.bench.maker.l1.client.call("anvil_mine", hex(self.chance.randrange(1, 8)))

    def _finalize(self) -> None:
        self.bench.maker.l1.client.call("anvil_mine", hex(_FINALITY_BLOCKS))
        self.snapshots.clear()

    def _rollback(self) -> Any:
        depth = self._depth()
        if depth:
            self.bench.maker.l1.client.call("anvil_rollback", depth)
        return depth or False

    def _reorg(self) -> Any:
        depth = self._depth()
        if depth:
            self.bench.maker.l1.client.call("anvil_reorg", depth, [])
        return depth or False

    def _revert(self) -> Any:
        if not self.snapshots:
            return False
        snapshot, block = self.snapshots.pop(self.chance.randrange(len(self.snapshots)))
        self.snapshots = [(other, at) for other, at in self.snapshots if at < block]
        assert self.bench.maker.l1.client.call("evm_revert", snapshot) is True
        return block

    def _again(self) -> bool:
        """Bring back what was undone, in another L1 block."""
        if self.chance.random() < 0.5:
            self.bench.maker.l1.client.call("evm_mine")
        return self.bench.maker.propose_again()

    def _warp(self) -> None:
        """Let some slots pass: what is not proven will be pruned."""
        client, slot_s = self.bench.maker.l1.client, self.bench.maker.l1.deployment.slot_duration_s
        moment = self.bench.maker.time.next_timestamp + slot_s * self.chance.randrange(1, 7)
        client.call("evm_setNextBlockTimestamp", moment)
        client.call("evm_mine")

    def _down(self) -> None:
        self.bench.proxy.is_down = not self.bench.proxy.is_down

    def _depth(self) -> int:
        """Choose how far to go back: not behind the first part, nor behind what is final."""
        depth = min(self.chance.randrange(1, _DEEPEST + 1), self.bench.head - self.bench.base_block)
        floor = self.bench.head - depth
        self.snapshots = [(snapshot, at) for snapshot, at in self.snapshots if at < floor]
        return depth


class _InMemory:
    """A node in this process. It dies at a write."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.store = MortalStore()
        self.follower = run.bench.follower(self.store)
        self.dead: list[Follower] = []

    async def act(self) -> None:
        """Let L1 move and look at it, one after the other or at the same time."""
        chance = self.run.chance
        if chance.random() < 0.3:
            self.store.lives, self.store.is_after = chance.randrange(1, 12), chance.random() < 0.5
        looks = self._looks(chance.randrange(4))
        if chance.random() < 0.4:
            await asyncio.gather(looks, asyncio.to_thread(self.run.disturb))
        else:
            self.run.disturb()
            await looks
        self.store.lives = None

    async def last_store(self) -> KeyValueStore:
        """Give what the node has."""
        return self.store

    async def close(self) -> None:
        """End its threads."""
        for follower in (*self.dead, self.follower):
            await follower.close()

    async def _looks(self, count: int) -> None:
        for _ in range(count):
            try:
                await self.follower.look()
            except AztecdError as error:
                self.run.events[type(error).__name__] += 1
                self.run.story.append(f"  {error!r}")
            except DiedError:
                self.run.events["died at a write"] += 1
                self.run.story.append("  died at a write")
                self.store.lives = None
                self.dead.append(self.follower)
                self.follower = self.run.bench.follower(self.store)
            else:
                tips = self.follower.tips
                self.run.events["looks"] += 1
                self.run.story.append(f"  at checkpoint {tips.checkpointed.checkpoint_number}")


class _Child:
    """A node in a process of its own, killed again and again."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.directory = run.directory / "store"
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self.pid = self._start()

    async def act(self) -> None:
        """Let L1 move under it; kill it at some moment."""
        await asyncio.to_thread(self.run.disturb)
        await asyncio.sleep(self.run.chance.uniform(0, 0.06))
        if self.run.chance.random() < 0.4:
            self._kill()
            self.pid = self._start()

    async def last_store(self) -> KeyValueStore:
        """Kill it once more, and give what it has left."""
        await asyncio.sleep(self.run.chance.uniform(0, 0.3))
        self._kill()
        return LevelStore.open(self.directory)

    async def close(self) -> None:
        """End it, if it still runs."""
        if self.pid:
            with contextlib.suppress(AssertionError):
                self._kill()

    def _start(self) -> int:
        l1 = self.run.bench.maker.l1
        return self.run.bench.nursery.follow(
            self.directory, self.run.bench.proxy.url, l1.client.url, l1.deployment.addresses.registry_address
        )

    def _kill(self) -> None:
        pid, self.pid = self.pid, 0
        self.run.bench.nursery.kill(pid)
        self.run.events["killed"] += 1
        self.run.story.append("  killed")
        bug = self.directory / "bug.txt"
        assert not bug.exists(), bug.read_text()
