"""The command line. Commands import what they need, so that `--help` and errors are quick."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aztecd import __version__
from aztecd.config import Settings, load_settings
from aztecd.errors import AztecdError, InvalidInputError
from aztecd.shell import add_codegen_command, add_wallet_commands

if TYPE_CHECKING:
    from aztecd.crypto.kzg import KzgWorker

__all__ = ["main"]

_EXIT_FAILED = 1
_HASH: Final = re.compile("0x[0-9a-fA-F]{64}")
_KEYS: Final = {
    "host": "rpc.host",
    "port": "rpc.port",
    "l1_port": "l1.port",
    "l1_rpc_url": "l1.rpc_url",
    "data_dir": "data_dir",
    "bare": "bare",
    "wallet_port": "wallet.port",
    "log_level": "log.level",
    "registry": "l1.registry",
    "rollup_version": "l1.rollup_version",
    "fee_asset_handler": "l1.fee_asset_handler",
    "publisher_key_file": "l1.publisher_key_file",
    "blob_source": "blobs.sources",
    "prefunded_address": "genesis.prefunded_addresses",
    "verify": "archiver.verify",
    "sequencer": "sequencer.enabled",
    "settle_epochs": "sequencer.settle_epochs",
    "move_l1_time": "sequencer.move_l1_time",
}
"""The settings that options set."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give the exit status: 0 done, 1 failed, 2 wrong usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in {"-h", "--help", "--version"}):
        given.insert(0, "local")
    options = _parsed(given)
    try:
        return int(options.run(options))
    except AztecdError as error:
        print(f"error: {_printable(str(error))}", file=sys.stderr)
        return _EXIT_FAILED
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough. Python must not try to write the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _EXIT_FAILED
    except KeyboardInterrupt:
        return 130


def _printable(text: str) -> str:
    """Keep what contracts and nodes wrote from steering the terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def _parsed(given: Sequence[str]) -> argparse.Namespace:
    """Read the words; those of a list may stand on both sides of an option, which argparse does not know."""
    parser = _parser()
    options, rest = parser.parse_known_args(given)
    if rest and ("arguments" not in options or any(word.startswith("--") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        options.arguments += rest
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aztecd",
        description="An Aztec node in Python. Without a command it starts a local network.",
    )
    parser.add_argument("--version", action="version", version=f"aztecd {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    local = commands.add_parser(
        "local", help="run a local network: Anvil, the L1 contracts, and a node that builds blocks"
    )
    _add_common_flags(local)
    _add_local_flags(local)
    local.set_defaults(run=_run_local)

    node = commands.add_parser(
        "node", help="join a rollup on an L1 chain: follow what others build, and build too if asked"
    )
    _add_common_flags(node)
    _add_node_flags(node)
    node.set_defaults(run=_run_node)

    fetch = commands.add_parser("fetch", help="download the pinned L1 contracts, Aztec contracts and Anvil")
    fetch.set_defaults(run=_run_fetch)

    version = commands.add_parser("version", help="print the versions of the daemon and of the protocol")
    version.set_defaults(run=_run_version)

    config = commands.add_parser("config", help="look at the configuration")
    actions = config.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="print the effective settings and where each comes from")
    _add_common_flags(show)
    _add_local_flags(show)
    _add_node_flags(show)
    show.set_defaults(run=_run_config_show)

    call = commands.add_parser("rpc", help="call a method of a running node and print its result as JSON")
    call.add_argument("method", metavar="METHOD", help="such as getL2Tips or aztec_getBlock")
    call.add_argument(
        "arguments", nargs="*", metavar="PARAM", help="JSON values; what is none is taken as text"
    )
    _add_url_flag(call)
    call.set_defaults(run=_run_rpc)

    trace = commands.add_parser(
        "trace", help="show what the public calls of a mined transaction did, on a local network"
    )
    trace.add_argument("tx_hash", metavar="HASH", help="the transaction's hash")
    _add_url_flag(trace)
    trace.set_defaults(run=_run_trace)

    add_wallet_commands(commands)
    add_codegen_command(commands)

    database = commands.add_parser("db", help="look at a data directory")
    actions = database.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser(
        "check", help="verify that a data directory is whole; the daemon must not be running"
    )
    check.add_argument("--data-dir", type=Path, required=True, metavar="DIR")
    check.set_defaults(run=_run_db_check)
    return parser


def _add_url_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the node (default %(default)s)")


def _add_common_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address that the JSON-RPC server listens on (default 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, help="port of the JSON-RPC server, 0 for a free one (default 8080)"
    )
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        help="keep the chain here; a local network without it is gone at the end",
    )
    parser.add_argument(
        "--l1-rpc-url",
        metavar="URL",
        help="the L1 node; for a local network an Anvil or Hardhat that already runs",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="a TOML file with settings")
    parser.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        help="lowest level that is logged (default info)",
    )


def _add_local_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--l1-port", type=int, help="port of the Anvil that is started, 0 for a free one (default 8545)"
    )
    parser.add_argument(
        "--bare",
        action="store_true",
        default=None,
        help="begin with an empty chain: no test accounts, token and fee contracts are deployed",
    )
    parser.add_argument(
        "--wallet-port",
        type=int,
        help="serve a wallet with the test accounts on this port, 0 for a free one (default: no wallet)",
    )


def _add_node_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--registry", metavar="ADDRESS", help="the Registry of the rollup, on L1")
    parser.add_argument(
        "--rollup-version",
        type=int,
        metavar="N",
        help="which of the Registry's rollups (default: the data directory's, else the canonical one)",
    )
    parser.add_argument(
        "--fee-asset-handler",
        metavar="ADDRESS",
        help="the faucet of a development rollup, for clients that ask for it",
    )
    parser.add_argument(
        "--blob-source",
        action="append",
        metavar="SOURCE",
        help="where blobs come from: beacon:URL, an http(s) or file URL of a blob file store, or anvil; "
        "give it again for more, they are asked in order (default anvil: the L1 node itself)",
    )
    parser.add_argument(
        "--prefunded-address",
        action="append",
        metavar="ADDRESS",
        help="an Aztec address that holds fee juice at genesis; give it again for more (default: the local "
        "network's on chain id 31337, elsewhere none)",
    )
    parser.add_argument(
        "--verify",
        choices=("roots", "execution"),
        help="check what L1 says by the roots in the headers, or execute transactions of the pool again too "
        "(default roots)",
    )
    parser.add_argument(
        "--sequencer", action="store_true", default=None, help="propose blocks, where anyone may"
    )
    parser.add_argument(
        "--publisher-key-file",
        metavar="FILE",
        help="holds the private key of the account that proposes (on chain id 31337 the first development "
        "account does without it)",
    )
    parser.add_argument(
        "--settle-epochs",
        action="store_true",
        default=None,
        help="submit epoch proofs too, to a rollup with a mock verifier",
    )
    parser.add_argument(
        "--move-l1-time",
        action="store_true",
        default=None,
        help="move the time of a development L1 node on to the next slot instead of waiting",
    )


def _settings(options: argparse.Namespace) -> Settings:
    given = vars(options)
    flags = {key: given.get(name) for name, key in _KEYS.items()}
    return load_settings(file=options.config, environment=os.environ, flags=flags)


@contextmanager
def _kzg() -> Iterator[KzgWorker]:
    """Start what makes blobs before anything else: it takes as long as the imports and all other steps.

    The first block would wait for it.
    """
    from aztecd.crypto.kzg import KzgWorker  # noqa: PLC0415 - the other commands start without the node

    with closing(KzgWorker()) as worker:
        worker.start()
        yield worker


def _run_local(options: argparse.Namespace) -> int:
    settings = _settings(options)
    with _kzg() as kzg:
        from aztecd.app import run_local  # noqa: PLC0415 - the other commands start without the node

        return run_local(settings, kzg)


def _run_node(options: argparse.Namespace) -> int:
    settings = _settings(options)
    with _kzg() as kzg:
        from aztecd.app_node import run_node  # noqa: PLC0415 - the other commands start without the node

        return run_node(settings, kzg)


def _run_fetch(_: argparse.Namespace) -> int:
    from aztecd.artifacts import fetch  # noqa: PLC0415 - only this command needs it

    found = fetch()
    print(f"artifacts are in {found.root}")
    return 0


def _run_version(_: argparse.Namespace) -> int:
    from aztecd.constants import AZTEC_VERSION  # noqa: PLC0415 - only this command needs it
    from aztecd.crypto.poseidon2 import KERNEL  # noqa: PLC0415 - only this command needs it

    print(f"aztecd {__version__}")
    print(f"Aztec protocol {AZTEC_VERSION}")
    hashing = "C" if KERNEL == "c" else "Python (no C kernel: slower)"
    print(f"Python {sys.version.split()[0]}, hashing in {hashing}")
    return 0


def _run_config_show(options: argparse.Namespace) -> int:
    print("\n".join(_settings(options).lines()))
    return 0


def _run_rpc(options: argparse.Namespace) -> int:
    from aztecd.rpc.call import call_node  # noqa: PLC0415 - only this command needs it

    print(call_node(options.url, options.method, options.arguments))
    return 0


def _run_trace(options: argparse.Namespace) -> int:
    from aztecd.rpc.call import result_of  # noqa: PLC0415 - only this command needs it
    from aztecd.rpc.trace_view import show_trace  # noqa: PLC0415 - only this command needs it

    if not _HASH.fullmatch(options.tx_hash):
        raise InvalidInputError(
            f"{options.tx_hash[:80]!r} is no transaction hash: it must be 0x and 64 hexadecimal digits"
        )
    # As JSON text: what a user gives is a hash, whatever it looks like.
    show_trace(result_of(options.url, "traceTx", [json.dumps(options.tx_hash)]), sys.stdout)
    return 0


def _run_db_check(options: argparse.Namespace) -> int:
    from aztecd.app import check_data_dir  # noqa: PLC0415 - only this command needs it

    problems = check_data_dir(options.data_dir)
    for problem in problems:
        print(problem)
    print(f"{options.data_dir}: {'whole' if not problems else f'{len(problems)} problems'}")
    return _EXIT_FAILED if problems else 0
