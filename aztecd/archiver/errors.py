"""What can be wrong with a chain on L1, or with the L1 node that tells of it.

AztecdError
├── (UnavailableError)
│   └── L1ContradictionError   what the L1 node says does not fit together: asked again later
└── (InvalidInputError)
    └── ArchiverError
        ├── CheckpointRefusedError  L1 has a checkpoint that breaks a rule of the protocol
        ├── ExecutionMismatchError  a transaction has other effects than the checkpoint says
        ├── NotAttestedError        L1 has a checkpoint that its committee did not attest to
        └── FinalChainLostError     L1 went back behind a checkpoint that was final
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError, UnavailableError
from aztecd.l1.events import L1Log
from aztecd.protocol.basic import CheckpointNumber

__all__ = [
    "ArchiverError",
    "CheckpointRefusedError",
    "ExecutionMismatchError",
    "FinalChainLostError",
    "L1ContradictionError",
    "NotAttestedError",
]


class L1ContradictionError(UnavailableError):
    """Answers of the L1 node do not fit together: it changed in between, or it is not to be trusted."""

    code = "l1_contradiction"


class ArchiverError(InvalidInputError):
    """The chain on L1 can't be followed."""

    code = "archiver"


class CheckpointRefusedError(ArchiverError):
    """A checkpoint on L1 breaks a rule: this node stays at the one before it."""

    code = "checkpoint_refused"


class ExecutionMismatchError(CheckpointRefusedError):
    """Executing a transaction gives other effects than the checkpoint has."""

    code = "execution_mismatch"


class NotAttestedError(ArchiverError):
    """The committee did not attest to a checkpoint: it is skipped, until L1 has another in its place."""

    code = "not_attested"

    def __init__(self, number: CheckpointNumber, log: L1Log, reason: str) -> None:
        super().__init__(f"checkpoint {number}: {reason}")
        self.number = number
        self.log = log
        """Where it was proposed."""
        self.reason = reason


class FinalChainLostError(ArchiverError):
    """L1 has another chain than the one that was final here."""

    code = "final_chain_lost"
