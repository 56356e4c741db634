from __future__ import annotations

from aztecd.l1.fees import FeeHeader, FeeModel, L1Fees, L1GasOracle
from tests.support.vectors import load

FEES = load("l1.json.gz")["fees"]
GENESIS = FeeHeader(
    excess_mana=0, mana_used=0, eth_per_fee_asset=10_000_000, congestion_cost=0, prover_cost=0
)


def model() -> FeeModel:
    return FeeModel(
        mana_target=FEES["manaTarget"],
        epoch_duration=FEES["epochDuration"],
        proving_cost_per_mana=FEES["provingCostPerMana"],
    )


def l1_fees(value) -> L1Fees:
    return L1Fees(base_fee=value["baseFee"], blob_fee=value["blobFee"])


def numbers(components) -> dict[str, int]:
    return {
        "congestionCost": components.congestion_cost,
        "congestionMultiplier": components.congestion_multiplier,
        "sequencerCost": components.sequencer_cost,
        "proverCost": components.prover_cost,
    }


def test_every_recorded_step_follows_from_the_one_before():
    oracle = L1GasOracle.initial(l1_fees(FEES["initialOracle"]["post"]))
    parent = GENESIS
    assert len(FEES["steps"]) >= 15
    for step in FEES["steps"]:
        fees = oracle.fees_at(step["slot"])
        assert fees == l1_fees(step["l1FeesUsed"])
        components = model().components(fees, parent)
        assert numbers(components) == step["componentsInFeeAsset"]
        assert numbers(model().components(fees, parent, in_fee_asset=False)) == step["componentsInEth"]
        assert components.min_fee == step["manaMinFee"]
        parent = model().next_header(
            parent,
            components,
            mana_used=step["manaUsed"],
            price_modifier_bps=step["feeAssetPriceModifierBps"],
        )
        recorded = step["feeHeader"]
        assert parent == FeeHeader(
            excess_mana=recorded["excessMana"],
            mana_used=recorded["manaUsed"],
            eth_per_fee_asset=recorded["ethPerFeeAsset"],
            congestion_cost=recorded["congestionCost"],
            prover_cost=recorded["proverCost"],
        )
        oracle = oracle.updated(step["slot"], L1Fees(base_fee=step["l1BlockBaseFee"], blob_fee=1))


def test_the_price_stays_within_its_bounds():
    for price, modifier, expected in ((100, -100, 100), (10**14, 100, 10**14), (0, 0, 100)):
        parent = FeeHeader(
            excess_mana=0, mana_used=0, eth_per_fee_asset=price, congestion_cost=0, prover_cost=0
        )
        components = model().components(L1Fees(base_fee=1, blob_fee=1), parent)
        header = model().next_header(parent, components, mana_used=0, price_modifier_bps=modifier)
        assert header.eth_per_fee_asset == expected


def test_a_rollup_without_mana_charges_nothing():
    components = FeeModel(mana_target=0, epoch_duration=2, proving_cost_per_mana=100).components(
        L1Fees(base_fee=10**9, blob_fee=1), GENESIS
    )
    assert components.min_fee == 0
