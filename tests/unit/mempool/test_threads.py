from __future__ import annotations

import threading

from aztecd.mempool import MempoolRejection
from aztecd.protocol.basic import BlockNumber
from tests.support.txs import simple_tx


def test_clients_and_blocks_at_the_same_time(bench):
    """Four clients add, one thread mines, one reads: nothing is lost, nothing is there twice."""
    pool, chain = bench.pool, bench.chain
    batches = [
        [simple_tx(100 * client + number, priority=number) for number in range(15)] for client in range(4)
    ]
    total = sum(len(batch) for batch in batches)
    failures = []
    is_over = threading.Event()

    def guarded(work):
        def run():
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - shown by the test
                failures.append(error)
                is_over.set()

        return threading.Thread(target=run)

    def client(batch):
        def work():
            for tx in batch:
                try:
                    pool.add(tx)
                except MempoolRejection as error:
                    failures.append(error)

        return work

    def miner():
        number = 0
        while len(chain.mined) < total and not is_over.is_set():
            hashes = pool.pending_hashes(limit=5)
            if not hashes:
                continue
            number += 1
            for tx_hash in hashes:
                assert tx_hash not in chain.mined
                chain.mined[tx_hash] = BlockNumber(number)
            pool.on_block(BlockNumber(number), 1, hashes, [])

    def reader():
        while not is_over.is_set():
            counts = pool.counts()
            assert counts.pending + counts.mined <= total
            metas = pool.candidates()
            priorities = [meta.priority for meta in metas]
            assert priorities == sorted(priorities, reverse=True)
            pool.pending(limit=2)

    workers = [guarded(client(batch)) for batch in batches] + [guarded(miner)]
    watcher = guarded(reader)
    for thread in [*workers, watcher]:
        thread.start()
    for thread in workers:
        thread.join(timeout=60)
    is_over.set()
    watcher.join(timeout=10)
    assert not failures
    assert pool.counts().mined == total
    assert pool.pending_count == 0
    bench.reopen()
    assert bench.pool.counts().mined == total
