"""A state, a chain and contracts that say what a test tells them to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_int
from aztecd.execution import VALID
from aztecd.protocol.basic import BlockNumber
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot

if TYPE_CHECKING:
    from aztecd.execution import TxMeta, Validation
    from aztecd.protocol.basic import AztecAddress, BlockHash, TxHash
    from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress


@dataclass
class FakeState:
    """A StateReader over sets and dicts."""

    nullifiers: set[Fr] = field(default_factory=set)
    public_data: dict[Fr, Fr] = field(default_factory=dict)
    archive: set[BlockHash] = field(default_factory=set)

    def nullifier_index(self, nullifier: Fr) -> int | None:
        return 0 if nullifier in self.nullifiers else None

    def public_data_value(self, leaf_slot: Fr) -> Fr:
        return self.public_data.get(leaf_slot, FR_ZERO)

    def archive_contains(self, block_hash: BlockHash) -> bool:
        return block_hash in self.archive

    def set_balance(self, account: AztecAddress, balance: int) -> None:
        self.public_data[fee_juice_balance_leaf_slot(account)] = fr(balance)

    def balance(self, account: AztecAddress) -> int:
        return fr_int(self.public_data_value(fee_juice_balance_leaf_slot(account)))


@dataclass
class FakeContracts:
    """A ContractSource over dicts."""

    instances: dict[AztecAddress, ContractInstanceWithAddress] = field(default_factory=dict)
    classes: dict[Fr, ContractClassPublic] = field(default_factory=dict)

    def contract_instance(self, address: AztecAddress, timestamp: int) -> ContractInstanceWithAddress | None:
        return self.instances.get(address)

    def contract_class(self, class_id: Fr) -> ContractClassPublic | None:
        return self.classes.get(class_id)


@dataclass
class FakeChain:
    """A PoolChain: everything is valid and anchored, and all are rich, until told otherwise."""

    balances: dict[AztecAddress, int] = field(default_factory=dict)
    default_balance: int = 10**60
    verdicts: dict[TxHash, Validation] = field(default_factory=dict)
    lost_anchors: set[BlockHash] = field(default_factory=set)
    mined: dict[TxHash, BlockNumber] = field(default_factory=dict)
    finalized: int = 0
    now: int = 1_000_000

    def validate_for_pool(self, meta: TxMeta) -> Validation:
        return self.verdicts.get(meta.tx_hash, VALID)

    def fee_juice_balance(self, account: AztecAddress) -> int:
        return self.balances.get(account, self.default_balance)

    def archive_contains(self, block_hash: BlockHash) -> bool:
        return block_hash not in self.lost_anchors

    def mined_block(self, tx_hash: TxHash) -> BlockNumber | None:
        return self.mined.get(tx_hash)

    def finalized_block(self) -> BlockNumber:
        return BlockNumber(self.finalized)

    def now_ms(self) -> int:
        return self.now
