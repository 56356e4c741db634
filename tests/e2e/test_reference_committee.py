"""aztecd and the reference follow a committee; by hand: `python -m tests.support.reference_committee`."""

import pytest

from tests.support.native_simulator import ReferenceMissingError
from tests.support.reference_committee import committee
from tests.support.reference_peer import Peers

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(1200)]


def test_both_follow_and_skip_the_same(tmp_path):
    try:
        peers = Peers.in_folder(tmp_path)
    except ReferenceMissingError as error:
        pytest.skip(f"{error}; there is nothing to compare with")
    assert not committee(peers).differences
