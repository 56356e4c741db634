"""Asking the node for logs by tag: many tags in one request, further pages where one was full.

Authority: @aztec/pxe src/tagging/get_all_logs_by_tags.ts; @aztec/stdlib src/interfaces/api_limit.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Final, Protocol

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.logs import TxScopedL2Log
from aztecd.pxe.sync.job import Job

__all__ = ["MAX_RPC_ITEMS", "private_logs", "public_logs"]

MAX_RPC_ITEMS: Final = 100
"""How many items one request may have."""

_LOGS_PER_PAGE: Final = 10
"""How many logs of one tag a page has at most."""

_Logs = Sequence[Sequence[TxScopedL2Log]]


class _Fetch(Protocol):
    def __call__(self, tags: Sequence[Fr], page: int) -> Coroutine[Any, Any, _Logs]: ...


def private_logs(job: Job, siloed_tags: Sequence[Fr]) -> dict[Fr, list[TxScopedL2Log]]:
    """Give all private logs of each tag, up to the anchor block."""
    node, block = job.bridge.node, job.anchor.hash
    return _all_pages(job, siloed_tags, lambda tags, page: node.get_private_logs_by_tags(tags, page, block))


def public_logs(job: Job, contract: AztecAddress, tags: Sequence[Fr]) -> dict[Fr, list[TxScopedL2Log]]:
    """Give all public logs of a contract with each tag, up to the anchor block."""
    node, block = job.bridge.node, job.anchor.hash
    return _all_pages(
        job,
        tags,
        lambda tags, page: node.get_public_logs_by_tags_from_contract(contract, tags, page, block),
    )


def _all_pages(job: Job, tags: Sequence[Fr], fetch: _Fetch) -> dict[Fr, list[TxScopedL2Log]]:
    found: dict[Fr, list[TxScopedL2Log]] = {tag: [] for tag in tags}
    left = list(found)
    page = 0
    while left:
        chunks = [left[start : start + MAX_RPC_ITEMS] for start in range(0, len(left), MAX_RPC_ITEMS)]
        answers = job.bridge.run_all([fetch(chunk, page) for chunk in chunks])
        left = []
        for chunk, answer in zip(chunks, answers, strict=True):
            for tag, logs in zip(chunk, answer, strict=True):
                found[tag] += logs
                if len(logs) == _LOGS_PER_PAGE:
                    left.append(tag)
        page += 1
    return found
