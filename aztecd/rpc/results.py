"""The kinds of results: how the values that the node's methods give become JSON.

None never comes here: a method that finds nothing is answered without a `result` member.
Authority: @aztec/foundation src/json-rpc/convert.ts, @aztec/stdlib src/interfaces/aztec-node.ts (4.1.2).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aztecd.protocol.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from aztecd.protocol.codec import JsonValue

__all__ = [
    "BOOLEAN",
    "ELEMENT",
    "INDEX_AND_PATH",
    "MESSAGES",
    "NOTHING",
    "NUMBER",
    "OBJECT",
    "TEXT",
    "TREE_WITNESS",
    "ResultKind",
    "list_of",
    "record_of",
    "record_or_null_list",
]


@dataclass(frozen=True, slots=True)
class ResultKind:
    """One kind of result. `weigh` estimates the field elements in a value; without it values are small."""

    schema: dict[str, Any]
    to_json: Callable[[Any], JsonValue]
    records: tuple[type[Record], ...] = ()
    weigh: Callable[[Any], int] | None = None


def _same(value: Any) -> JsonValue:
    return value


def _record(value: Record) -> JsonValue:
    return value.to_json()


def _records(values: Any) -> JsonValue:
    return [value.to_json() for value in values]


def _records_or_null(values: Any) -> JsonValue:
    return [None if value is None else value.to_json() for value in values]


def _hex(value: bytes) -> JsonValue:
    return "0x" + value.hex()


def _nested(value: Any) -> JsonValue:
    return _hex(value) if isinstance(value, bytes) else [_nested(item) for item in value]


def _nested_records(value: Any) -> JsonValue:
    return value.to_json() if isinstance(value, Record) else [_nested_records(item) for item in value]


def _index_and_path(value: Any) -> JsonValue:
    index, path = value
    return [str(index), base64.b64encode(path.encode()).decode()]


def _ref(record: type[Record]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{record.__name__}"}


def record_of(record: type[Record], weigh: Callable[[Any], int] | None = None) -> ResultKind:
    """Declare one object as the result."""
    return ResultKind(_ref(record), _record, (record,), weigh)


def list_of(record: type[Record], weigh: Callable[[Any], int] | None = None, *, depth: int = 1) -> ResultKind:
    """Declare a list of objects, or lists of lists of them."""
    schema = _ref(record)
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return ResultKind(schema, _records if depth == 1 else _nested_records, (record,), weigh)


def record_or_null_list(record: type[Record]) -> ResultKind:
    """Declare a list that has null where nothing was found."""
    items = {"oneOf": [_ref(record), {"type": "null"}]}
    return ResultKind({"type": "array", "items": items}, _records_or_null, (record,))


def _fields_schema(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"$ref": "#/components/schemas/Fr"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


NOTHING: Final = ResultKind({"type": "null"}, _same)
BOOLEAN: Final = ResultKind({"type": "boolean"}, _same)
NUMBER: Final = ResultKind({"type": "integer"}, _same)
TEXT: Final = ResultKind({"type": "string"}, _same)
OBJECT: Final = ResultKind({"type": "object"}, _same)
ELEMENT: Final = ResultKind({"$ref": "#/components/schemas/Fr"}, _hex)
MESSAGES: Final = ResultKind(_fields_schema(4), _nested)
TREE_WITNESS: Final = ResultKind(
    {
        "type": "string",
        "contentEncoding": "base64",
        "description": "leaf index (32 bytes), then the sibling path from the leaf's level up",
    },
    lambda value: value.to_json(),
)
INDEX_AND_PATH: Final = ResultKind(
    {
        "type": "array",
        "prefixItems": [{"type": "string"}, {"type": "string", "contentEncoding": "base64"}],
        "description": "leaf index in decimal digits; sibling path: count (4 bytes), then the siblings",
    },
    _index_and_path,
)
