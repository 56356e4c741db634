"""The life of classes and instances: each published by itself, used before and after; an instance updated.

The update becomes effective a day later: L1 time is moved there.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from aztecd.client import BatchCall, Contract, Publication
from aztecd.crypto.field import FR_ZERO, fr
from aztecd.pxe.accounts import publish_class_payload, publish_instance_call
from aztecd.pxe.artifacts import contract_class_of
from tests.support.json_rpc import RpcClient

if TYPE_CHECKING:
    from aztecd.client import ContractCall
    from aztecd.pxe.artifacts import ContractArtifact
    from tests.support.sdk_session import Session

_DAY_S: Final = 86_400
_SLOT_S: Final = 72
_SLOTS_OF_EPOCH: Final = 2
_DEFAULT_SALT: Final = fr(5)
_NONE: Final = Publication(publishes_class=False, publishes_instance=False)


async def life(session: Session) -> None:
    """Publish, initialize, update."""
    await session.begin(2)
    await _update(session, await _publications(session))


def _class_publication(session: Session, artifact: ContractArtifact) -> BatchCall:
    return BatchCall(session.client.wallet, [publish_class_payload(contract_class_of(artifact))])


async def _publications(session: Session) -> ContractCall:
    alice, bob = session.people
    client, artifact = session.client, session.artifact("StatefulTest")
    class_id = contract_class_of(artifact).id
    assert not (await client.wallet.get_class_metadata(class_id)).is_published
    await session.mine("publish class", _class_publication(session, artifact), alice)
    assert (await client.wallet.get_class_metadata(class_id)).is_published
    again = _class_publication(session, artifact)
    await session.fails("publish class, once more", again.send(sender=bob))

    # Without an instance that is published there is nothing to call in public; private calls work.
    hidden = client.deploy(artifact, alice, 42, salt=_DEFAULT_SALT, publication=_NONE)
    await session.mine("initialize without publication", hidden, alice)
    instance = hidden.instance(alice)
    methods = client.contract(instance.address, artifact).methods
    assert (await methods.summed_values(alice).simulate(sender=alice)).value == 42
    assert await client.node.get_contract(instance.address) is None
    increment = methods.increment_public_value_no_init_check(bob, 84)
    await session.fails("public call without publication", increment.simulate(sender=alice))
    name = "public call without publication, sent"
    await session.mine(name, increment, alice, result="app_logic_reverted")
    both = BatchCall(client.wallet, [publish_instance_call(instance), increment])
    await session.mine("publish and call", both, alice)
    assert (await methods.get_public_value(bob).simulate(sender=alice)).value == 84
    assert await client.node.get_contract(instance.address) == instance
    again = BatchCall(client.wallet, [publish_instance_call(instance)])
    await session.fails("publish instance, once more", again.send(sender=alice))
    await session.fails("initialize, once more", methods.constructor(alice, 42).send(sender=alice))

    universal = client.deploy(artifact, bob, 9, constructor="public_constructor", is_universal=True)
    await session.mine("universal deployment with a public initializer", universal, alice)
    other = universal.instance()
    assert other.deployer == FR_ZERO
    others = client.contract(other.address, artifact).methods
    assert (await others.get_public_value(bob).simulate(sender=alice)).value == 9
    anew = others.public_constructor(bob, 1)
    await session.fails("public initializer, once more", anew.simulate(sender=alice))
    bare = client.deploy(artifact, alice, 1, publication=Publication(initializes=False))
    raw = await session.mine("deploy without initializer", bare, alice)
    raw_methods = raw.sent.contract.methods  # type: ignore[attr-defined]
    early = raw_methods.increment_public_value(bob, 1)
    await session.fails("not initialized", early.simulate(sender=alice))
    return increment


async def _update(session: Session, something: ContractCall) -> None:
    alice = session.people[0]
    client = session.client
    old, new = session.artifact("Updatable"), session.artifact("Updated")
    contract = await session.deploy("updatable", client.deploy(old, 1), alice)
    methods = contract.methods
    before = await client.node.get_contract(contract.address)
    assert before is not None
    await session.mine("publish the new class", _class_publication(session, new), alice)
    class_id = contract_class_of(new).id

    async def values(seen: Contract) -> list[object]:
        private = await seen.methods.get_private_value(alice).simulate(sender=alice)
        return [private.value, (await seen.methods.get_public_value().simulate(sender=alice)).value]

    assert await values(contract) == [1, 1]
    nowhere = methods.update_to({"inner": fr(77)})
    await session.fails("update to nothing", nowhere.simulate(sender=alice))
    await session.fails("short delay", methods.set_update_delay(599).simulate(sender=alice))
    assert (await methods.get_update_delay().simulate(sender=alice)).value == _DAY_S

    update = await session.mine("update", methods.update_to({"inner": class_id}), alice)
    due = update.header.global_variables.timestamp + _DAY_S
    assert await client.node.get_contract(contract.address) == before
    await session.mine("old code", methods.set_public_value(5), alice)
    assert await values(contract) == [1, 5]
    await session.fails("new code, too early", client.wallet.register_contract(before, new))

    # Two steps: a transaction is good for a day after the block that it knows.
    await _pass_time(session, due - _DAY_S // 2)
    await session.mine("half a day later", something, alice)
    assert await client.node.get_contract(contract.address) == before
    await _pass_time(session, due)
    later = await session.mine("a day later", something, alice)
    assert later.header.global_variables.timestamp >= due
    now = await client.node.get_contract(contract.address)
    assert now is not None
    assert now.current_contract_class_id == class_id
    assert now.original_contract_class_id == before.original_contract_class_id
    metadata = await client.wallet.get_contract_metadata(contract.address)
    assert (metadata.is_updated, metadata.updated_class_id) == (True, class_id)

    await client.wallet.register_contract(now, new)
    renewed = client.contract(contract.address, new)
    calls = [renewed.methods.set_private_value(), renewed.methods.set_public_value()]
    await session.mine("new code", BatchCall(client.wallet, calls), alice)
    found = await values(renewed)
    assert found == [27, 27]
    session.say("updated", {"found": found})


async def _pass_time(session: Session, until: int) -> None:
    """Let L1 time pass. What is not proven when its time is over is undone: so the epoch is ended first."""
    await end_epoch(session)
    await asyncio.to_thread(_mine, session.l1_url, until)


async def end_epoch(session: Session) -> None:
    """Let L1 time pass until the epoch of the newest block is over, and wait until it is settled."""
    node = session.client.node
    tip = (await node.get_l2_tips()).proposed.number
    header = await node.get_block_header(tip)  # type: ignore[arg-type]
    assert header is not None
    variables = header.global_variables
    slots = _SLOTS_OF_EPOCH - variables.slot_number % _SLOTS_OF_EPOCH
    end = variables.timestamp + _SLOT_S * slots
    if await asyncio.to_thread(_mine, session.l1_url) < end:
        await asyncio.to_thread(_mine, session.l1_url, end)
    deadline = time.monotonic() + 60
    # The reference looks at L1 only when there is a new block.
    while (await node.get_l2_tips()).proven.block.number < tip:
        assert time.monotonic() < deadline, "the epoch does not end"
        await asyncio.sleep(0.5)
        await asyncio.to_thread(_mine, session.l1_url)


def _mine(l1_url: str, at: int | None = None) -> int:
    """Mine an L1 block and give its time."""
    with RpcClient(l1_url) as l1:
        if at is not None:
            l1.call("evm_setNextBlockTimestamp", at)
        l1.call("evm_mine")
        return int(l1.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
