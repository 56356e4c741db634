"""KZG in a child process: the same answers, and what happens when either process dies."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from aztecd.crypto.errors import KzgError, KzgUnavailableError
from aztecd.crypto.kzg import BLOB_SIZE, Kzg, KzgWorker

pytestmark = pytest.mark.integration

BLOB = b"".join((i * i + 7).to_bytes(32, "big") for i in range(BLOB_SIZE // 32))
Z = (99).to_bytes(32, "big")


@pytest.fixture(scope="module")
def kzg():
    return Kzg()


@pytest.fixture(scope="module")
def worker():
    with closing(KzgWorker()) as running:
        running.start()
        yield running


def test_same_answers_as_in_process(kzg, worker):
    commitment = kzg.commitment(BLOB)
    assert worker.commitment(BLOB) == commitment
    assert worker.blob_proof(BLOB, commitment) == kzg.blob_proof(BLOB, commitment)
    assert worker.cell_proofs(BLOB) == kzg.cell_proofs(BLOB)
    proof, y = kzg.proof_at(BLOB, Z)
    assert worker.proof_at(BLOB, Z) == (proof, y)
    assert worker.verify_proof(commitment, Z, y, proof) is True
    assert worker.verify_proof(commitment, Z, Z, proof) is False
    blob_proof = kzg.blob_proof(BLOB, commitment)
    other = b"\0" * 31 + b"\1" + BLOB[32:]
    for engine in (kzg, worker):
        assert engine.verify_blob_proof(BLOB, commitment, blob_proof) is True
        assert engine.verify_blob_proof(other, commitment, blob_proof) is False
        assert engine.verify_blob_proof(BLOB, commitment, proof) is False
        assert engine.verify_blob_proof(BLOB, kzg.commitment(other), blob_proof) is False
    assert worker.versioned_hash(commitment) == kzg.versioned_hash(commitment)


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("commitment", (b"\xff" * BLOB_SIZE,), "refuses"),
        ("commitment", (b"",), "a blob has 131072 bytes, got 0"),
        ("blob_proof", (BLOB, b""), "a commitment has 48 bytes, got 0"),
        ("cell_proofs", (b"",), "a blob has"),
        ("proof_at", (BLOB, b"\xff" * 32), "refuses"),
        ("verify_proof", (bytes(48), Z, Z, bytes(48)), "refuses"),
        ("verify_blob_proof", (BLOB, bytes(48), bytes(48)), "refuses"),
        ("verify_blob_proof", (BLOB, bytes(48), b""), "a proof has 48 bytes, got 0"),
    ],
)
def test_errors_come_through(worker, method, arguments, message):
    with pytest.raises(KzgError, match=message):
        getattr(worker, method)(*arguments)


def test_threads_share_a_worker(kzg, worker):
    blobs = [BLOB[32 * i :].ljust(BLOB_SIZE, b"\0") for i in range(6)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(worker.commitment, blobs)) == [kzg.commitment(blob) for blob in blobs]


def test_a_dead_child_is_replaced(kzg):
    with closing(KzgWorker()) as worker:
        worker.start()
        first = worker._process
        os.kill(first.pid, signal.SIGKILL)
        assert worker.commitment(BLOB) == kzg.commitment(BLOB)
        second = worker._process
        assert second.pid != first.pid
        # Dead, but not noticed before the request is under way.
        os.kill(second.pid, signal.SIGSTOP)
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(worker.commitment, BLOB)
            os.kill(second.pid, signal.SIGKILL)
            assert answer.result() == kzg.commitment(BLOB)


def test_close_ends_the_child_and_a_request():
    worker = KzgWorker()
    worker.start()
    child = worker._process
    os.kill(child.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(worker.commitment, BLOB)
        worker.close()
        with pytest.raises(KzgUnavailableError):
            answer.result()
    assert child.returncode is not None
    worker.close()
    with pytest.raises(KzgUnavailableError, match="closed"):
        worker.commitment(BLOB)


def test_a_request_that_meets_close_starts_no_child(monkeypatch):
    """`close` between a request's look at the child and its decision to replace it."""
    worker = KzgWorker()
    worker.start()
    child = worker._process
    poll = child.poll

    def poll_while_closing():
        monkeypatch.undo()
        worker._closed = True
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        return poll()

    monkeypatch.setattr(child, "poll", poll_while_closing)
    with pytest.raises(KzgUnavailableError, match="closed"):
        worker.commitment(BLOB)
    assert worker._process is None
    worker.close()


def test_a_child_that_does_not_answer_is_given_up():
    with closing(KzgWorker(timeout_s=0.001)) as worker:
        with pytest.raises(KzgUnavailableError, match=r"no answer within 0\.001 s"):
            worker.commitment(BLOB)
        assert worker._process is None


def test_the_child_dies_with_its_parent():
    program = (
        "import os, signal\n"
        "from aztecd.crypto.kzg import BLOB_SIZE, KzgWorker\n"
        "worker = KzgWorker()\n"
        "worker.commitment(bytes(BLOB_SIZE))\n"
        "print(worker._process.pid, flush=True)\n"
        "input()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        child = os.pidfd_open(int(parent.stdout.readline()))
        try:
            parent.communicate("go\n", timeout=60)
            assert parent.returncode == -signal.SIGKILL
            ended, _, _ = select.select([child], [], [], 30)
            assert ended
        finally:
            os.close(child)


def test_a_child_whose_parent_is_gone_ends_without_a_word():
    command = [sys.executable, "-P", "-m", "aztecd.crypto._kzg_child"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        child.stdout.close()
        # An operation without its arguments: the answer, an error, has nobody to go to.
        child.stdin.write((1).to_bytes(4, "big") + b"\x01")
        child.stdin.flush()
        assert child.wait(timeout=120) == 0
        assert child.stderr.read() == b""
