"""aztecd and the unmodified reference on one chain; by hand: `python -m tests.support.reference_chains`."""

import pytest

from tests.support.native_simulator import ReferenceMissingError
from tests.support.reference_chains import ROLES
from tests.support.reference_peer import Peers

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("role", ROLES)
def test_both_say_the_same_about_every_block(role, tmp_path_factory):
    try:
        peers = Peers.in_folder(tmp_path_factory.mktemp(role))
    except ReferenceMissingError as error:
        pytest.skip(f"{error}; there is nothing to compare with")
    ROLES[role](peers)
