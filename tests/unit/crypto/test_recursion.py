"""What is imported must not let nested JSON end the process instead of raising an error."""

import subprocess
import sys

from aztecd.crypto.recursion import RECURSION_LIMIT, bounded_recursion

_DEEP = """
import json, sys
from aztecd.l1 import L1Client
L1Client("http://127.0.0.1:1")
assert "py_ecc" in sys.modules
try:
    json.loads("[" * 200_000)
except RecursionError:
    print("refused")
"""


def test_no_test_module_raises_the_recursion_limit():
    assert sys.getrecursionlimit() <= RECURSION_LIMIT


def test_a_higher_limit_of_the_program_itself_stays():
    before = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(RECURSION_LIMIT + 1)
        with bounded_recursion():
            sys.setrecursionlimit(100_000)
        assert sys.getrecursionlimit() == RECURSION_LIMIT + 1
    finally:
        sys.setrecursionlimit(before)


def test_nested_json_is_an_error_in_a_process_that_talks_to_l1():
    found = subprocess.run([sys.executable, "-c", _DEEP], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "refused\n"), found.stderr
