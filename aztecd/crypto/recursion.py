"""How deep Python may recurse in processes that use py_ecc or web3."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["RECURSION_LIMIT", "bounded_recursion"]

RECURSION_LIMIT: Final = 5_000
"""The trace of 1,024 calls in each other, as deep as the EVM goes, has some 2,100 levels of JSON."""


@contextmanager
def bounded_recursion() -> Iterator[None]:
    """Import py_ecc, eth_account and web3 within this.

    The first, which the others import, sets a limit of 100,000: JSON that is nested so deeply overflows the
    stack and ends the process, where RecursionError is wanted.
    """
    before = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(max(before, RECURSION_LIMIT))  # a program's own wish stays
