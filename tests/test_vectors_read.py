"""The last test of a full run."""

from __future__ import annotations

from tests.support.vectors import unread


def test_every_vector_was_read(run_dir):
    assert unread(run_dir) == []
