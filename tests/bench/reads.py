"""The reads that are measured, each with parameters that differ from request to request."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aztecd.constants import FEE_JUICE_ADDRESS
from tests.bench.chain import request_body
from tests.bench.peers import NodeClient
from tests.support.transactions import element

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.chain import Facts

_MANY = 512
_LEAVES = 4
_TAGS = 10
_PAGE = 10
_NULLIFIERS = 0
_NOTE_HASHES = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A read. `params` makes the parameters of different requests.

    `gzip`: the client takes compressed answers. `is_lookup`: it touches trees, storage, effects or logs.
    """

    name: str
    params: Callable[[Facts], list[list[Any]]]
    method: str = ""
    gzip: bool = False
    is_lookup: bool = True

    def bodies(self, facts: Facts) -> list[bytes]:
        """Make the requests for one chain."""
        method = self.method or self.name
        return [request_body(method, params) for params in self.params(facts)]

    def check(self, url: str, facts: Facts) -> int:
        """Ask everything once. Gives how many requests there are; raises when one is not answered."""
        params = self.params(facts)
        assert params, f"nothing to ask for {self.name}"
        with NodeClient(url) as client:
            for given in params:
                result = client.call(self.method or self.name, *given)
                if result is None:
                    raise RuntimeError(f"{url}: {self.name}{given} has no result")
        return len(params)


def _hex(*parts: Any) -> str:
    return f"0x{element(*parts).hex()}"


def _slots(_: Facts) -> list[list[Any]]:
    contract = f"0x{FEE_JUICE_ADDRESS.hex()}"
    return [["latest", contract, _hex("slot", index)] for index in range(_MANY)]


def _public_slots(_: Facts) -> list[list[Any]]:
    return [["latest", _hex("leaf", index)] for index in range(_MANY)]


def _leaves(tree: int) -> Callable[[Facts], list[list[Any]]]:
    def params(facts: Facts) -> list[list[Any]]:
        leaves = itertools.cycle(facts.nullifiers if tree == _NULLIFIERS else facts.note_hashes)
        return [["latest", tree, list(itertools.islice(leaves, _LEAVES))] for _ in range(_MANY)]

    return params


def _pages(facts: Facts) -> list[list[Any]]:
    last = max(1, facts.blocks - _PAGE + 1)
    return [[number, _PAGE] for number in range(1, last + 1)]


def _tags(facts: Facts) -> list[list[Any]]:
    tags = itertools.cycle([*facts.tags, *(_hex("unknown tag", index) for index in range(len(facts.tags)))])
    return [[list(itertools.islice(tags, _TAGS))] for _ in range(_MANY)]


READS = (
    Read(name="getL2Tips", params=lambda _: [[]], is_lookup=False),
    Read(name="getBlockHeader", params=lambda _: [["latest"]], is_lookup=False),
    Read(name="getNodeInfo", params=lambda _: [[]], is_lookup=False),
    Read(name="getPublicStorageAt", params=_slots),
    Read(name="getPublicDataWitness", params=_public_slots),
    Read(
        name="getNullifierMembershipWitness",
        params=lambda facts: [["latest", item] for item in facts.nullifiers],
    ),
    Read(name="getLowNullifierMembershipWitness", params=_public_slots),
    Read(
        name="getNoteHashMembershipWitness",
        params=lambda facts: [["latest", item] for item in facts.note_hashes],
    ),
    Read(
        name=f"findLeavesIndexes, {_LEAVES} nullifiers",
        method="findLeavesIndexes",
        params=_leaves(_NULLIFIERS),
    ),
    Read(
        name=f"findLeavesIndexes, {_LEAVES} note hashes",
        method="findLeavesIndexes",
        params=_leaves(_NOTE_HASHES),
    ),
    Read(name="getBlock", params=lambda facts: [[number] for number in range(1, facts.blocks + 1)]),
    Read(name=f"getBlocks, {_PAGE}", method="getBlocks", params=_pages),
    Read(
        name=f"getBlocks, {_PAGE}, compressed",
        method="getBlocks",
        params=_pages,
        gzip=True,
    ),
    Read(name="getTxEffect", params=lambda facts: [[item] for item in facts.tx_hashes]),
    Read(
        name="getTxEffect, class log",
        method="getTxEffect",
        params=lambda facts: [[item] for item in facts.class_tx_hashes],
    ),
    Read(name="getTxReceipt", params=lambda facts: [[item] for item in facts.tx_hashes]),
    Read(name=f"getPrivateLogsByTags, {_TAGS}", method="getPrivateLogsByTags", params=_tags),
    Read(name="getContractClass", params=lambda facts: [[item] for item in facts.class_ids]),
)
