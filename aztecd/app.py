"""The composition root: makes the objects of a daemon, hands them to each other, starts and stops them."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Thread, Timer

import structlog
import uvloop

from aztecd.artifacts import Artifacts, locate
from aztecd.avm import ProgramCache
from aztecd.builder import BlockBuilder
from aztecd.chain import ChainStore
from aztecd.chain import check as check_chain
from aztecd.config import Config, Settings
from aztecd.constants import (
    AZTEC_VERSION,
    CONTRACT_CLASS_REGISTRY_ADDRESS,
    CONTRACT_INSTANCE_REGISTRY_ADDRESS,
    FEE_JUICE_ADDRESS,
    MULTI_CALL_ENTRYPOINT_ADDRESS,
    PROTOCOL_CONTRACTS_HASH,
    VK_TREE_ROOT,
)
from aztecd.crypto.field import FR_ZERO, fr_hex
from aztecd.crypto.kzg import KzgWorker
from aztecd.crypto.poseidon2 import KERNEL
from aztecd.errors import AztecdError
from aztecd.execution import (
    DEFAULT_ALLOW_LIST,
    TOKEN_ALLOW_LIST,
    GasCeilings,
    TxExecutor,
    parse_allow_list,
)
from aztecd.l1 import (
    ContractSet,
    Deployment,
    EpochSettler,
    L1Account,
    L1Client,
    L1Time,
    L1View,
    Publisher,
    RollupReader,
    TransactionSender,
    sleep_until_stopped,
    warm_up_blobs,
)
from aztecd.localnet.accounts import genesis_public_data
from aztecd.localnet.automine import AutoMiner
from aztecd.localnet.card import start_card
from aztecd.localnet.data_dir import data_directory
from aztecd.localnet.l1_chain import L1Chain, l1_chain, prepare_contracts
from aztecd.localnet.monitor import L1Monitor
from aztecd.localnet.record import DataDirError, NetworkRecord
from aztecd.mempool import Mempool, MempoolConfig
from aztecd.node.admission import NetworkRules, TxAdmission, TxRules
from aztecd.node.contract_logs import ContractLogs
from aztecd.node.ledger import Ledger
from aztecd.node.node import AztecNode
from aztecd.node.outlook import L1Outlook
from aztecd.node.pool_chain import PoolChainView
from aztecd.node.producer import ChainIdentity, CheckpointProducer
from aztecd.node.signatures import FunctionSignatures
from aztecd.node.simulation import PublicSimulator, SimulationLimits
from aztecd.node.tracing import TransactionTracer
from aztecd.node.writer import SerialWriter
from aztecd.observability import Metrics, configure_logging
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.node_types import (
    NodeInfo,
    ProtocolContractAddresses,
)
from aztecd.protocol.protocol_contracts import protocol_contracts
from aztecd.rpc import RpcLimits, RpcServer
from aztecd.state import Genesis, WorldState, build_genesis
from aztecd.storage import KeyValueStore, LevelStore, Prefix

__all__ = ["check_data_dir", "run_local"]

_log = structlog.get_logger("aztecd")
_DATABASE = "db"
_ARCHIVED_TXS = 1000
"""Transactions of final blocks that are kept for traces."""
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
        # Without a record there is nothing on L1 that anybody knows of.
        is_known = NetworkRecord.load(data_dir) is not None
        chain = stack.enter_context(
            l1_chain(config.l1, program=artifacts.anvil, data_dir=data_dir, continues=is_known)
        )
        return uvloop.run(_serve(config, artifacts, data_dir, chain))


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
        chain = _open_chain(store, locate(), genesis.header, epoch_duration=_EPOCH_DURATION)
        tip = chain.tips().proposed.number
        if tip != world_state.tip:
            problems.append(f"the chain stands at block {tip}, the world state at block {world_state.tip}")
            return problems
        header = chain.latest_header()
        if world_state.at(tip).state_reference() != header.state:
            problems.append(f"the trees differ from what the header of block {tip} says")
        return problems


def _open_chain(
    store: KeyValueStore, artifacts: Artifacts, genesis: BlockHeader, *, epoch_duration: int
) -> ChainStore:
    return ChainStore(
        store,
        genesis_header=genesis,
        protocol_contracts=protocol_contracts(json.loads(artifacts.protocol_contracts.read_bytes())),
        epoch_duration=epoch_duration,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _L1Parts:
    """The L1 side of one daemon."""

    client: L1Client
    contracts: ContractSet
    account: L1Account
    deployment: Deployment
    reader: RollupReader
    view: L1View


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """The parts of a node that the daemon runs."""

    ledger: Ledger
    api: AztecNode
    producer: CheckpointProducer
    miner: AutoMiner
    monitor: L1Monitor
    writer: SerialWriter


async def _serve(config: Config, artifacts: Artifacts, data_dir: Path, chain: L1Chain) -> int:
    """Make the node, agree with L1, serve until a signal comes, and stop in order."""
    is_stopping = Event()
    stop = _stop_signal(data_dir, is_stopping, is_temporary=config.data_dir is None)
    with ExitStack() as stack:
        genesis = build_genesis(genesis_public_data())
        contracts = ContractSet(artifacts.l1_artifacts)
        account = L1Account(bytes.fromhex(config.l1.publisher_key.removeprefix("0x")))
        client = stack.enter_context(closing(L1Client(chain.url, errors=contracts.errors)))
        deployment = prepare_contracts(
            client,
            contracts,
            account,
            config=config.l1,
            data_dir=data_dir,
            genesis_archive_root=genesis.archive_root,
        )
        contracts.forget_code()
        reader = RollupReader(client, contracts, deployment)
        l1 = _L1Parts(
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
        node = _make_node(config, store, artifacts, genesis, l1, kzg, metrics, is_stopping)
        await node.writer.run("agree_with_l1", node.producer.agree_with_l1)
        l1.view.refresh()
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
            metrics=metrics,
            exposition=metrics.exposition,
        )
        async with AsyncExitStack() as running:
            url = (await running.enter_async_context(server.run())).url
            print(
                start_card(
                    node_url=url,
                    l1_url=client.display_url,
                    deployment=deployment,
                    data_dir=str(config.data_dir)
                    if config.data_dir
                    else "temporary, gone when the daemon stops",
                    blocks=node.ledger.world_state.tip,
                ),
                flush=True,
            )
            print(f"ready {url}", flush=True)
            _log.info("ready", url=url, hashing=KERNEL, blocks=node.ledger.world_state.tip)
            # Nobody waits for this thread: stopping must not take as long as warming up.
            Thread(target=_warm_up, args=(l1, kzg, chain), name="aztecd-warm-up", daemon=True).start()
            await _until_stopped(node, stop)
        await node.writer.close()
    return _EXIT_BUG if node.writer.bug is not None else 0


def _stop_signal(data_dir: Path, is_stopping: Event, *, is_temporary: bool) -> asyncio.Event:
    """Give an event that the first SIGINT or SIGTERM sets; the second ends the process at once.

    `is_stopping` is set too: it is for other threads.

    What takes too long after the first, a first blob that waits for KZG setups for example, is left as a
    crash would leave it: the next start goes on from there, and Anvil's keeper ends Anvil.
    """
    stop = asyncio.Event()

    def give_up() -> None:
        _log.warning("stopped_without_waiting", after_s=_STOP_PATIENCE_S)
        if is_temporary:
            shutil.rmtree(data_dir, ignore_errors=True)
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


def _warm_up(l1: _L1Parts, kzg: KzgWorker, chain: L1Chain) -> None:
    """Do what the first block would wait for, while clients connect: seconds of work, all of it optional."""
    try:
        kzg.start()
        warm_up_blobs(l1.client, l1.deployment.chain_id)
        chain.save()
    except AztecdError as error:
        _log.debug("warm_up_failed", reason=str(error))


async def _until_stopped(node: _Node, stop: asyncio.Event) -> None:
    """Run the daemon's tasks until a signal comes; a running job is finished.

    After a bug in a job or a task, or an error like a full disk, the daemon goes on serving reads, unhealthy,
    until it is told to stop.
    """

    async def stop_on_signal() -> None:
        await stop.wait()
        raise _StopRequestedError

    async def supervise(name: str, run: Callable[[], Awaitable[None]]) -> None:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - the border: what is left here has no owner
            node.writer.fail(name, error)

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(supervise("miner", node.miner.run))
            tasks.create_task(supervise("monitor", node.monitor.run))
            tasks.create_task(stop_on_signal())
    except* _StopRequestedError:
        _log.info("stopping")


class _StopRequestedError(Exception):
    """Ends the task group."""


def _make_node(
    config: Config,
    store: KeyValueStore,
    artifacts: Artifacts,
    genesis: Genesis,
    l1: _L1Parts,
    kzg: KzgWorker,
    metrics: Metrics,
    is_stopping: Event,
) -> _Node:
    deployment = l1.deployment
    world_state = WorldState.open(store, genesis_public_data())
    chain = _open_chain(store, artifacts, genesis.header, epoch_duration=deployment.epoch_duration)
    mana_limit = 2 * deployment.mana_target
    allow_list = (
        *DEFAULT_ALLOW_LIST,
        *TOKEN_ALLOW_LIST,
        *parse_allow_list(config.mempool.public_setup_allow_list),
    )
    outlook = L1Outlook(view=l1.view, clock=l1.reader.clock, chain=chain)
    rules = TxRules(
        network=NetworkRules(
            chain_id=deployment.chain_id,
            rollup_version=deployment.rollup_version,
            gas_ceilings=GasCeilings.of_node(rollup_mana_limit=mana_limit),
            allow_list=allow_list,
        ),
        chain=chain,
        world_state=world_state,
        outlook=outlook,
    )
    mempool = Mempool.open(
        store,
        PoolChainView(rules=rules, chain=chain, world_state=world_state),
        config=MempoolConfig(
            max_pending_count=config.mempool.max_pending_tx_count,
            price_bump_percentage=config.mempool.price_bump_percentage,
            min_age_ms=0,
            max_archived_count=_ARCHIVED_TXS,
        ),
        now_ms=lambda: time.time_ns() // 1_000_000,
    )
    ledger = Ledger(
        store=store,
        world_state=world_state,
        chain=chain,
        mempool=mempool,
        genesis_archive_root=genesis.archive_root,
    )
    programs = ProgramCache()
    executor = TxExecutor(programs=programs)
    signatures = FunctionSignatures()
    contract_logs = ContractLogs(signatures)
    sender = TransactionSender(
        l1.client, l1.account, deployment.chain_id, sleep=partial(sleep_until_stopped, is_stopping)
    )
    writer = SerialWriter()
    producer = CheckpointProducer(
        ledger=ledger,
        builder=BlockBuilder(executor=executor, check=rules.for_block, contracts=chain),
        committer=kzg,
        reader=l1.reader,
        l1_time=L1Time(l1.client, l1.reader.clock),
        publisher=Publisher(l1.reader, sender, kzg),
        settler=EpochSettler(l1.reader, sender),
        identity=ChainIdentity(
            chain_id=deployment.chain_id,
            rollup_version=deployment.rollup_version,
            coinbase=l1.account.address,
            fee_recipient=AztecAddress(FR_ZERO),
            mana_limit=mana_limit,
            max_txs_per_block=config.sequencer.max_txs_per_block,
        ),
        metrics=metrics,
        contract_logs=contract_logs,
        is_stopping=is_stopping.is_set,
    )
    miner = AutoMiner(
        writer=writer,
        producer=producer,
        mempool=mempool,
        outlook=outlook,
        settle_epochs=config.sequencer.settle_epochs,
    )
    mempool.subscribe(miner.wake_from_thread)
    monitor = L1Monitor(
        view=l1.view,
        ledger=ledger,
        writer=writer,
        metrics=metrics,
        poll_interval_s=config.l1.poll_interval_s,
        history_checkpoints=config.history.checkpoints,
        on_new_l1_block=miner.wake,
        on_lost_checkpoints=miner.agree_with_l1,
    )
    simulator = PublicSimulator(
        chain_id=deployment.chain_id,
        rollup_version=deployment.rollup_version,
        chain=chain,
        world_state=world_state,
        outlook=outlook,
        programs=programs,
        contract_logs=contract_logs,
        limits=SimulationLimits(
            max_l2_gas=config.rpc.simulation_max_l2_gas, max_seconds=config.rpc.simulation_seconds
        ),
        is_stopping=is_stopping.is_set,
    )
    api = AztecNode(
        info=_node_info(deployment),
        ledger=ledger,
        simulator=simulator,
        signatures=signatures,
        contract_logs=contract_logs,
        tracer=TransactionTracer(
            chain=chain,
            world_state=world_state,
            mempool=mempool,
            simulator=simulator,
            programs=programs,
            signatures=signatures,
        ),
        admission=TxAdmission(
            rules=rules,
            mempool=mempool,
            on_store_failure=lambda error: writer.fail("send_tx", error),
        ),
        allowed_setup=allow_list,
        current_min_fees=outlook.min_fees,
        is_ready=lambda: writer.bug is None,
    )
    return _Node(ledger=ledger, api=api, producer=producer, miner=miner, monitor=monitor, writer=writer)


def _node_info(deployment: Deployment) -> NodeInfo:
    return NodeInfo(
        node_version=AZTEC_VERSION,
        l1_chain_id=deployment.chain_id,
        rollup_version=deployment.rollup_version,
        enr=None,
        l1_contract_addresses=deployment.addresses,
        protocol_contract_addresses=ProtocolContractAddresses(
            class_registry=AztecAddress(CONTRACT_CLASS_REGISTRY_ADDRESS),
            fee_juice=AztecAddress(FEE_JUICE_ADDRESS),
            instance_registry=AztecAddress(CONTRACT_INSTANCE_REGISTRY_ADDRESS),
            multi_call_entrypoint=AztecAddress(MULTI_CALL_ENTRYPOINT_ADDRESS),
        ),
        real_proofs=False,
    )


def _headers() -> dict[str, str]:
    """Give the headers by which clients recognise the release."""
    return {
        "x-aztec-l2CircuitsVkTreeRoot": fr_hex(VK_TREE_ROOT),
        "x-aztec-l2ProtocolContractsHash": fr_hex(PROTOCOL_CONTRACTS_HASH),
        "x-aztec-packageVersion": AZTEC_VERSION,
    }
