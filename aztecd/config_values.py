"""Values of settings: read from TOML and from text, converted, and shown again."""

from __future__ import annotations

import tomllib
import types
import typing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from aztecd.errors import InvalidInputError

__all__ = ["ConfigError", "convert", "display_url", "masked_url", "read_toml", "shown"]


_KINDS: Final = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Path: "a path",
    str: "a text",
}


class ConfigError(InvalidInputError):
    """A setting is unknown or has a wrong value."""

    code = "config"


def read_toml(file: Path) -> dict[str, Any]:
    """Read a file of sections as values by `section.name`. Raises ConfigError."""
    try:
        with file.open("rb") as handle:
            tree = tomllib.load(handle)
    except OSError as error:
        raise ConfigError(f"can't read the configuration file {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from error
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": given for inner, given in value.items()}
        else:
            flat[key] = value
    return flat


def convert(key: str, value: Any, kind: Any, origin: str) -> Any:
    """Make a value of the setting's type; several texts are a list, or one text with commas between them.

    `origin` is for the message. Raises ConfigError.
    """
    if isinstance(kind, types.UnionType):
        kind = next(part for part in typing.get_args(kind) if part is not types.NoneType)
    if typing.get_origin(kind) is tuple:
        return _texts(key, value, origin)
    try:
        if kind is bool:
            return value if isinstance(value, bool) else _boolean(str(value))
        if kind is int:
            # `int` would cut a fraction off, and take a flag for a number.
            return int(str(value))
        if kind is float:
            return float(value)
        if kind is Path:
            return _path(value)
        return str(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{key} ({origin}): {value!r} is not {_KINDS[kind]}") from None


def _path(value: Any) -> Path:
    if not value:
        # An empty text would be the current directory, and nobody means that: a variable was not set.
        raise ValueError(value)
    return Path(value).expanduser()


def _texts(key: str, value: Any, origin: str) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ConfigError(f"{key} ({origin}): {value!r} is not a list of texts")
    return tuple(text for part in parts if (text := part.strip()))


def _boolean(text: str) -> bool:
    match text.strip().lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
    raise ValueError(text)


def display_url(url: str) -> str:
    """Give an address without user, password, path and query, which may hold credentials."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(no URL)"
    if not parts.hostname:
        return "(no URL)"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def masked_url(url: str) -> str:
    """Leave out of a URL what may be secret: user, password and query."""
    url, question, _ = url.partition("?")
    scheme, separator, rest = url.partition("://")
    # The last @: a password that has one, or a slash, stays hidden too.
    return f"{scheme}{separator}{rest.rpartition('@')[2]}{question and '?...'}"


def shown(value: Any) -> str:
    """Write a value as in a TOML file; what is not set is an empty text."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return '""'
    if isinstance(value, tuple):
        return f"[{', '.join(map(shown, value))}]"
    return str(value) if isinstance(value, int | float) else f'"{value}"'
