"""Applications are known again after a restart; their tokens are nowhere to be found."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.keys import Passphrase, Plain, Secret, Vault, VaultError, VaultLockedError
from aztecd.storage import MemoryStore, Prefix
from aztecd.wallet.apps import AppBook, token_digest
from aztecd.wallet.capabilities import ALL_CAPABILITIES, Grants
from aztecd.wallet.errors import WalletError

ALICE, BOB = AztecAddress(fr(1)), AztecAddress(fr(2))
SOME = Grants(capabilities=ALL_CAPABILITIES[:2], accounts=frozenset({ALICE, BOB}), expires_ms=1.5e12)


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def book(store):
    vault = Vault(store, Prefix.PXE_VAULT.key)
    vault.create(Plain())
    return AppBook(store, vault)


def reopened(store):
    vault = Vault(store, Prefix.PXE_VAULT.key)
    vault.unlock(Plain())
    return AppBook(store, vault)


def content(store):
    return list(store.iterate(start=b"", stop=b"\xff"))


def test_an_application_is_known_again(book, store):
    token = book.admit("shop")
    book.keep_grants("shop", SOME)
    (found,) = reopened(store).all()
    assert (found.name, found.digest, found.grants) == ("shop", token_digest(token), SOME)
    assert reopened(store).find("shop") == found
    assert reopened(store).find("other") is None


@pytest.mark.parametrize("accounts", [None, frozenset(), frozenset({BOB})])
def test_grants_keep_whose_accounts_they_are_for(book, accounts):
    book.admit("shop")
    book.keep_grants("shop", Grants(accounts=accounts))
    assert book.find("shop").grants == Grants(accounts=accounts)


def test_a_new_token_takes_the_place_of_the_old_one(book):
    first = book.admit("shop")
    book.keep_grants("shop", SOME)
    second = book.admit("shop")
    assert first != second
    assert book.find("shop").digest == token_digest(second)
    assert book.find("shop").grants == SOME


def test_nobody_finds_a_token_or_a_grant_in_the_store(store):
    vault = Vault(store, Prefix.PXE_VAULT.key)
    vault.create(Passphrase(text=Secret(b"a passphrase")))
    book = AppBook(store, vault)
    token = book.admit("shop")
    book.keep_grants("shop", SOME)
    stored = b"".join(key + value for key, value in content(store)).lower()
    for secret in (token, token_digest(token).hex(), ALICE.hex()):
        assert secret.encode() not in stored
        assert bytes.fromhex(secret) not in stored
    assert token_digest(token).hex() not in repr(book.find("shop"))
    vault.lock()
    with pytest.raises(VaultLockedError):
        book.all()


def test_records_can_not_be_changed_or_swapped(book, store):
    book.admit("shop")
    book.admit("bank")
    batch = store.batch()
    batch.put(Prefix.WALLET_APP.key + b"bank", store.get(Prefix.WALLET_APP.key + b"shop"))
    store.write(batch)
    with pytest.raises(VaultError):
        book.find("bank")


def test_what_is_removed_stays_so(book, store):
    book.admit("shop")
    assert book.remove("shop") is True
    assert book.remove("shop") is False
    # It asked for capabilities while it was removed.
    book.keep_grants("shop", SOME)
    assert reopened(store).all() == []


@pytest.mark.parametrize("name", ["", " ", "owner", "a\nb", "x" * 65, "\x00"])
def test_names_that_can_not_be_are_refused(book, name):
    with pytest.raises(WalletError, match="can not be called"):
        book.admit(name)
