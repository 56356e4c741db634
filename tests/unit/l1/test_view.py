"""What is final on L2, as a view finds out where the L1 node has no state of old blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from aztecd.l1 import L1RpcError, L1View, SlotClock
from aztecd.l1.abi import AbiFunction, abi_encode
from aztecd.l1.reads import ContractRead
from tests.support.l1_abi import entry
from tests.support.l1_answers import ROLLUP

if TYPE_CHECKING:
    from collections.abc import Sequence

GET_TIPS = AbiFunction.from_item(entry("function", "getTips()", outputs="uint256,uint256"))
START = 100
PROOFS = {150: 1, 1_250: 4, 1_260: 6}
"""Checkpoints that were proven, by L1 block."""


@dataclass
class Node:
    """An L1 node with a rollup; it has state from `oldest_state` on. `searched` has the ranges of logs."""

    latest: int
    final: int
    oldest_state: int = 0
    searched: list[tuple[int, int]] = field(default_factory=list)

    deployment = SimpleNamespace(l1_start_block=START)
    clock = SlotClock(genesis_time=0, slot_duration_s=72, epoch_duration=2, proof_submission_epochs=1)
    rollup = SimpleNamespace(read=lambda _: ContractRead(ROLLUP, GET_TIPS, ()))

    @property
    def client(self) -> Node:
        return self

    def batch_settled(self, requests: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        return [self._answer(method, params) for method, params in requests]

    def _answer(self, method: str, params: list[Any]) -> Any:
        if method == "eth_getBlockByNumber":
            number = {"latest": self.latest, "finalized": self.final}.get(params[0])
            return number and {
                "number": hex(number),
                "hash": f"0x{number:064x}",
                "timestamp": hex(number * 12),
            }
        block = int(params[1], 16)
        if block < self.oldest_state:
            return L1RpcError(method, -32000, "missing trie node")
        return f"0x{abi_encode(['uint256', 'uint256'], [9, self._proven(block)]).hex()}"

    def _proven(self, block: int) -> int:
        return max((checkpoint for at, checkpoint in PROOFS.items() if at <= block), default=0)

    def epochs_proven(self, first: int, last: int) -> list[Any]:
        self.searched.append((first, last))
        return [
            SimpleNamespace(checkpoint_number=checkpoint)
            for at, checkpoint in PROOFS.items()
            if first <= at <= last
        ]

    def checkpoint(self, _number: int, _block: int) -> Any:
        return SimpleNamespace(slot_number=3)

    def mana_min_fee_at(self, _timestamp: int, _block: int) -> int:
        return 1


def final_checkpoint(view: L1View) -> int:
    return view.refresh().proven_at_finalized


def test_the_state_at_the_final_block_says_what_is_proven():
    node = Node(latest=1_300, final=1_255)
    assert final_checkpoint(L1View(node)) == 4
    assert node.searched == []


def test_without_old_state_the_events_say_it_and_none_is_read_twice():
    node = Node(latest=1_300, final=1_200, oldest_state=1_299)
    view = L1View(node)
    assert final_checkpoint(view) == 1
    for node.latest, node.final, proven in ((1_301, 1_200, 1), (1_302, 1_255, 4), (1_303, 1_270, 6)):
        assert final_checkpoint(view) == proven
    assert [found for found in node.searched if found[0] <= found[1]] == [
        (START, 1_200),
        (1_201, 1_255),
        (1_256, 1_270),
    ]


def test_what_state_once_said_is_gone_on_from():
    node = Node(latest=1_300, final=1_255)
    view = L1View(node)
    assert final_checkpoint(view) == 4
    node.latest, node.final, node.oldest_state = 1_500, 1_270, 1_400
    assert final_checkpoint(view) == 6
    assert node.searched == [(1_256, 1_270)]


@pytest.mark.parametrize("final", [1_249, START])
def test_a_development_node_that_went_back_is_read_anew(final):
    node = Node(latest=1_300, final=1_260, oldest_state=1_290)
    view = L1View(node)
    assert final_checkpoint(view) == 6
    node.latest, node.final = 1_298, final
    assert final_checkpoint(view) == (1 if final > START else 0)
    assert node.searched[-1] == (START, final)
