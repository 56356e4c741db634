"""The parts of jsonrpcserver that dispatch calls.

Used are its method table, its guarded calls and its result types. Its parsing, schema validation, argument
binding and serialising are not: the reference answers otherwise on the wire (error codes, ids, absent
results), and they take 69 microseconds for a call that takes 4 (`docs/decisions/0008`).
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # On import it reads its schema with a function of the standard library that is deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from jsonrpcserver import Error, Success
    from jsonrpcserver.async_dispatcher import call as call_async
    from jsonrpcserver.dispatcher import call, get_method
    from jsonrpcserver.methods import Methods
    from jsonrpcserver.request import Request
    from jsonrpcserver.result import Result
    from jsonrpcserver.sentinels import NOCONTEXT, NODATA

__all__ = [
    "NOCONTEXT",
    "NODATA",
    "Error",
    "Methods",
    "Request",
    "Result",
    "Success",
    "call",
    "call_async",
    "get_method",
]
