"""The interface's description in the OpenRPC format, made from the method table.

`GET /openrpc.json` serves it. Authority: the OpenRPC specification, version 1.3.
"""

from __future__ import annotations

from typing import Any

from aztecd import __version__
from aztecd.protocol.logs import LogFilter, LogId
from aztecd.protocol.tx import Tx
from aztecd.rpc.errors import EXECUTION_FAILED, INVALID_PARAMS
from aztecd.rpc.method import Method, Param
from aztecd.rpc.methods import METHODS, NAMESPACES
from aztecd.rpc.schemas import BASIC_SCHEMAS, schemas_of_records

__all__ = ["description"]


def description() -> dict[str, Any]:
    """Describe all methods under their canonical names."""
    records = [Tx, LogFilter, LogId, *(record for method in METHODS for record in method.result.records)]
    return {
        "openrpc": "1.3.2",
        "info": {
            "title": "aztecd",
            "version": __version__,
            "description": f"Every method is also there as `{NAMESPACES[1]}_<name>`.",
        },
        "methods": [_method(method) for method in METHODS],
        "components": {
            "schemas": {**BASIC_SCHEMAS, **schemas_of_records(records)},
            "errors": {
                "InvalidParams": {"code": INVALID_PARAMS, "message": "parameters have the wrong shape"},
                "ExecutionFailed": {"code": EXECUTION_FAILED, "message": "the method refused, and why"},
            },
        },
    }


def _method(method: Method) -> dict[str, Any]:
    return {
        "name": f"{NAMESPACES[0]}_{method.name}",
        "summary": method.doc,
        "paramStructure": "by-position",
        "params": [_param(param) for param in method.params],
        "result": {"name": "result", "schema": method.result.schema},
        "errors": [
            {"$ref": "#/components/errors/InvalidParams"},
            {"$ref": "#/components/errors/ExecutionFailed"},
        ],
    }


def _param(param: Param) -> dict[str, Any]:
    schema = param.kind.schema
    if param.optional and param.default is not None:
        schema = {**schema, "default": param.default}
    return {"name": param.name, "required": not param.optional, "schema": schema}
