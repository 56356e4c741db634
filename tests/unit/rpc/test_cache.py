from __future__ import annotations

from aztecd.rpc.cache import AnswerCache


def test_an_answer_holds_under_its_stamp_only() -> None:
    cache = AnswerCache(100_000)
    cache.put("a", 1, b"one")
    assert cache.get("a", 1) == b"one"
    assert cache.get("a", 2) is None
    assert cache.get("b", 1) is None
    cache.put("a", 2, b"two")
    assert cache.get("a", 2) == b"two"
    assert cache.get("a", 1) is None


def test_size_is_bounded_and_the_least_used_goes_first() -> None:
    cache = AnswerCache(100_000)
    for number in range(1000):
        cache.put(number, 0, bytes(1000))
        cache.get(0, 0)
        assert cache.size <= 100_000
    assert cache.get(0, 0) is not None
    assert cache.get(1, 0) is None
    assert cache.get(999, 0) is not None


def test_replacing_frees_the_old_answer() -> None:
    cache = AnswerCache(100_000)
    for number in range(100):
        cache.put("a", number, bytes(10_000))
    assert len(cache) == 1
    assert cache.size < 11_000


def test_great_answers_do_not_push_out_all_others() -> None:
    cache = AnswerCache(100_000)
    cache.put("small", 0, b"x")
    cache.put("great", 0, bytes(50_000))
    assert cache.get("great", 0) is None
    assert cache.get("small", 0) == b"x"


def test_no_room_at_all() -> None:
    cache = AnswerCache(0)
    cache.put("a", 0, b"")
    assert cache.get("a", 0) is None
    assert len(cache) == 0
