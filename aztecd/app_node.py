"""`aztecd node`: joins a rollup that others run too, starts and stops what that takes."""

from __future__ import annotations

from contextlib import AsyncExitStack, ExitStack, closing
from pathlib import Path
from threading import Event

import structlog
import uvloop

from aztecd.artifacts import Artifacts, locate
from aztecd.assembly import L1Parts, make_core
from aztecd.assembly_node import make_joined
from aztecd.config import Config, ConfigError, Settings
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
from aztecd.joining import Rollup, join, place_of
from aztecd.l1 import ContractSet, L1Account, L1Client, L1View, RollupReader
from aztecd.l1.blobs import BlobNamespace, BlobStore
from aztecd.l1.blobs.specs import check_blob_source_spec
from aztecd.node.data_dir import data_directory
from aztecd.node_card import node_card
from aztecd.observability import Metrics, configure_logging
from aztecd.publisher_key import proposer_account
from aztecd.rpc import Port
from aztecd.storage import LevelStore

__all__ = ["run_node"]

_log = structlog.get_logger("aztecd")


def run_node(settings: Settings, kzg: KzgWorker) -> int:
    """Run a node of a rollup until it is told to stop. Gives 0 after a clean stop, 3 after a bug."""
    config = settings.config
    configure_logging(level=config.log.level, style=config.log.format)
    place = place_of(config)
    _check(config)
    artifacts = locate()
    with ExitStack() as stack:
        data_dir = stack.enter_context(data_directory(place.data_dir))
        port = stack.enter_context(Port(config.rpc.host, config.rpc.port))
        contracts = ContractSet(artifacts.l1_artifacts)
        client = stack.enter_context(closing(L1Client(place.l1_url, errors=contracts.errors)))
        rollup = join(settings, place, client, contracts, data_dir)
        account = proposer_account(settings, rollup.deployment)
        contracts.forget_code()
        reader = RollupReader(client, contracts, rollup.deployment)
        l1 = L1Parts(
            client=client,
            contracts=contracts,
            deployment=rollup.deployment,
            reader=reader,
            view=L1View(reader),
        )
        l1.view.refresh()
        return uvloop.run(_serve(config, artifacts, data_dir, l1, rollup, account, kzg, port))


def _check(config: Config) -> None:
    for spec in config.blobs.sources:
        check_blob_source_spec(spec)
    if config.sequencer.enabled:
        return
    for key, is_set in (
        ("settle_epochs", config.sequencer.settle_epochs),
        ("move_l1_time", config.sequencer.move_l1_time),
    ):
        if is_set:
            raise ConfigError(f"sequencer.{key} is for nodes that propose: give --sequencer too")


async def _serve(
    config: Config,
    artifacts: Artifacts,
    data_dir: Path,
    l1: L1Parts,
    rollup: Rollup,
    account: L1Account | None,
    kzg: KzgWorker,
    port: Port,
) -> int:
    """Make the node, serve until a signal comes, and stop in order."""
    is_stopping, is_caught_up = Event(), Event()
    stop = stop_signal(is_stopping)
    async with AsyncExitStack() as stack:
        store = stack.enter_context(closing(LevelStore.open(data_dir / DATABASE)))
        blobs = BlobStore.open(
            data_dir / BLOBS, BlobNamespace.of(rollup.deployment), max_bytes=config.blobs.max_bytes
        )
        core = make_core(
            config,
            store,
            artifacts,
            l1,
            prefunded=rollup.prefunded,
            metrics=Metrics(),
            is_stopping=is_stopping,
            is_caught_up=is_caught_up.is_set,
        )
        stack.push_async_callback(core.writer.close)
        node = make_joined(config, core, l1, account, kzg, blobs, is_caught_up)
        relax_garbage_collection()
        async with rpc_server(config, core, blobs, port).run() as address:
            tips = core.ledger.chain.tips()
            print(
                node_card(
                    node_url=address.url,
                    l1_url=l1.client.display_url,
                    deployment=rollup.deployment,
                    prefunded=len(rollup.prefunded),
                    proposer=None if account is None else account.address,
                    blob_sources=node.blob_sources,
                    data_dir=str(data_dir),
                    tips=tips,
                ),
                flush=True,
            )
            print(f"ready {address.url}", flush=True)
            _log.info("ready", url=address.url, hashing=KERNEL, blocks=tips.proposed.number)
            await run_tasks(node.tasks, core.writer, stop)
    return exit_status(core.writer)
