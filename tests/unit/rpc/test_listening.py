from __future__ import annotations

import errno
import socket

import pytest

from aztecd.rpc import LOOPBACK, ListenError, Port, PortInUseError


def bind_as_servers_do(port: int) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((LOOPBACK, port))
        other.listen()


def test_a_port_that_was_taken_is_nobody_elses():
    with Port(LOOPBACK, 0) as port:
        number = port.number
        with pytest.raises(PortInUseError, match=f"Port {port.number} on {LOOPBACK} is in use"):
            Port(LOOPBACK, port.number)
        with pytest.raises(OSError, match="in use") as refused:
            bind_as_servers_do(port.number)
        assert refused.value.errno == errno.EADDRINUSE
    bind_as_servers_do(number)


def test_clients_are_refused_until_somebody_listens():
    with Port(LOOPBACK, 0) as port:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((LOOPBACK, port.number))
        port.listen(1)
        socket.create_connection((LOOPBACK, port.number)).close()


def test_what_remains_of_connections_does_not_keep_a_port():
    with Port(LOOPBACK, 0) as port:
        number = port.number
        listener = port.listen(1)
        listener.settimeout(10)
        client = socket.create_connection((LOOPBACK, number))
        server, _ = listener.accept()
        # Who closes first keeps the connection for a minute.
        server.close()
        assert client.recv(1) == b""
        client.close()
    with Port(LOOPBACK, number) as again:
        again.listen(1)
        with pytest.raises(PortInUseError):
            Port(LOOPBACK, number)


def test_an_address_of_another_machine_is_told():
    with pytest.raises(ListenError, match=r"192\.0\.2\.1 port 0"):
        Port("192.0.2.1", 0)


def test_a_name_with_addresses_of_both_families_means_ipv4(monkeypatch):
    def resolve(host, port, **options):
        assert host == "localhost"
        inet = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (LOOPBACK, port))
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)), inet]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with Port("localhost", 0) as port:
        assert port.listen(1).getsockname() == (LOOPBACK, port.number)
