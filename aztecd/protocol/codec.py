"""The building blocks of wire formats: how one value becomes bytes, field elements and JSON, and back.

A codec is attached to a member of a protocol object by `Annotated` (see `record.py`), so that each layout
is declared once. Decoders are total: they give a value or raise DecodeError; they never read beyond the
input, and check lengths before they allocate. JSON that has the wrong shape raises SchemaError, JSON that
has the right shape and a wrong value raises DecodeError; the JSON-RPC server tells them apart.

Authority: @aztec/foundation src/serialize, src/schemas (4.1.2); texts as the reference gives them.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Any, Final, Protocol

from aztecd.crypto.field import FR_MODULUS, FR_SIZE, FR_ZERO, FieldError, Fr, fr_from_bytes
from aztecd.errors import InvalidInputError

__all__ = [
    "BoolCodec",
    "BytesCodec",
    "Codec",
    "DecodeError",
    "FrCodec",
    "FrListCodec",
    "IntCodec",
    "JsonValue",
    "ListCodec",
    "OptionalCodec",
    "Reader",
    "SchemaError",
    "TextCodec",
    "UintCodec",
    "json_kind",
    "read_base64",
    "read_element",
    "read_number",
    "split_elements",
]

type_names: Final = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}

JsonValue = Any
"""A value as a JSON parser gives it: dict, list, str, int, float, bool or None."""

_MODULUS_BYTES = FR_MODULUS.to_bytes(FR_SIZE, "big")
HEX = re.compile(r"(0x)?[0-9a-fA-F]*")
_NUMBER = re.compile(r"\s*(-?[0-9]+|0[xX][0-9a-fA-F]+)\s*", re.ASCII)


class DecodeError(InvalidInputError):
    """Bytes or JSON hold a value that the type does not have; `path` names the member."""

    code = "decode"

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


class SchemaError(InvalidInputError):
    """JSON has the wrong shape. The message is `<reason> (<path>)`, the path dot-joined."""

    code = "schema"

    def __init__(self, reason: str, path: str) -> None:
        super().__init__(f"{reason} ({path})")
        self.reason = reason
        self.path = path


def json_kind(value: JsonValue) -> str:
    """Name the kind of a JSON value as the reference's validation texts do."""
    return type_names.get(type(value), "undefined")


class Reader:
    """A position in bytes from outside."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        """Give the next `size` bytes. Raises DecodeError when there are fewer."""
        start = self.position
        end = start + size
        if end > len(self.data):
            raise DecodeError(
                f"Attempted to read beyond buffer length. Start index: {start}, "
                f"Num bytes to read: {size}, Buffer length: {len(self.data)}"
            )
        self.position = end
        return self.data[start:end]

    def finish(self) -> None:
        """Raise DecodeError when bytes are left."""
        if self.position != len(self.data):
            raise DecodeError(f"{len(self.data) - self.position} bytes follow the value")


class Codec(Protocol):
    """One value's forms. `fields` appends 32-byte elements; all JSON is plain Python data."""

    def write(self, value: Any, out: bytearray) -> None:
        """Append the value's bytes."""

    def read(self, reader: Reader) -> Any:
        """Take the value from the reader. Raises DecodeError."""

    def fields(self, value: Any, out: list[bytes]) -> None:
        """Append the value's field elements."""

    def to_json(self, value: Any) -> JsonValue:
        """Give the value as JSON data."""

    def from_json(self, value: JsonValue, path: str) -> Any:
        """Read JSON data. Raises SchemaError or DecodeError."""

    def zero(self) -> Any:
        """Give the empty value."""


class UintCodec:
    """An unsigned integer of `size` bytes; `json` is `number`, `decimal` (a string) or `hex` (a field)."""

    __slots__ = ("json", "limit", "size")

    def __init__(self, size: int, json: str = "number") -> None:
        self.size = size
        self.json = json
        self.limit = min(1 << (8 * size), FR_MODULUS)

    def write(self, value: int, out: bytearray) -> None:
        out += value.to_bytes(self.size, "big")

    def read(self, reader: Reader) -> int:
        value = int.from_bytes(reader.take(self.size), "big")
        if value >= self.limit:
            raise DecodeError(f"Value 0x{value:064x} is greater or equal to field modulus.")
        return value

    def fields(self, value: int, out: list[bytes]) -> None:
        out.append(value.to_bytes(FR_SIZE, "big"))

    def to_json(self, value: int) -> JsonValue:
        match self.json:
            case "number":
                return value
            case "decimal":
                return str(value)
            case _:
                return f"0x{value:064x}"

    def from_json(self, value: JsonValue, path: str) -> int:
        number = self._hex_number(value, path) if self.json == "hex" else read_number(value, path)
        if number < 0 and self.json == "number":
            raise SchemaError("Number must be greater than or equal to 0", path)
        if not 0 <= number < self.limit:
            raise DecodeError(f"Value {_clip(hex(number))} does not fit in {self.size} bytes", path)
        return number

    def _hex_number(self, value: JsonValue, path: str) -> int:
        return int.from_bytes(_FR.from_json(value, path), "big")

    def zero(self) -> int:
        return 0


class IntCodec:
    """A signed number: two's complement of `size` bytes, a decimal string in JSON."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size

    def write(self, value: int, out: bytearray) -> None:
        out += value.to_bytes(self.size, "big", signed=True)

    def read(self, reader: Reader) -> int:
        return int.from_bytes(reader.take(self.size), "big", signed=True)

    def fields(self, value: int, out: list[bytes]) -> None:
        raise TypeError("a signed number has no field form")

    def to_json(self, value: int) -> JsonValue:
        return str(value)

    def from_json(self, value: JsonValue, path: str) -> int:
        number = read_number(value, path)
        half = 1 << (8 * self.size - 1)
        if not -half <= number < half:
            raise DecodeError(f"Value {_clip(hex(number))} does not fit in {self.size} bytes", path)
        return number

    def zero(self) -> int:
        return 0


class BoolCodec:
    """A flag in one byte: 0 is false, all else is true, as the reference reads it."""

    __slots__ = ()

    def write(self, value: bool, out: bytearray) -> None:
        out.append(1 if value else 0)

    def read(self, reader: Reader) -> bool:
        return reader.take(1)[0] != 0

    def fields(self, value: bool, out: list[bytes]) -> None:
        out.append((1 if value else 0).to_bytes(FR_SIZE, "big"))

    def to_json(self, value: bool) -> JsonValue:
        return value

    def from_json(self, value: JsonValue, path: str) -> bool:
        if not isinstance(value, bool):
            raise SchemaError(f"Expected boolean, received {json_kind(value)}", path)
        return value

    def zero(self) -> bool:
        return False


class FrCodec:
    """One field element."""

    __slots__ = ()

    def write(self, value: Fr, out: bytearray) -> None:
        out += value

    def read(self, reader: Reader) -> Fr:
        return read_element(reader.take(FR_SIZE))

    def fields(self, value: Fr, out: list[bytes]) -> None:
        out.append(value)

    def to_json(self, value: Fr) -> JsonValue:
        return "0x" + value.hex()

    def from_json(self, value: JsonValue, path: str) -> Fr:
        """Read a field as the reference does: plain digits are decimal, hex letters need `0x`."""
        if not isinstance(value, str):
            raise SchemaError(f"Expected string, received {json_kind(value)}", path)
        if not HEX.fullmatch(value):
            raise SchemaError("Not a valid hex string", path)
        if value == "0x":
            raise DecodeError('Invalid hex-encoded string: "0x"', path)
        digits = value.removeprefix("0x")
        try:
            number = int(digits, 16) if value.startswith("0x") else int(digits)
        except ValueError:
            raise DecodeError(f"Tried to create a Fr from an invalid string: {_clip(value)}", path) from None
        if number >= FR_MODULUS:
            raise DecodeError(f"Value {_clip(hex(number))} is greater or equal to field modulus.", path)
        return Fr(number.to_bytes(FR_SIZE, "big"))

    def zero(self) -> Fr:
        return FR_ZERO


class BytesCodec:
    """A fixed number of bytes; `json` is `hex` (with `0x`) or `base64`. One field when 32 bytes or fewer."""

    __slots__ = ("json", "size")

    def __init__(self, size: int, json: str = "hex") -> None:
        self.size = size
        self.json = json

    def write(self, value: bytes, out: bytearray) -> None:
        out += value

    def read(self, reader: Reader) -> bytes:
        return bytes(reader.take(self.size))

    def fields(self, value: bytes, out: list[bytes]) -> None:
        out.append(value.rjust(FR_SIZE, b"\0"))

    def to_json(self, value: bytes) -> JsonValue:
        return "0x" + value.hex() if self.json == "hex" else base64.b64encode(value).decode()

    def from_json(self, value: JsonValue, path: str) -> bytes:
        data = read_base64(value, path) if self.json == "base64" else self._from_hex(value, path)
        if len(data) != self.size:
            raise DecodeError(f"Expected {self.size} bytes, got {len(data)}", path)
        return data

    def _from_hex(self, value: JsonValue, path: str) -> bytes:
        if not isinstance(value, str):
            raise SchemaError(f"Expected string, received {json_kind(value)}", path)
        if not HEX.fullmatch(value):
            raise SchemaError("Not a valid hex string", path)
        digits = value.removeprefix("0x")
        if len(digits) != 2 * self.size:
            raise DecodeError(f"Expected {self.size} bytes, got {len(digits) / 2:g}", path)
        return bytes.fromhex(digits)

    def zero(self) -> bytes:
        return bytes(self.size)


class FrListCodec:
    """Field elements: a fixed `length`, or a count of `count_size` bytes before them and at most `limit`."""

    __slots__ = ("count_size", "length", "limit")

    def __init__(self, length: int | None = None, *, count_size: int = 0, limit: int = 1 << 16) -> None:
        self.length = length
        self.count_size = count_size
        self.limit = limit if length is not None else min(limit, (1 << 8 * count_size) - 1)

    def write(self, value: tuple[Fr, ...], out: bytearray) -> None:
        if self.length is None:
            out += len(value).to_bytes(self.count_size, "big")
        out += b"".join(value)

    def read(self, reader: Reader) -> tuple[Fr, ...]:
        count = self.length
        if count is None:
            count = int.from_bytes(reader.take(self.count_size), "big")
            if count > self.limit:
                raise DecodeError(f"{count} field elements where at most {self.limit} are allowed")
        return split_elements(reader.take(count * FR_SIZE))

    def fields(self, value: tuple[Fr, ...], out: list[bytes]) -> None:
        out += value

    def to_json(self, value: tuple[Fr, ...]) -> JsonValue:
        return ["0x" + element.hex() for element in value]

    def from_json(self, value: JsonValue, path: str) -> tuple[Fr, ...]:
        if not isinstance(value, list):
            raise SchemaError(f"Expected array, received {json_kind(value)}", path)
        if self.length is not None and len(value) != self.length:
            raise DecodeError(f"Expected {self.length} fields, got {len(value)}", path)
        if len(value) > self.limit:
            raise DecodeError(f"{len(value)} field elements where at most {self.limit} are allowed", path)
        read = _FR.from_json
        return tuple([read(item, f"{path}.{index}") for index, item in enumerate(value)])

    def zero(self) -> tuple[Fr, ...]:
        return (FR_ZERO,) * (self.length or 0)


class ListCodec:
    """Values of one codec: a fixed `length`, or a count of `count_size` bytes and at most `limit` values."""

    __slots__ = ("count_size", "item", "length", "limit")

    def __init__(
        self, item: Codec, length: int | None = None, *, count_size: int = 0, limit: int = 1 << 16
    ) -> None:
        self.item = item
        self.length = length
        self.count_size = count_size
        self.limit = limit if length is not None else min(limit, (1 << 8 * count_size) - 1)

    def write(self, value: tuple[Any, ...], out: bytearray) -> None:
        if self.length is None:
            out += len(value).to_bytes(self.count_size, "big")
        write = self.item.write
        for item in value:
            write(item, out)

    def read(self, reader: Reader) -> tuple[Any, ...]:
        count = self.length
        if count is None:
            count = int.from_bytes(reader.take(self.count_size), "big")
            if count > self.limit:
                raise DecodeError(f"{count} items where at most {self.limit} are allowed")
        read = self.item.read
        return tuple([read(reader) for _ in range(count)])

    def fields(self, value: tuple[Any, ...], out: list[bytes]) -> None:
        for item in value:
            self.item.fields(item, out)

    def to_json(self, value: tuple[Any, ...]) -> JsonValue:
        give = self.item.to_json
        return [give(item) for item in value]

    def from_json(self, value: JsonValue, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise SchemaError(f"Expected array, received {json_kind(value)}", path)
        if self.length is not None and len(value) != self.length:
            raise DecodeError(f"Expected {self.length} items, got {len(value)}", path)
        if len(value) > self.limit:
            raise DecodeError(f"{len(value)} items where at most {self.limit} are allowed", path)
        return tuple([self.item.from_json(item, f"{path}.{index}") for index, item in enumerate(value)])

    def zero(self) -> tuple[Any, ...]:
        return tuple(self.item.zero() for _ in range(self.length or 0))


class OptionalCodec:
    """A value that may be absent: a flag comes before it in bytes, JSON objects leave it out."""

    __slots__ = ("item",)

    def __init__(self, item: Codec) -> None:
        self.item = item

    def write(self, value: Any, out: bytearray) -> None:
        out.append(0 if value is None else 1)
        if value is not None:
            self.item.write(value, out)

    def read(self, reader: Reader) -> Any:
        return self.item.read(reader) if reader.take(1)[0] else None

    def fields(self, value: Any, out: list[bytes]) -> None:
        raise TypeError("an optional member has no field form")

    def to_json(self, value: Any) -> JsonValue:
        return None if value is None else self.item.to_json(value)

    def from_json(self, value: JsonValue, path: str) -> Any:
        return self.item.from_json(value, path)

    def zero(self) -> Any:
        return None


class TextCodec:
    """A string; UTF-8 behind a u32 length in bytes."""

    __slots__ = ()

    def write(self, value: str, out: bytearray) -> None:
        data = value.encode()
        out += len(data).to_bytes(4, "big") + data

    def read(self, reader: Reader) -> str:
        try:
            return reader.take(int.from_bytes(reader.take(4), "big")).decode()
        except UnicodeDecodeError as error:
            raise DecodeError("text is not UTF-8") from error

    def fields(self, value: str, out: list[bytes]) -> None:
        raise TypeError("text has no field form")

    def to_json(self, value: str) -> JsonValue:
        return value

    def from_json(self, value: JsonValue, path: str) -> str:
        if not isinstance(value, str):
            raise SchemaError(f"Expected string, received {json_kind(value)}", path)
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise DecodeError("text holds half of a surrogate pair", path)
        return value

    def zero(self) -> str:
        return ""


_FR = FrCodec()


def read_element(data: bytes, path: str = "") -> Fr:
    """Check the 32 bytes of one element. Raises DecodeError."""
    try:
        return fr_from_bytes(data)
    except FieldError as error:
        raise DecodeError(str(error), path) from error


def _clip(text: str) -> str:
    """Keep a value from outside short enough for a message."""
    return text if len(text) <= 100 else text[:100] + "..."


def read_number(value: JsonValue, path: str) -> int:
    """Read a whole number: a JSON number, or decimal or `0x` digits in a string. Raises SchemaError."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        text = value.strip()
        try:
            return int(text, 16 if text[:2] in {"0x", "0X"} else 10)
        except ValueError:  # more digits than Python converts
            raise SchemaError("Expected number, received nan", path) from None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) or (isinstance(value, float) and not math.isfinite(value)):
        raise SchemaError("Expected number, received nan", path)
    if not isinstance(value, float):
        raise SchemaError(f"Expected number, received {json_kind(value)}", path)
    if not value.is_integer():
        raise SchemaError("Expected integer, received float", path)
    return int(value)


def split_elements(data: bytes) -> tuple[Fr, ...]:
    """Cut packed elements; one comparison of the greatest checks them all. Raises DecodeError."""
    elements = [Fr(data[start : start + FR_SIZE]) for start in range(0, len(data), FR_SIZE)]
    if elements and max(elements) >= _MODULUS_BYTES:
        raise DecodeError(f"Value 0x{max(elements).hex()} is greater or equal to field modulus.")
    return tuple(elements)


def read_base64(value: JsonValue, path: str) -> bytes:
    """Read a buffer: base64 text, or `{"type": "Buffer", "data": [bytes]}`. Raises SchemaError.

    Long texts are held to the form too; the reference decodes those beyond 1024 characters as far as it can.
    """
    if isinstance(value, str):
        if len(value) % 4 or value.endswith("==="):  # what the strict mode overlooks
            raise SchemaError("Not a valid base64 string", path)
        try:
            return binascii.a2b_base64(value, strict_mode=True)
        except ValueError:
            raise SchemaError("Not a valid base64 string", path) from None
    if isinstance(value, dict) and value.get("type") == "Buffer" and isinstance(value.get("data"), list):
        try:
            return bytes(value["data"])
        except (TypeError, ValueError):
            raise SchemaError("Invalid input", path) from None
    raise SchemaError("Required" if value is None else "Invalid input", path)
