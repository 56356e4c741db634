"""The rollup's fee model, computed without asking L1.

The contract is the truth; this is the same arithmetic, so that a builder can know the next fee at once.
All divisions are on non-negative integers; `_ceil` rounds up.

Authority: @aztec/l1-artifacts l1-contracts/src/core/libraries/rollup/FeeLib.sol,
libraries/compressed-data/fees/*.sol (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FeeHeader", "FeeModel", "L1Fees", "L1GasOracle", "ManaFeeComponents"]

_CHECKPOINT_L1_GAS = 300_000
_EPOCH_PROOF_L1_GAS = 3_600_000
_BLOB_GAS = 131_072
_ASSUMED_BLOBS = 3
_MINIMUM_MULTIPLIER = 10**9
_MULTIPLIER_FRACTION = 854_700_854
_MULTIPLIER_FRACTION_BASE = 10**8
_PRICE_PRECISION = 10**12
_MINIMUM_PRICE = 100
_MAXIMUM_PRICE = 10**14
_MAXIMUM_FEE = 2**128 - 1
_BASIS_POINTS = 10_000
_ORACLE_LIFETIME_SLOTS = 5
_ORACLE_LAG_SLOTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class L1Fees:
    """What L1 charges, in wei."""

    base_fee: int
    blob_fee: int


@dataclass(frozen=True, slots=True, kw_only=True)
class L1GasOracle:
    """The L1 fees that the rollup works with: they change at known slots only."""

    pre: L1Fees
    post: L1Fees
    slot_of_change: int

    @classmethod
    def initial(cls, deployment: L1Fees) -> L1GasOracle:
        """The oracle after deployment in a block with the given fees."""
        return cls(
            pre=L1Fees(base_fee=10**9, blob_fee=1), post=deployment, slot_of_change=_ORACLE_LIFETIME_SLOTS
        )

    def fees_at(self, slot: int) -> L1Fees:
        """The fees that hold in a slot."""
        return self.pre if slot < self.slot_of_change else self.post

    def updated(self, slot: int, block: L1Fees) -> L1GasOracle:
        """The oracle after a propose in `slot`, mined in an L1 block with the given fees.

        Never changes the fees of the slot in which it happens.
        """
        if slot < self.slot_of_change + _ORACLE_LIFETIME_SLOTS - _ORACLE_LAG_SLOTS:
            return self
        return L1GasOracle(pre=self.post, post=block, slot_of_change=slot + _ORACLE_LAG_SLOTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeHeader:
    """What the rollup keeps of a checkpoint to price the next one."""

    excess_mana: int
    mana_used: int
    eth_per_fee_asset: int
    congestion_cost: int
    prover_cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManaFeeComponents:
    """The parts of the fee per mana, in the fee asset unless asked for otherwise."""

    congestion_cost: int
    congestion_multiplier: int
    sequencer_cost: int
    prover_cost: int

    @property
    def min_fee(self) -> int:
        """The fee per mana that a checkpoint must state."""
        return min(self.sequencer_cost + self.prover_cost + self.congestion_cost, _MAXIMUM_FEE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeModel:
    """The rollup's settings that fees depend on."""

    mana_target: int
    epoch_duration: int
    proving_cost_per_mana: int

    def components(self, l1: L1Fees, parent: FeeHeader, *, in_fee_asset: bool = True) -> ManaFeeComponents:
        """Price a checkpoint on top of `parent`, with the L1 fees of its slot."""
        target = self.mana_target
        if target == 0:
            return ManaFeeComponents(
                congestion_cost=0, congestion_multiplier=0, sequencer_cost=0, prover_cost=0
            )
        sequencer = _ceil(_CHECKPOINT_L1_GAS * l1.base_fee + _ASSUMED_BLOBS * _BLOB_GAS * l1.blob_fee, target)
        prover = _ceil(_ceil(_EPOCH_PROOF_L1_GAS * l1.base_fee, self.epoch_duration), target)
        prover += self.proving_cost_per_mana
        multiplier = self._congestion_multiplier(parent)
        total = sequencer + prover
        congestion = total * multiplier // _MINIMUM_MULTIPLIER - total
        price = max(parent.eth_per_fee_asset, _MINIMUM_PRICE) if in_fee_asset else _PRICE_PRECISION
        return ManaFeeComponents(
            congestion_cost=_ceil(congestion * _PRICE_PRECISION, price),
            congestion_multiplier=multiplier,
            sequencer_cost=_ceil(sequencer * _PRICE_PRECISION, price),
            prover_cost=_ceil(prover * _PRICE_PRECISION, price),
        )

    def next_header(
        self, parent: FeeHeader, components: ManaFeeComponents, *, mana_used: int, price_modifier_bps: int = 0
    ) -> FeeHeader:
        """The fee header of a checkpoint with these components and that much mana."""
        price = (
            max(parent.eth_per_fee_asset, _MINIMUM_PRICE)
            * (_BASIS_POINTS + price_modifier_bps)
            // _BASIS_POINTS
        )
        return FeeHeader(
            excess_mana=self._excess_mana(parent),
            mana_used=mana_used,
            eth_per_fee_asset=min(max(price, _MINIMUM_PRICE), _MAXIMUM_PRICE),
            congestion_cost=components.congestion_cost,
            prover_cost=components.prover_cost,
        )

    def _excess_mana(self, parent: FeeHeader) -> int:
        return max(parent.excess_mana + parent.mana_used - self.mana_target, 0)

    def _congestion_multiplier(self, parent: FeeHeader) -> int:
        fraction = self.mana_target * _MULTIPLIER_FRACTION // _MULTIPLIER_FRACTION_BASE
        return _fake_exponential(
            _MINIMUM_MULTIPLIER, min(self._excess_mana(parent), 100 * fraction), fraction
        )


def _ceil(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _fake_exponential(factor: int, numerator: int, denominator: int) -> int:
    """Approximate factor * e**(numerator / denominator) by its Taylor series, as EIP-4844 does."""
    index, output, term = 1, 0, factor * denominator
    while term > 0:
        output += term
        term = term * numerator // (denominator * index)
        index += 1
    return output // denominator
