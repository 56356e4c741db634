"""A transaction costs its gas, whatever it does: time, memory, and answers of a node meanwhile.

The bounds hold on a busy machine; `scripts/bench` has the figures of a quiet one.
"""

from __future__ import annotations

import time

import pytest

from aztecd.avm import ProgramCache
from aztecd.crypto.poseidon2 import KERNEL
from aztecd.execution import ExecutionOptions, TxExecutor
from tests.bench.processes import family_peak_mib
from tests.support.daemon import Daemon
from tests.support.hostile_network import Asker, HostileClient
from tests.support.hostile_programs import prepare
from tests.support.patience import patience

pytestmark = [pytest.mark.integration, pytest.mark.slow]

_PROCESSOR_S = 5 if KERNEL == "c" else 15
_WORST = (
    "ADD FF chain",
    "unpredictable branches",
    "fresh cells, far apart",
    "CALLDATACOPY of 1",
    "CALLDATACOPY of 1900000, far",
    "copies from call to call",
    "RETURNDATACOPY from far",
    "deep calls",
    "SLOAD chain",
    "POSEIDON2",
    "ECADD",
    "TORADIXBE, 256 bits",
    "DEBUGLOG",
    "DEBUGLOG of 100000 fields",
    "DEBUGLOG, bad at the end",
    "cold code",
    "many hot paths, pointers",
    "compiled for other tags",
    "after all is compiled",
)


@pytest.mark.parametrize("name", _WORST)
@pytest.mark.parametrize("is_fast", [True, False], ids=["fast", "plain"])
def test_all_gas_of_a_transaction_takes_seconds_at_most(name, is_fast):
    prepared = prepare(name)
    options = ExecutionOptions(skips_fee_enforcement=True, uses_fast_form=is_fast)
    executor = TxExecutor(programs=ProgramCache(), options=options)

    begin = time.process_time()
    done = executor.execute(prepared.tx, prepared.fork, prepared.global_variables, prepared.contracts)
    used_s = time.process_time() - begin

    gas = sum(call.used.l2_gas for call in done.public.calls)
    assert gas > 3_000_000, "the program ended early: it shows nothing"
    assert used_s < _PROCESSOR_S


@pytest.mark.timeout(300)
def test_a_node_answers_while_it_builds_what_is_slow(artifacts, tmp_path):
    daemon = Daemon(data_dir=tmp_path / "data")
    try:
        client = HostileClient(daemon.url)
        for name in ("cold code", "copies from call to call", "DEBUGLOG"):
            calls = client.deploy(name)
            with Asker(daemon.url) as answers:
                receipt = client.wait_for(client.send(calls))
            assert int(receipt["transactionFee"]) > 0
            assert answers.failure is None
            assert len(answers.ms) >= 10, f"{name}: {len(answers.ms)} answers"
            assert answers.quantile(0.5) < patience(250), f"{name}: {sorted(answers.ms)}"
            assert max(answers.ms) < patience(5_000), f"{name}: {sorted(answers.ms)}"
        assert len(daemon.output) < 1_000, "debug logs of a contract flood the daemon's log"
        assert family_peak_mib(daemon.process.pid) < 1_024
        client.close()
        daemon.stop()
    finally:
        daemon.kill()
