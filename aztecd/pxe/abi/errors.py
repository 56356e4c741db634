"""The errors of the ABI.

AztecdError
└── InvalidInputError
    ├── AbiTypeError        abi_type      a declared type is malformed, too large, or has no signature
    ├── AbiEncodingError    abi_encoding  a value does not fit its type
    └── AbiDecodingError    abi_decoding  too few field elements for the types
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError

__all__ = ["AbiDecodingError", "AbiEncodingError", "AbiTypeError"]


class AbiTypeError(InvalidInputError):
    """A type in an artifact is none, or is used where it cannot be."""

    code = "abi_type"


class AbiEncodingError(InvalidInputError):
    """An argument does not fit its parameter's type."""

    code = "abi_encoding"


class AbiDecodingError(InvalidInputError):
    """Field elements are no values of the given types."""

    code = "abi_decoding"
