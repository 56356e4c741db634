"""What can go wrong in the server itself, and what becomes an error answer.

    AztecdError
    ├── ListenError                  the server can't listen at its address
    │   └── PortInUseError           another program listens there
    └── InvalidInputError
        └── RequestError             a request that ends before any method runs: it has an HTTP status

Errors of JSON-RPC calls are values (`replies.Reply`); the codes are here.
"""

from __future__ import annotations

from typing import Final

from aztecd.errors import AztecdError, InvalidInputError

__all__ = [
    "BAD_REQUEST",
    "EXECUTION_FAILED",
    "INVALID_PARAMS",
    "INVALID_REQUEST",
    "METHOD_NOT_FOUND",
    "PARSE_ERROR",
    "ListenError",
    "PortInUseError",
    "RequestError",
]

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32701
"""The parameters have the wrong shape. Not the code of the standard, but what clients know."""
EXECUTION_FAILED: Final = -32702
"""A value is impossible, or the method refused. Not the code of the standard, but what clients know."""
BAD_REQUEST: Final = -32000


class ListenError(AztecdError):
    """The server can't listen at its address."""

    code = "listen"


class PortInUseError(ListenError):
    """Another program listens at the address."""

    code = "port_in_use"

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Port {port} on {host} is in use by another program: stop it, or choose another port."
        )
        self.host = host
        self.port = port


class RequestError(InvalidInputError):
    """An HTTP request that can't be handed to a method. `closes`: the connection ends with the answer."""

    code = "request"

    def __init__(self, message: str, *, status: int, rpc_code: int, closes: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.rpc_code = rpc_code
        self.closes = closes
