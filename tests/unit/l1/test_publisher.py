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
    """An L1 node that has the checkpoint; `block` is what it answers for the block of its event."""

    block: Any
    deployment: Any = field(default_factory=lambda: SimpleNamespace(l1_start_block=1))

    @property
    def client(self) -> Node:
        return self

    @property
    def rollup(self) -> Any:
        return SimpleNamespace(read=lambda _, number: ContractRead(ROLLUP, ARCHIVE_AT, (number,)))

    def batch(self, requests: Sequence[Any]) -> list[str]:
        return [f"0x{EVENT.archive.hex()}" for _ in requests]

    def checkpoints_proposed(self, _first: int, **_: Any) -> list[CheckpointProposed]:
        return [EVENT]

    def call(self, method: str, *_: Any) -> Any:
        assert method == "eth_getBlockByHash"
        return self.block


def publish(block: Any) -> Any:
    header = bytes.fromhex(RECORDED["headerBytes"].removeprefix("0x"))
    request = ProposeRequest(
        checkpoint_number=CheckpointNumber(EVENT.checkpoint_number),
        archive=EVENT.archive,
        header=CheckpointHeader.decode(header),
        blobs=(bytes(131072),),
    )
    return Publisher(Node(block), SimpleNamespace(), SimpleNamespace()).publish(request)


def test_a_checkpoint_that_l1_has_is_found_with_the_time_of_its_block():
    found = publish({"timestamp": "0x10"})
    assert (found.l1_timestamp, found.l1_block_hash) == (16, EVENT.log.block_hash)


def test_a_block_that_l1_has_dropped_meanwhile_is_looked_for_again():
    with pytest.raises(L1UnavailableError, match="does not have block"):
        publish(None)
