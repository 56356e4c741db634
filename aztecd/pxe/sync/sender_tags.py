"""Which index of a tagging secret to use next, as a sender.

Indexes that other wallets of the same account used are found on the chain; those of our own transactions
that are not mined yet are in the store.

Authority: @aztec/pxe src/tagging/sender_sync/ (4.1.2).
"""

from __future__ import annotations

from aztecd.protocol.basic import TxHash
from aztecd.protocol.effect import RevertCode
from aztecd.protocol.receipt import EXECUTION_RESULTS, TxReceipt, TxStatus
from aztecd.pxe.execution.views import TaggingSecret
from aztecd.pxe.oracles import UsedTag
from aztecd.pxe.oracles.tagging import siloed_tags
from aztecd.pxe.stores import TAG_WINDOW
from aztecd.pxe.sync.job import Job
from aztecd.pxe.sync.log_pages import private_logs

__all__ = ["next_index", "sync_sender"]

_SUCCESS = EXECUTION_RESULTS[RevertCode.OK]


def next_index(job: Job, secret: TaggingSecret) -> int:
    """Bring a secret's indexes up to the chain and give the first unused one. Raises TagIndexError."""
    sync_sender(job, secret)
    last = job.stores.sender_tags.last_used(secret)
    return 0 if last is None else last + 1


def sync_sender(job: Job, secret: TaggingSecret) -> None:
    """Find used indexes on the chain, and settle those of transactions that are final or failed."""
    tags = job.stores.sender_tags
    finalized = tags.last_finalized(secret)
    start = 0 if finalized is None else finalized + 1
    end = start + TAG_WINDOW
    while True:
        _note_used(job, secret, start, end)
        pending = tags.pending_txs(secret, start, end)
        if not pending:
            return
        receipts = job.bridge.run_all([job.bridge.node.get_tx_receipt(tx_hash) for tx_hash in pending])
        tags.drop([tx for tx, receipt in zip(pending, receipts, strict=True) if _has_failed(receipt)])
        tags.finalize([tx for tx, receipt in zip(pending, receipts, strict=True) if _is_final(receipt)])
        former, finalized = finalized, tags.last_finalized(secret)
        if finalized is None or finalized == former:
            return
        start, end = end, finalized + TAG_WINDOW + 1


def _note_used(job: Job, secret: TaggingSecret, start: int, end: int) -> None:
    """Store as pending the highest index of each transaction that used one of the window.

    Of our own transactions we know more than the chain: logs of notes that they consumed themselves took
    indexes too. The reference refuses then.
    """
    window = siloed_tags(secret.secret, secret.contract, range(start, end))
    found = private_logs(job, window)
    highest: dict[TxHash, int] = {}
    for index, tag in enumerate(window, start):
        for log in found[tag]:
            highest[log.tx_hash] = index
    for tx_hash, index in highest.items():
        known = job.stores.sender_tags.pending_index(secret, tx_hash)
        if known is None or known < index:
            job.stores.sender_tags.store_pending([UsedTag(secret, index)], tx_hash)


def _is_final(receipt: TxReceipt) -> bool:
    return receipt.status == TxStatus.FINALIZED and receipt.execution_result == _SUCCESS


def _has_failed(receipt: TxReceipt) -> bool:
    return receipt.status == TxStatus.DROPPED or receipt.execution_result not in {None, _SUCCESS}
