"""aztecd and the reference with a committee; by hand: `python -m tests.support.reference_committee`."""

import pytest

from tests.support.native_simulator import ReferenceMissingError
from tests.support.reference_committee import RUNS
from tests.support.reference_peer import Peers

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(1200)]


@pytest.mark.parametrize("run", RUNS)
def test_both_say_the_same(run, tmp_path):
    try:
        peers = Peers.in_folder(tmp_path)
    except ReferenceMissingError as error:
        pytest.skip(f"{error}; there is nothing to compare with")
    assert not RUNS[run](peers).differences
