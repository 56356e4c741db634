"""Finding the logs that were sent to own accounts, by their tags.

For each sender and recipient the tags of a window of indexes are looked up; the window begins behind the
indexes that can no longer be used (a day old) and ends a window's length behind the last final one. All
windows of a contract go to the node together.

Authority: @aztec/pxe src/logs/log_service.ts, src/tagging/recipient_sync/ (4.1.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from aztecd.constants import MAX_TX_LIFETIME_S, PRIVATE_LOG_SIZE_IN_FIELDS
from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.logs import TxScopedL2Log
from aztecd.pxe.execution.views import Scopes, TaggingSecret
from aztecd.pxe.oracles.tagging import siloed_tags
from aztecd.pxe.stores import TAG_WINDOW, PxeStoreBrokenError
from aztecd.pxe.sync.job import Job, LogSearch, SyncSteps
from aztecd.pxe.sync.log_pages import private_logs
from aztecd.pxe.sync.messages import bounded, message_context

__all__ = ["fetch_tagged_logs"]


_STEP: Final = 100
"""Logs after which a step ends: about a second of work for the contract that gets them."""


def fetch_tagged_logs(job: Job, contract: AztecAddress, base_slot: Fr, scopes: Scopes) -> None:
    """Append the new logs for the scoped accounts to the capsule array at `base_slot`.

    The reference gives a contract the same logs again for a day; here each is given once. Where the contract
    is synchronised in steps, a call gives a part, whole windows, and the next one goes on from there.
    """
    steps = job.steps or SyncSteps()
    searches = steps.searches if steps.is_begun else _begin_all(job, contract, scopes)
    steps.is_begun = True
    active = searches
    while active and (job.steps is None or sum(len(search.logs) for search in searches) < _STEP):
        for search in active:
            indexes = range(search.start, search.end)
            search.tags = siloed_tags(search.secret.secret, search.secret.contract, indexes)
        found = private_logs(job, [tag for search in active for tag in search.tags])
        active = [search for search in active if _advance(job, search, found)]
    for search in searches:
        items = [_pending_log(log, search.recipient) for log in search.logs]
        if items:
            job.stores.capsules.append_to_array(contract, base_slot, items)
        search.logs = []
    steps.searches = active


def _begin_all(job: Job, contract: AztecAddress, scopes: Scopes) -> list[LogSearch]:
    return [
        _begin(job, secret, recipient)
        for recipient in job.recipients(scopes)
        for secret in job.secrets_of_senders(contract, recipient)
    ]


def _begin(job: Job, secret: TaggingSecret, recipient: AztecAddress) -> LogSearch:
    seen = job.stores.recipient_tags.get(secret)
    start = 0 if seen.aged is None else seen.aged + 1
    end = (seen.finalized or 0) + TAG_WINDOW + 1
    return LogSearch(secret, recipient, start, end, job.stores.delivered_logs.of(secret))


def _advance(job: Job, search: LogSearch, found: Mapping[Fr, Sequence[TxScopedL2Log]]) -> bool:
    """Take what was found in the window, and move it; false when there is nothing more to look for."""
    aged = finalized = None
    is_empty = True
    for index, tag in enumerate(search.tags, search.start):
        logs = [log for log in found[tag] if log.block_number <= job.anchor.number]
        known = search.delivered.get(index, ())
        new = [log for log in logs if log.tx_hash not in known]
        if new:
            search.logs += new
            job.stores.delivered_logs.add(search.secret, index, [log.tx_hash for log in new])
        for log in logs:
            is_empty = False
            if job.anchor.now - log.block_timestamp >= MAX_TX_LIFETIME_S:
                aged = index
            if log.block_number <= job.anchor.finalized:
                finalized = index
    if is_empty:
        return False
    tags = job.stores.recipient_tags
    if aged is not None:
        tags.set_aged(search.secret, aged)
        job.stores.delivered_logs.forget_up_to(search.secret, aged)
    if finalized is None:
        return False
    if aged is not None and aged > finalized:
        raise PxeStoreBrokenError("Highest aged index lower than highest finalized index invariant violated")
    tags.set_finalized(search.secret, finalized)
    search.start = search.end
    search.end = finalized + TAG_WINDOW + 1
    return search.start < search.end


def _pending_log(log: TxScopedL2Log, recipient: AztecAddress) -> tuple[Fr, ...]:
    """Give a log as contracts read it: 85 fields."""
    return (
        *bounded(log.log_data, PRIVATE_LOG_SIZE_IN_FIELDS, "a private log"),
        *message_context(log),
        recipient,
    )
