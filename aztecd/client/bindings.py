"""What generated bindings need beside the SDK: names for the kinds of values that parameters take."""

from __future__ import annotations

from typing import TypeAlias

__all__ = ["AddressLike", "FieldLike"]

FieldLike: TypeAlias = bytes | int | str
"""A field element: 32 bytes, a number, or its text."""

AddressLike: TypeAlias = bytes | int | str
"""An address: bytes, a number, or its text."""
