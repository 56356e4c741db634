"""The one choice between the C kernel and its plain twins.

The kernel does the work where it was built, the twins otherwise; results and refusals are equal. Setting
`AZTECD_PURE_PYTHON=1` before the first import forces the twins.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

from aztecd.crypto import _gadgets_python, _poseidon2_python

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType

__all__ = ["GADGETS", "KERNEL", "POSEIDON2", "Gadgets", "Poseidon2"]


class Poseidon2(Protocol):
    """What the kernel and `_poseidon2_python` both offer; they refuse bad input with equal ValueErrors."""

    def permute(self, state: bytes, /) -> bytes: ...
    def permute_ints(self, a: int, b: int, c: int, d: int, /) -> tuple[int, int, int, int]: ...
    def hash_packed(self, packed: bytes, /) -> bytes: ...
    def hash_fields(self, elements: Iterable[bytes], /) -> bytes: ...
    def hash_pair(self, left: bytes, right: bytes, /) -> bytes: ...
    def hash_pairs(self, packed: bytes, /) -> bytes: ...
    def hash_rows(self, packed: bytes, width: int, /) -> bytes: ...
    def absorb(self, state: bytes, blocks: bytes, /) -> bytes: ...


class Gadgets(Protocol):
    """The same for `_gadgets_python`."""

    def sha256_compress(self, state: Sequence[int], block: Sequence[int], /) -> list[int]: ...
    def keccak_permute(self, lanes: Sequence[int], /) -> list[int]: ...
    def grumpkin_is_on_curve(self, x: int, y: int, /) -> bool: ...
    def grumpkin_add(
        self, px: int, py: int, p_inf: int, qx: int, qy: int, q_inf: int, /
    ) -> tuple[int, int, int]: ...
    def grumpkin_multiply(self, x: int, y: int, inf: int, scalar: int, /) -> tuple[int, int, int]: ...
    def to_radix_be(self, value: int, radix: int, count: int, /) -> list[int] | None: ...


def _find_kernel() -> ModuleType | None:
    if os.environ.get("AZTECD_PURE_PYTHON", "") not in {"", "0"}:
        return None
    try:
        return import_module("aztecd.crypto._kernel")
    except ImportError:
        return None


_kernel = _find_kernel()

KERNEL: Final = "c" if _kernel else "python"
"""Which of the two does the work."""

POSEIDON2: Final = cast("Poseidon2", _kernel or _poseidon2_python)
GADGETS: Final = cast("Gadgets", _kernel or _gadgets_python)
