"""Names for the protocol's numbers and identifiers, each with its wire form.

The plain names (`BlockNumber`, `AztecAddress`, ...) are types for signatures; the names in capitals and
those that end in `Member` declare members of records.
"""

from __future__ import annotations

from typing import Annotated, NewType

from aztecd.crypto.field import Fr
from aztecd.protocol.codec import BoolCodec, BytesCodec, FrCodec, TextCodec, UintCodec
from aztecd.protocol.identifier_codecs import AztecAddressCodec, EthAddressCodec, TxHashCodec

__all__ = [
    "U8",
    "U32",
    "U64",
    "U128",
    "AztecAddress",
    "AztecAddressMember",
    "BlockHash",
    "BlockHashMember",
    "BlockNumber",
    "CheckpointNumber",
    "DecimalMember",
    "EpochNumber",
    "EthAddress",
    "EthAddressMember",
    "Flag",
    "FrMember",
    "FunctionSelector",
    "LeafIndex",
    "SelectorMember",
    "SlotNumber",
    "Text",
    "TxHash",
    "TxHashMember",
    "Word",
]

AztecAddress = NewType("AztecAddress", Fr)
TxHash = NewType("TxHash", Fr)
BlockHash = NewType("BlockHash", Fr)
EthAddress = NewType("EthAddress", bytes)
"""20 bytes."""
FunctionSelector = NewType("FunctionSelector", bytes)
"""4 bytes."""

BlockNumber = NewType("BlockNumber", int)
CheckpointNumber = NewType("CheckpointNumber", int)
SlotNumber = NewType("SlotNumber", int)
EpochNumber = NewType("EpochNumber", int)
LeafIndex = NewType("LeafIndex", int)

U8 = Annotated[int, UintCodec(1)]
U32 = Annotated[int, UintCodec(4)]
U64 = Annotated[int, UintCodec(8, "decimal")]
U128 = Annotated[int, UintCodec(16, "decimal")]
Word = Annotated[int, UintCodec(32, "hex")]
"""A number that travels as a field element: 32 bytes, 64 hexadecimal digits in JSON."""
DecimalMember = Annotated[int, UintCodec(32, "decimal")]

FrMember = Annotated[Fr, FrCodec()]
AztecAddressMember = Annotated[AztecAddress, AztecAddressCodec()]
TxHashMember = Annotated[TxHash, TxHashCodec()]
BlockHashMember = Annotated[BlockHash, FrCodec()]
EthAddressMember = Annotated[EthAddress, EthAddressCodec()]
SelectorMember = Annotated[FunctionSelector, BytesCodec(4)]
Flag = Annotated[bool, BoolCodec()]
Text = Annotated[str, TextCodec()]
