"""The private kernel: from executed private calls to a transaction's data.

Responsible for: the public inputs of private functions, the rules between calls, read requests, squashing,
siloing, gas, expiration, and the exact `Tx.data`. Native rules, no circuits: on networks that verify no
proofs the result is what counts. Not for: executing functions (`aztecd.pxe.acvm`), proofs.

Authority: @aztec/pxe src/private_kernel/, @aztec/stdlib src/kernel/, and the kernel circuits'
artifacts in @aztec/noir-protocol-circuits-types (4.1.2).
"""

from __future__ import annotations

from aztecd.pxe.kernel.accumulate import Accumulated, PrivateCall, accumulate
from aztecd.pxe.kernel.errors import KernelError
from aztecd.pxe.kernel.expiration import ClassUpdate, class_horizon
from aztecd.pxe.kernel.kernel import KernelInput, prove
from aztecd.pxe.kernel.public_inputs import CircuitInputs, CircuitInputsError
from aztecd.pxe.kernel.request import TxRequest
from aztecd.pxe.kernel.reset import settled_reads

__all__ = [
    "Accumulated",
    "CircuitInputs",
    "CircuitInputsError",
    "ClassUpdate",
    "KernelError",
    "KernelInput",
    "PrivateCall",
    "TxRequest",
    "accumulate",
    "class_horizon",
    "prove",
    "settled_reads",
]
