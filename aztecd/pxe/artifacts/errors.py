"""The errors of artifacts.

AztecdError
└── InvalidInputError
    └── ArtifactError               artifact          no contract artifact, or a contradictory one
        └── UnknownFunctionError    unknown_function  the contract has no such function, or it does not fit
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError

__all__ = ["ArtifactError", "UnknownFunctionError"]


class ArtifactError(InvalidInputError):
    """An artifact cannot be read or used."""

    code = "artifact"


class UnknownFunctionError(ArtifactError):
    """A function was asked for that the contract does not have, or not of this kind."""

    code = "unknown_function"
