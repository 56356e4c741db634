"""The root of aztecd's errors.

    AztecdError
    ├── InvalidInputError   a peer, client or L1 sent something wrong: a normal result
    ├── UnavailableError    something outside is away; trying again may help
    └── (anything else that is raised is a bug of ours)

Each package adds its own classes below one of the two.
"""

from __future__ import annotations

__all__ = ["AztecdError", "InvalidInputError", "UnavailableError"]


class AztecdError(Exception):
    """What went wrong, in one sentence for the user; `code` is stable and meant for programs."""

    code = "error"


class InvalidInputError(AztecdError):
    """Input from outside breaks a rule."""

    code = "invalid_input"


class UnavailableError(AztecdError):
    """Something that we depend on does not answer."""

    code = "unavailable"
