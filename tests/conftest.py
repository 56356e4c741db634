"""What all tests share: profiles, the watch over event loops, the artifacts."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import hypothesis
import pytest
import structlog

from aztecd.artifacts import Artifacts, fetch
from tests.support.client_install import Client, install
from tests.support.daemon import Daemon
from tests.support.loop_watch import watched_loops
from tests.support.vectors import share_reads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xdist.remote import Producer

    from tests.support.two_ends import TwoEnds

_FAST = hypothesis.settings(deadline=None, print_blob=True)
hypothesis.settings.register_profile("dev", _FAST, max_examples=30)
hypothesis.settings.register_profile("ci", _FAST, max_examples=150, derandomize=True)
hypothesis.settings.register_profile("nightly", _FAST, max_examples=3000)
hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)


_LAST = "test_every_vector_was_read"
_ALONE = ("tests/test_vectors_read.py",)
"""Files that run when all others are done, also with several workers."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow", action="store_true", help="run the slow tests too (they always run when CI is set)"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "loop_may_block(factor): relax the limits of the event-loop watch")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests out unless asked for; put the check of the vectors last, and only into full runs."""
    asked = config.getoption("--slow") or os.environ.get("CI") or config.getoption("-m")
    left_out = [] if asked else [item for item in items if item.get_closest_marker("slow")]
    if not os.environ.get("AZTECD_LONG_TESTS"):
        # They read no vectors of their own, so a run without them is still a full one.
        long = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if item not in long]
        config.hook.pytest_deselected(items=long)
    is_full = (
        not left_out and not config.getoption("-m") and not config.getoption("-k") and _whole_tree(config)
    )
    last = [item for item in items if item.name == _LAST]
    if not is_full:
        left_out += last
    kept = [item for item in items if item not in left_out and item not in last]
    items[:] = kept + (last if is_full else [])
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """Look for reference cycles as seldom as the daemon does.

    A collection over everything that the tests have loaded takes a third of a second, and counts as work of
    whatever runs just then.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> TwoEnds:
    """Give the workers of `-n` their files."""
    from tests.support.two_ends import TwoEnds  # it needs xdist, which can be left out with -p

    return TwoEnds(config, log, last=_ALONE)


def _whole_tree(config: pytest.Config) -> bool:
    return config.args == config.getini("testpaths") and not config.getoption("--deselect")


@pytest.fixture(autouse=True)
def _event_loop_stays_free(request: pytest.FixtureRequest) -> Iterator[None]:
    marker = request.node.get_closest_marker("loop_may_block")
    with watched_loops(marker.args[0] if marker else 1.0) as blocked:
        yield
    assert not blocked, "the event loop was held up: " + "; ".join(blocked)


@pytest.fixture(autouse=True)
def _logging_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take back how a test sets up logging: later ones would log to the standard error that it had."""
    before, configure = structlog.get_config(), structlog.configure

    def configure_uncached(*args: object, **options: object) -> None:
        configure(*args, **options | {"cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", configure_uncached)
    yield
    configure(**before)


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that all workers of this run have in common."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def _vectors_read_elsewhere(run_dir: Path) -> Iterator[None]:
    """Leave the names of the vectors read here to the worker that checks them."""
    yield
    share_reads(run_dir)


@pytest.fixture(scope="session")
def artifacts() -> Artifacts:
    """The third-party artifacts, fetched if they are not in the user's cache yet."""
    return fetch()


@pytest.fixture(scope="session")
def client() -> Client:
    """The unmodified JavaScript client, installed if it is not in the user's cache yet; never left out."""
    return install()


@pytest.fixture
def daemon(artifacts: Artifacts, tmp_path: Path) -> Iterator[Daemon]:
    """A local network with an empty data directory; it must stop as promised."""
    started = Daemon(data_dir=tmp_path / "data")
    try:
        yield started
        started.stop()
    finally:
        started.kill()
