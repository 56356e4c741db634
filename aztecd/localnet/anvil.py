"""Anvil as our child: started with the saved L1 state, stopped with the state saved.

Anvil 1.5.1 writes its state when it ends by SIGINT or SIGTERM: the latest accounts and storage, all blocks,
transactions with their blobs, receipts and logs. State at older blocks is not in it, so after a restart
calls work at the blocks from then on only. The clock is not in it either; we set it again.

A keeper (`keeper.py`) sends Anvil SIGTERM when the daemon ends, however it ends, so even a `kill -9` of the
daemon leaves a saved state. Anvil writes in place; it therefore writes a file of its own, which takes the
place of the one that is loaded only when it is complete.

Anvil loads a KZG setup when it checks the first blob, which takes three seconds of one core. It checks none
of accounts that it impersonates, whose transactions are otherwise what they always are.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from aztecd.localnet.errors import AnvilBusyError, AnvilError, AnvilMissingError, AnvilPortError
from aztecd.localnet.keeper import Keeper, finish_mining
from aztecd.protocol.basic import EthAddress

__all__ = ["Anvil", "AnvilOptions"]

_POLL_S = 0.01
_HOST = "127.0.0.1"
_TAIL_BYTES = 64
_COPY_BYTES = 1 << 20
_MAX_OLD_STATES_ON_DISK = 500
"""Anvil's own limit of 3,600 takes 9 GB on a long-lived rollup; as many again are in its memory."""

_STATE_END = re.compile(rb'"historical_states":\s*null\s*}\s*$')


@dataclass(frozen=True, slots=True, kw_only=True)
class AnvilOptions:
    """How to run Anvil."""

    program: Path
    data_dir: Path
    """Where its state lives. Is created."""
    port: int = 8545
    """0 takes a free one."""
    chain_id: int = 31337
    continues: bool = True
    """Whether it goes on from the state that the directory has; otherwise that is removed."""
    start_timeout_s: float = 30.0
    stop_timeout_s: float = 20.0


class Anvil:
    """One running Anvil. Make it with `start`."""

    def __init__(
        self, options: AnvilOptions, process: subprocess.Popen[bytes], keeper: Keeper, port: int
    ) -> None:
        self._options = options
        self._process = process
        self._keeper = keeper
        self.port = port
        # Held while the saved state is replaced: a `save` in another thread must not undo what `stop` saves.
        self._saving = threading.Lock()
        self._is_stopping = False

    @classmethod
    def start(cls, options: AnvilOptions) -> Anvil:
        """Start Anvil with the state that it had; returns when it answers.

        Raises:
            AnvilMissingError: the program is not there or can't be executed.
            AnvilPortError: the port is taken.
            AnvilBusyError: an earlier Anvil on the same data directory does not end.
            AnvilError: it ended at once (its own words are in the message), or does not answer in time.
        """
        if not options.program.is_file() or not os.access(options.program, os.X_OK):
            raise AnvilMissingError(f"there is no Anvil program at {options.program}; run `aztecd fetch`")
        options.data_dir.mkdir(parents=True, exist_ok=True)
        files = _Files(options.data_dir)
        _await_predecessor(files.process, options.stop_timeout_s)
        if options.continues:
            files.adopt_new_state()
        else:
            files.remove_state()
        port = options.port or _free_port()
        _require_free_port(port)
        keeper = Keeper(port)
        try:
            process = _spawn(options, files, port, keeper)
        except BaseException:
            keeper.dismiss()
            raise
        anvil = cls(options, process, keeper, port)
        try:
            files.process.write_bytes(orjson.dumps({"pid": process.pid, "started": _start_time(process.pid)}))
            anvil._await_ready(files)
            anvil._continue_clock()
        except BaseException:
            anvil.kill()
            raise
        return anvil

    @property
    def url(self) -> str:
        """Where it serves JSON-RPC."""
        return f"http://{_HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def trust_blobs_of(self, account: EthAddress) -> None:
        """Take an account's blobs unchecked, also before the KZG setup is there. Raises AnvilError."""
        self._ask("anvil_impersonateAccount", f"0x{account.hex()}")

    def check_blobs_of(self, account: EthAddress) -> None:
        """Check an account's blobs again, as those of others. Raises AnvilError."""
        self._ask("anvil_stopImpersonatingAccount", f"0x{account.hex()}")

    def save(self) -> None:
        """Save the state while Anvil runs, for the case that all processes are killed or the power fails.

        Anvil can not mine meanwhile: about 3 ms for each checkpoint on L1. Raises AnvilError.
        """
        files = _Files(self._options.data_dir)
        draft = files.state.with_suffix(".draft")
        try:
            packed = bytes.fromhex(self._request("anvil_dumpState").removeprefix("0x"))
            with gzip.open(io.BytesIO(packed)) as source, draft.open("wb") as target:
                shutil.copyfileobj(source, target, _COPY_BYTES)
                target.flush()
                os.fsync(target.fileno())
            with self._saving:
                if self._is_stopping:
                    draft.unlink()
                else:
                    draft.replace(files.state)
        except (OSError, EOFError, ValueError, http.client.HTTPException) as error:
            raise AnvilError(f"can't save the state of Anvil in {files.state.parent}: {error}") from error

    def stop(self) -> None:
        """Let it save its state and end. Raises AnvilError when it had to be killed, or has crashed."""
        with self._saving:
            self._is_stopping = True
        files = _Files(self._options.data_dir)
        if self.is_running:
            finish_mining(self.port)
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(self._options.stop_timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AnvilError(
                    f"Anvil did not save its state within {self._options.stop_timeout_s:.0f} s and was "
                    "killed; the L1 chain is as it was at the last clean stop"
                ) from None
        self._keeper.dismiss()
        if self._process.returncode != 0:
            complaint = files.complaint() or "it said nothing"
            raise AnvilError(f"Anvil had ended with code {self._process.returncode}: {complaint}")
        files.process.unlink(missing_ok=True)
        files.adopt_new_state()
        files.remove_old_states()

    def kill(self) -> None:
        """End it at once; what happened on L1 since its start is lost."""
        if self.is_running:
            self._process.kill()
        self._process.wait()
        self._keeper.dismiss()

    def _await_ready(self, files: _Files) -> None:
        deadline = time.monotonic() + self._options.start_timeout_s
        while True:
            if not self.is_running:
                complaint = files.complaint()
                if "address already in use" in complaint.lower():
                    raise AnvilPortError(_port_message(self.port))
                raise AnvilError(
                    f"Anvil ended at once with code {self._process.returncode}: {complaint or 'no message'}"
                )
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                found = int(self._request("eth_chainId"), 16)
                if found != self._options.chain_id:
                    raise AnvilError(
                        f"Anvil's saved state is of chain id {found}, not {self._options.chain_id}; "
                        "use another data directory or chain id"
                    )
                # It answers a moment before it handles signals: one in between would lose the state.
                if _handles_sigterm(self.pid):
                    return
            if time.monotonic() > deadline:
                raise AnvilError(
                    f"Anvil does not answer on port {self.port} after {self._options.start_timeout_s:.0f} s"
                )
            time.sleep(_POLL_S)

    def _continue_clock(self) -> None:
        """Let L1 time go on from the newest block: a loaded Anvil has the wall clock, which may be behind."""
        latest = int(self._request("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        behind = latest + 1 - int(self._request("eth_getBlockByNumber", "pending", False)["timestamp"], 16)
        if behind > 0:
            self._request("evm_increaseTime", behind)

    def _ask(self, method: str, *params: Any) -> Any:
        try:
            return self._request(method, *params)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise AnvilError(f"Anvil does not answer {method}: {error}") from error

    def _request(self, method: str, *params: Any) -> Any:
        """Ask Anvil something without web3, which need not be loaded yet when Anvil starts."""
        connection = http.client.HTTPConnection(_HOST, self.port, timeout=10)
        try:
            body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            connection.request("POST", "/", body, {"content-type": "application/json"})
            answer = orjson.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "result" not in answer:
            raise AnvilError(f"Anvil refused {method}: {str(answer.get('error'))[:200]}")
        return answer["result"]


class _Files:
    """The files in Anvil's data directory."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state.json"
        self.new_state = folder / "state.new.json"
        self.process = folder / "anvil.json"
        self.log = folder / "anvil.log"
        self.cache = folder / "cache"

    def adopt_new_state(self) -> None:
        """Let the state that an Anvil left take the place of the older one, if it is complete."""
        try:
            with self.new_state.open("rb") as file:
                is_complete = _is_complete(file)
        except FileNotFoundError:
            return
        if is_complete:
            self.new_state.replace(self.state)
        else:
            self.new_state.unlink()

    def remove_old_states(self) -> None:
        """Remove what Anvil kept on disk to answer about old blocks; another Anvil does not read it."""
        shutil.rmtree(self.cache, ignore_errors=True)

    def remove_state(self) -> None:
        """Let Anvil begin a new chain."""
        self.state.unlink(missing_ok=True)
        self.new_state.unlink(missing_ok=True)

    def complaint(self) -> str:
        """What Anvil wrote last on its error output."""
        try:
            lines = self.log.read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return " ".join(line.strip() for line in lines[-6:])[:500]


def _is_complete(file: IO[bytes]) -> bool:
    """Whether the state was written to its end: its last member, without historical states, is null."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _TAIL_BYTES, 0))
    return _STATE_END.search(file.read()) is not None


def _spawn(options: AnvilOptions, files: _Files, port: int, keeper: Keeper) -> subprocess.Popen[bytes]:
    files.remove_old_states()
    command = [
        str(options.program),
        *("--host", _HOST),
        *("--port", str(port)),
        *("--chain-id", str(options.chain_id)),
        "--silent",
        "--no-request-size-limit",
        *("--cache-path", str(files.cache.resolve())),
        *("--max-persisted-states", str(_MAX_OLD_STATES_ON_DISK)),
        *("--dump-state", str(files.new_state.resolve())),
    ]
    if files.state.exists():
        command += ["--load-state", str(files.state.resolve())]
    with files.log.open("wb") as log, warnings.catch_warnings():
        # Python 3.12 warns of any code between fork and exec in a process with threads; see _end_with_parent.
        warnings.simplefilter("ignore", DeprecationWarning)
        return subprocess.Popen(  # noqa: S603  # the program's path and all arguments are ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=options.data_dir,
            # Its own group: Ctrl-C in a terminal reaches the daemon, which still needs Anvil to finish.
            process_group=0,
            # Before it becomes Anvil, so that there is no moment without a keeper. One system call.
            preexec_fn=keeper.adopt_self,  # noqa: PLW1509
        )


def _await_predecessor(record: Path, timeout_s: float) -> None:
    """Wait until the Anvil of an earlier start, which may still write its state, has ended."""
    try:
        known = orjson.loads(record.read_bytes())
        pid, started = int(known["pid"]), int(known["started"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    deadline = time.monotonic() + timeout_s
    while _start_time(pid) == started:
        if time.monotonic() > deadline:
            raise AnvilBusyError(
                f"the Anvil of an earlier start (process {pid}) still uses {record.parent}; "
                "stop the daemon that runs there, or use another data directory"
            )
        time.sleep(_POLL_S)
    record.unlink(missing_ok=True)


def _start_time(pid: int) -> int:
    """When a process started, in clock ticks since boot: with its id this names it. 0 if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])


def _handles_sigterm(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True  # no such file on this system: there is nothing to wait for
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) & 1 << (signal.SIGTERM - 1))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _require_free_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise AnvilPortError(_port_message(port)) from error


def _port_message(port: int) -> str:
    return (
        f"port {port} for the L1 node is taken by another program; choose another with --l1-port, "
        "or use the node that runs there with --l1-rpc-url"
    )
