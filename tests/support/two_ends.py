"""Share a test run out to the workers of pytest-xdist, whole files at a time.

The files come in the order of collection: first those that start daemons, networks and clients (bench,
crash, e2e), last those that only compute (unit). The first worker takes them from the front, every other one
from the back. So daemons run beside tests that compute, hardly ever beside one another, and the files that
take minutes each are not left to the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from collections.abc import Collection

    import pytest
    from xdist.remote import Producer
    from xdist.workermanage import WorkerController

_FRONT = "gw0"


class TwoEnds(LoadScopeScheduling):
    """Files from both ends; those named `last` when all others are done, with nothing beside them.

    Mutable, and no safer than its base: the workers' messages come one at a time.
    """

    def __init__(self, config: pytest.Config, log: Producer, *, last: Collection[str]) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # it would sort the files by their number of tests
        self._last = frozenset(last)

    def remove_node(self, node: WorkerController) -> str | None:
        """Forget a worker that has ended; give the test that it died of, which is not tried again."""
        files = self.assigned_work.pop(node)
        pending = [
            (tests, name) for tests in files.values() for name, is_done in tests.items() if not is_done
        ]
        if pending:
            tests, name = pending[0]
            tests[name] = True
            self.workqueue.update({file: tests for file, tests in files.items() if not all(tests.values())})
        if self.workqueue:
            # The one left over may have waited for just that.
            for other in self.nodes:
                self._reschedule(other)
        return pending[0][1] if pending else None

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0]

    def _assign_work_unit(self, node: WorkerController) -> None:
        first = self._ordinary() or list(self.workqueue)
        self.workqueue.move_to_end(first[0 if node.gateway.id == _FRONT else -1], last=False)
        super()._assign_work_unit(node)

    def _reschedule(self, node: WorkerController) -> None:
        if self.workqueue and not self._ordinary() and not node.shutting_down:
            others = [other for other in self.nodes if other is not node]
            if not all(other.shutting_down for other in others):
                # A worker runs its last test only when it knows that no more will come.
                node.shutdown()
                return
            if others:
                return
        super()._reschedule(node)

    def _ordinary(self) -> list[str]:
        return [scope for scope in self.workqueue if scope not in self._last]
