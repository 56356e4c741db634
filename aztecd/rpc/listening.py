"""A port that is ours before anybody is served: what else a start does need not be undone then."""

from __future__ import annotations

import errno
import socket
from types import TracebackType
from typing import Any, Final, Self

from aztecd.rpc.errors import ListenError, PortInUseError

__all__ = ["LOOPBACK", "Port"]

LOOPBACK: Final = "127.0.0.1"


class Port:
    """A bound port. Clients are refused until somebody listens, other programs can't have it.

    A context manager: it is free again at the end. Mutable: it follows the life of a socket.
    """

    __slots__ = ("_host", "_socket")

    def __init__(self, host: str, port: int) -> None:
        """Take the port, 0 for a free one, at an address that the host has: of IPv4 where it has both.

        Raises PortInUseError, ListenError.
        """
        self._host = host
        try:
            found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
            self._socket = socket.socket(family, kind, protocol)
        except OSError as error:
            raise ListenError(f"Can't listen on {host}: {error.strerror or error}.") from error
        try:
            self._bind(address)
        except OSError as error:
            self._socket.close()
            raise self._failure(port, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    @property
    def number(self) -> int:
        """The port's number."""
        return int(self._socket.getsockname()[1])

    @classmethod
    def of(cls, host: str, port: int | Port) -> Port:
        """Give a port that was taken before as it is, and take one that was not."""
        return port if isinstance(port, Port) else cls(host, port)

    def listen(self, backlog: int) -> socket.socket:
        """Let clients connect; the socket still belongs to the port. Raises PortInUseError, ListenError."""
        try:
            # For the next start: what remains of connections then does not keep the port.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.listen(backlog)
            self._socket.setblocking(False)
        except OSError as error:
            raise self._failure(self.number, error) from error
        return self._socket

    def _bind(self, address: tuple[Any, ...]) -> None:
        try:
            # With SO_REUSEADDR another program could take the port as well until one of the two listens.
            self._socket.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            # Perhaps by what remains of the connections of an earlier start.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(address)

    def _failure(self, port: int, error: OSError) -> ListenError:
        if error.errno == errno.EADDRINUSE:
            return PortInUseError(self._host, port)
        return ListenError(f"Can't listen on {self._host} port {port}: {error.strerror or error}.")
