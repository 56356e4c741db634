"""Typed contract reads, many in one round trip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aztecd.l1.client import L1Client, hex_quantity
from aztecd.l1.errors import L1DecodeError, L1RpcError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.l1.abi import AbiFunction, ContractAbi
    from aztecd.protocol.basic import EthAddress

__all__ = [
    "BlockFacts",
    "BlockTag",
    "BoundContract",
    "ContractRead",
    "block_facts",
    "block_tag",
    "call_request",
    "hex_bytes",
    "hex_number",
    "read_all",
    "read_settled",
]

BlockTag = int | str
_HASH_BYTES = 32


def block_tag(block: BlockTag) -> str:
    """A block number, or `latest`, `finalized`, ..., as JSON-RPC wants it."""
    return hex_quantity(block) if isinstance(block, int) else block


def hex_bytes(value: Any) -> bytes:
    """Read `0x...` text from a node. Raises L1DecodeError."""
    try:
        return bytes.fromhex(value.removeprefix("0x"))
    except (AttributeError, ValueError) as error:
        raise L1DecodeError(f"expected hexadecimal bytes from L1, got {str(value)[:80]!r}") from error


def hex_number(value: Any) -> int:
    """Read a quantity from a node. Raises L1DecodeError."""
    try:
        return int(value, 16)
    except (TypeError, ValueError) as error:
        raise L1DecodeError(f"expected a number from L1, got {str(value)[:80]!r}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFacts:
    """What counts of an L1 block."""

    number: int
    hash: bytes
    timestamp: int


def block_facts(answer: Any) -> BlockFacts:
    """Read the answer of `eth_getBlockBy...` for a block that is mined. Raises L1DecodeError."""
    if not isinstance(answer, Mapping):
        raise L1DecodeError(f"expected a block from L1, got {str(answer)[:80]!r}")
    block_hash = hex_bytes(answer.get("hash"))
    if len(block_hash) != _HASH_BYTES:
        raise L1DecodeError(f"expected the hash of a block from L1, got {len(block_hash)} bytes")
    return BlockFacts(
        number=hex_number(answer.get("number")),
        hash=block_hash,
        timestamp=hex_number(answer.get("timestamp")),
    )


@dataclass(frozen=True, slots=True)
class ContractRead:
    """One view call that has not been made yet."""

    address: EthAddress
    function: AbiFunction
    arguments: tuple[Any, ...]

    def decode(self, result: Any) -> Any:
        """Read the answer: the value itself when the function returns one, else a tuple."""
        values = self.function.decode(hex_bytes(result))
        return values[0] if len(values) == 1 else values


def call_request(read: ContractRead, block: BlockTag = "latest") -> tuple[str, list[Any]]:
    """The JSON-RPC request of a read."""
    data = read.function.encode(*read.arguments)
    return "eth_call", [{"to": f"0x{read.address.hex()}", "data": f"0x{data.hex()}"}, block_tag(block)]


def read_all(client: L1Client, reads: Sequence[ContractRead], block: BlockTag = "latest") -> list[Any]:
    """Make all reads in one round trip. The first error is raised."""
    results = client.batch([call_request(read, block) for read in reads])
    return [read.decode(result) for read, result in zip(reads, results, strict=True)]


def read_settled(client: L1Client, reads: Sequence[ContractRead], block: BlockTag = "latest") -> list[Any]:
    """Make all reads in one round trip; a refused one, or one without a contract behind it, gives None."""
    results = client.batch_settled([call_request(read, block) for read in reads])
    return [
        None if isinstance(result, L1RpcError) or result in {"0x", None} else read.decode(result)
        for read, result in zip(reads, results, strict=True)
    ]


class BoundContract:
    """A contract's ABI at an address."""

    __slots__ = ("abi", "address")

    def __init__(self, abi: ContractAbi, address: EthAddress) -> None:
        self.abi = abi
        self.address = address

    def read(self, function: str, *arguments: Any) -> ContractRead:
        """Prepare a view call."""
        return ContractRead(self.address, self.abi.function(function), arguments)

    def encode(self, function: str, *arguments: Any) -> bytes:
        """Make the calldata of a transaction."""
        return self.abi.function(function).encode(*arguments)
