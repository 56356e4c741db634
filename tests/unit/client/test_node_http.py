from __future__ import annotations

import asyncio
import traceback
from contextlib import asynccontextmanager

import orjson
import pytest
from aiohttp import web

from aztecd.client.node_http import HttpNode
from aztecd.crypto.field import fr, fr_hex
from aztecd.protocol.node_types import L2Tips
from aztecd.protocol.receipt import TxReceipt
from aztecd.pxe.errors import NodeRefusedError, NodeUnreachableError


class Server:
    """Answers every request with `reply(request)`; keeps the requests."""

    def __init__(self):
        self.bodies = []
        self.headers = []
        self.status = 200
        self.reply = self.echo

    def echo(self, call):
        return {"jsonrpc": "2.0", "id": call["id"], "result": fr_hex(fr(call["id"]))}

    async def handle(self, request):
        body = orjson.loads(await request.read())
        self.bodies.append(body)
        self.headers.append(request.headers)
        # In another order than asked.
        answer = [self.reply(call) for call in reversed(body)] if isinstance(body, list) else self.reply(body)
        if isinstance(answer, bytes):
            return web.Response(body=answer, status=self.status)
        return web.Response(body=orjson.dumps(answer), status=self.status)


@asynccontextmanager
async def serving(server):
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/", server.handle)
    made = web.AppRunner(app, shutdown_timeout=0.1)
    await made.setup()
    site = web.TCPSite(made, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/"
    finally:
        await made.cleanup()


@pytest.fixture
async def server():
    return Server()


@pytest.fixture
async def node(server):
    async with serving(server) as url, HttpNode.connect(url, headers={"x-key": "k"}, timeout_s=10) as made:
        yield made


def slot(node, number):
    return node.get_public_storage_at("latest", fr(1), fr(number))


async def test_a_single_call_is_a_single_request(server, node):
    assert await slot(node, 5) == fr(0)
    (body,) = server.bodies
    assert body == {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "node_getPublicStorageAt",
        "params": ["latest", fr_hex(fr(1)), fr_hex(fr(5))],
    }
    assert server.headers[0]["x-key"] == "k"


async def test_calls_of_one_turn_share_a_request(server, node):
    found = await asyncio.gather(*(slot(node, number) for number in range(30)))
    assert found == [fr(number) for number in range(30)]
    assert len(server.bodies) == 1
    found = await asyncio.gather(*(slot(node, number) for number in range(250)))
    assert [len(body) for body in server.bodies[1:]] == [100, 100, 50]
    assert found[100] == fr(0), "each request has its own ids"


async def test_block_parameters(server, node):
    for block in ("latest", 7, fr(9)):
        await node.get_public_storage_at(block, fr(1), fr(2))
    assert [body["params"][0] for body in server.bodies] == ["latest", 7, fr_hex(fr(9))]


async def test_what_is_not_there_is_none(server, node):
    server.reply = lambda call: {"jsonrpc": "2.0", "id": call["id"]}
    assert await node.get_tx_effect(fr(1)) is None
    assert await node.get_block_header(3) is None
    with pytest.raises(NodeUnreachableError, match="has no answer to getL2Tips"):
        await node.get_l2_tips()


async def test_null_in_lists(server, node):
    place = {"l2BlockNumber": 3, "l2BlockHash": fr_hex(fr(4)), "data": "5"}
    server.reply = lambda call: {"jsonrpc": "2.0", "id": call["id"], "result": [None, place]}
    missing, found = await node.find_leaves_indexes("latest", 0, [fr(1), fr(2)])
    assert missing is None
    assert (found.l2_block_number, found.data) == (3, 5)


async def test_an_answer_for_each_question(server, node):
    server.reply = lambda call: {"jsonrpc": "2.0", "id": call["id"], "result": [[]]}
    two = [fr(1), fr(2)]
    for question in (
        node.find_leaves_indexes("latest", 0, two),
        node.get_private_logs_by_tags(two),
        node.get_public_logs_by_tags_from_contract(fr(3), two),
    ):
        with pytest.raises(NodeUnreachableError, match="Expected 2 items, received 1"):
            await question


async def test_a_receipt_has_a_status_that_there_is(server, node):
    receipt = TxReceipt.empty().replace(tx_hash=fr(1), status="proven").to_json()
    server.reply = lambda call: {"jsonrpc": "2.0", "id": call["id"], "result": receipt}
    assert (await node.get_tx_receipt(fr(1))).status == "proven"
    receipt["status"] = "lost"
    with pytest.raises(NodeUnreachableError, match="Unknown status 'lost'"):
        await node.get_tx_receipt(fr(1))


async def test_an_index_without_end_is_no_index(server, node):
    server.reply = lambda call: {"jsonrpc": "2.0", "id": call["id"], "result": ["1" * 5000, "0x"]}
    with pytest.raises(NodeUnreachableError, match="Expected a number"):
        await node.get_l1_to_l2_message_membership_witness("latest", fr(1))


async def test_refusals_have_the_nodes_words(server, node):
    error = {"code": -32702, "message": "Invalid tx: too poor", "data": {"a": 1}}
    server.reply = lambda call: {"jsonrpc": "2.0", "id": call["id"], "error": error}
    server.status = 400
    with pytest.raises(NodeRefusedError, match=r"^Invalid tx: too poor$") as caught:
        await node.get_l2_tips()
    assert (caught.value.rpc_code, caught.value.data) == (-32702, {"a": 1})


async def test_one_refusal_of_a_batch_is_the_callers_own(server, node):
    def reply(call):
        if call["id"] == 1:
            return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "no"}}
        return server.echo(call)

    server.reply = reply
    found = await asyncio.gather(*(slot(node, number) for number in range(3)), return_exceptions=True)
    assert (found[0], found[2]) == (fr(0), fr(2))
    assert isinstance(found[1], NodeRefusedError)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"<html>", "does not answer in JSON"),
        (b"[1]", "no JSON-RPC answer"),
        (b'{"error": "x"}', "no JSON-RPC answer"),
        (b'{"result": {"proposed": 1}}', "answered getL2Tips with what can not be read"),
    ],
)
async def test_what_is_no_node_is_told_apart(server, node, answer, message):
    server.reply = lambda _call: answer
    with pytest.raises(NodeUnreachableError, match=message):
        await node.get_l2_tips()


async def test_an_answer_to_half_a_batch(server, node):
    server.reply = lambda call: server.echo(call) if call["id"] == 0 else {"id": ["odd"]}
    found = await asyncio.gather(slot(node, 0), slot(node, 1), return_exceptions=True)
    assert found[0] == fr(0)
    assert isinstance(found[1], NodeUnreachableError)


async def test_a_busy_node_is_unavailable(server, node):
    server.status = 503
    with pytest.raises(NodeUnreachableError, match="busy"):
        await node.get_l2_tips()


async def test_nobody_there():
    server = Server()
    async with serving(server) as url:
        pass
    async with HttpNode.connect(url) as node:
        with pytest.raises(NodeUnreachableError, match="no node answers at http"):
            await node.get_l2_tips()


@pytest.mark.parametrize(
    "url", ["http://user:secret@127.0.0.1:1/secret?key=secret", "user:secret@host", "http://h:secret/"]
)
async def test_credentials_in_the_address_are_told_to_nobody(url):
    async with HttpNode.connect(url) as node:
        with pytest.raises(NodeUnreachableError) as caught:
            await node.get_l2_tips()
    assert "secret" not in "".join(traceback.format_exception(caught.value))


async def test_a_caller_that_gives_up_does_not_disturb_the_others(server, node):
    arrived, answer = asyncio.Event(), asyncio.Event()
    original = server.handle

    async def slow(request):
        arrived.set()
        await answer.wait()
        return await original(request)

    server_slow = Server()
    server_slow.handle = slow
    async with serving(server_slow) as url, HttpNode.connect(url) as slow_node:
        calls = [asyncio.ensure_future(slot(slow_node, number)) for number in range(2)]
        await arrived.wait()
        calls[0].cancel()
        answer.set()
        assert await calls[1] == fr(1)


async def test_closing_ends_what_is_under_way(server):
    arrived = asyncio.Event()

    async def never(_request):
        arrived.set()
        await asyncio.Event().wait()

    server.handle = never
    async with serving(server) as url:
        async with HttpNode.connect(url) as node:
            call = asyncio.ensure_future(slot(node, 0))
            await arrived.wait()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_errors_of_the_user_come_out_as_they_are(server):
    async with serving(server) as url:
        with pytest.raises(ZeroDivisionError):
            async with HttpNode.connect(url):
                raise ZeroDivisionError


async def test_objects_are_read(server, node):
    tips = L2Tips.empty()
    server.reply = lambda call: {"jsonrpc": "2.0", "id": call["id"], "result": tips.to_json()}
    assert await node.get_l2_tips() == tips


async def test_messages_between_the_chains(server, node):
    answers = {
        "node_getL1ToL2MessageCheckpoint": 7,
        "node_isL1ToL2MessageSynced": True,
        "node_getL2ToL1Messages": [[[[fr_hex(fr(1)), fr_hex(fr(2))], []]], []],
        "node_getCheckpointsDataForEpoch": [],
    }
    server.reply = lambda call: {"jsonrpc": "2.0", "id": call["id"], "result": answers[call["method"]]}
    assert await node.get_l1_to_l2_message_checkpoint(fr(1)) == 7
    assert await node.is_l1_to_l2_message_synced(fr(1)) is True
    assert await node.get_l2_to_l1_messages(3) == [[[[fr(1), fr(2)], []]], []]
    assert await node.get_checkpoints_data_for_epoch(3) == []
    assert [body["params"] for body in server.bodies] == [[fr_hex(fr(1))], [fr_hex(fr(1))], [3], [3]]
    answers |= {"node_getL1ToL2MessageCheckpoint": "7", "node_isL1ToL2MessageSynced": 1}
    with pytest.raises(NodeUnreachableError, match="Expected a number"):
        await node.get_l1_to_l2_message_checkpoint(fr(1))
    with pytest.raises(NodeUnreachableError, match="Expected true or false"):
        await node.is_l1_to_l2_message_synced(fr(1))
    answers["node_getL1ToL2MessageCheckpoint"] = None
    assert await node.get_l1_to_l2_message_checkpoint(fr(1)) is None
