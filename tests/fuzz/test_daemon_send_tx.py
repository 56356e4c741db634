"""Broken `sendTx` bodies against a running daemon: an error each, no internal one, and memory stays flat.

Bodies that are valid on the daemon's chain, and recorded ones of all kinds, are changed as JSON, inside their
base64 members, and field by field. `AZTECD_FUZZ_CASES` sets the number, `AZTECD_FUZZ_SEED` repeats a run.
"""

from __future__ import annotations

import copy
import os
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fuzz.test_tx_admission import mutate_base64, mutate_fields, mutate_json
from tests.support.daemon import Daemon
from tests.support.json_rpc import RpcClient, RpcFailureError
from tests.support.load import TxMaker, wait_until
from tests.support.recorded_txs import recorded_bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = int(os.environ.get("AZTECD_FUZZ_CASES", "300"))
SEED = int(os.environ.get("AZTECD_FUZZ_SEED", "7"))
WARM_UP = 150
MOST_GROWTH_KB = 24 * 1024
"""Caches fill up; 3500 refused bodies added 4.5 MB, fewer with each hundred."""
MOST_PER_ACCEPTED_KB = 24
"""What is still valid after a change is mined: it has effects, answers, a place in the pool for a while."""

BODY_ERRORS = {-32700, -32600, -32701, -32702, -32000}

pytestmark = [pytest.mark.fuzz, pytest.mark.integration, pytest.mark.timeout(120 + CASES // 2)]


def resident_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def broken(rpc: RpcClient, dice: random.Random, count: int) -> Iterator[Any]:
    maker = TxMaker(rpc)
    recorded = list(recorded_bodies().values())
    for index in range(count):
        if index % 100 == 99:
            maker = TxMaker(rpc)
        if dice.random() < 0.7:
            _, body = maker.make(f"fuzz:{SEED}:{index}", payer=index % 5)
        else:
            body = copy.deepcopy(dice.choice(recorded))
        dice.choice((mutate_json, mutate_base64, mutate_fields))(body, dice)
        yield body


def send(rpc: RpcClient, body: Any, outcomes: Counter[str]) -> None:
    failure = None
    try:
        rpc.call("aztec_sendTx", body)
    except RpcFailureError as error:
        failure = error
    if failure is None:
        outcomes["accepted"] += 1
        return
    assert failure.code in BODY_ERRORS, failure
    assert failure.status in {200, 400, 413}, failure
    assert "nternal error" not in failure.message, failure
    assert "Traceback" not in failure.message, failure
    outcomes[f"{failure.code} {failure.message[:40]}"] += 1


def test_broken_transactions_meet_an_error_each(daemon: Daemon):
    print(f"{CASES} cases, seed {SEED}")
    dice = random.Random(SEED)
    outcomes: Counter[str] = Counter()
    with RpcClient(daemon.url) as rpc:
        for body in broken(rpc, dice, WARM_UP):
            send(rpc, body, outcomes)
        before, accepted_before = resident_kb(daemon.process.pid), outcomes["accepted"]
        for body in broken(rpc, dice, CASES):
            send(rpc, body, outcomes)
        growth = resident_kb(daemon.process.pid) - before
        print(f"{growth} kB more; {outcomes.most_common(12)}")
        accepted = outcomes["accepted"] - accepted_before
        assert growth < MOST_GROWTH_KB + accepted * MOST_PER_ACCEPTED_KB
        assert sum(outcomes.values()) == WARM_UP + CASES
        assert len(outcomes) > 10
        # It still does its work.
        tx_hash, body = TxMaker(rpc).make("after", priority_fee=1000)
        rpc.call("aztec_sendTx", body)
        wait_until(
            lambda: rpc.call("aztec_getTxReceipt", tx_hash)["status"] not in {"pending", "dropped"},
            timeout_s=60,
            what="a good transaction is mined",
        )
        assert rpc.get("/status")[0] == 200
    assert "Traceback" not in daemon.text
