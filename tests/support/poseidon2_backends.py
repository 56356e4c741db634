"""Give tests the two implementations of Poseidon2 and of the gadgets.

The kernel may be absent only where no compiler is: with one, a missing kernel is a failure of the build.
"""

from __future__ import annotations

import importlib
import shutil
import sysconfig
from typing import TYPE_CHECKING

import pytest

from aztecd.crypto import _gadgets_python, _poseidon2_python

if TYPE_CHECKING:
    from types import ModuleType

NAMES = ("c", "python")


def compiler() -> str | None:
    """Find the C compiler that would build the kernel."""
    configured = (sysconfig.get_config_var("CC") or "").split()
    return next(
        (path for name in [*configured[:1], "cc", "gcc", "clang"] if (path := shutil.which(name))), None
    )


def backend(name: str) -> ModuleType:
    """Give the module of one implementation; skip with a word when there can be no kernel."""
    return _poseidon2_python if name == "python" else _kernel()


def gadgets(name: str) -> ModuleType:
    """Do the same for the gadgets of the public machine."""
    return _gadgets_python if name == "python" else _kernel()


def _kernel() -> ModuleType:
    try:
        return importlib.import_module("aztecd.crypto._kernel")
    except ImportError as error:
        found = compiler()
        if found:
            pytest.fail(
                f"the C kernel is missing although {found} exists; build it with pip install -e . ({error})"
            )
        pytest.skip("no C compiler on this machine, so there is no kernel to test")
