"""What goes wrong when a contract asks the wallet.

    AztecdError
      InvalidInputError
        OracleError                oracle              the question has no answer, or is not allowed
          OracleUnavailableError   oracle_unavailable  there is no such oracle for this kind of function

The texts are those of the reference, which clients look for; they reach the user as the cause of a failed
execution.
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError

__all__ = ["OracleError", "OracleUnavailableError"]


class OracleError(InvalidInputError):
    """A contract asked for something that is not there, not allowed, or makes no sense."""

    code = "oracle"


class OracleUnavailableError(OracleError):
    """A contract called an oracle that this execution does not have."""

    code = "oracle_unavailable"
