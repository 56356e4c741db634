"""Blob files: where a store keeps them and what they hold.

    <base>/aztec-<chain id>-<rollup version>-0x<rollup>/.healthcheck
    <base>/aztec-<chain id>-<rollup version>-0x<rollup>/blobs/0x<versioned hash>.data

A blob file is raw Snappy (not the framed form) of the JSON object {"blob": hex, "kzg_commitment": hex}.

Authority: @aztec/blob-client src/filestore, src/encoding (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import cramjam
import orjson

from aztecd.l1.blobs.errors import BlobFileError
from aztecd.l1.blobs.source import blob_from_hex

if TYPE_CHECKING:
    from aztecd.l1.attach import Deployment
    from aztecd.protocol.basic import EthAddress

__all__ = [
    "HEALTHCHECK_CONTENT",
    "HEALTHCHECK_NAME",
    "MAX_FILE_BYTES",
    "BlobNamespace",
    "blob_file_name",
    "decode_blob_file",
    "encode_blob_file",
]

HEALTHCHECK_NAME: Final = ".healthcheck"
HEALTHCHECK_CONTENT: Final = b"ok"
MAX_FILE_BYTES: Final = 1 << 20
"""No blob file is larger, packed or unpacked: the digits of one blob are 262144."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobNamespace:
    """The rollup whose blobs are meant: one store may have those of several."""

    chain_id: int
    rollup_version: int
    rollup_address: EthAddress

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        """The namespace of a deployment."""
        return cls(
            chain_id=deployment.chain_id,
            rollup_version=deployment.rollup_version,
            rollup_address=deployment.addresses.rollup_address,
        )

    @property
    def folder(self) -> str:
        """The name of its folder below a store's base."""
        return f"aztec-{self.chain_id}-{self.rollup_version}-0x{self.rollup_address.hex()}"

    def blob_path(self, versioned_hash: bytes) -> str:
        """Where a blob is below a store's base."""
        return f"{self.folder}/blobs/{blob_file_name(versioned_hash)}"


def blob_file_name(versioned_hash: bytes) -> str:
    """Name the file of a blob."""
    return f"0x{versioned_hash.hex()}.data"


def encode_blob_file(blob: bytes, commitment: bytes) -> bytes:
    """Make the contents of a blob's file."""
    text = f'{{"blob":"0x{blob.hex()}","kzg_commitment":"0x{commitment.hex()}"}}'
    return bytes(cramjam.snappy.compress_raw(text.encode()))


def decode_blob_file(data: bytes) -> bytes:
    """Read a blob from its file's contents; the commitment in it proves nothing and is not looked at.

    Raises BlobFileError.
    """
    try:
        if len(data) > MAX_FILE_BYTES or cramjam.snappy.decompress_raw_len(data) > MAX_FILE_BYTES:
            raise BlobFileError(f"a blob file has at most {MAX_FILE_BYTES} bytes")
        record = orjson.loads(bytes(cramjam.snappy.decompress_raw(data)))
    except cramjam.DecompressionError:
        raise BlobFileError("it is not packed with Snappy, or damaged") from None
    except orjson.JSONDecodeError:
        raise BlobFileError("it does not hold JSON") from None
    blob = blob_from_hex(record.get("blob")) if isinstance(record, dict) else None
    if blob is None:
        raise BlobFileError("it does not hold a blob of 131072 bytes")
    return blob
