"""Ask the reference's native simulator: what it does is what the network accepts.

It needs Node and the packages `@aztec/*` of the protocol's release in a folder (`bin/node`, `node_modules`)
that AZTEC_REFERENCE_DIR names, else ~/.cache/aztec-reference. Only tests that compare with it use it.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

RELEASE: Final = "4.1.2"

_SCRIPT: Final = Path(__file__).resolve().parents[1] / "reference" / "native_simulator.mjs"
_PACKAGES: Final = ("bb.js", "native", "simulator", "stdlib", "world-state")
_STOP_SECONDS: Final = 30


class ReferenceMissingError(Exception):
    """The reference is not installed here; the message says what is missing."""


class NativeSimulatorError(Exception):
    """The simulator's process ended, or could not make sense of a request."""


def find_reference() -> Path:
    """Find the installation. Raises ReferenceMissingError."""
    folder = Path(os.environ.get("AZTEC_REFERENCE_DIR") or "~/.cache/aztec-reference").expanduser()
    if not (folder / "bin" / "node").exists():
        raise ReferenceMissingError(f"the reference is not installed: no bin/node in {folder}")
    for package in _PACKAGES:
        manifest = folder / "node_modules" / "@aztec" / package / "package.json"
        try:
            version = json.loads(manifest.read_text())["version"]
        except OSError as error:
            raise ReferenceMissingError(f"the reference lacks @aztec/{package}: {error}") from error
        if version != RELEASE:
            raise ReferenceMissingError(f"@aztec/{package} is {version} in {folder}, not {RELEASE}")
    return folder


class NativeSimulator:
    """The simulator as a process of its own, for the time of a `with` block.

    Cases have the form of the recorded vectors, with all bytecodes in them. Results have the form of the
    vectors' `expected` without what the native simulator does not tell (`instructions`), and `seconds`, the
    time inside the native call. The trees are reset for every case.
    """

    def __init__(self, folder: Path) -> None:
        """Use the installation in this folder."""
        self._folder = folder
        self._scratch = tempfile.TemporaryDirectory(prefix="native-simulator-", ignore_cleanup_errors=True)
        self._process: subprocess.Popen[str] | None = None
        self._errors = Path(self._scratch.name) / "stderr"

    def __enter__(self) -> Self:
        """Start the process; it answers after about a second."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NODE_")},
            "AZTEC_REFERENCE_DIR": str(self._folder),
            "NODE_BACKEND": "js",  # bcrypto: an installation without install scripts lacks its native part
            "LOG_LEVEL": "silent",
            "TMPDIR": self._scratch.name,
        }
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [str(self._folder / "bin" / "node"), "--no-warnings", str(_SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self._scratch.name,
                env=environment,
                text=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the process; answers that nobody read are lost."""
        process = self._process
        assert process is not None
        if error is not None:
            process.kill()
        try:
            process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        self._scratch.cleanup()

    def store(self, **contracts: Any) -> None:
        """Store what transactions need: `classes`, `bytecodes` and `instances` in the form of the vectors."""
        self._ask([{"kind": "contracts", **contracts}])

    def calls(self, cases: Iterable[Any], defaults: Any) -> list[Any]:
        """Run cases of one call each; the results come in the same order."""
        return self._ask([{"kind": "call", "case": case, "defaults": defaults} for case in cases])

    def transactions(self, cases: Iterable[Any]) -> list[Any]:
        """Run cases of whole transactions; their contracts must have been stored."""
        return self._ask([{"kind": "transaction", "case": case} for case in cases])

    def time_call(self, case: Any, defaults: Any, *, times: int) -> list[float]:
        """Measure a case of one call, again and again on the same state; seconds inside the native call."""
        return self._time({"kind": "call", "case": case, "defaults": defaults, "measure": times})

    def time_transaction(self, case: Any, *, times: int) -> list[float]:
        """Measure a case of a transaction likewise."""
        return self._time({"kind": "transaction", "case": case, "measure": times})

    def _time(self, request: dict[str, Any]) -> list[float]:
        (result,) = self._ask([request])
        if "error" in result:
            raise NativeSimulatorError(result["error"])
        seconds: list[float] = result["seconds"]
        return seconds

    def _ask(self, requests: Sequence[dict[str, Any]]) -> list[Any]:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        # A thread writes: otherwise each side could wait for the other to read.
        writer = threading.Thread(target=self._write, args=(process, requests))
        writer.start()
        try:
            return [self._answer(process.stdout, number) for number in range(len(requests))]
        except BaseException:
            process.kill()  # what is still under way would be taken for the answers of later requests
            raise
        finally:
            writer.join()

    def _write(self, process: subprocess.Popen[str], requests: Sequence[dict[str, Any]]) -> None:
        assert process.stdin is not None
        try:
            for number, request in enumerate(requests):
                process.stdin.write(json.dumps({"id": number, **request}) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # the reader finds out, and knows more

    def _answer(self, output: IO[str], number: int) -> Any:
        line = output.readline()
        if not line:
            raise NativeSimulatorError(f"the simulator ended: {self._errors.read_text()[-2000:]}")
        reply = json.loads(line)
        if "error" in reply:
            raise NativeSimulatorError(f"request {number}: {reply['error']}")
        assert reply["id"] == number, f"answer {reply['id']} to request {number}"
        return reply["result"]
