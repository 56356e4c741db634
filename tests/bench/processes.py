"""What /proc says about processes: families, memory, sockets, cores."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC = Path("/proc")
_LISTENING = "0A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident set sizes in MiB; pages that processes of a node share are counted in each of them."""

    node_mib: float
    """The node's process and all its children, without Anvil."""
    anvil_mib: float | None
    """Anvil, if its process is known."""


def pid_listening_on(port: int) -> int | None:
    """Find the process of this user that listens on a TCP port."""
    inodes = set()
    for name in ("tcp", "tcp6"):
        for line in (_PROC / "net" / name).read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == _LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{columns[9]}]")
    for folder in _PROC.glob("[0-9]*"):
        try:
            if any(str(entry.readlink()) in inodes for entry in (folder / "fd").iterdir()):
                return int(folder.name)
        except OSError:
            continue
    return None


def family(pid: int) -> list[int]:
    """Give a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text()
        except OSError:
            continue
        parent = int(status.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(int(folder.name))
    found = [pid]
    for known in found:
        found += children.get(known, [])
    return found


def is_anvil(pid: int) -> bool:
    """Tell whether a process is Anvil."""
    try:
        return (_PROC / str(pid) / "comm").read_text().strip() == "anvil"
    except OSError:
        return False


def memory(node: int, anvil: int | None) -> Memory:
    """Measure a node's family; Anvil may be in it or not."""
    members = family(node)
    anvils = {pid for pid in members if is_anvil(pid)} | ({anvil} if anvil else set())
    rest = set(members) - anvils
    return Memory(
        node_mib=sum(map(resident_mib, rest)),
        anvil_mib=sum(map(resident_mib, anvils)) if anvils else None,
    )


@contextmanager
def pinned(pid: int, cores: set[int] | None) -> Iterator[None]:
    """Hold a node's family, all threads, on some cores; Anvil stays where it is."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(pid)
    _pin(pid, cores)
    try:
        yield
    finally:
        _pin(pid, before)


def processor_s(pid: int) -> float:
    """Give the processor time that a node's family has used, without Anvil."""
    return sum(own_processor_s(member) for member in family(pid) if not is_anvil(member))


def own_processor_s(pid: int) -> float:
    """Give the processor time that one process has used; 0 when it is gone."""
    try:
        columns = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(columns[11]) + int(columns[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Give the resident MiB of one process."""
    return _status_mib(pid, "VmRSS:")


def anonymous_mib(pid: int) -> float:
    """Give the resident MiB of one process that belong to no file."""
    return _status_mib(pid, "RssAnon:")


def free_port() -> int:
    """Find a TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def restart_peak() -> float:
    """Let the peak of this process's memory begin anew; give its resident MiB."""
    (_PROC / "self" / "clear_refs").write_text("5")
    return resident_mib(os.getpid())


def peak_mib() -> float:
    """Give the most resident MiB of this process since `restart_peak`."""
    return _status_mib(os.getpid(), "VmHWM:")


def family_peak_mib(pid: int) -> float:
    """Give the sum of the most that each process of a node had, without Anvil."""
    return sum(_status_mib(member, "VmHWM:") for member in family(pid) if not is_anvil(member))


def _pin(pid: int, cores: set[int]) -> None:
    for member in family(pid):
        if not is_anvil(member):
            for thread in (_PROC / str(member) / "task").iterdir():
                try:
                    os.sched_setaffinity(int(thread.name), cores)
                except ProcessLookupError:
                    continue  # threads of pools come and go


def _status_mib(pid: int, name: str) -> float:
    try:
        text = (_PROC / str(pid) / "status").read_text()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(name)) / 1024
