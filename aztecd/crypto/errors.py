"""The errors of the crypto package.

AztecdError
├── InvalidInputError
│   ├── FieldError             field    (in `field`, which stands below everything else)
│   ├── PointError             point    bytes that are no BLS12-381 point
│   ├── KzgError               kzg      a blob, commitment or proof that the KZG library refuses
│   └── SealError              seal     sealed data that a key does not open
└── UnavailableError
    └── KzgUnavailableError    kzg_unavailable    no trusted setup, or no worker process
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError, UnavailableError

__all__ = ["KzgError", "KzgUnavailableError", "PointError", "SealError"]


class PointError(InvalidInputError):
    """Bytes from outside are no point of the group."""

    code = "point"


class KzgError(InvalidInputError):
    """A blob, commitment, proof or evaluation point is malformed."""

    code = "kzg"


class SealError(InvalidInputError):
    """Sealed data was changed, or is opened with another key than it was sealed with."""

    code = "seal"


class KzgUnavailableError(UnavailableError):
    """Blob commitments cannot be computed at the moment."""

    code = "kzg_unavailable"
