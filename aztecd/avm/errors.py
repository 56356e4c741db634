"""What ends a call early, and what the world may answer.

    AztecdError
      ExceptionalHalt            the call ends, all of its gas is lost, its effects are rolled back
      SimulationFailedError      not the call but the whole transaction fails: it is thrown out
        InterruptedExecutionError   its time was up

    SideEffectError              raised by the world; an instruction makes a halt of it
      SideEffectLimitError       too many effects of a kind in the transaction
      NullifierCollisionError    the nullifier exists already
      ContractUnavailableError   the called contract can not be run

The texts are those of the reference: clients see them.

Authority: shape and words of the messages: the native simulator in @aztec/bb.js (4.1.2).
"""

from __future__ import annotations

from aztecd.errors import AztecdError

__all__ = [
    "ContractUnavailableError",
    "ExceptionalHalt",
    "InterruptedExecutionError",
    "NullifierCollisionError",
    "SideEffectError",
    "SideEffectLimitError",
    "SimulationFailedError",
]


class ExceptionalHalt(AztecdError):  # noqa: N818 -- the protocol's word; it is a result, no error of ours
    """A call did what is not allowed."""

    code = "exceptional_halt"


class SimulationFailedError(AztecdError):
    """The transaction can not be executed at all."""

    code = "simulation_failed"


class InterruptedExecutionError(SimulationFailedError):
    """Execution was stopped from outside; nothing is known about the transaction."""

    code = "execution_interrupted"


class SideEffectError(AztecdError):
    """An effect is refused."""

    code = "side_effect"


class SideEffectLimitError(SideEffectError):
    """The transaction has as many effects of a kind as it may."""

    code = "side_effect_limit"


class NullifierCollisionError(SideEffectError):
    """A nullifier is in the tree, or was emitted by this transaction."""

    code = "nullifier_collision"


class ContractUnavailableError(SideEffectError):
    """A contract is not deployed, or too many classes were used."""

    code = "contract_unavailable"
