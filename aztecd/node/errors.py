"""What the node's operations refuse.

AztecdError
└── InvalidInputError
    ├── DataDirError              a data directory can't be used as it is (`record.py`)
    └── NodeError
        ├── BlockReferenceError   a block that the node does not have (any more)
        ├── InvalidTxError        a transaction that breaks a rule
        ├── SimulationRefusedError  a simulation that would take too much
        ├── SimulationTimeError     a simulation that took too long
        └── TraceUnavailableError   a transaction that can't be executed again
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError

__all__ = [
    "BlockReferenceError",
    "InvalidTxError",
    "NodeError",
    "SimulationRefusedError",
    "SimulationTimeError",
    "TraceUnavailableError",
]


class NodeError(InvalidInputError):
    """A request can't be served as it was made."""

    code = "node"


class BlockReferenceError(NodeError):
    """The block that a request names is unknown, not synced yet, or pruned."""

    code = "block_reference"


class InvalidTxError(NodeError):
    """A transaction is not valid; the message lists the reasons as the reference does."""

    code = "invalid_tx"


class SimulationRefusedError(NodeError):
    """A transaction asks for more gas than simulations may use."""

    code = "simulation_refused"


class SimulationTimeError(NodeError):
    """A simulation did not end in time."""

    code = "simulation_time"


class TraceUnavailableError(NodeError):
    """A transaction, or the state before it, is not there (any more)."""

    code = "trace_unavailable"
