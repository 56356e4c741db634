from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from aztecd.config import Config, ConfigError, load_settings

EXAMPLES = Path(__file__).resolve().parents[2] / "config"
EXAMPLE = EXAMPLES / "local.toml"


def file_with(tmp_path, text):
    path = tmp_path / "a.toml"
    path.write_text(text)
    return path


def test_defaults():
    settings = load_settings()
    assert settings.config == Config()
    assert set(settings.origins.values()) == {"default"}


def test_later_sources_win(tmp_path):
    path = file_with(tmp_path, "[rpc]\nport = 1\nhost = 'a'\nmax_batch_size = 7\n")
    settings = load_settings(
        file=path,
        environment={"AZTECD_RPC_PORT": "2", "AZTECD_RPC_HOST": "b", "HOME": "x"},
        flags={"rpc.port": 3, "rpc.host": None},
    )
    assert (settings.config.rpc.port, settings.config.rpc.host, settings.config.rpc.max_batch_size) == (
        3,
        "b",
        7,
    )
    assert settings.origins["rpc.port"] == "flag"
    assert settings.origins["rpc.host"] == "AZTECD_RPC_HOST"
    assert settings.origins["rpc.max_batch_size"] == str(path)


def test_the_example_file_states_the_defaults():
    assert load_settings(file=EXAMPLE).config == Config()
    commented = EXAMPLE.read_text().replace("# data_dir", "data_dir").replace("# rpc_url", "rpc_url")
    assert tomllib.loads(commented)["l1"]["rpc_url"]


def test_the_example_of_a_node_states_the_defaults_of_all_that_it_need_not_say():
    settings = load_settings(file=EXAMPLES / "node.toml")
    default = Config()
    assert settings.config.archiver == default.archiver
    assert settings.config.blobs == default.blobs
    assert settings.config.genesis == default.genesis
    assert settings.config.mempool == default.mempool
    assert settings.config.rpc == default.rpc
    assert not settings.config.sequencer.enabled
    assert not settings.config.sequencer.settle_epochs
    chosen = {key for key, origin in settings.origins.items() if origin != "default"}
    assert {"data_dir", "l1.rpc_url", "l1.registry"} <= chosen
    assert settings.config.data_dir == Path("~/.local/share/aztecd/node").expanduser()


@pytest.mark.parametrize("given", ["a, b,,c", ["a", "b", "c"], ("a ", "b", "", "c")])
def test_several_texts_come_as_a_list_or_with_commas(given):
    settings = load_settings(flags={"blobs.sources": given})
    assert settings.config.blobs.sources == ("a", "b", "c")
    assert 'blobs.sources = ["a", "b", "c"]  # flag' in settings.lines()


def test_no_addresses_is_not_the_same_as_nothing_said():
    assert load_settings().config.genesis.prefunded_addresses is None
    none = load_settings(environment={"AZTECD_GENESIS_PREFUNDED_ADDRESSES": ""})
    assert none.config.genesis.prefunded_addresses == ()
    assert none.is_given("genesis.prefunded_addresses")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[rpc]\nprot = 1", "unknown setting rpc.prot .*did you mean rpc.port"),
        ("colour = 1", "unknown setting colour"),
        ("[rpc]\nport = 'many'", "'many' is not a whole number"),
        ("[rpc]\nport = 1.5", "1.5 is not a whole number"),
        ("[rpc]\nport = true", "True is not a whole number"),
        ("[rpc]\nport = 70000", "70000 is no port"),
        ("[rpc]\nport = 8545", "both 8545"),
        ("[rpc]\nsimulation_seconds = 'long'", "'long' is not a number"),
        ("data_dir = 5", "5 is not a path"),
        ("data_dir = ''", "'' is not a path"),
        ("[log]\nlevel = 'loud'", "log.level: 'loud'"),
        ("[log]\nformat = 'xml'", "log.format: 'xml'"),
        ("[sequencer]\nsettle_epochs = 'perhaps'", "is not true or false"),
        ("[sequencer]\nmax_txs_per_block = 0", "at least 1"),
        ("[sequencer]\nmax_txs_per_block = -1", "max_txs_per_block: -1 is out of range"),
        ("[mempool]\nmax_pending_tx_count = -1", "max_pending_tx_count: -1 .*at least 0"),
        ("[history]\ncheckpoints = -5", "history.checkpoints: -5"),
        ("[rpc]\nmax_body_bytes = 0", "max_body_bytes: 0"),
        ("[l1]\npoll_interval_s = 0", "poll_interval_s: 0.0 is out of range"),
        ("[l1]\npoll_interval_s = nan", "poll_interval_s: nan"),
        ("[l1]\nchain_id = 0", "chain_id: 0"),
        ("[l1]\npublisher_key = '0x12'", "publisher_key must be 64 hexadecimal digits"),
        (f"[l1]\npublisher_key = '{'0' * 64}'", "publisher_key is no private key"),
        (f"[l1]\npublisher_key = '0x{'f' * 64}'", "publisher_key is no private key"),
        ("[l1]\nregistry = '5fbdb2315678afecb367f032d93f642f64180aa3'", "l1.registry must be an address"),
        ("[l1]\nrollup_version = 0", "l1.rollup_version: 0"),
        (f"[l1]\npublisher_key = '{'17' * 32}'\npublisher_key_file = 'x'", "both set: choose one"),
        ("[archiver]\nverify = 'all'", "archiver.verify: 'all' is not one of roots, execution"),
        ("[blobs]\nsources = [1]", r"\[1\] is not a list of texts"),
        ("[blobs]\nsources = 1", "1 is not a list of texts"),
        ("[blobs]\nmax_bytes = -1", "blobs.max_bytes: -1"),
        ("[genesis]\nprefunded_addresses = ['0x1']", "prefunded_addresses: '0x1' is no Aztec address"),
        ("rpc = ", "is not valid TOML"),
    ],
)
def test_wrong_settings_are_named(tmp_path, text, complaint):
    with pytest.raises(ConfigError, match=complaint):
        load_settings(file=file_with(tmp_path, text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="can't read the configuration file"):
        load_settings(file=tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xdf\x00")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load_settings(file=path)


def test_the_passphrase_of_a_wallet_is_no_setting():
    assert load_settings(environment={"AZTECD_WALLET_PASSPHRASE": "x"}).config == Config()


def test_an_unknown_variable_of_a_section_is_an_error():
    with pytest.raises(ConfigError, match="AZTECD_RPC_PROT"):
        load_settings(environment={"AZTECD_RPC_PROT": "1"})
    assert load_settings(environment={"AZTECD_CACHE_DIR": "/x"}).config == Config()


def test_what_is_shown_has_no_secrets():
    settings = load_settings(
        flags={
            "l1.publisher_key": "0x" + "17" * 32,
            "l1.rpc_url": "http://user:pass@localhost:1",
            "blobs.sources": ["https://me:pass@host/x", "beacon:https://host?key=pass", "anvil"],
            "rpc.port": 5,
        }
    )
    text = "\n".join(settings.lines())
    assert "17" * 32 not in text
    assert "pass" not in text
    assert 'l1.rpc_url = "http://localhost:1"  # flag' in text
    assert 'blobs.sources = ["https://host/x", "beacon:https://host?...", "anvil"]  # flag' in text
    assert "rpc.port = 5  # flag" in text


@pytest.mark.parametrize(("text", "value"), [("1", True), ("yes", True), ("OFF", False), ("0", False)])
def test_flags_from_the_environment(text, value):
    config = load_settings(environment={"AZTECD_SEQUENCER_SETTLE_EPOCHS": text}).config
    assert config.sequencer.settle_epochs is value
