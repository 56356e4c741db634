"""KZG commitments and proofs over blobs, in this process or in a child.

The library never releases the GIL. Measured (c-kzg 2.1.8, a small server): loading the trusted setup 1.4 s,
a commitment 4 to 12 ms, a blob proof 65 ms, checking one 2.4 ms, the 128 cell proofs 200 to 360 ms; a second
thread stood still for exactly as long each time. The binding reads the setup only from its text form, and its
precomputed tables make loading almost one second longer and cell proofs a third faster, so there is no way
around it in-process. A daemon that answers requests meanwhile therefore uses `KzgWorker`; scripts and tests
may use `Kzg`.

Authority: EIP-4844 and EIP-7594; @aztec/blob-lib src/blob.ts (4.1.2) uses the same setup.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from enum import IntEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from aztecd.crypto.errors import KzgError, KzgUnavailableError
from aztecd.crypto.sha256 import sha256

__all__ = ["BLOB_SIZE", "CELLS_PER_BLOB", "POINT_SIZE", "Kzg", "KzgEngine", "KzgWorker", "Operation"]

BLOB_SIZE: Final = 131072
POINT_SIZE: Final = 48
CELLS_PER_BLOB: Final = 128
_SCALAR_SIZE: Final = 32
_SETUP = ("typed_transactions", "blob_transactions", "kzg_trusted_setup.txt")


class KzgEngine(ABC):
    """What both forms offer. Points are 48 compressed bytes, scalars 32 big-endian ones.

    Every method raises KzgError on malformed input and KzgUnavailableError when nothing can be computed; all
    may be called from any thread.
    """

    __slots__ = ()

    @abstractmethod
    def commitment(self, blob: bytes) -> bytes:
        """Commit to a blob of 131072 bytes."""

    @abstractmethod
    def blob_proof(self, blob: bytes, commitment: bytes) -> bytes:
        """Prove a blob against its commitment, for the older transaction envelope."""

    @abstractmethod
    def cell_proofs(self, blob: bytes) -> list[bytes]:
        """Give the 128 proofs of the newer transaction envelope."""

    @abstractmethod
    def proof_at(self, blob: bytes, z: bytes) -> tuple[bytes, bytes]:
        """Evaluate the blob's polynomial: the proof and the value."""

    @abstractmethod
    def verify_proof(self, commitment: bytes, z: bytes, y: bytes, proof: bytes) -> bool:
        """Tell whether the committed polynomial is y at z, as the point evaluation precompile does."""

    @abstractmethod
    def verify_blob_proof(self, blob: bytes, commitment: bytes, proof: bytes) -> bool:
        """Tell whether a blob has a commitment, from the proof that `blob_proof` makes."""

    @staticmethod
    def versioned_hash(commitment: bytes) -> bytes:
        """Hash a commitment to the name under which L1 knows its blob."""
        return b"\x01" + sha256(commitment)[1:]


class Kzg(KzgEngine):
    """The library in this process; the first use loads the trusted setup."""

    __slots__ = ("_lock", "_setup")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._setup: Any = None

    def load(self) -> None:
        """Load the trusted setup now; it takes more than a second."""
        self._loaded()

    def commitment(self, blob: bytes) -> bytes:
        """See KzgEngine."""
        result: bytes = self._call("blob_to_kzg_commitment", _sized("a blob", blob, BLOB_SIZE))
        return result

    def blob_proof(self, blob: bytes, commitment: bytes) -> bytes:
        """See KzgEngine."""
        _sized("a blob", blob, BLOB_SIZE)
        result: bytes = self._call(
            "compute_blob_kzg_proof", blob, _sized("a commitment", commitment, POINT_SIZE)
        )
        return result

    def cell_proofs(self, blob: bytes) -> list[bytes]:
        """See KzgEngine."""
        _, proofs = self._call("compute_cells_and_kzg_proofs", _sized("a blob", blob, BLOB_SIZE))
        return list(proofs)

    def proof_at(self, blob: bytes, z: bytes) -> tuple[bytes, bytes]:
        """See KzgEngine."""
        _sized("a blob", blob, BLOB_SIZE)
        proof, y = self._call("compute_kzg_proof", blob, _sized("z", z, _SCALAR_SIZE))
        return proof, y

    def verify_proof(self, commitment: bytes, z: bytes, y: bytes, proof: bytes) -> bool:
        """See KzgEngine."""
        _sized("a commitment", commitment, POINT_SIZE)
        _sized("z", z, _SCALAR_SIZE)
        _sized("y", y, _SCALAR_SIZE)
        result: bool = self._call("verify_kzg_proof", commitment, z, y, _sized("a proof", proof, POINT_SIZE))
        return result

    def verify_blob_proof(self, blob: bytes, commitment: bytes, proof: bytes) -> bool:
        """See KzgEngine."""
        _sized("a blob", blob, BLOB_SIZE)
        _sized("a commitment", commitment, POINT_SIZE)
        _sized("a proof", proof, POINT_SIZE)
        result: bool = self._call("verify_blob_kzg_proof", blob, commitment, proof)
        return result

    def _call(self, name: str, *arguments: bytes) -> Any:
        import ckzg  # noqa: PLC0415 -- programs that use only the worker need no library here

        setup = self._loaded()
        try:
            return getattr(ckzg, name)(*arguments, setup)
        except (RuntimeError, ValueError) as error:
            raise KzgError(f"the KZG library refuses the input: {error}") from error

    def _loaded(self) -> Any:
        import ckzg  # noqa: PLC0415 -- as above

        with self._lock:
            if self._setup is None:
                path = _setup_path()
                try:
                    self._setup = ckzg.load_trusted_setup(str(path), 0)
                except RuntimeError as error:
                    raise KzgUnavailableError(f"cannot load the KZG trusted setup {path}: {error}") from error
            return self._setup


class Operation(IntEnum):
    """The first byte of a request to the child."""

    COMMITMENT = 1
    BLOB_PROOF = 2
    CELL_PROOFS = 3
    PROOF_AT = 4
    VERIFY_PROOF = 5
    VERIFY_BLOB_PROOF = 6


class KzgWorker(KzgEngine):
    """The library in a child process, so that a computation never stands in the way of this one's threads.

    The child starts with the first request, or with `start`; one that died is replaced once per request. It
    ends when its standard input closes, which happens however this process ends. (A parent-death signal would
    not do: it follows the *thread* that started the child.) Calls block their thread, one after the other.

    Mutable; safe to use from any thread. Close it when done.
    """

    __slots__ = ("_closed", "_lock", "_process", "_timeout_s")

    def __init__(self, *, timeout_s: float = 120) -> None:
        """Make a worker without a process yet; `timeout_s` bounds each wait for the child to move."""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._timeout_s = timeout_s
        self._closed = False

    def start(self) -> None:
        """Start the child, which loads the setup on its own time; returns at once."""
        with self._lock:
            self._running()

    def close(self) -> None:
        """End the child; a request under way fails. May be called twice."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._discard()

    def commitment(self, blob: bytes) -> bytes:
        """See KzgEngine."""
        return self._request(Operation.COMMITMENT, _sized("a blob", blob, BLOB_SIZE))

    def blob_proof(self, blob: bytes, commitment: bytes) -> bytes:
        """See KzgEngine."""
        _sized("a blob", blob, BLOB_SIZE)
        return self._request(Operation.BLOB_PROOF, blob + _sized("a commitment", commitment, POINT_SIZE))

    def cell_proofs(self, blob: bytes) -> list[bytes]:
        """See KzgEngine."""
        proofs = self._request(Operation.CELL_PROOFS, _sized("a blob", blob, BLOB_SIZE))
        return [proofs[start : start + POINT_SIZE] for start in range(0, len(proofs), POINT_SIZE)]

    def proof_at(self, blob: bytes, z: bytes) -> tuple[bytes, bytes]:
        """See KzgEngine."""
        _sized("a blob", blob, BLOB_SIZE)
        result = self._request(Operation.PROOF_AT, blob + _sized("z", z, _SCALAR_SIZE))
        return result[:POINT_SIZE], result[POINT_SIZE:]

    def verify_proof(self, commitment: bytes, z: bytes, y: bytes, proof: bytes) -> bool:
        """See KzgEngine."""
        _sized("a commitment", commitment, POINT_SIZE)
        _sized("z", z, _SCALAR_SIZE)
        _sized("y", y, _SCALAR_SIZE)
        arguments = commitment + z + y + _sized("a proof", proof, POINT_SIZE)
        return self._request(Operation.VERIFY_PROOF, arguments) == b"\x01"

    def verify_blob_proof(self, blob: bytes, commitment: bytes, proof: bytes) -> bool:
        """See KzgEngine."""
        arguments = _sized("a blob", blob, BLOB_SIZE) + _sized("a commitment", commitment, POINT_SIZE)
        arguments += _sized("a proof", proof, POINT_SIZE)
        return self._request(Operation.VERIFY_BLOB_PROOF, arguments) == b"\x01"

    def _request(self, operation: Operation, arguments: bytes) -> bytes:
        message = bytes([operation]) + arguments
        with self._lock:
            for last in (False, True):
                process = self._running()
                try:
                    self._send(process, len(message).to_bytes(4, "big") + message)
                    size = int.from_bytes(self._receive(process, 4), "big")
                    answer = self._receive(process, size)
                    break
                except (OSError, EOFError) as error:
                    self._discard()
                    if last or self._closed:
                        raise KzgUnavailableError(f"the KZG worker process failed: {error}") from error
        if answer[:1] == b"\0":
            return answer[1:]
        text = answer[1:].decode(errors="replace")
        raise (KzgError if answer[:1] == b"\x01" else KzgUnavailableError)(text)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._discard()
        if self._process is None and not self._closed:
            # The child finds this very package; -P keeps the working directory out of its search path.
            root = str(Path(__file__).resolve().parents[2])
            path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "aztecd.crypto._kzg_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,  # a terminal's Ctrl-C is for the parent, which still needs the child
            )
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                os.set_blocking(stream.fileno(), False)
            self._process = process
        # Last: `close` does not wait for the lock before it kills, so it may have come in between. Either it
        # has seen the child that was just started, or it is seen here.
        if self._closed or self._process is None:
            self._discard()
            raise KzgUnavailableError("the KZG worker is closed")
        return self._process

    def _discard(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                stream.close()
            process.wait()

    def _send(self, process: subprocess.Popen[bytes], data: bytes) -> None:
        assert process.stdin is not None
        descriptor = process.stdin.fileno()
        view = memoryview(data)
        while view:
            self._wait(descriptor, select.POLLOUT)
            view = view[os.write(descriptor, view) :]

    def _receive(self, process: subprocess.Popen[bytes], size: int) -> bytes:
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        data = b""
        while len(data) < size:
            self._wait(descriptor, select.POLLIN)
            part = os.read(descriptor, size - len(data))
            if not part:
                raise EOFError("it ended without an answer")
            data += part
        return data

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        if not poll.poll(self._timeout_s * 1000):
            raise TimeoutError(f"no answer within {self._timeout_s:g} s")


def _sized(what: str, data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise KzgError(f"{what} has {size} bytes, got {len(data)}")
    return data


def _setup_path() -> Path:
    """Find the Ethereum mainnet setup, which ships with a package that web3 needs, without importing it."""
    spec = find_spec("eth_account")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, *_SETUP)
        if path.is_file():
            return path
    raise KzgUnavailableError("the KZG trusted setup is missing; install the package eth-account again")
