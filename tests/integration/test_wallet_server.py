"""Who gets in to the wallet service, over a real socket."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request

import pytest

from aztecd.rpc.errors import ListenError, PortInUseError
from aztecd.rpc.wallet_server import WalletServer
from aztecd.wallet.apps import token_digest
from aztecd.wallet.guard import ApproveAll, DenyAll, GuardedWallet
from tests.support.fake_wallet import ALICE, BOB, FakeWallet

pytestmark = pytest.mark.integration


def call(url, method, params=(), *, token="owner", headers=(), as_json=True):
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    sent = {"authorization": f"Bearer {token}"} if token is not None else {}
    if as_json:
        sent["content-type"] = "application/json"
    request = urllib.request.Request(url, json.dumps(body).encode(), sent | dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response), dict(response.headers)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error), dict(error.headers)


@pytest.fixture
async def server():
    wallet = FakeWallet()
    wallets = {
        "owner": GuardedWallet.for_owner(wallet),
        "shop": GuardedWallet(wallet, "shop", DenyAll()),
        "friend": GuardedWallet(wallet, "friend", ApproveAll()),
    }
    async with WalletServer(wallets).serve() as address:
        yield address.url


async def test_each_token_has_its_own_wallet(server):
    status, answer, headers = await asyncio.to_thread(call, server, "wallet_getAccounts")
    assert (status, answer["result"]) == (200, [{"alias": "alice", "item": "0x" + ALICE.hex()}])
    assert not any(name.lower().startswith("access-control") for name in headers)
    status, answer, _ = await asyncio.to_thread(call, server, "wallet_getAccounts", token="shop")
    assert (status, answer["error"]["code"]) == (400, -32702)
    assert "shop may not see the accounts" in answer["error"]["message"]
    assert (await asyncio.to_thread(call, server, "wallet_getAccounts", token="friend"))[0] == 200


async def test_a_wallet_is_served_to_whoever_has_the_token_of_a_digest():
    digest = token_digest("let me in")
    shop = GuardedWallet(FakeWallet(), "shop", ApproveAll())
    async with WalletServer({}, by_digest={digest: shop}).serve() as address:
        status, answer, _ = await asyncio.to_thread(
            call, address.url, "wallet_getAccounts", token="let me in"
        )
        assert (status, len(answer["result"])) == (200, 1)
        for token in (digest.hex(), "let me", ""):
            assert (await asyncio.to_thread(call, address.url, "wallet_getAccounts", token=token))[0] == 401


@pytest.mark.parametrize("token", [None, "", "wrong", "owner2"])
async def test_without_a_token_nobody_gets_in(server, token):
    status, answer, _ = await asyncio.to_thread(call, server, "wallet_getAccounts", token=token)
    assert status == 401
    assert "result" not in answer


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", ""])
async def test_other_names_of_the_machine_are_refused(server, host):
    status, _, _ = await asyncio.to_thread(call, server, "wallet_getAccounts", headers={"Host": host})
    assert status in {400, 403}


async def test_only_json_calls_of_the_wallet_are_answered(server):
    assert (await asyncio.to_thread(call, server, "node_getNodeInfo"))[1]["error"]["code"] == -32601
    assert (await asyncio.to_thread(call, server, "wallet_getAccounts", as_json=False))[0] == 400
    assert (await asyncio.to_thread(call, server + "/other", "wallet_getAccounts"))[0] == 404


async def test_wrong_parameters_are_told_and_run_nothing(server):
    status, answer, _ = await asyncio.to_thread(call, server, "wallet_registerSender", ["bob"])
    assert (status, answer["error"]["code"]) == (400, -32701)
    batch = [{"name": "getAccounts", "args": []}, {"name": "registerSender", "args": [7]}]
    assert (await asyncio.to_thread(call, server, "wallet_batch", [batch]))[1]["error"]["code"] == -32701
    _, answer, _ = await asyncio.to_thread(call, server, "wallet_batch", [[{"name": "batch", "args": [[]]}]])
    assert "Invalid discriminator value" in answer["error"]["message"]


async def test_a_batch_names_its_results(server):
    batch = [{"name": "getChainInfo", "args": []}, {"name": "registerSender", "args": ["0x" + BOB.hex()]}]
    _, answer, _ = await asyncio.to_thread(call, server, "wallet_batch", [batch])
    assert [item["name"] for item in answer["result"]] == ["getChainInfo", "registerSender"]
    assert answer["result"][0]["result"]["chainId"] == f"0x{31337:064x}"
    assert answer["result"][1]["result"] == "0x" + BOB.hex()


async def test_a_wallet_never_listens_to_the_network():
    with pytest.raises(ListenError, match="loopback"):
        WalletServer({}, host="0.0.0.0")


async def test_a_port_in_use_is_said_so(server):
    port = int(server.rpartition(":")[2])
    with pytest.raises(PortInUseError):
        async with WalletServer({}, port=port).serve():
            raise AssertionError("two servers on one port")


async def test_a_secret_with_a_slip_does_not_come_back(server):
    instance = {"version": 1}
    slip = "0x" + "f" * 63 + "e"
    _, answer, _ = await asyncio.to_thread(call, server, "wallet_registerContract", [instance, None, slip])
    assert "error" in answer
    assert "fffff" not in json.dumps(answer)
