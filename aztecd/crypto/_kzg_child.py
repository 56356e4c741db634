"""The child process of `kzg.KzgWorker`: answer requests on standard input until it closes.

A request is a 4-byte big-endian length, an operation and its arguments, all of fixed size. An answer is a
length, a status byte (0 result, 1 malformed input, 2 unavailable) and the result or a text.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import BinaryIO

from aztecd.crypto.errors import KzgError, KzgUnavailableError
from aztecd.crypto.kzg import BLOB_SIZE, POINT_SIZE, Kzg, Operation

__all__ = ["serve"]


def serve(kzg: Kzg, source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until the source ends."""
    while len(head := source.read(4)) == 4:
        request = source.read(int.from_bytes(head, "big"))
        try:
            answer = b"\0" + _answer(kzg, Operation(request[0]), request[1:])
        except KzgError as error:
            answer = b"\x01" + str(error).encode()
        except KzgUnavailableError as error:
            answer = b"\x02" + str(error).encode()
        sink.write(len(answer).to_bytes(4, "big") + answer)
        sink.flush()


def _answer(kzg: Kzg, operation: Operation, data: bytes) -> bytes:
    match operation:
        case Operation.COMMITMENT:
            return kzg.commitment(data)
        case Operation.BLOB_PROOF:
            return kzg.blob_proof(data[:BLOB_SIZE], data[BLOB_SIZE:])
        case Operation.CELL_PROOFS:
            return b"".join(kzg.cell_proofs(data))
        case Operation.PROOF_AT:
            return b"".join(kzg.proof_at(data[:BLOB_SIZE], data[BLOB_SIZE:]))
        case Operation.VERIFY_PROOF:
            y = POINT_SIZE + 32
            valid = kzg.verify_proof(data[:POINT_SIZE], data[POINT_SIZE:y], data[y : y + 32], data[y + 32 :])
            return bytes([valid])
        case Operation.VERIFY_BLOB_PROOF:
            blob, rest = data[:BLOB_SIZE], data[BLOB_SIZE:]
            return bytes([kzg.verify_blob_proof(blob, rest[:POINT_SIZE], rest[POINT_SIZE:])])


def _main() -> None:
    kzg = Kzg()
    with suppress(KzgUnavailableError):  # each request answers with the reason
        kzg.load()
    try:
        serve(kzg, sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        # The parent was killed. Python would try to write the rest of the answer at its end, and complain.
        os._exit(0)


if __name__ == "__main__":
    _main()
