"""The key store: answers, encryption at rest, locking."""

from __future__ import annotations

import pytest

from aztecd.crypto.errors import SealError
from aztecd.crypto.field import fr, fr_from_hex, fr_hex
from aztecd.crypto.grumpkin import GENERATOR, INFINITY, Point
from aztecd.crypto.sealing import ScryptCost, key_from_passphrase, open_sealed, seal
from aztecd.pxe.keys import (
    InvalidAddressError,
    KeyFile,
    KeyFileError,
    KeyKind,
    KeyStore,
    Passphrase,
    Plain,
    Secret,
    UnknownAccountError,
    Vault,
    VaultError,
    VaultLockedError,
    WrongVaultKeyError,
    create_key_file,
    public_key_of,
)
from aztecd.storage.memory import MemoryStore
from tests.support.vectors import load

ACCOUNTS = load("keys.json.gz")["accounts"]
CHEAP = ScryptCost(n=16, r=1, p=1)
HEADER, PREFIX = b"\x01vault", b"\x02"


def passphrase(text: str) -> Passphrase:
    return Passphrase(text=Secret(text.encode()), cost=CHEAP)


def opened(store=None, protection=None) -> KeyStore:
    store = store or MemoryStore()
    vault = Vault(store, HEADER)
    protection = protection or Plain()
    if vault.exists:
        vault.unlock(protection)
    else:
        vault.create(protection)
    return KeyStore(store, vault, PREFIX)


def add(keys: KeyStore, case):
    return keys.add_account(Secret.from_hex(case["secret"]), fr_from_hex(case["partial_address"]))


def contents(store) -> bytes:
    return b"".join(key + value for key, value in store.iterate(start=b"", stop=b"\xff" * 8))


def secrets_of(case) -> list[bytes]:
    names = ("secret", "nhk_m", "ivsk_m", "ovsk_m", "tsk_m", "address_secret")
    return [bytes.fromhex(case[name][2:]) for name in names]


@pytest.mark.parametrize("case", ACCOUNTS, ids=lambda case: case["name"])
def test_recorded_answers(case):
    keys = opened()
    account = add(keys, case)
    assert account.to_text() == case["complete_address"]
    assert add(keys, case) == account
    assert keys.has_account(account.address)
    assert keys.accounts() == [account]
    kinds = {"n": "nhk", "iv": "ivsk", "ov": "ovsk", "t": "tsk"}
    for kind in KeyKind:
        name = kind.value
        key_hash = fr_from_hex(case[f"{name}pk_m_hash"])
        public = Point(int(case[f"{name}pk_m"]["x"], 16), int(case[f"{name}pk_m"]["y"], 16))
        assert keys.account_has_key(account.address, key_hash)
        assert fr_hex(keys.master_secret_key(public).reveal()) == case[f"{kinds[name]}_m"]
        for entry in case["app_keys"]:
            request = keys.key_validation_request(key_hash, fr_from_hex(entry["app"]))
            assert request.public_key == public
            assert fr_hex(request.app_secret) == entry[f"{kinds[name]}_app"]
            assert entry[f"{kinds[name]}_app"][2:] not in repr(request)
            if kind is KeyKind.OUTGOING_VIEWING:
                app_key = keys.app_outgoing_viewing_secret(account.address, fr_from_hex(entry["app"]))
                assert fr_hex(app_key) == entry["ovsk_app"]
    own = Secret.from_hex(case["address_secret"])
    assert keys.shared_secret(account.address, GENERATOR) == public_key_of(own)
    assert keys.shared_secret(account.address, GENERATOR) == public_key_of(own)


def test_what_is_not_there():
    keys = opened()
    first = add(keys, ACCOUNTS[0])
    stranger = fr_from_hex(ACCOUNTS[1]["address"])
    assert not keys.has_account(stranger)
    assert not keys.account_has_key(stranger, fr_from_hex(ACCOUNTS[0]["npk_m_hash"]))
    assert not keys.account_has_key(first.address, fr_from_hex(ACCOUNTS[1]["npk_m_hash"]))
    with pytest.raises(UnknownAccountError, match=r"Could not find key prefix\."):
        keys.key_validation_request(fr(1), fr(2))
    with pytest.raises(UnknownAccountError, match=r"Could not find key prefix\."):
        keys.master_secret_key(GENERATOR)
    with pytest.raises(UnknownAccountError) as caught:
        keys.master_secret(stranger, KeyKind.TAGGING)
    assert str(caught.value) == (
        f"Account {fr_hex(stranger)} does not exist. Registered accounts: {fr_hex(first.address)}."
    )
    with pytest.raises(InvalidAddressError):
        keys.shared_secret(first.address, INFINITY)


def test_accounts_of_one_secret():
    keys = opened()
    first = add(keys, ACCOUNTS[0])
    second = keys.add_account(Secret.from_hex(ACCOUNTS[0]["secret"]), fr(5))
    assert first.address != second.address
    for account in (first, second):
        assert keys.account_has_key(account.address, fr_from_hex(ACCOUNTS[0]["npk_m_hash"]))


@pytest.mark.parametrize("protection", ["passphrase", "file", "plain"])
def test_accounts_outlive_the_process(protection, tmp_path):
    ways = {
        "passphrase": passphrase("correct horse"),
        "file": create_key_file(tmp_path / "key"),
        "plain": Plain(),
    }
    store = MemoryStore()
    first = opened(store, ways[protection])
    accounts = [add(first, case) for case in ACCOUNTS[:3]]
    assert first.vault.is_plain is (protection == "plain")
    again = KeyStore(store, Vault(store, HEADER), PREFIX)
    assert again.accounts() == sorted(accounts, key=lambda account: account.address)
    with pytest.raises(VaultLockedError, match="unlock it with its passphrase or key file"):
        again.master_secret(accounts[0].address, KeyKind.TAGGING)
    again.vault.unlock(ways[protection])
    assert fr_hex(again.master_secret(accounts[0].address, KeyKind.TAGGING).reveal()) == ACCOUNTS[0]["tsk_m"]


def test_nothing_secret_lies_in_the_store():
    store = MemoryStore()
    keys = opened(store, passphrase("correct horse"))
    for case in ACCOUNTS:
        add(keys, case)
        keys.shared_secret(fr_from_hex(case["address"]), GENERATOR)
    data = contents(store)
    assert bytes.fromhex(ACCOUNTS[0]["npk_m"]["x"][2:]) in data
    for case in ACCOUNTS:
        for secret in secrets_of(case):
            assert secret not in data
    assert b"correct horse" not in data
    assert keys.vault._data_key is not None
    assert keys.vault._data_key.reveal() not in data


def test_a_wrong_passphrase_or_way_opens_nothing(tmp_path):
    store = MemoryStore()
    opened(store, passphrase("right"))
    for wrong, text in (
        (passphrase("Right"), "another passphrase"),
        (create_key_file(tmp_path / "key"), "opens with a passphrase"),
        (Plain(), "opens with a passphrase"),
    ):
        vault = Vault(store, HEADER)
        with pytest.raises(WrongVaultKeyError, match=text) as caught:
            vault.unlock(wrong)
        assert vault.is_locked
        assert "Right" not in str(caught.value)


def test_nobody_takes_a_bare_vault_for_a_protected_one(tmp_path):
    store = MemoryStore()
    opened(store, Plain())
    for supposed in (passphrase("x"), create_key_file(tmp_path / "key")):
        vault = Vault(store, HEADER)
        with pytest.raises(WrongVaultKeyError, match="no protection at all"):
            vault.unlock(supposed)
        assert vault.is_locked


def test_locking_wipes():
    keys = opened(protection=passphrase("x"))
    account = add(keys, ACCOUNTS[0])
    keys.shared_secret(account.address, GENERATOR)
    data_key, cached = keys.vault._data_key, keys._address_secrets[account.address]
    keys.lock()
    assert keys.vault.is_locked
    for secret in (data_key, cached):
        with pytest.raises(VaultLockedError):
            secret.reveal()
    for ask in (
        lambda: keys.shared_secret(account.address, GENERATOR),
        lambda: keys.key_validation_request(fr_from_hex(ACCOUNTS[0]["npk_m_hash"]), fr(1)),
        lambda: add(keys, ACCOUNTS[1]),
        lambda: keys.vault.seal(b"", b""),
        lambda: keys.vault.change_protection(Plain()),
    ):
        with pytest.raises(VaultLockedError):
            ask()
    assert keys.accounts() == [account]


def test_protection_can_change(tmp_path):
    store = MemoryStore()
    keys = opened(store)
    account = add(keys, ACCOUNTS[0])
    for way in (passphrase("one"), create_key_file(tmp_path / "key"), passphrase("two")):
        keys.vault.change_protection(way)
        keys = opened(store, way)
        assert fr_hex(keys.master_secret(account.address, KeyKind.NULLIFIER).reveal()) == ACCOUNTS[0]["nhk_m"]
    with pytest.raises(WrongVaultKeyError):
        Vault(store, HEADER).unlock(passphrase("one"))


def test_records_do_not_move_or_change():
    store = MemoryStore()
    keys = opened(store)
    first, second = (add(keys, case) for case in ACCOUNTS[:2])
    stolen = store.get(PREFIX + second.address)
    genuine = store.get(PREFIX + first.address)
    assert stolen is not None
    assert genuine is not None
    for record in (genuine[:288] + stolen[288:], genuine[:-1] + bytes([genuine[-1] ^ 1])):
        batch = store.batch()
        batch.put(PREFIX + first.address, record)
        store.write(batch)
        with pytest.raises(VaultError, match="damaged"):
            keys.master_secret(first.address, KeyKind.TAGGING)
    batch = store.batch()
    batch.put(PREFIX + first.address, genuine[:100])
    store.write(batch)
    with pytest.raises(VaultError, match="damaged"):
        opened(store)


def test_vaults_are_made_once_and_checked():
    store = MemoryStore()
    vault = Vault(store, HEADER)
    with pytest.raises(VaultError, match="create one"):
        vault.unlock(Plain())
    vault.create(Plain())
    with pytest.raises(VaultError, match="a vault already"):
        vault.create(Plain())
    good = store.get(HEADER)
    assert good is not None
    for bad in (good[:-1], b"\x09" + good[1:], good[:1] + b"\x07" + good[2:], b""):
        batch = store.batch()
        batch.put(HEADER, bad)
        store.write(batch)
        with pytest.raises(VaultError, match="damaged, or of a newer version"):
            Vault(store, HEADER).unlock(Plain())


def test_a_header_cannot_ask_for_all_memory():
    store = MemoryStore()
    opened(store, passphrase("x"))
    good = store.get(HEADER)
    assert good is not None
    batch = store.batch()
    batch.put(HEADER, good[:18] + b"\x28" + good[19:])
    store.write(batch)
    with pytest.raises(WrongVaultKeyError):
        Vault(store, HEADER).unlock(passphrase("x"))
    for cost in (ScryptCost(n=3), ScryptCost(n=1 << 30), ScryptCost(r=0), ScryptCost(p=99)):
        with pytest.raises(SealError, match="not allowed"):
            key_from_passphrase(b"", b"", cost)


def test_scrypt_is_the_standards():
    # RFC 7914, section 12: the first 32 bytes of the second test vector.
    key = key_from_passphrase(b"password", b"NaCl", ScryptCost(n=1024, r=8, p=16))
    assert key.hex() == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"


def test_sealing():
    key = bytes(range(32))
    sealed = seal(b"data", key, b"what")
    assert sealed != seal(b"data", key, b"what")
    assert open_sealed(sealed, key, b"what") == b"data"
    for bad in (sealed[:20], sealed[:-1], sealed + b"\0"):
        with pytest.raises(SealError):
            open_sealed(bad, key, b"what")
    with pytest.raises(SealError):
        open_sealed(sealed, key, b"else")


def test_key_files(tmp_path):
    path = tmp_path / "key"
    made = create_key_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes()) == 32
    with pytest.raises(KeyFileError, match="cannot be made"):
        create_key_file(path)
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        opened(protection=made)
    short = tmp_path / "short"
    short.write_bytes(bytes(31))
    short.chmod(0o600)
    with pytest.raises(KeyFileError, match="between 32 bytes"):
        opened(protection=KeyFile(path=short))
    with pytest.raises(KeyFileError, match="cannot be read"):
        opened(protection=KeyFile(path=tmp_path / "none"))


def test_the_key_store_of_a_pxe():
    store = MemoryStore()
    keys = KeyStore.over(store)
    assert keys.accounts() == []
    keys.vault.create(passphrase("x"))
    account = add(keys, ACCOUNTS[0])
    again = KeyStore.over(store)
    assert again.accounts() == [account]
    again.vault.unlock(passphrase("x"))
    assert fr_hex(again.master_secret(account.address, KeyKind.TAGGING).reveal()) == ACCOUNTS[0]["tsk_m"]


def test_the_vault_seals_other_secrets_too():
    vault = opened(protection=passphrase("x")).vault
    sealed = vault.seal(b"signing key", b"signing")
    assert vault.open(sealed, b"signing").reveal() == b"signing key"
    with pytest.raises(VaultError, match="damaged"):
        vault.open(sealed, b"other")
