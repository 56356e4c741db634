from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from structlog.testing import capture_logs

from aztecd.config import ConfigError, L1Config, load_settings
from aztecd.publisher_key import proposer_account, publisher_account

if TYPE_CHECKING:
    from aztecd.l1 import Deployment

KEY = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
ADDRESS = "70997970c51812dc3a010c7d01b50e0d17dc79c8"
"""The second development account of Anvil and Hardhat."""


@pytest.mark.parametrize("text", [KEY, f"0x{KEY}", f"  0x{KEY}\n", KEY.upper()])
def test_the_key_of_a_file_is_taken(tmp_path, text):
    file = tmp_path / "key"
    file.write_text(text)
    file.chmod(0o600)
    with capture_logs() as logs:
        account = publisher_account(L1Config(publisher_key_file=file))
    assert account.address.hex() == ADDRESS
    assert logs == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_can_read_is_warned_about_without_its_key(tmp_path, mode):
    file = tmp_path / "key"
    file.write_text(KEY)
    file.chmod(mode)
    with capture_logs() as logs:
        publisher_account(L1Config(publisher_key_file=file))
    [warning] = logs
    assert warning["event"] == "key_file_open_to_others"
    assert warning["file"] == str(file)
    assert KEY not in str(logs)


@pytest.mark.parametrize("text", ["", KEY[:-1], f"{KEY}{KEY}", f"{KEY} # mine", "0" * 64, "f" * 64])
def test_what_is_no_key_is_refused_and_not_shown(tmp_path, text):
    file = tmp_path / "key"
    file.write_text(text)
    with pytest.raises(ConfigError, match="holds no private key") as refused:
        publisher_account(L1Config(publisher_key_file=file))
    assert KEY[:8] not in str(refused.value)


def test_a_folder_is_no_key_file(tmp_path):
    with pytest.raises(ConfigError, match="can't read"):
        publisher_account(L1Config(publisher_key_file=tmp_path))


def test_without_a_file_the_setting_counts():
    assert publisher_account(L1Config(publisher_key=f"0x{KEY}")).address.hex() == ADDRESS


def on_chain(chain_id: int, committee: int = 0) -> Deployment:
    """What is asked of a deployment here."""
    return cast("Deployment", SimpleNamespace(chain_id=chain_id, target_committee_size=committee))


def test_who_only_follows_needs_no_account():
    assert proposer_account(load_settings(), on_chain(1, committee=48)) is None


def test_the_first_development_account_proposes_on_a_development_chain():
    account = proposer_account(load_settings(flags={"sequencer.enabled": True}), on_chain(31_337))
    assert account is not None
    assert account.address.hex() == "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"


def test_elsewhere_a_key_must_be_given():
    with pytest.raises(ConfigError, match=r"chain id 1: name the file .* --publisher-key-file"):
        proposer_account(load_settings(flags={"sequencer.enabled": True}), on_chain(1))
    given = load_settings(environment={"AZTECD_L1_PUBLISHER_KEY": KEY}, flags={"sequencer.enabled": True})
    account = proposer_account(given, on_chain(1))
    assert account is not None
    assert account.address.hex() == ADDRESS


def test_where_a_committee_decides_nobody_proposes_alone():
    with pytest.raises(ConfigError, match="committee of 48"):
        proposer_account(load_settings(flags={"sequencer.enabled": True}), on_chain(31_337, committee=48))
