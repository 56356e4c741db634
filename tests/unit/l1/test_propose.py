from __future__ import annotations

from dataclasses import replace

import pytest

from aztecd.l1.abi import AbiFunction, abi_encode
from aztecd.l1.blob_tx import versioned_hash
from aztecd.l1.deploy_config import CONFIG_TYPE, GENESIS_TYPE, DeployConfig, GenesisRoots, rollup_version
from aztecd.l1.digests import attestations_hash, payload_digest
from aztecd.l1.publisher import ProposeRequest, propose_arguments
from aztecd.protocol.basic import CheckpointNumber
from aztecd.protocol.checkpoint import CheckpointHeader
from tests.support.l1_abi import entry
from tests.support.vectors import load

VECTORS = load("l1.json.gz")
CHECKPOINTS = VECTORS["propose"]["checkpoints"]


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def request_of(checkpoint) -> ProposeRequest:
    return ProposeRequest(
        checkpoint_number=CheckpointNumber(checkpoint["checkpointNumber"]),
        archive=raw(checkpoint["decoded"]["_args"]["archive"]),
        header=CheckpointHeader.decode(raw(checkpoint["headerBytes"])),
        blobs=(bytes(131072),) * len(checkpoint["blobCommitments"]),
    )


WITH_CALLDATA = [checkpoint for checkpoint in CHECKPOINTS if "proposeCalldata" in checkpoint]


@pytest.mark.parametrize("checkpoint", WITH_CALLDATA, ids=lambda value: value["checkpointNumber"])
def test_calldata_is_the_recorded_one_but_for_the_unused_signature(checkpoint):
    function = AbiFunction.from_item(entry("function", VECTORS["propose"]["signature"]))
    commitments = [raw(commitment) for commitment in checkpoint["blobCommitments"]]
    ours = function.encode(*propose_arguments(request_of(checkpoint), commitments))
    recorded = raw(checkpoint["proposeCalldata"])
    # The recorded sequencer signs the empty list of attestations; without a committee nobody looks at it.
    signature = checkpoint["decoded"]["_attestationsAndSignersSignature"]
    words = int(signature["v"]).to_bytes(32, "big") + raw(signature["r"]) + raw(signature["s"])
    assert recorded.count(words) == 1
    assert ours == recorded.replace(words, bytes(96))


@pytest.mark.parametrize("checkpoint", CHECKPOINTS, ids=lambda value: value["checkpointNumber"])
def test_digests_are_the_recorded_ones(checkpoint):
    request = request_of(checkpoint)
    digest = payload_digest(
        archive=request.archive, fee_asset_price_modifier=0, header_hash=raw(checkpoint["headerHash"])
    )
    assert digest == raw(checkpoint["payloadDigest"])
    assert attestations_hash(b"", b"") == raw(checkpoint["attestationsHash"])
    hashes = [versioned_hash(raw(commitment)) for commitment in checkpoint["blobCommitments"]]
    assert hashes == [raw(item) for item in checkpoint["versionedBlobHashes"]]


def test_digests_with_attestations_and_a_negative_modifier():
    recorded = VECTORS["attestations"]
    digest = payload_digest(
        archive=raw(recorded["archive"]),
        fee_asset_price_modifier=int(recorded["feeAssetPriceModifier"]),
        header_hash=raw(recorded["headerHash"]),
    )
    assert digest == raw(recorded["payloadDigest"])
    assert attestations_hash(b"", b"") == raw(VECTORS["propose"]["emptyAttestationsHash"])


def config() -> DeployConfig:
    genesis = VECTORS["rollupVersion"]["genesis"]
    return DeployConfig(
        chain_id=31337,
        genesis=GenesisRoots(
            vk_tree_root=raw(genesis["vkTreeRoot"]),
            protocol_contracts_hash=raw(genesis["protocolContractsHash"]),
            archive_root=raw(genesis["genesisArchiveRoot"]),
        ),
        prefunded_accounts=5,
    )


def test_the_version_is_made_of_the_recorded_bytes():
    recorded = VECTORS["rollupVersion"]
    distributor = raw(VECTORS["deployment"]["addresses"]["rewardDistributorAddress"])
    encoded = abi_encode(
        [CONFIG_TYPE, GENESIS_TYPE], [config().rollup_config(distributor, 0), config().genesis_state()]
    )
    assert encoded == raw(recorded["abiEncoded"])
    assert recorded["configType"] == CONFIG_TYPE
    assert config().version(distributor) == recorded["version"]


def test_the_version_depends_on_configuration_and_genesis():
    distributor = bytes(20)
    version = config().version(distributor)
    assert replace(config(), epoch_duration=32).version(distributor) != version
    other = rollup_version(config().rollup_config(distributor, 0), (bytes(32), bytes(32), bytes(32)))
    assert other != version
