"""Where a publisher finds a checkpoint that L1 has, when L1 changes its mind just then."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from aztecd.l1 import L1UnavailableError, ProposeRequest, Publisher
from aztecd.l1.abi import AbiFunction
from aztecd.l1.reads import ContractRead
from aztecd.protocol.basic import CheckpointNumber
from aztecd.protocol.checkpoint import CheckpointHeader
from tests.support.l1_abi import entry
from tests.support.l1_answers import ROLLUP, vector_proposals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.l1.events import CheckpointProposed

EVENT, RECORDED = vector_proposals()[0]
ARCHIVE_AT = AbiFunction.from_item(entry("function", "archiveAt(uint256)", outputs="bytes32"))


@dataclass
class Node:
    """An L1 node that has the checkpoint since `event_block`.

    `block` is what it answers for the block of its event, `searched` has where it looked for events.
    """

    block: Any
    event_block: int = 5_000_000
    latest: dict[str, str] = field(default_factory=dict)
    searched: list[int] = field(default_factory=list)
    deployment: Any = field(default_factory=lambda: SimpleNamespace(l1_start_block=1))

    @property
    def client(self) -> Node:
        return self

    @property
    def rollup(self) -> Any:
        return SimpleNamespace(read=lambda _, number: ContractRead(ROLLUP, ARCHIVE_AT, (number,)))

    def batch(self, requests: Sequence[Any]) -> list[str]:
        return [f"0x{EVENT.archive.hex()}" for _ in requests]

    def checkpoints_proposed(self, first: int, **_: Any) -> list[CheckpointProposed]:
        self.searched.append(first)
        return [EVENT] if first <= self.event_block else []

    def call(self, method: str, *params: Any) -> Any:
        if method == "eth_getBlockByNumber":
            assert params[0] == "latest"
            return self.latest
        assert method == "eth_getBlockByHash"
        return self.block


def publish(node: Node, seconds_later: int = 100) -> Any:
    """Publish what the node has; its newest block, 5,000,050, is that much later than the slot's start."""
    header = bytes.fromhex(RECORDED["headerBytes"].removeprefix("0x"))
    request = ProposeRequest(
        checkpoint_number=CheckpointNumber(EVENT.checkpoint_number),
        archive=EVENT.archive,
        header=CheckpointHeader.decode(header),
        blobs=(bytes(131072),),
    )
    node.latest = {
        "number": hex(5_000_050),
        "hash": "0x" + "11" * 32,
        "timestamp": hex(request.header.timestamp + seconds_later),
    }
    return Publisher(node, SimpleNamespace(), SimpleNamespace()).publish(request)


def test_a_checkpoint_that_l1_has_is_found_with_the_time_of_its_block():
    found = publish(Node({"timestamp": "0x10"}))
    assert (found.l1_timestamp, found.l1_block_hash) == (16, EVENT.log.block_hash)


def test_it_is_looked_for_since_its_slot_began_and_not_since_the_rollup_did():
    node = Node({"timestamp": "0x10"})
    publish(node)
    assert node.searched == [5_000_050 - 100]


def test_where_time_stands_still_it_is_found_all_the_same():
    node = Node({"timestamp": "0x10"})
    publish(node, seconds_later=3)
    assert node.searched == [5_000_050 - 3, 1]
    node = Node({"timestamp": "0x10"}, event_block=5_000_050)
    publish(node, seconds_later=-3)
    assert node.searched == [5_000_050]


def test_a_block_that_l1_has_dropped_meanwhile_is_looked_for_again():
    with pytest.raises(L1UnavailableError, match="does not have block"):
        publish(Node(None))
