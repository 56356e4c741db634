"""No secret in anything that a wallet prints, logs, raises, answers or writes."""

from __future__ import annotations

import base64
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aztecd.crypto.field import FQ_MODULUS, FR_MODULUS
from aztecd.localnet.accounts import TEST_ACCOUNTS
from aztecd.pxe.keys import KeyKind, Secret, app_secret_key, derive_keys
from aztecd.storage import LevelStore
from tests.support.daemon import Daemon
from tests.support.secret_search import forms, found_secrets
from tests.support.wallet_process import artifact_folders

ROOT = Path(__file__).resolve().parents[2]
CHANCE = random.Random(4)
SECP256R1_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(300)]


def draw(bound, *, low=1 << 250):
    return CHANCE.randrange(low, bound).to_bytes(32, "big")


GIVEN = {
    "alice": bytes(TEST_ACCOUNTS[0].secret),
    "carl": draw(FR_MODULUS),
    "carl's signing key": draw(1 << 255),
    "rita": draw(FR_MODULUS),
    "rita's signing key": draw(1 << 255),
    "dora": draw(FR_MODULUS),
    "dora's signing key": draw(FQ_MODULUS),
    "slip": draw(1 << 256, low=SECP256R1_ORDER + (1 << 200)),
    "passphrase": b"correct horse battery staple 1905",
    "other passphrase": b"another horse with other staples",
}
"""What the wallets are told; the slip is too large for everything that it is given as."""


def derived():
    """List the master secret keys of all accounts."""
    found = {}
    for name in ("alice", "carl", "rita", "dora"):
        keys = derive_keys(Secret(GIVEN[name]))
        for kind in KeyKind:
            found[f"{name}'s {kind.value}skM"] = keys.secret(kind).reveal()
    return found


def known_secrets():
    return GIVEN | derived()


@pytest.mark.parametrize("name", ["dora", "carl's signing key", "passphrase"])
def test_the_search_finds_each_form(name):
    secret = GIVEN[name]
    number = int.from_bytes(secret, "big")
    shown = [
        secret,
        repr(secret).encode(),
        repr(bytearray(secret)).encode(),
        hex(number).upper().encode(),
        f"amount={number:064x}".encode(),
        str(number).encode(),
        json.dumps(list(secret)).encode(),
        repr((number >> 128, 7)).encode(),
        f"0x{number & ((1 << 128) - 1):x}".encode(),
        base64.b64encode(b"x" + secret + b"tail"),
        base64.urlsafe_b64encode(b"xy" + secret),
        base64.b64encode(b"xyz" + secret),
    ]
    for data in shown:
        assert [
            found for found in found_secrets(GIVEN, b"before" + data + b"after") if found.startswith(name)
        ]
    assert found_secrets(GIVEN, b"nothing at all, 0x" + bytes(range(256))) == []
    assert len({form for form, _ in forms(secret)}) >= 8


@pytest.fixture(scope="module")
def scenario(client, artifacts, tmp_path_factory):
    """Run everything once; give what was printed and the folder of the wallet."""
    folder = tmp_path_factory.mktemp("secrets")
    daemon = Daemon(arguments=("--log-level", "debug"))
    order = {
        "node_url": daemon.url,
        "data_dir": str(folder / "db"),
        "protocol_contracts": str(artifacts.protocol_contracts),
        "code_cache": str(folder / "compiled"),
        "artifacts": [str(path) for path in artifact_folders(client)],
        "secrets": {name: secret.hex() for name, secret in GIVEN.items()},
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.secrets_child"],
            cwd=ROOT,
            input=json.dumps(order).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        (folder / "printed").write_bytes(done.stdout)
        shell = in_the_shell(client, daemon.url, folder)
        daemon.stop()
    finally:
        daemon.kill()
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:]
    return done.stdout, shell, daemon.text, folder


def in_the_shell(client, url, folder):
    """Use the wallet by commands, also wrongly; give all that they print."""
    keys = folder / "keys"
    keys.mkdir()
    for name in ("dora", "slip"):
        (keys / name).write_text(f"0x{GIVEN[name].hex()}")
    (keys / "torn").write_text(f"0x{GIVEN['carl'].hex()}zz")
    printed = b""
    for passphrase, *words in (
        ("passphrase", "create", "--secret-file", str(keys / "dora"), "--salt", "7", "--no-deploy"),
        ("passphrase", "create", "--secret-file", str(keys / "slip"), "--no-deploy"),
        ("passphrase", "create", "--secret-file", str(keys / "torn"), "--no-deploy"),
        ("passphrase", "accounts"),
        ("other passphrase", "accounts"),
    ):
        command = [sys.executable, "-m", "aztecd", "wallet", *words, "--node-url", url]
        command += ["--data-dir", str(folder / "shell"), "--log-level", "debug"]
        for path in artifact_folders(client):
            command += ["--artifacts", str(path)]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | {"AZTECD_WALLET_PASSPHRASE": GIVEN[passphrase].decode()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        printed += f"== {words[0]} {done.returncode}\n".encode() + done.stdout
    return printed


def test_nothing_that_is_printed_shows_a_secret(scenario):
    printed, shell, _, _ = scenario
    # That it is all there: results, errors, logs, answers.
    for sign in (b"== simulation", b"== locked fails", b'"level": "debug"', b"== answer to app's sendTx"):
        assert sign in printed
    assert int(re.search(rb"^failures (\d+)$", printed, re.MULTILINE)[1]) == 12
    assert re.findall(rb"== \w+ \d", shell) == [
        b"== create 0",
        b"== create 1",
        b"== create 1",
        b"== accounts 0",
        b"== accounts 1",
    ]
    assert found_secrets(known_secrets(), printed) == []
    assert found_secrets(known_secrets(), shell) == []


def test_keys_of_contracts_are_not_printed_either(scenario):
    printed, _, _, _ = scenario
    token = bytes.fromhex(re.search(rb"^token 0x([0-9a-f]{64})$", printed, re.MULTILINE)[1].decode())
    siloed = {}
    for name in ("alice", "dora"):
        keys = derive_keys(Secret(GIVEN[name]))
        for kind in KeyKind:
            siloed[f"{name}'s {kind.value} key for the token"] = app_secret_key(
                keys.secret(kind), token, kind
            )
    assert found_secrets(siloed, printed) == []


def test_the_node_learns_no_secret(scenario):
    _, _, said, _ = scenario
    # The start card tells the test accounts' secrets to whoever starts a local network.
    lines = [line for line in said.splitlines() if not re.fullmatch(r" +secret +0x[0-9a-f]{64}", line)]
    assert len(lines) == len(said.splitlines()) - len(TEST_ACCOUNTS)
    assert found_secrets(known_secrets(), "\n".join(lines).encode()) == []


@pytest.mark.parametrize("name", ["db", "shell"])
def test_no_file_of_an_encrypted_wallet_shows_a_secret(scenario, name):
    folder = scenario[-1]
    files = [path for path in (folder / name).rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert found_secrets(known_secrets(), path.read_bytes()) == [], path.name
    for path in (folder / "compiled").rglob("*"):
        assert not path.is_file() or found_secrets(known_secrets(), path.read_bytes()) == [], path.name
    # Once more without the database's compression.
    store = LevelStore.open(folder / name if name == "db" else folder / name / "db")
    try:
        records = [key + value for key, value in store.iterate(start=b"", stop=b"\xff" * 64)]
    finally:
        store.close()
    assert any(derive_keys(Secret(GIVEN["dora"])).public_keys.encode() in record for record in records)
    assert found_secrets(known_secrets(), b"\n".join(records)) == []
