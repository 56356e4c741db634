"""The codecs of addresses, transaction hashes and points, whose JSON forms have rules of their own."""

from __future__ import annotations

import re

from aztecd.crypto.field import FR_SIZE, FR_ZERO, Fr
from aztecd.crypto.keccak import keccak256
from aztecd.protocol.codec import (
    HEX,
    BytesCodec,
    DecodeError,
    FrCodec,
    JsonValue,
    Reader,
    SchemaError,
    json_kind,
    read_base64,
    read_element,
    split_elements,
)

__all__ = ["AztecAddressCodec", "EthAddressCodec", "PointCodec", "TxHashCodec"]

_ADDRESS = re.compile(r"(0x)?[0-9a-fA-F]{64}")
_ETH_ADDRESS = re.compile(r"(0[xX])?[0-9a-fA-F]{40}")


class AztecAddressCodec(FrCodec):
    """A field element that JSON gives as exactly 64 digits, or as a buffer of 32 bytes.

    Authority: @aztec/stdlib src/aztec-address/index.ts.
    """

    __slots__ = ()

    def from_json(self, value: JsonValue, path: str) -> Fr:
        if isinstance(value, str) and _ADDRESS.fullmatch(value):
            return read_element(bytes.fromhex(value.removeprefix("0x")), path)
        try:
            data = read_base64(value, path)
        except SchemaError:
            data = b""
        if len(data) != FR_SIZE:
            raise SchemaError("Invalid input", path)
        return read_element(data, path)


class TxHashCodec(FrCodec):
    """A field element that JSON gives as hexadecimal bytes, of which the first 32 count.

    Authority: @aztec/stdlib src/tx/tx_hash.ts, @aztec/foundation src/schemas/utils.ts (`hexSchemaFor`).
    """

    __slots__ = ()

    def from_json(self, value: JsonValue, path: str) -> Fr:
        if not isinstance(value, str):
            raise SchemaError(f"Expected string, received {json_kind(value)}", path)
        if not HEX.fullmatch(value):
            raise SchemaError("Not a valid hex string", path)
        digits = value.removeprefix("0x")
        reader = Reader(bytes.fromhex(digits[: len(digits) // 2 * 2]))
        try:
            return self.read(reader)
        except DecodeError as error:
            raise DecodeError(error.reason, path) from error


class EthAddressCodec(BytesCodec):
    """An L1 address: 20 bytes, one field. JSON in mixed case must carry a valid checksum (EIP-55).

    Authority: @aztec/foundation src/eth-address/index.ts (`isAddress`).
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(20)

    def _from_hex(self, value: JsonValue, path: str) -> bytes:
        if not isinstance(value, str):
            raise SchemaError(f"Expected string, received {json_kind(value)}", path)
        if not _ETH_ADDRESS.fullmatch(value):
            raise SchemaError("Not a valid instance", path)
        digits = value[-40:]
        if digits not in (digits.lower(), digits.upper(), _checksummed(digits.lower())):
            raise SchemaError("Not a valid instance", path)
        return bytes.fromhex(digits)


class PointCodec(BytesCodec):
    """A Grumpkin point: 64 bytes, x and y, both canonical. Whether it lies on the curve is not checked.

    Authority: @aztec/foundation src/curves/grumpkin/point.ts.
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(2 * FR_SIZE)

    def read(self, reader: Reader) -> bytes:
        return b"".join(split_elements(reader.take(self.size)))

    def fields(self, value: bytes, out: list[bytes]) -> None:
        """Give three elements: x, y and `is_infinite`."""
        out += (value[:FR_SIZE], value[FR_SIZE:], FR_ZERO)

    def from_json(self, value: JsonValue, path: str) -> bytes:
        data = super().from_json(value, path)
        try:
            return b"".join(split_elements(data))
        except DecodeError as error:
            raise DecodeError(error.reason, path) from error


def _checksummed(digits: str) -> str:
    marks = keccak256(digits.encode()).hex()
    return "".join(
        char.upper() if int(mark, 16) > 7 else char for char, mark in zip(digits, marks, strict=False)
    )
