"""Runs the private calls of a transaction, and utility functions.

A private function is a circuit over its context and arguments; whatever else it needs it asks the oracles
for, other private calls included, which are executed on the spot, in the middle of their caller.

Authority: @aztec/pxe src/contract_function_simulator/contract_function_simulator.ts (`run`, `runUtility`),
oracle/private_execution.ts, oracle/private_execution_oracle.ts (`privateCallPrivateFunction`) (4.1.2).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from aztecd.constants import NULL_MSG_SENDER_ADDRESS
from aztecd.crypto.field import FR_MODULUS, Fr, fr, fr_int
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.tx import HashedValues
from aztecd.pxe.abi import selector_field
from aztecd.pxe.acvm.errors import ExecutionError
from aztecd.pxe.acvm.foreign import ForeignCall
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.execution.errors import WrongFunctionError, failure_of
from aztecd.pxe.execution.result import ExecutedCall, PrivateExecutionResult, public_requests
from aztecd.pxe.execution.views import ALL_SCOPES, ExecutionViews, FunctionCode, Scopes
from aztecd.pxe.kernel import CircuitInputs
from aztecd.pxe.kernel.public_inputs import CIRCUIT_INPUTS_LENGTH, CallContext
from aztecd.pxe.oracles import (
    ContractLogger,
    Environment,
    ExecutionNoteCache,
    HashedValuesCache,
    MiscOracles,
    OracleError,
    PrivateOracles,
    TagIndexes,
    TransactionCaches,
    UtilityOracles,
    answer,
)
from aztecd.pxe.requests import AuthWitness, TxExecutionRequest

__all__ = ["Circuits", "Executor", "Solved", "random_field"]

_FIRST_COUNTER: Final = 2
"""Counter 1 belongs to the nullifier that the kernel may add."""
_MAX_DEPTH: Final = 32
"""How deep private calls nest; the protocol counts calls only, but a thread has an end."""


class Solved(Protocol):
    """The witnesses of an executed circuit."""

    @property
    def return_values(self) -> Sequence[int]:
        """The public return values, in order."""
        ...

    def range(self, start: int, count: int) -> Sequence[int]:
        """Give the values of `count` witnesses. Raises ExecutionError when one has no value."""
        ...


class Circuits(Protocol):
    """What executes circuits: the ACVM."""

    def execute(self, bytecode: bytes, initial_witness: Sequence[int], foreign_call: ForeignCall) -> Solved:
        """Solve a circuit. Raises ExecutionError."""
        ...


def random_field() -> Fr:
    """Give an unpredictable field element."""
    return fr(secrets.randbelow(FR_MODULUS))


class Executor:
    """Runs functions for one job, on its views. For one thread; it has no state between runs."""

    def __init__(
        self,
        circuits: Circuits,
        views: ExecutionViews,
        *,
        log: ContractLogger,
        random_field: Callable[[], Fr] = random_field,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._circuits = circuits
        self._environment = Environment(views=views, random_field=random_field, log=log)
        self._clock = clock

    def run_private(
        self,
        request: TxExecutionRequest,
        scopes: Scopes,
        *,
        msg_sender: Fr = NULL_MSG_SENDER_ADDRESS,
        sender_for_tags: AztecAddress | None = None,
    ) -> PrivateExecutionResult:
        """Execute the first call of a transaction and all that follow from it.

        The caller has synchronised the first contract. Raises: WrongFunctionError, PrivateExecutionError;
        errors of the views about the first function; UnavailableError when the node is away.
        """
        notes = ExecutionNoteCache(request.to_tx_request().protocol_nullifier())
        caches = TransactionCaches(notes, HashedValuesCache(request.args_of_calls), TagIndexes())
        transaction = _Transaction(
            self._circuits, self._environment, self._clock, request, caches, self.run_utility
        )
        code = self._environment.views.contracts.get_function(request.origin, request.function_selector)
        entrypoint = transaction.execute(
            _Call(
                code=code,
                context=_context(code, msg_sender, request.origin, code.artifact.is_static),
                args_hash=request.first_call_args_hash,
                counter=_FIRST_COUNTER,
                scopes=scopes,
                sender_for_tags=sender_for_tags,
                calldata_count=0,
                depth=0,
            )
        )
        return PrivateExecutionResult(
            entrypoint=entrypoint,
            first_nullifier=notes.finish(),
            public_function_calldata=tuple(
                HashedValues(values=caches.values.load(call.calldata_hash), hash=call.calldata_hash)
                for call in public_requests([entrypoint])
            ),
            used_tags=caches.tags.used(),
        )

    def run_utility(
        self,
        contract: AztecAddress,
        selector: FunctionSelector,
        arguments: Sequence[Fr],
        scopes: Scopes,
        *,
        auth_witnesses: Sequence[AuthWitness] = (),
    ) -> tuple[Fr, ...]:
        """Execute a utility function and give its return values, encoded.

        The caller has synchronised the contract. Raises as `run_private`.
        """
        code = self._environment.views.contracts.get_function(contract, selector)
        _require_kind(code, FunctionKind.UTILITY)
        _require_size(code, arguments)
        oracles = UtilityOracles(self._environment, contract, scopes=scopes, auth_witnesses=auth_witnesses)
        solved = _solve(self._circuits, code, oracles, [fr_int(argument) for argument in arguments])
        return tuple(map(fr, solved.return_values))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A private call that is about to be executed."""

    code: FunctionCode
    context: CallContext
    args_hash: Fr
    counter: int
    scopes: Scopes
    sender_for_tags: AztecAddress | None
    calldata_count: int
    depth: int


@dataclass(frozen=True, slots=True)
class _Transaction:
    """Executes the calls of one transaction, which share its caches."""

    circuits: Circuits
    environment: Environment
    clock: Callable[[], float]
    request: TxExecutionRequest
    caches: TransactionCaches
    run_utility: Callable[[AztecAddress, FunctionSelector, Sequence[Fr], Scopes], Sequence[Fr]]

    def execute(self, call: _Call) -> ExecutedCall:
        """Execute a call and those that it makes."""
        _require_kind(call.code, FunctionKind.PRIVATE)
        nested: list[ExecutedCall] = []
        nested_time = 0.0

        def call_nested(
            caller: PrivateOracles,
            *,
            contract: AztecAddress,
            selector: FunctionSelector,
            args_hash: Fr,
            counter: int,
            is_static: bool,
        ) -> tuple[int, Fr]:
            nonlocal nested_time
            began = self.clock()
            child = self._prepare(call, caller, contract, selector, args_hash, counter, is_static)
            executed = self.execute(child)
            if is_static:
                _require_no_effects(executed.inputs)
            nested.append(executed)
            nested_time += self.clock() - began
            return executed.inputs.end_counter, executed.inputs.returns_hash

        oracles = PrivateOracles(
            self.environment,
            self.caches,
            call.context,
            scopes=call.scopes,
            auth_witnesses=self.request.auth_witnesses,
            capsules=self.request.capsules,
            call=call_nested,
            sender_for_tags=call.sender_for_tags,
            calldata_count=call.calldata_count,
        )
        began = self.clock()
        witness = self._initial_witness(call)
        solved = _solve(self.circuits, call.code, oracles, witness)
        # The public inputs follow the parameters.
        fields = solved.range(len(witness), CIRCUIT_INPUTS_LENGTH)
        inputs = CircuitInputs.from_fields(list(map(fr, fields)))
        effects = oracles.effects
        return ExecutedCall(
            contract_name=call.code.contract_name,
            function_name=call.code.artifact.name,
            selector=call.code.artifact.selector,
            inputs=inputs,
            return_values=self.caches.values.load(inputs.returns_hash),
            new_notes=tuple(effects.new_notes),
            nullifier_of_note=effects.nullifier_of_note,
            offchain_effects=tuple(effects.offchain_effects),
            class_logs=tuple(effects.class_logs),
            nested=tuple(nested),
            own_time_s=self.clock() - began - nested_time,
        )

    def _prepare(
        self,
        parent: _Call,
        caller: PrivateOracles,
        contract: AztecAddress,
        selector: FunctionSelector,
        args_hash: Fr,
        counter: int,
        is_static: bool,
    ) -> _Call:
        """Make a contract ready for a nested call."""
        if parent.depth + 1 >= _MAX_DEPTH:
            raise OracleError(f"private calls are nested more than {_MAX_DEPTH} deep")
        views = self.environment.views
        scopes = parent.scopes
        # An account that is called may use its own notes: nobody else could.
        if scopes != ALL_SCOPES and contract not in scopes and views.keys.has_account(contract):
            scopes = (*scopes, contract)
        views.sync.ensure_contract_synced(contract, selector, scopes, self.run_utility)
        code = views.contracts.get_function(contract, selector)
        return _Call(
            code=code,
            context=_context(code, caller.contract, contract, is_static),
            args_hash=args_hash,
            counter=counter,
            scopes=scopes,
            sender_for_tags=caller.sender_for_tags,
            calldata_count=caller.calldata_count,
            depth=parent.depth + 1,
        )

    def _initial_witness(self, call: _Call) -> list[int]:
        """Give the 37 fields of the context inputs and the arguments. Raises WrongFunctionError."""
        arguments = self.caches.values.find(call.args_hash)
        _require_size(call.code, arguments)
        context = call.context
        return [
            fr_int(context.msg_sender),
            fr_int(context.contract_address),
            fr_int(context.selector),
            int(context.is_static),
            *map(fr_int, self.environment.views.anchor.to_fields()),
            *map(fr_int, self.request.tx_context.to_fields()),
            call.counter,
            *map(fr_int, arguments or ()),
        ]


def _context(code: FunctionCode, sender: Fr, contract: AztecAddress, is_static: bool) -> CallContext:
    return CallContext(sender, contract, selector_field(code.artifact.selector), is_static)


def _require_kind(code: FunctionCode, kind: FunctionKind) -> None:
    if code.artifact.kind is not kind:
        raise WrongFunctionError(f"Cannot run {code.artifact.kind.value} function as {kind.value}")


def _require_size(code: FunctionCode, arguments: Sequence[Fr] | None) -> None:
    expected = code.artifact.arguments_size
    if arguments is None or len(arguments) != expected:
        got = "undefined" if arguments is None else len(arguments)
        raise WrongFunctionError(f"Invalid arguments size: expected {expected}, got {got}")


def _require_no_effects(inputs: CircuitInputs) -> None:
    if inputs.note_hashes or inputs.nullifiers or inputs.messages or inputs.private_logs or inputs.class_logs:
        raise OracleError("Static call cannot update the state, emit L2->L1 messages or generate logs")


def _solve(circuits: Circuits, code: FunctionCode, oracles: MiscOracles, witness: Sequence[int]) -> Solved:
    try:
        return circuits.execute(
            code.artifact.bytecode, witness, lambda name, arguments: answer(oracles, name, arguments)
        )
    except ExecutionError as error:
        raise failure_of(code, oracles.contract, error) from error
