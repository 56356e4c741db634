"""The composition root: makes the objects of a daemon, hands them to each other, starts and stops them."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Thread, Timer

import structlog
import uvloop

from aztecd.artifacts import Artifacts, ArtifactsStorageError, locate
from aztecd.assembly import L1Parts, Node, make_node, open_chain
from aztecd.chain import check as check_chain
from aztecd.config import Config, L1Config, Settings
from aztecd.constants import (
    AZTEC_VERSION,
    PROTOCOL_CONTRACTS_HASH,
    VK_TREE_ROOT,
)
from aztecd.crypto.field import fr_hex
from aztecd.crypto.kzg import KzgWorker
from aztecd.crypto.poseidon2 import KERNEL
from aztecd.errors import AztecdError
from aztecd.l1 import (
    ContractSet,
    L1Account,
    L1Client,
    L1View,
    RollupReader,
    warm_up_blobs,
)
from aztecd.localnet.accounts import genesis_public_data
from aztecd.localnet.card import start_card
from aztecd.localnet.contracts import are_deployed
from aztecd.localnet.data_dir import data_directory
from aztecd.localnet.image import begin_from_image, image_name, remove_partial
from aztecd.localnet.l1_chain import L1Chain, l1_chain, prepare_contracts
from aztecd.localnet.record import DataDirError, NetworkRecord
from aztecd.node.node import AztecNode
from aztecd.observability import Metrics, configure_logging
from aztecd.rpc import RpcLimits, RpcServer
from aztecd.state import WorldState, build_genesis
from aztecd.storage import LevelStore, Prefix

__all__ = ["check_data_dir", "run_local"]

_log = structlog.get_logger("aztecd")
_DATABASE = "db"
_IMAGES = "networks"
_EPOCH_DURATION = 2
_EXIT_BUG = 3
_EXIT_SECOND_SIGNAL = 130
_STOP_PATIENCE_S = 4.0


def run_local(settings: Settings) -> int:
    """Run a local network until it is told to stop. Gives 0 after a clean stop, 3 after a bug."""
    config = settings.config
    configure_logging(level=config.log.level, style=config.log.format)
    artifacts = locate()
    with ExitStack() as stack:
        data_dir = stack.enter_context(data_directory(config.data_dir))
        if not _begin(config, artifacts, data_dir):
            return 0
        # Without a record there is nothing on L1 that anybody knows of.
        is_known = NetworkRecord.load(data_dir) is not None
        chain = stack.enter_context(
            l1_chain(config.l1, program=artifacts.anvil, data_dir=data_dir, continues=is_known)
        )
        return uvloop.run(_serve(config, artifacts, data_dir, chain))


def _begin(config: Config, artifacts: Artifacts, data_dir: Path) -> bool:
    """Fill a new data directory from an image with the standard contracts; False when told to stop.

    Where that is not possible they are deployed after the start: on an L1 node of somebody else, and without
    a cache that can be written.
    """
    remove_partial(data_dir)
    if config.bare or config.l1.rpc_url is not None or NetworkRecord.load(data_dir) is not None:
        return True
    name = image_name(
        chain_id=config.l1.chain_id,
        publisher=_publisher(config).address,
        folder="\0".join(folder.name for folder in artifacts.folders),
    )
    scratch = (data_dir,) if config.data_dir is None else ()
    make = partial(_make_image, config, artifacts, scratch)
    try:
        return begin_from_image(data_dir, cache=artifacts.root / _IMAGES, name=name, make=make)
    except ArtifactsStorageError as error:
        _log.warning("network_not_kept", reason=str(error))
        return True


def _make_image(config: Config, artifacts: Artifacts, scratch: tuple[Path, ...], folder: Path) -> bool:
    """Make a network with the standard contracts in a folder; False when told to stop.

    `scratch` is what else a stop has to remove.
    """
    _log.info("preparing_network", note="the contracts are deployed once and kept for later starts")
    own = Config(
        data_dir=folder,
        l1=L1Config(port=0, chain_id=config.l1.chain_id, publisher_key=config.l1.publisher_key),
    )
    with l1_chain(own.l1, program=artifacts.anvil, data_dir=folder, continues=False) as chain:
        return uvloop.run(_prepare(own, artifacts, (*scratch, folder), chain))


def _publisher(config: Config) -> L1Account:
    return L1Account(bytes.fromhex(config.l1.publisher_key.removeprefix("0x")))


def _relax_garbage_collection() -> None:
    """Look for reference cycles seldom: execution makes hundreds of thousands of objects and no cycles.

    With Python's own thresholds collections take more than half of the time of contracts that make many
    objects, and hold up everybody else meanwhile.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def check_data_dir(data_dir: Path) -> list[str]:
    """Look for contradictions in a data directory. Raises StorageError when it can't be opened."""
    if not (data_dir / _DATABASE).is_dir():
        raise DataDirError(f"{data_dir} holds no aztecd database")
    with closing(LevelStore.open(data_dir / _DATABASE)) as store:
        if store.get(Prefix.STATE_STATUS.key) is None:
            # Opening the world state would begin a chain here.
            return ["the database is empty: the first start was cut short, the next one begins anew"]
        problems = list(check_chain(store))
        genesis = build_genesis(genesis_public_data())
        world_state = WorldState.open(store, genesis_public_data())
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

    node: Node
    l1: L1Parts
    kzg: KzgWorker
    metrics: Metrics


@asynccontextmanager
async def _opened(
    config: Config, artifacts: Artifacts, data_dir: Path, chain: L1Chain, is_stopping: Event
) -> AsyncIterator[_Opened]:
    """Make the node and agree with L1; everything is closed at the end."""
    with ExitStack() as stack:
        genesis = build_genesis(genesis_public_data())
        contracts = ContractSet(artifacts.l1_artifacts)
        account = _publisher(config)
        client = stack.enter_context(closing(L1Client(chain.url, errors=contracts.errors)))
        deployment = prepare_contracts(
            client,
            contracts,
            account,
            config=config.l1,
            data_dir=data_dir,
            genesis_archive_root=genesis.archive_root,
            standard_contracts=not config.bare,
        )
        contracts.forget_code()
        reader = RollupReader(client, contracts, deployment)
        l1 = L1Parts(
            client=client,
            contracts=contracts,
            account=account,
            deployment=deployment,
            reader=reader,
            view=L1View(reader),
        )
        store = stack.enter_context(closing(LevelStore.open(data_dir / _DATABASE)))
        kzg = stack.enter_context(closing(KzgWorker()))
        metrics = Metrics()
        node = make_node(config, store, artifacts, genesis, l1, kzg, metrics, is_stopping)
        await node.writer.run("agree_with_l1", node.producer.agree_with_l1)
        l1.view.refresh()
        yield _Opened(node=node, l1=l1, kzg=kzg, metrics=metrics)
        await node.writer.close()


async def _prepare(config: Config, artifacts: Artifacts, scratch: tuple[Path, ...], chain: L1Chain) -> bool:
    """Deploy the standard contracts in the last folder, prove their blocks; False when told to stop."""
    is_stopping = Event()
    stop = _stop_signal(is_stopping, scratch)
    async with _opened(config, artifacts, scratch[-1], chain, is_stopping) as opened:
        node = opened.node
        Thread(target=_warm_up, args=(opened,), name="aztecd-warm-up", daemon=True).start()
        is_done = await _deploy(node, artifacts, stop)
        if is_done:
            await node.writer.run("publish", node.producer.publish_proposed)
            await node.writer.run("settle", node.producer.settle)
    return is_done


def _lacks_contracts(config: Config, data_dir: Path, node: Node) -> bool:
    """Tell whether the standard contracts are to be deployed: never into a chain that began without them."""
    record = NetworkRecord.load(data_dir)
    is_wanted = record is not None and record.standard_contracts and not config.bare
    return is_wanted and not are_deployed(node.api)


async def _deploy(node: Node, artifacts: Artifacts, stop: asyncio.Event) -> bool:
    """Deploy the standard contracts that the chain lacks; False when told to stop."""
    from aztecd.localnet.deployment import deploy_standard_contracts  # noqa: PLC0415 - seldom needed, slow

    return await _run_tasks(node, stop, partial(deploy_standard_contracts, node.api, artifacts))


@asynccontextmanager
async def _wallet_service(port: int, node: AztecNode, artifacts: Artifacts) -> AsyncIterator[str]:
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


async def _serve(config: Config, artifacts: Artifacts, data_dir: Path, chain: L1Chain) -> int:
    """Make the node, serve until a signal comes, and stop in order."""
    is_stopping = Event()
    stop = _stop_signal(is_stopping, (data_dir,) if config.data_dir is None else ())
    async with _opened(config, artifacts, data_dir, chain, is_stopping) as opened:
        node, l1 = opened.node, opened.l1
        if _lacks_contracts(config, data_dir, node) and not await _deploy(node, artifacts, stop):
            return 0
        _relax_garbage_collection()
        server = RpcServer(
            node=node.api,
            host=config.rpc.host,
            port=config.rpc.port,
            headers=_headers(),
            health=lambda: node.writer.bug is None,
            limits=RpcLimits(
                max_body_bytes=config.rpc.max_body_bytes,
                max_batch_items=config.rpc.max_batch_size,
                cache_bytes=config.rpc.cache_bytes,
            ),
            metrics=opened.metrics,
            exposition=opened.metrics.exposition,
        )
        async with AsyncExitStack() as running:
            url = (await running.enter_async_context(server.run())).url
            wallet_url = None
            if config.wallet.port is not None:
                wallet_url = await running.enter_async_context(
                    _wallet_service(config.wallet.port, node.api, artifacts)
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
                    blocks=node.ledger.world_state.tip,
                    has_contracts=are_deployed(node.api),
                ),
                flush=True,
            )
            print(f"ready {url}", flush=True)
            _log.info("ready", url=url, hashing=KERNEL, blocks=node.ledger.world_state.tip)
            # Nobody waits for this thread: stopping must not take as long as warming up.
            Thread(target=_warm_up, args=(opened, chain), name="aztecd-warm-up", daemon=True).start()
            await _run_tasks(node, stop)
    return _EXIT_BUG if node.writer.bug is not None else 0


def _stop_signal(is_stopping: Event, scratch: tuple[Path, ...]) -> asyncio.Event:
    """Give an event that the first SIGINT or SIGTERM sets; the second ends the process at once.

    `is_stopping` is set too: it is for other threads.

    What takes too long after the first, a first blob that waits for KZG setups for example, is left as a
    crash would leave it: the next start goes on from there, and Anvil's keeper ends Anvil.
    """
    stop = asyncio.Event()

    def give_up() -> None:
        _log.warning("stopped_without_waiting", after_s=_STOP_PATIENCE_S)
        for folder in scratch:
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    def on_signal() -> None:
        if stop.is_set():
            os._exit(_EXIT_SECOND_SIGNAL)
        is_stopping.set()
        stop.set()
        patience = Timer(_STOP_PATIENCE_S, give_up)
        patience.daemon = True
        patience.start()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    return stop


def _warm_up(opened: _Opened, chain: L1Chain | None = None) -> None:
    """Do what the first block would wait for, while clients connect: seconds of work, all of it optional."""
    try:
        opened.kzg.start()
        warm_up_blobs(opened.l1.client, opened.l1.deployment.chain_id)
        if chain is not None:
            chain.save()
    except AztecdError as error:
        _log.debug("warm_up_failed", reason=str(error))


async def _run_tasks(
    node: Node, stop: asyncio.Event, work: Callable[[], Awaitable[None]] | None = None
) -> bool:
    """Run the daemon's tasks until `work` is done, or a signal comes; a running job is finished.

    True if it was the work that ended. After a bug in a job or a task, or an error like a full disk, the
    daemon goes on serving reads, unhealthy, until it is told to stop.
    """
    done: list[AztecdError | None] = []

    async def stop_on_signal() -> None:
        await stop.wait()
        raise _StopRequestedError

    async def supervise(name: str, run: Callable[[], Awaitable[None]]) -> None:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - the border: what is left here has no owner
            node.writer.fail(name, error)

    async def do(work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except AztecdError as error:
            done.append(error)
        else:
            done.append(None)
        raise _StopRequestedError

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(supervise("miner", node.miner.run))
            tasks.create_task(supervise("monitor", node.monitor.run))
            tasks.create_task(stop_on_signal())
            if work is not None:
                tasks.create_task(do(work))
    except* _StopRequestedError:
        if stop.is_set():
            _log.info("stopping")
    if done and done[0] is not None:
        raise done[0]
    return bool(done)


class _StopRequestedError(Exception):
    """Ends the task group."""


def _headers() -> dict[str, str]:
    """Give the headers by which clients recognise the release."""
    return {
        "x-aztec-l2CircuitsVkTreeRoot": fr_hex(VK_TREE_ROOT),
        "x-aztec-l2ProtocolContractsHash": fr_hex(PROTOCOL_CONTRACTS_HASH),
        "x-aztec-packageVersion": AZTEC_VERSION,
    }
