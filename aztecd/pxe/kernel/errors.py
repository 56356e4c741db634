"""What the private kernel refuses.

    AztecdError
      InvalidInputError
        KernelError      the calls of a transaction break a rule of the protocol

The texts are those of the reference's circuits.
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError

__all__ = ["KernelError"]


class KernelError(InvalidInputError):
    """The private calls make no valid transaction."""

    code = "kernel"
