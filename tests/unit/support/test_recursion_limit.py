"""What tests import must not change how Python behaves in the tests that follow."""

import sys


def test_no_test_module_changes_the_recursion_limit():
    # py_ecc sets 10,000 or more, with which nested JSON ends the process instead of raising an error.
    assert sys.getrecursionlimit() == 1000
