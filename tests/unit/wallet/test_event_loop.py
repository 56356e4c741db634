"""Code of contracts is megabytes of JSON: it is read and hashed beside the event loop."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from aztecd.client import Contract
from aztecd.crypto.field import fr
from aztecd.pxe.accounts import AccountKind
from aztecd.wallet.wallet import LocalWallet
from tests.support.fake_wallet import ALICE, FakeWallet


@pytest.fixture
def seen() -> list[tuple[str, bool]]:
    """What was read or hashed, and whether that was in the thread of the event loop."""
    return []


@pytest.fixture
def wallet(seen) -> LocalWallet:
    def artifact(name: str) -> str:
        seen.append((name, threading.current_thread() is threading.main_thread()))
        return f"code of {name}"

    return LocalWallet(
        pxe=None,
        node=None,
        accounts=None,
        contacts=None,
        apps=None,
        artifacts=SimpleNamespace(artifact=artifact),
    )


async def test_what_the_wallet_names_itself_is_read_in_a_thread(wallet, seen):
    assert await wallet.standard_artifact("Token") == "code of Token"
    assert await wallet.account_artifact(AccountKind.SCHNORR) == "code of SchnorrAccount"
    assert seen == [("Token", False), ("SchnorrAccount", False)]


async def test_a_contract_that_is_registered_is_hashed_in_a_thread(seen, monkeypatch):
    def hashed(name: str) -> SimpleNamespace:
        seen.append((name, threading.current_thread() is threading.main_thread()))
        return SimpleNamespace(id=fr(7))

    monkeypatch.setattr("aztecd.client.deployment.contract_class_of", hashed)
    code = SimpleNamespace(name="Purse", initializer=lambda _name: None, abis=())
    deployment = Contract.deploy(FakeWallet(), code, salt=fr(1))
    await deployment.register(sender=ALICE)
    assert [is_main for _, is_main in seen] == [False]
