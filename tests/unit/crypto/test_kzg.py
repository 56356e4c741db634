"""KZG in this process: recorded commitments, proofs that verify, input that is refused."""

from __future__ import annotations

import subprocess
import sys

import ckzg
import pytest

from aztecd.crypto import kzg as kzg_module
from aztecd.crypto.bls import SCALAR_MODULUS
from aztecd.crypto.errors import KzgError, KzgUnavailableError
from aztecd.crypto.kzg import BLOB_SIZE, CELLS_PER_BLOB, Kzg
from tests.support.vectors import cases

INFINITY = b"\xc0" + bytes(47)


@pytest.fixture(scope="module")
def kzg() -> Kzg:
    return Kzg()


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def short_checkpoints() -> list[dict]:
    return [case for case in cases("blocks.json.gz", "checkpoint") if "blob_fields" in case]


def blob_of(case: dict) -> bytes:
    return b"".join(map(raw, case["blob_fields"])).ljust(BLOB_SIZE, b"\0")


def test_recorded_commitments(kzg: Kzg) -> None:
    for case in short_checkpoints():
        [recorded] = case["blob_commitments"]
        commitment = kzg.commitment(blob_of(case))
        assert commitment == raw(recorded)
        assert [kzg.versioned_hash(commitment)] == list(map(raw, case["versioned_blob_hashes"]))


def test_blob_proof_verifies(kzg: Kzg) -> None:
    case = short_checkpoints()[0]
    blob, commitment = blob_of(case), raw(case["blob_commitments"][0])
    proof = kzg.blob_proof(blob, commitment)
    assert ckzg.verify_blob_kzg_proof(blob, commitment, proof, kzg._setup)


def test_cell_proofs_verify(kzg: Kzg) -> None:
    case = short_checkpoints()[0]
    blob, commitment = blob_of(case), raw(case["blob_commitments"][0])
    proofs = kzg.cell_proofs(blob)
    assert len(proofs) == CELLS_PER_BLOB
    cells = ckzg.compute_cells(blob, kzg._setup)
    indices = list(range(CELLS_PER_BLOB))
    assert ckzg.verify_cell_kzg_proof_batch([commitment] * CELLS_PER_BLOB, indices, cells, proofs, kzg._setup)


def test_proof_at_a_point(kzg: Kzg) -> None:
    case = short_checkpoints()[0]
    blob, commitment = blob_of(case), raw(case["blob_commitments"][0])
    z = (12345).to_bytes(32, "big")
    proof, y = kzg.proof_at(blob, z)
    assert kzg.verify_proof(commitment, z, y, proof)
    wrong = ((int.from_bytes(y, "big") + 1) % SCALAR_MODULUS).to_bytes(32, "big")
    assert not kzg.verify_proof(commitment, z, wrong, proof)


def test_the_zero_polynomial(kzg: Kzg) -> None:
    zero = bytes(BLOB_SIZE)
    assert kzg.commitment(zero) == INFINITY
    assert kzg.proof_at(zero, bytes(32)) == (INFINITY, bytes(32))


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("commitment", (b"\xff" * BLOB_SIZE,), "refuses"),
        ("commitment", (bytes(BLOB_SIZE - 1),), "a blob has 131072 bytes, got 131071"),
        ("blob_proof", (bytes(BLOB_SIZE), bytes(48)), "refuses"),
        ("blob_proof", (bytes(BLOB_SIZE), bytes(47)), "a commitment has 48 bytes, got 47"),
        ("blob_proof", (bytes(1), INFINITY), "a blob has"),
        ("cell_proofs", (b"\xff" * BLOB_SIZE,), "refuses"),
        ("cell_proofs", (b"",), "a blob has"),
        ("proof_at", (bytes(BLOB_SIZE), b"\xff" * 32), "refuses"),
        ("proof_at", (bytes(BLOB_SIZE), bytes(31)), "z has 32 bytes, got 31"),
        ("proof_at", (bytes(5), bytes(32)), "a blob has"),
        ("verify_proof", (bytes(48), bytes(32), bytes(32), INFINITY), "refuses"),
        ("verify_proof", (INFINITY, bytes(32), bytes(33), INFINITY), "y has 32 bytes, got 33"),
        ("verify_proof", (INFINITY, bytes(3), bytes(32), INFINITY), "z has 32 bytes, got 3"),
        ("verify_proof", (b"", bytes(32), bytes(32), INFINITY), "a commitment has 48 bytes, got 0"),
        ("verify_proof", (INFINITY, bytes(32), bytes(32), b""), "a proof has 48 bytes, got 0"),
    ],
)
def test_refuses(kzg: Kzg, method: str, arguments: tuple, message: str) -> None:
    with pytest.raises(KzgError, match=message):
        getattr(kzg, method)(*arguments)


def test_a_missing_or_broken_setup_is_named(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kzg_module, "_SETUP", ("no_such_file.txt",))
    with pytest.raises(KzgUnavailableError, match="setup is missing"):
        Kzg().load()
    broken = tmp_path / "setup.txt"
    broken.write_text("4096\n65\nnonsense\n")
    monkeypatch.setattr(kzg_module, "_setup_path", lambda: broken)
    with pytest.raises(KzgUnavailableError, match="cannot load"):
        Kzg().commitment(bytes(BLOB_SIZE))


def test_finding_the_setup_imports_nothing_heavy() -> None:
    program = (
        "import sys; from aztecd.crypto import kzg, bls, blob_batch; kzg._setup_path(); "
        "print([name for name in ('eth_account', 'ckzg', 'py_ecc') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "[]"
