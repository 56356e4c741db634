"""The wallet's engine: accounts, contracts, notes, and the private part of transactions.

It belongs into the process of a wallet. Operations that depend on the chain run one at a time, each at one
anchor block (`aztecd.pxe.jobs`).

Authority: @aztec/pxe src/pxe.ts (4.1.2).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, BlockNumber, FunctionSelector, TxHash
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.receipt import DebugLog
from aztecd.protocol.simulation import PublicSimulationOutput
from aztecd.protocol.tx import Tx
from aztecd.pxe.artifacts import ContractArtifact
from aztecd.pxe.errors import EventFilterError, InvalidSimulationError
from aztecd.pxe.execution.executor import Circuits, Executor
from aztecd.pxe.execution.result import PrivateExecutionResult
from aztecd.pxe.execution.views import ALL_SCOPES, Scopes
from aztecd.pxe.interruption import Interruption
from aztecd.pxe.jobs import JobRunner, RunningJob
from aztecd.pxe.keys import CompleteAddress, KeyStore, Secret
from aztecd.pxe.node import PxeNode
from aztecd.pxe.oracles import ContractLog, ContractLogger
from aztecd.pxe.oracles.contract_log import format_message
from aztecd.pxe.proving import EMPTY_PROOF, Proof, Prover, SimulatedProver, make_data, make_tx
from aztecd.pxe.public_errors import public_error
from aztecd.pxe.registration import register_class, register_instance, update_instance
from aztecd.pxe.requests import AuthWitness, FunctionCall, TxExecutionRequest
from aztecd.pxe.results import (
    FunctionTiming,
    PrivateEvent,
    ProfileResult,
    ProvingResult,
    SimulationResult,
    Timings,
    UtilityResult,
    timings_of,
)
from aztecd.pxe.stores import ContractOverride, ContractStore, EventFilter, NetworkId, Stores
from aztecd.pxe.sync import ChainTip, ContractSync, NodeBridge, views_of
from aztecd.storage import KeyValueStore

__all__ = ["ProtocolContracts", "Pxe"]

_FIRST_BLOCK: Final = 1


class ProtocolContracts(Protocol):
    """The contracts that every chain has; artifacts are only asked for when the store has none."""

    def instances(self) -> Sequence[ContractInstanceWithAddress]:
        """List the instances."""
        ...

    def artifact(self, address: AztecAddress) -> ContractArtifact:
        """Give the artifact of one of them."""
        ...


@dataclass(frozen=True, slots=True)
class _Run:
    """A job and the executor on its views."""

    running: RunningJob
    executor: Executor


class Pxe:
    """The engine of one wallet. Mutable; its methods belong to one event loop."""

    def __init__(
        self,
        *,
        node: PxeNode,
        store: KeyValueStore,
        keys: KeyStore,
        circuits: Circuits,
        protocol_contracts: ProtocolContracts,
        log: ContractLogger,
        prover: Prover | None = None,
        follow: ChainTip = ChainTip.PROPOSED,
        interruption: Interruption | None = None,
    ) -> None:
        """Put a PXE together; `interruption` is the one that the circuits' machine asks."""
        self.keys = keys
        self._node = node
        self._circuits = circuits
        self._protocol_contracts = protocol_contracts
        self._log = log
        self._prover = prover or SimulatedProver()
        self._jobs = JobRunner(node=node, store=store, keys=keys, follow=follow, interruption=interruption)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[Pxe]:
        """Hold that the store is of the node's network, register the protocol contracts; close at the end.

        Raises WrongNetworkError, errors of the node and of the store.
        """
        try:
            await self._start()
            yield self
        finally:
            await self._jobs.close()

    # Accounts and senders.

    async def register_account(self, secret: Secret, partial_address: Fr) -> CompleteAddress:
        """Keep an account's keys and find its notes from now on; repeating is harmless.

        Raises VaultLockedError, InvalidContractError.
        """
        return await self._jobs.write(lambda _stores, _node: self.keys.add_account(secret, partial_address))

    def get_registered_accounts(self) -> list[CompleteAddress]:
        """List the own accounts."""
        return self.keys.accounts()

    async def register_sender(self, sender: AztecAddress) -> AztecAddress:
        """Look for what a sender has sent from now on; own accounts are always looked for."""
        if not self.keys.has_account(sender):
            await self._jobs.write(lambda stores, _node: stores.senders.add(sender))
        return sender

    def get_senders(self) -> list[AztecAddress]:
        """List the senders of the address book."""
        return self._jobs.committed().senders.all()

    async def remove_sender(self, sender: AztecAddress) -> None:
        """Look for a sender's messages no longer."""
        await self._jobs.write(lambda stores, _node: stores.senders.remove(sender))

    def lock(self) -> None:
        """Lock the key store and forget all that was derived from its secrets."""
        self.keys.lock()
        self._jobs.secrets.clear()

    # Contracts.

    async def register_contract_class(self, artifact: ContractArtifact) -> Fr:
        """Keep an artifact under its class id, and give that. Raises ArtifactError."""
        return await self._jobs.write(lambda stores, _node: register_class(stores, artifact))

    async def register_contract(
        self, instance: ContractInstanceWithAddress, artifact: ContractArtifact | None = None
    ) -> None:
        """Make a contract known; without an artifact its class must be known already.

        Raises RegistrationError, ArtifactError, InvalidContractError.
        """
        await self._jobs.write(lambda stores, node: register_instance(stores, node, instance, artifact))

    async def update_contract(self, address: AztecAddress, artifact: ContractArtifact) -> None:
        """Replace the code of a contract that was updated on the chain. Raises RegistrationError."""
        await self._jobs.run(lambda running: update_instance(running.job, address, artifact), is_durable=True)

    def get_contracts(self) -> list[AztecAddress]:
        """List the addresses of all known contracts."""
        return self._jobs.committed().contracts.addresses()

    def get_contract_instance(self, address: AztecAddress) -> ContractInstanceWithAddress | None:
        """Give a known contract."""
        return self._jobs.committed().contracts.instance(address)

    async def get_contract_artifact(self, class_id: Fr) -> ContractArtifact | None:
        """Give the artifact of a class."""
        # The first time megabytes of JSON are read.
        contracts = self._jobs.committed().contracts
        return await asyncio.to_thread(contracts.artifact_of_class, class_id)

    # The chain.

    def get_synced_block_header(self) -> BlockHeader | None:
        """Give the anchor block's header, that of the last operation; none before the first."""
        return self._jobs.committed().anchor.header()

    async def sync(self) -> BlockHeader:
        """Bring the anchor up to the node, and give its header."""
        return await self._jobs.run(lambda running: running.job.anchor.header)

    # Transactions.

    async def prove_tx(self, request: TxExecutionRequest, scopes: Scopes) -> ProvingResult:
        """Execute the private calls of a transaction and prove them.

        The tags that it uses count as used from now on, whether it is sent or not. Raises what execution, the
        kernel and the prover raise.
        """

        def prove(running: RunningJob) -> ProvingResult:
            execution = self._execute(running, request, scopes)
            data = make_data(running.job, request, execution, enforces_fees=True)
            began = self._jobs.clock()
            proof = self._prover.prove(Proof(request=request, execution=execution, data=data))
            proving_s = self._jobs.clock() - began
            tx = make_tx(data, execution, proof)
            running.job.stores.sender_tags.store_pending(execution.used_tags, tx.tx_hash)
            timings = self._timings(running, timings_of(execution), proving_s=proving_s)
            return ProvingResult(private=execution, tx=tx, timings=timings)

        return await self._jobs.run(prove, is_durable=True)

    async def simulate_tx(
        self,
        request: TxExecutionRequest,
        *,
        scopes: Scopes,
        simulate_public: bool,
        skip_tx_validation: bool = False,
        skip_fee_enforcement: bool = False,
        overrides: Mapping[AztecAddress, ContractOverride] | None = None,
    ) -> SimulationResult:
        """Execute a transaction without sending it, its public calls on the node.

        Contracts in `overrides` are other ones for this time, and are not synchronised. Raises what execution
        and the kernel raise; PublicExecutionError, InvalidSimulationError.
        """

        def simulate(running: RunningJob) -> SimulationResult:
            job = running.job
            execution = self._execute(running, request, scopes)
            # The reference has a second kernel, with fewer checks, for overridden contracts. This one does
            # not look at code, so it serves both, and gives what will be sent.
            data = make_data(job, request, execution, enforces_fees=not (skip_fee_enforcement or overrides))
            tx = make_tx(data, execution, EMPTY_PROOF)
            began = self._jobs.clock()
            output = None
            if simulate_public and data.for_public is not None:
                output = self._simulate_public(running, tx, skip_fee_enforcement)
            simulated = self._jobs.clock()
            if not skip_tx_validation:
                _require_valid(job.bridge, tx, skip_fee_enforcement)
            timings = self._timings(
                running,
                timings_of(execution),
                public_simulation_s=None if output is None else simulated - began,
                validation_s=None if skip_tx_validation else self._jobs.clock() - simulated,
            )
            return SimulationResult(private=execution, tx=tx, public_output=output, timings=timings)

        return await self._jobs.run(simulate, overrides=overrides)

    async def profile_tx(self, request: TxExecutionRequest, scopes: Scopes) -> ProfileResult:
        """Execute the private calls of a transaction and time them. Raises what execution raises."""

        def profile(running: RunningJob) -> ProfileResult:
            execution = self._execute(running, request, scopes)
            return ProfileResult(private=execution, timings=self._timings(running, timings_of(execution)))

        return await self._jobs.run(profile)

    async def execute_utility(
        self,
        call: FunctionCall,
        *,
        scopes: Scopes = ALL_SCOPES,
        auth_witnesses: Sequence[AuthWitness] = (),
    ) -> UtilityResult:
        """Execute a utility function. Raises what execution raises."""

        def execute(running: RunningJob) -> UtilityResult:
            run = self._on(running)
            self._ensure_synced(run, call.to, FunctionSelector(call.selector), scopes)
            began = self._jobs.clock()
            values = run.executor.run_utility(
                call.to, FunctionSelector(call.selector), call.args, scopes, auth_witnesses=auth_witnesses
            )
            timing = FunctionTiming(name=call.name, time_s=self._jobs.clock() - began)
            return UtilityResult(values=values, timings=self._timings(running, [timing]))

        return await self._jobs.run(execute)

    async def log_public_lines(self, lines: Sequence[DebugLog]) -> None:
        """Pass on what public functions printed on the node, under the names of known contracts."""
        if lines:
            await asyncio.to_thread(self._write_lines, lines, self._jobs.committed().contracts)

    # Events.

    async def get_private_events(
        self,
        selector: FunctionSelector,
        *,
        contract: AztecAddress,
        scopes: Sequence[AztecAddress],
        from_block: int | None = None,
        to_block: int | None = None,
        tx_hash: TxHash | None = None,
    ) -> list[PrivateEvent]:
        """Give the events that some of the scoped accounts were sent; `to_block` is exclusive.

        Raises EventFilterError, and what synchronising the contract raises.
        """

        def find(running: RunningJob) -> list[PrivateEvent]:
            # Numbers beyond the anchor mean the same as the one after it, however large they are.
            newest = running.job.anchor.number
            first = _FIRST_BLOCK if from_block is None else from_block
            end = newest + 1 if to_block is None else to_block
            _check_filter(first, end, scopes)
            first, end = min(first, newest + 1), min(end, newest + 1)
            self._ensure_synced(self._on(running), contract, None, tuple(scopes))
            found = running.job.stores.events.select(
                EventFilter(
                    contract=contract,
                    selector=selector,
                    from_block=BlockNumber(first),
                    to_block=BlockNumber(end),
                    scopes=tuple(scopes),
                    tx_hash=tx_hash,
                )
            )
            return [
                PrivateEvent(
                    contract_address=item.contract_address,
                    selector=FunctionSelector(item.selector),
                    packed=item.content,
                    block_number=BlockNumber(item.block_number),
                    block_hash=item.block_hash,
                    tx_hash=item.tx_hash,
                )
                for item in found
            ]

        return await self._jobs.run(find)

    async def _start(self) -> None:
        info = await self._node.get_node_info()
        network = NetworkId(
            l1_chain_id=info.l1_chain_id,
            rollup_version=info.rollup_version,
            rollup_address=info.l1_contract_addresses.rollup_address,
        )

        def start(stores: Stores, _node: NodeBridge) -> None:
            stores.anchor.bind(network)
            for instance in self._protocol_contracts.instances():
                if not stores.contracts.has_class(instance.current_contract_class_id):
                    artifact = self._protocol_contracts.artifact(instance.address)
                    stores.contracts.add_class(instance.current_contract_class_id, artifact)
                if stores.contracts.instance(instance.address) != instance:
                    stores.contracts.add_instance(instance)

        await self._jobs.write(start)

    def _on(self, running: RunningJob) -> _Run:
        views = views_of(running.job, running.synced)
        return _Run(running, Executor(self._circuits, views, log=self._log))

    def _ensure_synced(
        self, run: _Run, contract: AztecAddress, selector: FunctionSelector | None, scopes: Scopes
    ) -> None:
        sync = ContractSync(run.running.job, run.running.synced)
        sync.ensure_contract_synced(contract, selector, scopes, run.executor.run_utility)

    def _execute(
        self, running: RunningJob, request: TxExecutionRequest, scopes: Scopes
    ) -> PrivateExecutionResult:
        run = self._on(running)
        self._ensure_synced(run, request.origin, FunctionSelector(request.function_selector), scopes)
        return run.executor.run_private(request, scopes)

    def _simulate_public(
        self, running: RunningJob, tx: Tx, skip_fee_enforcement: bool
    ) -> PublicSimulationOutput:
        bridge, contracts = running.job.bridge, running.job.stores.contracts
        output = bridge.run(bridge.node.simulate_public_calls(tx, skip_fee_enforcement))
        self._write_lines(output.debug_logs, contracts)
        if output.revert_reason is not None:
            raise public_error(output.revert_reason, contracts.artifact)
        return output

    def _write_lines(self, lines: Sequence[DebugLog], contracts: ContractStore) -> None:
        for line in lines:
            artifact = contracts.artifact(line.contract_address)
            self._log(
                ContractLog(
                    level=line.level,
                    contract=line.contract_address,
                    contract_name=None if artifact is None else artifact.name,
                    message=format_message(line.message, line.fields),
                )
            )

    def _timings(
        self, running: RunningJob, functions: Sequence[FunctionTiming], **parts: float | None
    ) -> Timings:
        return Timings(
            total_s=self._jobs.clock() - running.began,
            sync_s=running.sync_s,
            functions=tuple(functions),
            node_calls=running.job.bridge.call_count,
            **parts,
        )


def _require_valid(bridge: NodeBridge, tx: Tx, skip_fee_enforcement: bool) -> None:
    result = bridge.run(
        bridge.node.is_valid_tx(tx, is_simulation=True, skip_fee_enforcement=skip_fee_enforcement)
    )
    if result.result == "invalid":
        raise InvalidSimulationError(result.reason or ())


def _check_filter(first: int, end: int, scopes: Sequence[AztecAddress]) -> None:
    if not scopes:
        raise EventFilterError("At least one scope is required to get private events")
    if first < _FIRST_BLOCK:
        raise EventFilterError("fromBlock must be greater than or equal to 1")
    if end < _FIRST_BLOCK:
        raise EventFilterError("toBlock must be greater than or equal to 1")
    if first >= end:
        raise EventFilterError("toBlock must be strictly greater than fromBlock")
