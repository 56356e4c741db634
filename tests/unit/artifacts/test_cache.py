from __future__ import annotations

from pathlib import Path

import pytest

from aztecd.artifacts.cache import cache_root


@pytest.mark.parametrize(
    ("chosen", "xdg", "expected"),
    [
        ("/somewhere/else", "/xdg", "/somewhere/else"),
        ("", "/xdg", "/xdg/aztecd"),
        ("", "relative", "/home/me/.cache/aztecd"),
        ("", "", "/home/me/.cache/aztecd"),
        ("~/mine", "", "/home/me/mine"),
    ],
)
def test_the_place_of_the_cache(monkeypatch, chosen, xdg, expected):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("AZTECD_CACHE_DIR", chosen)
    monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    assert cache_root() == Path(expected)
