"""Mathematics: the field, hashes, curves, blob commitments.

Responsible for: BN254 Fr, Poseidon2, SHA-256 and Keccak, Grumpkin, digits of elements (with an optional C
kernel in `_native/`), BLS12-381 as far as blobs need it, KZG.
Not for: any protocol object or domain separator.

Authority: @aztec/foundation src/crypto, src/curves; @aztec/blob-lib (4.1.2).

Import the modules; nothing is gathered here, so that a hash does not load the KZG library.
"""

__all__ = [
    "aes",
    "blob_batch",
    "bls",
    "ecdsa",
    "errors",
    "field",
    "grumpkin",
    "grumpkin_points",
    "keccak",
    "kzg",
    "pedersen",
    "poseidon2",
    "radix",
    "schnorr",
    "sealing",
    "sha256",
]
