"""The tutorial of the SDK is a program, and it works."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from tests.support.daemon import Daemon

_TUTORIAL = Path(__file__).resolve().parents[2] / "aztecd" / "docs" / "sdk.md"

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]

# The tutorial reads artifacts where it stands, as a person would, and the daemon is waited for.
pytestmark.append(pytest.mark.loop_may_block(1000))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("artifacts")
async def test_every_block_of_the_tutorial_runs(folder):
    blocks = re.findall(r"```python\n(.*?)```", _TUTORIAL.read_text(), re.DOTALL)
    assert len(blocks) > 8
    daemon = Daemon(is_bare=False, timeout_s=180)
    try:
        source = "\n".join(blocks).replace("http://127.0.0.1:8080", daemon.url)
        source = source.replace("http://127.0.0.1:8545", daemon.l1_url)
        code = compile(source, str(_TUTORIAL), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        running = eval(code, {"__name__": "tutorial"})
        assert inspect.iscoroutine(running)
        await running
    finally:
        daemon.stop()
    assert list((folder / "compiled").rglob("*")), "compiled programs are kept"
