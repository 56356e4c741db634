from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from aztecd.crypto.field import fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.receipt import DebugLog
from aztecd.protocol.simulation import FailedCall, SimulationFailure
from aztecd.pxe.artifacts import FunctionKind, contract_class_of
from aztecd.pxe.errors import EventFilterError, InvalidSimulationError, RegistrationError
from aztecd.pxe.keys import Secret
from aztecd.pxe.public_errors import public_error
from aztecd.pxe.pxe import Pxe
from aztecd.pxe.requests import FunctionCall
from aztecd.pxe.stores import ArtifactCache, Stage, Stores, WrongNetworkError
from aztecd.storage import MemoryStore
from tests.support.pxe_chain import FakeChain, open_keys
from tests.support.pxe_contracts import PythonCircuits, artifact, function, instance, schedule_class
from tests.support.pxe_records import ALICE, BOB, SELECTOR, event

CODE = artifact(function("read"))
INSTANCE = instance(CODE)
PROTOCOL = instance(artifact(name="Registry"), salt=5).replace(address=AztecAddress(fr(3)))


class OneProtocolContract:
    def __init__(self):
        self.loads = 0

    def instances(self):
        return [PROTOCOL]

    def artifact(self, address):
        assert address == PROTOCOL.address
        self.loads += 1
        return artifact(name="Registry")


@pytest.fixture
def chain() -> FakeChain:
    made = FakeChain()
    made.mine()
    return made


@pytest.fixture
def circuits() -> PythonCircuits:
    return PythonCircuits()


def make(chain, circuits, store, protocol=None) -> Pxe:
    return Pxe(
        node=chain,
        store=store,
        keys=open_keys(store),
        circuits=circuits,
        protocol_contracts=protocol or OneProtocolContract(),
        log=lambda _line: None,
    )


@asynccontextmanager
async def opened(chain, circuits, store, protocol=None):
    made = make(chain, circuits, store, protocol)
    async with made.run():
        yield made


@pytest.fixture
async def pxe(chain, circuits):
    async with opened(chain, circuits, MemoryStore()) as made:
        yield made


def read_call(name="read") -> FunctionCall:
    return FunctionCall(
        name=name,
        to=INSTANCE.address,
        selector=FunctionSelector(CODE.function(name).selector),
        type=FunctionKind.UTILITY,
        hide_msg_sender=False,
        is_static=False,
        args=(),
        return_types=(),
    )


async def test_what_is_registered_outlives_a_restart(chain, circuits):
    store, protocol = MemoryStore(), OneProtocolContract()
    async with opened(chain, circuits, store, protocol) as first:
        account = await first.register_account(Secret(fr(1)), fr(2))
        assert await first.register_account(Secret(fr(1)), fr(2)) == account
        await first.register_contract(INSTANCE, CODE)
        await first.register_sender(BOB)
        await first.register_sender(account.address)
    assert protocol.loads == 1
    async with opened(chain, circuits, store, protocol) as again:
        assert again.get_registered_accounts() == [account]
        assert again.get_contracts() == sorted([INSTANCE.address, PROTOCOL.address])
        assert again.get_contract_instance(INSTANCE.address) == INSTANCE
        assert await again.get_contract_artifact(INSTANCE.current_contract_class_id) == CODE
        assert again.get_senders() == [BOB], "own accounts need no entry"
        await again.remove_sender(BOB)
        assert again.get_senders() == []
    assert protocol.loads == 1, "the artifact comes from the store"


async def test_a_store_of_another_network_is_refused(chain, circuits):
    store = MemoryStore()
    async with opened(chain, circuits, store):
        pass
    chain.version += 1
    with pytest.raises(WrongNetworkError):
        async with opened(chain, circuits, store):
            pass


async def test_registration_checks_class_and_address(pxe, chain):
    with pytest.raises(RegistrationError, match="Artifact not found when registering an instance"):
        await pxe.register_contract(INSTANCE)
    with pytest.raises(RegistrationError, match="Artifact does not match expected class id"):
        await pxe.register_contract(INSTANCE, artifact())
    with pytest.raises(RegistrationError, match="address does not match the contract instance"):
        await pxe.register_contract(INSTANCE.replace(address=ALICE), CODE)
    assert pxe.get_contract_instance(INSTANCE.address) is None
    class_id = await pxe.register_contract_class(CODE)
    assert class_id == INSTANCE.current_contract_class_id
    await pxe.register_contract(INSTANCE)
    assert pxe.get_contract_instance(INSTANCE.address) == INSTANCE


async def test_the_first_artifact_of_a_class_stays(pxe):
    await pxe.register_contract(INSTANCE, CODE)
    public = replace(function("burn", FunctionKind.PUBLIC), bytecode=b"")
    disguised = replace(CODE, public_functions=(public,))
    other = instance(disguised, salt=1)
    assert other.current_contract_class_id == INSTANCE.current_contract_class_id
    await pxe.register_contract(other, disguised)
    assert await pxe.get_contract_artifact(INSTANCE.current_contract_class_id) == CODE


async def test_updates_follow_the_chain(pxe, chain):
    updated = artifact(function("read"), function("more"))
    with pytest.raises(RegistrationError, match="Instance not found when updating a contract"):
        await pxe.update_contract(INSTANCE.address, updated)
    await pxe.register_contract(INSTANCE, CODE)
    with pytest.raises(RegistrationError, match="Could not update contract to a class different"):
        await pxe.update_contract(INSTANCE.address, updated)
    class_id = contract_class_of(updated).id
    schedule_class(chain, INSTANCE.address, class_id)
    await pxe.update_contract(INSTANCE.address, updated)
    assert pxe.get_contract_instance(INSTANCE.address).current_contract_class_id == class_id


async def test_utility_functions_run_on_a_synchronised_contract(pxe, circuits, chain):
    await pxe.register_contract(INSTANCE, CODE)
    circuits.functions[b"read"] = lambda *_: [4, 5]
    result = await pxe.execute_utility(read_call(), scopes=(ALICE,))
    assert result.values == (fr(4), fr(5))
    assert circuits.runs == ["sync_state", "read"]
    assert result.timings.functions[0].name == "read"
    assert result.timings.node_calls > 0
    assert abs(result.timings.unaccounted_s) <= result.timings.total_s
    await pxe.execute_utility(read_call(), scopes=(ALICE,))
    assert circuits.runs == ["sync_state", "read", "read"]
    chain.mine()
    await pxe.execute_utility(read_call(), scopes=())
    assert circuits.runs[3:] == ["read"]
    assert pxe.get_synced_block_header() == chain.blocks[-1].header


async def test_events_are_filtered(pxe, circuits, chain):
    await pxe.register_contract(INSTANCE, CODE)
    for _ in range(4):
        chain.mine()
    for number in (2, 3, 5):
        item = event(number, number, contract_address=INSTANCE.address)
        await pxe._jobs.write(lambda stores, _node, item=item: stores.events.add(item, ALICE))

    async def find(**changes):
        given = {"contract": INSTANCE.address, "scopes": (ALICE,), **changes}
        return [found.block_number for found in await pxe.get_private_events(SELECTOR, **given)]

    assert await find() == [2, 3, 5]
    assert await find(from_block=3) == [3, 5]
    assert await find(to_block=5) == [2, 3]
    assert await find(tx_hash=fr(1003)) == [3]
    assert await find(to_block=2**53 - 1) == [2, 3, 5]
    assert await find(from_block=2**52, to_block=2**53 - 1) == []
    assert await find(scopes=(BOB,)) == []
    assert circuits.runs == ["sync_state"] * 2
    for changes, message in (
        ({"scopes": ()}, "At least one scope is required to get private events"),
        ({"from_block": 0}, "fromBlock must be greater than or equal to 1"),
        ({"to_block": 0}, "toBlock must be greater than or equal to 1"),
        ({"from_block": 3, "to_block": 3}, "toBlock must be strictly greater than fromBlock"),
    ):
        with pytest.raises(EventFilterError, match=message):
            await find(**changes)


async def test_a_new_account_or_sender_counts_at_the_same_block(pxe, circuits):
    await pxe.register_contract(INSTANCE, CODE)
    circuits.functions[b"read"] = lambda *_: []

    async def synchronisations() -> int:
        circuits.runs.clear()
        await pxe.execute_utility(read_call(), scopes=(ALICE,))
        return circuits.runs.count("sync_state")

    assert await synchronisations() == 1
    assert await synchronisations() == 0
    await pxe.register_sender(BOB)
    assert await synchronisations() == 1
    await pxe.register_account(Secret(fr(1)), fr(2))
    assert await synchronisations() == 1
    assert await synchronisations() == 0


async def test_locking_forgets_secrets(pxe):
    account = await pxe.register_account(Secret(fr(1)), fr(2))
    pxe._jobs.secrets.as_sender(contract=ALICE, sender=account.address, recipient=account.address)
    pxe.lock()
    assert pxe.keys.vault.is_locked
    assert pxe._jobs.secrets._secrets == {}


async def test_lines_of_public_functions_have_the_contracts_name(pxe):
    lines = []
    pxe._log = lines.append
    await pxe.register_contract(INSTANCE, CODE)
    printed = [
        DebugLog(contract_address=address, level="info", message="{0} of {}", fields=(fr(1),))
        for address in (INSTANCE.address, ALICE)
    ]
    await pxe.log_public_lines(printed)
    assert [(line.contract_name, line.level) for line in lines] == [("Test", "info"), (None, "info")]
    assert lines[0].message == f"0x{1:064x} of 0x{1:064x}"


def failure(*calls, message="Assertion failed: ", data=()):
    return SimulationFailure(
        original_message=message,
        function_error_stack=tuple(
            FailedCall(contract_address=address, function_selector=selector) for address, selector in calls
        ),
        noir_error_stack=("0.12",),
        revert_data=data,
    )


def test_public_failures_are_named_as_far_as_contracts_are_known():
    stores = Stores(Stage(MemoryStore()), ArtifactCache())
    stores.contracts.add_class(INSTANCE.current_contract_class_id, CODE)
    stores.contracts.add_instance(INSTANCE)
    selector = FunctionSelector(CODE.function("read").selector)
    given = failure((ALICE, None), (INSTANCE.address, selector), data=(fr(99),))
    error = public_error(given, stores.contracts.artifact)
    assert str(error) == "Assertion failed: "
    assert error.names == ((None, None), ("Test", "read"))
    assert error.call_stack() == ["at opcode 0.12", "at Test.read", f"at 0x{ALICE.hex()}."]
    assert error.revert_data == (fr(99),)
    assert public_error(failure(message="TX reverted"), stores.contracts.artifact).reason == "TX reverted"


def test_refused_simulations_say_why():
    assert str(InvalidSimulationError(())).endswith("is invalid.")
    assert "Reason: too late, too poor" in str(InvalidSimulationError(("too late", "too poor")))
