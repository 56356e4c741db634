"""The words of `aztecd wallet` and `aztecd codegen`. What they do is imported when they are used."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

__all__ = ["PASSPHRASE", "add_codegen_command", "add_wallet_commands"]

PASSPHRASE: Final = "AZTECD_WALLET_PASSPHRASE"  # noqa: S105 - a variable's name

_Subparsers = Any
_KINDS: Final = ("schnorr", "ecdsasecp256k1", "ecdsasecp256r1", "schnorr_single_key")
_ARGUMENTS: Final = "JSON values; what is none is taken as text, @NAME as the address of that account"


def add_codegen_command(commands: _Subparsers) -> None:
    """Add `codegen`."""
    codegen = commands.add_parser("codegen", help="write typed Python bindings for a contract")
    codegen.add_argument("artifact", type=Path, metavar="ARTIFACT", help="the contract's artifact (JSON)")
    codegen.add_argument("--output", type=Path, metavar="FILE", help="where to write (default: the terminal)")
    codegen.set_defaults(run=_run_codegen)


def add_wallet_commands(commands: _Subparsers) -> None:
    """Add `wallet` and its actions."""
    wallet = commands.add_parser("wallet", help="accounts, balances, deployments, calls; a wallet service")
    actions = wallet.add_subparsers(dest="action", required=True, metavar="ACTION")

    _action(actions, "accounts", "list the wallet's accounts")

    create = _action(actions, "create", "make an account and deploy it")
    create.add_argument("--kind", choices=_KINDS, default="schnorr", help="(default %(default)s)")
    create.add_argument("--alias", default="", help="a name for it")
    create.add_argument("--secret-file", type=Path, metavar="FILE", help="the account's secret, hexadecimal")
    create.add_argument("--salt", default=None, metavar="FIELD", help="(default: random; 0 without value)")
    _add_sponsor(create)
    create.add_argument(
        "--no-deploy",
        action="store_true",
        help="only take it into the wallet; the same secret and salt without this option deploy it later",
    )

    balance = _action(actions, "balance", "show a token's balances of an account")
    balance.add_argument("token", metavar="ADDRESS")
    _add_sender(balance)

    deploy = _action(actions, "deploy", "deploy a contract")
    deploy.add_argument("artifact", metavar="ARTIFACT", help="a file, or the name of a known contract")
    deploy.add_argument("arguments", nargs="*", metavar="ARG", help=_ARGUMENTS)
    deploy.add_argument("--constructor", metavar="NAME")
    _add_sender(deploy)
    _add_sponsor(deploy)

    for name, help_text in (
        ("send", "send a call and wait until it is mined"),
        ("simulate", "run a call without sending it, and print what it returns"),
    ):
        call = _action(actions, name, help_text)
        call.add_argument("contract", metavar="ADDRESS")
        call.add_argument("function", metavar="FUNCTION")
        call.add_argument("arguments", nargs="*", metavar="ARG", help=_ARGUMENTS)
        call.add_argument("--artifact", metavar="ARTIFACT", help="of the contract, if the wallet lacks it")
        _add_sender(call)
        if name == "send":
            _add_sponsor(call)

    serve = _action(
        actions, "serve", "answer aztec.js' WalletSchema by JSON-RPC on this machine", _run_service
    )
    serve.add_argument("--port", type=int, default=0, help="(default: a free one)")
    serve.add_argument(
        "--app",
        action="append",
        default=[],
        metavar="NAME",
        help="an application with a token of its own, which is shown once; it and what is granted are kept",
    )
    serve.add_argument(
        "--new-token", action="append", default=[], metavar="NAME", help="give an application another token"
    )
    serve.add_argument(
        "--forget", action="append", default=[], metavar="NAME", help="let an application in no longer"
    )
    serve.add_argument(
        "--approve",
        choices=("all", "ask", "none"),
        default="ask",
        help="what an application may do without a grant (default %(default)s)",
    )


def _action(
    actions: _Subparsers,
    name: str,
    help_text: str,
    run: Callable[[argparse.Namespace], int] | None = None,
) -> argparse.ArgumentParser:
    """Add an action with what all have in common; without `run` it is one of `ACTIONS`."""
    parser: argparse.ArgumentParser = actions.add_parser(name, help=help_text)
    parser.add_argument("--node-url", default="http://127.0.0.1:8080", help="(default %(default)s)")
    parser.add_argument("--data-dir", type=Path, required=True, metavar="DIR", help="where the wallet lies")
    parser.add_argument(
        "--artifacts",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder of contract artifacts, before those that `aztecd fetch` has brought",
    )
    parser.add_argument(
        "--time-limit",
        type=_seconds,
        default=600.0,
        metavar="SECONDS",
        help="end contract code of an operation that takes longer (default %(default)g; 0: never)",
    )
    parser.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help=f"opens the wallet; without it a passphrase does, from {PASSPHRASE} or asked for",
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="no protection at all, for networks that are worth nothing",
    )
    parser.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="warning",
        help="lowest level that is logged; contracts write at debug (default %(default)s)",
    )
    parser.set_defaults(run=run or _run_action)
    return parser


def _add_sponsor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sponsor",
        metavar="ADDRESS",
        help="a contract that pays (a sponsored FPC: the start card of a local network has one); "
        "without it the account pays",
    )


def _add_sender(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="sender", required=True, metavar="ACCOUNT", help="address or name")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


def _run_action(options: argparse.Namespace) -> int:
    from aztecd.shell.actions import ACTIONS  # noqa: PLC0415 - see the top
    from aztecd.shell.opening import with_client  # noqa: PLC0415 - same

    return asyncio.run(with_client(options, ACTIONS[options.action]))


def _run_service(options: argparse.Namespace) -> int:
    from aztecd.shell.service import run_service  # noqa: PLC0415 - see the top

    return run_service(options)


def _run_codegen(options: argparse.Namespace) -> int:
    from aztecd.shell.codegen import write_bindings  # noqa: PLC0415 - see the top

    return write_bindings(options.artifact, options.output)
