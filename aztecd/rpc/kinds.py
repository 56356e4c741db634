"""The kinds of parameters: how JSON becomes the values that the node's methods take.

A kind reads one value. What has the wrong shape is noted in `Issues` and reading goes on, so that the client
learns of all of it at once (-32701); a value of the right shape that can't exist raises DecodeError (-32702).

Authority for shapes and texts: @aztec/foundation src/schemas/{schemas,utils}.ts,
src/branded-types/block_number.ts, @aztec/stdlib src/interfaces/aztec-node.ts (4.1.2), and the zod library's
default texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from aztecd.crypto.field import FR_MODULUS, FR_SIZE, Fr
from aztecd.protocol.codec import HEX, Codec, DecodeError, FrCodec, JsonValue, SchemaError, json_kind
from aztecd.protocol.identifier_codecs import AztecAddressCodec, EthAddressCodec, TxHashCodec

__all__ = [
    "AZTEC_ADDRESS",
    "BLOCK",
    "BOOLEAN",
    "ETH_ADDRESS",
    "FIELD",
    "MISSING",
    "TREE",
    "TX_HASH",
    "ArrayKind",
    "CoercedNumber",
    "Issues",
    "Kind",
    "MemberKind",
    "NumberKind",
    "TextKind",
]

MISSING: Final = object()
"""A parameter or member that is not there; JSON `null` is None."""

MAX_SAFE_INTEGER: Final = 2**53 - 1
"""Greater numbers lose digits in JSON; they are refused instead of rounded."""

_MODULUS_BYTES = FR_MODULUS.to_bytes(FR_SIZE, "big")
_LITERAL = re.compile(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MAX_NUMBER_TEXT = 400
_ELEMENT: Final = FrCodec()


@dataclass(slots=True)
class Issues:
    """What is wrong with the shape of the parameters. Mutable: reading adds to it.

    The reference finds issues of plain values before those of values that allow several forms, as numbers do
    that may be text.
    """

    early: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)

    def add(self, message: str, path: str) -> None:
        """Note an issue; `path` is dot-joined from the parameter's index."""
        self.early.append(f"{message} ({path})")

    def add_late(self, message: str, path: str) -> None:
        """Note an issue of a value that has several forms."""
        self.late.append(f"{message} ({path})")

    def text(self) -> str:
        """Join all issues to the reference's message; empty when there are none."""
        return ". ".join(self.early + self.late)


class Kind(Protocol):
    """One kind of parameter."""

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema, for the interface's description."""

    def read(self, value: JsonValue, path: str, issues: Issues) -> Any:
        """Read a value; with a new issue the result means nothing. Raises DecodeError."""


def expected(kind: str, value: JsonValue) -> str:
    """Say that a value is of another kind, or not there."""
    return "Required" if value is MISSING else f"Expected {kind}, received {json_kind(value)}"


@dataclass(frozen=True, slots=True)
class MemberKind:
    """A value that a codec of the protocol reads."""

    codec: Codec
    schema: dict[str, Any]

    def read(self, value: JsonValue, path: str, issues: Issues) -> Any:
        """Read what the codec reads."""
        if value is MISSING:
            issues.add("Required", path)
            return None
        try:
            return self.codec.from_json(value, path)
        except SchemaError as error:
            # The text of a value that has several forms, none of which fits.
            note = issues.add_late if error.reason == "Invalid input" else issues.add
            note(error.reason, error.path)
            return None


@dataclass(frozen=True, slots=True)
class _FieldKind:
    """A field element: `0x` and hexadecimal digits, or decimal digits."""

    schema: dict[str, Any]

    def read(self, value: JsonValue, path: str, issues: Issues) -> Fr | None:
        if type(value) is str and len(value) == 66 and value[:2] == "0x":
            try:
                data = bytes.fromhex(value[2:])
            except ValueError:
                data = b""
            # `fromhex` skips blanks, so the length tells whether all 64 characters were digits.
            if len(data) == FR_SIZE and data < _MODULUS_BYTES:
                return Fr(data)
        if value is MISSING:
            issues.add("Required", path)
            return None
        try:
            return _ELEMENT.from_json(value, path)
        except SchemaError as error:
            issues.add(error.reason, error.path)
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberKind:
    """A JSON number within bounds; strings are refused. `name` appears when it is not whole."""

    name: str
    above: int | None = None
    least: int | None = None
    most: int | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """Give the bounds."""
        least = self.above + 1 if self.above is not None else self.least
        return _bounded(least, self.most)

    def read(self, value: JsonValue, path: str, issues: Issues) -> int | None:
        """Read a number; a fraction raises DecodeError if there are no issues, as in the reference."""
        if type(value) not in {int, float}:
            issues.add(expected("number", value), path)
            return None
        if self.above is not None and value <= self.above:
            issues.add(f"Number must be greater than {self.above}", path)
        if self.least is not None and value < self.least:
            issues.add(f"Number must be greater than or equal to {self.least}", path)
        most = MAX_SAFE_INTEGER if self.most is None else self.most
        if value > most:
            issues.add(f"Number must be less than or equal to {most}", path)
        if abs(value) > MAX_SAFE_INTEGER:
            return None
        if value != int(value):
            if issues.text():
                return None
            raise DecodeError(f"{self.name} must be an integer, got {value}", path)
        return int(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoercedNumber:
    """A whole number, given as a JSON number or as text that JavaScript's `Number` takes."""

    least: int | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """Give the bound."""
        return {"anyOf": [_bounded(self.least, None), {"type": "string"}]}

    def read(self, value: JsonValue, path: str, issues: Issues) -> int | None:
        """Read a number or its text."""
        if type(value) is str:
            number = number_of_text(value)
            if number is None:
                issues.add_late("Expected number, received nan", path)
                return None
        elif type(value) in {int, float}:
            number = value
        else:
            issues.add_late("Invalid input", path)
            return None
        if abs(number) > MAX_SAFE_INTEGER:
            issues.add_late("Number must be a safe integer, of at most 53 bits", path)
            return None
        is_whole = number == int(number)
        if not is_whole:
            issues.add_late("Expected integer, received float", path)
        if self.least is not None and number < self.least:
            issues.add_late(f"Number must be greater than or equal to {self.least}", path)
        return int(number) if is_whole else None


class _BlockKind:
    """A block's hash, number or `latest`, tried in this order: a string of digits is a hash."""

    __slots__ = ()

    @property
    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/components/schemas/BlockParameter"}

    def read(self, value: JsonValue, path: str, issues: Issues) -> Any:
        if value == "latest":
            return value
        if type(value) is str:
            if HEX.fullmatch(value):
                return FIELD.read(value, path, issues)
            number = number_of_text(value)
        else:
            number = value if type(value) in {int, float} else None
        if number is None or not 0 <= number <= MAX_SAFE_INTEGER or number != int(number):
            issues.add_late("Invalid input", path)
            return None
        return int(number)


class _TreeKind:
    """A tree's number."""

    __slots__ = ()

    @property
    def schema(self) -> dict[str, Any]:
        return {
            "enum": [0, 1, 2, 3, 4],
            "description": "0 nullifiers, 1 note hashes, 2 public data, 3 messages from L1, 4 archive",
        }

    def read(self, value: JsonValue, path: str, issues: Issues) -> int | None:
        if type(value) not in {int, float, str}:
            issues.add(expected("0 | 1 | 2 | 3 | 4", value), path)
            return None
        if type(value) is str or value not in {0, 1, 2, 3, 4}:
            shown = str(value)[:100]
            issues.add(f"Invalid enum value. Expected 0 | 1 | 2 | 3 | 4, received '{shown}'", path)
            return None
        return int(value)


class _BooleanKind:
    """True or false."""

    __slots__ = ()

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, value: JsonValue, path: str, issues: Issues) -> bool:
        if type(value) is not bool:
            issues.add(expected("boolean", value), path)
        return value is True


@dataclass(frozen=True, slots=True)
class TextKind:
    """A string of bounded length, counted in UTF-16 units as clients count."""

    longest: int

    @property
    def schema(self) -> dict[str, Any]:
        """Give the bound."""
        return {"type": "string", "maxLength": self.longest}

    def read(self, value: JsonValue, path: str, issues: Issues) -> str:
        """Read a string."""
        if type(value) is not str:
            issues.add(expected("string", value), path)
            return ""
        if len(value) > self.longest or len(value.encode("utf-16-le")) > 2 * self.longest:
            issues.add(f"String must contain at most {self.longest} character(s)", path)
        return value


@dataclass(frozen=True, slots=True)
class ArrayKind:
    """A bounded array of one kind; read as a tuple."""

    item: Kind
    longest: int

    @property
    def schema(self) -> dict[str, Any]:
        """Give the bound and the items."""
        return {"type": "array", "items": self.item.schema, "maxItems": self.longest}

    def read(self, value: JsonValue, path: str, issues: Issues) -> tuple[Any, ...]:
        """Read all items, unless there are too many."""
        if type(value) is not list:
            issues.add(expected("array", value), path)
            return ()
        if len(value) > self.longest:
            issues.add(f"Array must contain at most {self.longest} element(s)", path)
            return ()
        read = self.item.read
        return tuple([read(item, f"{path}.{index}", issues) for index, item in enumerate(value)])


def number_of_text(text: str) -> int | float | None:
    """Read text as JavaScript's `Number` does; None stands for NaN and for what is out of all bounds."""
    text = text.strip()
    if not text:
        return 0
    if len(text) > _MAX_NUMBER_TEXT:
        return None
    if _WHOLE.fullmatch(text):
        return int(text)
    if _LITERAL.fullmatch(text):
        return int(text, 0)
    return float(text) if _DECIMAL.fullmatch(text) and float(text) < MAX_SAFE_INTEGER else None


def _bounded(least: int | None, most: int | None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    if least is not None:
        schema["minimum"] = least
    if most is not None:
        schema["maximum"] = most
    return schema


FIELD: Final[Kind] = _FieldKind({"$ref": "#/components/schemas/FrInput"})
BLOCK: Final[Kind] = _BlockKind()
TREE: Final[Kind] = _TreeKind()
BOOLEAN: Final[Kind] = _BooleanKind()
TX_HASH: Final[Kind] = MemberKind(TxHashCodec(), {"$ref": "#/components/schemas/TxHash"})
AZTEC_ADDRESS: Final[Kind] = MemberKind(AztecAddressCodec(), {"$ref": "#/components/schemas/AztecAddress"})
ETH_ADDRESS: Final[Kind] = MemberKind(EthAddressCodec(), {"$ref": "#/components/schemas/EthAddress"})
