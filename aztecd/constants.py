"""Constants of the protocol, release 4.1.2.

Authority: @aztec/constants src/constants.gen.ts and src/constants.ts (which overrides some generated
values), @aztec/blob-lib src/encoding, @aztec/protocol-contracts; the network's own values (verification
key root, protocol contracts hash) as deployed by @aztec/ethereum.
"""

from __future__ import annotations

from typing import Final

from aztecd.crypto.field import FR_MODULUS, Fr, fr, fr_from_hex

AZTEC_VERSION: Final = "4.1.2"

# Trees.
NULLIFIER_TREE_HEIGHT: Final = 42
NOTE_HASH_TREE_HEIGHT: Final = 42
PUBLIC_DATA_TREE_HEIGHT: Final = 40
L1_TO_L2_MESSAGE_TREE_HEIGHT: Final = 36
ARCHIVE_HEIGHT: Final = 30
GENESIS_LEAVES: Final = 128
"""Padding leaves with which the two indexed trees begin."""
L1_TO_L2_MESSAGES_PER_CHECKPOINT: Final = 1024

# Limits of one transaction.
MAX_NOTE_HASHES_PER_TX: Final = 64
MAX_NULLIFIERS_PER_TX: Final = 64
MAX_L2_TO_L1_MSGS_PER_TX: Final = 8
MAX_PUBLIC_DATA_WRITES_PER_TX: Final = 64
MAX_PRIVATE_LOGS_PER_TX: Final = 64
MAX_ENQUEUED_CALLS_PER_TX: Final = 32
MAX_CONTRACT_CLASS_LOGS_PER_TX: Final = 1
PRIVATE_LOG_SIZE_IN_FIELDS: Final = 16
CONTRACT_CLASS_LOG_SIZE_IN_FIELDS: Final = 3023
PUBLIC_LOG_HEADER_FIELDS: Final = 2
PUBLIC_LOGS_FIELDS_PER_TX: Final = 4096
MAX_PUBLIC_CALLDATA_FIELDS_PER_TX: Final = 16_000
MAX_PUBLIC_BYTECODE_FIELDS: Final = 3000
CHONK_PROOF_LENGTH: Final = 1935
MAX_TX_SIZE_BYTES: Final = 512 * 1024
MAX_TX_LIFETIME_S: Final = 86_400

# Gas.
DA_GAS_PER_FIELD: Final = 32
TX_DA_GAS_OVERHEAD: Final = 96
PRIVATE_TX_L2_GAS_OVERHEAD: Final = 440_000
PUBLIC_TX_L2_GAS_OVERHEAD: Final = 540_000
MAX_PROCESSABLE_L2_GAS: Final = 6_540_000
MAX_PROCESSABLE_DA_GAS_PER_CHECKPOINT: Final = 786_432

# Checkpoints and blobs.
MAX_BLOCKS_PER_CHECKPOINT: Final = 72
MAX_CHECKPOINTS_PER_EPOCH: Final = 32
FIELDS_PER_BLOB: Final = 4096
BLOBS_PER_CHECKPOINT: Final = 6
BLOB_SIZE_BYTES: Final = FIELDS_PER_BLOB * 32
TX_START_PREFIX: Final = 2_624_615_704
BLOCK_END_PREFIX: Final = 3_951_939_007
CHECKPOINT_END_PREFIX: Final = 2_355_328_067

# Domain separators: the low 32 bits of the hash of their names.
DOM_SEP_NOTE_HASH_NONCE: Final = 1_721_808_740
DOM_SEP_SILOED_NOTE_HASH: Final = 3_361_878_420
DOM_SEP_UNIQUE_NOTE_HASH: Final = 226_850_429
DOM_SEP_SILOED_NULLIFIER: Final = 57_496_191
DOM_SEP_PRIVATE_LOG_FIRST_FIELD: Final = 2_769_976_252
DOM_SEP_PUBLIC_LEAF_SLOT: Final = 1_247_650_290
DOM_SEP_PUBLIC_STORAGE_MAP_SLOT: Final = 4_015_149_901
DOM_SEP_PRIVATE_FUNCTION_LEAF: Final = 1_389_398_688
DOM_SEP_PUBLIC_BYTECODE: Final = 260_313_585
DOM_SEP_CONTRACT_CLASS_ID: Final = 3_923_495_515
DOM_SEP_INITIALIZER: Final = 385_396_519
DOM_SEP_PUBLIC_KEYS_HASH: Final = 777_457_226
DOM_SEP_PARTIAL_ADDRESS: Final = 2_103_633_018
DOM_SEP_CONTRACT_ADDRESS_V1: Final = 1_788_365_517
DOM_SEP_BLOCK_HEADER_HASH: Final = 4_195_546_849
DOM_SEP_PUBLIC_TX_HASH: Final = 1_630_108_851
DOM_SEP_PRIVATE_TX_HASH: Final = 1_971_680_439
DOM_SEP_PUBLIC_CALLDATA: Final = 2_760_353_947
DOM_SEP_FUNCTION_ARGS: Final = 3_576_554_347
DOM_SEP_PROTOCOL_CONTRACTS: Final = 3_904_434_327
DOM_SEP_SECRET_HASH: Final = 4_199_652_938
DOM_SEP_MESSAGE_NULLIFIER: Final = 3_754_509_616

# Protocol contracts.
AUTH_REGISTRY_ADDRESS: Final = fr(1)
CONTRACT_INSTANCE_REGISTRY_ADDRESS: Final = fr(2)
CONTRACT_CLASS_REGISTRY_ADDRESS: Final = fr(3)
MULTI_CALL_ENTRYPOINT_ADDRESS: Final = fr(4)
FEE_JUICE_ADDRESS: Final = fr(5)
PUBLIC_CHECKS_ADDRESS: Final = fr(6)
NULL_MSG_SENDER_ADDRESS: Final = fr(FR_MODULUS - 1)
FEE_JUICE_BALANCES_SLOT: Final = fr(1)

# Values that every header and proof of the release refers to.
VK_TREE_ROOT: Final[Fr] = fr_from_hex("1dd2644a17d1ddd8831287a78c5a1033b7ae35cdf2a3db833608856c062fc2ba")
PROTOCOL_CONTRACTS_HASH: Final[Fr] = fr_from_hex(
    "2672340d9a0107a7b81e6d10d25b854debe613f3272e8738e8df0ca2ff297141"
)
GENESIS_BLOCK_HEADER_HASH: Final[Fr] = fr_from_hex(
    "2ff681dd7730c7b9e5650c70afa57ee81377792dfc95d98c11817b8c761ff965"
)
GENESIS_ARCHIVE_ROOT: Final[Fr] = fr_from_hex(
    "15684c8c3d2106918d3860f777e50555b7166adff47df13cc652e2e5a50bf5c7"
)
EMPTY_EPOCH_OUT_HASH: Final[Fr] = fr_from_hex(
    "00c95e0ceb41951039e1592745ec2faea9866f6eaf01bf189a4463b4143af093"
)

# First fields of the logs with which the registries publish classes and instances.
CONTRACT_CLASS_PUBLISHED_TAG: Final[Fr] = fr_from_hex(
    "20f5895a4e837356c2d551743df6bf642756dcd93cd31cbd37c556c90bf7f244"
)
CONTRACT_INSTANCE_PUBLISHED_MAGIC: Final[Fr] = fr_from_hex(
    "174c6b3d0fd14728e4fc5e53f7b262ab943546a7e125e2ed5e9fde3cf0b3e22f"
)
CONTRACT_INSTANCE_PUBLISHED_TAG: Final[Fr] = fr_from_hex(
    "1a7e1badb79abdd38c684b3c8306ffe7ecb33c69e3380d9855730aaaa83a21a8"
)
"""The magic value siloed with the instance registry, as private logs carry it."""
CONTRACT_INSTANCE_UPDATED_TAG: Final[Fr] = fr_from_hex(
    "2dcffa53cd0e71da7b4a22677b3342bfc3b9043f5081bea58368ad008eaa6f37"
)
