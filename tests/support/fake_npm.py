"""A stand-in for npm: it "downloads" archives from a folder and can fail in the ways that npm fails.

`install` writes a program `npm` that obeys a small JSON file next to it, so that a test can change its
mind between two calls. Every `pack` is written down in `calls`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = """#!{python}
import json, os, shutil, sys, time
from pathlib import Path

home = Path(__file__).resolve().parent
if sys.argv[1:] == ["--version"]:
    print("11.0.0")
    raise SystemExit(0)
command, spec, *rest = sys.argv[1:]
assert command == "pack", command
options = dict(item.removeprefix("--").split("=", 1) for item in rest if "=" in item)
with (home / "calls").open("a") as log:
    log.write(spec + "\\n")
plan = json.loads((home / "plan.json").read_text())
archive = home / "archives" / (spec.replace("/", "+") + ".tgz")
cache = Path(options["cache"])
cache.mkdir(parents=True, exist_ok=True)
if plan["kind"] == "error":
    print(json.dumps({{"error": {{"code": plan["code"], "summary": plan["summary"], "detail": ""}}}}))
    raise SystemExit(1)
if plan["kind"] == "hang":
    data = archive.read_bytes()
    (cache / "part").write_bytes(data[:len(data) * 3 // 5])
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.02)
    raise SystemExit(1)
shutil.copy(archive, cache / "content")
shutil.copy(archive, Path(options["pack-destination"]) / archive.name)
"""


class FakeNpm:
    """The program and what it serves."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "archives").mkdir(parents=True)
        program = home / "npm"
        program.write_text(_PROGRAM.format(python=sys.executable))
        program.chmod(0o755)
        self.behave()

    def behave(self, kind: str = "serve", code: str = "", summary: str = "") -> None:
        """Decide what the next calls do: `serve`, `error` (with npm's code) or `hang`."""
        (self.home / "plan.json").write_text(json.dumps({"kind": kind, "code": code, "summary": summary}))

    def offer(self, spec: str, files: dict[str, bytes]) -> tuple[str, int]:
        """Pack files as npm does and serve them; gives the integrity value and the size."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name, data in files.items():
                info = tarfile.TarInfo("package/" + name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        data = buffer.getvalue()
        (self.home / "archives" / (spec.replace("/", "+") + ".tgz")).write_bytes(data)
        return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode(), len(data)

    @property
    def calls(self) -> list[str]:
        """The specs that were asked for, in order."""
        log = self.home / "calls"
        return log.read_text().split() if log.exists() else []
