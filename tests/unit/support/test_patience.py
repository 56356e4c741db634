import os

import pytest

from tests.support.patience import patience


@pytest.mark.parametrize(
    ("load", "cores", "limit_s"), [(0.1, 2, 5.0), (2.0, 2, 5.0), (9.0, 2, 22.5), (3.0, None, 15.0)]
)
def test_a_limit_grows_with_the_load_of_each_core(monkeypatch, load, cores, limit_s):
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert patience(5.0) == limit_s
