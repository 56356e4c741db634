"""An application of the unmodified client uses the wallet that `aztecd wallet serve` serves."""

from __future__ import annotations

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from aztecd.client import NOBODY, connect
from aztecd.crypto.field import fr
from aztecd.localnet.accounts import TEST_ACCOUNTS
from aztecd.pxe.keys import Secret
from tests.support.client import run_client_script
from tests.support.client_scripts import differences, with_recorded_context
from tests.support.wallet_process import WalletProcess, wallet_setup

# Real contracts are read and compiled on the way.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300), pytest.mark.loop_may_block(1000)]


@pytest.fixture
async def wallet_dir(client, artifacts, daemon, tmp_path):
    """A wallet on the disk with two deployed accounts."""
    async with connect(
        daemon.url, wallet_setup(client, artifacts, tmp_path / "compiled"), data_dir=tmp_path / "db"
    ) as opened:
        for name, known in zip(("alice", "bob"), TEST_ACCOUNTS, strict=False):
            account = await opened.create_account(secret=Secret(known.secret), salt=fr(0), alias=name)
            metadata = await opened.wallet.get_contract_metadata(account.address)
            if not metadata.is_initialized:
                await account.deployment().send(sender=NOBODY)
    return tmp_path


@pytest.fixture
def serve(daemon, wallet_dir):
    """Start a service over the wallet; it is ended in any case."""
    running = []

    def begin(approve, *arguments, apps=("app",)):
        running.append(
            WalletProcess(
                node_url=daemon.url,
                data_dir=wallet_dir,
                apps=apps,
                approve=approve,
                arguments=arguments,
            )
        )
        return running[-1]

    yield begin
    for process in running:
        process.kill()


def test_an_application_uses_the_wallet_of_another_process(client, daemon, serve):
    service = serve("all")
    told = run_client_script(
        client,
        "wallet_app.mjs",
        node_url=daemon.url,
        variables={"WALLET_URL": service.url, "WALLET_TOKEN": service.tokens["app"]},
    )
    assert {name: value for entry in told for name, value in entry.items()} == {
        "stranger": "A token is needed",
        "granted": 6,
        "accounts": 2,
        "chain": True,
        "minted": {"alice": [7, 70], "bob": [0, 30]},
        "effect": True,
        "events": [{"amount": 30, "people": True, "place": True}],
        "earlier": 0,
        "private": {"alice": [7, 65], "bob": [0, 35]},
        "unauthorized": "Unknown auth witness for message hash 0x",
        "before": {"isValidInPrivate": True, "isValidInPublic": False},
        "again": "Existing nullifier",
        "public": {"alice": [5, 65], "bob": [2, 35]},
        "early": "unauthorized",
        "poor": "Balance too low",
        "simulated": "attempt to subtract with overflow",
        "mined": "reverted: app_logic_reverted",
        "senders": [["coin", True]],
    }
    service.stop()
    said = service.log.lower()
    assert not [known for known in TEST_ACCOUNTS if f"{int.from_bytes(known.secret):x}" in said]

    # The application keeps its token and what it was granted, another one has neither.
    token, former = service.tokens["app"], service.tokens["owner"]
    service = serve("none", apps=("app", "other"))
    assert service.tokens.keys() == {"owner", "other"}
    assert len(ask_wallet(service, token, "getAccounts")["result"]) == 2
    refused = ask_wallet(service, service.tokens["other"], "getAccounts")
    assert "other may not see the accounts" in refused["error"]["message"]
    senders = ask_wallet(service, service.tokens["owner"], "getAddressBook")["result"]
    assert [entry["alias"] for entry in senders] == ["coin"]
    assert "A token is needed" in ask_wallet(service, former, "getAddressBook")["error"]["message"]
    service.stop()

    service = serve("none", "--new-token", "app", "--forget", "other", apps=())
    assert service.tokens.keys() == {"owner", "app"}
    assert "A token is needed" in ask_wallet(service, token, "getAccounts")["error"]["message"]
    assert len(ask_wallet(service, service.tokens["app"], "getAccounts")["result"]) == 2
    service.stop()


@pytest.mark.long
@pytest.mark.parametrize("name", ["apps", "calls"])
def test_a_script_works_as_with_the_wallet_of_the_reference(client, daemon, serve, name):
    service = serve("none")
    told = run_client_script(
        client,
        f"{name}.mjs",
        node_url=daemon.url,
        l1_url=daemon.l1_url,
        variables={"WALLET_URL": service.url, "WALLET_TOKEN": service.tokens["owner"]},
    )
    assert differences(name, with_recorded_context(name, told)) == []
    service.stop()


def ask_wallet(service, token, method):
    body = {"jsonrpc": "2.0", "id": 1, "method": f"wallet_{method}", "params": []}
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    request = Request(service.url, json.dumps(body).encode(), headers)
    try:
        with urlopen(request) as response:
            return json.load(response)
    except HTTPError as error:
        return json.load(error)
