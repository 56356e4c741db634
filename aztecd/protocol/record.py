"""Protocol objects: frozen dataclasses whose members declare their wire form.

    @record
    class Gas(Record):
        da_gas: U32
        l2_gas: U32

`U32` is `Annotated[int, UintCodec(4)]`; a member whose type is itself a Record needs no annotation. The
declaration gives `encode`/`decode` (bytes), `to_fields` (field elements in the same order), `to_json`/
`from_json` (names in camelCase) and `empty` (everything zero).
"""

from __future__ import annotations

import dataclasses
import re
import typing
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform, get_args, get_origin

from aztecd.crypto.field import Fr
from aztecd.protocol.codec import Codec, DecodeError, JsonValue, OptionalCodec, Reader, SchemaError, json_kind

__all__ = ["JsonName", "Record", "RecordCodec", "camel_case", "codec_of", "record"]

T = TypeVar("T")

_CODEC_METHODS = ("write", "read", "to_json", "from_json")


@dataclasses.dataclass(frozen=True, slots=True)
class JsonName:
    """An annotation for the few members whose JSON name does not follow from their Python name."""

    name: str


def camel_case(name: str) -> str:
    """Turn snake_case into camelCase: `l2_to_l1_msgs` becomes `l2ToL1Msgs`."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def codec_of(hint: Any) -> Codec:
    """Find the codec that a member's type declares."""
    if get_origin(hint) is typing.Annotated:
        for note in get_args(hint)[1:]:
            if all(hasattr(note, name) for name in _CODEC_METHODS):
                return typing.cast("Codec", note)
        return codec_of(get_args(hint)[0])
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint.codec
    raise TypeError(f"no wire form is declared for {hint!r}")


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """One member: its Python name, JSON name and codec."""

    name: str
    json_name: str
    codec: Codec

    @property
    def is_optional(self) -> bool:
        """Whether the member may be absent."""
        return isinstance(self.codec, OptionalCodec)


class RecordCodec:
    """The forms of a whole object, member by member."""

    __slots__ = ("cls", "members")

    def __init__(self, cls: type[Record], members: tuple[Member, ...]) -> None:
        self.cls: type[Any] = cls
        self.members = members

    def write(self, value: Any, out: bytearray) -> None:
        for member in self.members:
            member.codec.write(getattr(value, member.name), out)

    def read(self, reader: Reader) -> Any:
        values = {}
        for member in self.members:
            try:
                values[member.name] = member.codec.read(reader)
            except DecodeError as error:
                raise DecodeError(error.reason, _join(member.json_name, error.path)) from error
        return self.build(values)

    def build(self, values: dict[str, Any], path: str = "") -> Any:
        """Make the object; what its `__post_init__` refuses is a DecodeError too."""
        try:
            return self.cls(**values)
        except ValueError as error:
            raise DecodeError(str(error), path) from error

    def fields(self, value: Any, out: list[bytes]) -> None:
        for member in self.members:
            member.codec.fields(getattr(value, member.name), out)

    def to_json(self, value: Any) -> JsonValue:
        return {
            member.json_name: member.codec.to_json(given)
            for member in self.members
            if (given := getattr(value, member.name)) is not None
        }

    def from_json(self, value: JsonValue, path: str) -> Any:
        if not isinstance(value, dict):
            raise SchemaError(
                f"Expected object, received {json_kind(value)}" if value is not None else "Required", path
            )
        values = {}
        for member in self.members:
            if member.json_name in value:
                values[member.name] = member.codec.from_json(
                    value[member.json_name], _join(path, member.json_name)
                )
            elif member.is_optional:
                values[member.name] = None
            else:
                raise SchemaError("Required", _join(path, member.json_name))
        return self.build(values, path)

    def zero(self) -> Any:
        return self.cls(**{member.name: member.codec.zero() for member in self.members})


class Record:
    """Base of all protocol objects; see the module's docstring."""

    __slots__ = ()
    codec: ClassVar[RecordCodec]

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the object from exactly these bytes. Raises DecodeError."""
        reader = Reader(bytes(data))
        value = cls.codec.read(reader)
        reader.finish()
        return typing.cast("Self", value)

    @classmethod
    def from_json(cls, value: JsonValue, path: str = "") -> Self:
        """Read the object from JSON data; unknown members are dropped. Raises SchemaError, DecodeError."""
        return typing.cast("Self", cls.codec.from_json(value, path))

    @classmethod
    def empty(cls) -> Self:
        """Make the object with all members zero, empty or absent."""
        return typing.cast("Self", cls.codec.zero())

    def encode(self) -> bytes:
        """Give the object's bytes."""
        out = bytearray()
        self.codec.write(self, out)
        return bytes(out)

    def to_fields(self) -> list[Fr]:
        """Give the object's field elements in the order of its members."""
        out: list[bytes] = []
        self.codec.fields(self, out)
        return typing.cast("list[Fr]", out)

    def to_json(self) -> JsonValue:
        """Give the object as JSON data in the reference's form."""
        return self.codec.to_json(self)

    def replace(self, **changes: Any) -> Self:
        """Copy the object with some members changed."""
        return typing.cast("Self", dataclasses.replace(typing.cast("Any", self), **changes))


@dataclass_transform(kw_only_default=True, frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """Make a class with annotated members a Record: a frozen dataclass with its codec.

    A class that derives from another record and sets `codec_type` uses its own RecordCodec subclass.
    """
    made: type[Any] = dataclasses.dataclass(frozen=True, slots=True, kw_only=True)(cls)
    hints = typing.get_type_hints(made, include_extras=True)
    members = []
    for field in dataclasses.fields(made):
        hint = hints[field.name]
        notes = get_args(hint)[1:] if get_origin(hint) is typing.Annotated else ()
        given = next((note.name for note in notes if isinstance(note, JsonName)), None)
        members.append(Member(field.name, given or camel_case(field.name), codec_of(hint)))
    made.codec = getattr(made, "codec_type", RecordCodec)(made, tuple(members))
    return typing.cast("type[T]", made)


def _join(first: str, second: str) -> str:
    return f"{first}.{second}" if first and second else first or second
