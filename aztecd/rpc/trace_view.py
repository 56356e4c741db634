"""A trace for human eyes, for the command line: calls as a tree, what failed in red."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TextIO

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

__all__ = ["show_trace"]

_PHASES: Final = {"setup": "setup", "appLogic": "app logic", "teardown": "teardown"}
_SMALL: Final = 1 << 64
_SHOWN_VALUES: Final = 8
_WIDTH: Final = 20_000
"""Where no terminal says how wide it is: lines are not broken then."""


def show_trace(trace: Mapping[str, Any], stream: TextIO) -> None:
    """Print a result of `traceTx`; colours only on a terminal."""
    console = Console(file=stream, highlight=False, width=None if stream.isatty() else _WIDTH)
    tree = Tree(_headline(trace), guide_style="dim")
    for phase in trace["phases"]:
        branch = tree.add(Text(_PHASES[phase["phase"]], "bold"))
        for call in phase["calls"]:
            _add_call(branch, call)
    if not trace["phases"]:
        tree.add(Text("no public calls", "dim"))
    console.print(tree)
    if trace["truncated"]:
        console.print(Text("The trace is cut: some calls, events or values are missing.", "yellow"))


def _headline(trace: Mapping[str, Any]) -> Text:
    where = f"block {trace['blockNumber']}" if "blockNumber" in trace else "simulated"
    text = Text(f"{trace['txHash']}  {where}  ")
    if "error" in trace:
        return text.append(f"thrown out: {_printable(trace['error'])}", "bold red")
    result = trace["executionResult"]
    text.append(result, "bold green" if result == "success" else "bold red")
    used = trace["gasUsed"]["totalGas"]
    return text.append(f"  gas {_gas(used)}, fee {trace['transactionFee']}")


def _add_call(parent: Tree, call: Mapping[str, Any]) -> None:
    has_failed = call["ended"] != "return"
    text = Text(_short(call["contractAddress"]), "cyan")
    name = call.get("functionName") or call.get("functionSelector")
    if name is not None:
        text.append(f" {_printable(name)}", "bold")
    arguments = call["calldata"][1:] if "functionSelector" in call else call["calldata"]
    text.append(f"({_values(arguments, call['calldataSize'] - len(call['calldata']))})")
    if call["isStaticCall"]:
        text.append(" static", "magenta")
    text.append(f"  gas {_gas(call['gas']['used'])}")
    if call["calls"] and "own" in call["gas"]:
        text.append(f" (own {_gas(call['gas']['own'])})")
    text.append(f", {call['instructions']} instructions", "dim")
    if has_failed:
        text.append(f"  {call['ended']}", "bold red")
    branch = parent.add(text)
    for event in call["events"]:
        if event["kind"] != "call":
            branch.add(_event(event))
        elif event["index"] < len(call["calls"]):
            _add_call(branch, call["calls"][event["index"]])
    if call["callCount"] > len(call["calls"]):
        branch.add(Text(f"{call['callCount'] - len(call['calls'])} more calls", "yellow"))
    if has_failed:
        message = _printable(call.get("message", "")).rstrip(" :") or "reverted"
        stack = " > ".join(map(str, call["internalCallStack"]))
        branch.add(Text(f"{message}, at {stack}" if stack else message, "red"))
    if call["outputSize"]:
        missing = call["outputSize"] - len(call["output"])
        if has_failed:
            # In hexadecimal: it begins with the selector of an error, by which the artifact has its text.
            branch.add(Text(f"revert data {_values(call['output'], missing, hex)}", "red"))
        else:
            branch.add(Text(f"returns {_values(call['output'], missing)}", "green"))


def _event(event: Mapping[str, Any]) -> Text:
    kind = event["kind"]
    match kind:
        case "storageRead":
            return Text(f"read {_short(event['slot'])} = {_short(event['value'])}")
        case "storageWrite":
            before, after = _short(event["previousValue"]), _short(event["value"])
            return Text(f"write {_short(event['slot'])}: {before} -> {after}", "yellow")
        case "instanceLookup":
            found = "deployed" if event["exists"] else "not deployed"
            return Text(f"instance {_short(event['contractAddress'])}: {found}")
        case "publicLog":
            return Text(f"public log [{_values(event['fields'])}]", "blue")
        case "l2ToL1Message":
            return Text(f"message to {event['recipient']}: {_short(event['content'])}", "blue")
        case "debugLog":
            return Text(f"{event['level']}: {_printable(event['message'])}", "bold blue")
        case _ if "exists" in event:
            found = "exists" if event["exists"] else "does not exist"
            return Text(f"{_words(kind.removesuffix('Check'))} {_short(event['value'])} {found}")
        case _:
            return Text(f"new {_words(kind)} {_short(event['value'])}", "yellow")


def _gas(gas: Mapping[str, int]) -> str:
    da_part = f" + {gas['daGas']} DA" if gas["daGas"] else ""
    return f"{gas['l2Gas']}{da_part}"


def _words(kind: str) -> str:
    return {"noteHash": "note hash", "l1ToL2Message": "L1 message"}.get(kind, kind)


def _short(element: str, small: Callable[[int], str] = str) -> str:
    value = int(element, 16)
    return small(value) if value < _SMALL else f"{element[:10]}..{element[-4:]}"


def _values(elements: Sequence[str], missing: int = 0, small: Callable[[int], str] = str) -> str:
    shown = [_short(element, small) for element in elements[:_SHOWN_VALUES]]
    missing += max(0, len(elements) - _SHOWN_VALUES)
    return ", ".join([*shown, *([f"... {missing} more"] if missing else [])])


def _printable(text: str) -> str:
    """Keep what contracts wrote from steering the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
