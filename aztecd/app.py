"""`aztecd local`: makes the objects of a local network, starts and stops them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Thread

import structlog
import uvloop

from aztecd.artifacts import Artifacts, ArtifactsStorageError, locate
from aztecd.assembly import L1Parts, LocalNode, make_core, make_local, open_chain
from aztecd.chain import check as check_chain
from aztecd.config import Config, L1Config, Settings
from aztecd.crypto.kzg import KzgWorker
from aztecd.crypto.poseidon2 import KERNEL
from aztecd.daemon import (
    BLOBS,
    DATABASE,
    exit_status,
    relax_garbage_collection,
    rpc_server,
    run_tasks,
    stop_signal,
)
from aztecd.errors import AztecdError
from aztecd.l1 import (
    ContractSet,
    L1Account,
    L1Client,
    L1View,
    RollupReader,
    warm_up_blobs,
)
from aztecd.l1.blobs import BlobNamespace, BlobStore
from aztecd.localnet.accounts import FUNDED_ADDRESSES, genesis_public_data
from aztecd.localnet.card import start_card
from aztecd.localnet.contracts import are_deployed
from aztecd.localnet.image import begin_from_image, image_name, remove_partial
from aztecd.localnet.l1_chain import L1Chain, l1_chain, prepare_contracts
from aztecd.node.data_dir import data_directory
from aztecd.node.node import AztecNode
from aztecd.node.record import DataDirError, NetworkRecord
from aztecd.observability import Metrics, configure_logging
from aztecd.publisher_key import publisher_account
from aztecd.rpc import LOOPBACK, Port
from aztecd.state import WorldState, build_genesis
from aztecd.storage import LevelStore, Prefix

__all__ = ["check_data_dir", "run_local"]

_log = structlog.get_logger("aztecd")
_IMAGES = "networks"
_EPOCH_DURATION = 2
"""Of the chain that is checked; no record depends on it."""


def run_local(settings: Settings, kzg: KzgWorker) -> int:
    """Run a local network until it is told to stop. Gives 0 after a clean stop, 3 after a bug."""
    config = settings.config
    configure_logging(level=config.log.level, style=config.log.format)
    artifacts = locate()
    with ExitStack() as stack:
        data_dir = stack.enter_context(data_directory(config.data_dir))
        ports = _Ports.taken(config, stack)
        if not _begin(config, artifacts, data_dir, kzg):
            return 0
        # Without a record there is nothing on L1 that anybody knows of.
        is_known = NetworkRecord.load(data_dir) is not None
        chain = stack.enter_context(
            l1_chain(config.l1, program=artifacts.anvil, data_dir=data_dir, continues=is_known)
        )
        return uvloop.run(_serve(config, artifacts, data_dir, chain, kzg, ports))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ports:
    """What clients will connect to. Taken first: a start that fails must not leave contracts on L1."""

    rpc: Port
    wallet: Port | None

    @classmethod
    def taken(cls, config: Config, stack: ExitStack) -> _Ports:
        """Take them until the stack ends. Raises PortInUseError, ListenError."""
        rpc = stack.enter_context(Port(config.rpc.host, config.rpc.port))
        number = config.wallet.port
        wallet = None if number is None else stack.enter_context(Port(LOOPBACK, number))
        return cls(rpc=rpc, wallet=wallet)


def _begin(config: Config, artifacts: Artifacts, data_dir: Path, kzg: KzgWorker) -> bool:
    """Fill a new data directory from an image with the standard contracts; False when told to stop.

    Where that is not possible they are deployed after the start: on an L1 node of somebody else, and without
    a cache that can be written.
    """
    remove_partial(data_dir)
    if config.bare or config.l1.rpc_url is not None or NetworkRecord.load(data_dir) is not None:
        return True
    name = image_name(
        chain_id=config.l1.chain_id,
        publisher=publisher_account(config.l1).address,
        folder="\0".join(folder.name for folder in artifacts.folders),
    )
    scratch = (data_dir,) if config.data_dir is None else ()
    make = partial(_make_image, config, artifacts, kzg, scratch)
    try:
        return begin_from_image(data_dir, cache=artifacts.root / _IMAGES, name=name, make=make)
    except ArtifactsStorageError as error:
        _log.warning("network_not_kept", reason=str(error))
        return True


def _make_image(
    config: Config, artifacts: Artifacts, kzg: KzgWorker, scratch: tuple[Path, ...], folder: Path
) -> bool:
    """Make a network with the standard contracts in a folder; False when told to stop.

    `scratch` is what else a stop has to remove.
    """
    _log.info("preparing_network", note="the contracts are deployed once and kept for later starts")
    own = Config(
        data_dir=folder,
        l1=L1Config(
            port=0,
            chain_id=config.l1.chain_id,
            publisher_key=config.l1.publisher_key,
            publisher_key_file=config.l1.publisher_key_file,
        ),
    )
    with l1_chain(own.l1, program=artifacts.anvil, data_dir=folder, continues=False) as chain:
        return uvloop.run(_prepare(own, artifacts, (*scratch, folder), chain, kzg))


def check_data_dir(data_dir: Path) -> list[str]:
    """Look for contradictions in a data directory. Raises StorageError when it can't be opened."""
    if not (data_dir / DATABASE).is_dir():
        raise DataDirError(f"{data_dir} holds no aztecd database")
    with closing(LevelStore.open(data_dir / DATABASE)) as store:
        if store.get(Prefix.STATE_STATUS.key) is None:
            # Opening the world state would begin a chain here.
            return ["the database is empty: the first start was cut short, the next one begins anew"]
        problems = list(check_chain(store))
        record = NetworkRecord.load(data_dir)
        known = None if record is None else record.prefunded
        prefilled = genesis_public_data(FUNDED_ADDRESSES if known is None else known)
        genesis = build_genesis(prefilled)
        world_state = WorldState.open(store, prefilled)
        chain = open_chain(store, locate(), genesis.header, epoch_duration=_EPOCH_DURATION)
        tip = chain.tips().proposed.number
        if tip != world_state.tip:
            problems.append(f"the chain stands at block {tip}, the world state at block {world_state.tip}")
            return problems
        header = chain.latest_header()
        if world_state.at(tip).state_reference() != header.state:
            problems.append(f"the trees differ from what the header of block {tip} says")
        return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A node and what its owner needs beside it."""

    node: LocalNode
    l1: L1Parts
    account: L1Account
    is_l1_warm: Event
    blobs: BlobStore


@asynccontextmanager
async def _opened(
    config: Config,
    artifacts: Artifacts,
    data_dir: Path,
    chain: L1Chain,
    kzg: KzgWorker,
    is_stopping: Event,
) -> AsyncIterator[_Opened]:
    """Make the node and agree with L1; everything is closed at the end.

    L1 is asked in threads: it may take its time, and signals must be heard meanwhile.
    """
    async with AsyncExitStack() as stack:
        contracts = ContractSet(artifacts.l1_artifacts)
        account = publisher_account(config.l1)
        chain.trust_blobs_of(account.address)
        client = stack.enter_context(closing(L1Client(chain.url, errors=contracts.errors)))
        deployment = await asyncio.to_thread(
            prepare_contracts,
            client,
            contracts,
            account,
            config=config.l1,
            data_dir=data_dir,
            genesis_archive_root=build_genesis(genesis_public_data()).archive_root,
            standard_contracts=not config.bare,
        )
        contracts.forget_code()
        reader = RollupReader(client, contracts, deployment)
        l1 = L1Parts(
            client=client,
            contracts=contracts,
            deployment=deployment,
            reader=reader,
            view=L1View(reader),
        )
        store = stack.enter_context(closing(LevelStore.open(data_dir / DATABASE)))
        blobs = BlobStore.open(
            data_dir / BLOBS, BlobNamespace.of(deployment), max_bytes=config.blobs.max_bytes
        )
        core = make_core(
            config,
            store,
            artifacts,
            l1,
            prefunded=FUNDED_ADDRESSES,
            metrics=Metrics(),
            is_stopping=is_stopping,
        )
        stack.push_async_callback(core.writer.close)
        is_l1_warm = Event()
        node = make_local(config, core, l1, account, kzg, blobs, is_l1_warm)
        await core.writer.run("agree_with_l1", node.producer.agree_with_l1)
        await asyncio.to_thread(l1.view.refresh)
        yield _Opened(node=node, l1=l1, account=account, is_l1_warm=is_l1_warm, blobs=blobs)


async def _prepare(
    config: Config, artifacts: Artifacts, scratch: tuple[Path, ...], chain: L1Chain, kzg: KzgWorker
) -> bool:
    """Deploy the standard contracts in the last folder, prove their blocks; False when told to stop."""
    is_stopping = Event()
    stop = stop_signal(is_stopping, scratch)
    async with _opened(config, artifacts, scratch[-1], chain, kzg, is_stopping) as opened:
        node = opened.node
        Thread(target=_warm_up, args=(opened, chain), name="aztecd-warm-up", daemon=True).start()
        is_done = await _deploy(node, artifacts, stop)
        if is_done:
            await node.core.writer.run("publish", node.producer.publish_proposed)
            await node.core.writer.run("settle", node.producer.settle)
    return is_done


def _lacks_contracts(config: Config, data_dir: Path, node: LocalNode) -> bool:
    """Tell whether the standard contracts are to be deployed: never into a chain that began without them."""
    record = NetworkRecord.load(data_dir)
    is_wanted = record is not None and record.standard_contracts and not config.bare
    return is_wanted and not are_deployed(node.core.api)


def _tasks(node: LocalNode) -> dict[str, Callable[[], Awaitable[None]]]:
    return {"miner": node.miner.run, "monitor": node.monitor.run}


async def _deploy(node: LocalNode, artifacts: Artifacts, stop: asyncio.Event) -> bool:
    """Deploy the standard contracts that the chain lacks; False when told to stop."""
    from aztecd.localnet.deployment import deploy_standard_contracts  # noqa: PLC0415 - seldom needed, slow

    deploy = partial(deploy_standard_contracts, node.core.api, artifacts)
    return await run_tasks(_tasks(node), node.core.writer, stop, deploy)


@asynccontextmanager
async def _wallet_service(port: Port, node: AztecNode, artifacts: Artifacts) -> AsyncIterator[str]:
    """Serve a wallet with the test accounts, and give its URL.

    It asks for no token: whoever reaches it could sign with these accounts anyway.
    """
    from aztecd.localnet.deployment import open_test_wallet  # noqa: PLC0415 - seldom needed, slow
    from aztecd.rpc.wallet_server import WalletServer  # noqa: PLC0415 - same
    from aztecd.wallet.guard import GuardedWallet  # noqa: PLC0415 - same

    async with open_test_wallet(node, artifacts) as wallet:
        server = WalletServer({"": GuardedWallet.for_owner(wallet)}, port=port)
        async with server.serve() as address:
            yield address.url


async def _serve(
    config: Config, artifacts: Artifacts, data_dir: Path, chain: L1Chain, kzg: KzgWorker, ports: _Ports
) -> int:
    """Make the node, serve until a signal comes, and stop in order."""
    is_stopping = Event()
    stop = stop_signal(is_stopping, (data_dir,) if config.data_dir is None else ())
    async with _opened(config, artifacts, data_dir, chain, kzg, is_stopping) as opened:
        node, core, l1 = opened.node, opened.node.core, opened.l1
        if _lacks_contracts(config, data_dir, node) and not await _deploy(node, artifacts, stop):
            return 0
        relax_garbage_collection()
        async with AsyncExitStack() as running:
            url = (
                await running.enter_async_context(rpc_server(config, core, opened.blobs, ports.rpc).run())
            ).url
            wallet_url = None
            if ports.wallet is not None:
                wallet_url = await running.enter_async_context(
                    _wallet_service(ports.wallet, core.api, artifacts)
                )
            print(
                start_card(
                    node_url=url,
                    wallet_url=wallet_url,
                    l1_url=l1.client.display_url,
                    deployment=l1.deployment,
                    data_dir=str(config.data_dir)
                    if config.data_dir
                    else "temporary, gone when the daemon stops",
                    blocks=core.ledger.world_state.tip,
                    has_contracts=are_deployed(core.api),
                ),
                flush=True,
            )
            print(f"ready {url}", flush=True)
            _log.info("ready", url=url, hashing=KERNEL, blocks=core.ledger.world_state.tip)
            # Nobody waits for this thread: stopping must not take as long as warming up.
            Thread(target=_warm_up_and_save, args=(opened, chain), name="aztecd-warm-up", daemon=True).start()
            await run_tasks(_tasks(node), core.writer, stop)
    return exit_status(core.writer)


def _warm_up(opened: _Opened, chain: L1Chain) -> None:
    """Let L1 do what its first proof would wait for, while clients connect: seconds of work."""
    try:
        warm_up_blobs(opened.l1.client, opened.l1.deployment.chain_id)
        chain.check_blobs_of(opened.account.address)
    except AztecdError as error:
        _log.debug("warm_up_failed", reason=str(error))
    finally:
        opened.is_l1_warm.set()
    with suppress(RuntimeError):  # the event loop has ended meanwhile
        opened.node.miner.wake_from_thread()


def _warm_up_and_save(opened: _Opened, chain: L1Chain) -> None:
    """Warm up, and keep L1's state for the case that all processes are killed."""
    _warm_up(opened, chain)
    try:
        chain.save()
    except AztecdError as error:
        _log.debug("l1_state_not_saved", reason=str(error))
