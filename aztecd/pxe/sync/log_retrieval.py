"""Looking up the logs that complete partial notes.

Authority: @aztec/pxe src/logs/log_service.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence

from aztecd.crypto.field import Fr, fr_hex
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.hashes import silo_private_log_tag
from aztecd.protocol.logs import TxScopedL2Log
from aztecd.pxe.sync.errors import SyncError
from aztecd.pxe.sync.job import Job
from aztecd.pxe.sync.log_pages import private_logs, public_logs
from aztecd.pxe.sync.messages import LogRequest, log_response

__all__ = ["retrieve_logs"]


def retrieve_logs(job: Job, contract: AztecAddress, requests_slot: Fr, responses_slot: Fr) -> None:
    """Answer a capsule array of requests in another one, and empty it.

    Raises SyncError when a tag has several logs.
    """
    capsules = job.stores.capsules
    requests = [LogRequest.of(item) for item in capsules.read_array(contract, requests_slot)]
    public: dict[tuple[AztecAddress, Fr], Sequence[TxScopedL2Log]] = {}
    for emitter in dict.fromkeys(request.contract for request in requests):
        found = public_logs(job, emitter, [item.tag for item in requests if item.contract == emitter])
        public |= {(emitter, tag): logs for tag, logs in found.items()}
    siloed = [silo_private_log_tag(request.contract, request.tag) for request in requests]
    private = private_logs(job, siloed)
    capsules.set_array(contract, requests_slot, [])
    capsules.set_array(
        contract,
        responses_slot,
        [
            log_response(_only_log(request, public[request.contract, request.tag], private[tag]))
            for request, tag in zip(requests, siloed, strict=True)
        ],
    )


def _only_log(
    request: LogRequest, public: Sequence[TxScopedL2Log], private: Sequence[TxScopedL2Log]
) -> TxScopedL2Log | None:
    where = f"tag {fr_hex(request.tag)} and contract {fr_hex(request.contract)}"
    for logs in (public, private):
        if len(logs) > 1:
            raise SyncError(f"Got {len(logs)} logs for {where}. Only a single log per tag is supported")
    if public and private:
        raise SyncError(
            f"Found both a public and private log when searching for tag {fr_hex(request.tag)} from contract "
            f"{fr_hex(request.contract)}"
        )
    return next(iter((*public, *private)), None)
