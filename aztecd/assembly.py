"""Makes the parts of a node and hands them to each other, for the daemon that runs them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event

from aztecd.archiver import InboxSync
from aztecd.artifacts import Artifacts
from aztecd.avm import ProgramCache
from aztecd.builder import BlockBuilder
from aztecd.chain import ChainStore
from aztecd.config import Config
from aztecd.constants import (
    AZTEC_VERSION,
    CONTRACT_CLASS_REGISTRY_ADDRESS,
    CONTRACT_INSTANCE_REGISTRY_ADDRESS,
    FEE_JUICE_ADDRESS,
    MULTI_CALL_ENTRYPOINT_ADDRESS,
)
from aztecd.crypto.field import FR_ZERO
from aztecd.crypto.kzg import KzgWorker
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
    RollupReader,
    SenderOptions,
    TransactionSender,
    sleep_until_stopped,
)
from aztecd.l1.blobs import BlobStore
from aztecd.l1.keeping import KeepingPublisher
from aztecd.localnet.accounts import genesis_public_data
from aztecd.localnet.automine import AutoMiner
from aztecd.localnet.monitor import L1Monitor
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
from aztecd.observability import Metrics
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.node_types import NodeInfo, ProtocolContractAddresses
from aztecd.protocol.protocol_contracts import protocol_contracts
from aztecd.state import WorldState, build_genesis
from aztecd.storage import KeyValueStore

__all__ = [
    "Core",
    "L1Parts",
    "LocalNode",
    "make_core",
    "make_local",
    "make_producer",
    "make_sender",
    "open_chain",
]

_ARCHIVED_TXS = 1000
"""Transactions of final blocks that are kept for traces."""
_WARM_UP_POLL_S = 0.1
_WARM_UP_POLLS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class L1Parts:
    """The L1 side of one daemon."""

    client: L1Client
    contracts: ContractSet
    deployment: Deployment
    reader: RollupReader
    view: L1View


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What every node has: stores, what clients can ask, the writer. Whoever makes blocks comes on top."""

    ledger: Ledger
    api: AztecNode
    writer: SerialWriter
    rules: TxRules
    outlook: L1Outlook
    executor: TxExecutor
    contract_logs: ContractLogs
    metrics: Metrics
    is_stopping: Event
    """Cuts long work short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalNode:
    """What a local network runs: nobody else builds there."""

    core: Core
    producer: CheckpointProducer
    miner: AutoMiner
    monitor: L1Monitor


def open_chain(
    store: KeyValueStore, artifacts: Artifacts, genesis: BlockHeader, *, epoch_duration: int
) -> ChainStore:
    """Open the chain of a store, or begin one."""
    return ChainStore(
        store,
        genesis_header=genesis,
        protocol_contracts=protocol_contracts(json.loads(artifacts.protocol_contracts.read_bytes())),
        epoch_duration=epoch_duration,
    )


def make_core(
    config: Config,
    store: KeyValueStore,
    artifacts: Artifacts,
    l1: L1Parts,
    *,
    prefunded: Sequence[AztecAddress],
    metrics: Metrics,
    is_stopping: Event,
    is_caught_up: Callable[[], bool] = lambda: True,
) -> Core:
    """Make the parts that every node has, on the store; nothing runs yet.

    `prefunded` holds fee juice at genesis. A node says that it is ready for transactions when it
    `is_caught_up`.
    """
    deployment = l1.deployment
    prefilled = genesis_public_data(prefunded)
    genesis = build_genesis(prefilled)
    world_state = WorldState.open(store, prefilled)
    chain = open_chain(store, artifacts, genesis.header, epoch_duration=deployment.epoch_duration)
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
            gas_ceilings=GasCeilings.of_node(rollup_mana_limit=deployment.mana_limit),
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
    writer = SerialWriter()
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
        is_ready=lambda: writer.bug is None and is_caught_up(),
    )
    return Core(
        ledger=ledger,
        api=api,
        writer=writer,
        rules=rules,
        outlook=outlook,
        executor=executor,
        contract_logs=contract_logs,
        metrics=metrics,
        is_stopping=is_stopping,
    )


def make_sender(
    core: Core, l1: L1Parts, account: L1Account, options: SenderOptions | None = None
) -> TransactionSender:
    """Make what sends the account's transactions; an account has one sender only."""
    sleep = partial(sleep_until_stopped, core.is_stopping)
    return TransactionSender(l1.client, account, l1.deployment.chain_id, options=options, sleep=sleep)


def make_producer(
    config: Config,
    core: Core,
    l1: L1Parts,
    sender: TransactionSender,
    kzg: KzgWorker,
    blobs: BlobStore,
    before_proof: Callable[[], None] = lambda: None,
) -> CheckpointProducer:
    """Make what builds, publishes and settles; the blobs that it published are kept."""
    deployment = l1.deployment
    return CheckpointProducer(
        ledger=core.ledger,
        builder=BlockBuilder(executor=core.executor, check=core.rules.for_block, contracts=core.ledger.chain),
        committer=kzg,
        reader=l1.reader,
        l1_time=L1Time(l1.client, l1.reader.clock),
        publisher=KeepingPublisher(l1.reader, sender, kzg, blobs),
        settler=EpochSettler(l1.reader, sender),
        identity=ChainIdentity(
            chain_id=deployment.chain_id,
            rollup_version=deployment.rollup_version,
            coinbase=sender.account.address,
            fee_recipient=AztecAddress(FR_ZERO),
            mana_limit=deployment.mana_limit,
            max_txs_per_block=config.sequencer.max_txs_per_block,
        ),
        metrics=core.metrics,
        contract_logs=core.contract_logs,
        sync_messages=InboxSync(core.ledger, l1.reader).sync,
        before_proof=before_proof,
        is_stopping=core.is_stopping.is_set,
    )


def make_local(
    config: Config,
    core: Core,
    l1: L1Parts,
    account: L1Account,
    kzg: KzgWorker,
    blobs: BlobStore,
    is_l1_warm: Event,
) -> LocalNode:
    """Make the node of a local network: it builds at once, and watches L1 only for what happens to it.

    No epoch is proven before `is_l1_warm`; blocks do not wait for that as long as a proof can.
    """
    settles = config.sequencer.settle_epochs is not False
    before_proof = partial(_wait_until_warm, is_l1_warm, core.is_stopping)
    producer = make_producer(config, core, l1, make_sender(core, l1, account), kzg, blobs, before_proof)
    miner = AutoMiner(
        writer=core.writer,
        producer=producer,
        mempool=core.ledger.mempool,
        outlook=core.outlook,
        may_settle=lambda: settles and is_l1_warm.is_set(),
    )
    core.ledger.mempool.subscribe(miner.wake_from_thread)
    monitor = L1Monitor(
        view=l1.view,
        ledger=core.ledger,
        writer=core.writer,
        metrics=core.metrics,
        poll_interval_s=config.l1.poll_interval_s,
        history_checkpoints=config.history.checkpoints,
        sync_messages=InboxSync(core.ledger, l1.reader).sync,
        on_new_l1_block=miner.wake,
        on_lost_checkpoints=miner.agree_with_l1,
    )
    return LocalNode(core=core, producer=producer, miner=miner, monitor=monitor)


def _wait_until_warm(is_l1_warm: Event, is_stopping: Event) -> None:
    """Let L1 load its KZG setup on its own time: while a proof waits for that, it answers nobody.

    Raises L1UnavailableError when the daemon is told to stop.
    """
    for _ in range(_WARM_UP_POLLS):
        if is_l1_warm.is_set():
            return
        sleep_until_stopped(is_stopping, _WARM_UP_POLL_S)


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
