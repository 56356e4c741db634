"""The errors of accounts.

AztecdError
└── InvalidInputError
    └── AccountsError           accounts     a witness, approval or publication cannot be made of this
        └── EntrypointError     entrypoint   calls that do not fit an entrypoint
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError

__all__ = ["AccountsError", "EntrypointError"]


class AccountsError(InvalidInputError):
    """Something for an account's contract cannot be made."""

    code = "accounts"


class EntrypointError(AccountsError):
    """Calls do not fit an entrypoint."""

    code = "entrypoint"
