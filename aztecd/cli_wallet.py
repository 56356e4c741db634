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
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aztecd.errors import InvalidInputError

if TYPE_CHECKING:
    from aztecd.client import Client, SponsoredFee
    from aztecd.crypto.field import Fr
    from aztecd.protocol.basic import AztecAddress
    from aztecd.pxe.artifacts import ContractArtifact, FunctionAbi
    from aztecd.pxe.keys import Protection, Secret
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
    _add_sponsor(create)
    create.add_argument(
        "--no-deploy",
        action="store_true",
        help="only take it into the wallet; the same secret and salt without this option deploy it later",
    )

    balance = _action(actions, "balance", "show a token's balances of an account", _balance)
    balance.add_argument("token", metavar="ADDRESS")
    _add_sender(balance)

    deploy = _action(actions, "deploy", "deploy a contract", _deploy)
    deploy.add_argument("artifact", metavar="ARTIFACT", help="a file, or the name of a known contract")
    deploy.add_argument("arguments", nargs="*", metavar="ARG", help=_ARGUMENTS)
    deploy.add_argument("--constructor", metavar="NAME")
    _add_sender(deploy)
    _add_sponsor(deploy)

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
        if run is _send:
            _add_sponsor(call)

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
    parser.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help=f"opens the wallet; without it a passphrase does, from {_PASSPHRASE} or asked for",
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
    if run is not None:
        parser.set_defaults(run=lambda options: asyncio.run(_with_client(options, run)))
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


def _forbid_core_dumps() -> None:
    """Leave no file with this process's memory, which has keys in it, should it crash."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


async def _with_client(options: argparse.Namespace, run: Callable[..., Awaitable[int]]) -> int:
    from aztecd.client import connect  # noqa: PLC0415 - only these commands need it
    from aztecd.observability import configure_logging  # noqa: PLC0415 - same

    configure_logging(level=options.log_level, style="auto")
    _forbid_core_dumps()
    try:
        options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = "it is a file" if options.data_dir.is_file() else error.strerror
        raise WalletUsageError(f"can't use the data directory {options.data_dir}: {reason}") from error
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
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
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
        state = "not deployed" if await _lacks_deployment(client, account.item) else "deployed"
        _print(f"0x{account.item.hex()}  {state:<12}  {account.alias}")
    return 0


async def _lacks_deployment(client: Client, account: AztecAddress) -> bool:
    """Tell whether an own account can't act yet; one kind never has to be deployed."""
    from aztecd.pxe.accounts import AccountKind  # noqa: PLC0415 - only some commands need it

    if (await client.wallet.own_account(account)).kind is AccountKind.SINGLE_KEY:
        return False
    return not (await client.wallet.get_contract_metadata(account)).is_initialized


async def _create(client: Client, options: argparse.Namespace) -> int:
    """Refuse before anything is kept what can't become an account that acts."""
    from aztecd.client import NOBODY  # noqa: PLC0415 - only this command needs it
    from aztecd.pxe.accounts import AccountKind  # noqa: PLC0415 - same

    kind = AccountKind(options.kind)
    secret = None if options.secret_file is None else _read_secret(options.secret_file)
    salt = None if options.salt is None else _field(options.salt, "salt: that is a field element")
    # The signing key of the other kinds is drawn at random.
    is_new = secret is None or salt is None or kind in {AccountKind.ECDSA_K, AccountKind.ECDSA_R}
    deploys = not options.no_deploy and kind is not AccountKind.SINGLE_KEY
    if is_new and deploys and options.sponsor is None:
        raise WalletUsageError(
            "a new account has nothing to pay its deployment with: name a contract that pays with --sponsor "
            "(the start card of a local network has one), or only take the account in with --no-deploy"
        )
    if is_new and options.alias in {account.alias for account in await client.wallet.get_accounts()} - {""}:
        raise WalletUsageError(
            f"an account of this wallet is called {options.alias} already: take another name"
        )
    fee = await _fee(client, options.sponsor)
    account = await client.create_account(kind, secret=secret, salt=salt, alias=options.alias)
    _print(f"0x{account.address.hex()}")
    if deploys and not await _lacks_deployment(client, account.address):
        _print("deployed already")
    elif deploys:
        sent = await account.deployment().send(sender=NOBODY, fee=fee)
        _print(f"deployed in transaction 0x{sent.tx_hash.hex()}")
    return 0


def _read_secret(path: Path) -> Secret:
    from aztecd.pxe.keys import Secret  # noqa: PLC0415 - only one command needs it

    try:
        return Secret.from_hex(path.read_bytes().decode("ascii", errors="replace").strip())
    except OSError as error:
        raise WalletUsageError(f"can't read the secret in {path}: {error.strerror}") from error


async def _fee(client: Client, sponsor: str | None) -> SponsoredFee | None:
    """Let a contract pay, which the wallet has to know: a published one, or that of a local network."""
    from aztecd.client import SponsoredFee  # noqa: PLC0415 - only one command needs it
    from aztecd.crypto.field import FR_ZERO  # noqa: PLC0415 - same

    if sponsor is None:
        return None
    address = await _address(client, sponsor)
    if client.wallet.pxe.get_contract_instance(address) is None:
        artifact = await client.wallet.standard_artifact("SponsoredFPC")
        published = await client.node.get_contract(address)
        if published is not None:
            await client.wallet.register_contract(published, artifact)
        elif (await client.deploy(artifact, salt=FR_ZERO, is_universal=True).register()).address != address:
            raise WalletUsageError(f"no contract that pays is known at 0x{address.hex()}")
    return SponsoredFee(sponsor=address)


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
    _check_count(artifact.initializer(options.constructor), arguments)
    deployment = client.deploy(artifact, *arguments, constructor=options.constructor)
    sender = await _actor(client, options.sender)
    sent = await deployment.send(sender=sender, fee=await _fee(client, options.sponsor))
    _print(f"{artifact.name} is at 0x{sent.contract.address.hex()}")
    return 0


def _check_count(constructor: FunctionAbi | None, arguments: Sequence[Any]) -> None:
    parameters = () if constructor is None else constructor.parameters
    if len(arguments) != len(parameters):
        names = ", ".join(parameter.name for parameter in parameters)
        raise WalletUsageError(
            f"the constructor takes {len(parameters)} arguments ({names}), got {len(arguments)}"
        )


async def _send(client: Client, options: argparse.Namespace) -> int:
    from aztecd.wallet import TransactionRevertedError  # noqa: PLC0415 - only this command needs it

    await _actor(client, options.sender)
    call, sender = await _call(client, options)
    try:
        sent = await call.send(sender=sender, fee=await _fee(client, options.sponsor))
    except TransactionRevertedError as error:
        raise WalletUsageError(f"{error}. `aztecd wallet simulate` of the same call says why") from error
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
        raise WalletUsageError(
            f"the wallet does not know 0x{address.hex()}: name its artifact with --artifact"
        )
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

    try:
        return load_artifact(path.read_bytes()) if path.is_file() else None
    except OSError as error:
        raise WalletUsageError(f"can't read {path}: {error.strerror}") from error


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
    return AztecAddress(_field(name, "account's name and no address"))


async def _actor(client: Client, text: str) -> AztecAddress:
    """Find an own account that can send. Raises WalletUsageError, AccountUnknownError."""
    address = await _address(client, text)
    if await _lacks_deployment(client, address):
        raise WalletUsageError(f"{text} is not deployed yet: before that an account can't send")
    return address


def _field(text: str, wanted: str) -> Fr:
    from aztecd.crypto.field import FieldError, fr, fr_from_hex  # noqa: PLC0415 - same

    try:
        return fr_from_hex(text.removeprefix("0x").rjust(64, "0")) if text.startswith("0x") else fr(int(text))
    except (FieldError, ValueError):
        raise WalletUsageError(f"{text[:80]!r} is no {wanted}") from None


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
        return 0
    try:
        options.output.write_text(text)
    except OSError as error:
        raise WalletUsageError(f"can't write {options.output}: {error.strerror}") from error
    return 0


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
