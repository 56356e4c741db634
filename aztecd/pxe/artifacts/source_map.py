"""From the opcode that failed to places in the source.

Debug symbols are base64 of raw deflate of JSON; they are large and are unpacked at the first question,
which is asked only when something failed. A place is a node of a tree whose parents are the calls around it
(functions are inlined); the root stands for nothing.

Lines and columns begin with 1. The compiler counts bytes of UTF-8, and so do we; the reference takes the same
numbers for characters, and differs in lines behind a non-ASCII one.

Authority: @aztec/simulator src/common/errors.ts (`resolveOpcodeLocations`), @aztec/stdlib src/abi/abi.ts
(`parseDebugSymbols`), src/errors/simulation_error.ts (4.1.2).
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import orjson

from aztecd.pxe.artifacts.errors import ArtifactError

__all__ = ["SourceFile", "SourceLocation", "SourceMap", "render_call_stack"]

_MAX_SYMBOLS_BYTES: Final = 256 << 20
_MAX_DEPTH: Final = 1000
_MAX_TEXT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file of the source."""

    path: str
    source: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLocation:
    """A place in the source, and the text that stands there."""

    path: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class SourceMap:
    """The places of one function's opcodes. Keeps what it has unpacked."""

    def __init__(self, debug_symbols: str, files: Mapping[int, SourceFile]) -> None:
        self._packed = debug_symbols
        self._files = files

    def call_stack(
        self, locations: Sequence[str], brillig_function: int | None = None
    ) -> list[SourceLocation]:
        """Give the calls that lead to a failing opcode, outermost first.

        `locations` are opcode locations, outermost first: `"12"` is an ACIR opcode, `"12.7"` opcode 7 of the
        unconstrained function (`brillig_function`) that it runs. What the symbols do not know is left out.
        Raises ArtifactError when the symbols are damaged.
        """
        found: list[SourceLocation] = []
        for location in locations:
            found += self._places(self._node(location, brillig_function))
        if found and "." in locations[-1]:
            # The unconstrained function's own frames begin at its entry: the call stands before them.
            found = self._places(self._node(locations[-1].partition(".")[0], None)) + found
        return found

    def _node(self, location: str, brillig_function: int | None) -> object:
        _, _, pc = location.partition(".")
        if pc and brillig_function is not None:
            return _table(_table(self._symbols, "brillig_locations"), str(brillig_function)).get(pc)
        return _table(self._symbols, "acir_locations").get(location)

    def _places(self, node: object) -> list[SourceLocation]:
        found: list[SourceLocation] = []
        try:
            nodes = _table(self._symbols, "location_tree").get("locations", [])
            while node is not None and len(found) < _MAX_DEPTH:
                entry = nodes[node]
                if entry["parent"] is None:
                    break
                place = self._place(entry["value"])
                if place is not None:
                    found.append(place)
                node = entry["parent"]
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"damaged debug symbols: {type(error).__name__} {error}") from error
        return found[::-1]

    def _place(self, value: Mapping[str, Any]) -> SourceLocation | None:
        file = self._files.get(int(value["file"]))
        if file is None:
            return None
        source = file.source.encode()
        start, end = int(value["span"]["start"]), int(value["span"]["end"])
        before = source[:start]
        line_start = before.rfind(b"\n") + 1
        return SourceLocation(
            path=file.path,
            line=before.count(b"\n") + 1,
            column=len(before[line_start:].decode("utf-8", "replace")) + 1,
            text=source[start:end].decode("utf-8", "replace"),
        )

    @cached_property
    def _symbols(self) -> dict[str, Any]:
        if not self._packed:
            return {}
        try:
            inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            data = inflate.decompress(base64.b64decode(self._packed), _MAX_SYMBOLS_BYTES)
            if not inflate.eof:
                raise ArtifactError(f"debug symbols of more than {_MAX_SYMBOLS_BYTES >> 20} MiB, or cut off")
            infos = orjson.loads(data)["debug_infos"]
            # Programs of one circuit: its symbols are the first ones.
            symbols = infos[0] if infos else {}
        except (binascii.Error, zlib.error, orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise ArtifactError(f"damaged debug symbols: {type(error).__name__} {error}") from error
        if not isinstance(symbols, dict):
            raise ArtifactError("damaged debug symbols: no object")
        return symbols


def _table(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name, {})
    if not isinstance(found, dict):
        raise ArtifactError(f"damaged debug symbols: {name} is no object")
    return found


def render_call_stack(
    calls: Sequence[tuple[str, str]], locations: Sequence[SourceLocation | str]
) -> list[str]:
    """Write a failure's calls, innermost first, as the reference's errors do.

    `calls` are (contract, function), outermost first; `locations` the places within the last one, or opcode
    locations that no symbols resolve.
    """
    lines = [f"at {contract}.{function}" for contract, function in calls]
    for location in locations:
        if isinstance(location, str):
            lines.append(f"at opcode {location}")
        else:
            text = location.text if len(location.text) <= _MAX_TEXT else location.text[:_MAX_TEXT] + "…"
            lines.append(f"at {text} ({location})")
    return lines[::-1]
