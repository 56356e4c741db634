from __future__ import annotations

import inspect

import pytest

from aztecd.client.messages import MessageNode
from aztecd.client.node_http import HttpNode
from aztecd.client.node_local import LocalNode
from aztecd.crypto.field import fr
from aztecd.node.api import NodeApi
from aztecd.pxe.node import PxeNode
from tests.support.fake_node import FakeNode

OPERATIONS = sorted(
    name for part in (PxeNode, MessageNode) for name in vars(part) if not name.startswith("_")
)


def parameters(owner, name):
    given = inspect.signature(getattr(owner, name)).parameters.values()
    return [(item.name, item.kind) for item in given]


@pytest.mark.parametrize("name", OPERATIONS)
def test_all_nodes_have_the_same_operations(name):
    expected = parameters(NodeApi, name)
    assert parameters(MessageNode, name) == expected
    for node in (LocalNode, HttpNode):
        assert parameters(node, name) == expected
        assert inspect.iscoroutinefunction(getattr(node, name))


@pytest.mark.parametrize("name", OPERATIONS)
async def test_the_local_node_passes_everything_on(name):
    node = FakeNode()
    answer = object()
    node.returns(answer)
    given = [item for item, _ in parameters(NodeApi, name)[1:]]
    values = {item: fr(index) for index, item in enumerate(given)}
    result = await getattr(LocalNode(node), name)(**values)
    assert result is (None if name in {"send_tx", "register_contract_function_signatures"} else answer)
    ((called, positional, named),) = node.calls
    assert called == name
    bound = inspect.signature(getattr(NodeApi, name)).bind(node, *positional, **named)
    assert {item: bound.arguments[item] for item in given} == values
