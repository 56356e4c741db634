"""ABI entries made of signatures, so that a test needs no contract artifact."""

from __future__ import annotations

from typing import Any


def split_types(text: str) -> list[str]:
    """Cut a list of types at the commas that are outside of all brackets."""
    parts, depth, current = [], 0, ""
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current] if current else parts


def parameter(kind: str, name: str = "") -> dict[str, Any]:
    if not kind.startswith("("):
        return {"name": name, "type": kind, "indexed": False}
    end = kind.rindex(")")
    components = [parameter(part) for part in split_types(kind[1:end])]
    return {"name": name, "type": f"tuple{kind[end + 1 :]}", "components": components, "indexed": False}


def entry(kind: str, signature: str, outputs: str = "", indexed: tuple[int, ...] = ()) -> dict[str, Any]:
    """Make an entry of type `function`, `event` or `error`."""
    name, _, rest = signature.partition("(")
    inputs = [parameter(part, f"p{index}") for index, part in enumerate(split_types(rest[:-1]))]
    for index in indexed:
        inputs[index]["indexed"] = True
    return {
        "type": kind,
        "name": name,
        "inputs": inputs,
        "outputs": [parameter(part) for part in split_types(outputs)],
    }
