"""The tree of private calls, on circuits that are Python functions."""

from __future__ import annotations

import pytest

from aztecd.constants import NULL_MSG_SENDER_ADDRESS
from aztecd.crypto.field import FR_ZERO, fr, fr_hex, fr_int
from aztecd.errors import UnavailableError
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import DEFAULT_PUBLIC_KEYS
from aztecd.protocol.gas import Gas, GasFees, GasSettings
from aztecd.protocol.hashes import silo_nullifier
from aztecd.protocol.tx import HashedValues
from aztecd.protocol.tx_data import TxContext
from aztecd.pxe.abi import AbiParameter, FieldType, FormatError, selector_field
from aztecd.pxe.acvm.errors import (
    AssertionFailedError,
    ExecutionInterruptedError,
    ForeignCallFailedError,
    UnsatisfiedConstraintError,
)
from aztecd.pxe.artifacts import FunctionArtifact, FunctionKind, SourceMap
from aztecd.pxe.execution.errors import PrivateExecutionError, WrongFunctionError
from aztecd.pxe.execution.executor import Executor
from aztecd.pxe.execution.views import ALL_SCOPES, FunctionCode, TaggingSecret
from aztecd.pxe.oracles import OracleError
from aztecd.pxe.requests import TxExecutionRequest
from tests.support.pxe_views import ANCHOR, FakeViews

WALLET, APP, LIB = (AztecAddress(fr(n)) for n in (0xA1, 0xB1, 0xC1))
GAS = GasSettings(
    gas_limits=Gas(da_gas=1, l2_gas=2),
    teardown_gas_limits=Gas(da_gas=3, l2_gas=4),
    max_fees_per_gas=GasFees(fee_per_da_gas=5, fee_per_l2_gas=6),
    max_priority_fees_per_gas=GasFees(fee_per_da_gas=7, fee_per_l2_gas=8),
)
CONTEXT = TxContext(chain_id=31337, version=1, gas_settings=GAS)
ARGUMENTS = HashedValues(values=(fr(10), fr(11)), hash=fr(0xAA))
INPUTS_LENGTH = 870
CONTEXT_LENGTH = 37


class Solved:
    def __init__(self, values, returned):
        self.values, self.return_values = values, returned

    def range(self, start, count):
        return self.values[start : start + count]


class World:
    """Contracts whose functions are Python: `(call) -> changes of the public inputs`, by offset."""

    def __init__(self):
        self.fake = FakeViews()
        self.programs = {}
        self.runs = []

    def add(self, contract, name, run, *, kind=FunctionKind.PRIVATE, is_static=False, size=2, errors=None):
        artifact = FunctionArtifact(
            name=name,
            kind=kind,
            is_only_self=False,
            is_static=is_static,
            is_initializer=False,
            parameters=tuple(AbiParameter(name=f"p{n}", type=FieldType()) for n in range(size)),
            return_types=(),
            error_types=errors or {},
            bytecode=f"{fr_hex(contract)}.{name}".encode(),
            verification_key=None,
            debug_symbols="",
        )
        code = FunctionCode(
            contract_name=f"Contract{contract[-1]:x}", artifact=artifact, source_map=SourceMap("", {})
        )
        self.fake.functions[contract, artifact.selector] = code
        self.programs[artifact.bytecode] = run
        return artifact.selector

    def execute(self, bytecode, witness, foreign_call):
        self.runs.append(list(witness))

        def oracle(name, *arguments):
            values = [[item] if isinstance(item, int) else item for item in arguments]
            try:
                return list(foreign_call(name, values))
            except Exception as error:
                failed = ForeignCallFailedError(name, error)
                failed.opcode = 7
                raise failed from error

        result = self.programs[bytecode](Call(witness, oracle))
        if len(witness) < CONTEXT_LENGTH:
            return Solved([], result)
        inputs = [0] * INPUTS_LENGTH
        inputs[:4] = witness[:4]
        for offset, value in result.items() if isinstance(result, dict) else ():
            inputs[offset] = value
        return Solved([*witness, *inputs], [])

    def executor(self):
        return Executor(self, self.fake.views(), log=self.fake.logs.append)

    def run(self, contract, selector, scopes=(WALLET,), arguments=ARGUMENTS, **options):
        request = TxExecutionRequest(
            origin=contract,
            function_selector=selector,
            first_call_args_hash=arguments.hash,
            tx_context=CONTEXT,
            args_of_calls=(arguments,),
            salt=fr(99),
        )
        self.request = request
        return self.executor().run_private(request, scopes, **options)


class Call:
    def __init__(self, witness, oracle):
        self.oracle = oracle
        self.witness = witness
        self.counter = witness[36] if len(witness) >= CONTEXT_LENGTH else None

    def private(self, contract, selector, counter=5, args_hash=ARGUMENTS.hash, is_static=0):
        ((end, returns),) = self.oracle(
            "privateCallPrivateFunction",
            fr_int(contract),
            int.from_bytes(selector, "big"),
            fr_int(args_hash),
            counter,
            is_static,
        )
        return end, returns


@pytest.fixture
def world():
    return World()


def test_a_circuit_gets_its_context_and_arguments(world):
    selector = world.add(WALLET, "entrypoint", lambda call: {42: 9}, is_static=True)
    result = world.run(WALLET, selector)
    (witness,) = world.runs
    assert witness == [
        fr_int(NULL_MSG_SENDER_ADDRESS),
        fr_int(WALLET),
        int.from_bytes(selector, "big"),
        1,
        *map(fr_int, ANCHOR.to_fields()),
        31337, 1, 1, 2, 3, 4, 5, 6, 7, 8,
        2,
        10, 11,
    ]  # fmt: skip
    inputs = result.entrypoint.inputs
    assert (inputs.context.contract_address, inputs.end_counter) == (WALLET, 9)
    assert inputs.context.selector == selector_field(selector)
    assert result.first_nullifier == world.request.to_tx_request().protocol_nullifier()
    assert result.entrypoint.own_time_s > 0


def test_the_first_nullifier_of_a_call_replaces_the_protocols(world):
    selector = world.add(WALLET, "entrypoint", lambda c: c.oracle("privateNotifyCreatedNullifier", 5))
    assert world.run(WALLET, selector).first_nullifier == silo_nullifier(WALLET, fr(5))


class TestNestedCalls:
    def test_the_caller_gets_counter_and_returns(self, world):
        def inner(call):
            call.oracle("privateStoreInExecutionCache", [7, 8], 0xBB)
            return {5: 0xBB, 42: call.counter + 3}

        lib = world.add(LIB, "inner", inner)
        got = []
        selector = world.add(WALLET, "entrypoint", lambda call: got.append(call.private(LIB, lib)))
        result = world.run(WALLET, selector)
        assert got == [(8, 0xBB)]
        (nested,) = result.entrypoint.nested
        assert nested.return_values == (fr(7), fr(8))
        assert nested.inputs.context.msg_sender == WALLET
        assert (nested.contract_name, nested.function_name) == ("Contractc1", "inner")
        assert result.entrypoint.return_values == ()
        assert world.runs[1][36] == 5
        kernel = result.kernel_calls()
        assert [call.inputs for call in kernel.in_order()] == [result.entrypoint.inputs, nested.inputs]

    def test_targets_are_synchronised_with_their_scopes(self, world):
        world.fake.accounts[APP] = (DEFAULT_PUBLIC_KEYS, FR_ZERO)
        lib = world.add(LIB, "inner", lambda _: None)
        app = world.add(APP, "middle", lambda call: call.private(LIB, lib))
        selector = world.add(WALLET, "entrypoint", lambda call: call.private(APP, app))
        world.run(WALLET, selector)
        assert world.fake.asked == [
            ("sync", APP, app, (WALLET, APP)),
            ("sync", LIB, lib, (WALLET, APP)),
        ]
        world.fake.asked.clear()
        world.run(WALLET, selector, ALL_SCOPES)
        assert [entry[3] for entry in world.fake.asked] == [ALL_SCOPES, ALL_SCOPES]

    def test_static_calls_stay_static_and_have_no_effects(self, world):
        quiet = world.add(LIB, "quiet", lambda _: None)
        app = world.add(APP, "middle", lambda call: call.private(LIB, quiet))
        selector = world.add(WALLET, "entrypoint", lambda call: call.private(APP, app, is_static=1))
        world.run(WALLET, selector)
        assert [run[3] for run in world.runs] == [0, 1, 1]
        # One note hash, and the claimed number of them.
        world.add(LIB, "quiet", lambda _: {454: 1, 455: 6, 486: 1})
        with pytest.raises(PrivateExecutionError) as caught:
            world.run(WALLET, selector)
        assert caught.value.reason == (
            "Static call cannot update the state, emit L2->L1 messages or generate logs"
        )
        assert [call.function_name for call in caught.value.calls] == ["entrypoint", "middle"]

    def test_the_sender_for_tags_goes_down_and_not_up(self, world):
        seen = []

        def inner(call):
            seen.append(call.oracle("privateGetSenderForTags"))
            call.oracle("privateSetSenderForTags", 77)

        lib = world.add(LIB, "inner", inner)

        def entrypoint(call):
            seen.append(call.oracle("privateGetSenderForTags"))
            call.oracle("privateSetSenderForTags", 66)
            call.private(LIB, lib)
            seen.append(call.oracle("privateGetSenderForTags"))

        selector = world.add(WALLET, "entrypoint", entrypoint)
        world.run(WALLET, selector, sender_for_tags=AztecAddress(fr(55)))
        assert seen == [[1, 55], [1, 66], [1, 66]]

    def test_calls_share_notes_values_and_tags(self, world):
        world.fake.accounts[WALLET] = (DEFAULT_PUBLIC_KEYS, FR_ZERO)
        secret = TaggingSecret(fr(5), LIB)
        world.fake.secrets[LIB, WALLET, APP] = secret

        def inner(call):
            call.oracle("privateGetNextAppTagAsSender", fr_int(WALLET), fr_int(APP))
            if call.counter == 5:
                call.oracle("privateNotifyCreatedNote", 1, 2, 3, 4, [5], 6, 7)
            else:
                call.oracle("privateNotifyNullifiedNote", 8, 6, 11)

        lib = world.add(LIB, "inner", inner)

        def entrypoint(call):
            call.private(LIB, lib, counter=5)
            call.private(LIB, lib, counter=10)

        result = world.run(WALLET, world.add(WALLET, "entrypoint", entrypoint))
        assert result.nullifier_of_note() == {7: 11}
        assert [len(call.new_notes) for call in result.entrypoint.nested] == [1, 0]
        assert [(used.secret, used.index) for used in result.used_tags] == [(secret, 1)]

    def test_depth_has_a_limit(self, world):
        def entrypoint(call):
            call.private(WALLET, selector)

        selector = world.add(WALLET, "entrypoint", entrypoint)
        with pytest.raises(
            PrivateExecutionError, match="private calls are nested more than 32 deep"
        ) as caught:
            world.run(WALLET, selector)
        assert len(caught.value.calls) == 32

    def test_only_private_functions_can_be_called(self, world):
        lib = world.add(LIB, "look", lambda _: None, kind=FunctionKind.UTILITY)
        selector = world.add(WALLET, "entrypoint", lambda call: call.private(LIB, lib))
        with pytest.raises(PrivateExecutionError, match=r"^Cannot run utility function as private$"):
            world.run(WALLET, selector)


class TestResult:
    def test_calldata_comes_level_by_level(self, world):
        def public(counter, *hashes):
            changes = {449: len(hashes)}
            for index, value in enumerate(hashes):
                changes |= {289 + 5 * index + 1: 9, 289 + 5 * index + 3: value, 289 + 5 * index + 4: counter}
            return changes

        def calls(*targets, hashes):
            def run(call):
                for value in hashes:
                    call.oracle("privateStoreInExecutionCache", [value], value)
                for target in targets:
                    call.private(*target)
                return public(1, *hashes)

            return run

        deep = world.add(LIB, "deep", calls(hashes=[31]))
        one = world.add(APP, "one", calls((LIB, deep), hashes=[21]))
        two = world.add(APP, "two", calls(hashes=[22]))

        def entrypoint(call):
            return calls((APP, one), (APP, two), hashes=[11, 12])(call) | {450: 9, 451: 9, 453: 13}

        def with_teardown(call):
            call.oracle("privateStoreInExecutionCache", [13], 13)
            return entrypoint(call)

        result = world.run(WALLET, world.add(WALLET, "entrypoint", with_teardown))
        assert [fr_int(item.hash) for item in result.public_function_calldata] == [11, 12, 13, 21, 22, 31]
        assert all(item.values == (item.hash,) for item in result.public_function_calldata)

    def test_effects_and_class_logs_of_all_calls(self, world):
        fields = [5] + [0] * 3022

        def inner(call):
            call.oracle("privateNotifyCreatedContractClassLog", 1, fields, 1, 6)
            call.oracle("utilityEmitOffchainEffect", [2, 3])

        lib = world.add(LIB, "inner", inner)

        def entrypoint(call):
            call.oracle("privateNotifyCreatedContractClassLog", 1, [4, *fields[1:]], 1, 9)
            call.private(LIB, lib)
            call.oracle("utilityEmitOffchainEffect", [1])

        result = world.run(WALLET, world.add(WALLET, "entrypoint", entrypoint))
        assert [fr_int(log.fields[0]) for log in result.contract_class_log_fields()] == [5, 4]
        effects = [(item.contract_address, item.data) for item in result.offchain_effects()]
        assert effects == [(WALLET, (fr(1),)), (LIB, (fr(2), fr(3)))]


class TestFailures:
    def test_assertions_have_their_text_and_calls(self, world):
        def inner(_):
            failed = AssertionFailedError(77, (*map(ord, "low {x}"), 1, 5))
            failed.opcode = 3
            raise failed

        errors = {"77": FormatError(length=7, items=(FieldType(),))}
        lib = world.add(LIB, "inner", inner, errors=errors)
        selector = world.add(WALLET, "entrypoint", lambda call: call.private(LIB, lib))
        with pytest.raises(PrivateExecutionError) as caught:
            world.run(WALLET, selector)
        assert str(caught.value) == caught.value.reason == "Assertion failed: low 0x05"
        assert caught.value.call_stack() == [
            "at opcode 3",
            "at Contractc1.inner",
            "at Contracta1.entrypoint",
        ]

    def test_other_failures_of_the_circuit(self, world):
        def fail(_):
            raise UnsatisfiedConstraintError

        with pytest.raises(PrivateExecutionError, match=r"^Cannot satisfy constraint$"):
            world.run(WALLET, world.add(WALLET, "entrypoint", fail))

    def test_what_an_oracle_refuses(self, world):
        selector = world.add(WALLET, "entrypoint", lambda c: c.oracle("privateLoadFromExecutionCache", 5))
        with pytest.raises(PrivateExecutionError, match="not found in cache") as caught:
            world.run(WALLET, selector)
        assert isinstance(caught.value.__cause__.__cause__, OracleError)
        assert caught.value.locations == ("7",)

    @pytest.mark.parametrize(
        "error", [UnavailableError("the node is away"), ExecutionInterruptedError("stop")]
    )
    def test_some_failures_are_not_the_functions(self, world, error):
        def away(*_):
            raise error

        world.fake.get_public_storage = away
        lib = world.add(LIB, "inner", lambda call: call.oracle("utilityStorageRead", 1, 2, 3, 1))
        selector = world.add(WALLET, "entrypoint", lambda call: call.private(LIB, lib))
        with pytest.raises(type(error)) as caught:
            world.run(WALLET, selector)
        assert caught.value is error

    @pytest.mark.parametrize("kind", [FunctionKind.PUBLIC, FunctionKind.UTILITY])
    def test_the_first_function_is_private(self, world, kind):
        selector = world.add(WALLET, "entrypoint", lambda _: None, kind=kind)
        with pytest.raises(WrongFunctionError, match=rf"^Cannot run {kind.value} function as private$"):
            world.run(WALLET, selector)

    def test_arguments_have_the_size_of_the_parameters(self, world):
        selector = world.add(WALLET, "entrypoint", lambda _: None, size=3)
        with pytest.raises(WrongFunctionError, match=r"^Invalid arguments size: expected 3, got 2$"):
            world.run(WALLET, selector)

    def test_arguments_that_nobody_gave(self, world):
        lib = world.add(LIB, "inner", lambda _: None)
        selector = world.add(WALLET, "entrypoint", lambda c: c.private(LIB, lib, args_hash=fr(3)))
        with pytest.raises(
            PrivateExecutionError, match=r"^Invalid arguments size: expected 2, got undefined$"
        ):
            world.run(WALLET, selector)


class TestUtility:
    def test_values_are_returned(self, world):
        look = world.add(LIB, "look", lambda call: [sum(call.witness), 5], kind=FunctionKind.UTILITY)
        assert world.executor().run_utility(LIB, look, [fr(3), fr(4)], ()) == (fr(7), fr(5))

    def test_only_utility_functions(self, world):
        selector = world.add(LIB, "look", lambda _: [])
        with pytest.raises(WrongFunctionError, match=r"^Cannot run private function as utility$"):
            world.executor().run_utility(LIB, selector, [fr(1), fr(2)], ())

    def test_they_have_no_private_oracles(self, world):
        def look(call):
            return call.oracle("utilityEmitOffchainEffect", [1])

        selector = world.add(LIB, "look", look, kind=FunctionKind.UTILITY, size=0)
        with pytest.raises(PrivateExecutionError) as caught:
            world.executor().run_utility(LIB, selector, [], ())
        assert str(caught.value) == "Private oracles not available with the current handler"
