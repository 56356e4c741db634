"""What users of the shell can do wrong.

AztecdError
    InvalidInputError
        WalletUsageError
"""

from aztecd.errors import InvalidInputError

__all__ = ["WalletUsageError"]


class WalletUsageError(InvalidInputError):
    """A command of the wallet that can not be followed."""

    code = "wallet_usage"
