"""Real contracts, executed by the ACVM with the real oracles answering, against recorded executions."""

from __future__ import annotations

import hashlib

import pytest

from aztecd.constants import PROTOCOL_CONTRACTS_HASH, VK_TREE_ROOT
from aztecd.crypto.field import fr, fr_from_hex, fr_hex
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.gas import Gas, GasFees, GasSettings
from aztecd.protocol.hashes import var_args_hash
from aztecd.protocol.tx import HashedValues
from aztecd.protocol.tx_data import TxConstantData, TxContext
from aztecd.pxe.acvm import Acvm
from aztecd.pxe.artifacts import SourceLocation
from aztecd.pxe.execution.errors import PrivateExecutionError
from aztecd.pxe.execution.executor import Executor
from aztecd.pxe.execution.views import FunctionCode
from aztecd.pxe.kernel import CircuitInputs, ClassUpdate, KernelInput, class_horizon, prove
from aztecd.pxe.oracles import answer
from aztecd.pxe.requests import TxExecutionRequest
from tests.support.contract_artifacts import contract_artifact
from tests.support.pxe_replay import Replay, plain_answer, recorded
from tests.support.vectors import load

SAMPLE = [
    "EcdsaKAccount.entrypoint.25.json.gz",
    "SchnorrAccount.entrypoint.11.json.gz",
    "Token.sync_state.56.json.gz",
    "Token.transfer.31.json.gz",
]
NOT_UPDATED = ClassUpdate.from_slots([fr(0)] * 3)


@pytest.fixture(scope="module")
def acvm():
    return Acvm()


def digest(values):
    lines = (f"{index}:{value:x}\n" for index, value in enumerate(values) if value is not None)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.mark.parametrize("circuit", SAMPLE)
def test_oracles_and_circuits_together_give_the_recorded_witnesses(circuit, acvm):
    case = load(f"circuits/{circuit}")
    function = contract_artifact(case["contract"]).function(case["function"])
    replay = Replay(circuit)
    expected = iter(replay.calls)

    def oracle(name, inputs):
        recorded_name, recorded_inputs, outputs = next(expected)
        assert (name, inputs) == (recorded_name, recorded_inputs)
        replay.prepare(name, inputs, outputs)
        given = answer(replay.handler, name, inputs)
        assert plain_answer(given) == outputs
        return given

    solved = acvm.execute(function.bytecode, recorded(circuit)[0], oracle)
    assert next(expected, None) is None
    assert digest(solved.values) == case["witness_sha256"]


def code(fake, contract, name, function_name):
    """Register a function of a contract; give its code."""
    artifact = contract_artifact(name)
    function = artifact.function(function_name)
    found = FunctionCode(
        contract_name=artifact.name, artifact=function, source_map=artifact.source_map(function)
    )
    fake.functions[contract, function.selector] = found
    return found


def tx_context(parameters):
    chain_id, version, *rest = parameters[26:36]
    gas = [Gas(da_gas=rest[i], l2_gas=rest[i + 1]) for i in (0, 2)]
    fees = [GasFees(fee_per_da_gas=rest[i], fee_per_l2_gas=rest[i + 1]) for i in (4, 6)]
    return TxContext(
        chain_id=chain_id,
        version=version,
        gas_settings=GasSettings(
            gas_limits=gas[0],
            teardown_gas_limits=gas[1],
            max_fees_per_gas=fees[0],
            max_priority_fees_per_gas=fees[1],
        ),
    )


def hashed(parameters):
    values = tuple(map(fr, parameters[37:]))
    return HashedValues(values=values, hash=var_args_hash(values))


def prepared(*circuits):
    """Give views that can answer what some circuits ask, their random fields and auth witnesses."""
    fake, randoms, witnesses = None, [], []
    for circuit in circuits:
        replay = Replay(circuit, fake)
        fake = replay.fake
        for call in replay.calls:
            replay.prepare(*call)
        randoms += replay.randoms
        witnesses += replay.witnesses
    return fake, randoms, witnesses


def test_a_recorded_transaction_is_made_again(acvm):
    circuits = ["SchnorrAccount.entrypoint.11.json.gz", "Token.mint_to_private.12.json.gz"]
    (case,) = [case for case in load("kernels.json.gz")["cases"] if case["name"] == "mint_to_private"]
    outer, inner = (recorded(circuit)[0] for circuit in circuits)
    fake, randoms, witnesses = prepared(*circuits)
    wallet, token = AztecAddress(fr(outer[1])), AztecAddress(fr(inner[1]))
    first = code(fake, wallet, "SchnorrAccount", "entrypoint")
    code(fake, token, "Token", "mint_to_private")
    request = TxExecutionRequest(
        origin=wallet,
        function_selector=first.artifact.selector,
        first_call_args_hash=hashed(outer).hash,
        tx_context=tx_context(outer),
        args_of_calls=(hashed(outer), hashed(inner)),
        auth_witnesses=tuple(witnesses),
        salt=fr_from_hex(case["tx_request"][14]),
    )
    executor = Executor(acvm, fake.views(), log=fake.logs.append, random_field=lambda: randoms.pop(0))
    result = executor.run_private(request, (wallet,))

    assert not randoms
    calls = list(result.entrypoint.in_order())
    assert [call.inputs for call in calls] == [
        CircuitInputs.from_fields([fr_from_hex(value) for value in call["public_inputs"]])
        for call in case["calls"]
    ]
    assert result.first_nullifier == fr_from_hex(case["first_nullifier_hint"])
    assert [
        {"values": [fr_hex(value) for value in item.values], "hash": fr_hex(item.hash)}
        for item in result.public_function_calldata
    ] == case["public_function_calldata"]
    data = prove(
        KernelInput(
            request=request.to_tx_request(),
            root=result.kernel_calls(),
            constants=TxConstantData(
                anchor_block_header=fake.anchor,
                tx_context=request.tx_context,
                vk_tree_root=VK_TREE_ROOT,
                protocol_contracts_hash=PROTOCOL_CONTRACTS_HASH,
            ),
            first_nullifier=result.first_nullifier,
            nullifier_of_note=result.nullifier_of_note(),
            horizons={
                call.contract_address: class_horizon(NOT_UPDATED, fake.anchor.global_variables.timestamp)
                for call in calls
            },
        )
    )
    assert fr_hex(data.tx_hash()) == case["tx_hash"]
    assert [call.function_name for call in calls] == ["entrypoint", "mint_to_private"]
    assert [(used.secret.contract, used.index) for used in result.used_tags] == [(token, 0)]


def test_a_recorded_failure_names_its_cause_and_place(acvm):
    circuit = "Token._recurse_subtract_balance.76.json.gz"
    parameters = recorded(circuit)[0]
    fake, randoms, _ = prepared(circuit)
    token = AztecAddress(fr(parameters[1]))
    function = code(fake, token, "Token", "_recurse_subtract_balance")
    request = TxExecutionRequest(
        origin=token,
        function_selector=function.artifact.selector,
        first_call_args_hash=hashed(parameters).hash,
        tx_context=tx_context(parameters),
        args_of_calls=(hashed(parameters),),
        salt=fr(1),
    )
    executor = Executor(acvm, fake.views(), log=fake.logs.append, random_field=lambda: randoms.pop(0))
    with pytest.raises(PrivateExecutionError) as caught:
        executor.run_private(request, (), msg_sender=fr(parameters[0]))
    failure = caught.value
    assert failure.reason == "Assertion failed: Balance too low"
    place = failure.locations[-1]
    assert isinstance(place, SourceLocation)
    assert str(failure) == f"Assertion failed: Balance too low '{place.text}'"
    lines = failure.call_stack()
    assert lines[-1] == "at Token._recurse_subtract_balance"
    assert lines[0] == f"at {place.text} ({place.path}:{place.line}:{place.column})"
