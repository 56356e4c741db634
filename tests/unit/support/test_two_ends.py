from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.support.two_ends import TwoEnds

LAST = "tests/test_last.py"
FILES = {"tests/e2e/a.py": 4, "tests/e2e/b.py": 3, LAST: 1, "tests/unit/y.py": 3, "tests/unit/z.py": 4}
COLLECTION = [f"{file}::test[{n}::0]" for file, count in FILES.items() for n in range(count)]


class Worker:
    """Runs its tests in turn, the last one only when it knows that there is no other, as a real one does."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.shutting_down = False
        self.queue: list[int] = []

    def send_runtest_some(self, indexes: list[int]) -> None:
        assert not self.shutting_down
        self.queue += indexes

    def shutdown(self) -> None:
        self.shutting_down = True

    @property
    def can_run(self) -> bool:
        return len(self.queue) > (0 if self.shutting_down else 1)


@pytest.fixture
def workers():
    return [Worker("gw0"), Worker("gw1")]


@pytest.fixture
def scheduler(workers):
    config = SimpleNamespace(
        getvalue=lambda name: ["popen", "popen"], option=SimpleNamespace(loadscopereorder=True)
    )
    log = SimpleNamespace(loadscopesched=lambda *_: None)
    made = TwoEnds(config, log, last=[LAST])
    for worker in workers:
        made.add_node(worker)
        made.add_node_collection(worker, COLLECTION)
    made.schedule()
    return made


def run(scheduler, workers, turns):
    """Let the workers run tests in this order, over and over, until all is done; says who ran what."""
    done = []
    while scheduler.nodes:
        before = len(done), len(scheduler.nodes)
        for turn in turns:
            worker = workers[turn]
            if worker.can_run:
                index = worker.queue.pop(0)
                done.append((turn, COLLECTION[index]))
                scheduler.mark_test_complete(worker, index)
            elif worker.shutting_down and worker in scheduler.nodes:
                assert scheduler.remove_node(worker) is None
                done.append((turn, "gone"))
        assert (len(done), len(scheduler.nodes)) != before, f"nobody goes on: {done}"
    return done


@pytest.mark.parametrize("turns", [[0, 1], [1, 0], [0], [1], [0, 0, 0, 1], [1, 1, 1, 1, 1, 0]], ids=str)
def test_every_test_runs_once_and_the_last_ones_alone(scheduler, workers, turns):
    done = run(scheduler, workers, [*turns, *([0, 1] if len(turns) == 1 else [])])
    names = [name for _, name in done]
    assert sorted(name for name in names if name != "gone") == sorted(COLLECTION)
    # One worker has left before the other gets what is to run alone.
    last = next(name for name in COLLECTION if name.startswith(LAST))
    assert names[-3:] == ["gone", last, "gone"] or names.index("gone") < names.index(last) == len(names) - 2


def test_one_worker_begins_in_front_and_the_other_at_the_back(scheduler, workers):
    first = [[COLLECTION[index].split("::")[0] for index in worker.queue] for worker in workers]
    assert first[0][0] == "tests/e2e/a.py"
    assert first[1][0] == "tests/unit/z.py"


def test_files_stay_whole(scheduler, workers):
    done = run(scheduler, workers, [0, 1, 1])
    owners = {}
    for turn, name in done:
        owners.setdefault(name.split("::")[0], set()).add(turn)
    assert all(len(who) == 1 for file, who in owners.items() if file != "gone")


def test_a_worker_that_died_leaves_its_tests_to_the_other_but_the_one_it_died_of(scheduler, workers):
    broken, other = workers
    index = broken.queue.pop(0)
    scheduler.mark_test_complete(broken, index)
    assert scheduler.remove_node(broken) == COLLECTION[1]
    ran = [COLLECTION[index], *(name for _, name in run(scheduler, [None, other], [1]))]
    assert sorted([*ran, COLLECTION[1]]) == sorted([*COLLECTION, "gone"])
