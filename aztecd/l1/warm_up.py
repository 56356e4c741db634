"""Make a development node load its KZG setup before a checkpoint or a proof needs it.

Anvil 1.5.1 loads the setup at the first blob that it checks or the first proof, which takes three seconds of
one core; either would wait that long. A blob transaction with a wrong proof is refused only after the proof
was looked at, and Anvil goes on answering and mining meanwhile (a call of the point evaluation precompile
would block mining). Hardhat loads the setup once more for the precompile, which the first epoch proof would
wait for.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from aztecd.l1.blob_tx import BLOB_BYTES, TRIVIAL_BLOB_OPENING, BlobSidecar, BlobTransaction, SidecarForm
from aztecd.l1.errors import L1RpcError
from aztecd.l1.transaction import Fees, L1Account
from aztecd.protocol.basic import EthAddress

if TYPE_CHECKING:
    from aztecd.l1.client import L1Client

__all__ = ["warm_up_blobs"]

# Never valid on any chain: the proof belongs to another blob, and the sender has no funds.
_INFINITY = b"\xc0" + bytes(47)
_GENERATOR = bytes.fromhex(
    "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
)
_NOBODY = bytes(31) + b"\x01"
_POINT_EVALUATION = {"to": f"0x{10:040x}", "data": f"0x{TRIVIAL_BLOB_OPENING.hex()}"}


def warm_up_blobs(client: L1Client, chain_id: int) -> None:
    """Send a blob transaction that must be refused; return when the node has looked at it.

    Meant for a thread of its own, right after the node has started. Raises L1UnavailableError.
    """
    nobody = L1Account(_NOBODY)
    transaction = BlobTransaction(
        to=EthAddress(bytes(20)),
        data=b"",
        gas=21_000,
        sidecar=BlobSidecar(
            form=SidecarForm.EIP4844,
            blobs=(bytes(BLOB_BYTES),),
            commitments=(_INFINITY,),
            proofs=(_GENERATOR,),
        ),
    )
    fees = Fees(max_fee=10**11, max_priority_fee=1, max_blob_fee=10)
    signed = transaction.sign(nobody, chain_id=chain_id, nonce=2**32, fees=fees)
    with contextlib.suppress(L1RpcError):  # the refusal is what we want
        client.call("eth_sendRawTransaction", f"0x{signed.raw.hex()}")
    with contextlib.suppress(L1RpcError):
        client.call("eth_call", _POINT_EVALUATION, "latest")
