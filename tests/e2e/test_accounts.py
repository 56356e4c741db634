"""The unmodified wallet deploys its accounts through a real daemon."""

from __future__ import annotations

import pytest

from tests.support.client import run_client_script

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

# The three initial test accounts of the local network, as the reference's wallet derives them.
ACCOUNTS = [
    "0x0a60414ee907527880b7a53d4dacdeb9ef768bb98d9d8d1e7200725c13763331",
    "0x00cedf87a800bd88274762d77ffd93e97bc881d1fc99570d62ba97953597914d",
    "0x1dd551228da3a56b5da5f5d73728e08d8114f59897c27136f1bcdd4c05028905",
]


def test_an_unmodified_wallet_deploys_the_initial_accounts(client, daemon):
    deployed = run_client_script(client, "deploy_accounts.mjs", node_url=daemon.url)
    assert [entry["account"] for entry in deployed] == ACCOUNTS
    assert [entry["block"] for entry in deployed] == [1, 2, 3]
