"""A node holds no more of a chain that is twice as long."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from aztecd.crypto.kzg import KzgWorker
from aztecd.l1 import ContractSet, L1Account, L1Client, deploy, warm_up_blobs
from aztecd.localnet.anvil import Anvil, AnvilOptions
from aztecd.storage import LevelStore
from tests.support.held import held_by
from tests.support.l1_chain import CHAIN_ID, DEPLOYER, local_config
from tests.support.proposer import Proposer

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from pathlib import Path

    from aztecd.artifacts import Artifacts
pytestmark = [pytest.mark.integration, pytest.mark.timeout(180), pytest.mark.loop_may_block(4.0)]

_FOLLOWER = L1Account(bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"))
_BLOCKS = 10
_UNTIL_FINAL = 70
"""L1 blocks after which Anvil calls one final, and some."""


@pytest.fixture
def kzg() -> Iterator[KzgWorker]:
    with closing(KzgWorker()) as worker:
        yield worker


@pytest.fixture
def anvil(artifacts: Artifacts, tmp_path: Path) -> Iterator[Anvil]:
    running = Anvil.start(AnvilOptions(program=artifacts.anvil, data_dir=tmp_path / "l1", port=0))
    with closing(L1Client(running.url)) as client:
        warm_up_blobs(client, CHAIN_ID)
    yield running
    running.kill()


def test_every_reference_counts():
    shared = (b"x", 1)
    held = {2: [1, 1, shared], 3: shared}
    kinds = {"function": 1, "cell": 1, "dict": 1, "list": 1, "int": 5, "tuple": 2, "bytes": 1}
    assert held_by(lambda: held) == kinds


async def test_who_proposes_and_who_follows_hold_as_much_after_twice_as_many_blocks(
    anvil, artifacts, kzg, tmp_path, monkeypatch
):
    # Bounded caches are full at once, so that what is left to grow is what should not.
    monkeypatch.setattr("aztecd.state.history._CACHE_ENTRIES", 2)
    monkeypatch.setattr("aztecd.assembly._ARCHIVED_TXS", 1)
    contracts = ContractSet(artifacts.l1_artifacts)
    with closing(L1Client(anvil.url, errors=contracts.errors)) as l1:
        deployment = deploy(l1, contracts, DEPLOYER, local_config())

        def node(account: L1Account, store: LevelStore, *, proposes: bool) -> Proposer:
            return Proposer(
                anvil.url,
                contracts,
                deployment,
                artifacts,
                store,
                kzg,
                account,
                moves_time=proposes,
                settles=proposes,
            )

        with (
            closing(LevelStore.open(tmp_path / "proposer")) as first_store,
            closing(LevelStore.open(tmp_path / "follower")) as second_store,
        ):
            nodes = [
                node(DEPLOYER, first_store, proposes=True),
                node(_FOLLOWER, second_store, proposes=False),
            ]

            async def held_at(blocks: int) -> list[Counter[str]]:
                proposer = nodes[0]
                while (made := proposer.checkpoints) < blocks:
                    proposer.give(proposer.tx(made, payer=made % 3))
                    while await proposer.look():
                        pass
                    await proposer.follow()
                await proposer.look()  # settles the last epoch
                l1.call("anvil_mine", hex(_UNTIL_FINAL))
                for one in nodes:
                    await one.follow()
                    tips = one.ledger.chain.tips()
                    assert tips.proposed.number == blocks
                    assert tips.finalized == tips.proven
                return [held_by(one) for one in nodes]

            before = await held_at(_BLOCKS)
            after = await held_at(2 * _BLOCKS)
            for one in nodes:
                await one.close()
    for earlier, later in zip(before, after, strict=True):
        assert later.total() - earlier.total() < _BLOCKS, later - earlier
