from __future__ import annotations

import pytest

from aztecd.protocol.gas import Gas, GasFees, GasUsed
from aztecd.wallet.errors import GasEstimateError
from aztecd.wallet.gas import GasOptions, complete_gas, estimated_limits, padded_fees

FEES = GasFees(fee_per_da_gas=7, fee_per_l2_gas=1000)


def used(l2: int, teardown: int = 0) -> GasUsed:
    empty = Gas.empty()
    return GasUsed(
        total_gas=Gas(da_gas=1000, l2_gas=l2),
        public_gas=empty,
        teardown_gas=Gas(da_gas=0, l2_gas=teardown),
        billed_gas=empty,
    )


def test_defaults_are_the_references():
    settings = complete_gas(GasOptions(), FEES)
    assert settings.gas_limits == Gas(da_gas=196_608, l2_gas=6_540_000)
    assert settings.teardown_gas_limits == Gas(da_gas=98_304, l2_gas=817_500)
    assert settings.max_fees_per_gas == FEES
    assert settings.max_priority_fees_per_gas == GasFees(fee_per_da_gas=0, fee_per_l2_gas=0)


def test_what_the_user_says_goes_before_the_defaults():
    limits = Gas(da_gas=1, l2_gas=2)
    options = GasOptions(gas_limits=limits, max_fees_per_gas=GasFees(fee_per_da_gas=1, fee_per_l2_gas=1))
    settings = complete_gas(options, FEES)
    assert settings.gas_limits == limits
    assert settings.max_fees_per_gas.fee_per_l2_gas == 1


def test_an_estimation_has_limits_that_no_transaction_reaches():
    settings = complete_gas(GasOptions(gas_limits=Gas(da_gas=1, l2_gas=1)), FEES, for_estimation=True)
    assert settings.gas_limits == Gas(da_gas=1_572_864, l2_gas=13_080_000)
    assert settings.teardown_gas_limits == Gas(da_gas=786_432, l2_gas=6_540_000)


def test_fees_are_padded_upwards_and_exactly():
    assert padded_fees(FEES, 0.5) == GasFees(fee_per_da_gas=11, fee_per_l2_gas=1500)
    great = GasFees(fee_per_da_gas=10**30, fee_per_l2_gas=0)
    assert padded_fees(great, 0.5).fee_per_da_gas == 15 * 10**29


def test_estimates_add_a_tenth():
    limits = estimated_limits(used(500_001, 10))
    assert limits.gas_limits == Gas(da_gas=1100, l2_gas=550_002)
    assert limits.teardown_gas_limits == Gas(da_gas=0, l2_gas=11)


def test_a_transaction_that_no_block_holds_is_refused():
    with pytest.raises(GasEstimateError, match="more l2 gas than the maximum processable gas"):
        estimated_limits(used(6_000_000))


def test_options_fill_each_other_in():
    first = GasOptions(gas_limits=Gas(da_gas=1, l2_gas=1))
    second = GasOptions(gas_limits=Gas(da_gas=9, l2_gas=9), max_fees_per_gas=FEES)
    assert first.over(second) == GasOptions(gas_limits=first.gas_limits, max_fees_per_gas=FEES)
