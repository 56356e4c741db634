from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_MODULUS, fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.accounts import AccountKind
from aztecd.pxe.keys import CompleteAddress, Plain, Secret, Vault, derive_keys
from aztecd.storage import MemoryStore, Prefix
from aztecd.wallet.accounts import AccountBook, AccountSecrets, Contacts, describe_account
from aztecd.wallet.errors import AccountUnknownError, WalletError

SECRET = Secret.from_int(1234567)


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def vault(store):
    vault = Vault(store, Prefix.PXE_VAULT.key)
    vault.create(Plain())
    return vault


def complete(partial: int = 3) -> CompleteAddress:
    return CompleteAddress.of_keys(derive_keys(SECRET).public_keys, fr(partial))


def test_an_account_is_kept_with_its_key(store, vault):
    book = AccountBook(store, vault)
    book.add(AccountSecrets(secret=SECRET, salt=fr(8)), complete(), "alice")
    account = AccountBook(store, vault).get(complete())
    assert (account.alias, account.salt, account.kind) == ("alice", fr(8), AccountKind.SCHNORR)
    assert account.signing_key == AccountSecrets(secret=SECRET, salt=fr(8)).key()
    assert account.address == complete().address
    assert book.has(account.address)
    assert [(item.alias, item.item) for item in book.addresses()] == [("alice", account.address)]


def test_signing_keys_are_sealed_and_bound_to_their_account(store, vault):
    key = Secret.from_int(0xDEADBEEF << 200)
    AccountBook(store, vault).add(AccountSecrets(secret=SECRET, salt=fr(0), signing_key=key), complete())
    stored = store.get(Prefix.WALLET_ACCOUNT.key + complete().address)
    assert stored is not None
    assert key.reveal() not in stored
    assert SECRET.reveal() not in stored


def test_a_stranger_is_no_account(store, vault):
    book = AccountBook(store, vault)
    with pytest.raises(AccountUnknownError, match="Account not found in wallet for address: 0x"):
        book.get(complete())
    assert not book.has(complete().address)


def test_ecdsa_accounts_need_a_key():
    with pytest.raises(WalletError, match="ecdsasecp256r1 needs a signing key"):
        AccountSecrets(secret=SECRET, salt=fr(0), kind=AccountKind.ECDSA_R).key()


def test_no_text_form_shows_a_secret(store, vault):
    secrets = AccountSecrets(secret=SECRET, salt=fr(0), signing_key=Secret.from_int(77777777))
    book = AccountBook(store, vault)
    book.add(secrets, complete())
    shown = repr(secrets) + repr(book.get(complete()))
    for secret in (SECRET, secrets.key()):
        assert secret.reveal().hex().lstrip("0") not in shown
        assert str(secret.reveal_int()) not in shown


def test_contacts_have_names(store):
    contacts = Contacts(store)
    contacts.name(AztecAddress(fr(1)), "bob é")
    assert contacts.alias(AztecAddress(fr(1))) == "bob é"
    assert contacts.alias(AztecAddress(fr(2))) == ""


@pytest.mark.parametrize(
    ("secrets", "reason"),
    [
        (AccountSecrets(secret=Secret.from_int(FR_MODULUS), salt=fr(0)), "not below the modulus"),
        (
            AccountSecrets(
                secret=SECRET,
                salt=fr(0),
                kind=AccountKind.ECDSA_R,
                signing_key=Secret.from_int((1 << 256) - 1),
            ),
            "can't sign with this key: a private key of secp256r1",
        ),
    ],
)
def test_numbers_that_are_no_keys_are_told_without_showing_them(secrets, reason):
    with pytest.raises(WalletError, match=reason) as caught:
        describe_account(secrets, None)  # the artifact comes later
    assert "fffffff" not in repr(caught.value)
    assert str(FR_MODULUS) not in repr(caught.value)
