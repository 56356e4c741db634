"""The stand-in for a user must notice what a user would."""

from __future__ import annotations

import sys

import pytest

from tests.support.daemon import Daemon

GOOD = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print(sys.argv[1:]); print("ready http://127.0.0.1:1234")
signal.pause()
"""


def start(program: str, **options: object) -> Daemon:
    return Daemon(command=(sys.executable, "-c", program), **options)


def test_the_ready_line_gives_the_url_and_a_good_daemon_stops(tmp_path):
    daemon = start(GOOD, data_dir=tmp_path, arguments=("--log-level", "debug"))
    assert daemon.url == "http://127.0.0.1:1234"
    assert daemon.output[0] == str(
        [
            "local",
            "--port",
            "0",
            "--l1-port",
            "0",
            "--log-level",
            "debug",
            "--bare",
            "--data-dir",
            str(tmp_path),
        ]
    )
    daemon.stop()


def test_a_daemon_that_ends_before_it_is_ready_is_reported_with_its_words():
    with pytest.raises(AssertionError, match="status 3\nno luck"):
        start("import sys; print('no luck'); sys.exit(3)")


def test_a_daemon_that_is_never_ready_is_stopped():
    with pytest.raises(AssertionError, match="no line"):
        start("import signal; signal.pause()", timeout_s=0.3)


def test_a_wrong_status_is_noticed():
    daemon = start(GOOD.replace("exit(0)", "exit(4)"))
    with pytest.raises(AssertionError, match="status 4"):
        daemon.stop()


def test_a_daemon_that_does_not_stop_is_noticed(monkeypatch):
    monkeypatch.setattr("tests.support.daemon.STOP_LIMIT_S", 0.2)
    daemon = start(
        GOOD.replace("sys.exit(0)", "None").replace("signal.pause()", "while True: signal.pause()")
    )
    with pytest.raises(AssertionError, match="still running"):
        daemon.stop()
    assert daemon.process.poll() is not None
