"""The wallet on the command line, from an empty directory to a balance."""

from __future__ import annotations

import re

import pytest

from aztecd.localnet.accounts import SPONSORED_FPC
from tests.support.command_line import assert_told, run

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]

_SPONSOR = ("--sponsor", f"0x{SPONSORED_FPC.hex()}")


@pytest.fixture
def wallet(daemon, tmp_path):
    def command(action, *words):
        where = ("--data-dir", str(tmp_path / "wallet"), "--node-url", daemon.url, "--plain")
        return run("wallet", action, *where, *words)

    return command


def answered(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_wallet_from_the_first_account_to_a_balance(wallet):
    # What is refused leaves nothing behind, so the same name is free afterwards.
    assert_told(wallet("create", "--alias", "ann"), "nothing to pay its deployment with", "--sponsor")
    assert_told(wallet("create", "--alias", "ann", "--sponsor", "0x1234"), "no contract that pays is known")
    assert_told(wallet("create", "--alias", "ann", "--salt", "x", *_SPONSOR), "'x' is no salt")
    made = answered(wallet("create", "--alias", "ann", *_SPONSOR))
    (address,) = re.findall(r"^0x[0-9a-f]{64}$", made, re.MULTILINE)
    assert "deployed in transaction 0x" in made
    assert_told(wallet("create", "--alias", "ann", *_SPONSOR), "is called ann already")
    answered(wallet("create", "--alias", "bob", "--no-deploy"))
    listed = [line.split(None, 1) for line in answered(wallet("accounts")).splitlines()]
    assert {entry[1] for entry in listed} == {"deployed      ann", "not deployed  bob"}
    assert [address, "deployed      ann"] in listed

    coin = ("@ann", "Coin", "COI")
    assert_told(wallet("deploy", "Token", *coin, "--from", "ann"), "takes 4 arguments", "decimals", "got 3")
    assert_told(wallet("deploy", "Token", *coin, "18", "--from", "bob", *_SPONSOR), "bob is not deployed")
    deployed = answered(wallet("deploy", "Token", "--from", "ann", *_SPONSOR, *coin, "18"))
    token = deployed.split()[-1]
    answered(wallet("send", token, "mint_to_public", "@bob", "5", "--from", "ann", *_SPONSOR))
    assert answered(wallet("balance", token, "--from", "bob")).split() == ["private", "0", "public", "5"]
    assert_told(
        wallet("send", token, "transfer_in_public", "@ann", "@bob", "6", "0", "--from", "ann", *_SPONSOR),
        "app_logic_reverted",
        "`aztecd wallet simulate` of the same call says why",
    )
