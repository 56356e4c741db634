"""`aztecd wallet ...` and `aztecd codegen`: the wallet for the shell.

Commands import what they need, so that `--help` and errors are quick.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aztecd.errors import InvalidInputError

if TYPE_CHECKING:
    from aztecd.client import Client
    from aztecd.crypto.field import Fr
    from aztecd.protocol.basic import AztecAddress
    from aztecd.pxe.artifacts import ContractArtifact
    from aztecd.pxe.keys import Protection
    from aztecd.rpc import Port
    from aztecd.wallet.guard import Confirmation
    from aztecd.wallet.opening import WalletSetup

__all__ = ["add_codegen_command", "add_wallet_commands"]

_Subparsers = Any
_PASSPHRASE: Final = "AZTECD_WALLET_PASSPHRASE"  # noqa: S105 - a variable's name
_KINDS: Final = ("schnorr", "ecdsasecp256k1", "ecdsasecp256r1", "schnorr_single_key")


class WalletUsageError(InvalidInputError):
    """A command of the wallet that can not be followed."""

    code = "wallet_usage"


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

    _action(actions, "accounts", "list the wallet's accounts", _accounts)

    create = _action(actions, "create", "make an account and deploy it", _create)
    create.add_argument("--kind", choices=_KINDS, default="schnorr", help="(default %(default)s)")
    create.add_argument("--alias", default="", help="a name for it")
    create.add_argument("--secret-file", type=Path, metavar="FILE", help="the account's secret, hexadecimal")
    create.add_argument("--salt", default=None, metavar="FIELD", help="(default: random; 0 without value)")
    create.add_argument("--sponsor", metavar="ADDRESS", help="a sponsored FPC that pays")
    create.add_argument("--no-deploy", action="store_true", help="only take it into the wallet")

    balance = _action(actions, "balance", "show a token's balances of an account", _balance)
    balance.add_argument("token", metavar="ADDRESS")
    _add_sender(balance)

    deploy = _action(actions, "deploy", "deploy a contract", _deploy)
    deploy.add_argument("artifact", metavar="ARTIFACT", help="a file, or the name of a known contract")
    deploy.add_argument("arguments", nargs="*", metavar="ARG", help=_ARGUMENTS)
    deploy.add_argument("--constructor", metavar="NAME")
    _add_sender(deploy)

    for name, help_text, run in (
        ("send", "send a call and wait until it is mined", _send),
        ("simulate", "run a call without sending it, and print what it returns", _simulate),
    ):
        call = _action(actions, name, help_text, run)
        call.add_argument("contract", metavar="ADDRESS")
        call.add_argument("function", metavar="FUNCTION")
        call.add_argument("arguments", nargs="*", metavar="ARG", help=_ARGUMENTS)
        call.add_argument("--artifact", metavar="ARTIFACT", help="of the contract, if the wallet lacks it")
        _add_sender(call)

    serve = _action(actions, "serve", "answer aztec.js' WalletSchema by JSON-RPC on this machine", None)
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
    serve.set_defaults(run=_run_serve)


_ARGUMENTS: Final = "JSON values; what is none is taken as text, @NAME as the address of that account"


def _action(
    actions: _Subparsers, name: str, help_text: str, run: Callable[..., Awaitable[int]] | None
) -> argparse.ArgumentParser:
    """Add an action with what all have in common; `run` gets the opened wallet."""
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
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="opens the wallet")
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
    if run is not None:
        parser.set_defaults(run=lambda options: asyncio.run(_with_client(options, run)))
    return parser


def _add_sender(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="sender", required=True, metavar="ACCOUNT", help="address or name")


def _forbid_core_dumps() -> None:
    """Leave no file with this process's memory, which has keys in it, should it crash."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


async def _with_client(options: argparse.Namespace, run: Callable[..., Awaitable[int]]) -> int:
    from aztecd.client import connect  # noqa: PLC0415 - only these commands need it
    from aztecd.observability import configure_logging  # noqa: PLC0415 - same

    configure_logging(level=options.log_level, style="auto")
    _forbid_core_dumps()
    options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with connect(options.node_url, _setup(options), data_dir=options.data_dir / "db") as client:
        return await run(client, options)


def _setup(options: argparse.Namespace) -> WalletSetup:
    from aztecd.artifacts import locate  # noqa: PLC0415 - only these commands need it
    from aztecd.wallet.artifacts import ArtifactFolders  # noqa: PLC0415 - same
    from aztecd.wallet.opening import WalletSetup  # noqa: PLC0415 - same

    fetched = locate()
    return WalletSetup(
        artifacts=ArtifactFolders([*options.artifacts, *fetched.contracts]),
        protocol_contracts=fetched.protocol_contracts,
        protection=_protection(options),
        code_cache=options.data_dir / "compiled",
        time_limit_s=options.time_limit or None,
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise ValueError(text)
    return seconds


def _protection(options: argparse.Namespace) -> Protection:
    from aztecd.pxe.keys import KeyFile, Passphrase, Plain, Secret  # noqa: PLC0415 - same

    if options.plain:
        return Plain()
    if options.key_file is not None:
        return KeyFile(path=options.key_file)
    text = os.environ.get(_PASSPHRASE)
    if text is None and sys.stdin.isatty():
        import getpass  # noqa: PLC0415 - only for people

        text = getpass.getpass("Passphrase of the wallet: ")
    if not text:
        raise WalletUsageError(
            f"the wallet needs a passphrase ({_PASSPHRASE}), a key file (--key-file), or --plain"
        )
    return Passphrase(text=Secret(text.encode()))


async def _accounts(client: Client, _options: argparse.Namespace) -> int:
    for account in await client.wallet.get_accounts():
        metadata = await client.wallet.get_contract_metadata(account.item)
        state = "deployed" if metadata.is_initialized else "not deployed"
        _print(f"0x{account.item.hex()}  {state:<12}  {account.alias}")
    return 0


async def _create(client: Client, options: argparse.Namespace) -> int:
    from aztecd.client import NOBODY, SponsoredFee  # noqa: PLC0415 - only this command needs it
    from aztecd.pxe.accounts import AccountKind  # noqa: PLC0415 - same
    from aztecd.pxe.keys import Secret  # noqa: PLC0415 - same

    secret = None
    if options.secret_file is not None:
        secret = Secret.from_hex(options.secret_file.read_text().strip())
    account = await client.create_account(
        AccountKind(options.kind),
        secret=secret,
        salt=None if options.salt is None else _field(options.salt),
        alias=options.alias,
    )
    _print(f"0x{account.address.hex()}")
    if options.no_deploy or options.kind == "schnorr_single_key":
        return 0
    fee = None if options.sponsor is None else SponsoredFee(sponsor=await _address(client, options.sponsor))
    sent = await account.deployment().send(sender=NOBODY, fee=fee)
    _print(f"deployed in transaction 0x{sent.tx_hash.hex()}")
    return 0


async def _balance(client: Client, options: argparse.Namespace) -> int:
    sender = await _address(client, options.sender)
    token = client.contract(
        await _address(client, options.token), await _artifact(client, options.token, "Token")
    )
    for name in ("balance_of_private", "balance_of_public"):
        found = await token.methods[name](sender).simulate(sender=sender)
        _print(f"{name.removeprefix('balance_of_'):<8} {found.value!r}")
    return 0


async def _deploy(client: Client, options: argparse.Namespace) -> int:
    artifact = await _read_artifact(client, options.artifact)
    arguments = [await _value(client, text) for text in options.arguments]
    deployment = client.deploy(artifact, *arguments, constructor=options.constructor)
    sent = await deployment.send(sender=await _address(client, options.sender))
    _print(f"{artifact.name} is at 0x{sent.contract.address.hex()}")
    return 0


async def _send(client: Client, options: argparse.Namespace) -> int:
    call, sender = await _call(client, options)
    sent = await call.send(sender=sender)
    assert sent.receipt is not None
    _print(f"{sent.receipt.status} in block {sent.receipt.block_number}, fee {sent.receipt.transaction_fee}")
    return 0


async def _simulate(client: Client, options: argparse.Namespace) -> int:
    call, sender = await _call(client, options)
    found = await call.simulate(sender=sender)
    _print(json.dumps(found.value, default=lambda value: "0x" + value.hex()))
    return 0


def _run_serve(options: argparse.Namespace) -> int:
    """Take the port before anything is written: tokens that nobody saw would be lost."""
    from aztecd.rpc import LOOPBACK, Port  # noqa: PLC0415 - only this command needs it

    with Port(LOOPBACK, options.port) as port:
        return asyncio.run(_with_client(options, partial(_serve, port=port)))


async def _serve(client: Client, options: argparse.Namespace, *, port: Port) -> int:
    from aztecd.rpc.wallet_server import WalletServer  # noqa: PLC0415 - only this command needs it
    from aztecd.wallet.apps import new_token  # noqa: PLC0415 - same
    from aztecd.wallet.guard import GuardedWallet  # noqa: PLC0415 - same

    apps = client.wallet.apps
    lines = [f"forgot {name}" for name in options.forget if apps.remove(name)]
    owner = new_token()
    lines.append(f"token of the owner {owner}")
    wanted = dict.fromkeys([*options.app, *options.new_token])
    fresh = [name for name in wanted if name in options.new_token or apps.find(name) is None]
    lines += [f"token of {name} {apps.admit(name)}" for name in fresh]
    confirmation = _confirmation(options.approve)
    guarded = {}
    for app in apps.all():
        guarded[app.digest] = GuardedWallet(
            client.wallet, app.name, confirmation, app.grants, keep=partial(apps.keep_grants, app.name)
        )
        if app.name not in fresh:
            lines.append(f"{app.name} has its token")
    wallets = {owner: GuardedWallet.for_owner(client.wallet)}
    stopped = _interruption()
    async with WalletServer(wallets, by_digest=guarded, port=port).serve() as address:
        for line in lines:
            _print(line)
        _print(f"ready {address.url}")
        await stopped.wait()
    return 0


def _interruption() -> asyncio.Event:
    """Give an event that SIGINT or SIGTERM sets; the next one ends the process at once.

    Handled here and not by Python: a shell starts what runs in the background with SIGINT ignored.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return stopped


def _confirmation(rule: str) -> Confirmation:
    from aztecd.wallet.guard import ApproveAll, DenyAll  # noqa: PLC0415 - only `serve` needs it
    from aztecd.wallet.terminal import AskOnTerminal  # noqa: PLC0415 - same

    match rule:
        case "all":
            return ApproveAll()
        case "none":
            return DenyAll()
        case _:
            return AskOnTerminal()


async def _call(client: Client, options: argparse.Namespace) -> tuple[Any, AztecAddress]:
    address = await _address(client, options.contract)
    artifact = await _artifact(client, options.contract, options.artifact)
    arguments = [await _value(client, text) for text in options.arguments]
    call = client.contract(address, artifact).methods[options.function](*arguments)
    return call, await _address(client, options.sender)


async def _artifact(client: Client, contract: str, given: str | None) -> ContractArtifact:
    """Find a contract's code: the wallet's own, else the given one, with which it is registered."""
    address = await _address(client, contract)
    instance = client.wallet.pxe.get_contract_instance(address)
    if instance is not None:
        known = await client.wallet.pxe.get_contract_artifact(instance.current_contract_class_id)
        if known is not None:
            return known
    if given is None:
        raise WalletUsageError(f"the wallet does not know 0x{address.hex()}: give its artifact")
    artifact = await _read_artifact(client, given)
    published = await client.node.get_contract(address)
    if published is None:
        raise WalletUsageError(f"no contract is published at 0x{address.hex()}")
    await client.wallet.register_contract(published, artifact)
    return artifact


async def _read_artifact(client: Client, given: str) -> ContractArtifact:
    found = await asyncio.to_thread(_artifact_in_file, Path(given))
    return await client.wallet.standard_artifact(given) if found is None else found


def _artifact_in_file(path: Path) -> ContractArtifact | None:
    from aztecd.pxe.artifacts import load_artifact  # noqa: PLC0415 - only some commands need it

    return load_artifact(path.read_bytes()) if path.is_file() else None


async def _value(client: Client, text: str) -> Any:
    if text.startswith("@"):
        return await _address(client, text)
    try:
        return json.loads(text)
    except ValueError:
        return text


async def _address(client: Client, text: str) -> AztecAddress:
    from aztecd.protocol.basic import AztecAddress  # noqa: PLC0415 - only some commands need it

    name = text.removeprefix("@")
    for account in await client.wallet.get_accounts():
        if account.alias == name:
            return account.item
    return AztecAddress(_field(name))


def _field(text: str) -> Fr:
    from aztecd.crypto.field import FieldError, fr, fr_from_hex  # noqa: PLC0415 - same

    try:
        return fr_from_hex(text.removeprefix("0x").rjust(64, "0")) if text.startswith("0x") else fr(int(text))
    except (FieldError, ValueError):
        raise WalletUsageError(f"{text[:80]!r} is neither an account's name nor a field element") from None


def _run_codegen(options: argparse.Namespace) -> int:
    from aztecd.client.codegen import generate_bindings  # noqa: PLC0415 - only this command needs it
    from aztecd.pxe.artifacts import load_artifact  # noqa: PLC0415 - same

    try:
        data = options.artifact.read_bytes()
    except OSError as error:
        raise WalletUsageError(f"can't read {options.artifact}: {error.strerror}") from error
    text = generate_bindings(load_artifact(data))
    if options.output is None:
        _print(text.rstrip("\n"))
    else:
        options.output.write_text(text)
    return 0


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
