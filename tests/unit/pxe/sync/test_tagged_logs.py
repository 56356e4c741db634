from __future__ import annotations

import pytest

from aztecd.constants import MAX_TX_LIFETIME_S
from aztecd.crypto.field import fr, fr_int
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.keys import address_point
from aztecd.pxe.oracles.tagging import directional_tagging_secret, siloed_tags
from aztecd.pxe.stores import TAG_WINDOW, SeenTags
from aztecd.pxe.sync.tagged_logs import fetch_tagged_logs
from tests.support.pxe_chain import account, effect, job_at
from tests.support.pxe_records import CONTRACT

BASE = fr(100)


def tags_between(keys, sender, recipient, indexes, *, own=None):
    """The tags as the sender makes them: with the sender's own secret."""
    shared = keys.shared_secret(own or sender, address_point(recipient if own in {None, sender} else sender))
    return siloed_tags(directional_tagging_secret(shared, CONTRACT, recipient), CONTRACT, list(indexes))


def found(job) -> list[tuple[int, int]]:
    """(tx hash, recipient) of each delivered log."""
    items = job.stores.capsules.read_array(CONTRACT, BASE)
    assert all(len(item) == 85 for item in items)
    return [(fr_int(item[17]), item[84]) for item in items]


@pytest.fixture
def pair(keys):
    return account(keys, 1), account(keys, 2)


def mine(chain, number, *tags, **options):
    return chain.mine(effect(number), logs=[(tag, fr(number)) for tag in tags], **options)


def test_logs_of_all_senders_reach_their_recipients_in_order(chain, loop, keys, pair):
    alice, bob = pair
    to_bob = tags_between(keys, alice, bob, range(3))
    to_alice = tags_between(keys, bob, alice, range(1))
    mine(chain, 1, to_bob[0])
    mine(chain, 2, to_alice[0])
    mine(chain, 3, to_bob[1], to_bob[2])
    job = job_at(chain, loop, keys)
    fetch_tagged_logs(job, CONTRACT, BASE, (bob,))
    assert found(job) == [(1, bob), (3, bob), (3, bob)]
    job = job_at(chain, loop, keys)
    fetch_tagged_logs(job, CONTRACT, BASE, "ALL_SCOPES")
    assert sorted(found(job)) == sorted([(1, bob), (3, bob), (3, bob), (2, alice)])
    job = job_at(chain, loop, keys)
    fetch_tagged_logs(job, CONTRACT, BASE, (AztecAddress(fr(77)),))
    assert found(job) == [], "an account that is not ours has no keys"


def test_the_shape_of_a_delivered_log(chain, loop, keys, pair):
    alice, bob = pair
    (tag,) = tags_between(keys, alice, bob, [0])
    chain.mine(effect(5, note_hashes=[fr(50), fr(51)]), logs=[(tag, fr(5))])
    job = job_at(chain, loop, keys)
    fetch_tagged_logs(job, CONTRACT, BASE, (bob,))
    (item,) = job.stores.capsules.read_array(CONTRACT, BASE)
    assert item[:3] == (tag, fr(7), fr(0))
    assert item[16:20] == (fr(2), fr(5), fr(50), fr(51))
    assert item[82:] == (fr(2), fr(10**9 + 5), bob)


def test_all_secrets_share_one_request(chain, loop, keys, pair):
    mine(chain, 1)
    job = job_at(chain, loop, keys)
    fetch_tagged_logs(job, CONTRACT, BASE, "ALL_SCOPES")
    # Two recipients, two senders, a window of 21 each: 84 tags.
    assert chain.calls["get_private_logs_by_tags"] == 1
    for number in (3, 4):
        account(keys, number)
    chain.calls.clear()
    fetch_tagged_logs(job, CONTRACT, BASE, "ALL_SCOPES")
    assert chain.calls["get_private_logs_by_tags"] == -(-16 * 21 // 100)


def test_a_registered_sender_is_found_and_an_impossible_one_ignored(chain, loop, keys, pair):
    _, bob = pair
    from aztecd.storage import MemoryStore
    from tests.support.pxe_chain import open_keys

    strangers = open_keys(MemoryStore())
    carol = account(strangers, 9)
    shared = strangers.shared_secret(carol, address_point(bob))
    (tag,) = siloed_tags(directional_tagging_secret(shared, CONTRACT, bob), CONTRACT, [0])
    mine(chain, 1, tag)
    job = job_at(chain, loop, keys)
    fetch_tagged_logs(job, CONTRACT, BASE, (bob,))
    assert found(job) == []
    job.stores.senders.add(carol)
    invalid = next(number for number in range(1, 50) if not _is_address(number))
    job.stores.senders.add(AztecAddress(fr(invalid)))
    fetch_tagged_logs(job, CONTRACT, BASE, (bob,))
    assert found(job) == [(1, bob)]


def _is_address(number: int) -> bool:
    from aztecd.pxe.keys import InvalidAddressError

    try:
        address_point(AztecAddress(fr(number)))
    except InvalidAddressError:
        return False
    return True


def test_the_window_moves_behind_final_logs(chain, loop, keys, pair):
    alice, bob = pair
    # Indexes up to 50, each within a window of the one before.
    tags = tags_between(keys, alice, bob, range(51))
    for number in (0, 20, 35, 50):
        mine(chain, number + 1, tags[number])
    chain.finalized = 4
    job = job_at(chain, loop, keys)
    fetch_tagged_logs(job, CONTRACT, BASE, (bob,))
    assert found(job) == [(1, bob), (21, bob), (36, bob), (51, bob)]
    secret = job.secrets.as_recipient(contract=CONTRACT, sender=alice, recipient=bob)
    assert job.stores.recipient_tags.get(secret) == SeenTags(finalized=50)


def test_without_final_logs_the_window_stays(chain, loop, keys, pair):
    alice, bob = pair
    tags = tags_between(keys, alice, bob, range(25))
    mine(chain, 1, tags[TAG_WINDOW], tags[TAG_WINDOW + 1])
    job = job_at(chain, loop, keys)
    fetch_tagged_logs(job, CONTRACT, BASE, (bob,))
    assert found(job) == [(1, bob)], "index 20 is the last of the window, 21 is beyond it"


def test_logs_that_are_a_day_old_are_not_looked_for_again(chain, loop, keys, pair):
    alice, bob = pair
    tags = tags_between(keys, alice, bob, range(3))
    mine(chain, 1, tags[0], timestamp=1000)
    mine(chain, 2, tags[1], timestamp=1001)
    mine(chain, 3, tags[2], timestamp=1000 + MAX_TX_LIFETIME_S)
    chain.finalized = 2
    job = job_at(chain, loop, keys)
    fetch_tagged_logs(job, CONTRACT, BASE, (bob,))
    assert found(job) == [(1, bob), (2, bob), (3, bob)]
    secret = job.secrets.as_recipient(contract=CONTRACT, sender=alice, recipient=bob)
    assert job.stores.recipient_tags.get(secret) == SeenTags(aged=0, finalized=1)
    assert set(job.stores.delivered_logs.of(secret)) == {1, 2}
    job.stores.capsules.set_array(CONTRACT, BASE, [])
    job.stores.delivered_logs.forget()
    fetch_tagged_logs(job, CONTRACT, BASE, (bob,))
    assert found(job) == [(2, bob), (3, bob)]


def test_a_log_is_delivered_once_until_something_is_rolled_back(chain, loop, keys, pair):
    alice, bob = pair
    tags = tags_between(keys, alice, bob, range(2))
    mine(chain, 1, tags[0], tags[0])
    job = job_at(chain, loop, keys)
    fetch_tagged_logs(job, CONTRACT, BASE, (bob,))
    mine(chain, 2, tags[0])
    mine(chain, 3, tags[1])
    later = job_at(chain, loop, keys)
    later.stores = job.stores
    fetch_tagged_logs(later, CONTRACT, BASE, (bob,))
    # Another transaction with a tag that is known already is news.
    assert found(later) == [(1, bob), (1, bob), (2, bob), (3, bob)]
    fetch_tagged_logs(later, CONTRACT, BASE, (bob,))
    assert len(found(later)) == 4
    later.stores.capsules.set_array(CONTRACT, BASE, [])
    later.stores.roll_back(chain.blocks[2].header, lost_final_blocks=False)
    fetch_tagged_logs(later, CONTRACT, BASE, (bob,))
    assert len(found(later)) == 4


def test_more_logs_of_a_tag_than_fit_on_a_page(chain, loop, keys, pair):
    alice, bob = pair
    (tag,) = tags_between(keys, alice, bob, [0])
    for number in range(1, 26):
        mine(chain, number, tag)
    job = job_at(chain, loop, keys)
    fetch_tagged_logs(job, CONTRACT, BASE, (bob,))
    assert found(job) == [(number, bob) for number in range(1, 26)]


def test_blocks_above_the_anchor_do_not_count(chain, loop, keys, pair):
    alice, bob = pair
    tags = tags_between(keys, alice, bob, range(2))
    mine(chain, 1, tags[0])
    job = job_at(chain, loop, keys)
    mine(chain, 2, tags[1])
    fetch_tagged_logs(job, CONTRACT, BASE, (bob,))
    assert found(job) == [(1, bob)]
